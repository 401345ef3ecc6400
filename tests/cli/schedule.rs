//! `schedule`, with stand-ins for the tools of the system, in a home folder of the test's own.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use insta::assert_snapshot;

use crate::support::{Desk, Done};

/// Answers for `systemctl --user`.
const MANAGER: &str = r#"#!/bin/sh
echo "systemctl $*" >> "$CALLS"
case "$*" in
  *NextElapse*) echo ActiveState=active; echo "NextElapseUSecRealtime=Tue 2026-01-06 03:14:00 UTC" ;;
  *StatusText*) echo ActiveState=active; echo "StatusText=nothing is due before 2026-01-06T08:00:00Z" ;;
esac
"#;
const NO_MANAGER: &str =
    "#!/bin/sh\necho 'Failed to connect to bus: No medium found' >&2; exit 1\n";
/// A crontab in a file.
const CRONTAB: &str = r#"#!/bin/sh
case "$1" in
  -l) if [ -e "$TABLE" ]; then cat "$TABLE"; else echo "no crontab for editor" >&2; exit 1; fi ;;
  -) cat > "$TABLE.new" && mv "$TABLE.new" "$TABLE" ;;
  *) exit 2 ;;
esac
"#;
const NOT_ALLOWED: &str =
    "#!/bin/sh\necho 'You (editor) are not allowed to use this program (crontab)' >&2; exit 1\n";

/// A desk with an archive and the tools that a test gives it.
struct Machine {
    desk: Desk,
}

impl Machine {
    fn with(tools: &[(&str, &str)]) -> Self {
        let desk = Desk::real();
        desk.post("posts/a.md", &["http://a.test/1"]);
        desk.run("run --limit 0 posts").exits(0);
        let machine = Self { desk };
        for (name, script) in tools {
            machine.tool(name, script);
        }
        machine
    }

    fn tool(&self, name: &str, script: &str) {
        let name = format!("tools/{name}");
        self.desk.file(&name, script);
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(self.desk.path(&name), executable).unwrap();
    }

    /// A command that finds these tools, the ordinary ones for scripts, and no other.
    fn command(&self, words: &str) -> Command {
        let mut command = self.desk.bare(words);
        let ordinary = self.desk.path("ordinary");
        if !ordinary.exists() {
            std::fs::create_dir(&ordinary).unwrap();
            for name in ["sh", "cat", "mv", "echo"] {
                let found = ["/bin", "/usr/bin"].map(|folder| format!("{folder}/{name}"));
                let found = found
                    .iter()
                    .find(|path| std::path::Path::new(path).exists());
                std::os::unix::fs::symlink(found.unwrap(), ordinary.join(name)).unwrap();
            }
        }
        let tools = self.desk.path("tools");
        let path = std::env::join_paths([&tools, &ordinary]).unwrap();
        command.env("PATH", path);
        command.env("HOME", self.desk.path("home"));
        command.env("XDG_CONFIG_HOME", self.desk.path("home/config"));
        command.env("CALLS", self.desk.path("calls"));
        command.env("TABLE", self.desk.path("table"));
        command.env("USER", "editor");
        command.env("TZ", "UTC");
        command
    }

    fn run(&self, words: &str) -> Done {
        let done = self.desk.finish(&mut self.command(words));
        let tidy = |text: &str| {
            let program = env!("CARGO_BIN_EXE_sourcekeep");
            let text = text.replace(program, "[program]");
            let names = regex::Regex::new(r"-[0-9a-f]{8}\b|sourcekeep [0-9a-f]{8}\b").unwrap();
            let text = names.replace_all(&text, |found: &regex::Captures<'_>| {
                let kept = found[0].len() - 8;
                format!("{}[digest]", &found[0][..kept])
            });
            let instants = regex::Regex::new(r"20\d\d-\d\d-\d\dT[0-9:]+Z").unwrap();
            instants.replace_all(&text, "[instant]").into_owned()
        };
        Done {
            code: done.code,
            out: tidy(&done.out),
            err: tidy(&done.err),
        }
    }

    fn units(&self) -> Vec<String> {
        let folder = self.desk.path("home/config/systemd/user");
        let Ok(entries) = std::fs::read_dir(folder) else {
            return Vec::new();
        };
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// What systemctl was told since this was last asked, without the looks.
    fn calls(&self) -> String {
        let calls = std::fs::read_to_string(self.desk.path("calls")).unwrap_or_default();
        let _ = std::fs::remove_file(self.desk.path("calls"));
        let told: Vec<_> = calls
            .lines()
            .filter(|call| !call.contains("show"))
            .map(|call| {
                let unit = call.rfind('-').filter(|_| call.contains("sourcekeep-"));
                match (unit, call.rfind('.')) {
                    (Some(from), Some(to)) => format!("{}-[digest]{}", &call[..from], &call[to..]),
                    _ => call.to_owned(),
                }
            })
            .collect();
        told.join("\n")
    }

    fn table(&self) -> Option<Vec<u8>> {
        std::fs::read(self.desk.path("table")).ok()
    }
}

#[test]
fn a_timer_is_installed_shown_replaced_and_removed() {
    let machine = Machine::with(&[("systemctl", MANAGER)]);
    assert_snapshot!(machine.run("schedule install --at 03:30"), @r"
    exit code 0
    --- stderr
    installed by systemd (its user manager answers here): a run over [desk]/sourcekeep.db at 03:30:00
      [desk]/home/config/systemd/user/sourcekeep-sourcekeep-[digest].service
      [desk]/home/config/systemd/user/sourcekeep-sourcekeep-[digest].timer
    there is no sourcekeep.toml here, so it goes by the defaults; install again once there is one
    hint: `loginctl enable-linger` lets it go on while you are not logged in
    ");
    assert_snapshot!(machine.calls(), @r"
    systemctl --user daemon-reload
    systemctl --user enable sourcekeep-sourcekeep-[digest].timer
    systemctl --user restart sourcekeep-sourcekeep-[digest].timer
    ");
    assert_eq!(machine.units().len(), 2);
    assert_snapshot!(machine.run("schedule show"), @r"
    exit code 0
    --- stdout
    archive    [desk]/sourcekeep.db
    installed  systemd-timer
               [desk]/home/config/systemd/user/sourcekeep-sourcekeep-[digest].timer
               [desk]/home/config/systemd/user/sourcekeep-sourcekeep-[digest].service
    state      active
    last run   [instant]
    next run   Tue 2026-01-06 03:14:00 UTC
    ");
    let _ = machine.calls();

    // The other kind takes its place.
    machine.run("schedule install --watch").exits(0);
    assert_snapshot!(machine.calls(), @r"
    systemctl --user disable --now sourcekeep-sourcekeep-[digest].timer
    systemctl --user daemon-reload
    systemctl --user enable sourcekeep-sourcekeep-[digest].service
    systemctl --user restart sourcekeep-sourcekeep-[digest].service
    ");
    assert_eq!(machine.units().len(), 1);
    let shown = machine.run("schedule show --format json").exits(0);
    let shown: serde_json::Value = serde_json::from_str(&shown.out).unwrap();
    assert_eq!(shown["installed"], "systemd-service");
    assert_eq!(shown["state"], "active: nothing is due before [instant]");
    let _ = machine.calls();

    machine
        .desk
        .file("home/config/systemd/user/other.timer", "[Timer]\n");
    assert_snapshot!(machine.run("schedule remove"), @r"
    exit code 0
    --- stderr
    removed: sourcekeep-sourcekeep-[digest] (systemd)
    ");
    assert_snapshot!(machine.calls(), @r"
    systemctl --user disable --now sourcekeep-sourcekeep-[digest].service
    systemctl --user daemon-reload
    ");
    assert_eq!(machine.units(), ["other.timer"]);
    assert_snapshot!(machine.run("schedule remove"), @r"
    exit code 0
    --- stderr
    nothing is installed for [desk]/sourcekeep.db
    ");
}

#[test]
fn a_dry_run_prints_and_does_nothing() {
    let machine = Machine::with(&[("systemctl", MANAGER), ("crontab", CRONTAB)]);
    machine.desk.file("sourcekeep.toml", "");
    assert_snapshot!(machine.run("schedule install --cron --at 03:30 --dry-run"), @r"
    exit code 0
    --- stdout
    ==> crontab -e
    # BEGIN sourcekeep [digest]
    # archive: [desk]/sourcekeep.db; `sourcekeep schedule remove` takes these lines away
    30 3 * * * nice -n 10 [program] --db [desk]/sourcekeep.db --config [desk]/sourcekeep.toml --quiet run
    # END sourcekeep [digest]
    --- stderr
    by cron (as you asked); nothing was installed
    ");
    let done = machine.run("schedule install --dry-run").exits(0);
    assert!(done.out.contains("\nOnCalendar=*-*-* 03:"), "{done}");
    assert!(machine.units().is_empty());
    assert_eq!(machine.table(), None);
    assert_eq!(machine.calls(), "");
}

#[test]
fn without_systemd_a_crontab_line_is_written_and_all_others_stay() {
    let machine = Machine::with(&[("systemctl", NO_MANAGER), ("crontab", CRONTAB)]);
    let others: &[u8] = b"MAILTO=me\n\n# \xff no UTF-8\n5 4 * * *\techo '100\\%'  \n";
    machine.desk.file("table", others);
    assert_snapshot!(machine.run("schedule install --at 03:30"), @r"
    exit code 0
    --- stderr
    installed by cron (systemd's user manager cannot be reached: Failed to connect to bus: No medium found): a run over [desk]/sourcekeep.db at 03:30:00
    there is no sourcekeep.toml here, so it goes by the defaults; install again once there is one
    ");
    let table = machine.table().unwrap();
    assert!(table.starts_with(others));
    assert!(table.len() > others.len());
    machine.desk.file("sourcekeep.toml", "");
    machine.run("schedule install --at 04:05").exits(0);
    let table = machine.table().unwrap();
    let ours = String::from_utf8_lossy(&table[others.len()..]).into_owned();
    assert!(ours.contains("\n5 4 * * * nice -n 10 "), "{ours}");
    assert_eq!(ours.lines().count(), 4, "{ours}");
    let shown = machine.run("schedule show").exits(0);
    assert!(shown.out.contains("installed  cron\n"), "{shown}");
    assert!(shown.out.contains("next run   [instant]"), "{shown}");

    // Another archive has lines of its own.
    let copy = machine.desk.path("other.db");
    std::fs::copy(machine.desk.path("sourcekeep.db"), copy).unwrap();
    machine.run("--db other.db schedule install").exits(0);
    assert_snapshot!(machine.run("schedule remove"), @r"
    exit code 0
    --- stderr
    removed: the crontab line of [desk]/sourcekeep.db
    ");
    let table = String::from_utf8_lossy(&machine.table().unwrap()).into_owned();
    assert!(
        table.contains("other.db") && !table.contains("sourcekeep.db"),
        "{table}"
    );
    machine.run("--db other.db schedule remove").exits(0);
    assert_eq!(machine.table().unwrap(), others);
}

#[test]
fn an_archive_has_one_starter_at_a_time() {
    let machine = Machine::with(&[("systemctl", MANAGER), ("crontab", CRONTAB)]);
    machine.run("schedule install --cron").exits(0);
    assert!(!machine.table().unwrap().is_empty());
    let done = machine.run("schedule install").exits(0);
    assert!(
        done.err
            .contains("the crontab line of this archive was taken away"),
        "{done}"
    );
    assert_eq!(machine.table().unwrap(), b"");
    let done = machine.run("schedule install --cron").exits(0);
    assert!(
        done.err
            .contains("the systemd units of this archive were taken away"),
        "{done}"
    );
    assert!(machine.units().is_empty());
}

#[test]
fn where_there_is_neither_it_says_what_to_write_where() {
    let machine = Machine::with(&[]);
    assert_snapshot!(machine.run("schedule install --at 03:30"), @r"
    exit code 3
    --- stderr
    error: neither systemd's user manager (there is no `systemctl`) nor `crontab` is here

    hint: put these lines into the table of your scheduler, or, with the user's name after the five times, into /etc/cron.d/sourcekeep-sourcekeep-[digest]:
    # BEGIN sourcekeep [digest]
    # archive: [desk]/sourcekeep.db; `sourcekeep schedule remove` takes these lines away
    30 3 * * * nice -n 10 [program] --db [desk]/sourcekeep.db --quiet run
    # END sourcekeep [digest]
    ");
    assert_snapshot!(machine.run("schedule install --watch"), @r"
    exit code 3
    --- stderr
    error: --watch needs systemd's user manager; cron cannot keep `watch` running

    hint: have your own supervisor run:
      [program] --db [desk]/sourcekeep.db watch
    ");
    assert_snapshot!(machine.run("schedule show"), @r"
    exit code 0
    --- stdout
    archive    [desk]/sourcekeep.db
    installed  no
    last run   [instant]
    next run   -
    --- stderr
    hint: `sourcekeep schedule install` makes a run every night
    ");
}

#[test]
fn a_crontab_that_cannot_be_read_is_not_overwritten() {
    let machine = Machine::with(&[("crontab", NOT_ALLOWED)]);
    assert_snapshot!(machine.run("schedule install --cron"), @r"
    exit code 3
    --- stderr
    error: `crontab -l` failed: You (editor) are not allowed to use this program (crontab)

    hint: nothing was changed
    ");
    let machine = Machine::with(&[("crontab", CRONTAB)]);
    machine.run("schedule install --cron").exits(0);
    let table = String::from_utf8(machine.table().unwrap()).unwrap();
    let half = table.replace("# END", "# was END");
    machine.desk.file("table", &half);
    assert_snapshot!(machine.run("schedule install --cron"), @r"
    exit code 3
    --- stderr
    error: the crontab has a line `# BEGIN sourcekeep [digest]` without its other half

    hint: mend it with `crontab -e`; nothing was changed
    ");
    assert_eq!(machine.table().unwrap(), half.as_bytes());
}

#[test]
fn what_is_not_ours_is_not_touched() {
    let machine = Machine::with(&[("systemctl", MANAGER)]);
    machine.run("schedule install").exits(0);
    let name = machine.units().pop().unwrap();
    let path = format!("home/config/systemd/user/{name}");
    machine.desk.file(&path, "[Timer]\nOnCalendar=daily\n");
    let done = machine.run("schedule install").exits(3);
    assert!(
        done.err
            .contains("was not written by `sourcekeep schedule install`"),
        "{done}"
    );
    machine.run("schedule remove").exits(3);
    let text = std::fs::read_to_string(machine.desk.path(&path)).unwrap();
    assert_eq!(text, "[Timer]\nOnCalendar=daily\n");
}

#[test]
fn a_unit_that_systemd_would_not_take_is_not_installed() {
    let verify = r#"#!/bin/sh
echo "other.service:3: Unknown key" >&2
for file in "$@"; do
  case "$file" in
    *.service) echo "${file##*/}: Command is not executable" >&2; exit 1 ;;
  esac
done
"#;
    let machine = Machine::with(&[("systemctl", MANAGER), ("systemd-analyze", verify)]);
    let done = machine.run("schedule install").exits(3);
    assert!(
        done.err.contains(
            "systemd would not take the unit: sourcekeep-sourcekeep-[digest].service: Command"
        ),
        "{done}"
    );
    assert!(machine.units().is_empty());
    machine.tool(
        "systemd-analyze",
        "#!/bin/sh\necho 'other.service: broken' >&2; exit 1\n",
    );
    machine.run("schedule install").exits(0);
}

#[test]
fn what_holds_for_one_command_is_not_installed() {
    let machine = Machine::with(&[("systemctl", MANAGER)]);
    assert_snapshot!(machine.run("schedule install --host-delay 5"), @r"
    exit code 2
    --- stderr
    error: the options of fetching and storing, and --now, hold for one command and are not taken over into what is installed

    hint: write them into sourcekeep.toml, which later runs read
    ");
    assert_snapshot!(machine.run("schedule install --every 7m"), @r"
    exit code 2
    --- stderr
    error: --every: a run can be made every 5m, 10m, 15m, 20m, 30m, 1h, 2h, 3h, 4h, 6h, 8h, 12h or 24h
    ");
    machine.run("--db nowhere.db schedule install").exits(3);
    assert!(machine.units().is_empty());
}

/// The systemd of this machine reads the units, and finds the program and the archive whatever they are called.
#[test]
fn systemd_itself_takes_the_units() {
    use std::io::Write;
    let there = Command::new("systemd-analyze").arg("--version").output();
    if !there.is_ok_and(|output| output.status.success()) {
        let required = std::env::var_os("SOURCEKEEP_REQUIRE_TOOLS").is_some_and(|one| one == "1");
        assert!(!required, "there is no systemd-analyze");
        // Past the harness, which shows only what a failed test says.
        let line = "skipped: there is no systemd-analyze here\n";
        let _ = std::io::stderr().write_all(line.as_bytes());
        return;
    }
    let machine = Machine::with(&[("systemctl", MANAGER)]);
    let hard = "a \"b\" 'c' $HOME 100% %h ü;#";
    std::fs::create_dir(machine.desk.path(hard)).unwrap();
    // A program with quotes in its name is none to systemd.
    let program = machine.desk.path("source keep%n$x;#ü");
    std::fs::copy(env!("CARGO_BIN_EXE_sourcekeep"), &program).unwrap();
    let archive = machine.desk.path(hard).join("a.db");
    std::fs::copy(machine.desk.path("sourcekeep.db"), &archive).unwrap();
    for when in [&["--watch"][..], &["--every", "15m"]] {
        let as_installed = machine.command("");
        let mut command = Command::new(&program);
        command.current_dir(machine.desk.path(hard));
        for (name, value) in as_installed.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.arg("--db").arg(&archive);
        command.args(["schedule", "install"]).args(when);
        machine.desk.finish(&mut command).exits(0);
        let folder = machine.desk.path("home/config/systemd/user");
        let units = machine.units();
        let files = units.iter().map(|name| folder.join(name));
        let verified = Command::new("systemd-analyze")
            .args(["verify", "--user"])
            .args(files)
            .env("XDG_RUNTIME_DIR", machine.desk.path(""))
            .env("SYSTEMD_LOG_LEVEL", "warning")
            .output()
            .unwrap();
        let says = String::from_utf8_lossy(&verified.stderr).into_owned();
        assert!(verified.status.success(), "{says}");
        assert!(!says.contains(&units[0]), "{says}");
    }
}

//! Units of systemd's user manager (`systemd.service(5)`, `systemd.timer(5)`, `systemd.exec(5)`).

use super::{Job, When};

/// The first line of each unit of ours; a file without it is not ours, whatever it is called.
pub const MARK: &str =
    "# Written by `sourcekeep schedule install`; `sourcekeep schedule remove` takes it away.";

/// Unit files: name and text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Units {
    /// What is started.
    pub service: (String, String),
    /// What starts it, where that is a timer.
    pub timer: Option<(String, String)>,
}

/// Restrictions that hold without a service manager of the system: those that a user's manager can set by a seccomp
/// filter. What needs name spaces (`ProtectSystem=` and the like) would silently do nothing there, or fail.
const RESTRICTED: &str = "\
NoNewPrivileges=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
Nice=10
IOSchedulingClass=best-effort
IOSchedulingPriority=7
";

/// The units for a job.
pub fn units(job: &Job) -> Units {
    let name = job.name();
    let archive = specifiers(&job.archive);
    let head = |what: &str| {
        format!(
            "{MARK}\n# archive: {}\n[Unit]\nDescription=sourcekeep: {what} {archive}\n",
            job.archive
        )
    };
    let start = command(job);
    match &job.when {
        When::Always => Units {
            service: (
                format!("{name}.service"),
                format!(
                    "{}\n[Service]\nType=notify\nNotifyAccess=main\nExecStart={start}\n\
                     ExecReload=/bin/kill -HUP $MAINPID\nRestart=on-failure\nRestartSec=1min\n\
                     # A usage error or a broken configuration is not mended by starting again.\n\
                     RestartPreventExitStatus=2\nWatchdogSec=10min\nTimeoutStopSec=30s\n{RESTRICTED}\n\
                     [Install]\nWantedBy=default.target\n",
                    head("watch over")
                ),
            ),
            timer: None,
        },
        When::At(times) => {
            // A fifth of the time between two runs, and half an hour at the most.
            let jitter = (times.apart_minutes() / 5).clamp(1, 30);
            Units {
                service: (
                    format!("{name}.service"),
                    format!(
                        "{}\n[Service]\nType=oneshot\nExecStart={start}\n\
                         # Done, and --fail-on matched; done, and the run is suspect.\n\
                         SuccessExitStatus=1 5\nTimeoutStopSec=30s\n{RESTRICTED}",
                        head("re-check the sources in")
                    ),
                ),
                timer: Some((
                    format!("{name}.timer"),
                    format!(
                        "{}\n[Timer]\nOnCalendar={}\nRandomizedDelaySec={jitter}min\nPersistent=true\n\n\
                         [Install]\nWantedBy=timers.target\n",
                        head("when to re-check the sources in"),
                        times.calendar()
                    ),
                )),
            }
        }
    }
}

fn command(job: &Job) -> String {
    let mut line = program(&job.program);
    for word in job.words() {
        line.push(' ');
        line.push_str(&quoted(word));
    }
    line
}

/// `%` begins a specifier anywhere in a unit.
fn specifiers(text: &str) -> String {
    text.replace('%', "%%")
}

/// A word of a command line: quoted, so that nothing in it is taken for an escape, a specifier or a variable.
fn quoted(word: &str) -> String {
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.to_owned();
    }
    format!("\"{}\"", escaped(word).replace('$', "$$"))
}

/// The program is looked for before variables are replaced, so a dollar sign stands for itself there.
fn program(path: &str) -> String {
    if path.bytes().all(is_plain) {
        return path.to_owned();
    }
    format!("\"{}\"", escaped(path))
}

fn escaped(word: &str) -> String {
    specifiers(&word.replace('\\', r"\\").replace('"', "\\\""))
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'_' | b'-')
}

#[cfg(test)]
mod tests {
    use super::super::testing::{HARD, job};
    use super::super::{Times, parse_at};
    use super::*;
    use proptest::prelude::*;

    fn at() -> When {
        When::At(parse_at("03:30").unwrap())
    }

    #[test]
    fn a_timer_starts_a_run() {
        let units = units(&job("/srv/a.db", at()));
        insta::assert_snapshot!(units.service.1, @r"
        # Written by `sourcekeep schedule install`; `sourcekeep schedule remove` takes it away.
        # archive: /srv/a.db
        [Unit]
        Description=sourcekeep: re-check the sources in /srv/a.db

        [Service]
        Type=oneshot
        ExecStart=/usr/bin/sourcekeep --db /srv/a.db --quiet run
        # Done, and --fail-on matched; done, and the run is suspect.
        SuccessExitStatus=1 5
        TimeoutStopSec=30s
        NoNewPrivileges=yes
        LockPersonality=yes
        MemoryDenyWriteExecute=yes
        RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
        RestrictNamespaces=yes
        RestrictRealtime=yes
        RestrictSUIDSGID=yes
        SystemCallArchitectures=native
        Nice=10
        IOSchedulingClass=best-effort
        IOSchedulingPriority=7
        ");
        let (name, timer) = units.timer.unwrap();
        assert_eq!(
            name.strip_suffix(".timer"),
            units.service.0.strip_suffix(".service")
        );
        insta::assert_snapshot!(timer, @r"
        # Written by `sourcekeep schedule install`; `sourcekeep schedule remove` takes it away.
        # archive: /srv/a.db
        [Unit]
        Description=sourcekeep: when to re-check the sources in /srv/a.db

        [Timer]
        OnCalendar=*-*-* 03:30:00
        RandomizedDelaySec=30min
        Persistent=true

        [Install]
        WantedBy=timers.target
        ");
    }

    #[test]
    fn watch_is_a_service_of_its_own() {
        let units = units(&job("/srv/a.db", When::Always));
        assert_eq!(units.timer, None);
        for line in [
            "Type=notify",
            "WatchdogSec=10min",
            "Restart=on-failure",
            "ExecReload=/bin/kill -HUP $MAINPID",
            "ExecStart=/usr/bin/sourcekeep --db /srv/a.db watch",
            "WantedBy=default.target",
        ] {
            assert!(units.service.1.lines().any(|l| l == line), "{line}");
        }
    }

    #[test]
    fn hard_paths_are_quoted() {
        assert_eq!(
            quoted(HARD),
            r#""/a b/'q'/\"d\"/$$HOME/$$$$/%%h%%%%n/`x`/;&|<>*?[]{}~#!/ü€/-x""#
        );
        assert_eq!(program("/a $b/x"), r#""/a $b/x""#);
    }

    /// Reads a word as systemd does: quotes, escapes, specifiers, then variables.
    fn read(quoted: &str) -> String {
        let inside = quoted
            .strip_prefix('"')
            .and_then(|q| q.strip_suffix('"'))
            .unwrap_or(quoted);
        let (mut text, mut letters) = (String::new(), inside.chars());
        while let Some(letter) = letters.next() {
            match letter {
                '\\' => text.push(letters.next().unwrap()),
                '"' => panic!("an open quote in {quoted}"),
                letter => text.push(letter),
            }
        }
        let text = text.replace("%%", "\u{1}");
        assert!(!text.contains('%'), "a specifier in {quoted}");
        let text = text.replace('\u{1}', "%").replace("$$", "\u{1}");
        assert!(!text.contains('$'), "a variable in {quoted}");
        text.replace('\u{1}', "$")
    }

    proptest! {
        #[test]
        fn every_word_survives(word in "[a-z $%\\\\\"'`{}~;#ü]{0,20}") {
            prop_assert_eq!(read(&quoted(&word)), word);
        }

        #[test]
        fn every_unit_line_stays_a_line(path in "/[^\\x00-\\x1f\\x7f]{1,30}") {
            let hours = vec![3];
            let units = units(&job(&path, When::At(Times { hours, minutes: vec![5] })));
            prop_assert!(units.service.1.lines().filter(|l| l.starts_with("ExecStart=")).count() == 1);
        }
    }
}

//! `watch`, and the sign of life: signals, the service manager, bounds, and what goes on beside it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use insta::assert_snapshot;

use crate::support::{Desk, interrupt, page};
use crate::web::{Act, Page};

/// Nothing here takes longer, unless it hangs.
const TOO_LONG: Duration = Duration::from_secs(40);

/// A command that keeps running, and what it says.
struct Running {
    child: Child,
    says: Receiver<String>,
    said: String,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, says) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in stderr.lines() {
                let _ = sender.send(line.unwrap());
            }
        });
        Self {
            child,
            says,
            said: String::new(),
        }
    }

    /// Waits for a line with these words in it.
    #[track_caller]
    fn until(&mut self, words: &str) {
        loop {
            let Ok(line) = self.says.recv_timeout(TOO_LONG) else {
                panic!("nobody says {words:?}; only:\n{}", self.said);
            };
            self.said.push_str(&line);
            self.said.push('\n');
            if line.contains(words) {
                return;
            }
        }
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success(), "kill {signal}");
    }

    /// Waits for the end.
    #[track_caller]
    fn exits(mut self, code: i32) -> String {
        while let Ok(line) = self.says.recv_timeout(TOO_LONG) {
            self.said.push_str(&line);
            self.said.push('\n');
        }
        assert_eq!(
            self.child.wait().unwrap().code(),
            Some(code),
            "{}",
            self.said
        );
        std::mem::take(&mut self.said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A test that failed must leave nobody behind; one that has ended cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A desk with one good source, gathered and not visited yet.
fn desk_with_a_source() -> Desk {
    let desk = Desk::real();
    desk.page("a.test", "/1", "One");
    desk.post("posts/a.md", &["http://a.test/1"]);
    desk.run("run --limit 0 posts").exits(0);
    desk
}

fn is_whole(desk: &Desk) {
    assert_eq!(desk.rows("pragma integrity_check"), "ok\n");
}

#[test]
fn it_visits_what_is_due_and_a_service_manager_may_stop_it() {
    let desk = desk_with_a_source();
    let mut watch = Running::start(&mut desk.command("watch"));
    watch.until("watching sourcekeep.db");
    watch.until("visited 1 source: 1 alive");
    watch.signal("-TERM");
    let said = watch.exits(0);
    assert!(said.contains("stopping; what was done is kept"), "{said}");
    is_whole(&desk);
    assert_snapshot!(desk.rows("select command, result from run"), @r"
    run | done
    watch | done
    ");
}

#[test]
fn a_pass_under_way_is_left_and_what_was_done_is_kept() {
    for (signal, code) in [("-TERM", 0), ("-INT", 130)] {
        let desk = desk_with_a_source();
        desk.web.page("slow.test", "/2", Page::script([Act::Hang]));
        desk.post("posts/b.md", &["http://slow.test/2"]);
        let watch = Running::start(&mut desk.command("watch"));
        desk.web.wait_for("slow.test", "/2");
        desk.until("select count(*) from visit", 1);
        watch.signal(signal);
        watch.exits(code);
        is_whole(&desk);
        assert_eq!(
            desk.rows("select result from run where command = 'watch'"),
            "interrupted\n"
        );
        assert_eq!(
            desk.verdicts(),
            "http://a.test/1 | alive | alive\nhttp://slow.test/2 | - | new\n"
        );
    }
}

#[test]
fn the_journal_has_instants_of_its_own() {
    let desk = desk_with_a_source();
    for (journal, begins) in [(true, "visited 1 source"), (false, "20")] {
        desk.run("check --all").exits(0);
        desk.archive()
            .execute("update source set next_visit_at = 0", [])
            .unwrap();
        let mut command = desk.command("watch --once");
        command.env_remove("JOURNAL_STREAM");
        if journal {
            command.env("JOURNAL_STREAM", "8:1");
        }
        let done = desk.finish(&mut command).exits(0);
        assert!(done.err.starts_with(begins), "{}", done.err);
    }
}

#[test]
fn a_hangup_reads_the_configuration_again_and_a_broken_one_changes_nothing() {
    let desk = desk_with_a_source();
    let agents = |path: &str| -> Vec<_> {
        let requests = desk.web.requests_to("a.test");
        let pages = requests.iter().filter(|request| request.path == path);
        pages
            .map(|request| request.header("user-agent").unwrap().to_owned())
            .collect()
    };
    let configure = |agent: &str| {
        desk.file(
            "sourcekeep.toml",
            format!("[fetch]\nuser_agent = {agent}\n"),
        );
    };
    configure("\"first\"");
    let mut watch = Running::start(&mut desk.command("watch --every 1s"));
    watch.until("visited 1 source");
    assert_eq!(agents("/1"), ["first"]);

    configure("\"second\"");
    desk.page("a.test", "/2", "Two");
    desk.post("b.md", &["http://a.test/2"]);
    desk.run("add b.md").exits(0);
    watch.signal("-HUP");
    watch.until("the configuration was read again");
    watch.until("visited 1 source");
    assert_eq!(agents("/2"), ["second"]);

    desk.page("a.test", "/3", "Three");
    desk.post("c.md", &["http://a.test/3"]);
    desk.run("add c.md").exits(0);
    configure("7");
    watch.signal("-HUP");
    watch.until("the configuration was not taken up, and the old one stays: sourcekeep.toml");
    watch.until("visited 1 source");
    assert_eq!(agents("/3"), ["second"]);
    watch.signal("-TERM");
    watch.exits(0);
    is_whole(&desk);
}

/// Messages to a service manager, until one has these words in it.
fn told(socket: &std::os::unix::net::UnixDatagram, words: &str) -> Vec<String> {
    let mut messages = Vec::new();
    socket.set_read_timeout(Some(TOO_LONG)).unwrap();
    loop {
        let mut bytes = [0; 4096];
        let Ok(length) = socket.recv(&mut bytes) else {
            panic!("nobody says {words:?}; only {messages:?}");
        };
        let message = String::from_utf8(bytes[..length].to_vec()).unwrap();
        let found = message.contains(words);
        messages.push(message.trim_end().to_owned());
        if found {
            return messages;
        }
    }
}

#[test]
fn a_service_manager_is_told_what_happens() {
    use std::os::unix::net::UnixDatagram;
    let desk = desk_with_a_source();
    let path = desk.path("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let mut command = desk.command("watch");
    command.env("NOTIFY_SOCKET", &path);
    command.env("WATCHDOG_USEC", "200000");
    let watch = Running::start(&mut command);
    assert_eq!(
        told(&socket, "STATUS="),
        ["READY=1\nSTATUS=watching sourcekeep.db"]
    );
    told(&socket, "STATUS=visiting what is due");
    told(&socket, "STATUS=nothing is due before 20");
    let pings = told(&socket, "WATCHDOG=1");
    assert_eq!(pings.last().unwrap(), "WATCHDOG=1");
    watch.signal("-HUP");
    let reloading = told(&socket, "RELOADING=1").pop().unwrap();
    let (first, instant) = reloading.split_once('\n').unwrap();
    assert_eq!(first, "RELOADING=1");
    let instant = instant.strip_prefix("MONOTONIC_USEC=").unwrap();
    assert!(instant.parse::<u64>().unwrap() > 0);
    let ready = told(&socket, "STATUS=").pop().unwrap();
    assert!(ready.starts_with("READY=1\nSTATUS=watching"), "{ready}");
    watch.signal("-TERM");
    told(&socket, "STOPPING=1");
    watch.exits(0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_service_manager_may_listen_at_an_abstract_socket() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};
    let desk = desk_with_a_source();
    let name = format!("sourcekeep-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let socket = UnixDatagram::bind_addr(&address).unwrap();
    let mut command = desk.command("watch");
    command.env("NOTIFY_SOCKET", format!("@{name}"));
    let watch = Running::start(&mut command);
    told(&socket, "READY=1");
    watch.signal("-TERM");
    told(&socket, "STOPPING=1");
    watch.exits(0);
}

#[test]
fn after_a_long_pause_it_catches_up_a_part_at_a_time_the_oldest_first() {
    let desk = Desk::new();
    desk.web.anywhere(|logged| page(&logged.path));
    let sources = |from: usize, to: usize| -> Vec<String> {
        (from..to)
            .map(|n| format!("http://h{}.test/{n}", n % 40))
            .collect()
    };
    let post = |name: &str, sources: Vec<String>| {
        let sources: Vec<_> = sources.iter().map(String::as_str).collect();
        desk.post(name, &sources);
        desk.run(&format!("run --limit 0 {name}")).exits(0);
    };
    // The later ones are on the hosts that come first.
    post("old.md", sources(0, 150));
    desk.day(1);
    post("new.md", sources(200, 220));
    desk.day(9);
    let visited =
        "select count(*) from visit v join source s on s.id = v.source_id where s.added_at";
    let old = || desk.number(&format!("{visited} = (select min(added_at) from source)"));
    let new = || desk.number(&format!("{visited} > (select min(added_at) from source)"));
    let done = desk.run("watch --once").exits(0);
    assert!(done.err.contains("more is due, and comes later"), "{done}");
    assert_eq!((old(), new()), (100, 0));
    desk.run("watch --once").exits(0);
    assert_eq!((old(), new()), (150, 20));
    let done = desk.run("watch --once --format jsonl").exits(0);
    assert!(done.out.contains(r#""result":"done""#), "{done}");
    assert_eq!((old(), new()), (150, 20));
}

#[test]
fn a_bound_on_visits_a_day_is_counted_over_restarts() {
    let desk = Desk::new();
    desk.web.anywhere(|logged| page(&logged.path));
    let sources: Vec<_> = (0..9).map(|n| format!("http://h{n}.test/")).collect();
    desk.post(
        "a.md",
        &sources.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    desk.run("run --limit 0 a.md").exits(0);
    desk.run("remove a.md").exits(0);
    let visits = || desk.number("select count(*) from visit");
    for expected in [1, 2, 3] {
        desk.run("watch --once --visits-per-day 3").exits(0);
        assert_eq!(visits(), expected);
    }
    let done = desk.run("watch --once --visits-per-day 3").exits(0);
    assert!(
        done.err
            .contains("nothing is due before 2026-01-06T08:00:00Z"),
        "{done}"
    );
    desk.day(1);
    desk.run("watch --once --visits-per-day 3").exits(0);
    assert_eq!(visits(), 4);
}

#[test]
fn a_manual_run_goes_first() {
    let desk = desk_with_a_source();
    desk.run("run").exits(0);
    desk.web.page("slow.test", "/2", Page::script([Act::Hang]));
    desk.post("posts/b.md", &["http://slow.test/2"]);
    let run = desk.start("run");
    desk.web.wait_for("slow.test", "/2");
    let mut watch = Running::start(&mut desk.command("watch"));
    watch.until("holds the archive; waiting for it to end");
    desk.run("watch --once").exits(4);
    desk.page("slow.test", "/2", "Two");
    interrupt(&run);
    desk.wait(run).exits(130);
    watch.until("the archive is free again");
    watch.until("visited 1 source: 1 alive");
    watch.signal("-TERM");
    let said = watch.exits(0);
    assert_eq!(said.matches("holds the archive").count(), 1, "{said}");
}

#[test]
fn one_object_is_printed_for_each_pass() {
    let desk = Desk::new();
    desk.page("a.test", "/1", "One");
    desk.post("a.md", &["http://a.test/1"]);
    desk.run("run --limit 0 a.md").exits(0);
    let done = desk.run("watch --once --format jsonl").exits(0);
    let line: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(line["result"], "done");
    assert_eq!(line["at"], "2026-01-05T08:00:00Z");
    assert_eq!(line["began_at"], "2026-01-05T08:00:00Z");
    assert_eq!(line["visits"]["alive"], 1);
    assert_eq!(line["sources"], 1);
    assert_eq!(line["suspect"], false);
}

#[test]
fn what_cannot_be_is_refused() {
    let desk = Desk::new();
    assert_snapshot!(desk.run("watch"), @r"
    exit code 2
    --- stderr
    error: --now stands still, and `watch` waits for time to pass

    hint: `watch --once --now INSTANT` does what would be due at that instant
    ");
    assert_snapshot!(desk.run("watch --once --every 0s"), @r"
    exit code 2
    --- stderr
    error: --every: expected one second to 24 hours
    ");
    assert_snapshot!(desk.run("watch --once"), @r"
    exit code 3
    --- stderr
    error: sourcekeep.db: there is no archive here

    hint: `sourcekeep run INPUT` makes one; --db PATH (or SOURCEKEEP_DB) names another file
    ");
    desk.file("sourcekeep.db", "a shopping list, and quite another file");
    assert_snapshot!(desk.run("watch --once"), @r"
    exit code 3
    --- stderr
    error: sourcekeep.db: this file is not a sourcekeep archive (it is no SQLite database)

    hint: name another file with --db PATH; this one was not touched
    ");
}

#[test]
fn an_archive_that_is_gone_ends_it() {
    let desk = desk_with_a_source();
    let mut watch = Running::start(&mut desk.command("watch"));
    watch.until("visited 1 source");
    for name in ["sourcekeep.db", "sourcekeep.db-wal", "sourcekeep.db-shm"] {
        let _ = std::fs::remove_file(desk.path(name));
    }
    watch.signal("-HUP");
    let said = watch.exits(3);
    assert!(said.contains("there is no archive here"), "{said}");
}

#[test]
fn a_pass_that_cannot_be_made_is_tried_again_later() {
    let desk = desk_with_a_source();
    std::fs::remove_file(desk.path("sourcekeep.db.lock")).unwrap();
    std::fs::create_dir(desk.path("sourcekeep.db.lock")).unwrap();
    let mut watch = Running::start(&mut desk.command("watch"));
    watch.until("cannot take the run lock");
    assert!(
        watch.said.contains("trying again in 60 s"),
        "{}",
        watch.said
    );
    watch.signal("-TERM");
    watch.exits(0);
    is_whole(&desk);
}

/// A desk, and commands that give signs of life to `http://hb.test/secret`.
fn beating(desk: &Desk, words: &str) -> Command {
    let mut command = desk.command(words);
    command.env("SOURCEKEEP_HEARTBEAT", "http://hb.test/secret");
    command
}

#[test]
fn a_sign_of_life_follows_good_runs_only() {
    let desk = desk_with_a_source();
    desk.web.page("hb.test", "/secret", Page::text("OK"));
    let beats = || desk.web.count("hb.test", "/secret");
    desk.finish(&mut beating(&desk, "run")).exits(0);
    assert_eq!(beats(), 1);
    desk.post("posts/gone.md", &["http://a.test/gone"]);
    desk.finish(&mut beating(&desk, "run --fail-on broken"))
        .exits(1);
    assert_eq!(beats(), 2);
    // An input that cannot be read.
    std::fs::remove_dir_all(desk.path("posts")).unwrap();
    desk.finish(&mut beating(&desk, "run")).exits(3);
    desk.finish(&mut beating(&desk, "watch --once")).exits(3);
    assert_eq!(beats(), 2);
    desk.post("posts/a.md", &["http://a.test/1"]);
    desk.finish(&mut beating(&desk, "watch --once")).exits(0);
    assert_eq!(beats(), 3);
    let mut watch = Running::start(&mut beating(&desk, "watch -v"));
    watch.until("the sign of life was given");
    watch.signal("-TERM");
    watch.exits(0);
    assert_eq!(beats(), 4);
}

#[test]
fn a_sign_of_life_that_does_not_arrive_keeps_its_secret() {
    let desk = desk_with_a_source();
    desk.web
        .page("hb.test", "/secret", Page::text("no").status(404));
    let done = desk.finish(&mut beating(&desk, "run")).exits(0);
    assert_snapshot!(done.err, @"warning: no sign of life could be given to http://hb.test: status 404");
    let mut command = desk.command("run");
    command.env("SOURCEKEEP_HEARTBEAT", "hb.test/secret");
    let done = desk.finish(&mut command).exits(2);
    assert_snapshot!(done.err, @"error: SOURCEKEEP_HEARTBEAT: not an address on the web: relative URL without a base");
    let mut command = desk.command("run -v");
    command.env("SOURCEKEEP_HEARTBEAT", "http://127.0.0.1:1/secret");
    let done = desk.finish(&mut command).exits(0);
    assert!(
        done.err
            .contains("warning: no sign of life could be given to http://127.0.0.1: ")
    );
    assert!(!done.err.contains("secret"), "{}", done.err);
}

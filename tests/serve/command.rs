//! How it begins and ends; `open`.

use std::net::TcpListener;

use insta::assert_snapshot;

use crate::serving::Serving;
use crate::support::Desk;

fn desk() -> Desk {
    let desk = Desk::new();
    desk.page("a.test", "/one", "Wells");
    desk.post("posts/a.md", &["https://a.test/one"]);
    desk.run("run posts").exits(0);
    desk
}

#[test]
fn it_listens_on_this_machine_only() {
    let desk = desk();
    assert_snapshot!(desk.run("serve --listen 0.0.0.0:0"), @r"
    exit code 2
    --- stderr
    error: 0.0.0.0:0: not a loopback address, and no password and no token; whoever reaches it could read and change the whole archive

    hint: `sourcekeep config password` makes a password for [serve]; or use 127.0.0.1
    ");
    for address in [
        "192.168.1.1:80",
        "[::]:0",
        "[::ffff:127.0.0.1]:0",
        "8.8.8.8:1",
    ] {
        desk.run(&format!("serve --db none.db --listen {address}"))
            .exits(2);
        assert!(!desk.path("none.db").exists());
        desk.run(&format!(
            "serve --listen 127.0.0.1:0 --replay-listen {address}"
        ))
        .exits(2);
    }
    desk.run("serve --listen nowhere").exits(2);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    assert_snapshot!(desk.run(&format!("serve --listen {address}")), @r"
    exit code 3
    --- stderr
    error: [web]: taken already: Address already in use (os error 98)

    hint: another program listens there, perhaps another `serve`; `--listen [web]` takes any free port
    ");
    desk.run(&format!(
        "serve --listen 127.0.0.1:0 --replay-listen {address}"
    ))
    .exits(3);
    desk.run("serve --db none.db --read-only --listen 127.0.0.1:0")
        .exits(3);
}

#[cfg(unix)]
#[test]
fn signals_end_it() {
    let desk = desk();
    assert_eq!(Serving::start(&desk).ends("-INT"), Some(130));
    assert_eq!(Serving::start(&desk).ends("-TERM"), Some(0));
    // A connection that says nothing holds nobody up.
    let serving = Serving::start(&desk);
    let idle = std::net::TcpStream::connect(&serving.ui).unwrap();
    serving.ui("/").is(200);
    assert_eq!(serving.ends("-TERM"), Some(0));
    drop(idle);
}

#[test]
fn what_is_written_meanwhile_is_shown() {
    let desk = desk();
    let serving = Serving::start(&desk);
    desk.page("a.test", "/two", "Springs");
    desk.post("posts/b.md", &["https://a.test/two"]);
    desk.run("run posts").exits(0);
    let page = serving
        .replay("/web/20260105080000/https://a.test/two")
        .is(200);
    assert!(page.text().contains("Springs"));
}

#[cfg(unix)]
#[test]
fn open_starts_the_browser_that_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let desk = desk();
    desk.day(10).page("a.test", "/one", "Springs");
    desk.run("run posts").exits(0);
    let script = "#!/bin/sh\necho \"$1\" > opened.part && mv opened.part opened\n";
    desk.file("browser", script);
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(desk.path("browser"), mode).unwrap();
    for (at, when) in [
        ("", "20260115080000-2"),
        (" --at 2026-01-06", "20260105080000-1"),
    ] {
        let mut command = desk.command(&format!("open https://a.test/one --format json{at}"));
        command.env(
            "BROWSER",
            format!("no-such-browser:{}", desk.path("browser").display()),
        );
        let serving = Serving::of(&mut command);
        let opened = loop {
            match std::fs::read_to_string(desk.path("opened")) {
                Ok(opened) => break opened,
                Err(_) => std::thread::yield_now(),
            }
        };
        std::fs::remove_file(desk.path("opened")).unwrap();
        let path = format!("/web/{when}/https://a.test/one");
        assert_eq!(opened.trim(), format!("http://{}{path}", serving.ui));
        serving.ui(&path).is(200);
    }
    desk.run("open https://a.test/none --no-browser").exits(3);
}

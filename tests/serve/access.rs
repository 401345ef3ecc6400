//! Who may see what is served, and change it: passwords, tokens, forms that others have sent, the log.

use std::process::Stdio;

use serde_json::Value;

use crate::serving::{Said, Serving, asked, posted, raw, sent};
use crate::support::Desk;

const PASSWORD: &str = "correct horse";

fn desk() -> Desk {
    let desk = Desk::new();
    desk.page("a.test", "/page", "Wells of the old town");
    desk.post("posts/a.md", &["https://a.test/page"]);
    desk.run("run posts").exits(0);
    desk
}

/// The lines of the configuration that a command makes of what comes on standard input.
pub(crate) fn made(desk: &Desk, words: &str, input: &str) -> (String, String) {
    let done = desk.finish(
        desk.bare(words)
            .stdin(given(input))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped()),
    );
    assert_eq!(done.code, Some(0), "{}", done.err);
    (done.out, done.err)
}

fn given(input: &str) -> Stdio {
    use std::io::{Seek, Write};
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(input.as_bytes()).unwrap();
    file.rewind().unwrap();
    Stdio::from(file)
}

/// A desk that a password guards, with what else the configuration says.
fn guarded(more: &str) -> (Desk, Serving) {
    let desk = desk();
    let (lines, _) = made(&desk, "config password", PASSWORD);
    desk.file("sourcekeep.toml", format!("{lines}{more}"));
    let serving = Serving::start(&desk);
    (desk, serving)
}

fn log_in(serving: &Serving, password: &str) -> Said {
    sent(
        &serving.ui,
        "/login",
        "",
        &[("password", password), ("to", "/sources?of=alive")],
    )
}

/// The header that sends back what was to be remembered.
fn cookie(said: &Said) -> String {
    let cookie = said.header("set-cookie").split(';').next().unwrap();
    format!("Cookie: {cookie}\r\n")
}

#[test]
fn a_password_lets_people_in() {
    let (_desk, serving) = guarded("");
    for path in [
        "/",
        "/sources",
        "/posts/1",
        "/health",
        "/web/*/https://a.test/page",
        "/nowhere",
    ] {
        let said = serving.ui(path).is(302);
        assert!(
            said.header("location").starts_with("/login?to=%2F"),
            "{path}"
        );
        assert!(!said.text().contains("a.test"), "{path}");
    }
    for path in [
        "/api/v1/sources",
        "/metrics",
        "/feed.atom",
        "/sources.csv",
        "/api/nowhere",
    ] {
        let said = serving.ui(path).is(401);
        assert_eq!(
            said.header("www-authenticate"),
            "Bearer realm=\"sourcekeep\"",
            "{path}"
        );
    }
    for path in [
        "/healthz",
        "/ui.css",
        "/style.css",
        "/favicon.svg",
        "/login",
    ] {
        serving.ui(path).is(200);
    }
    let said = serving.replay("/web/2026/https://a.test/page").is(401);
    assert!(said.text().contains("/login"), "{}", said.text());

    let wrong = log_in(&serving, "wrong").is(403);
    assert_eq!(wrong.header("set-cookie"), "");
    assert!(wrong.text().contains("not the password"));
    let right = log_in(&serving, PASSWORD).is(303);
    assert_eq!(right.header("location"), "/sources?of=alive");
    let set = right.header("set-cookie");
    assert!(
        set.ends_with("; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000"),
        "{set}"
    );

    let cookie = cookie(&right);
    let page = serving.ui_with("/", &cookie).is(200).text();
    assert!(page.contains("Log out"), "{page}");
    // A copy comes by a key of this session, for the other listener may have another name.
    let place = serving.ui_with("/web/https://a.test/page", &cookie).is(302);
    let around = serving
        .ui_with(place.header("location"), &cookie)
        .is(200)
        .text();
    let frame = around.split("<iframe").nth(1).unwrap();
    let frame = frame
        .split("src=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let path = frame.split(&serving.replay).nth(1).unwrap();
    assert!(path.contains('~'), "{frame}");
    assert!(
        serving
            .replay(path)
            .is(200)
            .text()
            .contains("Wells of the old town")
    );
    let other = path.replace('~', "~0").replacen("im_", "", 1);
    serving.replay(&other[..other.len() - 1]).is(401);

    let key = serving.form_key("/inputs", &cookie);
    // Who is not let out by a form of their own stays in.
    sent(&serving.ui, "/logout", &cookie, &[("csrf", "other")]);
    serving.ui_with("/", &cookie).is(200);
    let out = sent(&serving.ui, "/logout", &cookie, &[("csrf", &key)]).is(303);
    assert!(
        out.header("set-cookie").contains("Max-Age=0"),
        "{}",
        out.head()
    );
    serving.ui_with("/", &cookie).is(302);
    serving.replay(path).is(401);
}

#[test]
fn who_guesses_has_to_wait() {
    let (_desk, serving) = guarded("");
    for _ in 0..10 {
        log_in(&serving, "wrong").is(403);
    }
    let said = log_in(&serving, PASSWORD).is(429);
    let wait: u64 = said.header("retry-after").parse().unwrap();
    assert!((1..=600).contains(&wait), "{wait}");
    assert_eq!(said.header("set-cookie"), "");
}

#[test]
fn nobody_is_led_to_another_site() {
    let (_desk, serving) = guarded("");
    for to in [
        "//evil.test",
        "https://evil.test/",
        "/\\evil.test",
        "javascript:alert(1)",
        "/a\r\nx: y",
    ] {
        let said = sent(
            &serving.ui,
            "/login",
            "",
            &[("password", PASSWORD), ("to", to)],
        )
        .is(303);
        assert_eq!(said.header("location"), "/", "{to}");
        let page = serving
            .ui(&format!(
                "/login?to={}",
                to.replace("\r\nx: y", "%0D%0Ax:%20y")
            ))
            .is(200);
        assert!(page.text().contains("name=\"to\" value=\"/\""), "{to}");
    }
}

#[test]
fn a_token_lets_a_program_do_what_its_scope_says() {
    let desk = desk();
    let (reads, said) = made(&desk, "config token reads", "");
    let (writes, told) = made(&desk, "config token writes --scope write", "");
    desk.file("sourcekeep.toml", format!("{reads}{writes}"));
    let token = |said: &str| {
        let token = said
            .split_whitespace()
            .find(|word| word.starts_with("sourcekeep_"));
        format!("Authorization: Bearer {}\r\n", token.unwrap())
    };
    let (reads, writes) = (token(&said), token(&told));
    let shown = desk.run("config show token").exits(0).out;
    assert!(
        shown.contains("(hidden)") && !shown.contains("sha256:"),
        "{shown}"
    );
    let serving = Serving::start(&desk);
    serving.ui("/api/v1/sources").is(401);
    serving
        .ui_with("/api/v1/sources", "Authorization: Bearer sourcekeep_0\r\n")
        .is(401);
    for token in [&reads, &writes] {
        serving.ui_with("/api/v1/sources", token).is(200);
        serving.ui_with("/metrics", token).is(200);
        serving
            .replay_with("/web/2026id_/https://a.test/page", token)
            .is(302);
    }
    let add = br#"{"input": "https://blog.test/feed"}"#;
    let add = |token: &str| {
        posted(
            &serving.ui,
            "/api/v1/inputs",
            "application/json",
            token,
            add,
        )
    };
    let refused = add(&reads).is(403);
    assert_eq!(refused.header("content-type"), "application/problem+json");
    add("").is(401);
    let done: Value = serde_json::from_str(&add(&writes).is(200).text()).unwrap();
    assert_eq!(done["done"], "input-added");
    assert_eq!(
        desk.number("select count(*) from input where address = 'https://blog.test/feed'"),
        1
    );
    // Nobody logs in where there is no password.
    assert!(
        serving
            .ui("/login")
            .is(200)
            .text()
            .contains("Nobody logs in here")
    );
    log_in(&serving, "").is(403);
}

#[test]
fn no_other_page_has_a_form_sent() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let key = serving.form_key("/inputs", "");
    let fields = [
        ("csrf", key.as_str()),
        ("do", "add"),
        ("input", "https://evil.test/feed"),
    ];
    let with = |headers: &str| sent(&serving.ui, "/inputs", headers, &fields);
    for headers in [
        "Origin: https://evil.test\r\n",
        "Origin: null\r\n",
        &format!("Origin: http://{}\r\n", serving.replay),
        "Sec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: navigate\r\n",
    ] {
        with(headers).is(403);
    }
    for fields in [
        &[("do", "add"), ("input", "https://evil.test/feed")][..],
        &[("csrf", ""), ("input", "https://evil.test/feed")],
        &[("csrf", "0123"), ("input", "https://evil.test/feed")],
    ] {
        sent(&serving.ui, "/inputs", "", fields).is(403);
    }
    // What a page of another site can have sent without asking first is no JSON.
    let json = br#"{"input": "https://evil.test/feed"}"#;
    posted(&serving.ui, "/api/v1/inputs", "text/plain", "", json).is(415);
    posted(
        &serving.ui,
        "/api/v1/inputs",
        "application/json",
        "Origin: https://evil.test\r\n",
        json,
    )
    .is(403);
    let host = "Host: evil.test\r\n";
    raw(
        &serving.ui,
        &format!("POST /inputs HTTP/1.1\r\n{host}Content-Length: 0\r\nConnection: close\r\n\r\n"),
    )
    .is(421);
    assert_eq!(
        desk.number("select count(*) from input where address like '%evil%'"),
        0
    );
    let own = format!(
        "Origin: http://{}\r\nSec-Fetch-Site: same-origin\r\n",
        serving.ui
    );
    with(&own).is(303);
    assert_eq!(
        desk.number("select count(*) from input where address like '%evil%'"),
        1
    );
}

#[test]
fn what_is_read_only_stays_as_it_is() {
    let desk = desk();
    let serving =
        Serving::of(&mut desk.command("serve --read-only --listen 127.0.0.1:0 --format json"));
    let page = serving.ui("/inputs").is(200).text();
    assert!(!page.contains("name=\"csrf\""), "{page}");
    assert!(page.contains("can be read only"), "{page}");
    let json = br#"{"input": "https://blog.test/feed"}"#;
    posted(&serving.ui, "/api/v1/inputs", "application/json", "", json).is(403);
    assert_eq!(desk.number("select count(*) from input"), 1);
}

#[test]
fn others_may_ask_where_a_password_keeps_strangers_out() {
    let (desk, serving) = guarded("");
    drop(serving);
    let serving = Serving::of(&mut desk.command("serve --listen 0.0.0.0:0 --format json"));
    let port = serving.ui.rsplit(':').next().unwrap().to_owned();
    let here = format!("127.0.0.1:{port}");
    let of = |host: &str| {
        raw(
            &here,
            &format!("GET /login HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        )
        .status
    };
    assert_eq!(of(&here), 200);
    assert_eq!(of(&format!("10.1.2.3:{port}")), 200);
    assert_eq!(of("evil.test"), 421);
    assert_eq!(of(&format!("evil.test:{port}")), 421);
}

#[test]
fn behind_a_proxy_names_are_those_of_the_configuration() {
    let (_desk, serving) =
        guarded("url = \"https://archive.test\"\nreplay_url = \"https://copies.test\"\n");
    let with = |host: &str, path: &str, more: &str| {
        raw(
            &serving.at,
            &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{more}Connection: close\r\n\r\n"),
        )
    };
    assert_eq!(with("evil.test", "/login", "").status, 421);
    assert_eq!(with("copies.test", "/login", "").status, 421);
    let form = format!("password={}", PASSWORD.replace(' ', "+"));
    let said = raw(
        &serving.at,
        &format!(
            "POST /login HTTP/1.1\r\nHost: archive.test\r\nOrigin: https://archive.test\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{form}",
            form.len()
        ),
    )
    .is(303);
    let set = said.header("set-cookie");
    assert!(
        set.starts_with("__Host-sourcekeep=") && set.ends_with("; Secure"),
        "{set}"
    );
    let cookie = cookie(&said);
    let place = with("archive.test", "/web/https://a.test/page", &cookie).is(302);
    let around = with("archive.test", place.header("location"), &cookie).is(200);
    assert!(
        around.text().contains("src=\"https://copies.test/web/"),
        "{}",
        around.text()
    );
    assert!(
        around
            .header("content-security-policy")
            .contains("frame-src https://copies.test;")
    );
}

#[test]
fn pages_over_tls_want_copies_over_tls() {
    let desk = desk();
    desk.file(
        "sourcekeep.toml",
        "[serve]\nurl = \"https://archive.test\"\n",
    );
    let done = desk.run("serve --listen 127.0.0.1:0").exits(2);
    assert!(done.err.contains("serve.replay_url"), "{}", done.err);
}

#[test]
fn each_request_is_noted() {
    let (desk, serving) = guarded("access_log = \"access.jsonl\"\n");
    let right = log_in(&serving, PASSWORD).is(303);
    let cookie = cookie(&right);
    asked(
        &serving.ui,
        "/sources?q=%22x",
        &format!("{cookie}User-Agent: a\"b\r\n"),
    )
    .is(200);
    serving
        .replay("/web/2026-1~0123456789abcdefim_/https://a.test/page")
        .is(401);
    raw(
        &serving.ui,
        "BREW /pot HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n",
    )
    .is(421);
    let (ui, replay) = (serving.ui.clone(), serving.replay.clone());
    assert_eq!(serving.ends("-TERM"), Some(0));
    let log = std::fs::read_to_string(desk.path("access.jsonl")).unwrap();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<String> = lines
        .iter()
        .map(|line| {
            format!(
                "{} {} {} {} {}",
                line["listener"], line["who"], line["method"], line["path"], line["status"]
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            r#""pages" null "POST" "/login" 303"#,
            r#""pages" "password" "GET" "/sources?q=%22x" 200"#,
            r#""copies" null "GET" "/web/2026-1~…im_/https://a.test/page" 401"#,
            r#""pages" null "BREW" "/pot" 421"#,
        ]
    );
    assert_eq!(lines[1]["user_agent"], "a\"b");
    assert_eq!(lines[1]["peer"], "127.0.0.1");
    assert_eq!(
        (lines[1]["host"].as_str(), lines[2]["host"].as_str()),
        (Some(ui.as_str()), Some(replay.as_str()))
    );
    assert!(
        !log.contains(PASSWORD) && !log.contains("sourcekeep="),
        "{log}"
    );
}

//! Walls: what becomes of a source that a bot wall, a login or a consent page stands before, and rules of the user's.

use insta::assert_snapshot;

use crate::support::{Desk, page};
use crate::web::Page;

const SOURCE: &str = "https://source.test/page";

const CHALLENGE: &str = "<!doctype html><title>Just a moment...</title><noscript>Enable JavaScript and cookies to continue\
                         </noscript><script>window._cf_chl_opt={cType:'managed'}</script>";

fn desk() -> Desk {
    let desk = Desk::new();
    desk.page("source.test", "/page", "Words of the source");
    desk.post("posts/a.md", &[SOURCE]);
    desk.run("run posts").exits(0);
    desk
}

/// How the source stands, and how many copies of it there are.
fn standing(desk: &Desk) -> String {
    desk.rows("select verdict, standing, strikes, (select count(*) from capture) from source")
}

#[test]
fn a_wall_is_no_strike_and_takes_no_copys_place() {
    let desk = desk();
    let login =
        "<title>Log in</title><h1>Log in</h1><form><input name=u><input type=password></form>";
    let consent =
        "<title>Cookie consent</title><h1>We value your privacy</h1><button>Accept all</button>";
    let mut told = String::new();
    for (day, wall) in [
        Page::html(CHALLENGE).status(503),
        Page::html(CHALLENGE),
        Page::html(CHALLENGE).status(404),
        Page::html(login),
        Page::html(consent),
        Page::html("<title>Access denied</title><h1>Access denied</h1>").status(403),
    ]
    .into_iter()
    .enumerate()
    {
        desk.web.page("source.test", "/page", wall);
        desk.day(day as u32 + 1).run("check --all").exits(0);
        told += &standing(&desk);
    }
    assert_snapshot!(told, @r"
    blocked | uncertain | 0 | 1
    blocked | uncertain | 0 | 1
    blocked | uncertain | 0 | 1
    login-wall | uncertain | 0 | 1
    collapsed | uncertain | 0 | 1
    blocked | uncertain | 0 | 1
    ");
    desk.page("source.test", "/page", "Words of the source");
    desk.day(9).run("check --all").exits(0);
    assert_snapshot!(standing(&desk), @"alive | alive | 0 | 1");
}

#[test]
fn evidence_names_the_provider_and_what_it_does() {
    let desk = desk();
    let refused = Page::html("no")
        .status(403)
        .header("set-cookie", "datadome=secret; Path=/");
    desk.web.page("source.test", "/page", refused);
    desk.day(1).run("check --all").exits(0);
    let told = desk.run("explain https://source.test/page").exits(0).out;
    assert!(told.contains("DataDome"), "{told}");
    let facts = desk.rows("select facts from outcomes");
    assert!(!facts.contains("secret"), "{facts}");
}

#[test]
fn a_refusing_status_with_the_page_in_it_is_the_page() {
    let desk = Desk::new();
    let words = "The harbour was sold in the winter, and the library that had stood beside it was taken down. ";
    desk.web
        .page("source.test", "/page", page(&words.repeat(20)).status(403));
    desk.post("posts/a.md", &[SOURCE]);
    desk.run("run posts").exits(0);
    assert_snapshot!(standing(&desk), @"alive | alive | 0 | 1");
}

#[test]
fn rules_of_the_user_count_in_visits_and_afterwards() {
    let desk = desk();
    let gate =
        "<!doctype html><title>Gate</title><p>One moment.</p><script src=/own-gate/x.js></script>";
    desk.web.page("source.test", "/page", Page::html(gate));
    desk.day(1).run("check --all").exits(0);
    assert_snapshot!(standing(&desk), @"drifted | alive | 0 | 2");
    desk.file(
        "rules.toml",
        "[[mark]]\nname = \"own/gate\"\nlabel = \"Own Gate\"\nkind = \"challenge\"\nbody = [\"/own-gate/\"]\nweight = 100\n",
    );
    desk.file("sourcekeep.toml", "[judge]\nrules = \"rules.toml\"\n");
    desk.run("config check").exits(0);
    desk.run("rejudge --from-bodies").exits(0);
    assert_snapshot!(standing(&desk), @"blocked | uncertain | 0 | 2");
    desk.web.page(
        "source.test",
        "/page",
        Page::html(gate.replace("One", "Another")),
    );
    desk.day(3).run("check --all").exits(0);
    assert_snapshot!(standing(&desk), @"blocked | uncertain | 0 | 2");
    let told = desk.run("explain https://source.test/page").exits(0).out;
    assert!(told.contains("Own Gate"), "{told}");
}

#[test]
fn what_is_wrong_with_rules_is_told_with_its_line() {
    let desk = Desk::new();
    desk.file(
        "rules.toml",
        "\n[[mark]]\nname = \"own/gate\"\nlabel = \"Own Gate\"\nkind = \"door\"\nweight = 100\n",
    );
    desk.file("sourcekeep.toml", "\n[judge]\nrules = \"rules.toml\"\n");
    assert_snapshot!(desk.run("config check"), @r"
    exit code 2
    --- stderr
    error: sourcekeep.toml:3: judge.rules: rules.toml:5: unknown variant `door`, expected one of `challenge`, `captcha`, `refusal`, `consent`, `login`, `paywall`, `geo-block`, `parked`, `takeover`, `shell`, `trouble`
    ");
    assert_snapshot!(desk.run("run"), @r"
    exit code 2
    --- stderr
    error: sourcekeep.toml:3: judge.rules: rules.toml:5: unknown variant `door`, expected one of `challenge`, `captcha`, `refusal`, `consent`, `login`, `paywall`, `geo-block`, `parked`, `takeover`, `shell`, `trouble`
    ");
}

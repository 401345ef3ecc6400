//! What changed since somebody last looked, which their browser remembers, and what needs attention.

use serde_json::Value;

use crate::serving::{Said, Serving, asked};
use crate::support::Desk;
use crate::web::Page;

/// Three pages that live, one of them quoted.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.page(
        "a.test",
        "/kept",
        "The council counted 14 wells in the old town in May",
    );
    desk.page("b.test", "/dies", "Springs");
    desk.page("c.test", "/fails", "Rivers");
    desk.page("d.test", "/stays", "Lakes");
    desk.file(
        "posts/a.md",
        "# A post\n\nThe council \"counted 14 wells in the old town in May\" ([its report](https://a.test/kept)), as it says.\n\n\
         [springs](https://b.test/dies), [rivers](https://c.test/fails), [lakes](https://d.test/stays)\n",
    );
    desk.run("run posts").exits(0);
    desk
}

/// Looks at the overview with what is remembered; what is to be remembered then comes with it.
fn look(serving: &Serving, cookie: &str) -> (Said, String) {
    let said = asked(&serving.ui, "/", &format!("Cookie: other=1; {cookie}\r\n")).is(200);
    let set = said.header("set-cookie").to_owned();
    let value = set.split(';').next().unwrap().to_owned();
    (said, value)
}

/// What it says of the time since.
fn since(said: &Said) -> Option<String> {
    let text = said.text();
    let from = text.find("Since you last looked")?;
    let rest = &text[from..];
    Some(rest[..rest.find("</section>").unwrap()].to_owned())
}

#[test]
fn who_comes_back_is_told_what_changed() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let (first, cookie) = look(&serving, "");
    assert_eq!(since(&first), None);
    let set = first.header("set-cookie");
    for part in ["; Path=/", "; HttpOnly", "; SameSite=Strict", "; Max-Age="] {
        assert!(set.contains(part), "{set}");
    }
    assert!(set.len() < 200, "{set}");
    assert_eq!(
        since(&look(&serving, &cookie).0),
        None,
        "it is the same look"
    );

    desk.page(
        "a.test",
        "/kept",
        "The council counted 9 wells in the old town in May",
    );
    desk.web.page("b.test", "/dies", Page::empty(410));
    for day in [4, 8] {
        desk.day(day).run("run posts");
    }
    desk.web.page("c.test", "/fails", Page::empty(404));
    desk.day(12).run("run posts");
    let serving = Serving::start(&desk);
    let (said, later) = look(&serving, &cookie);
    let text = since(&said).unwrap();
    assert!(text.contains("(12 days ago)"), "{text}");
    for change in [
        "1 newly dead",
        "1 quote lost",
        "1 drifted",
        "1 newly failing",
    ] {
        assert!(text.contains(&format!(">{change}</a>")), "{change}: {text}");
    }
    assert!(!text.contains("revived"), "{text}");
    // Each leads to what it says.
    for (change, address) in [
        ("1 newly dead", "b.test/dies"),
        ("1 quote lost", "a.test/kept"),
    ] {
        let before = &text[..text.find(&format!("\">{change}")).unwrap()];
        let path = &before[before.rfind('"').unwrap() + 1..];
        assert!(serving.ui(path).is(200).text().contains(address), "{path}");
    }
    // What needs attention comes in its order.
    let page = said.text();
    let attention =
        &page[page.find("id=\"attention\"").unwrap()..page.find("What happened").unwrap()];
    let places: Vec<_> = ["b.test/dies</a>", "a.test/kept</a>", "c.test/fails</a>"]
        .map(|address| {
            attention
                .find(address)
                .unwrap_or_else(|| panic!("{address}: {attention}"))
        })
        .into();
    assert!(places.is_sorted(), "{attention}");
    assert!(
        attention.contains("a quote is lost") && !attention.contains("d.test"),
        "{attention}"
    );
    assert_eq!(attention.matches("a.test/kept</a>").count(), 1);

    // Whoever comes back to the page is told the same; days later, what came then.
    let (again, same) = look(&serving, &later);
    assert_eq!(since(&again), Some(text));
    assert_eq!(same, later);
    let serving = Serving::start(desk.day(14));
    let text = since(&look(&serving, &later).0).unwrap();
    assert!(
        text.contains("(2 days ago)") && text.contains("Nothing to worry about"),
        "{text}"
    );
    desk.page("b.test", "/dies", "Springs");
    desk.page("c.test", "/fails", "Rivers");
    desk.day(45).run("run posts");
    let serving = Serving::start(&desk);
    let text = since(&look(&serving, &later).0).unwrap();
    assert!(
        text.contains("1 revived") && !text.contains("1 newly dead"),
        "{text}"
    );
}

#[test]
fn programs_ask_for_what_changed_after_an_event() {
    let desk = desk();
    let news = |serving: &Serving, after: i64| -> Value {
        let path = format!("/api/v1/news?after={after}");
        serde_json::from_str(&serving.ui(&path).is(200).text()).unwrap()
    };
    let before = news(&Serving::start(&desk), 0);
    assert_eq!(before["newly_dead"], 0, "{before}");
    desk.web.page("b.test", "/dies", Page::empty(410));
    for day in [4, 8] {
        desk.day(day).run("run posts");
    }
    let serving = Serving::start(&desk);
    let told = news(&serving, before["newest"].as_i64().unwrap());
    assert_eq!(told["newly_dead"], 1, "{told}");
    assert_eq!(told["newly_failing"], 0, "it is dead by now: {told}");
    assert_eq!(told["cut"], false);
    let told = news(&serving, told["newest"].as_i64().unwrap());
    assert_eq!(told["newly_dead"], 0, "{told}");
    serving.ui("/api/v1/news?after=x").is(400);
    serving
        .ui("/api/v1/news?after=-9223372036854775808")
        .is(200);
}

#[test]
fn what_a_browser_did_not_get_from_here_is_ignored() {
    let desk = desk();
    let serving = Serving::start(desk.day(3));
    let (_, cookie) = look(&serving, "");
    let name = cookie.split('=').next().unwrap();
    for value in [
        "",
        "0",
        "0.0.0",
        "x.y.z.w",
        "-1.0.0.0",
        "0.0.999999999.0",
        "0.0.0.99999999999999",
        "0.9.0.1",
        "99999999999999999999.1.1.1",
        "<script>run()</script>",
        "0.0.0.0\"; Path=/evil",
        &"9".repeat(8000),
    ] {
        let (said, new) = look(&serving, &format!("{name}={value}"));
        assert_eq!(since(&said), None, "{value}");
        assert!(!said.text().contains("<script>run()"), "{value}");
        assert_eq!(new, cookie, "{value}");
    }
    // Another archive's, at another port of this machine, is another.
    let other = cookie.replace(name, "sourcekeep-seen-1");
    assert_eq!(since(&look(&serving, &other).0), None);
    // Who is led here from elsewhere sends nothing, and loses nothing.
    let foreign = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n";
    let said = asked(&serving.ui, "/", foreign).is(200);
    assert_eq!(said.header("set-cookie"), "");
    // No other page sets it.
    assert_eq!(serving.ui("/sources").is(200).header("set-cookie"), "");
}

/// The overview with all that can be on it: what changed since, what needs attention, a run that goes on.
#[cfg(unix)]
#[test]
fn the_overview_of_a_busy_archive_can_be_used_by_everybody() {
    let Some(eyes) = crate::eyes::Eyes::open() else {
        return;
    };
    let desk = desk();
    let (_, cookie) = look(&Serving::start(&desk), "");
    desk.page(
        "a.test",
        "/kept",
        "The council counted 9 wells in the old town in May",
    );
    desk.web.page("b.test", "/dies", Page::empty(410));
    for day in [4, 8] {
        desk.day(day).run("run posts");
    }
    let slow = crate::support::page("Slow").delay(std::time::Duration::from_secs(120));
    desk.web.page("e.test", "/slow", slow);
    desk.web.page("c.test", "/fails", Page::empty(404));
    desk.post("more/b.md", &["https://e.test/slow"]);
    let mut child = desk.day(12).start("run more posts");
    desk.until_at_least("select coalesce(max(done), 0) from run_progress", 3);
    let serving = Serving::start(&desk);
    let mut chromium = eyes.browser();
    let address = format!("http://{}/", serving.ui);
    chromium.open(&address);
    chromium.has_come(&address);
    // What it was given just now is its own; it is to have looked before.
    chromium.forget();
    chromium.script(&format!("document.cookie = '{cookie}'"));
    eyes.look(&mut chromium, &address, "busy", true);
    let text = chromium.says("document.body.textContent");
    assert!(
        text.contains("Since you last looked") && text.contains("visits sources"),
        "{text}"
    );
    child.kill().unwrap();
    child.wait().unwrap();
}

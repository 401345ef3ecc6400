//! The pages of one source: what changed between its copies, what is quoted from it and where that stands, what is kept of it.

use std::fmt::Write as _;

use serde_json::Value;

use crate::serving::Serving;
use crate::support::Desk;
use crate::web::Page;

const SOURCE: &str = "https://source.test/page";

const FIRST: [&str; 7] = [
    "The bridge over the harbour was closed on Monday after engineers found cracks in two of its main cables.",
    "The city council said that the inspection had been planned for the spring of last year.",
    "Repairs are expected to cost 12 million euros, of which the state will pay a third.",
    "Commuters will have to take the ferry, which runs every twenty minutes from six in the morning on.",
    "Opponents of the bridge had warned for years that salt water would eat into the steel.",
    "An independent report that was published last year found no sign of damage at all.",
    "The mayor did not answer questions about who had ordered that report, or what it had cost.",
];

fn page(title: &str, paragraphs: &[&str]) -> Page {
    Page::html(format!(
        "<!doctype html><html lang=en><title>{title}</title><body><nav><a href=/>Home</a></nav>\
         <main><h1>{title}</h1><p>{}</p></main><footer>Imprint</footer>",
        paragraphs.join("</p>\n<p>")
    ))
}

/// A source that is cited on a Monday, with three versions, a day each.
pub(crate) fn bridge() -> Desk {
    let desk = Desk::new();
    desk.web
        .page("source.test", "/page", page("Bridge closed", &FIRST));
    desk.file(
        "posts/a.md",
        format!(
            "# On bridges\n\nThe paper writes: \"The mayor did not answer questions about who had ordered that report\" \
             ([source]({SOURCE})).\n\nIt also says that \"salt water would eat into the steel\" \
             ([source]({SOURCE})), and \"Repairs are expected to cost 12 million euros\" ([source]({SOURCE})).\n"
        ),
    );
    desk.file(
        "posts/b.md",
        format!("# Water\n\n> An independent report that was published last year found no sign of damage at all.\n\n[Source]({SOURCE})\n"),
    );
    desk.run("run posts").exits(0);
    let mut second = FIRST;
    second[2] =
        "Repairs are expected to cost 21 million euros, of which the state will pay a third.";
    desk.web
        .page("source.test", "/page", page("Bridge closed", &second));
    desk.day(1).run("run posts").exits(0);
    let mut third = second.to_vec();
    third[6] =
        "The mayor did answer questions about who had ordered that report, or what it had cost.";
    third[5] = "Nobody was hurt, and the ferry is free of charge for a month from today on.";
    desk.web.page(
        "source.test",
        "/page",
        page("Bridge closed for months", &third),
    );
    desk.day(2).run("run posts").exits(0);
    desk
}

fn api(serving: &Serving, path: &str) -> Value {
    serde_json::from_str(&serving.ui(path).is(200).text()).unwrap()
}

#[test]
fn copies_are_compared_side_by_side() {
    let desk = bridge();
    let serving = Serving::start(&desk);
    // Since it was cited.
    let text = serving.ui("/sources/1/compare").is(200).text();
    for part in [
        "<del><span class=\"unseen\" lang=\"en\"> gone: </span>12<span class=\"unseen\" lang=\"en\"> · </span></del>",
        "<ins><span class=\"unseen\" lang=\"en\"> new: </span>21<span class=\"unseen\" lang=\"en\"> · </span></ins>",
        "<del><span class=\"unseen\" lang=\"en\"> gone: </span>not<",
        "<ins><span class=\"unseen\" lang=\"en\"> new: </span>Nobody was hurt",
        "An independent report",
        "which stands for what was cited",
        "drifted",
        "/sources/1/compare?from=2&#38;to=3",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // What went stands beside what came in its place: in one row.
    let row = text
        .split("<tr")
        .find(|row| row.contains("An independent report"))
        .unwrap();
    assert!(
        row.contains("Nobody was hurt") && row.contains(">gone<") && row.contains(">new<"),
        "{row}"
    );
    // No word is shown twice on a side that it is not of.
    let (before, now) = row.split_once("</td>").unwrap();
    assert!(
        !before.contains("Nobody") && !now.contains("independent"),
        "{row}"
    );
    // Of one step, only what changed in it.
    let text = serving.ui("/sources/1/compare?from=1&to=2").is(200).text();
    assert!(text.contains(">21<") && !text.contains("Nobody"), "{text}");
    assert!(
        text.contains("rel=\"next\">Later change") && !text.contains("rel=\"prev\""),
        "{text}"
    );
    let text = serving.ui("/sources/1/compare?to=2").is(200).text();
    assert!(text.contains(">21<") && !text.contains("Nobody"), "{text}");
    // Whoever turns them around is shown that.
    let text = serving.ui("/sources/1/compare?from=3&to=1").is(200).text();
    assert!(
        text.contains("<ins><span class=\"unseen\" lang=\"en\"> new: </span>12<"),
        "{text}"
    );
    // For programs, the same.
    let told = api(&serving, "/api/v1/sources/1/compare");
    assert_eq!(
        (&told["from"]["capture"], &told["to"]["capture"]),
        (&Value::from(1), &Value::from(3))
    );
    assert_eq!(told["drift"]["level"], "drifted");
    let kinds: Vec<_> = told["pieces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|piece| piece["kind"].as_str().unwrap())
        .collect();
    assert!(
        kinds.contains(&"altered") && kinds.contains(&"gone") && kinds.contains(&"new"),
        "{kinds:?}"
    );
}

#[test]
fn far_from_any_change_a_comparison_is_folded() {
    let desk = Desk::new();
    let text = |changed: &str| {
        let mut all: Vec<String> = (0..60)
            .map(|n| format!("Paragraph number {n} tells of the wells of town {n} and of nothing else at all."))
            .collect();
        all[30] = changed.to_owned();
        all.join("</p><p>")
    };
    let long = |changed: &str| page("Wells", &[&text(changed)]);
    desk.web.page(
        "source.test",
        "/page",
        long("Here it says that the water is clean and has been for years."),
    );
    desk.post("posts/a.md", &[SOURCE]);
    desk.run("run posts").exits(0);
    desk.web.page(
        "source.test",
        "/page",
        long("Here it says that the water is foul and has been for years."),
    );
    desk.day(1).run("run posts").exits(0);
    let serving = Serving::start(&desk);
    let text = serving.ui("/sources/1/compare").is(200).text();
    assert!(
        text.contains(">clean<") && text.contains(">foul<"),
        "{text}"
    );
    assert!(
        text.contains("town 29 ") && text.contains("town 31 "),
        "{text}"
    );
    assert!(
        !text.contains("town 12 ") && !text.contains("town 50 "),
        "{text}"
    );
    assert_eq!(text.matches("unchanged</td>").count(), 2, "{text}");
}

/// What is answered to people and to programs, with which words.
fn both(serving: &Serving, path: &str, (on_page, told): (u16, u16), says: &str) {
    let said = serving.ui(path).is(on_page).text();
    assert!(said.contains(says), "{path}: {said}");
    let said = serving.ui(&format!("/api/v1{path}")).is(told);
    assert_eq!(said.header("content-type"), "application/problem+json");
    assert!(said.text().contains(says), "{path}: {}", said.text());
}

#[test]
fn what_cannot_be_compared_says_why() {
    let desk = bridge();
    desk.web
        .page("source.test", "/one", page("One", &FIRST[..3]));
    desk.web.page(
        "source.test",
        "/drawn",
        Page::bytes("image/png", "\u{89}PNG one"),
    );
    desk.post(
        "posts/c.md",
        &["https://source.test/one", "https://source.test/drawn"],
    );
    desk.run("run posts").exits(0);
    desk.web.page(
        "source.test",
        "/drawn",
        Page::bytes("image/png", "\u{89}PNG two"),
    );
    desk.day(3).run("run posts").exits(0);
    let serving = Serving::start(&desk);
    let both = |path: &str, on_page, told, says: &str| both(&serving, path, (on_page, told), says);
    let number = |address: &str| {
        desk.number(&format!(
            "select id from source where address = '{address}'"
        ))
    };
    let (one, drawn) = (
        number("https://source.test/one"),
        number("https://source.test/drawn"),
    );
    both(
        &format!("/sources/{one}/compare"),
        200,
        422,
        "nothing to compare it with",
    );
    assert_eq!(
        desk.number(&format!(
            "select count(*) from capture where source_id = {drawn}"
        )),
        2
    );
    both(
        &format!("/sources/{drawn}/compare"),
        200,
        422,
        "has no text that can be read (image/png)",
    );
    let theirs = desk.number(&format!("select id from capture where source_id = {one}"));
    both(
        &format!("/sources/1/compare?from={theirs}"),
        404,
        404,
        "is none of this source",
    );
    both("/sources/1/compare?from=x", 400, 400, "no number of a copy");
    both("/sources/1/compare?to=-1", 400, 400, "no number of a copy");
    both(
        "/sources/1/compare?to=99999999999999999999",
        400,
        400,
        "no number of a copy",
    );
    both("/sources/999/compare", 404, 404, "no source of this number");
    serving.ui("/sources/x/compare").is(404);
    let same = serving.ui("/sources/1/compare?from=2&to=2").is(200).text();
    assert!(
        same.contains("one and the same copy") && !same.contains("<del>"),
        "{same}"
    );
}

#[test]
fn copies_that_are_pruned_or_damaged_are_not_compared() {
    let desk = bridge();
    desk.post("posts/c.md", &["https://source.test/one"]);
    for day in [3, 5, 7] {
        let title = format!("Version {day}");
        desk.web
            .page("source.test", "/one", page(&title, &FIRST[..day]));
        desk.day(day as u32).run("run posts").exits(0);
    }
    let serving = Serving::start(&desk);
    let both = |path: &str, on_page, told, says: &str| both(&serving, path, (on_page, told), says);
    let one = desk.number("select id from source where address like '%/one'");
    let copies = format!("from capture where source_id = {one}");
    let middle = desk.number(&format!("select id {copies} order by id limit 1 offset 1"));
    let done = desk.day(401).run("prune --keep last").exits(0);
    let many = desk.number("select count(*) from pruned_capture");
    assert_eq!(many, 1, "{done} {}", desk.rows("select * from capture"));
    let path = format!("/sources/{one}/compare");
    let pruned = format!("{path}?from={middle}");
    both(&pruned, 410, 410, "was pruned at 2027-02-10");
    let text = serving.ui(&path).is(200).text();
    assert!(text.contains("<ins>"), "{text}");
    assert!(
        !text.contains(&format!("<option value=\"{middle}\"")),
        "{text}"
    );
    // What is damaged.
    desk.archive()
        .execute_batch("update blob set data = x'00112233' where id = (select body_id from capture where id = 1)")
        .unwrap();
    both("/sources/1/compare", 200, 422, "damaged");
}

#[test]
fn long_texts_are_compared_as_far_as_anybody_waits() {
    let desk = Desk::new();
    let text = |begins: &str| {
        let mut all = format!("<p>{begins}</p>");
        for n in 0..40_000 {
            write!(all, "<p>Paragraph {n} of a very long book on the wells of this country, which has no end.</p>").unwrap();
        }
        format!("<!doctype html><title>Book</title><body>{all}")
    };
    desk.web.page(
        "source.test",
        "/page",
        Page::html(text("It begins with water that is clean, as all agree.")),
    );
    desk.post("posts/a.md", &[SOURCE]);
    desk.run("run posts").exits(0);
    desk.web.page(
        "source.test",
        "/page",
        Page::html(text("It begins with water that is foul, as all agree.")),
    );
    desk.day(1).run("run posts").exits(0);
    let serving = Serving::start(&desk);
    let said = serving.ui("/sources/1/compare").is(200).text();
    assert!(
        said.contains(">foul<") && said.contains("only their beginnings are compared"),
        "{said:.9000}"
    );
    assert!(said.len() < 100_000, "{}", said.len());
    // Nothing is taken for gone only since it was cut off.
    assert_eq!(said.matches("<del>").count(), 1, "{said}");
    let told = serving.ui("/api/v1/sources/1/compare").is(200);
    assert!(told.bytes.len() < 1_000_000, "{}", told.bytes.len());
    let told: Value = serde_json::from_str(&told.text()).unwrap();
    assert_eq!(told["cut"], true);
}

#[test]
fn quotes_are_marked_in_the_text_of_a_copy() {
    let desk = bridge();
    let serving = Serving::start(&desk);
    let text = serving.ui("/sources/1/text").is(200).text();
    let (above, below) = text.split_once("<h2 id=\"text\">").unwrap();
    // What is not found stands above, with the copy that has it.
    assert!(above.contains("An independent report"), "{above}");
    assert!(above.contains("not in this copy"), "{above}");
    let gone = desk.number("select id from quote where words like 'An independent%'");
    let had = format!("/sources/1/text?copy=2#quote-{gone}");
    assert!(above.contains(&format!("href=\"{had}\"")), "{above}");
    assert!(!above.contains("salt water"), "{above}");
    // What is found is marked where it stands, in its state, with who quotes it.
    for part in [
        "verbatim: </span>salt water would eat into the steel</mark>",
        "altered: </span>The mayor did answer questions about who had ordered that report</mark>",
        "altered: </span>Repairs are expected to cost 21 million euros</mark>",
        "“12” is now “21”",
        "without “not”",
        "On bridges</a>, line 5",
    ] {
        assert!(below.contains(part), "{part}: {below}");
    }
    // Each mark leads to what is said of it, and back.
    for id in desk
        .rows("select id from quote where words not like 'An ind%'")
        .lines()
    {
        for part in [
            format!("id=\"quote-{id}\""),
            format!("href=\"#note-{id}\""),
            format!("id=\"note-{id}\""),
            format!("href=\"#quote-{id}\""),
        ] {
            assert!(below.contains(&part), "{part}: {below}");
        }
    }
    let numbers: Vec<usize> = (1..=3)
        .map(|n| below.find(&format!(">quote {n}, ")).unwrap())
        .collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
    // In the earlier copy, all stand.
    let text = serving.ui("/sources/1/text?copy=1").is(200).text();
    assert!(!text.contains("not in this copy"), "{text}");
    assert_eq!(
        text.matches("<mark class=\"is-verbatim\"").count(),
        4,
        "{text}"
    );
    // The page of the source leads there.
    let page = serving.ui("/sources/1").is(200).text();
    assert!(
        page.contains(&format!("href=\"/sources/1/text#quote-{gone}\"")),
        "{page}"
    );
    // For programs, the same, with the places in bytes.
    let told = api(&serving, "/api/v1/sources/1/text");
    let quotes = told["quotes"].as_array().unwrap();
    assert_eq!((quotes.len(), &told["capture"]), (4, &Value::from(3)));
    let said = told["text"].as_str().unwrap();
    let salt = quotes
        .iter()
        .find(|quote| quote["words"].as_str().unwrap().contains("salt"))
        .unwrap();
    assert_eq!(
        (&salt["here"], &salt["beside"]),
        (&Value::from("verbatim"), &Value::from(false))
    );
    let at = |end: &str| salt["spans"][0][end].as_u64().unwrap() as usize;
    assert_eq!(
        &said[at("start")..at("end")],
        "salt water would eat into the steel"
    );
    let report = quotes.iter().find(|quote| quote["quote"] == gone).unwrap();
    assert_eq!(
        (&report["here"], &report["spans"]),
        (&Value::from("missing"), &Value::from(Vec::<u8>::new()))
    );
}

#[test]
fn quotes_that_overlap_or_stand_beside_the_text_are_told_apart() {
    let desk = Desk::new();
    desk.web.page("source.test", "/page", Page::html(format!(
        "<!doctype html><html lang=en><title>Wells</title><body><nav>The wells of this town are open to all who thirst</nav>\
         <article><h1>Wells</h1><p>{}</p></article>", FIRST.join("</p><p>"))));
    desk.file("posts/a.md", format!(
        "# One\n\nIt says \"had warned for years that salt water would eat into the steel\" ([source]({SOURCE})).\n\n\
         And \"salt water would eat\" ([source]({SOURCE})).\n\nAnd \"The wells of this town are open to all who thirst\" ([source]({SOURCE})).\n\n\
         And \"Repairs are expected to cost […] of which the state will pay a third\" ([source]({SOURCE})).\n"));
    desk.run("run posts").exits(0);
    let serving = Serving::start(&desk);
    let text = serving.ui("/sources/1/text").is(200).text();
    let (above, below) = text.split_once("<h2 id=\"text\">").unwrap();
    assert!(
        above.contains("verbatim, beside the main text")
            && above.contains("The wells of this town"),
        "{above}"
    );
    for part in [
        "</span>had warned for years that </mark>",
        "and 3, verbatim: </span>salt water would eat</mark>",
        "</span> into the steel</mark>",
        "</span>Repairs are expected to cost</mark>",
        "</span>of which the state will pay a third</mark>",
    ] {
        assert!(below.contains(part), "{part}: {below}");
    }
    // Two that overlap are two, each with its own end.
    assert_eq!(below.matches("class=\"ref\"").count(), 3, "{below}");
    let whole = serving.ui("/sources/1/text?whole=1").is(200).text();
    assert!(
        whole.contains("</span>The wells of this town are open to all who thirst</mark>"),
        "{whole}"
    );
}

#[test]
fn texts_that_cannot_be_read_say_why_and_long_ones_are_cut() {
    let desk = bridge();
    desk.web.page(
        "source.test",
        "/drawn",
        Page::bytes("image/png", "\u{89}PNG one"),
    );
    desk.web.page("source.test", "/none", Page::empty(404));
    let mut long = "<!doctype html><title>Book</title><body>".to_owned();
    for n in 0..40_000 {
        write!(long, "<p>Paragraph {n} of a very long book on the wells of this country, which has no end.</p>").unwrap();
    }
    desk.web.page("source.test", "/long", Page::html(long));
    desk.file("posts/c.md", "# C\n\n[One](https://source.test/drawn), [two](https://source.test/none).\n\n\
        It says \"Paragraph 5000 of a very long book on the wells of this country\" ([three](https://source.test/long)).\n");
    desk.run("run posts").exits(0);
    let serving = Serving::start(&desk);
    let number = |path: &str| {
        desk.number(&format!(
            "select id from source where address = 'https://source.test/{path}'"
        ))
    };
    for (path, on_page, told, says) in [
        (
            format!("/sources/{}/text", number("drawn")),
            200,
            422,
            "no text that can be read (image/png)",
        ),
        (
            format!("/sources/{}/text", number("none")),
            200,
            422,
            "No copy of this source is kept",
        ),
        (
            format!("/sources/{}/text?copy=1", number("none")),
            404,
            404,
            "is none of this source",
        ),
        (
            "/sources/1/text?copy=x".to_owned(),
            400,
            400,
            "no number of a copy",
        ),
        (
            "/sources/999/text".to_owned(),
            404,
            404,
            "no source of this number",
        ),
    ] {
        let said = serving.ui(&path).is(on_page).text();
        assert!(said.contains(says), "{path}: {said}");
        assert_eq!(serving.ui(&format!("/api/v1{path}")).status, told, "{path}");
    }
    let path = format!("/sources/{}/text", number("long"));
    let said = serving.ui(&path).is(200).text();
    assert!(
        said.contains("only its beginning is looked through"),
        "{said:.5000}"
    );
    // What is quoted is shown, and what lies before and behind it is told.
    assert!(
        said.contains("</span>Paragraph 5000 of a very long book"),
        "{}",
        said.len()
    );
    assert!(
        said.contains("Paragraph 4998 of") && said.contains("Paragraph 5002 of"),
        "{}",
        said.len()
    );
    assert!(
        !said.contains("Paragraph 4990 of") && !said.contains("Paragraph 5010 of"),
        "{}",
        said.len()
    );
    assert_eq!(
        said.matches("paragraphs left out").count(),
        2,
        "{}",
        said.len()
    );
    assert!(said.len() < 600_000, "{}", said.len());
    desk.archive()
        .execute_batch("update blob set data = x'00112233' where id = (select body_id from capture where id = 1)")
        .unwrap();
    let said = serving.ui("/sources/1/text?copy=1").is(200).text();
    assert!(said.contains("This copy is damaged"), "{said}");
}

/// A source that was visited on many days: it was gone for some of them, and then another.
fn visited() -> Desk {
    let desk = Desk::new();
    desk.page("source.test", "/page", "Wells of the old town");
    desk.post("posts/a.md", &[SOURCE]);
    desk.run("run posts").exits(0);
    for day in 1..=130 {
        match day {
            40 => {
                desk.web.page("source.test", "/page", Page::empty(404));
            }
            60 => {
                desk.page("source.test", "/page", "Wells of the old town");
            }
            70 => {
                desk.page(
                    "source.test",
                    "/page",
                    "Wells of the new town, which is another",
                );
            }
            _ => {}
        }
        desk.day(day);
        if day == 100 {
            desk.file(
                "saved.html",
                "<title>By hand</title><p>Wells of the old town, as somebody saw them",
            );
            desk.run(&format!("capture {SOURCE} --file saved.html"))
                .exits(0);
        } else {
            desk.run(&format!("check {SOURCE}")).exits(0);
        }
    }
    desk
}

#[test]
fn what_happened_to_a_source_is_told_whole_and_a_page_at_a_time() {
    let desk = visited();
    let serving = Serving::start(&desk);
    let mut found: Vec<Value> = Vec::new();
    let mut next = Some("/api/v1/sources/1/timeline".to_owned());
    let mut pages = 0;
    while let Some(path) = next {
        let told = api(&serving, &path);
        let entries = told["entries"].as_array().unwrap();
        assert!((1..=50).contains(&entries.len()));
        found.extend(entries.iter().cloned());
        next = told["next"].as_str().map(str::to_owned);
        pages += 1;
    }
    // Each of them once, newest first.
    let visits = desk.number("select count(*) from visit") as usize;
    assert_eq!(found.len(), visits + 1);
    assert_eq!(pages, found.len().div_ceil(50));
    let at: Vec<&str> = found
        .iter()
        .map(|one| one["at"].as_str().unwrap())
        .collect();
    assert!(at.is_sorted_by(|a, b| a >= b), "{at:?}");
    let copies: Vec<_> = found.iter().filter(|one| one["what"] == "copy").collect();
    assert_eq!(copies.len(), 1);
    assert_eq!(
        (&copies[0]["at"], &copies[0]["copy"]["kind"]),
        (
            &Value::from("2026-04-15T08:00:00Z"),
            &Value::from("by-hand")
        )
    );
    // Changes of the verdict are those that the visits have.
    let changed: Vec<String> = found
        .iter()
        .rev()
        .filter(|one| one["changed"] == true)
        .map(|one| {
            format!(
                "{} {} was {}",
                &one["at"].as_str().unwrap()[..10],
                one["verdict"].as_str().unwrap(),
                one["was"].as_str().unwrap_or("-")
            )
        })
        .collect();
    let wanted = desk.rows(
        "with v as (select v.at, coalesce(j.code, b.code) as code, lag(coalesce(j.code, b.code)) over (order by v.id) as was
             from visit v left join verdict j on j.visit_id = v.id left join verdict b on b.visit_id = v.confirms)
         select date(at / 1000, 'unixepoch'), code, coalesce(was, '-') from v where code is not was order by at",
    );
    let wanted: Vec<String> = wanted
        .lines()
        .map(|line| line.replacen(" | ", " ", 1).replacen(" | ", " was ", 1))
        .collect();
    assert_eq!(changed, wanted);
    assert!(changed.len() >= 3, "{changed:?}");
    // The pages are the same.
    let mut text = serving.ui("/sources/1").is(200).text();
    let (_, rest) = text.split_once("class=\"timeline\"").unwrap();
    assert_eq!(rest.matches("<time ").count(), 50);
    let link =
        regex::Regex::new("href=\"(/sources/1/timeline\\?before=[^\"]+)\" rel=\"next\"").unwrap();
    let mut told = 50;
    while let Some(next) = link.captures(&text).map(|found| found[1].to_owned()) {
        text = serving.ui(&next).is(200).text();
        told += text.matches("<time ").count();
    }
    assert_eq!(told, found.len());
    assert!(
        text.contains("a copy was kept: “Wells of the old town”"),
        "{text}"
    );
}

#[test]
fn places_in_a_timeline_that_are_none_are_refused() {
    let desk = bridge();
    let serving = Serving::start(&desk);
    for nowhere in [
        "/sources/1/timeline?before=x",
        "/api/v1/sources/1/timeline?before=1.2",
    ] {
        serving.ui(nowhere).is(400);
    }
    serving.ui("/sources/9/timeline").is(404);
    assert!(
        serving
            .ui("/sources/1/timeline?before=1.1.1")
            .is(200)
            .text()
            .contains("Nothing before that")
    );
}

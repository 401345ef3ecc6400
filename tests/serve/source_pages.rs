//! The pages of one source: what changed between its copies, what is quoted from it and where that stands, what is kept of it.

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
    let both = |path: &str, on_page: u16, told: u16, says: &str| {
        let said = serving.ui(path).is(on_page).text();
        assert!(said.contains(says), "{path}: {said}");
        let said = serving.ui(&format!("/api/v1{path}")).is(told);
        if told != 200 {
            assert_eq!(said.header("content-type"), "application/problem+json");
            assert!(said.text().contains(says), "{path}: {}", said.text());
        }
    };
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
    // What was pruned.
    for day in [5, 7] {
        let title = format!("Version {day}");
        desk.web
            .page("source.test", "/one", page(&title, &FIRST[..day]));
        desk.day(day as u32).run("run posts").exits(0);
    }
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
            all.push_str(&format!("<p>Paragraph {n} of a very long book on the wells of this country, which has no end.</p>"));
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
        long.push_str(&format!("<p>Paragraph {n} of a very long book on the wells of this country, which has no end.</p>"));
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

/// A picture of a page, as PNG: lines of grey on white.
fn png() -> Vec<u8> {
    use std::io::Write as _;
    const WIDTH: u32 = 640;
    const HEIGHT: u32 = 480;
    let mut rows = Vec::new();
    for y in 0..HEIGHT {
        rows.push(0);
        rows.extend((0..WIDTH).map(|x| match (y / 12 % 2, y < 60) {
            (_, true) => 0x40,
            (1, _) if x > 40 && x < 600 - y % 7 * 20 => 0xb0,
            _ => 0xff,
        }));
    }
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&rows).unwrap();
    let packed = packed.finish().unwrap();
    let mut header = Vec::new();
    header.extend(WIDTH.to_be_bytes());
    header.extend(HEIGHT.to_be_bytes());
    header.extend([8, 0, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [(b"IHDR", header), (b"IDAT", packed), (b"IEND", Vec::new())] {
        let mut crc = flate2::Crc::new();
        crc.update(kind);
        crc.update(&data);
        png.extend((data.len() as u32).to_be_bytes());
        png.extend(kind);
        png.extend(data);
        png.extend(crc.sum().to_be_bytes());
    }
    png
}

/// Puts beside a copy what a browser made of it.
pub(crate) fn rendered(desk: &Desk, capture: i64, screenshot: &[u8], pdf: &[u8]) {
    let archive = desk.archive();
    let put = |bytes: &[u8], n: i64| {
        let sha = format!("{capture:0>16}{n:0>16}");
        archive
            .execute(
                "insert into blob (sha256, size, coding, data) values (?1, ?2, 'plain', ?3)",
                (sha.as_bytes(), bytes.len() as i64, bytes),
            )
            .unwrap();
        archive.last_insert_rowid()
    };
    let (dom, screenshot, pdf) = (put(b"<p>Seen", 1), put(screenshot, 2), put(pdf, 3));
    archive
        .execute(
            "insert into rendering (capture_id, at, browser, outcome, why, stands, dom_id, screenshot_id, pdf_id, width, height, refused)
             values (?1, 1767772800000, 'Chromium \"><script>run()</script>', 'whole', null, 0, ?2, ?3, ?4, 640, 480, '{}')",
            (capture, dom, screenshot, pdf),
        )
        .unwrap();
}

/// The same bridge, with what a browser made of its newest copy.
pub(crate) fn pictured() -> Desk {
    let desk = bridge();
    rendered(&desk, 3, &png(), b"%PDF-1.7 a page");
    desk
}

#[test]
fn what_is_kept_of_a_source_can_be_had_from_its_page() {
    let desk = pictured();
    let data = "<!doctype html><title>Wells</title><p>The wells of the valley, in a table.<a href=/wells.csv>All data (CSV)</a>";
    desk.web.page("data.test", "/", Page::html(data));
    desk.web.page(
        "data.test",
        "/wells.csv",
        Page::bytes("text/csv", "well,depth\na,40\n"),
    );
    desk.post("posts/d.md", &["https://data.test/"]);
    desk.run("run posts").exits(0);
    desk.run("capture https://data.test/ --with-downloads")
        .exits(0);
    let serving = Serving::start(&desk);
    let text = serving.ui("/sources/1").is(200).text();
    for part in [
        "<img src=\"/sources/1/picture?copy=3\" width=\"320\" alt=\"How “Bridge closed for months” looked\"",
        "href=\"/sources/1/pdf?copy=3\"",
        "href=\"/sources/1/text?copy=2\"",
        "href=\"/sources/1/compare?from=1&#38;to=2\"",
        "Needs nothing else to be shown.",
        "<summary>How the visit of 2026-01-07T08:00:00Z was answered</summary>",
        "<th scope=\"row\">content-type</th>",
        "200 · HTTP/",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        !text.contains("from=0") && !text.contains("<script>run"),
        "{text}"
    );
    let picture = serving.ui("/sources/1/picture?copy=3").is(200);
    assert_eq!(
        (picture.header("content-type"), picture.bytes == png()),
        ("image/png", true)
    );
    assert!(
        picture
            .header("content-security-policy")
            .starts_with("sandbox"),
        "{}",
        picture.head()
    );
    assert_eq!(
        serving.ui("/sources/1/picture").is(200).bytes,
        picture.bytes
    );
    let pdf = serving.ui("/sources/1/pdf?copy=3").is(200);
    assert_eq!(pdf.header("content-type"), "application/pdf");
    assert!(
        pdf.header("content-disposition").starts_with("attachment"),
        "{}",
        pdf.head()
    );
    // What is stored as bytes is there as bytes.
    let stored = format!(
        "http://{}/web/20260107080000-3id_/https://source.test/page",
        serving.replay
    );
    assert!(text.contains(&stored), "{text}");
    // Data that the page offers.
    let id = desk.number("select id from source where address = 'https://data.test/'");
    let text = serving.ui(&format!("/sources/{id}")).is(200).text();
    let (_, kept) = text.split_once("Kept with it: <a href=\"").unwrap();
    let (address, rest) = kept.split_once('"').unwrap();
    assert!(rest.starts_with(">wells.csv</a> (16 B)"), "{rest}");
    let path = address
        .strip_prefix(&format!("http://{}", serving.replay))
        .unwrap();
    let opened = "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: navigate\r\n";
    assert_eq!(
        serving.replay_with(path, opened).is(200).text(),
        "well,depth\na,40\n"
    );
}

#[test]
fn only_what_is_a_picture_is_shown_as_one() {
    let desk = bridge();
    rendered(
        &desk,
        1,
        b"<!doctype html><script>run()</script>",
        b"<script>run()</script>",
    );
    rendered(&desk, 2, b"RIFF\x10\0\0\0WEBPVP8 ", b"%PDF-1.4");
    rendered(&desk, 3, b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"");
    let serving = Serving::start(&desk);
    for path in [
        "/sources/1/picture?copy=1",
        "/sources/1/picture?copy=3",
        "/sources/1/pdf?copy=1",
        "/sources/1/pdf?copy=3",
    ] {
        let said = serving.ui(path).is(404);
        assert_eq!(
            said.header("content-type"),
            "text/plain; charset=utf-8",
            "{path}"
        );
    }
    assert_eq!(
        serving
            .ui("/sources/1/picture?copy=2")
            .is(200)
            .header("content-type"),
        "image/webp"
    );
    for (path, status) in [
        ("/sources/1/picture?copy=4", 404),
        ("/sources/1/picture?copy=x", 400),
        ("/sources/2/picture", 404),
        ("/sources/1x/picture", 404),
    ] {
        assert_eq!(serving.ui(path).status, status, "{path}");
    }
    // Pages of others cannot try out what is there.
    let others = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n";
    let said = crate::serving::asked(&serving.ui, "/sources/1/picture?copy=2", others);
    assert_eq!(said.status, 403);
}

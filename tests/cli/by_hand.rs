//! Copies made by hand: what they may be, what is kept of them, and what they stand for.

use std::fmt::Write as _;

use insta::assert_snapshot;

use crate::pdf::{CONTENT, pdf};
use crate::support::{Desk, interrupt};
use crate::web::{Act, Page};

const SOURCE: &str = "https://wall.test/article";

/// A desk with a post that cites a page behind a login.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.web
        .page("wall.test", "/article", Page::html("<p>Log in").status(401));
    desk.post("posts/a.md", &[SOURCE]);
    desk.run("run posts").exits(0);
    desk
}

/// A page as `SingleFile` saves it.
fn single_file(url: &str, date: &str) -> String {
    format!(
        "<!DOCTYPE html> <html lang=en><!--\n Page saved with SingleFile \n url: {url} \n saved date: {date}\n-->\
         <meta charset=utf-8><title>On wells</title><body><p>The wells of the valley are deeper than the church is high.\
         <img src=data:image/png;base64,iVBORw0KGgo=>"
    )
}

/// A page as Blink saves it, with its picture.
fn mhtml(url: &str) -> String {
    format!(
        "From: <Saved by Blink>\r\nSnapshot-Content-Location: {url}\r\nSubject: =?utf-8?Q?On=20wells?=\r\n\
         Date: Tue, 6 Jan 2026 07:30:00 -0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\
         \ttype=\"text/html\";\r\n\tboundary=\"----MultipartBoundary--Ab1----\"\r\n\r\n\r\n\
         ------MultipartBoundary--Ab1----\r\nContent-Type: text/html\r\nContent-ID: <frame-1@mhtml.blink>\r\n\
         Content-Transfer-Encoding: quoted-printable\r\nContent-Location: {url}\r\n\r\n\
         <html><head><meta http-equiv=3D\"Content-Type\" content=3D\"text/html; charset=\r\n=3Dutf-8\"><title>On wells=\r\n\
         </title></head><body><p>The wells of the valley are =E2=80=9Cdeep=E2=80=9D.</body></html>\r\n\
         ------MultipartBoundary--Ab1----\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Location: https://wall.test/a.png\r\n\r\niVBORw0KGgo=\r\n------MultipartBoundary--Ab1------\r\n"
    )
}

fn shown(desk: &Desk) -> String {
    let shown = desk.run(&format!("show {SOURCE}")).exits(0).out;
    let copies = shown.find("Copies (").unwrap();
    shown[copies..].to_owned()
}

#[test]
fn a_page_saved_by_a_subscriber() {
    let desk = desk();
    assert_snapshot!(desk.run(&format!("show {SOURCE}")), @r"
    exit code 0
    --- stdout
    https://wall.test/article
    login-wall · uncertain · unbaselined
      401 Unauthorized
      since       2026-01-05T08:00:00Z
      checked     2026-01-05T08:00:00Z
      next visit  2026-01-06T06:22:22Z

    Cited (1)
      [desk]/posts/a.md:3  anchor in body, first seen 2026-01-05
          “See the article page.”

    Visits (1)
      2026-01-05T08:00:00Z  login-wall          401 [time]

    Copies (0)
    ");
    desk.day(3);
    let date = "Tue Jan 06 2026 10:11:12 GMT+0200 (Eastern European Standard Time)";
    desk.file("page.html", single_file(SOURCE, date));
    let mut command = desk.command(&format!("capture {SOURCE} --file page.html --by Jane"));
    command.args(["--note", "as a\nsubscriber"]);
    assert_snapshot!(desk.finish(&mut command), @r"
    exit code 0
    --- stdout
    https://wall.test/article: copy 1 kept, 335 B, text/html, made by hand by Jane, saved at 2026-01-06T08:11:12Z (as the file says)
    --- stderr
    12 words in its text, in which quotes are looked for
    it stands for what was cited
    ");
    assert_snapshot!(shown(&desk), @r"
    Copies (1)
      2026-01-06T08:11:12Z  335 B  sha256:dd0f143203c4  “On wells”
          by hand, by Jane, from page.html, saved at 2026-01-06T08:11:12Z (as the file says), stored at 2026-01-08T08:00:00Z
          note: as a subscriber
    ");
    assert_snapshot!(desk.rows("select capture_id, made_by, file, dated_by, named_url, note, after_visit_id from capture_by_hand"), @"1 | Jane | page.html | page | https://wall.test/article | as a subscriber | 1");
    let shown: serde_json::Value =
        serde_json::from_str(&desk.run(&format!("show {SOURCE} --format json")).out).unwrap();
    assert_snapshot!(shown["capture_list"], @r#"[{"at":"2026-01-06T08:11:12Z","by_hand":{"dated_by":"page","file":"page.html","made_by":"Jane","named_url":"https://wall.test/article","note":"as a subscriber"},"capture":1,"kind":"by-hand","media_type":"text/html","rendering":null,"requisites":null,"sha256":"dd0f143203c4c927270b1486fef94c14d45758b80b986796f270480f43a50556","size":335,"stored_at":"2026-01-08T08:00:00Z","stored_size":275,"title":"On wells","truncated":null,"url":"https://wall.test/article"}]"#);
    assert_eq!(
        (&shown["captures"], &shown["baselined"]),
        (&1.into(), &true.into())
    );
    assert_eq!(shown["last_capture_at"], "2026-01-06T08:11:12Z");
    desk.run("verify").exits(0);
    desk.run("backup --verify").exits(0);
    // What is quoted of it is looked for in it at once, though it was looked for before.
    desk.archive()
        .execute_batch(
            "insert into quote (id, source_id, sha256, words, tied_at, looked_at)
                 values (1, 1, x'00', 'are deeper than the church is high', 1, 2);
             insert into quote_by_hand (quote_id, added_at) values (1, 1);",
        )
        .unwrap();
    desk.run(&format!("capture {SOURCE} --file page.html"))
        .exits(0);
    assert_eq!(desk.rows("select state from quote_result"), "verbatim\n");
    // It is no visit, and what visits say stands.
    assert_eq!(desk.number("select count(*) from visit"), 1);
    assert_eq!(desk.rows("select verdict from source"), "login-wall\n");
    desk.archive()
        .execute_batch(
            "drop trigger capture_by_hand_is_sealed; update capture_by_hand set made_by = 'Joe';",
        )
        .unwrap();
    let done = desk.run("verify").exits(3);
    assert!(
        done.out.contains("capture 1: the hash chain does not hold"),
        "{done}"
    );
    desk.archive()
        .execute("delete from capture_by_hand", [])
        .unwrap();
    let done = desk.run("verify").exits(3);
    assert!(
        done.out.contains("capture 1: the hash chain does not hold"),
        "{done}"
    );
}

#[test]
fn what_a_copy_may_be() {
    let desk = desk();
    desk.day(3);
    desk.file("a.mhtml", mhtml(SOURCE))
        .file("b.pdf", pdf(CONTENT, "", &[]))
        .file("c.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
        .file("d.txt", "Deep wells.")
        .file("e.html", "<p>Plain, with caf\u{e9}.")
        // Not what its name says.
        .file("f.html", b"\xff\xd8\xff\xe0\0\x10JFIF");
    let mut kept = String::new();
    for file in ["a.mhtml", "b.pdf", "c.png", "d.txt", "e.html", "f.html"] {
        let done = desk
            .run(&format!("capture {SOURCE} --file {file} --by Jane"))
            .exits(0);
        write!(kept, "{done}").unwrap();
    }
    assert_snapshot!(kept, @r"
    exit code 0
    --- stdout
    https://wall.test/article: copy 1 kept, 842 B, multipart/related, made by hand by Jane, saved at 2026-01-06T07:30:00Z (as the file says)
    --- stderr
    7 words in its text, in which quotes are looked for
    it stands for what was cited
    exit code 0
    --- stdout
    https://wall.test/article: copy 2 kept, 809 B, application/pdf, made by hand by Jane, saved at 2026-01-08T08:00:00Z (for nothing says when)
    --- stderr
    8 words in its text, in which quotes are looked for
    another copy stands for what was cited
    exit code 0
    --- stdout
    https://wall.test/article: copy 3 kept, 16 B, image/png, made by hand by Jane, saved at 2026-01-08T08:00:00Z (for nothing says when)
    --- stderr
    it has no text that can be read: quotes cannot be looked for in it
    another copy stands for what was cited
    exit code 0
    --- stdout
    https://wall.test/article: copy 4 kept, 11 B, text/plain, made by hand by Jane, saved at 2026-01-08T08:00:00Z (for nothing says when)
    --- stderr
    2 words in its text, in which quotes are looked for
    another copy stands for what was cited
    exit code 0
    --- stdout
    https://wall.test/article: copy 5 kept, 21 B, text/html, made by hand by Jane, saved at 2026-01-08T08:00:00Z (for nothing says when)
    --- stderr
    3 words in its text, in which quotes are looked for
    another copy stands for what was cited
    exit code 0
    --- stdout
    https://wall.test/article: copy 6 kept, 10 B, image/jpeg, made by hand by Jane, saved at 2026-01-08T08:00:00Z (for nothing says when)
    --- stderr
    it has no text that can be read: quotes cannot be looked for in it
    another copy stands for what was cited
    ");
    assert_snapshot!(desk.rows("select id, kind, media_type, title, size from captures"), @r"
    1 | by-hand | multipart/related | On wells | 842
    2 | by-hand | application/pdf | A report | 809
    3 | by-hand | image/png | - | 16
    4 | by-hand | text/plain | Deep wells. | 11
    5 | by-hand | text/html | - | 21
    6 | by-hand | image/jpeg | - | 10
    ");
    // As it was, byte for byte.
    desk.run(&format!(
        "capture {SOURCE} --file a.mhtml --by Jane --made-at 2026-01-08T08:00:00Z"
    ))
    .exits(0);
    assert_eq!(
        desk.run(&format!("show --body {SOURCE}")).exits(0).out,
        mhtml(SOURCE)
    );
    desk.run("verify").exits(0);
    let json = desk.run(&format!(
        "capture {SOURCE} --file a.mhtml --by Jane --made-at 2026-01-06T10:00:00+02:00 --format json"
    ));
    assert_snapshot!(json, @r#"
    exit code 0
    --- stdout
    {"url":"https://wall.test/article","capture":"[id]","kind":"by-hand","size":842,"sha256":"1901e725056c372b49bfc7e408bd4a7b2294005cea26628629bb4fabd2f69c87","media_type":"multipart/related","title":"On wells","words":7,"made_by":"Jane","made_at":"2026-01-06T08:00:00Z","dated_by":"said","file":"a.mhtml","named_url":"https://wall.test/article","note":null,"stored_at":"2026-01-08T08:00:00Z","baseline":false}
    "#);
}

#[test]
fn what_is_no_copy_is_refused() {
    let desk = Desk::new();
    desk.file("archive.html", b"PK\x03\x04\x14\0\x08\0")
        .file("garbage.txt", b"\x01\x02\0\x03")
        .file("empty.html", "")
        .file("folder/a.html", "<p>a");
    std::fs::File::create(desk.path("large.html"))
        .unwrap()
        .set_len(101 << 20)
        .unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", desk.path("link.html")).unwrap();
        let made = std::process::Command::new("mkfifo")
            .arg(desk.path("pipe.html"))
            .status();
        assert!(made.unwrap().success());
    }
    let mut refused = String::new();
    for file in [
        "archive.html",
        "garbage.txt",
        "empty.html",
        "folder",
        "large.html",
        "link.html",
        "pipe.html",
    ] {
        if cfg!(not(unix)) && matches!(file, "link.html" | "pipe.html") {
            continue;
        }
        let done = desk
            .run(&format!("capture {SOURCE} --file {file}"))
            .exits(3);
        write!(refused, "{}", done.err).unwrap();
    }
    assert_snapshot!(refused, @r"
    error: archive.html: no page, no MHTML, no PDF, no picture, and no text

    hint: save the page as one file (SingleFile, MHTML), print it to a PDF, or make a picture of it
    error: garbage.txt: no page, no MHTML, no PDF, no picture, and no text

    hint: save the page as one file (SingleFile, MHTML), print it to a PDF, or make a picture of it
    error: empty.html: the file is empty
    error: folder: a folder; name the one file that is the copy
    error: large.html: larger than 100 MB, which no copy may be
    error: link.html: a link to a file that is not there
    error: pipe.html: a pipe or a device; save it to a file first
    ");
    assert!(!desk.path("sourcekeep.db").exists());
    desk.file("a.html", "<p>a");
    desk.run(&format!(
        "capture {SOURCE} --file a.html --made-at 2027-01-01"
    ))
    .exits(2);
    desk.run(&format!("capture {SOURCE} --by Jane")).exits(2);
}

#[test]
fn a_copy_of_another_page_is_refused() {
    let desk = desk();
    let other = single_file(
        "https://wall.test/other",
        "Tue Jan 06 2026 10:11:12 GMT+0200 (x)",
    );
    desk.file("other.html", other)
        .file("other.mhtml", mhtml("https://other.test/article"));
    assert_snapshot!(desk.run(&format!("capture {SOURCE} --file other.html --by Jane")), @r"
    exit code 3
    --- stderr
    error: other.html: it says that it is a copy of https://wall.test/other

    hint: if it is a copy of this page all the same, say --other-page
    ");
    desk.run(&format!("capture {SOURCE} --file other.mhtml"))
        .exits(3);
    assert_eq!(desk.number("select count(*) from capture"), 0);
    desk.run(&format!("capture {SOURCE} --file other.html --other-page"))
        .exits(0);
    assert_eq!(
        desk.rows("select named_url from capture_by_hand"),
        "https://wall.test/other\n"
    );
    // A page may call itself by another name with good reason.
    desk.file(
        "canonical.html",
        "<link rel=canonical href='https://wall.test/one'><p>Words.",
    );
    assert_snapshot!(desk.run(&format!("capture {SOURCE} --file canonical.html --by Jane")), @r"
    exit code 0
    --- stdout
    https://wall.test/article: copy 2 kept, 58 B, text/html, made by hand by Jane, saved at 2026-01-05T08:00:00Z (for nothing says when)
    --- stderr
    warning: the page calls itself https://wall.test/one; is it the right one?
    1 word in its text, in which quotes are looked for
    another copy stands for what was cited
    ");
    // What a source is known to lead to is the same page.
    desk.page("new.test", "/there", "There");
    desk.web.page(
        "old.test",
        "/here",
        Page::redirect(301, "https://new.test/there"),
    );
    desk.post("posts/b.md", &["https://old.test/here"]);
    desk.run("run").exits(0);
    desk.file("there.mhtml", mhtml("https://www.new.test/there/"));
    desk.run("capture https://old.test/here --file there.mhtml")
        .exits(0);
}

#[test]
fn a_copy_is_kept_beside_a_run() {
    let desk = Desk::new();
    desk.web
        .page("slow.test", "/page", Page::script([Act::Hang]));
    desk.post("posts/a.md", &["http://slow.test/page"]);
    let run = desk.start("run posts");
    desk.web.wait_for("slow.test", "/page");
    desk.file("a.html", "<p>Words.");
    desk.run("capture http://slow.test/page --file a.html")
        .exits(0);
    desk.run("capture http://new.test/page --file a.html")
        .exits(0);
    assert_eq!(desk.number("select count(*) from capture"), 2);
    interrupt(&run);
    desk.wait(run).exits(130);
    desk.run("verify").exits(0);
}

/// The state of the one source, and which capture is its baseline.
fn baseline(desk: &Desk) -> String {
    desk.rows("select verdict, baseline_id, last_capture_id from source")
}

#[test]
fn a_copy_from_the_days_of_the_citation_mends_a_source() {
    let desk = Desk::new();
    let source = "https://source.test/page";
    desk.page("source.test", "/page", "Words");
    let post = format!("---\ndate: 2025-06-01\n---\nSee [the page]({source}).\n");
    desk.file("posts/a.md", post);
    desk.run("run posts").exits(0);
    assert_eq!(baseline(&desk), "alive | - | 1\n");
    assert_snapshot!(desk.run(&format!("show {source}")), @r"
    exit code 0
    --- stdout
    https://source.test/page
    alive · alive · unbaselined
      no copy is from within 30 days of the citation; one imported or made by hand (capture URL --file FILE) would mend it
      200 OK
      since       2026-01-05T08:00:00Z
      checked     2026-01-05T08:00:00Z
      last fine   2026-01-05T08:00:00Z
      next visit  2026-01-06T06:22:22Z
      robots.txt  allowed

    Cited (1)
      [desk]/posts/a.md:4  anchor in body, first seen 2026-01-05
          “See the page.”

    Visits (1)
      2026-01-05T08:00:00Z  alive               200 [time]

    Copies (1)
      2026-01-05T08:00:00Z  467 B  sha256:744a21fb42f6  “Words”
    ");
    let explained = desk.run(&format!("explain {source}")).out;
    let line = explained
        .lines()
        .find(|line| line.contains("baseline "))
        .unwrap();
    assert_snapshot!(line, @"  baseline    none: the copy of 2026-01-05T08:00:00Z is over 30 days after the citation (2025-06-01T00:00:00Z), and may be of another page; a copy of then, imported or by hand (capture URL --file FILE), would mend it");
    let report = desk.run("report --all").out;
    assert_snapshot!(report, @r"
    1 source cited in 1 post, 2026-01-05 · last run just now

    Fine, or not visited yet (1)

      ✓ https://source.test/page
        alive: 200 OK
        cited in   posts/a.md:4  “the page”
        since      2026-01-05 (just now)
        we hold    copy of 2026-01-05 “Words”, 467 B, which does not stand for what was cited

    Of all: 1 alive
    Held: 1 copy
    1 source unbaselined: no copy from within 30 days of the citation, so nothing can be said of changes before the first copy; one imported or made by hand (capture URL --file FILE) would mend it
    ");
    // One of now does not mend it, nor does a picture.
    desk.day(1)
        .file("a.html", "<title>Words</title><p>By hand.");
    desk.file("a.png", b"\x89PNG\r\n\x1a\n");
    let now = desk.run(&format!("capture {source} --file a.html --by Jane"));
    assert_snapshot!(now, @r"
    exit code 0
    --- stdout
    https://source.test/page: copy 2 kept, 31 B, text/html, made by hand by Jane, saved at 2026-01-06T08:00:00Z (for nothing says when)
    --- stderr
    2 words in its text, in which quotes are looked for
    it does not stand for what was cited: a copy from within 30 days of that, with a text, would
    ");
    desk.run(&format!(
        "capture {source} --file a.png --made-at 2025-06-01"
    ))
    .exits(0);
    assert_eq!(baseline(&desk), "alive | - | 2\n");
    let then = desk.run(&format!(
        "capture {source} --file a.html --by Jane --made-at 2025-06-20"
    ));
    assert_snapshot!(then, @r"
    exit code 0
    --- stdout
    https://source.test/page: copy 4 kept, 31 B, text/html, made by hand by Jane, saved at 2025-06-20T00:00:00Z (as you say)
    --- stderr
    2 words in its text, in which quotes are looked for
    it stands for what was cited
    ");
    assert_eq!(baseline(&desk), "alive | 4 | 2\n");
    desk.run(&format!(
        "capture {source} --file a.html --made-at 2025-05-25"
    ))
    .exits(0);
    assert_eq!(baseline(&desk), "alive | 5 | 2\n", "the nearest");
    let explained = desk.run(&format!("explain {source}")).out;
    let line = explained
        .lines()
        .find(|line| line.contains("baseline "))
        .unwrap();
    assert_snapshot!(line, @"  baseline    that of 2025-05-25T00:00:00Z stands for what was cited (cited since 2025-06-01T00:00:00Z)");
    // Judging again changes nothing: the visit knew nothing of them.
    let verdicts = || desk.rows("select visit_id, code, evidence from verdicts");
    let before = verdicts();
    desk.day(2).run("rejudge").exits(0);
    assert_eq!(verdicts(), before);
    desk.day(3).run("run").exits(0);
    let before = verdicts();
    desk.run("rejudge").exits(0);
    desk.run("rejudge --from-bodies").exits(0);
    assert_eq!(verdicts(), before);
    desk.run("verify").exits(0);
}

#[test]
fn what_visits_confirmed_stands_until_the_last_of_them() {
    let desk = Desk::new();
    let source = "https://source.test/page";
    desk.page("source.test", "/page", "Words");
    desk.run(&format!("capture {source}")).exits(0);
    desk.day(60).run("check --all").exits(0);
    // Cited half a year after the first copy, when a visit has just found it unchanged.
    desk.file(
        "posts/a.md",
        format!("---\ndate: 2026-03-08\n---\nSee [the page]({source}).\n"),
    );
    desk.day(65).run("run posts").exits(0);
    assert_eq!(baseline(&desk), "alive | 1 | 1\n");
    // One made by hand that is nearer does not take the place of what visits see.
    desk.file("a.html", "<title>Words</title><p>A paragraph.");
    desk.run(&format!(
        "capture {source} --file a.html --made-at 2026-03-08"
    ))
    .exits(0);
    assert_eq!(baseline(&desk), "alive | 1 | 2\n");
    let before = desk.rows("select visit_id, code, evidence from verdicts");
    desk.run("rejudge").exits(0);
    assert_eq!(
        desk.rows("select visit_id, code, evidence from verdicts"),
        before
    );
    // A post of an earlier date is found: the copy is of another time.
    desk.file(
        "posts/b.md",
        format!("---\ndate: 2025-01-01\n---\nSee [the page]({source}).\n"),
    );
    desk.day(66).run("run posts").exits(0);
    assert_eq!(baseline(&desk), "alive | - | 2\n");
}

/// What a subscriber sees of a page is more than a visit does; that is no news of the page.
#[test]
fn what_a_subscriber_sees_is_not_held_against_what_visits_see() {
    let article = |paragraphs: usize| {
        let text: String = (0..paragraphs).fold(String::new(), |mut text, n| {
            let _ = write!(
                text,
                "<p>The well number {n} of the valley was dug in the year {} by the people of parish {n}, who had no water \
                 of their own, and it has held clear water in every summer since, as the chronicle of the parish says.",
                1700 + n
            );
            text
        });
        format!(
            "<!doctype html><html lang=en><title>On wells</title><body><article><h1>On wells</h1>{text}</article>"
        )
    };
    let sites = [
        ("teaser.test", article(1)),
        (
            "login.test",
            "<!doctype html><html lang=en><title>Members</title><body><h1>Members</h1><p>Good to see you. Members of the \
             society find the journal behind this page. Please have your card at hand, and ask the office if you lost it."
                .to_owned(),
        ),
        ("shell.test", "<!doctype html><title>Journal</title><div id=app></div>".to_owned()),
    ];
    let desk = Desk::new();
    let mut addresses = Vec::new();
    for (host, body) in &sites {
        desk.web.page(host, "/wells", Page::html(body.clone()));
        addresses.push(format!("https://{host}/wells"));
    }
    let cited: Vec<_> = addresses.iter().map(String::as_str).collect();
    desk.post("posts/a.md", &cited);
    desk.file("whole.html", article(40));
    for address in &addresses {
        desk.run(&format!("capture {address} --file whole.html --by Jane"))
            .exits(0);
    }
    desk.run("run posts").exits(0);
    for day in 1..4 {
        desk.day(day).run("run").exits(0);
    }
    assert_snapshot!(desk.verdicts(), @r"
    https://login.test/wells | collapsed | uncertain
    https://shell.test/wells | collapsed | uncertain
    https://teaser.test/wells | alive | alive
    ");
}

//! PDFs: what is found in them, and that hostile ones bring down only the process that reads them.

use std::fmt::Write as _;

use insta::assert_snapshot;

use crate::support::Desk;

/// A PDF of one page with one link; `page` stands in the page's dictionary, `more` are objects from 7 on.
pub(crate) fn pdf(content: &str, page: &str, more: &[String]) -> Vec<u8> {
    let length = content.len();
    let mut objects = vec![
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        format!(
            "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>{page}\
             /Annots[<</Type/Annot/Subtype/Link/Rect[70 698 110 710]/A<</S/URI/URI(https://source.test/page)>>>>]>>"
        ),
        format!("<</Length {length}>>\nstream\n{content}\nendstream"),
        "<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding>>".to_owned(),
        "<</Title(A report)/Author(Jane Doe)/ModDate(D:20120503)>>".to_owned(),
    ];
    objects.extend_from_slice(more);
    let mut text = "%PDF-1.4\n".to_owned();
    let mut table = "0000000000 65535 f \n".to_owned();
    for (object, number) in objects.iter().zip(1..) {
        writeln!(table, "{:010} 00000 n ", text.len()).unwrap();
        write!(text, "{number} 0 obj\n{object}\nendobj\n").unwrap();
    }
    let (xref, size) = (text.len(), objects.len() + 1);
    write!(
        text,
        "xref\n0 {size}\n{table}trailer\n<</Size {size}/Root 1 0 R/Info 6 0 R>>\nstartxref\n{xref}\n%%EOF\n"
    )
    .unwrap();
    text.into_bytes()
}

pub(crate) const CONTENT: &str = "BT /F1 10 Tf 50 700 Td (See the page of 1999.) Tj 0 -40 Td \
                       (Also http://bare.test/x here.) Tj ET";

#[test]
fn links_of_a_report() {
    let desk = Desk::new();
    desk.file("reports/a.pdf", pdf(CONTENT, "", &[]));
    assert_snapshot!(desk.run("links reports"), @r"
    exit code 0
    --- stdout
    reports/a.pdf:1  https://source.test/page  “the page”
    reports/a.pdf:1  http://bare.test/x  bare
    ");
    assert_snapshot!(desk.run("links reports/a.pdf --posts"), @r"
    exit code 0
    --- stdout
    reports/a.pdf  “A report”, Jane Doe, 2012-05-03  2 citations
    ");
    assert_snapshot!(desk.run("links reports/a.pdf --format jsonl"), @r#"
    exit code 0
    --- stdout
    {"post":"reports/a.pdf","url":"https://source.test/page","canonical":"https://source.test/page","kind":"anchor","place":"body","text":"the page","context":"See the page of 1999.","quote":null,"rel":"","line":1,"span":[0,0],"headings":["Page 1"],"position":1,"column":1,"written":null,"preserves":null,"confidence":null,"tie":null,"quote_parts":[],"comment_author":null,"comment_at":null,"note":null,"accessed_at":null,"marked_dead":false}
    {"post":"reports/a.pdf","url":"http://bare.test/x","canonical":"http://bare.test/x","kind":"bare","place":"body","text":"http://bare.test/x","context":"Also http://bare.test/x here.","quote":null,"rel":"","line":1,"span":[0,0],"headings":["Page 1"],"position":2,"column":1,"written":null,"preserves":null,"confidence":null,"tie":null,"quote_parts":[],"comment_author":null,"comment_at":null,"note":null,"accessed_at":null,"marked_dead":false}
    "#);
    desk.run("run reports --limit 0").exits(0);
    assert_snapshot!(desk.rows("select post_title, source, text, context, line from citations order by id"), @r"
    A report | https://source.test/page | the page | See the page of 1999. | 1
    A report | http://bare.test/x | http://bare.test/x | Also http://bare.test/x here. | 1
    ");
}

#[test]
fn a_report_from_the_web() {
    let desk = Desk::new();
    let report = crate::web::Page::bytes("application/pdf", pdf(CONTENT, "", &[]));
    desk.web.page("blog.test", "/report", report);
    assert_snapshot!(desk.run("links http://blog.test/report"), @r"
    exit code 0
    --- stdout
    http://blog.test/report:1  https://source.test/page  “the page”
    http://blog.test/report:1  http://bare.test/x  bare
    ");
}

#[test]
fn hostile_ones_are_told_and_the_others_read() {
    let desk = Desk::new();
    desk.file("r/a.pdf", pdf(CONTENT, "", &[]));
    desk.file("r/b.pdf", &pdf(CONTENT, "", &[])[..60]);
    // Nested so deep that a reader may run out of stack.
    let deep = "[".repeat(200_000) + &"]".repeat(200_000);
    desk.file("r/c.pdf", pdf(CONTENT, &format!("/Deep {deep}"), &[]));
    let deep = "(".repeat(200_000) + &")".repeat(200_000);
    desk.file("r/d.pdf", pdf(&format!("BT {deep} Tj ET"), "", &[]));
    // Objects that are each other, and a page that has itself for a parent.
    let mutual = ["7 0 R".to_owned(), "8 0 R".to_owned()];
    desk.file(
        "r/e.pdf",
        pdf(CONTENT, "/Rotate 7 0 R/Parent 3 0 R", &mutual),
    );
    // Ten thousand times the same content.
    let content = format!("/Contents[{}]", "4 0 R ".repeat(10_000));
    let long = "BT /F1 1 Tf (aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa) Tj ET\n".repeat(400);
    desk.file("r/f.pdf", pdf(&long, &content, &[]));
    desk.file("r/z.md", "[x](https://last.test/)\n");
    let begun = std::time::Instant::now();
    let done = desk.run("links r --verbose");
    assert!(begun.elapsed().as_secs() < 100, "{done}");
    assert!(
        done.out.contains("r/a.pdf:1  https://source.test/page"),
        "{done}"
    );
    assert!(done.out.contains("r/z.md:1  https://last.test/"), "{done}");
    assert!(
        done.err
            .contains("r/b.pdf: a PDF document that cannot be read"),
        "{done}"
    );
    assert_eq!(done.code, Some(0), "{done}");
    desk.run("links r/b.pdf").exits(3);
}

#[test]
fn a_cited_report_is_visited_and_its_words_are_known() {
    const REPORT: &str = "https://source.test/files/report.pdf";
    let page = |body: Vec<u8>| crate::web::Page::bytes("application/pdf", body);
    let desk = Desk::new();
    let whole = pdf(CONTENT, "", &[]);
    desk.web
        .page("source.test", "/files/broken.pdf", page(whole[..60].into()));
    desk.web
        .page("source.test", "/files/report.pdf", page(whole));
    desk.post("post.md", &[REPORT, "https://source.test/files/broken.pdf"]);
    desk.run("run post.md").exits(0);
    assert_snapshot!(desk.verdicts(), @r"
    https://source.test/files/broken.pdf | alive | alive
    https://source.test/files/report.pdf | alive | alive
    ");
    let drawn = "select s.address, f.title, f.detail ->> '$.words', f.text_chars from features f \
                 join visit v using (outcome_id) join source s on s.id = v.source_id order by s.address";
    assert_snapshot!(desk.rows(drawn), @r"
    https://source.test/files/broken.pdf | - | 0 | 0
    https://source.test/files/report.pdf | A report | 11 | 44
    ");
    let told = desk.run(&format!("explain {REPORT}")).exits(0).out;
    assert!(told.contains("page        “A report”, 11 words"), "{told}");

    // The site is another one, and answers with a page of words where the report was.
    let lost = "<!doctype html><html lang=en><title>Page not found - Source</title><body><h1>Page not found</h1>\
                <p>Sorry, the page you are looking for could not be found. It may have been moved or deleted.</p>";
    desk.web.page(
        "source.test",
        "/files/report.pdf",
        crate::web::Page::html(lost),
    );
    desk.day(1).run("check --all").exits(0);
    assert_snapshot!(desk.verdicts(), @r"
    https://source.test/files/broken.pdf | alive | alive
    https://source.test/files/report.pdf | soft-404 | failing
    ");
}

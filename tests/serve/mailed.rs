//! `report --format html` in a browser: whether everybody can use it, and whether it asks for nothing.

use crate::eyes::Eyes;
use crate::support::Desk;
use crate::web::Page;

#[test]
fn a_report_to_be_mailed_can_be_used_by_everybody() {
    let Some(eyes) = Eyes::open() else {
        return;
    };
    let desk = Desk::new();
    let long = "/".to_owned() + &"very-long-words-".repeat(12);
    desk.page(
        "a.test",
        "/kept",
        "The council counted 14 wells in the old town in May",
    );
    desk.page("a.test", "/lost", "Springs");
    desk.page("a.test", &long, "Brooks");
    desk.page("b.test", "/new", "Rivers");
    desk.web.page("b.test", "/old", Page::redirect(301, "/new"));
    desk.web.page("d.test", "/", Page::empty(403));
    desk.file(
        "posts/a.md",
        format!(
            "---\ntitle: Wells and springs\n---\n\nThe council \"counted 14 wells in the old town in May\" \
             ([its report](https://a.test/kept)), as it says.\n\nSee [springs](https://a.test/lost), [rivers](https://b.test/old), \
             [brooks](https://a.test{long}), [a wall](https://d.test/) and [what was lost before](https://c.test/never).\n"
        ),
    );
    desk.run("run posts").exits(0);
    desk.page(
        "a.test",
        "/kept",
        "The council counted 9 wells in the old town in May",
    );
    desk.web.remove("a.test", "/lost");
    desk.web.remove("a.test", &long);
    for day in [4, 8, 12, 16] {
        desk.day(day).run("run posts");
    }
    let mut chromium = eyes.browser();
    for (name, words) in [("report-new", ""), ("report-all", "--all")] {
        let html = desk
            .run(&format!("report --format html --peek {words}"))
            .exits(0)
            .out;
        let file = format!("{name}.html");
        desk.file(&file, html);
        let address = format!("file://{}", desk.path(&file).display());
        eyes.look(&mut chromium, &address, name, true);
        // Nothing was loaded, and nothing of the policy stood in the way of the style.
        let loaded = chromium.says("String(performance.getEntriesByType('resource').length)");
        assert_eq!(loaded, "0", "{name}");
        let line =
            chromium.says("getComputedStyle(document.querySelector('.source')).borderBottomStyle");
        assert_eq!(line, "solid", "{name}: its style does not hold");
    }
}

//! Addresses that are made up, to see how a host answers to what cannot be there.

use crate::support::Desk;
use crate::web::Page;

/// The requests to a host but for robots.txt, as paths.
fn asked(desk: &Desk, host: &str) -> Vec<String> {
    let requests = desk.web.requests_to(host);
    requests
        .into_iter()
        .map(|request| request.path)
        .filter(|path| path != "/robots.txt")
        .collect()
}

fn thin() -> Page {
    Page::html("<title>Welcome</title><h1>Welcome</h1><p>To our new site.</p>")
}

#[test]
fn an_ordinary_article_costs_no_request_more() {
    let desk = Desk::new();
    desk.page("plain.test", "/a/article", "Article");
    desk.post("post.md", &["https://plain.test/a/article"]);
    desk.run("run post.md").exits(0);
    assert_eq!(asked(&desk, "plain.test"), ["/a/article"]);
    assert_eq!(desk.number("select count(*) from sibling"), 0);
}

#[test]
fn a_host_is_asked_once_for_each_folder() {
    let desk = Desk::new();
    desk.web.anywhere(|request| match request.host.as_str() {
        "all.test" if request.path != "/robots.txt" => thin(),
        _ => Page::empty(404),
    });
    desk.web.page("honest.test", "/b/thin", thin());
    desk.post(
        "post.md",
        &[
            "https://all.test/a/one.html",
            "https://all.test/a/two.html",
            "https://honest.test/b/thin",
        ],
    );
    desk.run("run post.md");
    let made_up = |host| -> Vec<String> {
        let mut paths = asked(&desk, host);
        paths.retain(|path| {
            let name = path.rsplit('/').next().unwrap().split('.').next().unwrap();
            name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        paths
    };
    let all = made_up("all.test");
    assert!(
        !all.is_empty() && all.iter().all(|path| *path == all[0]),
        "{all:?}"
    );
    assert!(
        all[0].starts_with("/a/") && all[0].ends_with(".html"),
        "{all:?}"
    );
    assert_eq!(made_up("honest.test").len(), 1);
    assert_eq!(
        desk.rows("select folder, status, features is not null from sibling order by folder"),
        "https://all.test/a/ | 200 | 1\nhttps://honest.test/b/ | 404 | 1\n"
    );
    // The answer is kept: a new source in the same folder asks nothing.
    let before = all.len();
    desk.post("more.md", &["https://all.test/a/three.html"]);
    desk.run("run more.md");
    assert_eq!(made_up("all.test").len(), before);
}

#[test]
fn what_robots_txt_forbids_is_not_made_up() {
    let desk = Desk::new();
    let robots = Page::text("User-agent: *\nDisallow: /");
    desk.web.page("shut.test", "/robots.txt", robots);
    desk.web.page("shut.test", "/a/thin", thin());
    desk.post("post.md", &["https://shut.test/a/thin"]);
    desk.run("run post.md");
    assert_eq!(asked(&desk, "shut.test"), ["/a/thin"]);
    assert_eq!(desk.number("select count(*) from sibling"), 0);
}

#[test]
fn parked_domains_are_called_so() {
    let desk = Desk::new();
    desk.web.page(
        "sold.test",
        "/2012/05/wells",
        Page::html(
            "<title>sold.test is for sale</title><h1>sold.test</h1><p>This domain is for sale.",
        ),
    );
    desk.page("kept.test", "/wells", "Wells");
    desk.post(
        "post.md",
        &["https://sold.test/2012/05/wells", "https://kept.test/wells"],
    );
    desk.run("run post.md");
    let verdicts = desk.verdicts();
    assert!(verdicts.contains("parked"), "{verdicts}");
    assert_eq!(
        desk.number("select count(*) from source where verdict = 'alive'"),
        1
    );
}

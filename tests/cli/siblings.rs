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

fn welcome() -> Page {
    Page::html("<title>Welcome</title><h1>Welcome</h1><p>To our new site.</p>")
}

fn thin() -> Page {
    // It may be a page that is not there: not surely, by itself.
    Page::html(format!(
        "<title>Wells of the valley</title><p>{}</p><p>We couldn't find that page</p>",
        "The wells were dug by hand and are deeper than the church is high. ".repeat(3)
    ))
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
        all[0].starts_with("/a/") && all[0].rsplit('.').next() == Some("html"),
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
fn a_crawl_delay_that_is_to_be_ignored_puts_off_no_visit() {
    let desk = Desk::new();
    desk.file("sourcekeep.toml", "[fetch]\nrobots = \"ignore\"\n");
    let robots = Page::text("User-agent: *\nCrawl-delay: 20");
    desk.web.page("slow.test", "/robots.txt", robots);
    desk.web.page("slow.test", "/a/thin", thin());
    desk.post("post.md", &["https://slow.test/a/thin"]);
    desk.run("run post.md").exits(0);
    let all = desk.web.requests_to("slow.test");
    assert!(all.iter().all(|request| request.path != "/robots.txt"));
    assert_eq!(desk.number("select count(*) from sibling"), 1);
}

#[test]
fn a_made_up_address_is_not_waited_for_long() {
    let desk = Desk::new();
    let robots = Page::text("User-agent: *\nCrawl-delay: 20");
    desk.web.page("slow.test", "/robots.txt", robots);
    desk.web.page("slow.test", "/a/thin", thin());
    desk.post("post.md", &["https://slow.test/a/thin"]);
    let begun = std::time::Instant::now();
    desk.run("run post.md").exits(0);
    assert!(begun.elapsed().as_secs() < 15, "{:?}", begun.elapsed());
    assert_eq!(desk.number("select count(*) from visit"), 1);
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

#[test]
fn explain_tells_how_the_host_answers_to_what_cannot_be_there() {
    let desk = Desk::new();
    desk.page("lost.test", "/a/story.html", "Story");
    desk.post("post.md", &["https://lost.test/a/story.html"]);
    desk.run("run post.md").exits(0);
    // Whatever is asked for in the folder, one and the same page comes.
    desk.web.anywhere(|request| match request.host.as_str() {
        "lost.test" if request.path != "/robots.txt" => welcome(),
        _ => Page::empty(404),
    });
    desk.web.page("lost.test", "/a/story.html", welcome());
    desk.day(1).run("check --all").exits(0);
    let text = desk
        .run("explain https://lost.test/a/story.html")
        .exits(0)
        .out;
    insta::assert_snapshot!(text.split("\n\n").nth(1).unwrap(), @r#"
    Visit 2
      at          2026-01-06T08:00:00Z (run 2, `check`)
      asked       https://lost.test/a/story.html
      answer      200, HTTP/2 from [web]
                  content-type: text/html; charset=utf-8
      body        61 B, sha256:e547a0d771ee
      page        “Welcome”, 5 words, 4 of them in the main text
      compared    our copy of 2026-01-05T08:00:00Z, then “Story”, 0 % of its main text is here still
      made up     https://lost.test/a/c0168cb89a334123.html
      answer      200, “Welcome”
      took [time]
      verdict     soft-404 (gone): may be a strike
      because      +90  a made-up address beside it gets the same page: https://lost.test/a/c0168cb89a334123.html [sibling-alike]
                        A made-up address beside the source is answered with the same page.
                   +40  nothing of what our copy of 2026-01-05 says is there [baseline-gone]
                   +15  another title than that of our copy of 2026-01-05 [title-gone]
      together    +145, where 100 decide
      seen too    200 OK [status]
                   +40  it says "our new site" [moved-notice]
                   +20  it has 5 words [few-words]
                  this is the verdict that stands
    "#);
    let json = desk.run("explain https://lost.test/a/story.html --format json");
    let json: serde_json::Value = serde_json::from_str(&json.exits(0).out).unwrap();
    insta::assert_snapshot!(json["visits"][0]["around"], @r#"{"aliases":[],"name_servers":[],"sibling":{"final_url":"https://lost.test/a/c0168cb89a334123.html","status":200,"title":"Welcome","url":"https://lost.test/a/c0168cb89a334123.html"},"sink":null}"#);
}

/// Desks after a run over eight stories of one host that redirect somewhere: in one order, and in the other.
fn stories(to: impl Fn(usize) -> String) -> Vec<Desk> {
    let addresses: Vec<String> = (0..8)
        .map(|nth| format!("/2019/0{}/story-{nth}.html", nth % 9 + 1))
        .collect();
    let desk = |is_reversed: bool| {
        let desk = Desk::new();
        let mut sources = Vec::new();
        for (nth, path) in addresses.iter().enumerate() {
            let to = to(nth);
            desk.page("lost.test", &to, &format!("What is now at {to}"));
            desk.web.page("lost.test", path, Page::redirect(301, to));
            sources.push(format!("https://lost.test{path}"));
        }
        if is_reversed {
            sources.reverse();
        }
        let sources: Vec<&str> = sources.iter().map(String::as_str).collect();
        desk.post("post.md", &sources);
        desk.run("run post.md");
        desk
    };
    vec![desk(false), desk(true)]
}

/// How many sources there are of each verdict and standing.
const COUNTED: &str = "select verdict, standing, count(*) from source group by 1, 2";

#[test]
fn what_ends_where_everything_ends_is_gone_in_the_same_run() {
    let desks = stories(|_| "/news/".to_owned());
    for desk in &desks {
        assert_eq!(desk.rows(COUNTED), "soft-404 | failing | 8\n");
    }
    let text = desks[0].run("explain https://lost.test/2019/01/story-0.html");
    let text = text.exits(0).out;
    // Which of them was visited first is chance.
    let (_, visit) = text.split("\n\n").nth(1).unwrap().split_once('\n').unwrap();
    insta::assert_snapshot!(visit, @r"
      at          2026-01-05T08:00:00Z (run 1, `run`)
      asked       https://lost.test/2019/01/story-0.html
      answer      301, HTTP/2
                  location: /news/
      then        https://lost.test/news/
      answer      200, HTTP/2 from [web]
                  content-type: text/html; charset=utf-8
      body        579 B, sha256:03e868d084cd
      page        “What is now at /news/”, 100 words, 95 of them in the main text, en
      made up     https://lost.test/2019/01/fca9927432cea620.html
      answer      404, “Not Found”
      sink        7 other sources ended at the same address
      took [time]
      verdict     soft-404 (gone): may be a strike
      because      +75  the redirects of 7 other sources end here [redirect-sink]
                        The redirects of other sources end at the same address.
                   +50  redirected to a section of the site: https://lost.test/news/ [redirect-to-section]
      together    +125, where 100 decide
      seen too    200 OK [status]
                  301 redirected to https://lost.test/news/ [redirected-permanently]
                  this is the verdict that stands
    ");
}

#[test]
fn a_site_that_moved_its_pages_one_to_one_has_moved() {
    for desk in stories(|nth| format!("/stories/{nth}")) {
        assert_eq!(desk.rows(COUNTED), "moved | alive | 8\n");
    }
}

//! The way in by posts, inputs, feeds and robots.txt, through the built binary.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use super::*;

struct Place {
    folder: tempfile::TempDir,
    options: Vec<String>,
}

impl Place {
    fn at(web: &Web) -> Self {
        let options = ["--resolve", &web.resolve(), "--host-delay", "0"];
        Self {
            folder: tempfile::tempdir().unwrap(),
            options: options.map(str::to_owned).into(),
        }
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn db(&self) -> PathBuf {
        self.folder.path().join("a.db")
    }

    #[track_caller]
    fn says(&self, args: &[&str], code: i32) -> String {
        let output: Output = Command::new(env!("CARGO_BIN_EXE_sourcekeep"))
            .current_dir(self.folder.path())
            .env_remove("SOURCEKEEP_DB")
            .args(["--db", "a.db"])
            .args(&self.options)
            .args(args)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        said
    }

    fn number(&self, sql: &str) -> i64 {
        let connection = rusqlite::Connection::open(self.db()).unwrap();
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

#[test]
fn a_post_that_cites_the_inside_makes_nobody_knock() {
    let (web, trap) = (Web::start(), Trap::everywhere());
    let port = trap.port();
    let hosts = [
        "127.0.0.1",
        "127.0.0.2",
        "0x7f.0.0.3",
        "2130706436",
        "0177.5",
        "１２７.0.0.6",
        "127。0。0。7",
        "%31%32%37.0.0.8",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.9]",
        "[64:ff9b::7f00:a]",
        "[2002:7f00:b::]",
        "user:password@127.0.0.12",
        "0.0.0.0",
    ];
    let links = hosts.map(|host| {
        format!(
            "<p><a href=\"http://{host}:{port}/x\">a</a>\
             <p><a href=\"https:\\\\{host}:{port}\\y\">b</a>"
        )
    });
    let post = format!("<html><body><article>{}", links.concat());
    let place = Place::at(&web);
    place.write("post.html", &post);
    place.says(&["run", "post.html"], 0);
    trap.assert_untouched();
    let sources = place.number("select count(*) from source");
    assert_eq!(sources, 2 * hosts.len() as i64);
    let refused = "select count(*) from source s join visit v on v.id = s.last_visit_id
                   join outcome o on o.id = v.outcome_id
                   where o.failure = 'forbidden' and s.verdict = 'unsupported' and o.status is null";
    assert_eq!(place.number(refused), sources);
    // It says nothing of the source's life.
    let dying = "select count(*) from source where standing in ('failing', 'dead') or strikes > 0";
    assert_eq!(place.number(dying), 0);
    // Named by the user, they are refused too.
    for host in ["127.0.0.1", "[::1]", "localhost."] {
        let address = format!("http://{host}:{port}/x");
        let strict = Place::at(&web);
        let options = ["--resolve".to_owned(), format!("a.test={}", web.addr())];
        let strict = Place {
            options: options.into(),
            ..strict
        };
        strict.says(&["check", &address], 0);
        strict.says(&["capture", &address], 3);
        assert_eq!(strict.number("select count(*) from capture"), 0);
        assert_eq!(
            strict.number("select count(*) from outcome where failure = 'forbidden'"),
            1
        );
    }
    trap.assert_untouched();
}

#[test]
fn an_input_inside_is_not_read() {
    let (web, trap) = (Web::start(), Trap::everywhere());
    let inside = format!("http://127.0.0.1:{}", trap.port());
    web.page(
        "blog.test",
        "/feed",
        Page::redirect(301, format!("{inside}/feed")),
    );
    web.page(
        "blog.test",
        "/page",
        Page::redirect(302, format!("{inside}/")),
    );
    let place = Place::at(&web);
    place.write("list.txt", &format!("{inside}/one\n{inside}/two\n"));
    for args in [
        &["run", "http://blog.test/feed"][..],
        &["run", "http://blog.test/page"],
        &["run", &format!("{inside}/feed")],
        &["run", &format!("http://[::1]:{}/", trap.port())],
    ] {
        let said = place.says(args, 3);
        assert!(said.contains("not public"), "{args:?}: {said}");
    }
    // Of a list, the others are read all the same.
    let said = place.says(&["run", "--as", "pages", "list.txt"], 0);
    assert_eq!(said.matches("not public").count(), 2, "{said}");
    place.says(&["add", &format!("{inside}/feed.xml")], 0);
    place.says(&["run"], 3);
    place.says(&["links", &format!("{inside}/")], 3);
    trap.assert_untouched();
    assert_eq!(place.number("select count(*) from post"), 0);
}

#[test]
fn what_pages_and_feeds_name_is_not_fetched() {
    let (web, trap) = (Web::start(), Trap::everywhere());
    let inside = format!("http://127.0.0.1:{}", trap.port());
    let head = format!(
        "<link rel=alternate type=application/rss+xml href=\"{inside}/feed\">\
         <link rel=icon href=\"{inside}/icon\"><link rel=stylesheet href=\"{inside}/css\">\
         <link rel=canonical href=\"{inside}/canonical\"><base href=\"{inside}/\">"
    );
    let words = "words of a page that is worth a copy ".repeat(20);
    web.page(
        "a.test",
        "/",
        Page::html(format!(
            "<head>{head}</head><p>{words}<img src=\"{inside}/i\"><script src=\"{inside}/s\"></script>"
        )),
    );
    web.page(
        "b.test",
        "/",
        Page::html(format!("<title>b</title><p>{words}")),
    );
    web.page(
        "b.test",
        "/robots.txt",
        Page::redirect(302, format!("{inside}/robots.txt")),
    );
    web.page(
        "a.test",
        "/robots.txt",
        Page::text(format!("sitemap: {inside}/sitemap.xml\n")),
    );
    let item = format!(
        "<item><link>http://blog.test/1</link><description>&lt;a href='http://a.test/'&gt;a&lt;/a&gt; \
         &lt;a href='http://b.test/'&gt;b&lt;/a&gt;</description>\
         <enclosure url=\"{inside}/audio.mp3\" length=\"1\" type=\"audio/mpeg\"/></item>"
    );
    let feed = format!(
        "<?xml version=\"1.0\"?><?xml-stylesheet href=\"{inside}/style.xsl\"?>\
         <!DOCTYPE rss SYSTEM \"{inside}/rss.dtd\" [<!ENTITY e SYSTEM \"{inside}/entity\">]>\
         <rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title>t</title>\
         <link>http://blog.test/</link><atom:link rel=\"hub\" href=\"{inside}/hub\"/>\
         <atom:link rel=\"self\" href=\"{inside}/self\"/><image><url>{inside}/image</url></image>{item}</channel></rss>"
    );
    web.page(
        "blog.test",
        "/feed",
        Page::bytes("application/rss+xml", feed),
    );
    let place = Place::at(&web);
    place.says(&["run", "http://blog.test/feed"], 0);
    trap.assert_untouched();
    let visited =
        "select count(*) from source s where s.address in ('http://a.test/', 'http://b.test/')
                   and s.verdict is not null";
    assert_eq!(place.number(visited), 2);
}

//! Files and folders that are no posts, or never end.

use std::os::unix::ffi::OsStrExt;

use super::*;

const POST: &str = "<p>\n<a href=\"https://good.test/x\">good</a>\n";

/// What is told of a folder in which one good post lies beside `bytes` under `name`: the good post is always read.
#[track_caller]
fn beside_a_post(name: &str, bytes: impl AsRef<[u8]>) -> Said {
    let place = Place::new();
    place.write("posts/good.html", POST);
    place.write(&format!("posts/{name}"), bytes);
    place
        .says(&["links", "posts"])
        .prints("https://good.test/x")
}

#[test]
fn binary_files_among_posts_are_passed_over() {
    let files: [(&str, &[u8], &str); 4] = [
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG image"),
        ("a.zip", b"PK\x03\x04\x14\0\0\0", "a zip archive"),
        ("a.exe", b"\x7fELF\x02\x01\x01\0", "a program"),
        ("a.sqlite", b"SQLite format 3\0\x10\0", "an SQLite database"),
    ];
    for (name, bytes, what) in files {
        let said = beside_a_post(name, bytes).ended(0);
        assert!(!said.err.contains(name), "{}", said.err);
        // By its own name each is an error, and so is one that is called a post.
        let place = Place::new();
        place.write(name, bytes);
        place
            .says(&["links", name])
            .ended(3)
            .tells(&format!("{name}: {what}"));
    }
    beside_a_post("broken.md", files[0].1)
        .ended(0)
        .tells("posts/broken.md: a PNG image");
}

#[test]
fn what_is_missing_is_named() {
    let place = Place::new();
    for command in ["links", "run", "add"] {
        place
            .says(&[command, "no-such-file.md"])
            .ended(3)
            .tells("no-such-file.md: No such file");
    }
    std::os::unix::fs::symlink("nowhere", place.path("broken.md")).unwrap();
    place
        .says(&["links", "broken.md"])
        .ended(3)
        .tells("broken.md: No such");
    // The rest goes on.
    place.write("good.html", POST);
    place
        .says(&["add", "no-such-file.md", "good.html"])
        .ended(3)
        .prints("good.html (file): added");
}

#[test]
fn empty_files_and_feeds_are_no_failure() {
    beside_a_post("empty.md", "").ended(0);
    beside_a_post("empty.html", "").ended(0);
    let feed = "<rss version=\"2.0\"><channel><title>t</title></channel></rss>";
    beside_a_post("feed.xml", feed)
        .ended(0)
        .tells("feed.xml: feed without entries");
}

#[test]
fn addresses_that_cannot_be_taken_are_told_with_their_line() {
    let long = "a".repeat(10_240);
    let html = format!(
        "<p>\n<a href=\"https://long.test/{long}\">l</a>\n<a href=\"http://[bad/\">b</a>\n<a href=\"https://after.test/\">c</a>"
    );
    let said = beside_a_post("bad.html", &html)
        .ended(0)
        .tells("posts/bad.html:2: address of 10258 bytes")
        .tells("posts/bad.html:3: not an address")
        .prints("posts/bad.html:4  https://after.test/");
    assert!(said.err.lines().all(|line| line.len() < 1000));
    let place = Place::new();
    place.write("bad.html", html);
    place.write("a.db", "");
    place
        .says(&["run", "--limit", "0", "bad.html"])
        .ended(0)
        .tells("bad.html:2: address of 10258 bytes");
    assert_eq!(place.number("select count(*) from citation"), 1);
    place
        .says(&["check", "http://[bad/"])
        .ended(3)
        .tells("http://[bad/: not an address");
}

#[test]
fn a_page_of_50_mb_nested_100_000_deep_with_nul_bytes_is_read() {
    let mut html = "<div>".repeat(100_000);
    html.push_str("<a href=\"https://deep.test/\">d</a>\n");
    html.push_str(&"<p>some words\n".repeat(50 * 1024 * 1024 / 14));
    html.push_str("<p>a \0 b <a href=\"https://big.test/\">b</a>");
    beside_a_post("big.html", html)
        .ended(0)
        .prints("https://deep.test/")
        .prints("https://big.test/");
}

#[test]
fn names_that_are_not_utf_8_are_read_and_shown_safely() {
    let place = Place::new();
    std::fs::create_dir(place.path("posts")).unwrap();
    let name = std::ffi::OsStr::from_bytes(b"posts/caf\xe9 \x1b[31m.md");
    std::fs::write(place.folder.path().join(name), "[x](https://latin.test/)").unwrap();
    let said = place
        .says(&["links", "posts"])
        .ended(0)
        .prints("https://latin.test/");
    assert!(!said.out.contains('\x1b'));
}

#[test]
fn pipes_and_circles_in_a_folder_are_passed_over() {
    let place = Place::new();
    place.write("posts/good.html", POST);
    let pipe = place.path("posts/pipe.md");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    std::os::unix::fs::symlink(".", place.path("posts/circle")).unwrap();
    std::os::unix::fs::symlink("nowhere", place.path("posts/broken.md")).unwrap();
    let said = place.says(&["links", "posts"]).ended(0);
    assert_eq!(said.out.lines().count(), 1, "{}", said.out);
    place.says(&["run", "--dry-run", "posts"]).ended(0);
    // By its own name it is refused, not waited for.
    for command in ["links", "run"] {
        place.says(&[command, "posts/pipe.md"]).ended(3).tells(
            "pipe.md: a pipe or a device is no input by its name; give it on standard input",
        );
    }
    place
        .says(&["links", "/dev/zero"])
        .ended(3)
        .tells("/dev/zero: a pipe or a device");
}

#[test]
fn what_cannot_be_read_this_time_is_not_gone() {
    let place = Place::new();
    place.write("posts/a.md", "[a](https://a.test/)");
    place.write("posts/b.md", "[b](https://b.test/)");
    let run = ["run", "--limit", "0", "posts"];
    place.says(&run).ended(0);
    let there = "select count(*) from citation where gone_at is null";
    assert_eq!(place.number(there), 2);
    // Permissions do not bind a super-user, who may be running this; another process' memory does.
    let unreadable = "mount --bind /proc/1/mem posts/b.md";
    if let Some(said) = with_mounts(&place, unreadable, "--db a.db run --limit 0 posts", "true") {
        said.ended(0).tells("posts/b.md: Permission denied");
        assert_eq!(place.number(there), 2, "b.md is there");
        place.says(&run).ended(0);
        assert_eq!(place.number(there), 2);
    }
    // A file that is really gone is.
    std::fs::remove_file(place.path("posts/b.md")).unwrap();
    place.says(&run).ended(0);
    assert_eq!(place.number(there), 1);
}

#[test]
fn a_folder_that_is_gone_keeps_what_it_cited() {
    let place = Place::new();
    place.write("posts/a.md", "[a](https://a.test/)");
    place.says(&["run", "--limit", "0", "posts"]).ended(0);
    std::fs::rename(place.path("posts"), place.path("elsewhere")).unwrap();
    place
        .says(&["run", "--limit", "0"])
        .ended(3)
        .tells("posts: No such file");
    assert_eq!(
        place.number("select count(*) from citation where gone_at is null"),
        1
    );
    place
        .says(&["inputs"])
        .ended(0)
        .prints("could not be read: No such file");
}

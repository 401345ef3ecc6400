//! An archive or a disk that is as full as the user allows: copies stop, visits go on, and that is said.

use super::*;
use crate::web::Page;

/// Pages that do not compress, of 64 KB each.
fn big_pages(web: &Web, count: usize) -> Vec<String> {
    let mut state = 1_u64;
    let mut noise = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 40).to_string()
    };
    (0..count)
        .map(|n| {
            let host = format!("h{n}.test");
            let words: String = (0..10_000).map(|_| noise() + " ").collect();
            web.page(
                &host,
                "/",
                Page::html(format!("<title>{n}</title><p>{words}")).etag("\"1\""),
            );
            format!("http://{host}/")
        })
        .collect()
}

#[test]
fn an_archive_that_has_its_size_takes_no_more_copies_and_visits_go_on() {
    const MAX: i64 = 2_000_000;
    let web = Web::start();
    let place = Place::at(&web);
    place.write("post.md", post(big_pages(&web, 60)));
    let max = MAX.to_string();
    place
        .says(&["run", "--max-bytes", &max, "post.md"])
        .ended(0)
        .prints("visited  60 sources: 60 alive")
        .prints("copies not kept: the archive has ")
        .prints("and --max-bytes allows no more; visits went on");
    let captures = place.number("select count(*) from capture");
    assert!((5..40).contains(&captures), "{captures} copies");
    let size =
        place.number("select page_count * page_size from pragma_page_count, pragma_page_size");
    assert!(size < MAX + 100_000, "{size} bytes");
    let json = place
        .says(&["check", "--all", "--max-bytes", &max, "--format", "jsonl"])
        .ended(0);
    assert_eq!(json.out.matches("\"verdict\":\"alive\"").count(), 60);
    assert_eq!(place.number("select count(*) from capture"), captures);

    // With room again, what was not kept is kept, although nothing has changed.
    place.says(&["check", "--all"]).ended(0);
    assert_eq!(place.number("select count(*) from capture"), 60);
    assert_eq!(
        place.number("select count(*) from source where standing <> 'alive'"),
        0
    );
    place.is_sound();
}

#[test]
fn a_page_that_changed_while_there_was_no_room_is_kept_later() {
    let web = Web::start();
    let place = Place::at(&web);
    web.page("a.test", "/", Page::html("<p>first words").etag("\"1\""));
    place.says(&["check", "http://a.test/"]).ended(0);
    web.page("a.test", "/", Page::html("<p>other words").etag("\"2\""));
    place
        .says(&["check", "http://a.test/", "--max-bytes", "1"])
        .ended(0)
        .prints("not kept: there is no room for copies");
    assert_eq!(place.number("select count(*) from capture"), 1);
    place
        .says(&["capture", "http://a.test/", "--max-bytes", "1"])
        .ended(3)
        .tells("no copy was kept: there is no room");
    place.says(&["check", "http://a.test/"]).ended(0);
    assert_eq!(place.number("select count(*) from capture"), 2);
    place.says(&["check", "http://a.test/"]).ended(0);
    assert_eq!(
        place.number("select count(*) from visit where not_modified"),
        1
    );
}

#[test]
fn a_disk_that_is_to_stay_free_takes_no_copies() {
    let web = Web::start();
    let place = Place::at(&web);
    web.page("a.test", "/", Page::html("<p>words"));
    place.write("sourcekeep.toml", "[capture]\nmin_free = \"1000000 GB\"\n");
    place.write("post.md", post(["http://a.test/".to_owned()]));
    place
        .says(&["run", "post.md"])
        .ended(0)
        .prints("no room  1 copy not kept: ")
        .prints("are free on its disk, and --min-free is to stay");
    assert_eq!(place.number("select count(*) from capture"), 0);
    assert_eq!(place.number("select count(*) from visit"), 1);
    let json = place
        .says(&["check", "--all", "--min-free", "0", "--format", "json"])
        .ended(0);
    assert!(json.out.contains("\"captured\":true"), "{}", json.out);
}

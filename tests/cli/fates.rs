//! A folder of posts whose sources met every fate, and what one run makes of it.

use insta::assert_snapshot;

use crate::support::{Desk, page};
use crate::web::Page;

/// A post, and a web on which each of its sources met another fate.
pub(crate) fn desk() -> Desk {
    let desk = Desk::new();
    let web = &desk.web;
    web.page("alive.test", "/alive", page("Alive").etag("\"1\""));
    web.page(
        "gone.test",
        "/never",
        Page::html("<h1>Gone</h1>").status(410),
    );
    web.page(
        "down.test",
        "/down",
        Page::html("<h1>Sorry</h1>").status(500),
    );
    web.page(
        "old.test",
        "/moved",
        Page::redirect(301, "https://new.test/here"),
    );
    web.page("new.test", "/here", page("Here"));
    web.page(
        "plain.test",
        "/secure",
        Page::redirect(301, "https://www.plain.test/secure/"),
    );
    web.page("www.plain.test", "/secure/", page("Secure"));
    web.page("wall.test", "/forbidden", Page::empty(403));
    web.page("busy.test", "/slower", Page::empty(429));
    web.page(
        "wall.test",
        "/members",
        Page::html("<h1>Log in</h1>").status(401),
    );
    web.page(
        "law.test",
        "/court",
        Page::html("<h1>Unavailable</h1>").status(451),
    );
    web.page("hollow.test", "/empty", Page::html(""));
    web.page(
        "shop.test",
        "/2019/article-about-a-thing",
        Page::redirect(302, "/"),
    );
    web.page("shop.test", "/", page("Shop"));
    desk.post(
        "posts/one.md",
        &[
            "https://alive.test/alive",
            "https://lost.test/nothing",
            "https://gone.test/never",
            "https://down.test/down",
            "https://old.test/moved",
            "http://plain.test/secure",
        ],
    );
    desk.post(
        "posts/two.md",
        &[
            "https://wall.test/forbidden",
            "https://busy.test/slower",
            "https://wall.test/members",
            "https://law.test/court",
            "https://hollow.test/empty",
            "https://shop.test/2019/article-about-a-thing",
            "https://alive.test/alive#part",
        ],
    );
    desk
}

#[test]
fn a_run_visits_every_source_and_says_what_became_of_it() {
    let desk = desk();
    assert_snapshot!(desk.run("run posts"), @r"
    exit code 0
    --- stdout
    read     1 input: 2 posts new or changed, 13 citations, 12 new sources
    visited  12 sources: 2 alive · 2 blocked · 1 collapsed · 1 gone · 1 legal · 1 login-wall · 1 moved · 1 not-found · 1 server-error · 1 soft-404
    kept     3 new copies in [time]; 2 KB received
    archive  12 sources cited in 2 posts, 3 copies held; 4 broken: `sourcekeep report` says which
    ");
    assert_snapshot!(desk.verdicts(), @r"
    http://plain.test/secure | alive | alive
    https://alive.test/alive | alive | alive
    https://busy.test/slower | blocked | uncertain
    https://down.test/down | server-error | failing
    https://gone.test/never | gone | failing
    https://hollow.test/empty | collapsed | uncertain
    https://law.test/court | legal | uncertain
    https://lost.test/nothing | not-found | failing
    https://old.test/moved | moved | alive
    https://shop.test/2019/article-about-a-thing | soft-404 | failing
    https://wall.test/forbidden | blocked | uncertain
    https://wall.test/members | login-wall | uncertain
    ");
    assert_snapshot!(desk.rows("select source, at, verdict, status, final_url, evidence from visits order by source"), @r#"
    http://plain.test/secure | 2026-01-05T08:00:00Z | alive | 200 | https://www.plain.test/secure/ | [{"rule":"status","says":"200 OK"},{"rule":"redirected-permanently","says":"301 redirected to https://www.plain.test/secure/"}]
    https://alive.test/alive | 2026-01-05T08:00:00Z | alive | 200 | https://alive.test/alive | [{"rule":"status","says":"200 OK"}]
    https://busy.test/slower | 2026-01-05T08:00:00Z | blocked | 429 | https://busy.test/slower | [{"rule":"status","says":"429 Too Many Requests"}]
    https://down.test/down | 2026-01-05T08:00:00Z | server-error | 500 | https://down.test/down | [{"rule":"status","says":"500 Internal Server Error"}]
    https://gone.test/never | 2026-01-05T08:00:00Z | gone | 410 | https://gone.test/never | [{"rule":"status","says":"410 Gone"}]
    https://hollow.test/empty | 2026-01-05T08:00:00Z | collapsed | 200 | https://hollow.test/empty | [{"rule":"empty-body","says":"200 OK, with an empty body"}]
    https://law.test/court | 2026-01-05T08:00:00Z | legal | 451 | https://law.test/court | [{"rule":"status","says":"451 Unavailable For Legal Reasons"}]
    https://lost.test/nothing | 2026-01-05T08:00:00Z | not-found | 404 | https://lost.test/nothing | [{"rule":"status","says":"404 Not Found"}]
    https://old.test/moved | 2026-01-05T08:00:00Z | moved | 200 | https://new.test/here | [{"rule":"redirected-permanently","says":"redirected permanently to https://new.test/here"},{"rule":"status","says":"200 OK"},{"rule":"redirected-permanently","says":"301 redirected to https://new.test/here"}]
    https://shop.test/2019/article-about-a-thing | 2026-01-05T08:00:00Z | soft-404 | 200 | https://shop.test/ | [{"rule":"redirect-to-front-page","says":"redirected to the front page: https://shop.test/","weight":100},{"rule":"status","says":"200 OK"},{"rule":"redirected-temporarily","says":"302 redirected to https://shop.test/"}]
    https://wall.test/forbidden | 2026-01-05T08:00:00Z | blocked | 403 | https://wall.test/forbidden | [{"rule":"status","says":"403 Forbidden"}]
    https://wall.test/members | 2026-01-05T08:00:00Z | login-wall | 401 | https://wall.test/members | [{"rule":"status","says":"401 Unauthorized"}]
    "#);
    assert_snapshot!(desk.rows("select source, url, kind, media_type, title, size from captures order by source"), @r"
    http://plain.test/secure | https://www.plain.test/secure/ | visit | text/html | Secure | 474
    https://alive.test/alive | https://alive.test/alive | visit | text/html | Alive | 467
    https://old.test/moved | https://new.test/here | visit | text/html | Here | 460
    ");
    assert_snapshot!(desk.rows("select command, result, suspect, counts from run"), @r#"run | done | 0 | {"inputs":1,"posts":2,"citations":13,"gone":0,"left_out":0,"new_sources":12,"new_citations":0,"gone_citations":0,"visits":12,"verdicts":{"alive":2,"blocked":2,"collapsed":1,"gone":1,"legal":1,"login-wall":1,"moved":1,"not-found":1,"server-error":1,"soft-404":1},"captures":3,"requisites":0,"kept_by_robots":0,"no_room":0,"copies_later":0,"faults":0,"no_network":0,"waiting":0,"bytes":1941}"#);
}

#[test]
fn a_run_says_the_same_to_programs() {
    let desk = desk();
    assert_snapshot!(desk.run("run posts --format json"), @r#"
    exit code 0
    --- stdout
    {"inputs":1,"posts":2,"citations":13,"sources":12,"captures":3,"visits":{"alive":2,"blocked":2,"collapsed":1,"gone":1,"legal":1,"login-wall":1,"moved":1,"not-found":1,"server-error":1,"soft-404":1},"bytes":1941,"seconds":"[time]","suspect":false,"doubt":null,"clock":"right","ended":"done","left":0,"full":null,"peak_memory_bytes":"[bytes]","run":{"inputs":1,"posts":2,"citations":13,"gone":0,"left_out":0,"new_sources":12,"new_citations":0,"gone_citations":0,"visits":12,"verdicts":{"alive":2,"blocked":2,"collapsed":1,"gone":1,"legal":1,"login-wall":1,"moved":1,"not-found":1,"server-error":1,"soft-404":1},"captures":3,"requisites":0,"kept_by_robots":0,"no_room":0,"copies_later":0,"faults":0,"no_network":0,"waiting":0,"bytes":1941}}
    "#);
}

#[test]
fn show_tells_the_whole_story_of_a_source() {
    let desk = desk();
    desk.run("run posts");
    assert_snapshot!(desk.run("show https://alive.test/alive"), @r"
    exit code 0
    --- stdout
    https://alive.test/alive
    alive · alive
      200 OK
      since       2026-01-05T08:00:00Z
      checked     2026-01-05T08:00:00Z
      last fine   2026-01-05T08:00:00Z
      next visit  2026-01-06T06:22:22Z
      robots.txt  allowed

    Cited (2)
      [desk]/posts/one.md:3  anchor in body, first seen 2026-01-05
          “See the alive page.”
      [desk]/posts/two.md:9  anchor in body, first seen 2026-01-05
          “See the alive#part page.”

    Visits (1)
      2026-01-05T08:00:00Z  alive               200 [time]

    Copies (1)
      2026-01-05T08:00:00Z  467 B  sha256:9d79a53cdffe  “Alive”
    ");
    assert_snapshot!(desk.run("show https://new.test/here"), @r"
    exit code 0
    --- stdout
    https://old.test/moved
    moved · alive
      redirected permanently to https://new.test/here
      200 OK
      301 redirected to https://new.test/here
      since       2026-01-05T08:00:00Z
      checked     2026-01-05T08:00:00Z
      last fine   2026-01-05T08:00:00Z
      next visit  2026-01-06T06:23:02Z
      now at      https://new.test/here
      robots.txt  allowed
      also        https://new.test/here (moved)

    Cited (1)
      [desk]/posts/one.md:7  anchor in body, first seen 2026-01-05
          “See the moved page.”

    Visits (1)
      2026-01-05T08:00:00Z  moved               301 → 200 [time]

    Copies (1)
      2026-01-05T08:00:00Z  460 B  sha256:780b75c7f9c6  “Here”
    ");
    assert_snapshot!(desk.run("show https://gone.test/never"), @r"
    exit code 0
    --- stdout
    https://gone.test/never
    gone · failing · unbaselined
      410 Gone
      since       2026-01-05T08:00:00Z
      checked     2026-01-05T08:00:00Z
      next visit  2026-01-05T08:55:44Z

    Cited (1)
      [desk]/posts/one.md:5  anchor in body, first seen 2026-01-05
          “See the never page.”

    Visits (1)
      2026-01-05T08:00:00Z  gone                410 [time]

    Copies (0)
    ");
    assert_snapshot!(desk.run("show https://wall.test/nowhere"), @r"
    exit code 3
    --- stderr
    error: https://wall.test/nowhere: no post cites this address

    hint: on the same host are: https://wall.test/members, https://wall.test/forbidden
    ");
}

#[test]
fn inputs_says_what_was_read() {
    let desk = desk();
    desk.run("run posts");
    assert_snapshot!(desk.run("inputs"), @r"
    exit code 0
    --- stdout
    [desk]/posts (folder): 2 posts, 13 citations; read just now, again in every run
    ");
}

//! `report`: its formats, and which sources it lists.

use std::fmt::Write as _;

use insta::assert_snapshot;

use crate::fates;
use crate::support::Desk;
use crate::web::Page;

#[test]
fn a_report_for_a_person() {
    let desk = fates::desk();
    desk.run("run posts");
    assert_snapshot!(desk.run("report"), @r"
    exit code 0
    --- stdout
    12 sources cited in 2 posts, 2026-01-05 · last run just now

    Broken before it was added (4)

      posts: 4 of 12 sources, none of them confirmed dead yet
        ✗ https://lost.test/nothing
          not-found: 404 Not Found · posts/one.md:4
        ✗ https://gone.test/never
          gone: 410 Gone · posts/one.md:5
        ✗ https://down.test/down
          server-error: 500 Internal Server Error · posts/one.md:6
        ✗ https://shop.test/2019/article-about-a-thing
          soft-404: redirected to the front page: https://shop.test/; 200 OK · posts/two.md:8

      `sourcekeep report --only broken` lists them one by one, with what cites them

    Cannot tell (5)

      ? https://wall.test/forbidden
        blocked: 403 Forbidden
        cited in   posts/two.md:3  “the forbidden page”
        since      2026-01-05 (just now)
        we hold    no copy

      ? https://busy.test/slower
        blocked: 429 Too Many Requests
        cited in   posts/two.md:4  “the slower page”
        since      2026-01-05 (just now)
        we hold    no copy

      ? https://wall.test/members
        login-wall: 401 Unauthorized
        cited in   posts/two.md:5  “the members page”
        since      2026-01-05 (just now)
        we hold    no copy

      ? https://law.test/court
        legal: 451 Unavailable For Legal Reasons
        cited in   posts/two.md:6  “the court page”
        since      2026-01-05 (just now)
        we hold    no copy

      ? https://hollow.test/empty
        collapsed: 200 OK, with an empty body
        cited in   posts/two.md:7  “the empty page”
        since      2026-01-05 (just now)
        we hold    no copy

    Moved (1)

      → https://old.test/moved
        moved
        now at     https://new.test/here
        cited in   posts/one.md:7  “the moved page”
        since      2026-01-05 (just now)
        we hold    copy of 2026-01-05 “Here”, 460 B

    Of all: 2 alive · 2 blocked · 1 collapsed · 1 gone · 1 legal · 1 login-wall · 1 moved · 1 not-found · 1 server-error · 1 soft-404
    Held: 3 copies
    ");
}

#[test]
fn a_report_for_programs() {
    let desk = fates::desk();
    desk.run("run posts");
    assert_snapshot!(desk.run("report --format jsonl --only alive,not-found,moved"), @r#"
    exit code 0
    --- stdout
    {"url":"https://alive.test/alive","standing":"alive","verdict":"alive","status":200,"final_url":"https://alive.test/alive","since":"2026-01-05T08:00:00Z","checked_at":"2026-01-05T08:00:00Z","next_check_at":"2026-01-06T06:22:22Z","captures":1,"last_capture_at":"2026-01-05T08:00:00Z","baselined":true,"quotes":{"verbatim":0,"altered":0,"missing":0,"never-seen":0,"unknown":0},"quotes_lost":[],"fragments_missing":[],"drift_seen_once":false,"rescue":null,"cited_by":[{"post":"[desk]/posts/one.md","text":"the alive page","line":3},{"post":"[desk]/posts/two.md","text":"the alive#part page","line":9}],"evidence":["200 OK"],"strikes":0,"last_fine_at":"2026-01-05T08:00:00Z","moved_to":null,"robots":"allowed","held":{"capture":"[id]","at":"2026-01-05T08:00:00Z","title":"Alive","size":467},"news":null,"backlog":false,"mark":null}
    {"url":"https://lost.test/nothing","standing":"failing","verdict":"not-found","status":404,"final_url":"https://lost.test/nothing","since":"2026-01-05T08:00:00Z","checked_at":"2026-01-05T08:00:00Z","next_check_at":"2026-01-05T08:55:57Z","captures":0,"last_capture_at":null,"baselined":false,"quotes":{"verbatim":0,"altered":0,"missing":0,"never-seen":0,"unknown":0},"quotes_lost":[],"fragments_missing":[],"drift_seen_once":false,"rescue":null,"cited_by":[{"post":"[desk]/posts/one.md","text":"the nothing page","line":4}],"evidence":["404 Not Found"],"strikes":1,"last_fine_at":null,"moved_to":null,"robots":null,"held":null,"news":"new","backlog":true,"mark":null}
    {"url":"https://old.test/moved","standing":"alive","verdict":"moved","status":200,"final_url":"https://new.test/here","since":"2026-01-05T08:00:00Z","checked_at":"2026-01-05T08:00:00Z","next_check_at":"2026-01-06T06:23:02Z","captures":1,"last_capture_at":"2026-01-05T08:00:00Z","baselined":true,"quotes":{"verbatim":0,"altered":0,"missing":0,"never-seen":0,"unknown":0},"quotes_lost":[],"fragments_missing":[],"drift_seen_once":false,"rescue":null,"cited_by":[{"post":"[desk]/posts/one.md","text":"the moved page","line":7}],"evidence":["redirected permanently to https://new.test/here","200 OK","301 redirected to https://new.test/here"],"strikes":0,"last_fine_at":"2026-01-05T08:00:00Z","moved_to":"https://new.test/here","robots":"allowed","held":{"capture":"[id]","at":"2026-01-05T08:00:00Z","title":"Here","size":460},"news":"new","backlog":false,"mark":null}
    {"url":"http://plain.test/secure","standing":"alive","verdict":"alive","status":200,"final_url":"https://www.plain.test/secure/","since":"2026-01-05T08:00:00Z","checked_at":"2026-01-05T08:00:00Z","next_check_at":"2026-01-06T05:52:11Z","captures":1,"last_capture_at":"2026-01-05T08:00:00Z","baselined":true,"quotes":{"verbatim":0,"altered":0,"missing":0,"never-seen":0,"unknown":0},"quotes_lost":[],"fragments_missing":[],"drift_seen_once":false,"rescue":null,"cited_by":[{"post":"[desk]/posts/one.md","text":"the secure page","line":8}],"evidence":["200 OK","301 redirected to https://www.plain.test/secure/"],"strikes":0,"last_fine_at":"2026-01-05T08:00:00Z","moved_to":null,"robots":"allowed","held":{"capture":"[id]","at":"2026-01-05T08:00:00Z","title":"Secure","size":474},"news":null,"backlog":false,"mark":null}
    "#);
    assert_snapshot!(desk.run("report --format json --only not-found"), @r#"
    exit code 0
    --- stdout
    {"generated_at":"2026-01-05T08:00:00Z","last_run_at":"2026-01-05T08:00:00Z","inputs":1,"posts":2,"citations":13,"sources":12,"captures":3,"standings":{"alive":3,"failing":4,"uncertain":5},"verdicts":{"alive":2,"blocked":2,"collapsed":1,"gone":1,"legal":1,"login-wall":1,"moved":1,"not-found":1,"server-error":1,"soft-404":1},"kept_by_robots":0,"unbaselined":0,"ignored":0,"last_run":{"at":"2026-01-05T08:00:00Z","ended_at":"2026-01-05T08:00:00Z","result":"done","suspect":false,"doubt":null,"clock":null},"running_since":null,"last_good_run_at":"2026-01-05T08:00:00Z","news_since":null,"rejudged":null,"entries":[
    {"url":"https://lost.test/nothing","standing":"failing","verdict":"not-found","status":404,"final_url":"https://lost.test/nothing","since":"2026-01-05T08:00:00Z","checked_at":"2026-01-05T08:00:00Z","next_check_at":"2026-01-05T08:55:57Z","captures":0,"last_capture_at":null,"baselined":false,"quotes":{"verbatim":0,"altered":0,"missing":0,"never-seen":0,"unknown":0},"quotes_lost":[],"fragments_missing":[],"drift_seen_once":false,"rescue":null,"cited_by":[{"post":"[desk]/posts/one.md","text":"the nothing page","line":4}],"evidence":["404 Not Found"],"strikes":1,"last_fine_at":null,"moved_to":null,"robots":null,"held":null,"news":"new","backlog":true,"mark":null}
    ]}
    "#);
    assert_snapshot!(desk.run("report --format csv"), @r#"
    exit code 0
    --- stdout
    url,standing,verdict,status,final_url,since,checked_at,next_check_at,captures,last_capture_at,baselined,moved_to,strikes,last_fine_at,evidence,posts,cited_by,text,news,backlog,mark,note,quotes_verbatim,quotes_altered,quotes_missing,quotes_never_seen,quotes_unknown,quotes_lost
    https://lost.test/nothing,failing,not-found,404,https://lost.test/nothing,2026-01-05T08:00:00Z,2026-01-05T08:00:00Z,2026-01-05T08:55:57Z,0,,false,,1,,404 Not Found,1,[desk]/posts/one.md:4,the nothing page,new,true,,,0,0,0,0,0,
    https://gone.test/never,failing,gone,410,https://gone.test/never,2026-01-05T08:00:00Z,2026-01-05T08:00:00Z,2026-01-05T08:55:44Z,0,,false,,1,,410 Gone,1,[desk]/posts/one.md:5,the never page,new,true,,,0,0,0,0,0,
    https://down.test/down,failing,server-error,500,https://down.test/down,2026-01-05T08:00:00Z,2026-01-05T08:00:00Z,2026-01-05T08:56:33Z,0,,false,,1,,500 Internal Server Error,1,[desk]/posts/one.md:6,the down page,new,true,,,0,0,0,0,0,
    https://old.test/moved,alive,moved,200,https://new.test/here,2026-01-05T08:00:00Z,2026-01-05T08:00:00Z,2026-01-06T06:23:02Z,1,2026-01-05T08:00:00Z,true,https://new.test/here,0,2026-01-05T08:00:00Z,redirected permanently to https://new.test/here; 200 OK; 301 redirected to https://new.test/here,1,[desk]/posts/one.md:7,the moved page,new,false,,,0,0,0,0,0,
    https://wall.test/forbidden,uncertain,blocked,403,https://wall.test/forbidden,2026-01-05T08:00:00Z,2026-01-05T08:00:00Z,2026-01-06T05:08:54Z,0,,false,,0,,403 Forbidden,1,[desk]/posts/two.md:3,the forbidden page,new,false,,,0,0,0,0,0,
    https://busy.test/slower,uncertain,blocked,429,https://busy.test/slower,2026-01-05T08:00:00Z,2026-01-05T08:00:00Z,2026-01-06T06:08:53Z,0,,false,,0,,429 Too Many Requests,1,[desk]/posts/two.md:4,the slower page,new,false,,,0,0,0,0,0,
    https://wall.test/members,uncertain,login-wall,401,https://wall.test/members,2026-01-05T08:00:00Z,2026-01-05T08:00:00Z,2026-01-06T06:22:52Z,0,,false,,0,,401 Unauthorized,1,[desk]/posts/two.md:5,the members page,new,false,,,0,0,0,0,0,
    https://law.test/court,uncertain,legal,451,https://law.test/court,2026-01-05T08:00:00Z,2026-01-05T08:00:00Z,2026-01-06T06:21:13Z,0,,false,,0,,451 Unavailable For Legal Reasons,1,[desk]/posts/two.md:6,the court page,new,false,,,0,0,0,0,0,
    https://hollow.test/empty,uncertain,collapsed,200,https://hollow.test/empty,2026-01-05T08:00:00Z,2026-01-05T08:00:00Z,2026-01-06T05:33:39Z,0,,false,,0,,"200 OK, with an empty body",1,[desk]/posts/two.md:7,the empty page,new,false,,,0,0,0,0,0,
    https://shop.test/2019/article-about-a-thing,failing,soft-404,200,https://shop.test/,2026-01-05T08:00:00Z,2026-01-05T08:00:00Z,2026-01-05T08:56:45Z,0,,false,,1,,redirected to the front page: https://shop.test/; 200 OK; 302 redirected to https://shop.test/,1,[desk]/posts/two.md:8,the article-about-a-thing page,new,true,,,0,0,0,0,0,
    "#);
}

#[test]
fn a_report_for_an_issue_tracker() {
    let desk = fates::desk();
    desk.run("run posts");
    assert_snapshot!(desk.run("report --format markdown"), @r"
    exit code 0
    --- stdout
    # Sources, 2026-01-05

    12 sources cited in 2 posts; 3 copies held.

    ## Broken before it was added (4)

    - posts: 4 of 12 sources, none of them confirmed dead yet
      - https://lost.test/nothing (not-found)
      - https://gone.test/never (gone)
      - https://down.test/down (server-error)
      - https://shop.test/2019/article-about-a-thing (soft-404)

    `sourcekeep report --only broken` lists them one by one.

    ## Cannot tell (5)

    | source | verdict | since | cited in | we hold |
    | --- | --- | --- | --- | --- |
    | https://wall.test/forbidden | blocked: 403 Forbidden | 2026-01-05 | posts/two.md:3 | no copy |
    | https://busy.test/slower | blocked: 429 Too Many Requests | 2026-01-05 | posts/two.md:4 | no copy |
    | https://wall.test/members | login-wall: 401 Unauthorized | 2026-01-05 | posts/two.md:5 | no copy |
    | https://law.test/court | legal: 451 Unavailable For Legal Reasons | 2026-01-05 | posts/two.md:6 | no copy |
    | https://hollow.test/empty | collapsed: 200 OK, with an empty body | 2026-01-05 | posts/two.md:7 | no copy |

    ## Moved (1)

    | source | verdict | since | cited in | we hold |
    | --- | --- | --- | --- | --- |
    | https://old.test/moved → https://new.test/here | moved | 2026-01-05 | posts/one.md:7 | copy of 2026-01-05 |
    ");
}

/// The addresses that a report lists, with their news.
fn news(desk: &Desk, words: &str) -> String {
    let listed = desk
        .run(&format!("report --format jsonl {words}"))
        .exits(0)
        .out;
    let mut text = String::new();
    for line in listed.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        let word = |name: &str| entry[name].to_string().replace('"', "");
        let old = if word("backlog") == "true" {
            ", backlog"
        } else {
            ""
        };
        writeln!(text, "{} {}{old}", word("url"), word("news")).unwrap();
    }
    text
}

/// Three sources that were there at the first run.
fn three() -> Desk {
    let desk = Desk::new();
    desk.page("a.test", "/a", "A").page("b.test", "/b", "B");
    desk.page("c.test", "/c", "C");
    desk.post(
        "posts/a.md",
        &["https://a.test/a", "https://b.test/b", "https://c.test/c"],
    );
    desk.run("run posts").exits(0);
    desk
}

#[test]
fn what_is_new_is_told_once_and_as_often_as_it_is_read_after_one_run() {
    let desk = three();
    assert_eq!(news(&desk, ""), "");
    desk.web.remove("a.test", "/a");
    desk.day(1).run("run").exits(0);
    assert_snapshot!(news(&desk, ""), @"https://a.test/a new");
    assert_eq!(news(&desk, ""), news(&desk, "--new"), "twice after one run");
    desk.web.remove("b.test", "/b");
    desk.day(2).run("run").exits(0);
    assert_snapshot!(news(&desk, ""), @"https://a.test/a still");
    assert_snapshot!(news(&desk, "--new"), @"");
    assert_snapshot!(news(&desk, "--only not-found --new"), @"");
    assert_snapshot!(news(&desk, "--new --since 2026-01-06"), @"https://a.test/a new");
    desk.page("a.test", "/a", "A");
    desk.day(3).run("run").exits(0);
    assert_snapshot!(news(&desk, ""), @r"
    https://a.test/a recovered
    https://b.test/b new
    ");
    assert_snapshot!(desk.run("report --new --peek"), @r"
    exit code 0
    --- stdout
    3 sources cited in 1 post, 2026-01-08 · last run just now

    Newly broken (1)

      ✗ https://b.test/b
        not-found: 404 Not Found · failing, strike 1 of 3
        cited in   posts/a.md:4  “the b page”
        since      2026-01-08 (just now, last fine 2026-01-06)
        we hold    copy of 2026-01-05 “B”, 439 B

    Back again (1)

      ✓ https://a.test/a
        alive: 200 OK · was failing
        cited in   posts/a.md:3  “the a page”
        since      2026-01-08 (just now)
        we hold    copy of 2026-01-05 “A”, 439 B

    Of all: 2 alive · 1 not-found
    Held: 3 copies
    ");
    desk.day(4).run("run").exits(0);
    assert_snapshot!(news(&desk, ""), @"https://b.test/b still");
    assert_snapshot!(desk.run("report --new"), @r"
    exit code 0
    --- stdout
    3 sources cited in 1 post, 2026-01-09 · last run just now

    ✓ Nothing is new since the last report.
    Of all: 2 alive · 1 not-found
    Held: 3 copies
    ");
}

#[test]
fn only_whole_reports_count_as_read() {
    let desk = three();
    desk.web.remove("a.test", "/a");
    desk.day(1).run("run").exits(0);
    for words in ["--peek", "--new", "--since 1d", "--only dead"] {
        desk.run(&format!("report {words}")).exits(0);
        assert_eq!(desk.number("select count(*) from report"), 0, "{words}");
    }
    desk.day(2).run("run").exits(0);
    assert_snapshot!(news(&desk, "--peek"), @"https://a.test/a new");
    for format in ["text", "json", "csv", "markdown"] {
        desk.run(&format!("report --format {format}")).exits(0);
    }
    assert_snapshot!(desk.rows("select at, run_id from report"), @"1767772800000 | 3");
    // As of an instant, a real archive is only looked at.
    desk.archive()
        .execute("update archive set simulated = 0", [])
        .unwrap();
    desk.day(9).run("report").exits(0);
    assert_eq!(desk.number("select max(at) from report"), 1_767_772_800_000);
}

#[test]
fn what_was_broken_before_it_was_added_is_summed_up_for_each_input() {
    let desk = Desk::new();
    desk.page("there.test", "/0", "There");
    let sources: Vec<_> = (0..9)
        .map(|n| format!("https://gone{n}.test/{n}"))
        .collect();
    let mut addresses: Vec<_> = sources.iter().map(String::as_str).collect();
    addresses.push("https://there.test/0");
    desk.post("blog/a.md", &addresses);
    desk.post("notes.md", &["https://gone0.test/0"]);
    desk.run("run blog notes.md").exits(0);
    assert_snapshot!(desk.run("report"), @r"
    exit code 0
    --- stdout
    10 sources cited in 2 posts, 2026-01-05 · last run just now

    Broken before it was added (9)

      blog: 9 of 10 sources, none of them confirmed dead yet
        ✗ https://gone0.test/0
          not-found: 404 Not Found · blog/a.md:3
        ✗ https://gone1.test/1
          not-found: 404 Not Found · blog/a.md:4
        ✗ https://gone2.test/2
          not-found: 404 Not Found · blog/a.md:5
        ✗ https://gone3.test/3
          not-found: 404 Not Found · blog/a.md:6
        ✗ https://gone4.test/4
          not-found: 404 Not Found · blog/a.md:7
        … and 4 more

      notes.md: 1 of 1 source, not confirmed dead yet
        ✗ https://gone0.test/0
          not-found: 404 Not Found · blog/a.md:3

      `sourcekeep report --only broken` lists them one by one, with what cites them

    Of all: 9 not-found · 1 alive
    Held: 1 copy
    ");
    assert_snapshot!(desk.run("report --format markdown"), @r"
    exit code 0
    --- stdout
    # Sources, 2026-01-05

    10 sources cited in 2 posts; 1 copy held.

    ## Broken before it was added (9)

    - blog: 9 of 10 sources, none of them confirmed dead yet
      - https://gone0.test/0 (not-found)
      - https://gone1.test/1 (not-found)
      - https://gone2.test/2 (not-found)
      - https://gone3.test/3 (not-found)
      - https://gone4.test/4 (not-found)
      - … and 4 more
    - notes.md: 1 of 1 source, not confirmed dead yet
      - https://gone0.test/0 (not-found)

    `sourcekeep report --only broken` lists them one by one.
    ");
    let listed = desk.run("report --only broken").exits(0).out;
    assert!(listed.contains("Newly broken (9)"), "{listed}");
    for day in 1..=4 {
        desk.day(day).run("run").exits(0);
    }
    assert_snapshot!(desk.run("report"), @r"
    exit code 0
    --- stdout
    10 sources cited in 2 posts, 2026-01-09 · last run just now

    Broken before it was added (9)

      blog: 9 of 10 sources, all of them confirmed dead
        ✗ https://gone0.test/0
          not-found: 404 Not Found · blog/a.md:3
        ✗ https://gone1.test/1
          not-found: 404 Not Found · blog/a.md:4
        ✗ https://gone2.test/2
          not-found: 404 Not Found · blog/a.md:5
        ✗ https://gone3.test/3
          not-found: 404 Not Found · blog/a.md:6
        ✗ https://gone4.test/4
          not-found: 404 Not Found · blog/a.md:7
        … and 4 more

      notes.md: 1 of 1 source, confirmed dead
        ✗ https://gone0.test/0
          not-found: 404 Not Found · blog/a.md:3

      `sourcekeep report --only dead` lists them one by one, with what cites them

    Of all: 9 not-found · 1 alive
    Held: 1 copy
    ");
    assert_snapshot!(desk.run("report --new"), @r"
    exit code 0
    --- stdout
    10 sources cited in 2 posts, 2026-01-09 · last run just now

    ✓ Nothing is new since the last report.
    Of all: 9 not-found · 1 alive
    Held: 1 copy
    ");
    assert_snapshot!(news(&desk, "--only dead --since 2026-01-08").lines().take(2).collect::<Vec<_>>().join("\n"), @r"
    https://gone0.test/0 still, backlog
    https://gone1.test/1 still, backlog
    ");
    // A dead link in a new post of an old input is news.
    desk.post("blog/b.md", &["https://late.test/page"]);
    desk.day(30).run("run").exits(0);
    assert_snapshot!(news(&desk, "--new"), @"https://late.test/page new");
}

#[test]
fn a_report_says_first_if_the_last_run_cannot_be_believed() {
    let desk = three();
    desk.day(5);
    assert_snapshot!(desk.run("report").out.lines().take(3).collect::<Vec<_>>().join("\n"), @r"
    3 sources cited in 1 post, 2026-01-10 · last run 5 days ago
    ! No run has gone well since 2026-01-05 (5 days ago).
    ");
    // A run that was killed has no end.
    desk.archive()
        .execute(
            "insert into run (command, started_at, version, pid) values ('run', 1768032000000, '0', 7)",
            [],
        )
        .unwrap();
    assert_snapshot!(desk.run("report").out.lines().take(3).collect::<Vec<_>>().join("\n"), @r"
    3 sources cited in 1 post, 2026-01-10 · last run 5 days ago
    ! The last run, which began just now, was killed; what it had done until then is kept.
    ! No run has gone well since 2026-01-05 (5 days ago).
    ");
    let head = desk.run("report --format json").exits(0).out;
    let head: serde_json::Value = serde_json::from_str(&head).unwrap();
    assert_eq!(head["last_run"]["result"], "killed");
    assert_eq!(head["last_run_at"], "2026-01-05T08:00:00Z");
    assert_eq!(head["last_good_run_at"], "2026-01-05T08:00:00Z");
    desk.run("run").exits(0);
    let text = desk.run("report").exits(0).out;
    assert!(!text.contains('!'), "{text}");
    desk.archive()
        .execute("update run set result = 'interrupted'", [])
        .unwrap();
    assert_snapshot!(desk.run("report --format markdown").out.lines().take(6).collect::<Vec<_>>().join("\n"), @r"
    # Sources, 2026-01-10

    3 sources cited in 1 post; 3 copies held.

    > **Note:** The last run, just now, was interrupted; the rest is due at the next one.
    ");
}

#[test]
#[cfg(unix)]
fn an_archive_that_cannot_be_written_is_reported_all_the_same() {
    use std::os::unix::fs::PermissionsExt;
    let desk = three();
    let path = desk.path("sourcekeep.db");
    let set = |mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&path, permissions).unwrap();
    };
    set(0o444);
    let done = desk.run("report");
    set(0o644);
    assert_snapshot!(done, @r"
    exit code 0
    --- stdout
    3 sources cited in 1 post, 2026-01-05 · last run just now

    ✓ All of them are fine.
    Of all: 3 alive
    Held: 3 copies
    ");
}

/// What each source of a desk stands for, and why, in the words of `report --format jsonl`.
fn reasons(desk: &Desk) -> String {
    let mut told = String::new();
    for line in desk.run("report --all --format jsonl").exits(0).out.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        let evidence: Vec<String> = serde_json::from_value(entry["evidence"].clone()).unwrap();
        writeln!(
            told,
            "{}  {}",
            entry["url"].as_str().unwrap(),
            entry["verdict"]
        )
        .unwrap();
        for says in evidence {
            writeln!(told, "    {says}").unwrap();
        }
    }
    told
}

/// What became of pages, by the name of their host.
const FATES: [(&str, &str); 7] = [
    (
        "lost",
        "<html lang=en><title>Page not found</title><h1>Oops</h1><p>We cannot find that page.",
    ),
    (
        "parked",
        "<title>parked.test is for sale</title><h1>parked.test</h1><p>This domain is for sale.",
    ),
    (
        "wall",
        "<title>Just a moment...</title><script>window._cf_chl_opt={cType:'managed'}</script>",
    ),
    (
        "login",
        "<title>Log in</title><h1>Log in</h1><form><input name=u><input type=password></form>",
    ),
    (
        "shell",
        "<title>App</title><div id=root></div><script src=/app.js></script>",
    ),
    (
        "thin",
        "<title>Words of thin</title><h1>Words of thin</h1><p>Soon more.",
    ),
    (
        "other",
        "<title>Welcome</title><h1>Welcome</h1><p>To our new site.",
    ),
];

/// A desk whose sources were there on the first day, and are something else on the second.
fn turned() -> Desk {
    let desk = Desk::new();
    let mut sources = Vec::new();
    for (name, _) in FATES.into_iter().chain([("moved", "")]) {
        let host = format!("{name}.test");
        desk.page(&host, "/a/page", &format!("Words of {name}"));
        sources.push(format!("https://{host}/a/page"));
    }
    let sources: Vec<&str> = sources.iter().map(String::as_str).collect();
    desk.post("post.md", &sources);
    desk.run("run post.md").exits(0);
    desk.run("report").exits(0);
    for (name, html) in FATES {
        let host = format!("{name}.test");
        desk.web.page(&host, "/a/page", Page::html(html));
    }
    desk.page("moved.test", "/b/page", "Words of moved");
    desk.web
        .page("moved.test", "/a/page", Page::redirect(301, "/b/page"));
    desk.day(1).run("check --all");
    desk
}

#[test]
#[expect(clippy::too_many_lines, reason = "what it tells is long")]
fn reasons_are_words_with_the_one_that_decided_first() {
    let desk = turned();
    assert_snapshot!(reasons(&desk), @r#"
    https://lost.test/a/page  "soft-404"
        the title says "page not found"
        it has 6 words
        nothing of what our copy of 2026-01-05 says is there
        another title than that of our copy of 2026-01-05
        a phrase such as "not found" pages have
        200 OK
    https://parked.test/a/page  "parked"
        title or heading says "parked.test is for sale"
        title or heading names the domain itself, parked.test
        its title names no other subject
        a short text says "this domain is for sale"
        it has 7 words beside its links
        200 OK
    https://wall.test/a/page  "blocked"
        Cloudflare, JavaScript challenge (markup)
        Cloudflare, JavaScript challenge ("Just a moment...")
        no text
        200 OK
    https://login.test/a/page  "login-wall"
        the title says "log in" (en)
        a heading says "log in" (en)
        a field for a password
        some 2 words of text
        200 OK
    https://shell.test/a/page  "collapsed"
        an empty element that a script is to fill
        it has no words, and scripts
        nothing of what our copy of 2026-01-05 says is there
        200 OK
    https://thin.test/a/page  "drifted"
        replaced: 0 % of the text of our copy of 2026-01-05 stands; paragraphs: 5 gone, 1 new
        gone: “A paragraph about Words of thin, long enough to be read as the text of a page”
        200 OK
    https://other.test/a/page  "drifted"
        replaced: 0 % of the text of our copy of 2026-01-05 stands; paragraphs: 5 gone, 1 new
        gone: “A paragraph about Words of other, long enough to be read as the text of a page”
        200 OK
        it says "our new site"
        it has 5 words
        nothing of what our copy of 2026-01-05 says is there
    https://moved.test/a/page  "moved"
        redirected permanently to https://moved.test/b/page
        200 OK
        the title is that of our copy of 2026-01-05: Words of moved
        301 redirected to https://moved.test/b/page
    "#);
    assert_snapshot!(desk.run("report --all").exits(0).out, @r#"
    8 sources cited in 1 post, 2026-01-06 · last run just now

    Newly broken (2)

      ✗ https://lost.test/a/page
        soft-404: the title says "page not found"; it has 6 words · failing, strike 1 of 3
        cited in   post.md:3  “the page page”
        since      2026-01-06 (just now, last fine 2026-01-05)
        we hold    copy of 2026-01-05 “Words of lost”, 523 B

      ✗ https://parked.test/a/page
        parked: title or heading says "parked.test is for sale"; title or heading names the domain itself, parked.test · failing, strike 1 of 3
        cited in   post.md:4  “the page page”
        since      2026-01-06 (just now, last fine 2026-01-05)
        we hold    copy of 2026-01-05 “Words of parked”, 537 B

    Drifted: the page is there, and says something else (2)

      ≠ https://thin.test/a/page
        drifted: replaced: 0 % of the text of our copy of 2026-01-05 stands; paragraphs: 5 gone, 1 new; gone: “A paragraph about Words of thin, long enough to be read as the text of a page” · seen once
        compare    sourcekeep diff https://thin.test/a/page
        cited in   post.md:8  “the page page”
        since      2026-01-06 (just now)
        we hold    copy of 2026-01-06 “Words of thin”, 63 B

      ≠ https://other.test/a/page
        drifted: replaced: 0 % of the text of our copy of 2026-01-05 stands; paragraphs: 5 gone, 1 new; gone: “A paragraph about Words of other, long enough to be read as the text of a page” · seen once
        compare    sourcekeep diff https://other.test/a/page
        cited in   post.md:9  “the page page”
        since      2026-01-06 (just now)
        we hold    copy of 2026-01-06 “Welcome”, 57 B

    Cannot tell (3)

      ? https://wall.test/a/page
        blocked: Cloudflare, JavaScript challenge (markup); no text
        cited in   post.md:5  “the page page”
        since      2026-01-06 (just now, last fine 2026-01-05)
        we hold    copy of 2026-01-05 “Words of wall”, 523 B

      ? https://login.test/a/page
        login-wall: the title says "log in" (en); a heading says "log in" (en)
        cited in   post.md:6  “the page page”
        since      2026-01-06 (just now, last fine 2026-01-05)
        we hold    copy of 2026-01-05 “Words of login”, 530 B

      ? https://shell.test/a/page
        collapsed: an empty element that a script is to fill; it has no words, and scripts
        cited in   post.md:7  “the page page”
        since      2026-01-06 (just now, last fine 2026-01-05)
        we hold    copy of 2026-01-05 “Words of shell”, 530 B

    Moved (1)

      → https://moved.test/a/page
        moved
        now at     https://moved.test/b/page
        cited in   post.md:10  “the page page”
        since      2026-01-06 (just now)
        we hold    copy of 2026-01-05 “Words of moved”, 530 B

    Of all: 2 drifted · 1 blocked · 1 collapsed · 1 login-wall · 1 moved · 1 parked · 1 soft-404
    Held: 10 copies
    "#);
}

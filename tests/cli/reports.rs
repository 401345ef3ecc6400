//! `report`: its formats, and which sources it lists.

use insta::assert_snapshot;

use crate::fates;

#[test]
fn a_report_for_a_person() {
    let desk = fates::desk();
    desk.run("run posts");
    assert_snapshot!(desk.run("report"), @r"
    exit code 0
    --- stdout
    12 sources cited in 2 posts, 2026-01-05 · last run just now

    Newly broken (4)

      ✗ https://lost.test/nothing
        not-found: 404 Not Found · failing, strike 1 of 3
        cited in   posts/one.md:4  “the nothing page”
        since      2026-01-05 (just now)
        we hold    no copy

      ✗ https://gone.test/never
        gone: 410 Gone · failing, strike 1 of 3
        cited in   posts/one.md:5  “the never page”
        since      2026-01-05 (just now)
        we hold    no copy

      ✗ https://down.test/down
        server-error: 500 Internal Server Error · failing, strike 1 of 3
        cited in   posts/one.md:6  “the down page”
        since      2026-01-05 (just now)
        we hold    no copy

      ✗ https://shop.test/2019/article-about-a-thing
        soft-404: redirected to the front page: https://shop.test/; 200 OK · failing, strike 1 of 3
        cited in   posts/two.md:8  “the article-about-a-thing page”
        since      2026-01-05 (just now)
        we hold    no copy

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
    {"url":"https://alive.test/alive","standing":"alive","verdict":"alive","status":200,"final_url":"https://alive.test/alive","since":"2026-01-05T08:00:00Z","checked_at":"2026-01-05T08:00:00Z","next_check_at":"2026-01-06T06:22:22Z","captures":1,"last_capture_at":"2026-01-05T08:00:00Z","baselined":true,"quotes":{"verbatim":0,"altered":0,"missing":0,"never-seen":0,"unknown":0},"rescue":null,"cited_by":[{"post":"[desk]/posts/one.md","text":"the alive page","line":3},{"post":"[desk]/posts/two.md","text":"the alive#part page","line":9}],"evidence":["200 OK"],"strikes":0,"last_fine_at":"2026-01-05T08:00:00Z","moved_to":null,"robots":"allowed","held":{"capture":"[id]","at":"2026-01-05T08:00:00Z","title":"Alive","size":467}}
    {"url":"https://lost.test/nothing","standing":"failing","verdict":"not-found","status":404,"final_url":"https://lost.test/nothing","since":"2026-01-05T08:00:00Z","checked_at":"2026-01-05T08:00:00Z","next_check_at":"2026-01-05T08:55:57Z","captures":0,"last_capture_at":null,"baselined":false,"quotes":{"verbatim":0,"altered":0,"missing":0,"never-seen":0,"unknown":0},"rescue":null,"cited_by":[{"post":"[desk]/posts/one.md","text":"the nothing page","line":4}],"evidence":["404 Not Found"],"strikes":1,"last_fine_at":null,"moved_to":null,"robots":null,"held":null}
    {"url":"https://old.test/moved","standing":"alive","verdict":"moved","status":200,"final_url":"https://new.test/here","since":"2026-01-05T08:00:00Z","checked_at":"2026-01-05T08:00:00Z","next_check_at":"2026-01-06T06:23:02Z","captures":1,"last_capture_at":"2026-01-05T08:00:00Z","baselined":true,"quotes":{"verbatim":0,"altered":0,"missing":0,"never-seen":0,"unknown":0},"rescue":null,"cited_by":[{"post":"[desk]/posts/one.md","text":"the moved page","line":7}],"evidence":["redirected permanently to https://new.test/here","200 OK","301 redirected to https://new.test/here"],"strikes":0,"last_fine_at":"2026-01-05T08:00:00Z","moved_to":"https://new.test/here","robots":"allowed","held":{"capture":"[id]","at":"2026-01-05T08:00:00Z","title":"Here","size":460}}
    {"url":"http://plain.test/secure","standing":"alive","verdict":"alive","status":200,"final_url":"https://www.plain.test/secure/","since":"2026-01-05T08:00:00Z","checked_at":"2026-01-05T08:00:00Z","next_check_at":"2026-01-06T05:52:11Z","captures":1,"last_capture_at":"2026-01-05T08:00:00Z","baselined":true,"quotes":{"verbatim":0,"altered":0,"missing":0,"never-seen":0,"unknown":0},"rescue":null,"cited_by":[{"post":"[desk]/posts/one.md","text":"the secure page","line":8}],"evidence":["200 OK","301 redirected to https://www.plain.test/secure/"],"strikes":0,"last_fine_at":"2026-01-05T08:00:00Z","moved_to":null,"robots":"allowed","held":{"capture":"[id]","at":"2026-01-05T08:00:00Z","title":"Secure","size":474}}
    "#);
    assert_snapshot!(desk.run("report --format json --only not-found"), @r#"
    exit code 0
    --- stdout
    {"generated_at":"2026-01-05T08:00:00Z","last_run_at":"2026-01-05T08:00:00Z","inputs":1,"posts":2,"citations":13,"sources":12,"captures":3,"standings":{"alive":3,"failing":4,"uncertain":5},"verdicts":{"alive":2,"blocked":2,"collapsed":1,"gone":1,"legal":1,"login-wall":1,"moved":1,"not-found":1,"server-error":1,"soft-404":1},"kept_by_robots":0,"unbaselined":0,"entries":[
    {"url":"https://lost.test/nothing","standing":"failing","verdict":"not-found","status":404,"final_url":"https://lost.test/nothing","since":"2026-01-05T08:00:00Z","checked_at":"2026-01-05T08:00:00Z","next_check_at":"2026-01-05T08:55:57Z","captures":0,"last_capture_at":null,"baselined":false,"quotes":{"verbatim":0,"altered":0,"missing":0,"never-seen":0,"unknown":0},"rescue":null,"cited_by":[{"post":"[desk]/posts/one.md","text":"the nothing page","line":4}],"evidence":["404 Not Found"],"strikes":1,"last_fine_at":null,"moved_to":null,"robots":null,"held":null}
    ]}
    "#);
    assert_snapshot!(desk.run("report --format csv"), @r#"
    exit code 0
    --- stdout
    url,standing,verdict,status,final_url,since,checked_at,next_check_at,captures,last_capture_at,baselined,moved_to,strikes,last_fine_at,evidence,posts,cited_by,text
    https://lost.test/nothing,failing,not-found,404,https://lost.test/nothing,2026-01-05T08:00:00Z,2026-01-05T08:00:00Z,2026-01-05T08:55:57Z,0,,false,,1,,404 Not Found,1,[desk]/posts/one.md:4,the nothing page
    https://gone.test/never,failing,gone,410,https://gone.test/never,2026-01-05T08:00:00Z,2026-01-05T08:00:00Z,2026-01-05T08:55:44Z,0,,false,,1,,410 Gone,1,[desk]/posts/one.md:5,the never page
    https://down.test/down,failing,server-error,500,https://down.test/down,2026-01-05T08:00:00Z,2026-01-05T08:00:00Z,2026-01-05T08:56:33Z,0,,false,,1,,500 Internal Server Error,1,[desk]/posts/one.md:6,the down page
    https://old.test/moved,alive,moved,200,https://new.test/here,2026-01-05T08:00:00Z,2026-01-05T08:00:00Z,2026-01-06T06:23:02Z,1,2026-01-05T08:00:00Z,true,https://new.test/here,0,2026-01-05T08:00:00Z,redirected permanently to https://new.test/here; 200 OK; 301 redirected to https://new.test/here,1,[desk]/posts/one.md:7,the moved page
    https://wall.test/forbidden,uncertain,blocked,403,https://wall.test/forbidden,2026-01-05T08:00:00Z,2026-01-05T08:00:00Z,2026-01-06T05:08:54Z,0,,false,,0,,403 Forbidden,1,[desk]/posts/two.md:3,the forbidden page
    https://busy.test/slower,uncertain,blocked,429,https://busy.test/slower,2026-01-05T08:00:00Z,2026-01-05T08:00:00Z,2026-01-06T06:08:53Z,0,,false,,0,,429 Too Many Requests,1,[desk]/posts/two.md:4,the slower page
    https://wall.test/members,uncertain,login-wall,401,https://wall.test/members,2026-01-05T08:00:00Z,2026-01-05T08:00:00Z,2026-01-06T06:22:52Z,0,,false,,0,,401 Unauthorized,1,[desk]/posts/two.md:5,the members page
    https://law.test/court,uncertain,legal,451,https://law.test/court,2026-01-05T08:00:00Z,2026-01-05T08:00:00Z,2026-01-06T06:21:13Z,0,,false,,0,,451 Unavailable For Legal Reasons,1,[desk]/posts/two.md:6,the court page
    https://hollow.test/empty,uncertain,collapsed,200,https://hollow.test/empty,2026-01-05T08:00:00Z,2026-01-05T08:00:00Z,2026-01-06T05:33:39Z,0,,false,,0,,"200 OK, with an empty body",1,[desk]/posts/two.md:7,the empty page
    https://shop.test/2019/article-about-a-thing,failing,soft-404,200,https://shop.test/,2026-01-05T08:00:00Z,2026-01-05T08:00:00Z,2026-01-05T08:56:45Z,0,,false,,1,,redirected to the front page: https://shop.test/; 200 OK; 302 redirected to https://shop.test/,1,[desk]/posts/two.md:8,the article-about-a-thing page
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

    ## Newly broken (4)

    | source | verdict | since | cited in | we hold |
    | --- | --- | --- | --- | --- |
    | https://lost.test/nothing | not-found: 404 Not Found | 2026-01-05 | posts/one.md:4 | no copy |
    | https://gone.test/never | gone: 410 Gone | 2026-01-05 | posts/one.md:5 | no copy |
    | https://down.test/down | server-error: 500 Internal Server Error | 2026-01-05 | posts/one.md:6 | no copy |
    | https://shop.test/2019/article-about-a-thing | soft-404: redirected to the front page: https://shop.test/; 200 OK | 2026-01-05 | posts/two.md:8 | no copy |

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

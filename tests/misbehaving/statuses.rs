//! Answers that say no, each in its own way.

use std::time::Duration;

use crate::web::Page;

const HOUR: Duration = Duration::from_secs(3600);
const WORDS: &str = "<!doctype html><title>No</title><p>A page about what went wrong.</p>";

fn says(status: u16) -> Page {
    Page::html(WORDS).status(status)
}

/// Three days after the `Date` of the test web's answers.
const IN_THREE_DAYS: &str = "Thu, 26 Nov 2026 12:00:00 GMT";

behaviours! {
    "Statuses";

    says_101: "switches to a protocol that nobody asked for (101)" =>
    ProtocolError, UnexpectedStatus, "at once", |stage| {
        stage.sends("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
    };

    says_204: "says 204" => Collapsed, NoContent, "at once", |stage| stage.answers(Page::empty(204));

    says_206: "sends a part that nobody asked for (206)" =>
    Alive, Status, "at once", |stage| stage.answers(says(206).header("content-range", "bytes 0-67/68"));

    says_300: "offers a choice (300)" =>
    ProtocolError, RedirectWithoutLocation, "at once", |stage| stage.answers(says(300));

    says_304: "says 304 to a request without conditions" =>
    ProtocolError, BrokenHttp, "at once", |stage| stage.answers(Page::empty(304));

    says_400: "says 400" => ClientError, Status, "at once", |stage| stage.answers(says(400));

    says_401: "asks for a login (401)" => LoginWall, Status, "at once", |stage| {
        stage.answers(says(401).header("www-authenticate", "Basic realm=\"members\""))
    };

    says_402: "asks for payment (402)" => Paywall, Status, "at once", |stage| stage.answers(says(402));

    says_403: "says 403" => Blocked, Status, "at once", |stage| stage.answers(says(403));

    says_404: "says 404" => NotFound, Status, "at once", |stage| stage.answers(says(404));

    says_407: "asks for a login at a proxy (407), where there is none" =>
    Blocked, Status, "at once", |stage| {
        stage.answers(says(407).header("proxy-authenticate", "Basic realm=\"proxy\""))
    };

    says_408: "says 408" => Timeout, Status, "at once", |stage| stage.answers(says(408));

    says_410: "says 410" => Gone, Status, "at once", |stage| stage.answers(says(410));

    says_418: "says 418" => ClientError, Status, "at once", |stage| stage.answers(says(418));

    says_425: "says 425" => Timeout, Status, "at once", |stage| stage.answers(says(425));

    says_429_with_seconds: "says 429, with `Retry-After` in seconds" =>
    Blocked, Status, "at once; the next visit is after that time", |stage| {
        stage.answers(says(429).header("retry-after", "259200")).waits_at_least(72 * HOUR)
    };

    says_429_with_a_date: "says 429, with `Retry-After` as a date" =>
    Blocked, Status, "at once; the next visit is after that time", |stage| {
        stage.answers(says(429).header("retry-after", IN_THREE_DAYS)).waits_at_least(72 * HOUR)
    };

    says_429_with_nonsense: "says 429, with a `Retry-After` that is neither" =>
    Blocked, Status, "at once", |stage| {
        stage.answers(says(429).header("retry-after", "soon")).waits_at_least(HOUR)
    };

    says_429_for_a_thousand_years: "says 429, with `Retry-After` in a thousand years" =>
    Blocked, Status, "at once; it counts as 30 days", |stage| {
        let seen = stage.answers(says(429).header("retry-after", "31536000000")).waits_at_least(24 * 29 * HOUR);
        assert!(seen.next_in_ms < 40 * 24 * 3_600_000, "{seen:#?}");
        seen
    };

    says_451: "says 451" => Legal, Status, "at once", |stage| stage.answers(says(451));

    says_500: "says 500" => ServerError, Status, "at once", |stage| stage.answers(says(500));

    says_503_with_seconds: "says 503, with `Retry-After` in seconds" =>
    ServerError, Status, "at once; the next visit is after that time", |stage| {
        stage.answers(says(503).header("retry-after", "259200")).waits_at_least(72 * HOUR)
    };

    says_503_with_a_date: "says 503, with `Retry-After` as a date" =>
    ServerError, Status, "at once; the next visit is after that time", |stage| {
        stage.answers(says(503).header("retry-after", IN_THREE_DAYS)).waits_at_least(72 * HOUR)
    };

    says_511: "is a network on the way that asks for a login (511)" =>
    Blocked, CaptivePortal, "at once", |stage| stage.answers(says(511));

    says_522: "says 522, as a cache in front of a dead server" =>
    ServerError, Status, "at once", |stage| stage.answers(says(522));

    says_600: "says 600" => ProtocolError, UnexpectedStatus, "at once", |stage| stage.answers(says(600));

    says_999: "says 999" => Blocked, Status, "at once", |stage| stage.answers(says(999));

    says_a_status_of_two_digits: "says 20" => ProtocolError, BrokenHttp, "at once", |stage| {
        stage.sends("HTTP/1.1 20 OK\r\n\r\nwords")
    };

    says_a_status_of_four_digits: "says 2000" => ProtocolError, BrokenHttp, "at once", |stage| {
        stage.sends("HTTP/1.1 2000 OK\r\n\r\nwords")
    };

    says_a_bot_wall_answered: "says 403 by a bot wall that gives itself away" =>
    Blocked, ChallengeHeader, "at once", |stage| {
        stage.answers(says(403).header("cf-mitigated", "challenge"))
    };

    says_404_by_a_bot_wall: "says 404 by a bot wall that gives itself away" =>
    Blocked, ChallengeHeader, "at once", |stage| {
        stage.answers(says(404).header("cf-mitigated", "challenge"))
    };
}

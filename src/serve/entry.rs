//! The way in and out: a page that asks for the password, and what is answered to those who are outside.

use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, Response, StatusCode};

use super::Site;
use super::access::{Refused, cookie};
use super::acts::is_own;
use super::answer::{Answer, Policy};
use super::api::Problem;
use super::body::{self, Sent, Takes};
use super::listen::Peer;
use super::request::{Asked, Responding, Side, Way, asked, named, note};

#[derive(Template)]
#[template(path = "ui/login.html")]
struct Page {
    /// Where one wants to go.
    to: String,
    problem: Option<String>,
    /// Whether there is a password at all.
    has_password: bool,
}

/// What is answered to somebody who may not see what they ask for.
pub(super) fn outside(site: &Site, side: Side, host: &str, path: &str) -> Answer {
    if side == Side::Replay {
        let ui = site.ui.beside(&site.replay, host);
        let words = format!("log in first: {ui}/login");
        return Answer::words(StatusCode::UNAUTHORIZED, &words);
    }
    let is_program = [
        "/api/",
        "/metrics",
        "/feed.atom",
        "/sources.csv",
        "/decisions.csv",
        "/events",
    ]
    .iter()
    .any(|start| path.starts_with(start));
    if is_program {
        let detail = "a token is needed (Authorization: Bearer ...), or a browser that logged in";
        return Problem::new(StatusCode::UNAUTHORIZED, detail).answer();
    }
    let to = if is_own(path) { path } else { "/" };
    let to: String = url::form_urlencoded::byte_serialize(to.as_bytes()).collect();
    Answer::elsewhere(format!("/login?to={to}"))
}

/// `/login`.
pub(super) fn login(State(site): State<Arc<Site>>, request: Request) -> Responding {
    Box::pin(entered(site, request, true))
}

/// `/logout`.
pub(super) fn logout(State(site): State<Arc<Site>>, request: Request) -> Responding {
    Box::pin(entered(site, request, false))
}

async fn entered(site: Arc<Site>, request: Request, is_in: bool) -> Response<Body> {
    let begun = std::time::Instant::now();
    let (head, body) = request.into_parts();
    let way = Way {
        // (Only that something may be sent there matters.)
        act: Some(|_, _, _| Err(super::acts::Undone::absent(""))),
        is_public: true,
        ..Way::read(Side::Ui, |site, asked| Ok(page(site, asked, None)))
    };
    let answer = match asked(&site, way, &head) {
        Err(refused) => refused,
        Ok(asked) if head.method != Method::POST && is_in => page(&site, &asked, None),
        Ok(_) if head.method != Method::POST => Answer::elsewhere("/".to_owned()),
        Ok(asked) => match body::read(&head.headers, body, Takes::OfStrangers, &site.files).await {
            Err(refused) => refused,
            Ok(sent) if is_in => {
                let peer = head.extensions.get::<Peer>().copied();
                log_in(&site, &asked, peer, &sent).await
            }
            Ok(sent) if asked.who.csrf.as_deref() == sent.raw("csrf") => {
                site.door.log_out(&head.headers);
                let mut answer = Answer::see("/login".to_owned());
                answer.cookie = Some(cookie(None, site.ui.is_secure(&asked.host)).into());
                answer
            }
            Ok(_) => Answer::see("/".to_owned()),
        },
    };
    let response = answer.to(&head.method, &head.headers, &named(&site, Side::Ui, &head));
    note(&site, Side::Ui, &head, None, &response, begun);
    response
}

async fn log_in(site: &Site, asked: &Asked, peer: Option<Peer>, sent: &Sent) -> Answer {
    let peer = peer.map_or(std::net::IpAddr::from([0, 0, 0, 0]), |peer| peer.0);
    let password = sent.raw("password").unwrap_or_default().to_owned();
    match site.door.log_in(peer, password).await {
        Ok(value) => {
            let to = sent.get("to").filter(|to| is_own(to)).unwrap_or("/");
            let mut answer = Answer::see(to.to_owned());
            answer.cookie = Some(cookie(Some(&value), site.ui.is_secure(&asked.host)).into());
            answer
        }
        Err(Refused::Wrong) => {
            let says = "That is not the password.".to_owned();
            page(site, asked, Some((says, sent))).with(StatusCode::FORBIDDEN)
        }
        Err(Refused::TooOften(seconds)) => {
            let says = format!(
                "There were too many tries. Try again in {} minutes.",
                seconds.div_ceil(60)
            );
            let mut answer =
                page(site, asked, Some((says, sent))).with(StatusCode::TOO_MANY_REQUESTS);
            answer.retry_after = u32::try_from(seconds).ok();
            answer
        }
        Err(Refused::NoPassword) => {
            let says = "There is no password: programs come in by tokens.".to_owned();
            page(site, asked, Some((says, sent))).with(StatusCode::FORBIDDEN)
        }
        Err(Refused::Fault) => Answer::words(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the operating system gives no random numbers",
        ),
    }
}

/// The page that asks for the password.
fn page(site: &Site, asked: &Asked, problem: Option<(String, &Sent)>) -> Answer {
    let to = match &problem {
        Some((_, sent)) => sent.get("to").map(str::to_owned),
        None => asked.sent("to"),
    };
    let page = Page {
        to: to.filter(|to| is_own(to)).unwrap_or_else(|| "/".to_owned()),
        problem: problem.map(|(says, _)| says),
        has_password: site.door.has_password(),
    };
    // Writing to a string does not fail.
    Answer::page(Policy::Ui, page.render().unwrap_or_default())
}

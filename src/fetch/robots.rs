//! The Robots Exclusion Protocol (RFC 9309): fetching robots.txt through the one path, and what it says.
//!
//! What could be had is parsed whatever it claims to be; a file that is not there (4xx) allows everything; one that
//! may be there and cannot be had (5xx, 429, no connection) forbids everything for now. The text is handed out so
//! that it can be kept for a day.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::OnceCell;
use tokio::time::Instant;
use url::Url;

use super::Fetcher;
use super::error::Fault;
use super::facts::{Family, RobotsFact};
use super::redirect::follow;
use super::settings::PRODUCT;
use super::visit::{Accept, Fetched, Request};

/// Origins whose rules are remembered; with one more, all are forgotten and asked for again when they are needed.
const REMEMBERED: usize = 4096;
/// How long rules are remembered (RFC 9309, section 2.4).
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// How long an origin whose rules could not be had is left alone before they are asked for again.
const UNREACHABLE_KEPT: Duration = Duration::from_secs(3600);

/// What became of asking for a robots.txt (RFC 9309, section 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// There is one.
    Found,
    /// There is none: all is allowed.
    Unavailable,
    /// It cannot be told: nothing is allowed for now.
    Unreachable,
}

/// The rules of one origin that apply to us.
#[derive(Debug, Clone)]
pub struct Robots {
    access: Access,
    status: Option<u16>,
    text: Bytes,
    rules: robotxt::Robots,
}

impl Robots {
    /// The rules in a text, as it came or as it was kept.
    pub fn parse(status: Option<u16>, text: Bytes) -> Self {
        Self {
            access: Access::Found,
            status,
            rules: robotxt::Robots::parse(&text, PRODUCT),
            text,
        }
    }

    /// No rules: all is allowed.
    pub fn unavailable(status: Option<u16>) -> Self {
        Self {
            access: Access::Unavailable,
            status,
            text: Bytes::new(),
            rules: robotxt::Robots::allow_all(),
        }
    }

    /// Nobody knows: nothing is allowed for now.
    pub fn unreachable(status: Option<u16>) -> Self {
        Self {
            access: Access::Unreachable,
            status,
            text: Bytes::new(),
            rules: robotxt::Robots::disallow_all(),
        }
    }

    /// What becomes of an address of this origin.
    pub fn allows(&self, url: &Url) -> RobotsFact {
        if self.rules.is_url_allowed(url) {
            RobotsFact::Allowed
        } else if self.access == Access::Unreachable {
            RobotsFact::Unreachable
        } else {
            RobotsFact::Disallowed
        }
    }

    /// The pause that the origin asks for between requests. It is not in the RFC, and many mean it.
    pub fn crawl_delay(&self) -> Option<Duration> {
        self.rules.crawl_delay()
    }

    /// Sitemaps that the file names.
    pub fn sitemaps(&self) -> &[Url] {
        self.rules.sitemaps()
    }

    /// What became of asking.
    pub fn access(&self) -> Access {
        self.access
    }

    /// The status of the last answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The text, at most as much of it as is read; empty where there is none.
    pub fn text(&self) -> &Bytes {
        &self.text
    }

    fn from_visit(fetched: &Fetched) -> Self {
        let status = fetched.facts.hops.last().map(|hop| hop.status);
        match (&fetched.facts.failure, status) {
            // What is longer than is read is cut there, and no failure.
            (None, Some(200..=299)) => Self::of_body(fetched, status),
            (Some(failure), Some(200..=299)) if failure.family == Family::TooLarge => {
                Self::of_body(fetched, status)
            }
            (Some(failure), _)
                if matches!(failure.family, Family::RedirectLoop | Family::BadRedirect) =>
            {
                Self::unavailable(status)
            }
            // Nothing was sent, nor will be: whoever asks for the address itself hears why.
            (Some(failure), _) if failure.family == Family::Forbidden => Self::unavailable(status),
            // A host that counts our requests says "later", and not that there are no rules.
            (None, Some(429)) => Self::unreachable(status),
            (None | Some(_), Some(300..=499)) => Self::unavailable(status),
            _ => Self::unreachable(status),
        }
    }

    fn of_body(fetched: &Fetched, status: Option<u16>) -> Self {
        let text = fetched.body.as_ref().map(|body| body.bytes.clone());
        Self::parse(status, text.unwrap_or_default())
    }
}

#[derive(Debug)]
struct Known {
    robots: Arc<OnceCell<Arc<Robots>>>,
    since: Instant,
}

impl Known {
    /// Whether it must be asked for again; an answer that is still awaited never is.
    fn is_stale(&self) -> bool {
        let kept = match self.robots.get() {
            None => return false,
            Some(robots) if robots.access == Access::Unreachable => UNREACHABLE_KEPT,
            Some(_) => KEPT,
        };
        self.since.elapsed() >= kept
    }
}

/// What is known, one question for each origin at a time.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    by_origin: Mutex<HashMap<String, Known>>,
}

impl Cache {
    fn cell(&self, origin: &str) -> Arc<OnceCell<Arc<Robots>>> {
        let mut map = self
            .by_origin
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let known = map.get(origin);
        if let Some(known) = known.filter(|known| !known.is_stale()) {
            return Arc::clone(&known.robots);
        }
        if known.is_none() && map.len() >= REMEMBERED {
            map.retain(|_, known| !known.robots.initialized());
        }
        let robots = Arc::default();
        let known = Known {
            robots: Arc::clone(&robots),
            since: Instant::now(),
        };
        map.insert(origin.to_owned(), known);
        robots
    }
}

/// The rules for an address, asked for at most once a day.
pub(crate) async fn of(fetcher: &Fetcher, url: &Url) -> Result<Arc<Robots>, Fault> {
    let Ok(address) = robotxt::robots_url(url) else {
        return Err(Fault::Ours("the address has no robots.txt: it is not http"));
    };
    let cell = fetcher.robots.cell(&url.origin().ascii_serialization());
    let robots = cell
        .get_or_try_init(|| async {
            let request = Request {
                accept: Accept::Any,
                body_limit: Some(fetcher.limits.robots_bytes),
                ..Request::page(address)
            };
            let visit = follow(fetcher, &request, fetcher.limits.robots_redirects).await?;
            let robots = Robots::from_visit(&visit);
            if let (Some(delay), Some(host)) = (robots.crawl_delay(), url.host_str()) {
                fetcher.gate.set_delay(host.trim_end_matches('.'), delay);
            }
            Ok::<_, Fault>(Arc::new(robots))
        })
        .await?;
    Ok(Arc::clone(robots))
}

//! robots.txt, asked once a day for each origin and remembered in the archive.

use std::sync::Arc;

use bytes::Bytes;
use url::Url;

use super::Context;
use crate::fetch::{Access, Fault, Robots, RobotsFact};
use crate::store::RobotsRow;

/// RFC 9309, 2.4: a robots.txt should not be used for more than 24 hours.
const FRESH: i64 = 24 * 3_600_000;

/// What robots.txt says of an address.
///
/// # Errors
/// When it cannot be asked for now, which says nothing of the host: a fault of ours, or its turn has not come.
pub(super) async fn ask(context: &Context, url: &Url) -> Result<RobotsFact, Fault> {
    Ok(rules(context, url).await?.allows(url))
}

/// All that the robots.txt of an address's origin says. A crawl delay in it is kept from here on.
///
/// # Errors
/// As of [`ask`].
pub(super) async fn rules(context: &Context, url: &Url) -> Result<Arc<Robots>, Fault> {
    let origin = url.origin().ascii_serialization();
    let now = context.clock.now();
    let known = context
        .store
        .read("read robots.txt", |r| r.robots(&origin))
        .ok()
        .flatten();
    if let Some(row) = known
        && (0..FRESH).contains(&(now - row.read_at))
    {
        let robots = from_row(&row);
        if let (Some(delay), Some(host)) = (robots.crawl_delay(), url.host_str()) {
            context.fetcher.gate().set_delay(host, delay);
        }
        return Ok(Arc::new(robots));
    }
    let robots = context.fetcher.robots(url).await?;
    let status = match robots.access() {
        Access::Found => "present",
        Access::Unavailable => "absent",
        Access::Unreachable => "unreachable",
    };
    let row = RobotsRow {
        status: status.to_owned(),
        text: (robots.access() == Access::Found)
            .then(|| String::from_utf8_lossy(robots.text()).into_owned()),
        crawl_delay_ms: robots
            .crawl_delay()
            .map(|delay| i64::try_from(delay.as_millis()).unwrap_or(i64::MAX)),
        read_at: now,
    };
    // If the archive cannot take it, the visit's own row will say so.
    let _ = context
        .store
        .submit("keep a robots.txt", move |w| w.save_robots(&origin, &row))
        .await;
    Ok(robots)
}

fn from_row(row: &RobotsRow) -> Robots {
    match (row.status.as_str(), &row.text) {
        ("present", Some(text)) => Robots::parse(None, Bytes::from(text.clone().into_bytes())),
        ("absent", _) => Robots::unavailable(None),
        _ => Robots::unreachable(None),
    }
}

/// The name under which a row keeps the answer.
pub(super) fn name(fact: RobotsFact) -> &'static str {
    match fact {
        RobotsFact::Allowed => "allowed",
        RobotsFact::Disallowed => "disallowed",
        RobotsFact::Unreachable => "unreachable",
    }
}

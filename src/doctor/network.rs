//! The network: names, certificates, and what time it is elsewhere. Each look takes a few seconds at most.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use url::Url;

use super::{Check, Patient};
use crate::address::redacted;
use crate::fetch::{Family, Fetched, Fetcher, Request, ResolveError, Settings, name_servers};
use crate::store::Health;

/// How long one look may take.
const WITHIN: Duration = Duration::from_millis(4_500);
/// A name that is there whatever else is (RFC 2606).
const NAME: &str = "example.com";
/// How far our clock may be from another's, in seconds.
const APART: i64 = 300;

pub(super) async fn checks(patient: &Patient<'_>, health: Option<&Health>) -> Vec<Check> {
    let Some(settings) = patient.fetch else {
        return vec![Check::skipped("network", "not asked (--offline)")];
    };
    let mut settings = settings.clone();
    hurry(&mut settings);
    let fetcher = match Fetcher::new(&settings) {
        Ok(fetcher) => fetcher,
        Err(error) => {
            return vec![Check::problem(
                "network",
                error.to_string(),
                "correct the option or the key of the configuration that it names",
            )];
        }
    };
    let mut checks = vec![roots(&fetcher), names(patient, &fetcher).await];
    if let Some(name) = fetcher.vantage() {
        checks.push(vantage(patient, &fetcher, name).await);
    }
    if patient.urls.is_empty() {
        let way = "name a page of yours with --url to have it asked, and its clock compared";
        checks.push(Check::skipped("page", way));
    }
    for url in patient.urls {
        checks.extend(page(patient, health, &fetcher, url).await);
    }
    checks
}

fn hurry(settings: &mut Settings) {
    let limits = &mut settings.limits;
    limits.resolve = limits.resolve.min(Duration::from_secs(3));
    limits.connect = limits.connect.min(Duration::from_millis(3_500));
    limits.first_byte = limits.first_byte.min(Duration::from_secs(4));
    limits.idle = limits.idle.min(Duration::from_secs(2));
    limits.total = limits.total.min(WITHIN);
}

fn roots(fetcher: &Fetcher) -> Check {
    match fetcher.warnings().first() {
        None => Check::ok("certificates", "the authorities of this machine"),
        Some(warning) => Check::warning(
            "certificates",
            warning.clone(),
            "install the package ca-certificates, and keep it up to date",
        ),
    }
}

async fn names(patient: &Patient<'_>, fetcher: &Fetcher) -> Check {
    const CHECK: &str = "names";
    let asked = patient.urls.iter().find_map(Url::domain).unwrap_or(NAME);
    let servers: Vec<_> = name_servers().iter().map(ToString::to_string).collect();
    let servers = if servers.is_empty() {
        "no name server is configured".to_owned()
    } else {
        format!("name servers: {}", servers.join(", "))
    };
    let found = tokio::time::timeout(WITHIN, fetcher.look_up(asked)).await;
    let why = match found {
        Ok(Ok(_)) => return Check::ok(CHECK, format!("{asked} is found; {servers}")),
        // They answer, but perhaps for names of a network of their own only.
        Ok(Err(error @ (ResolveError::NoSuchName | ResolveError::NoAddress))) => {
            return Check::warning(
                CHECK,
                format!("{asked} is not found: {error}; {servers}"),
                "these name servers know no names of the internet, or not this one; name another page with --url",
            );
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no answer in time".to_owned(),
    };
    Check::problem(
        CHECK,
        format!("{asked} is not found: {why}; {servers}"),
        "is this machine on the network? check its name servers (/etc/resolv.conf); --proxy if there is one",
    )
}

/// Whether the second vantage can be used. Any answer that is not its proxy's own says that it can.
async fn vantage(patient: &Patient<'_>, fetcher: &Fetcher, name: &str) -> Check {
    const CHECK: &str = "second vantage";
    let url = match patient.urls.first() {
        Some(url) => Ok(url.clone()),
        None => Url::parse(&format!("https://{NAME}/")),
    };
    let Ok(url) = url else {
        return Check::skipped(CHECK, "there is no page to ask by it");
    };
    let shown = redacted(&url);
    let request = Request {
        by_vantage: true,
        body_limit: Some(64 * 1024),
        ..Request::page(url)
    };
    let why = match tokio::time::timeout(WITHIN, fetcher.get(&request)).await {
        Ok(Ok(fetched)) => match (fetched.facts.failure, fetched.facts.hops.last()) {
            (Some(failure), _) if failure.family == Family::Proxy => failure.detail,
            (_, Some(last)) => {
                let found = format!("{name} leads to {shown}, which answers {}", last.status);
                return Check::ok(CHECK, found);
            }
            (Some(failure), None) => format!("{shown}: {}", failure.detail),
            (None, None) => format!("{shown}: no answer"),
        },
        Ok(Err(fault)) => fault.to_string(),
        Err(_) => format!("{shown}: no answer in time"),
    };
    Check::warning(
        CHECK,
        format!("{name}: {why}"),
        "is its proxy running, and is fetch.second_vantage right? until then, second looks are made from here",
    )
}

/// Whether a page answers, and how far its server's clock is from ours.
async fn page(
    patient: &Patient<'_>,
    health: Option<&Health>,
    fetcher: &Fetcher,
    url: &Url,
) -> Vec<Check> {
    let shown = redacted(url);
    let request = Request {
        body_limit: Some(64 * 1024),
        ..Request::page(url.clone())
    };
    let advice = "is this machine on the network? is the page there? --proxy, if there is one";
    let answer = tokio::time::timeout(WITHIN, fetcher.get(&request)).await;
    let fetched = match answer {
        Ok(Ok(fetched)) => fetched,
        Ok(Err(fault)) => {
            return vec![Check::problem("page", format!("{shown}: {fault}"), advice)];
        }
        Err(_) => {
            return vec![Check::warning(
                "page",
                format!("{shown}: no answer in time"),
                advice,
            )];
        }
    };
    let Some(last) = fetched.exchanges.last() else {
        let why = fetched.facts.failure.as_ref();
        let why = why.map_or_else(|| "no answer".to_owned(), |failure| failure.detail.clone());
        return vec![Check::warning("page", format!("{shown}: {why}"), advice)];
    };
    let status = last.status;
    let said = format!("{shown} answers {status}");
    let mut checks = vec![if status < 400 {
        Check::ok("page", said)
    } else {
        Check::warning("page", said, "the network works; look at the page")
    }];
    let is_real = !patient.is_simulated && health.is_none_or(|health| !health.simulated);
    if let Some(date) = date(&fetched).filter(|_| is_real) {
        checks.push(compare(patient.now, date, url));
    }
    checks
}

/// What the server that answered last has on its clock, in milliseconds.
fn date(fetched: &Fetched) -> Option<i64> {
    let headers = &fetched.exchanges.last()?.response_headers;
    // Of several, the last is that of the server nearest to us.
    let (_, date) = headers.iter().rfind(|(name, _)| name == "date")?;
    let date: Timestamp = rfc2822::parse(date).ok()?.timestamp();
    Some(date.as_millisecond())
}

fn compare(now: i64, theirs: i64, url: &Url) -> Check {
    const CHECK: &str = "clock of others";
    let apart = (now - theirs) / 1000;
    let host = url.host_str().unwrap_or_default();
    if apart.abs() <= APART {
        return Check::ok(CHECK, format!("that of {host} says about the same"));
    }
    let way = if apart < 0 { "behind" } else { "ahead of" };
    Check::problem(
        CHECK,
        format!("ours is {} s {way} that of {host}", apart.abs()),
        "set the clock, and have it kept right by NTP",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    #[test]
    fn clocks_may_differ_a_little() {
        let url = Url::parse("https://a.example/").unwrap();
        assert_eq!(compare(1_000_000, 1_200_000, &url).state, State::Ok);
        let behind = compare(1_000_000, 1_400_000, &url);
        assert_eq!(behind.state, State::Problem);
        assert_eq!(behind.found, "ours is 400 s behind that of a.example");
    }
}

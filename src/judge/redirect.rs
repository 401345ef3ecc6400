//! Verdicts from where the redirects led, once the last answer is fine.
//!
//! Most links that die do so on living sites, which then redirect to their front page or to a page that says "not
//! found" with a fine status. An address alone proves little, so the rules take only what is clear, and let go
//! wherever the way may have been lost for another reason: consent and cookie steps, regions, redirectors, a site
//! that moved to a host of its own, a route kept in the fragment.

use url::Url;

use super::landing;
use super::suspicion::Suspicion;
use super::{Case, Code, Rule, Verdict, shown, status};
use crate::address::{canonical, trivially_same};
use crate::fetch::Hop;

/// The verdict of a visit whose last answer, `hop`, is fine, and of which nothing worse was decided.
pub(super) fn judge(case: &Case<'_>, hop: &Hop) -> Verdict {
    let line = status::line(hop.status);
    let fine = Verdict::new(Code::Alive, Rule::Status, line);
    let Ok(end) = Url::parse(&hop.url) else {
        return fine;
    };
    if trivially_same(case.address, &end) {
        return fine;
    }
    if let Some(saved) = saved_by_content(case) {
        return settled(case, &end, fine).and(saved.0, saved.1);
    }
    // What speaks for `soft-404` was weighed, and found too light.
    if let Some((code, rule)) = astray(case, &end)
        && code != Code::Soft404
    {
        let says = format!("{}: {}", words(rule), shown(end.as_str()));
        return Verdict::new(code, rule, says).and(Rule::Status, status::line(hop.status));
    }
    settled(case, &end, fine)
}

/// Weighs where the redirects led, as far as that speaks for a source that is gone.
pub(super) fn weigh(case: &Case<'_>, scale: &mut Suspicion) {
    let end = case
        .facts
        .hops
        .last()
        .and_then(|hop| Url::parse(&hop.url).ok());
    let Some(end) = end.filter(|end| !trivially_same(case.address, end)) else {
        return;
    };
    let before = scale.weight();
    match astray(case, &end) {
        Some((Code::Soft404, rule)) => {
            scale.add(
                100,
                rule,
                format!("{}: {}", words(rule), shown(end.as_str())),
            );
        }
        // Consent, a login, another region: where the way was lost, nothing is known of the source.
        Some(_) => return,
        None => {
            if let Some((weight, rule)) = half_astray(case, &end) {
                scale.add(
                    weight,
                    rule,
                    format!("{}: {}", words(rule), shown(end.as_str())),
                );
            }
        }
    }
    if let Some(sink) = case.around.sink.filter(|sink| sink.sources > 0) {
        let weight = 25 * sink.sources.min(3) as i32;
        let says = match sink.sources {
            1 => "the redirects of another source end here".to_owned(),
            sources => format!("the redirects of {sources} other sources end here"),
        };
        scale.add(weight, Rule::RedirectSink, says);
    }
    let weighed = scale.weight() - before;
    if weighed > 0
        && let Some((rule, says)) = saved_by_content(case)
    {
        scale.add(-weighed, rule, says);
    }
}

/// A place where sites send those who ask for what is gone, but others too: not enough by itself.
fn half_astray(case: &Case<'_>, end: &Url) -> Option<(i32, Rule)> {
    if keeps_route(case) || lost_its_way(case) || landing::is_regional(case.address, end) {
        return None;
    }
    if landing::is_front_page(end) {
        return (!landing::is_front_page(case.address)).then_some((40, Rule::RedirectToFrontPage));
    }
    landing::is_section_of(case.address, end).then_some((50, Rule::RedirectToSection))
}

/// Evidence of each redirect that was followed, in order.
pub(super) fn trail(case: &Case<'_>, mut verdict: Verdict) -> Verdict {
    for (hop, next) in steps(case) {
        let says = format!("{} redirected to {}", hop.status, shown(next));
        let rule = if is_permanent(hop) {
            Rule::RedirectedPermanently
        } else {
            Rule::RedirectedTemporarily
        };
        verdict = verdict.and(rule, says);
    }
    verdict
}

/// Each redirect that was followed, and the address it led to.
fn steps<'a>(case: &Case<'a>) -> impl Iterator<Item = (&'a Hop, &'a str)> {
    let hops = &case.facts.hops;
    let led_to = hops.iter().skip(1).map(|hop| hop.url.as_str());
    let failed_at = case.facts.failure.as_ref().map(|f| f.url.as_str());
    hops.iter()
        .zip(led_to.chain(failed_at))
        .filter(|(hop, _)| status::leads_on(hop))
}

fn is_permanent(hop: &Hop) -> bool {
    matches!(hop.status, 301 | 308)
}

/// The page shows that it is the source's, whatever its address looks like.
fn saved_by_content(case: &Case<'_>) -> Option<(Rule, String)> {
    let page = case.features?;
    let is_named = page
        .canonical
        .as_deref()
        .and_then(|address| Url::parse(address).ok())
        .is_some_and(|address| trivially_same(&address, case.address));
    if is_named {
        return Some((
            Rule::CanonicalNamesSource,
            "the page names the source as its canonical address".to_owned(),
        ));
    }
    let title = page.title.as_deref()?;
    let before = case.baseline?.title.as_deref()?;
    (title == before).then(|| {
        let copy = case.our_copy();
        (
            Rule::SameTitle,
            format!("the title is that of {copy}: {title}"),
        )
    })
}

/// Whether the redirects led to a place that cannot be the source: which code, by which rule.
fn astray(case: &Case<'_>, end: &Url) -> Option<(Code, Rule)> {
    let source = case.address;
    if landing::says_not_found(source, end) {
        return Some((Code::Soft404, Rule::RedirectToNotFoundPage));
    }
    if landing::is_consent(end) && !landing::is_consent(source) {
        return Some((Code::Collapsed, Rule::RedirectToConsent));
    }
    if landing::is_login(end) && !landing::is_login(source) {
        return Some((Code::LoginWall, Rule::RedirectToLogin));
    }
    if !landing::is_front_page(end) || keeps_route(case) {
        return None;
    }
    if !landing::is_too_deep_for(source, end) {
        return None;
    }
    if lost_its_way(case) {
        return Some((Code::Collapsed, Rule::RedirectThroughConsent));
    }
    if landing::is_regional(source, end) {
        return Some((Code::Collapsed, Rule::RedirectToRegionalFrontPage));
    }
    Some((Code::Soft404, Rule::RedirectToFrontPage))
}

/// Whether the last redirect names a place on the front page, as sites of one page and of scripts do.
fn keeps_route(case: &Case<'_>) -> bool {
    steps(case)
        .last()
        .and_then(|(hop, _)| hop.header("location"))
        .and_then(|location| location.split_once('#'))
        .is_some_and(|(_, fragment)| !fragment.is_empty())
}

/// Whether a step on the way asked for consent or tried cookies, or an address came twice.
fn lost_its_way(case: &Case<'_>) -> bool {
    if landing::is_cookie_step(case.address.as_str()) {
        return false;
    }
    let hops = &case.facts.hops;
    hops.iter().enumerate().any(|(at, hop)| {
        landing::is_cookie_step(&hop.url) || hops[..at].iter().any(|before| before.url == hop.url)
    })
}

/// Alive or moved: the source is there, at another address in substance.
fn settled(case: &Case<'_>, end: &Url, fine: Verdict) -> Verdict {
    let is_for_good = steps(case).all(|(hop, next)| {
        is_permanent(hop)
            || match (Url::parse(&hop.url), Url::parse(next)) {
                (Ok(from), Ok(to)) => trivially_same(&from, &to),
                _ => false,
            }
    });
    if !is_for_good || steps(case).next().is_none() {
        return fine;
    }
    let to = canonical(end).to_string();
    let says = format!("redirected permanently to {}", shown(&to));
    let mut moved = Verdict::new(Code::Moved, Rule::RedirectedPermanently, says);
    moved.evidence.extend(fine.evidence);
    moved.moved_to = Some(to);
    moved
}

fn words(rule: Rule) -> &'static str {
    match rule {
        Rule::RedirectToNotFoundPage => "redirected to a \"not found\" page",
        Rule::RedirectToConsent => "redirected to a consent page",
        Rule::RedirectToLogin => "redirected to a login page",
        Rule::RedirectThroughConsent => "ended on the front page after a cookie or consent step",
        Rule::RedirectToSection => "redirected to a section of the site",
        Rule::RedirectToRegionalFrontPage => "redirected to the front page of another region",
        _ => "redirected to the front page",
    }
}

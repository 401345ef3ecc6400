//! Walls: bot challenges, captchas, refusals, and pages that ask for a login, consent or money in place of the source.
//!
//! A wall is decided by marks and by the page being one: a page with a text of its own is what it is, whatever scripts
//! it loads. Marks and words are data (`rules/walls.toml`).

mod asks;
mod look;
mod pay;

use super::compare::compare;
use super::rules::{Bears, Hit, MarkKind};
use super::suspicion::Suspicion;
use super::{Case, Code, DECISIVE, Rule, Verdict, status, subject};
use look::{InText, Look, Said};

/// Signs that weigh less together are not worth a line beside another verdict.
const WORTH_TELLING: i32 = 50;
/// So much of a provider's marks excuses a 503, where the page is a wall by all signs together.
const OF_PROVIDER: i32 = 60;
/// So many marks name the provider of a refusal well enough.
const MOST_TOLD: usize = 3;
/// The least text, in words, by which a page that came with a refusing status shows that it is there.
const PAGE_WORDS: u64 = 250;
/// The same, where the baseline has that text.
const KNOWN_WORDS: u64 = 60;
/// How much of the baseline's text has to be in it.
const MOST_OF_IT: f64 = 0.6;

/// What speaks for a wall, of whichever kind most speaks for.
pub(super) fn suspect(case: &Case<'_>) -> Suspicion {
    let Some(look) = Look::new(case) else {
        return Suspicion::of(Code::Blocked);
    };
    let suspicions = [
        bot(&look),
        asks::region(&look),
        asks::login(&look),
        asks::consent(&look),
        pay::paywall(&look),
    ];
    let decided = suspicions.iter().position(Suspicion::is_decided);
    let heaviest = || {
        let all = suspicions.iter().enumerate();
        all.max_by_key(|(at, one)| (one.weight(), std::cmp::Reverse(*at)))
            .map_or(0, |(at, _)| at)
    };
    let at = decided.unwrap_or_else(heaviest);
    let Some(suspicion) = suspicions.into_iter().nth(at) else {
        return Suspicion::of(Code::Blocked);
    };
    if suspicion.weight() < WORTH_TELLING {
        return Suspicion::of(Code::Blocked);
    }
    suspicion
}

/// The wall that a header alone gives away, with any status.
pub(super) fn by_header(case: &Case<'_>) -> Option<Verdict> {
    let hop = case.facts.hops.last()?;
    let hits = case.rules.marks_on(&Bears {
        status: hop.status,
        headers: &hop.headers,
        address: &hop.url,
        source: case.address.as_str(),
        marks: &[],
        titles: &[],
        text: "",
    });
    let hit = hits
        .iter()
        .find(|hit| hit.by_header && hit.mark.weight >= DECISIVE && is_of_bots(hit.mark.kind))?;
    Some(Verdict::new(
        Code::Blocked,
        Rule::ChallengeHeader,
        format!("a bot wall answered: {}", told(hit)),
    ))
}

/// The wall that an answer with a refusing status is, where it is known for one. After 404, 410 and 5xx only what a
/// provider leaves in its challenges counts, for any page may say that it refuses.
pub(super) fn by_status(case: &Case<'_>) -> Option<Verdict> {
    let look = Look::new(case)?;
    if matches!(look.status, 404 | 410 | 500..=599) {
        let marks = bot(&look);
        let of_provider: i32 = look
            .hits
            .iter()
            .filter(|hit| is_of_bots(hit.mark.kind))
            .map(|hit| hit.mark.weight)
            .sum();
        // Walls often come with 503; one well-known mark is enough there.
        let enough = if look.status == 503 {
            OF_PROVIDER
        } else {
            DECISIVE
        };
        return (of_provider >= enough && marks.is_decided()).then(|| marks.verdict());
    }
    let suspicion = suspect(case);
    suspicion.is_decided().then(|| suspicion.verdict())
}

/// The same verdict, with the providers that an answer names beside it.
pub(super) fn with_providers(case: &Case<'_>, mut verdict: Verdict) -> Verdict {
    if let Some(look) = Look::new(case) {
        let hits = look.hits.iter().filter(|hit| is_of_bots(hit.mark.kind));
        for hit in hits.take(MOST_TOLD) {
            verdict = verdict.and(rule_of(hit.mark.kind), told(hit));
        }
    }
    verdict
}

/// Why an answer with a refusing status is the page all the same, where it is.
pub(super) fn page_itself(case: &Case<'_>) -> Option<String> {
    let look = Look::new(case)?;
    let page = look.page;
    let refuses = ["access-denied", "robot-check", "login", "region", "failure"];
    if look.titles.is_empty()
        || refuses.iter().any(|what| look.title_says(what).is_some())
        || suspect(case).weight() >= WORTH_TELLING
        || bot(&look).is_decided()
    {
        return None;
    }
    if let Some(baseline) = case.baseline {
        let kept = compare(page, baseline).kept;
        if let Some(kept) = kept {
            let is_known = page.main_words >= KNOWN_WORDS && kept >= MOST_OF_IT;
            return is_known.then(|| "the page holds the text of our copy".to_owned());
        }
    }
    let is_of_links = page.link_chars.saturating_mul(2) > page.text_chars;
    (page.main_words >= PAGE_WORDS && !is_of_links)
        .then(|| format!("the page is there, with {} words of text", page.main_words))
}

/// Challenges, captchas and refusals.
fn bot(look: &Look<'_>) -> Suspicion {
    let mut suspicion = Suspicion::of(Code::Blocked);
    look.add_marks(&mut suspicion, |kind| {
        is_of_bots(kind) && kind != MarkKind::GeoBlock
    });
    for (what, rule) in [
        ("robot-check", Rule::RobotCheck),
        ("access-denied", Rule::AccessRefused),
    ] {
        if !is_about(look, what) {
            look.add_words(&mut suspicion, what, rule, InText::Refuses);
        }
    }
    if suspicion.weight() <= 0 {
        return Suspicion::of(Code::Blocked);
    }
    if matches!(
        look.status,
        202 | 401 | 403 | 405 | 406 | 407 | 418 | 429 | 503 | 999
    ) {
        suspicion.add(20, Rule::Status, status::line(look.status));
    }
    look.add_size(&mut suspicion);
    look.add_baseline(&mut suspicion);
    suspicion
}

/// Whether the source's address has the words that the title has: a page that came well, is about them, and is not
/// known to have been about something else.
fn is_about(look: &Look<'_>, what: &str) -> bool {
    let Some(phrases) = look.case.rules.words(what) else {
        return false;
    };
    let was_another = look
        .case
        .baseline
        .is_some_and(|baseline| compare(look.page, baseline).is_all_gone());
    let mut titles = look.titles.iter();
    look.status == 200
        && !was_another
        && titles.any(|title| subject::is_named_by(look.case.address, title, phrases))
}

/// Whether a kind of marks is of walls that keep visitors out, whatever they do.
fn is_of_bots(kind: MarkKind) -> bool {
    matches!(
        kind,
        MarkKind::Challenge | MarkKind::Captcha | MarkKind::Refusal | MarkKind::GeoBlock
    )
}

fn rule_of(kind: MarkKind) -> Rule {
    match kind {
        MarkKind::Captcha => Rule::Captcha,
        MarkKind::Refusal => Rule::AccessRefused,
        MarkKind::GeoBlock => Rule::RefusedByRegion,
        MarkKind::Consent => Rule::AsksForConsent,
        MarkKind::Login => Rule::AsksForLogin,
        MarkKind::Paywall => Rule::AsksForPayment,
        _ => Rule::BotChallenge,
    }
}

/// A mark in words: who, what, and by which sign.
fn told(hit: &Hit<'_>) -> String {
    let mark = hit.mark;
    match &mark.technique {
        Some(technique) => format!("{}, {technique} ({})", mark.label, hit.by),
        None => format!("{} ({})", mark.label, hit.by),
    }
}

/// What is said of a phrase that stands in a title or a text.
fn words_told(said: &Said<'_>, place: &str) -> String {
    format!("{place} says \"{}\" ({})", said.phrase, said.language)
}

#[cfg(test)]
mod tests;

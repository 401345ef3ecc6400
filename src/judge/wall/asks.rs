//! Pages that ask for something in place of the source: a login, consent; and those that refuse by country.

use super::super::suspicion::Suspicion;
use super::super::{Code, Rule, landing};
use super::look::{InText, Look, size, text_told};
use super::rule_of;
use crate::judge::rules::MarkKind;
use url::Url;

/// A page that asks for consent says what for, and that may take some words.
const CONSENT_WORDS: u64 = 150;

/// One with more pictures, or more links, shows something beside the notice.
const MOST_PICTURES: u32 = 3;
/// Links.
const MOST_LINKS: u32 = 25;

/// Refusals by country.
pub(super) fn region(look: &Look<'_>) -> Suspicion {
    let mut suspicion = Suspicion::of(Code::Blocked);
    look.add_marks(&mut suspicion, |kind| kind == MarkKind::GeoBlock);
    look.add_words(
        &mut suspicion,
        "region",
        Rule::RefusedByRegion,
        InText::Refuses,
    );
    // The phrases are sentences that nobody says in passing: one of them is much on a page with little else.
    if suspicion.weight() > 0 {
        let by_words = suspicion.has(Rule::RefusedByRegion);
        if by_words {
            suspicion.add(45, Rule::RefusedByRegion, "it refuses by country");
        }
        look.add_size(&mut suspicion);
        look.add_baseline(&mut suspicion);
    }
    suspicion
}

/// Login walls.
pub(super) fn login(look: &Look<'_>) -> Suspicion {
    let mut suspicion = Suspicion::of(Code::LoginWall);
    look.add_marks(&mut suspicion, |kind| kind == MarkKind::Login);
    look.add_words(&mut suspicion, "login", Rule::AsksForLogin, InText::Offers);
    if suspicion.weight() <= 0 {
        return suspicion;
    }
    let page = look.page;
    if let Some(title) = page.title.as_ref().and(look.titles.first())
        && asks_about(look, title)
    {
        let says = "the title asks about logging in, or tells how";
        suspicion.add(-90, Rule::TextOfItsOwn, says);
    }
    if page.password_fields > 0 {
        suspicion.add(40, Rule::AsksForLogin, "a field for a password");
    } else if let Some(phrase) = look.text_says("login-form") {
        let says = format!("the text says \"{phrase}\", as beside a field for a password");
        suspicion.add(40, Rule::AsksForLogin, says);
    }
    if look.status == 401 {
        suspicion.add(40, Rule::Status, "401 Unauthorized");
    }
    look.add_size(&mut suspicion);
    look.add_baseline(&mut suspicion);
    if let Some(baseline) = look.case.baseline {
        if baseline.password_fields > 0 || (baseline.title == page.title && size(baseline) < 120) {
            let says = "our copy asks for a login, too";
            suspicion.add(-150, Rule::TextOfItsOwn, says);
        } else if size(baseline) >= 150 && look.size < 120 {
            suspicion.add(25, Rule::BaselineTextGone, "our copy asks for no login");
        }
    }
    if landing::is_login(look.case.address) {
        let says = "the source itself is a login page by its address";
        suspicion.add(-150, Rule::TextOfItsOwn, says);
    }
    suspicion
}

/// Whether a folded title is of a page about logging in: "How do I log in?".
fn asks_about(look: &Look<'_>, title: &str) -> bool {
    let rules = look.case.rules;
    let Some(login) = rules.words("login").and_then(|login| login.find(title)) else {
        return false;
    };
    let helps = rules.words("login-help");
    let behind = title[login.at + login.phrase.len()..]
        .chars()
        .find(|c| !c.is_alphabetic() && *c != ' ');
    matches!(behind, Some('?' | '？' | '؟'))
        || helps.is_some_and(|helps| helps.find(title).is_some())
}

/// Pages that ask for consent before they show anything.
pub(super) fn consent(look: &Look<'_>) -> Suspicion {
    let mut suspicion = Suspicion::of(Code::Collapsed);
    look.add_marks(&mut suspicion, |kind| kind == MarkKind::Consent);
    look.add_words(
        &mut suspicion,
        "consent",
        Rule::AsksForConsent,
        InText::Asks,
    );
    if suspicion.weight() <= 0 {
        return suspicion;
    }
    let end = look.case.facts.hops.last();
    let end = end.and_then(|hop| Url::parse(&hop.url).ok());
    if end.as_ref().is_some_and(landing::is_consent) {
        let says = "the address is of a consent page";
        suspicion.add(60, rule_of(MarkKind::Consent), says);
    }
    let page = look.page;
    if page.pictures > MOST_PICTURES || page.links > MOST_LINKS {
        let says = format!("{} pictures and {} links", page.pictures, page.links);
        suspicion.add(-50, Rule::TextOfItsOwn, says);
    }
    if let Some(baseline) = look.case.baseline
        && size(baseline) < CONSENT_WORDS
        && baseline.title == page.title
    {
        let says = "our copy is as short, and has the same title";
        suspicion.add(-100, Rule::TextOfItsOwn, says);
    }
    match look.size {
        0..CONSENT_WORDS => look.add_size(&mut suspicion),
        size => suspicion.add(-200, Rule::TextOfItsOwn, text_told(size)),
    }
    look.add_baseline(&mut suspicion);
    suspicion
}

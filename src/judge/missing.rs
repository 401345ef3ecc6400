//! Signs of `Soft404`: the page says "not found", another page stands where the source was, or the redirects led to where
//! sites send those who ask for what is gone.
//!
//! Words weigh most where they are the whole of a title or a heading, for a "not found" page says it there and an article
//! about such pages says more. What a page says is weighed against what it is: a text of its own, a name and a date, and
//! before all the text that an earlier capture has, speak against.

mod data;

use url::Url;

use super::compare::{Likeness, compare, parts};
use super::rules::{Phrases, Rules, fold};
use super::suspicion::Suspicion;
use super::{Case, Code, Features, MarkKind, Rule, Sibling, in_words, redirect, shown, subject};
use crate::address::trivially_same;

/// From which share of a title on a phrase is (nearly) all of it.
const NEARLY_ALL: f64 = 0.75;
/// A page of fewer words is a notice, not an article.
const NOTICE_WORDS: u64 = 80;
/// Of fewer, hardly anything else.
const BARE_WORDS: u64 = 25;
/// An article has so many words at least.
const ARTICLE_WORDS: u64 = 120;
/// And so many for each link, or else it is a list.
const WORDS_A_LINK: u64 = 12;
/// Of fewer, no more than a title.
const TITLE_WORDS: u64 = 8;
/// With fewer, a page is hardly more than links.
const FEW_WORDS_A_LINK: u64 = 5;

/// What speaks for it.
pub(super) fn suspect(case: &Case<'_>) -> Suspicion {
    let mut scale = Suspicion::of(Code::Soft404);
    let page = case.features;
    // A capture that itself says "not found" tells nothing of what the source was.
    let baseline = case.baseline.filter(|b| !says_missing(b, case));
    let likeness = page.zip(baseline).map(|(page, b)| compare(page, b));
    redirect::weigh(case, &mut scale);
    if let Some(page) = page {
        words(page, case.rules, &mut scale);
        placeholder(page, case.rules, likeness.as_ref(), &mut scale);
    }
    if let Some(sibling) = &case.around.sibling {
        beside(case, sibling, &mut scale);
    }
    if scale.weight() <= 0 {
        weak_alone(page, case.rules, likeness.as_ref(), &mut scale);
    }
    if scale.weight() <= 0 {
        return Suspicion::of(Code::Soft404);
    }
    if let Some(page) = page {
        built(page, case.rules, &mut scale);
        // What took the place of a page about such words is what it says.
        if !likeness.as_ref().is_some_and(Likeness::is_all_gone) {
            named(page, case, &mut scale);
        }
    }
    if let Some(likeness) = likeness {
        against_baseline(&likeness, &case.our_copy(), &mut scale);
    }
    scale
}

/// Whether a page says by itself, and surely, that it is not what was asked for.
pub(super) fn says_missing(page: &Features, case: &Case<'_>) -> bool {
    let mut scale = Suspicion::of(Code::Soft404);
    words(page, case.rules, &mut scale);
    if scale.weight() > 0 {
        built(page, case.rules, &mut scale);
        named(page, case, &mut scale);
    }
    scale.is_decided()
}

/// How much of the earlier capture's text is in the page, where that is enough to say that the page is there whatever its
/// status says.
pub(super) fn kept_in_full(case: &Case<'_>) -> Option<f64> {
    /// A text of fewer words may stand on a "not found" page too.
    const FEWEST_WORDS: u64 = 100;
    const NEARLY_ALL_KEPT: f64 = 0.8;
    let (page, baseline) = case.features.zip(case.baseline)?;
    if baseline.main_words < FEWEST_WORDS
        || says_missing(baseline, case)
        || says_missing(page, case)
    {
        return None;
    }
    let likeness = compare(page, baseline);
    likeness
        .kept
        .filter(|kept| *kept >= NEARLY_ALL_KEPT && likeness.same_title != Some(false))
}

/// What the page says: in its title, its headings, its text.
fn words(page: &Features, rules: &Rules, scale: &mut Suspicion) {
    let (Some(strong), Some(code)) = (rules.words("missing"), rules.words("missing-code")) else {
        return;
    };
    let filler = rules.words("missing-filler");
    if let Some(says) = data::says(page, strong, code) {
        scale.add(100, Rule::NotFoundData, format!("the data says \"{says}\""));
        return;
    }
    // The titles that records have are not their own.
    if data::is_data(page) {
        return;
    }
    let title = page.title.as_deref().map(fold).unwrap_or_default();
    let headings: Vec<String> = page.headings.iter().map(|heading| fold(heading)).collect();
    // A site's name stands in titles, not in headings: what a heading repeats of the title is the subject, all of it.
    let subject = headings.first().filter(|heading| **heading == title);
    let goes_on = subject.is_some_and(|subject| {
        parts(subject).nth(1).is_some() && tier(subject, strong, code, filler).is_none()
    });
    let counts = |is_strong: &bool| *is_strong || !goes_on;
    let title_says = titles(&title)
        .find_map(|part| tier(part, strong, code, filler).map(|is_strong| (part, is_strong)))
        .filter(|(_, is_strong)| counts(is_strong));
    if let Some((part, is_strong)) = title_says {
        let weight = if is_strong { 70 } else { 50 };
        scale.add(
            weight,
            Rule::NotFoundTitle,
            format!("the title says \"{part}\""),
        );
    }
    let heading_says = headings
        .iter()
        .filter_map(|heading| {
            let said = parts(heading).find_map(|part| tier(part, strong, code, filler));
            said.filter(counts).map(|is_strong| (heading, is_strong))
        })
        .max_by_key(|(_, is_strong)| *is_strong);
    if let Some((heading, is_strong)) = heading_says {
        let weight = if is_strong { 70 } else { 40 };
        let says = format!("a heading says \"{heading}\"");
        scale.add(weight, Rule::NotFoundHeading, says);
        let says_nothing = |filler: &Phrases| {
            filler
                .share(&title, None)
                .is_some_and(|(_, share)| share >= 1.0)
        };
        if title_says.is_none() && filler.is_some_and(says_nothing) {
            let says = format!("the title says no more than \"{title}\"");
            scale.add(20, Rule::NotFoundTitle, says);
        }
    }
    // A code may be what an article is about.
    let heading =
        heading_says.filter(|(_, is_strong)| *is_strong || page.main_words < ARTICLE_WORDS);
    text(
        page,
        strong,
        code,
        filler,
        heading.map(|(heading, _)| heading.as_str()),
        scale,
    );
}

/// The parts of a folded title, and what stands behind its last colon.
fn titles(title: &str) -> impl Iterator<Item = &str> {
    let behind = title.rsplit_once(": ").map(|(_, behind)| behind);
    parts(title).chain(behind)
}

/// Whether a short text is (nearly) all of a phrase: of a strong one, or of one that names a code; `None` if of neither.
fn tier(text: &str, strong: &Phrases, code: &Phrases, filler: Option<&Phrases>) -> Option<bool> {
    let is_all = |phrases: &Phrases| {
        phrases
            .share(text, filler)
            .is_some_and(|(_, share)| share >= NEARLY_ALL)
    };
    if is_all(strong) {
        return Some(true);
    }
    is_all(code).then_some(false)
}

/// What the text says: all of a very short page, the opening of a short one, what surrounds such words in a long one.
fn text(
    page: &Features,
    strong: &Phrases,
    code: &Phrases,
    filler: Option<&Phrases>,
    heading: Option<&str>,
    scale: &mut Suspicion,
) {
    let opening = fold(&page.opening);
    let is_bare = page.title.is_none() && page.headings.is_empty() && page.words < BARE_WORDS;
    if is_bare && tier(&opening, strong, code, filler).is_some() {
        let says = format!("all it says is \"{opening}\"");
        scale.add(100, Rule::NotFoundText, says);
        return;
    }
    // Where a heading says it too, the sentence behind it is what counts.
    let behind = |text: &'_ str| -> Option<String> {
        let at = text.find(heading?)? + heading?.len();
        let rest: String = text[at..].chars().take(160).collect();
        strong.find(&rest).map(|found| found.phrase.to_owned())
    };
    let found = |text: &str| strong.find(text).map(|found| found.phrase.to_owned());
    let is_notice = page.words < NOTICE_WORDS;
    let said = if let Some(phrase) = behind(&opening).or_else(|| behind(&page.notice)) {
        Some((40, phrase))
    } else if let Some(phrase) = found(&opening) {
        Some((if is_notice { 50 } else { 25 }, phrase))
    } else {
        // Where the title says it, a sentence that does is no accident.
        let is_titled = scale
            .signs()
            .iter()
            .any(|sign| sign.is(Rule::NotFoundTitle) && sign.weight >= Some(70));
        found(&page.notice).map(|phrase| (if is_titled { 30 } else { 15 }, phrase))
    };
    if let Some((weight, phrase)) = said {
        scale.add(weight, Rule::NotFoundText, format!("it says \"{phrase}\""));
    }
}

/// What the page is, where it says such things: short, in the manner of such pages, or a text of its own.
fn built(page: &Features, rules: &Rules, scale: &mut Suspicion) {
    let words = page.main_words;
    let said = |rule: Rule| scale.signs().iter().any(|sign| sign.is(rule));
    let is_said =
        said(Rule::NotFoundTitle) || said(Rule::NotFoundHeading) || said(Rule::NotFoundText);
    if is_said && page.words < BARE_WORDS {
        // With nothing to look at either, its title is all there is of it.
        let is_all = page.words < TITLE_WORDS && page.pictures == 0 && page.frames == 0;
        scale.add(
            if is_all { 40 } else { 30 },
            Rule::FewWords,
            format!("it has {}", in_words(page.words)),
        );
    } else if is_said && page.words < NOTICE_WORDS {
        scale.add(
            20,
            Rule::FewWords,
            format!("it has {}", in_words(page.words)),
        );
    }
    let manner = manners(page, rules);
    if manner > 0 && is_said {
        let weight = (10 * manner as i32).min(30);
        scale.add(
            weight,
            Rule::NotFoundManner,
            match manner {
                1 => "a phrase such as \"not found\" pages have".to_owned(),
                several => format!("{several} phrases such as \"not found\" pages have"),
            },
        );
    }
    // What speaks against the page's words takes no more than these weigh.
    let mut said = said_weight(scale);
    let mut against = |weight: i32, rule: Rule, says: String, scale: &mut Suspicion| {
        let weight = weight.min(said);
        if weight > 0 {
            said -= weight;
            scale.add(-weight, rule, says);
        }
    };
    if words >= ARTICLE_WORDS {
        let per_link = words / u64::from(page.links.max(1));
        let weight = match (per_link, words) {
            (WORDS_A_LINK.., ..300) => 60,
            (WORDS_A_LINK.., _) => 90,
            (FEW_WORDS_A_LINK.., _) => 25,
            // Hardly more than links.
            _ => 0,
        };
        let says = format!("{words} words, {per_link} for each link");
        against(weight, Rule::OwnText, says, scale);
    }
    let signed = i32::from(page.byline.is_some()) + i32::from(page.published.is_some());
    if words >= NOTICE_WORDS {
        let says = "it names who wrote it, or when".to_owned();
        against(30 * signed, Rule::SignedText, says, scale);
    }
    let is_error_page = page
        .marks
        .iter()
        .filter_map(|name| rules.mark(name))
        .any(|mark| mark.kind == MarkKind::Trouble);
    if is_error_page {
        scale.add(
            -150,
            Rule::ErrorPage,
            "it is a proxy's error page, which tells of the proxy",
        );
    }
}

/// What the page's words weigh, and what was found to speak against them.
fn said_weight(scale: &Suspicion) -> i32 {
    const SAID: &[Rule] = &[
        Rule::NotFoundTitle,
        Rule::NotFoundHeading,
        Rule::NotFoundText,
        Rule::NotFoundManner,
        Rule::FewWords,
        Rule::OwnText,
        Rule::SignedText,
    ];
    let signs = scale.signs().iter();
    signs
        .filter(|sign| SAID.iter().any(|rule| sign.is(*rule)))
        .filter_map(|sign| sign.weight)
        .sum()
}

/// A page whose title or heading says what the source's address says, too, is about it.
fn named(page: &Features, case: &Case<'_>, scale: &mut Suspicion) {
    let texts: Vec<String> = page
        .title
        .iter()
        .chain(&page.headings)
        .map(|t| fold(t))
        .collect();
    let is_named = ["missing", "missing-code"]
        .iter()
        .filter_map(|what| case.rules.words(what))
        .any(|words| {
            texts
                .iter()
                .any(|text| subject::is_named_by(case.address, text, words))
        });
    let weight = said_weight(scale);
    if is_named && weight > 0 {
        let says = "the source's address says it, too";
        scale.add(-weight, Rule::AddressSaysSo, says);
    }
}

/// How many phrases the page has that "not found" pages also have, in the little that it says.
fn manners(page: &Features, rules: &Rules) -> usize {
    let Some(weak) = rules.words("missing-weak") else {
        return 0;
    };
    let text = fold(&page.opening);
    let mut found: Vec<&str> = weak.find_all(&text).map(|found| found.phrase).collect();
    found.sort_unstable();
    found.dedup();
    found.len()
}

/// A page that says nothing plainly, but is hardly more than a joke, where there was a text.
fn weak_alone(
    page: Option<&Features>,
    rules: &Rules,
    likeness: Option<&Likeness>,
    scale: &mut Suspicion,
) {
    let Some((page, likeness)) = page.zip(likeness) else {
        return;
    };
    if !likeness.is_all_gone() || page.words >= BARE_WORDS {
        return;
    }
    let text = fold(&page.opening);
    let filler = rules.words("missing-filler");
    let share = rules
        .words("missing-weak")
        .and_then(|weak| weak.share(&text, filler));
    if let Some((found, share)) = share
        && share >= 0.4
    {
        let says = format!("hardly more than \"{}\"", found.phrase);
        scale.add(60, Rule::NotFoundManner, says);
    }
}

/// A page that servers show where there is no site, in the place of a text.
fn placeholder(page: &Features, rules: &Rules, likeness: Option<&Likeness>, scale: &mut Suspicion) {
    let title = page.title.as_deref().map(fold).unwrap_or_default();
    let is_placeholder = rules
        .words("placeholder")
        .and_then(|words| words.share(&title, None))
        .is_some_and(|(_, share)| share >= NEARLY_ALL);
    if is_placeholder && likeness.is_some_and(Likeness::is_all_gone) {
        scale.add(
            60,
            Rule::PlaceholderPage,
            format!("the title is \"{title}\""),
        );
    }
}

/// What the earlier capture says of it.
fn against_baseline(likeness: &Likeness, copy: &str, scale: &mut Suspicion) {
    let percent = |share: f64| format!("{:.0} % of what {copy} says is there", 100.0 * share);
    match likeness.kept {
        Some(kept) if likeness.has_text && kept >= 0.5 => {
            scale.add(-200, Rule::BaselineKept, percent(kept));
            return;
        }
        Some(kept) if likeness.has_text && kept >= 0.15 => {
            scale.add(-80, Rule::BaselineKept, percent(kept));
            return;
        }
        Some(_) if likeness.is_all_gone() => {
            scale.add(
                40,
                Rule::BaselineGone,
                format!("nothing of what {copy} says is there"),
            );
        }
        _ => {}
    }
    if likeness.has_text && likeness.same_title == Some(false) {
        scale.add(
            15,
            Rule::TitleGone,
            format!("another title than that of {copy}"),
        );
    }
}

/// What a made-up address beside the source got for an answer.
fn beside(case: &Case<'_>, sibling: &Sibling, scale: &mut Suspicion) {
    if matches!(sibling.status, 404 | 410) {
        let says = format!("a made-up address beside it gets {}", sibling.status);
        scale.add(-30, Rule::SiblingMissing, says);
        return;
    }
    if !(200..300).contains(&sibling.status) {
        return;
    }
    let ended = case.facts.hops.last().map(|hop| hop.url.as_str());
    let same_end = ended
        .and_then(|url| Url::parse(url).ok())
        .zip(Url::parse(&sibling.final_url).ok())
        .is_some_and(|(one, other)| {
            trivially_same(&one, &other) && !trivially_same(&one, case.address)
        });
    let same_bytes = case
        .facts
        .body
        .as_ref()
        .is_some_and(|body| sibling.body_sha256.as_deref() == Some(body.sha256.as_str()));
    let pages = case.features.zip(sibling.features.as_ref());
    let is_alike = same_end || same_bytes || pages.is_some_and(|(one, other)| alike(one, other));
    if !is_alike {
        if pages.is_some() {
            scale.add(
                -20,
                Rule::SiblingDiffers,
                "a made-up address beside it gets another page",
            );
        }
        return;
    }
    // A page that a script fills in is the same at every address of its site, whatever is there.
    let waits = case
        .features
        .is_none_or(|page| page.main_words < NOTICE_WORDS && page.scripts > 0);
    let weight = if waits { 40 } else { 90 };
    let says = format!(
        "a made-up address beside it gets the same page: {}",
        shown(&sibling.url)
    );
    scale.add(weight, Rule::SiblingAlike, says);
}

/// Whether two pages say the same, but for a few words.
fn alike(one: &Features, other: &Features) -> bool {
    let close = |a: u64, b: u64| a.abs_diff(b) <= 3 + a.max(b) / 20;
    one.title == other.title
        && close(one.main_words, other.main_words)
        && close(one.words, other.words)
        && one.simhash.distance(other.simhash) <= 6
}

#[cfg(test)]
mod tests;

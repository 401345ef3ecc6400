//! What a page and its baseline say of each other.

use super::Features;
use super::fingerprint::Part;
use super::rules::fold;

/// A baseline of fewer words in its main text says too little to be missed.
const FEWEST_WORDS: u64 = 50;

/// How a page relates to what was captured of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Likeness {
    /// How much of the baseline's main text is in the page, 0 to 1.
    pub(super) kept: Option<f64>,
    /// How much of the page's main text is in the baseline, 0 to 1.
    pub(super) known: Option<f64>,
    /// Whether the titles are the same, or one is part of the other. A site's name in them does not count.
    pub(super) same_title: Option<bool>,
    /// Whether the title was more than the site's name and is no more than that.
    pub(super) is_of_site_only: bool,
    /// Whether both name the same canonical address.
    pub(super) same_canonical: Option<bool>,
    /// The page's words for each word of the baseline, in the main text.
    pub(super) size: f64,
    /// Whether the baseline has a text that could be missed.
    pub(super) has_text: bool,
}

impl Likeness {
    /// Whether nothing of a text that could be missed is in the page.
    pub(super) fn is_all_gone(&self) -> bool {
        self.has_text && self.kept.is_some_and(|kept| kept < 0.03)
    }
}

/// Compares a page with its baseline.
pub(super) fn compare(page: &Features, baseline: &Features) -> Likeness {
    let kept = baseline
        .sketch
        .share_in(Part::Main, &page.sketch, Part::Whole);
    let known = page
        .sketch
        .share_in(Part::Main, &baseline.sketch, Part::Whole);
    let same_canonical = match (&page.canonical, &baseline.canonical) {
        (Some(now), Some(before)) => Some(now == before),
        _ => None,
    };
    Likeness {
        kept,
        known,
        same_title: same_title(page, baseline),
        is_of_site_only: is_of_site_only(page, baseline).unwrap_or(false),
        same_canonical,
        size: page.main_words as f64 / baseline.main_words.max(1) as f64,
        has_text: baseline.main_words >= FEWEST_WORDS,
    }
}

/// Whether two pages have the same title, in whole or in the part that is not the site's name; a heading will do, where
/// the title became one or came from one.
fn same_title(page: &Features, baseline: &Features) -> Option<bool> {
    let (now, before) = (title_or_heading(page)?, title_or_heading(baseline)?);
    if now == before {
        return Some(true);
    }
    // A part that both titles end with is the site's name, and says nothing.
    let site = shared_end(&now, &before);
    let own = |title: &'_ str| -> Vec<String> {
        parts(title)
            .filter(|part| Some(*part) != site.as_deref())
            .map(str::to_owned)
            .collect()
    };
    let (own_now, own_before) = (own(&now), own(&before));
    if own_now.is_empty() || own_before.is_empty() {
        return Some(own_now.is_empty() && own_before.is_empty());
    }
    let alike = |one: &str, other: &str| {
        let shorter = one.chars().count().min(other.chars().count());
        one == other || (shorter >= 8 && (one.contains(other) || other.contains(one)))
    };
    let has = |features: &Features, own: &[String]| {
        let mut headings = features.headings.iter().map(|heading| fold(heading));
        headings.any(|heading| own.contains(&heading))
    };
    let pairs = own_now
        .iter()
        .flat_map(|one| own_before.iter().map(move |other| (one, other)));
    Some(
        pairs.into_iter().any(|(one, other)| alike(one, other))
            || has(page, &own_before)
            || has(baseline, &own_now),
    )
}

/// Whether the title is the site's name alone, which stood at the end of the one before, and no heading has the rest of it.
fn is_of_site_only(page: &Features, baseline: &Features) -> Option<bool> {
    let now = page.title.as_deref().map(fold)?;
    let before = baseline.title.as_deref().map(fold)?;
    let mut own: Vec<&str> = parts(&before).collect();
    let site = own.pop()?;
    let mut headings = page.headings.iter().map(|heading| fold(heading));
    let is_site = parts(&now).all(|part| part == site) && !now.is_empty();
    Some(is_site && !own.is_empty() && !headings.any(|heading| own.contains(&heading.as_str())))
}

fn title_or_heading(features: &Features) -> Option<String> {
    let title = features.title.as_ref().or(features.headings.first())?;
    Some(fold(title)).filter(|title| !title.is_empty())
}

/// The last part of both titles, where it is the same and there are others.
fn shared_end(one: &str, other: &str) -> Option<String> {
    let last = |title| parts(title).last();
    let shared = last(one).filter(|part| Some(*part) == last(other))?;
    Some(shared.to_owned())
}

/// The parts of a folded title: `Title | Site`, `Title - Site`, `Title » Site`.
pub(super) fn parts(title: &str) -> impl Iterator<Item = &str> {
    title
        .split(['|', '·', '•', '›', '>', '<', '~', '/', '\\', '—'])
        .flat_map(|part| part.split(" - "))
        .flat_map(|part| part.split(" :: "))
        .map(|part| part.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '-'))
        .filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titled(title: &str) -> Features {
        Features {
            title: Some(title.to_owned()),
            ..Features::default()
        }
    }

    #[test]
    fn titles_are_the_same_beside_a_sites_name() {
        for (now, before, same) in [
            ("How rivers bend", "How rivers bend", true),
            ("How rivers bend | The Paper", "How rivers bend", true),
            (
                "How rivers bend | The Paper",
                "How rivers bend - Old Gazette",
                true,
            ),
            (
                "Page not found | The Paper",
                "How rivers bend | The Paper",
                false,
            ),
            ("The Paper", "How rivers bend | The Paper", false),
            ("The Paper", "The Paper", true),
            ("Weather", "How rivers bend", false),
        ] {
            let likeness = compare(&titled(now), &titled(before));
            assert_eq!(likeness.same_title, Some(same), "{now} / {before}");
        }
        let likeness = compare(&Features::default(), &titled("x"));
        assert_eq!(likeness.same_title, None);
    }
}

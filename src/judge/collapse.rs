//! Signs of `Collapsed`: a page that answers, and has nothing of what it is there for. Which kind of collapse it is, the
//! rule says that weighs most.
//!
//! A small page is no sign of anything: many are. So each kind needs words or marks of its own, or an earlier capture that
//! had much more.

use url::Url;

use super::compare::{Likeness, compare, parts};
use super::rules::{Phrases, fold};
use super::suspicion::Suspicion;
use super::{
    Case, Code, Features, Kind, MarkKind, Rule, in_words, landing, missing, shown, subject,
};
use crate::address::trivially_same;

/// A page of fewer words is hardly a page.
const FEW_WORDS: u64 = 60;
/// A text has so many words for each link at least; a page with fewer is a frame without one.
const WORDS_A_LINK: u64 = 12;
/// Of fewer, a heading.
const HEADING_WORDS: u64 = 16;
/// A frame that waits for a script has fewer.
const FILLED_WORDS: u64 = 8;
/// A baseline of fewer words in its main text can shrink to a heading by an edit.
const BASELINE_WORDS: u64 = 100;
/// From which share of a text on a phrase is (nearly) all of it.
const NEARLY_ALL: f64 = 0.75;

/// What speaks for it. Of several kinds of collapse, the first that is decided; else the one that most speaks for.
pub(super) fn suspect(case: &Case<'_>) -> Suspicion {
    let Some(page) = case.features else {
        return Suspicion::of(Code::Collapsed);
    };
    let baseline = case
        .baseline
        .filter(|baseline| !missing::says_missing(baseline, case));
    let seen = Seen {
        case,
        page,
        baseline,
        likeness: baseline.map(|baseline| compare(page, baseline)),
        opening: fold(&page.opening),
        words: visible_words(page),
        is_at_its_address: is_at_its_address(case),
    };
    let kinds = [
        seen.redirect_stub(),
        seen.trouble(),
        seen.moved_notice(),
        seen.loading(),
        seen.shell(),
        seen.consent_leftover(),
        seen.heading_only(),
        seen.content_replaced(),
    ];
    let decided = kinds.iter().position(Suspicion::is_decided);
    let heaviest = || (0..kinds.len()).max_by_key(|at| kinds[*at].weight());
    let chosen = decided.or_else(heaviest);
    let mut kinds = kinds.into_iter();
    chosen
        .and_then(|at| kinds.nth(at))
        .filter(|kind| kind.weight() > 0)
        .unwrap_or_else(|| Suspicion::of(Code::Collapsed))
}

/// A page as the kinds of collapse look at it.
struct Seen<'a> {
    case: &'a Case<'a>,
    page: &'a Features,
    baseline: Option<&'a Features>,
    likeness: Option<Likeness>,
    opening: String,
    /// Words to be read: addresses in plain text are none.
    words: u64,
    is_at_its_address: bool,
}

impl Seen<'_> {
    fn phrases(&self, what: &str) -> Option<&Phrases> {
        self.case.rules.words(what)
    }

    /// Whether there is nothing at all to see, of which a rule of its own tells.
    fn is_empty(&self) -> bool {
        self.page.kind == Kind::Html && !self.page.has_something_to_see()
    }

    /// Whether an earlier capture had a text, of which hardly anything is left.
    fn shrank(&self) -> bool {
        let (Some(baseline), Some(likeness)) = (self.baseline, self.likeness) else {
            return false;
        };
        baseline.main_words >= BASELINE_WORDS
            && self.words.saturating_mul(10) < baseline.main_words
            && likeness.kept.is_none_or(|kept| kept < 0.1)
    }

    /// A phrase in the title, the headings, or the opening of a page with few words, and whether it is (nearly) all of it.
    fn says(&self, phrases: &Phrases) -> Option<(String, bool)> {
        let filler = self.phrases("missing-filler");
        let title = self.page.title.as_deref().map(fold).unwrap_or_default();
        let headings = self.page.headings.iter().map(|heading| fold(heading));
        let mut found: Option<(String, bool)> = None;
        for text in std::iter::once(title).chain(headings) {
            let behind = text.rsplit_once(": ").map(|(_, behind)| behind);
            for part in parts(&text).chain(behind) {
                if let Some((phrase, share)) = phrases.share(part, filler)
                    && share >= NEARLY_ALL
                {
                    return Some((phrase.phrase.to_owned(), true));
                }
            }
        }
        if self.words < FEW_WORDS {
            let share = phrases.share(&self.opening, filler);
            found = share.map(|(phrase, share)| (phrase.phrase.to_owned(), share >= 0.6));
        }
        found
    }

    /// Whether the source's address has a phrase that the title or a heading has: it is what the page is about, unless the
    /// page was about something else before.
    fn is_named(&self, what: &str) -> bool {
        let Some(phrases) = self.phrases(what) else {
            return false;
        };
        let mut texts = self.page.title.iter().chain(&self.page.headings);
        !self.likeness.is_some_and(|likeness| likeness.is_all_gone())
            && texts.any(|text| subject::is_named_by(self.case.address, &fold(text), phrases))
    }

    fn redirect_stub(&self) -> Suspicion {
        let mut scale = Suspicion::of(Code::Collapsed);
        if self.words >= FEW_WORDS {
            return scale;
        }
        let here = self.case.facts.hops.last();
        let here = here.and_then(|hop| Url::parse(&hop.url).ok());
        let elsewhere = |to: &str| {
            let to = match &here {
                Some(here) => here.join(to).ok(),
                None => Url::parse(to).ok(),
            };
            match (&here, to) {
                (Some(here), Some(to)) => !trivially_same(here, &to),
                _ => false,
            }
        };
        let refresh = self.page.refresh.as_deref().filter(|to| elsewhere(to));
        let script = self
            .page
            .script_refresh
            .as_deref()
            .filter(|to| elsewhere(to));
        if let Some(to) = refresh.or(script) {
            let says = format!("the page sends the reader on to {}", shown(to));
            scale.add(100, Rule::RedirectStub, says);
            return scale;
        }
        if let Some((phrase, is_all)) = self.phrases("redirecting").and_then(|all| self.says(all)) {
            let weight = if is_all || self.shrank() { 100 } else { 70 };
            scale.add(weight, Rule::RedirectStub, format!("it says \"{phrase}\""));
        }
        scale
    }

    fn trouble(&self) -> Suspicion {
        let mut scale = Suspicion::of(Code::Collapsed);
        if let Some(phrases) = self.phrases("trouble-database")
            && self.words < 2 * FEW_WORDS
            && let Some(found) = phrases.find(&self.opening)
        {
            let says = format!("it says \"{}\"", found.phrase);
            scale.add(100, Rule::SoftServerError, says);
            return scale;
        }
        if self.words >= 4 * FEW_WORDS {
            return scale;
        }
        let is_marked = self.marks(MarkKind::Trouble).next().is_some();
        let said = self.phrases("trouble").and_then(|all| self.says(all));
        // "Error" alone may be what a longer page is about.
        let is_bare = |phrase: &str| {
            let filler = self.phrases("missing-filler");
            let share = filler.and_then(|filler| filler.share(phrase, None));
            share.is_some_and(|(_, share)| share >= 1.0)
        };
        let said = said.filter(|(phrase, _)| self.words < FEW_WORDS || !is_bare(phrase));
        if said.is_some() && !is_marked && self.is_named("trouble") {
            return scale;
        }
        // A film is called "Forbidden", and a song "Error": one word wants others beside it.
        let is_word =
            |phrase: &str| is_bare(phrase) || (phrase.is_ascii() && !phrase.contains(' '));
        let says_more = || {
            let all = self.phrases("trouble");
            let weak = self.phrases("trouble-weak");
            let share =
                all.and_then(|all| all.share(&self.opening, self.phrases("missing-filler")));
            share.is_some_and(|(_, share)| share >= 0.6)
                || all.is_some_and(|all| all.find_all(&self.opening).any(|f| !is_word(f.phrase)))
                || weak.is_some_and(|weak| weak.find(&self.opening).is_some())
        };
        if let Some((phrase, is_all)) = said {
            let weight = match is_all {
                _ if !is_marked && is_word(&phrase) && !says_more() => 20,
                true => 70,
                false => 50,
            };
            scale.add(
                weight,
                Rule::SoftServerError,
                format!("it says \"{phrase}\""),
            );
        } else if is_marked {
            scale.add(
                70,
                Rule::SoftServerError,
                "it has the marks of an error page",
            );
        }
        if scale.weight() == 0 {
            return scale;
        }
        if is_marked {
            scale.add(60, Rule::ErrorPage, "it is a proxy's error page");
        }
        let says_too = |heading: &String| {
            let filler = self.phrases("missing-filler");
            self.phrases("trouble").is_some_and(|trouble| {
                parts(heading)
                    .filter_map(|part| trouble.share(part, filler))
                    .any(|(_, share)| share >= NEARLY_ALL)
            })
        };
        let headings: Vec<String> = self.page.headings.iter().map(|h| fold(h)).collect();
        if self.page.title.is_some() && headings.iter().any(says_too) {
            scale.add(20, Rule::SoftServerError, "a heading says it too");
        }
        if self.words < FEW_WORDS {
            scale.add(
                30,
                Rule::FewWords,
                format!("it has {}", in_words(self.words)),
            );
        } else {
            scale.add(
                10,
                Rule::FewWords,
                format!("it has {}", in_words(self.words)),
            );
        }
        let per_link = self.page.main_words / u64::from(self.page.links.max(1));
        if self.words >= FEW_WORDS && per_link >= WORDS_A_LINK {
            scale.add(
                -60,
                Rule::OwnText,
                format!("{per_link} words for each link"),
            );
        }
        let weak = self.phrases("trouble-weak");
        if let Some(found) = weak.and_then(|weak| weak.find(&self.opening)) {
            let says = format!("it says \"{}\"", found.phrase);
            scale.add(20, Rule::SoftServerError, says);
        }
        self.weigh_baseline(&mut scale);
        scale
    }

    fn moved_notice(&self) -> Suspicion {
        let mut scale = Suspicion::of(Code::Collapsed);
        if self.words >= FEW_WORDS {
            return scale;
        }
        let has_links = self.page.links > 0;
        let share = (
            self.page.link_chars.saturating_mul(10),
            self.page.text_chars.saturating_mul(3),
        );
        let mostly_links = share.0 >= share.1;
        if let Some((phrase, is_all)) = self.phrases("moved").and_then(|all| self.says(all)) {
            let weight = match (has_links, is_all) {
                (true, true) => 80,
                (true, false) => 60,
                _ => 40,
            };
            scale.add(weight, Rule::MovedNotice, format!("it says \"{phrase}\""));
            if self.words < FEW_WORDS / 2 {
                scale.add(
                    20,
                    Rule::FewWords,
                    format!("it has {}", in_words(self.words)),
                );
            }
        } else if has_links && mostly_links && self.shrank() {
            scale.add(
                60,
                Rule::MovedNotice,
                "hardly more than links, where there was a text",
            );
        }
        self.weigh_baseline(&mut scale);
        scale
    }

    fn loading(&self) -> Suspicion {
        let mut scale = Suspicion::of(Code::Collapsed);
        let Some(phrases) = self.phrases("loading") else {
            return scale;
        };
        if self.words > HEADING_WORDS {
            return scale;
        }
        let share = phrases.share(&self.opening, self.phrases("missing-filler"));
        let title = self.page.title.as_deref().map(fold).unwrap_or_default();
        // The site's name may stand beside it, as it does in the title.
        let rest = parts(&title).fold(self.opening.clone(), |text, part| {
            text.replacen(part, " ", 1)
        });
        let share = share.map(|(found, share)| {
            let without = phrases.share(&rest, None).map_or(0.0, |(_, share)| share);
            (found, share.max(without))
        });
        if let Some((found, share)) = share {
            let weight = if share >= NEARLY_ALL { 100 } else { 50 };
            scale.add(
                weight,
                Rule::LoadingPage,
                format!("it says \"{}\"", found.phrase),
            );
            self.weigh_baseline(&mut scale);
        }
        scale
    }

    fn shell(&self) -> Suspicion {
        let mut scale = Suspicion::of(Code::Collapsed);
        let page = self.page;
        if page.kind != Kind::Html || self.words >= FEW_WORDS || page.scripts == 0 {
            return scale;
        }
        let noscript = fold(&page.noscript);
        let asks = self
            .phrases("enable-scripts")
            .and_then(|all| all.find(&noscript).or_else(|| all.find(&self.opening)));
        let root = self.marks(MarkKind::Shell).next();
        // Words beside the request, where nothing waits to be filled: a page that a server filled, or a tool.
        let asks_in_text = self
            .phrases("enable-scripts")
            .is_some_and(|all| all.find(&self.opening).is_some());
        let is_filled = root.is_none()
            && !asks_in_text
            && (self.words >= FILLED_WORDS || (self.page.has_media && self.words > 0));
        let few = self.words < FEW_WORDS / 2 && !is_filled;
        if let Some(found) = asks {
            scale.add(
                60,
                Rule::EmptyShell,
                format!("it says \"{}\"", found.phrase),
            );
        }
        if let Some(label) = root {
            scale.add(
                if asks.is_some() { 30 } else { 60 },
                Rule::EmptyShell,
                label,
            );
        }
        if scale.weight() > 0 && few {
            scale.add(
                40,
                Rule::FewWords,
                format!("it has {}, and scripts", in_words(self.words)),
            );
        }
        if scale.weight() > 0 {
            self.weigh_baseline(&mut scale);
        }
        scale
    }

    fn consent_leftover(&self) -> Suspicion {
        let mut scale = Suspicion::of(Code::Collapsed);
        if !self.shrank() || self.words >= 2 * FEW_WORDS {
            return scale;
        }
        let found = self
            .phrases("cookie-notice")
            .and_then(|all| all.find(&self.opening));
        if let Some(found) = found {
            scale.add(
                60,
                Rule::ConsentLeftover,
                format!("it says \"{}\"", found.phrase),
            );
            self.weigh_baseline(&mut scale);
        }
        scale
    }

    fn heading_only(&self) -> Suspicion {
        let mut scale = Suspicion::of(Code::Collapsed);
        if !self.is_at_its_address || !self.shrank() || self.is_empty() {
            return scale;
        }
        let is_heading = self.words < HEADING_WORDS;
        if is_heading {
            let says = format!("{} words, where there was a text", self.words);
            scale.add(60, Rule::HeadingOnly, says);
            self.weigh_baseline(&mut scale);
        }
        scale
    }

    fn content_replaced(&self) -> Suspicion {
        let mut scale = Suspicion::of(Code::Collapsed);
        let (Some(baseline), Some(likeness)) = (self.baseline, self.likeness) else {
            return scale;
        };
        let is_another = self.is_at_its_address
            && !self.is_empty()
            && baseline.main_words >= BASELINE_WORDS
            && likeness.is_all_gone()
            && likeness.known.is_none_or(|known| known < 0.1);
        if is_another && self.words.saturating_mul(5) < baseline.main_words {
            scale.add(60, Rule::ContentReplaced, "another text, and a small one");
            self.weigh_baseline(&mut scale);
        } else if is_another && likeness.is_of_site_only && self.is_of_one_thing() {
            let says = "another text, and the title is no more than the site's name";
            scale.add(80, Rule::ContentReplaced, says);
            self.weigh_baseline(&mut scale);
        }
        scale
    }

    /// Whether the address is one of a page that a site's front page cannot stand for.
    fn is_of_one_thing(&self) -> bool {
        let front = self.case.address.join("/");
        front.is_ok_and(|front| landing::is_too_deep_for(self.case.address, &front))
    }

    /// What the earlier capture says of a page that is suspected already.
    fn weigh_baseline(&self, scale: &mut Suspicion) {
        let Some(likeness) = self.likeness.filter(|_| scale.weight() > 0) else {
            return;
        };
        if likeness.has_text && likeness.kept.is_some_and(|kept| kept >= 0.3) {
            scale.add(
                -200,
                Rule::BaselineKept,
                format!("it says what {} says", self.case.our_copy()),
            );
        } else if self.shrank() {
            scale.add(
                40,
                Rule::BaselineGone,
                format!(
                    "hardly anything of what {} says is there",
                    self.case.our_copy()
                ),
            );
        } else if likeness.is_all_gone() {
            scale.add(
                20,
                Rule::BaselineGone,
                format!("nothing of what {} says is there", self.case.our_copy()),
            );
        }
    }

    fn marks(&self, kind: MarkKind) -> impl Iterator<Item = &str> {
        let marks = self.page.marks.iter();
        let known = marks.filter_map(|name| self.case.rules.mark(name));
        known
            .filter(move |mark| mark.kind == kind)
            .map(|mark| mark.label.as_str())
    }
}

fn is_at_its_address(case: &Case<'_>) -> bool {
    let end = case
        .facts
        .hops
        .last()
        .and_then(|hop| Url::parse(&hop.url).ok());
    end.is_some_and(|end| trivially_same(case.address, &end))
}

/// Words that are there to be read. Of plain text, addresses are none.
fn visible_words(page: &Features) -> u64 {
    if page.kind == Kind::Html || page.opening.is_empty() {
        return page.words;
    }
    let is_address =
        |word: &&str| word.contains("://") || word.contains("](") || word.contains("data:");
    let addresses = page.opening.split_whitespace().filter(is_address);
    let within: usize = addresses
        .map(|word| {
            let address = word.find("](").map_or(word, |at| &word[at..]);
            address
                .split(|c: char| !c.is_alphanumeric())
                .filter(|part| !part.is_empty())
                .count()
        })
        .sum();
    page.words.saturating_sub(within as u64)
}

#[cfg(test)]
mod tests;

//! Signs of `Parked`: a domain that was sold, parked or hijacked.
//!
//! Parked pages have marks of their services and hardly any text; hijacked ones have text, of another subject than
//! before. What is a sign on a page without text is hardly one in an article, which may be about parking: so most signs
//! weigh by how much text the page has, and a page that still says what its baseline said is let go.

use std::collections::BTreeSet;

use url::Url;

use super::compare::{Likeness, compare};
use super::rules::{Mark, MarkKind, Parking, Phrases, fold};
use super::suspicion::Suspicion;
use super::{Case, Code, DECISIVE, Features, Kind, Rule, Verdict, in_words, shown};
use crate::address::site;

/// A page with fewer words beside its links is a notice, and no article.
const FEW_WORDS: u64 = 250;
/// One with fewer says hardly anything.
const HARDLY_ANY_WORDS: u64 = 60;
/// A page about the domain's sale, with answers to what buyers ask, has fewer than this.
const SALES_WORDS: u64 = 1500;
/// What a folded text has in place of the page's own domain: phrases of the rules name it so.
const OWN_DOMAIN: &str = "{domain}";
/// A mark of this weight stands only on pages that are parked.
const CLEAR_MARK: i32 = 50;
/// So much of a title's letters say that a domain is parked, or whose service parks it: it names no other subject.
const NO_SUBJECT: f64 = 0.75;
/// Hardly anything of a text is in the other: chance, or the site's navigation.
const NEXT_TO_NOTHING: f64 = 0.05;
/// So much of the baseline's text, and the page is what it was.
const MUCH: f64 = 0.3;
/// The shortest word that is compared, in characters, where words have spaces between them.
const SHORTEST_WORD: usize = 3;
/// Words that any two titles may have in common.
const COMMON_WORDS: &[&str] = &[
    "the", "and", "for", "with", "from", "your", "you", "how", "what", "are", "our", "all", "new",
    "not", "this", "that", "home", "page", "best", "der", "die", "das", "und", "von", "mit", "für",
    "les", "des", "une", "pour", "los", "las", "del", "para", "con", "della", "che", "het", "een",
    "van", "com", "org", "net", "www", "online", "official", "2023", "2024", "2025", "2026",
];

/// What speaks for it.
pub(super) fn suspect(case: &Case<'_>) -> Suspicion {
    let mut suspicion = Suspicion::of(Code::Parked);
    let Some(page) = case.features else {
        return suspicion;
    };
    let Some(end) = end(case) else {
        return suspicion;
    };
    let scene = Scene::new(case, page, end);
    if scene.is_of_the_trade() {
        return suspicion;
    }
    scene.places(&mut suspicion);
    if page.kind == Kind::Html {
        scene.marks(&mut suspicion);
        scene.words(&mut suspicion);
        scene.names(&mut suspicion);
        scene.no_such_site(&mut suspicion);
    }
    scene.subject(&mut suspicion);
    scene.still_the_same(&mut suspicion);
    suspicion
}

/// Says of a verdict by the status alone what a hosting service says in the page.
pub(super) fn remark(case: &Case<'_>, verdict: Verdict) -> Verdict {
    let is_gone = matches!(verdict.code, Code::NotFound | Code::Gone);
    match case.features.filter(|_| is_gone) {
        Some(page) => match unknown_host(case, page).next() {
            Some(mark) => verdict.and(Rule::NoSuchSite, no_such_site(mark)),
            None => verdict,
        },
        None => verdict,
    }
}

/// Whether there is anything about the page that name servers could make clear: for [`super::asks`].
pub(super) fn wants_names(case: &Case<'_>, page: &Features) -> bool {
    let Some(end) = end(case) else {
        return false;
    };
    let scene = Scene::new(case, page, end);
    if scene.is_of_the_trade() || page.kind != Kind::Html {
        return false;
    }
    let bare = super::Around {
        name_servers: Vec::new(),
        aliases: Vec::new(),
        ..case.around.clone()
    };
    let bare = Case {
        around: &bare,
        ..*case
    };
    suspect(&bare).weight() > 0
        || scene.own_words < HARDLY_ANY_WORDS
        || (scene.has_moved() && scene.shares_nothing() != Some(false))
        || scene.shares_nothing() == Some(true)
}

/// Whether nothing of the baseline is left, as far as it can be told.
pub(super) fn shares_nothing(case: &Case<'_>, page: &Features) -> bool {
    end(case).is_some_and(|end| Scene::new(case, page, end).shares_nothing() == Some(true))
}

/// How many words a page has beside its links.
fn own_words(page: &Features) -> u64 {
    // A script without spaces has few "words", of many characters.
    let words = if page.text_chars > page.words.saturating_mul(14) {
        page.text_chars / 2
    } else {
        page.words
    };
    let in_links = page.link_chars.min(page.text_chars);
    match page.text_chars {
        0 => 0,
        chars => words.saturating_mul(chars - in_links) / chars,
    }
}

fn end(case: &Case<'_>) -> Option<Url> {
    Url::parse(&case.facts.hops.last()?.url).ok()
}

/// A host as it is compared, without `www.`.
fn host(url: &Url) -> &str {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    host.strip_prefix("www.").unwrap_or(host)
}

/// The marks by which a hosting service says that it does not know the host.
fn unknown_host<'a>(case: &Case<'a>, page: &'a Features) -> impl Iterator<Item = &'a Mark> {
    marks(case, page, MarkKind::Takeover)
}

fn marks<'a>(
    case: &Case<'a>,
    page: &'a Features,
    kind: MarkKind,
) -> impl Iterator<Item = &'a Mark> {
    let rules = case.rules;
    page.marks
        .iter()
        .filter_map(|name| rules.mark(name))
        .filter(move |mark| mark.kind == kind)
}

/// Whether a name and what stands after its first dot look like a registrable domain.
fn is_domain((name, suffix): (&str, &str)) -> bool {
    let is_label = |c: char| c.is_alphanumeric() || c == '-';
    let end = suffix.rsplit('.').next().unwrap_or_default();
    name.len() >= 2
        && name.chars().all(is_label)
        && end.len() >= 2
        && end.chars().all(char::is_alphabetic)
}

fn no_such_site(mark: &Mark) -> String {
    format!(
        "{} says that it has no site for this host; the name could be taken over",
        mark.label
    )
}

/// A page, and what it is compared with.
struct Scene<'a> {
    case: &'a Case<'a>,
    page: &'a Features,
    end: Url,
    /// Title and headings, folded.
    head: String,
    /// The beginning of the text, folded; empty where there is much.
    text: String,
    /// Title and headings, and the text, with [`OWN_DOMAIN`] for the page's own.
    named: [String; 2],
    own_words: u64,
    is_short: bool,
    likeness: Option<Likeness>,
}

impl<'a> Scene<'a> {
    fn new(case: &'a Case<'a>, page: &'a Features, end: Url) -> Self {
        let mut head = page.title.as_deref().map(fold).unwrap_or_default();
        for heading in &page.headings {
            head.push_str(" | ");
            head.push_str(&fold(heading));
        }
        let own_words = own_words(page);
        let is_short = own_words < FEW_WORDS && page.main_words < FEW_WORDS;
        let text = if is_short {
            fold(&page.opening)
        } else {
            String::new()
        };
        let own = site(host(case.address));
        let named = [&head, &text].map(|text| with_own_domain(text, own));
        Self {
            case,
            page,
            end,
            head,
            named,
            text,
            own_words,
            is_short,
            likeness: case.baseline.map(|baseline| compare(page, baseline)),
        }
    }

    fn own_site(&self) -> &str {
        site(host(self.case.address))
    }

    /// Whether the visit ended on another registrable domain.
    fn has_moved(&self) -> bool {
        self.own_site() != site(host(&self.end))
    }

    /// A seller of domains has pages about domains that are for sale.
    fn is_of_the_trade(&self) -> bool {
        let own = self.own_site();
        self.case
            .rules
            .parking
            .iter()
            .flat_map(|parking| &parking.markets)
            .any(|market| site(place(market).0) == own)
    }

    /// Where the redirects, the page, or a script on it lead.
    fn places(&self, suspicion: &mut Suspicion) {
        let page = self.page;
        if self.has_moved()
            && let Some(parking) = market(self.case, &self.end)
        {
            let says = format!("ended at {}: {}", shown(self.end.as_str()), parking.label);
            suspicion.add(DECISIVE, Rule::RedirectToMarket, says);
        }
        let refresh = page.refresh.as_deref().and_then(|to| Url::parse(to).ok());
        let script = page.script_refresh.as_deref();
        let script_to = script.and_then(|to| self.end.join(to).ok());
        for to in refresh.iter().chain(&script_to) {
            if let Some(parking) = market(self.case, to).filter(|_| self.is_short) {
                let says = format!(
                    "the page leads to {}: {}",
                    shown(to.as_str()),
                    parking.label
                );
                suspicion.add(DECISIVE, Rule::RedirectToMarket, says);
            }
        }
        let Some(to) = script_to else {
            return;
        };
        let is_same_host = host(&to) == host(&self.end);
        let is_lander = is_same_host && matches!(to.path(), "/lander" | "/lander/");
        if is_lander && !is_lander_already(self.case.address) {
            let says = format!(
                "a page without text whose script leads to {}",
                shown(to.as_str())
            );
            suspicion.add(DECISIVE, Rule::SentToLander, says);
        } else if !is_same_host && is_numbered_www(&to) && site(host(&to)) == self.own_site() {
            let says = format!(
                "a page without text whose script leads to {}",
                shown(to.as_str())
            );
            suspicion.add(80, Rule::SentToLander, says);
        } else if site(host(&to)) != site(host(&self.end)) {
            let says = format!(
                "a page without text whose script leads to another domain, {}",
                shown(to.as_str())
            );
            suspicion.add(40, Rule::SentToLander, says);
        }
    }

    /// Whether a longer page is on the sale of its own domain: title or heading name the domain and say so.
    fn is_of_sale(&self) -> bool {
        let sale = self.case.rules.words("parked-sale");
        !self.is_short
            && self.own_words < SALES_WORDS
            && sale.is_some_and(|sale| sale.find(&self.named[0]).is_some())
    }

    /// Whether the title speaks of nothing but the domain, its service, and that it is parked.
    fn has_no_subject(&self) -> bool {
        let rules = self.case.rules;
        let title = self.page.title.as_deref().map(fold).unwrap_or_default();
        let title = with_own_domain(&title, self.own_site()).replace(OWN_DOMAIN, "");
        if !title.chars().any(char::is_alphanumeric) {
            return true;
        }
        // A phrase that names the domain is whole only with it.
        let whole = with_own_domain(&title_of(self.page), self.own_site());
        let [plain, parked] = ["parked-title", "parked"].map(|what| rules.words(what));
        let share = |words: Option<&Phrases>, other| {
            words
                .and_then(|words| words.share(&whole, other))
                .map(|(_, share)| share)
        };
        share(plain, parked)
            .or_else(|| share(parked, None))
            .is_some_and(|share| share >= NO_SUBJECT)
    }

    fn marks(&self, suspicion: &mut Suspicion) {
        let is_whole = self.is_short || self.is_of_sale();
        for mark in marks(self.case, self.page, MarkKind::Parked) {
            let (weight, beside) = if is_whole {
                (mark.weight, "")
            } else {
                (mark.weight / 4, ", beside a text")
            };
            let says = format!("a mark of {}{beside}", mark.label);
            suspicion.add(weight, Rule::ParkedMark, says);
        }
    }

    fn words(&self, suspicion: &mut Suspicion) {
        let rules = self.case.rules;
        let Some(parked) = rules.words("parked") else {
            return;
        };
        let longest = |text, named| {
            let found = [parked.find(text), parked.find(named)];
            found
                .into_iter()
                .flatten()
                .max_by_key(|found| found.phrase.len())
        };
        let in_head = longest(&self.head, &self.named[0]);
        let in_text = longest(&self.text, &self.named[1]);
        let is_sold = in_head.is_some() || in_text.is_some();
        if let Some(found) = in_head {
            let weight = if self.is_short {
                60
            } else if self.is_of_sale() {
                50
            } else {
                20
            };
            let says = format!("title or heading says \"{}\"", self.told(found.phrase));
            suspicion.add(weight, Rule::ParkedWords, says);
        }
        if let Some(found) = in_text {
            // Under a title of its own, a text may speak of another page.
            let weight = match in_head {
                Some(_) => 20,
                None if self.has_no_subject() || self.named[0].contains(OWN_DOMAIN) => 50,
                None => 40,
            };
            let says = format!("a short text says \"{}\"", self.told(found.phrase));
            suspicion.add(weight, Rule::ParkedWords, says);
        }
        let ads = rules.words("parked-ads");
        let several = distinct(ads, &self.text).max(distinct(ads, &self.head));
        if self.is_short && several > 0 {
            let weight = if several > 1 { 30 } else { 15 };
            let says = format!("a short text with {several} expressions that parked pages have");
            suspicion.add(weight, Rule::ParkedWords, says);
        }
        let heaviest = marks(self.case, self.page, MarkKind::Parked)
            .map(|mark| mark.weight)
            .max();
        // A link to a market stands on many a page; beside a list of searches it does not.
        let is_lander =
            heaviest.is_some() && distinct(rules.words("parked-lander"), &self.text) > 0;
        let is_marked = heaviest.is_some_and(|weight| weight >= CLEAR_MARK) || is_lander;
        if self.is_short && (is_sold || is_marked || several > 1) {
            let names_own = self.named[0].contains(OWN_DOMAIN);
            let is_clear = in_text.is_some() || is_marked || (is_sold && names_own);
            self.thin(suspicion, is_clear);
        } else if self.is_of_sale() {
            let says = format!(
                "title or heading says of the domain itself, {}, that it is for sale",
                self.own_site()
            );
            suspicion.add(20, Rule::NamesOwnDomain, says);
        }
    }

    /// A phrase of the rules as the page has it.
    fn told(&self, phrase: &str) -> String {
        phrase.replace(OWN_DOMAIN, self.own_site())
    }

    /// What is only a sign beside others.
    fn thin(&self, suspicion: &mut Suspicion, is_clear: bool) {
        let own = self.own_site();
        if own.contains('.') && self.head.split(' ').any(|word| names(word, own)) {
            let says = format!("title or heading names the domain itself, {own}");
            suspicion.add(40, Rule::NamesOwnDomain, says);
        } else if is_clear && self.named[1].contains(OWN_DOMAIN) && self.has_no_subject() {
            let says = format!("the text names the domain itself, {own}");
            suspicion.add(30, Rule::NamesOwnDomain, says);
        } else if is_clear && let Some(domain) = self.domain_in_head() {
            // It was sold under another name than the one it is cited by.
            let says = format!("title or heading names a domain, {domain}");
            suspicion.add(30, Rule::NamesOwnDomain, says);
        }
        if self.own_words < HARDLY_ANY_WORDS {
            let says = format!("it has {} beside its links", in_words(self.own_words));
            suspicion.add(20, Rule::HardlyAnyText, says);
            if is_clear && self.has_no_subject() {
                suspicion.add(30, Rule::HardlyAnyText, "its title names no other subject");
            }
        }
        if is_clear && self.is_all_gone() {
            suspicion.add(
                40,
                Rule::NothingShared,
                "nothing of what was there before is left",
            );
        }
    }

    /// A domain in title or heading, of which the address does not speak: an offer is about what its address names.
    fn domain_in_head(&self) -> Option<&str> {
        let address = self.case.address.as_str();
        let words = self.head.split(|c: char| c.is_whitespace() || c == '|');
        words
            .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
            .filter(|word| site(word).split_once('.').is_some_and(is_domain))
            .find(|word| {
                let name = site(word).split('.').next();
                name.is_some_and(|name| !address.contains(name))
            })
    }

    /// Whether nothing of the baseline's text is left, and the title is not the one it had.
    fn is_all_gone(&self) -> bool {
        let Some(baseline) = self.case.baseline else {
            return false;
        };
        let titles = shares_words(self.page.title.as_deref(), baseline.title.as_deref());
        titles != Some(true) && self.likeness.is_some_and(|likeness| likeness.is_all_gone())
    }

    fn names(&self, suspicion: &mut Suspicion) {
        let around = self.case.around;
        let mut known = false;
        for parking in &self.case.rules.parking {
            let server = is_among(&around.name_servers, &parking.name_servers);
            let alias = is_among(&around.aliases, &parking.aliases);
            if let Some(name) = server {
                let says = format!("name server {name}: {}", parking.label);
                suspicion.add(parking.weight, Rule::ParkingNames, says);
            }
            if let Some(name) = alias.filter(|_| server.is_none()) {
                let says = format!("an alias of {name}: {}", parking.label);
                suspicion.add(parking.weight, Rule::ParkingNames, says);
            }
            known |= server.is_some() || alias.is_some();
            if known {
                break;
            }
        }
        if known && self.is_short {
            let says = format!("it has {} beside its links", in_words(self.own_words));
            suspicion.add(30, Rule::HardlyAnyText, says);
        }
    }

    /// A hosting service knows nothing of the host: there is no site, and nobody has taken the name either.
    fn no_such_site(&self, suspicion: &mut Suspicion) {
        if suspicion.weight() > 0 || !self.is_short {
            return;
        }
        if let Some(mark) = unknown_host(self.case, self.page).max_by_key(|mark| mark.weight) {
            suspicion.set_code(Code::Soft404);
            suspicion.add(mark.weight, Rule::NoSuchSite, no_such_site(mark));
            if self.own_words < HARDLY_ANY_WORDS {
                let says = format!("it has {} beside its links", in_words(self.own_words));
                suspicion.add(20, Rule::HardlyAnyText, says);
            }
        }
    }

    /// Whether title and text share nothing with the baseline; `None` where that cannot be told.
    fn shares_nothing(&self) -> Option<bool> {
        let (baseline, likeness) = (self.case.baseline?, self.likeness?);
        let titles = shares_words(self.page.title.as_deref(), baseline.title.as_deref());
        let text = match (likeness.kept, likeness.known) {
            (None, None) => None,
            (kept, known) => Some(
                kept.is_none_or(|share| share < NEXT_TO_NOTHING)
                    && known.is_none_or(|share| share < NEXT_TO_NOTHING),
            ),
        };
        match (titles, text) {
            (Some(true), _) | (_, Some(false)) => Some(false),
            (Some(false), Some(true)) => Some(true),
            _ => None,
        }
    }

    /// The page is about something else than before.
    fn subject(&self, suspicion: &mut Suspicion) {
        let Some(baseline) = self.case.baseline else {
            return;
        };
        if shares_words(self.page.title.as_deref(), baseline.title.as_deref()) != Some(false) {
            return;
        }
        let nothing = self.shares_nothing();
        if nothing == Some(false) {
            return;
        }
        let is_sure = nothing == Some(true);
        let spam = self.spam(baseline);
        let moved = self
            .has_moved()
            .then(|| self.move_weight(baseline, is_sure));
        if spam.is_none() && moved.is_none() {
            return;
        }
        let says = if is_sure {
            "title and text share nothing with what was there before"
        } else {
            "the title shares nothing with what was there before"
        };
        suspicion.add(if is_sure { 40 } else { 20 }, Rule::NothingShared, says);
        if let Some((weight, says)) = spam {
            suspicion.add(weight, Rule::SpamWords, says);
        }
        if let Some(weight) = moved {
            let (from, to) = (self.own_site(), site(host(&self.end)));
            let says = format!("redirected from {from} to {to}");
            suspicion.add(weight, Rule::AnotherDomain, says);
        }
    }

    /// How much the move to another domain weighs. A redirector always led elsewhere, and a house with a site for each
    /// country, or one that was renamed, is no stranger.
    fn move_weight(&self, baseline: &Features, is_sure: bool) -> i32 {
        let (own, new) = (self.own_site(), site(host(&self.end)));
        let canonical = baseline.canonical.as_deref();
        let canonical = canonical.and_then(|address| Url::parse(address).ok());
        let before = canonical.as_ref().map(|url| site(host(url)));
        let speaks = |tag: &Option<String>| -> Option<String> {
            Some(
                tag.as_deref()?
                    .split(['-', '_'])
                    .next()?
                    .to_ascii_lowercase(),
            )
        };
        let other_language = match (speaks(&self.page.language), speaks(&baseline.language)) {
            (Some(now), Some(then)) => now != then,
            _ => false,
        };
        let house = |site: &str| site.split('.').next().unwrap_or_default().to_owned();
        let (own_house, new_house) = (house(own), house(new));
        let is_same_house = own_house.contains(&new_house) || new_house.contains(&own_house);
        // A canonical address on the old domain, or a wall or consent page, says that the house is the same.
        let still_names = self.page.canonical.as_deref().is_some_and(|address| {
            Url::parse(address).is_ok_and(|address| site(host(&address)) == own)
        });
        if is_same_house || still_names || before == Some(new) || self.is_short || other_language {
            0
        } else if before == Some(own) && is_sure {
            60
        } else {
            30
        }
    }

    /// Whether the page speaks of what spam speaks of, and did not before.
    fn spam(&self, baseline: &Features) -> Option<(i32, String)> {
        let rules = self.case.rules;
        let mut head = self.head.clone();
        head.push(' ');
        head.push_str(&self.text);
        let mut before = baseline.title.as_deref().map(fold).unwrap_or_default();
        for part in baseline.headings.iter().chain([&baseline.opening]) {
            before.push(' ');
            before.push_str(&fold(part));
        }
        let plain = rules.words("spam");
        let topic = rules.words("spam-topic");
        if distinct(plain, &before) > 0 || distinct(topic, &before) > 1 {
            return None;
        }
        let title = self.page.title.as_deref().map(fold).unwrap_or_default();
        let found = plain.and_then(|plain| plain.find(&title).or_else(|| plain.find(&head)));
        if let Some(found) = found {
            let says = format!("the page speaks of \"{}\"", found.phrase);
            let is_title = plain.is_some_and(|plain| plain.find(&title).is_some());
            return Some((if is_title { 70 } else { 60 }, says));
        }
        let topics = distinct(topic, &head);
        (topics >= 2 && distinct(topic, &title) >= 1).then(|| {
            let says = format!("the page speaks of {topics} things that spam speaks of");
            (60, says)
        })
    }

    /// What the baseline said is still said. Marks of parking services count all the same: the baseline may be parked.
    fn still_the_same(&self, suspicion: &mut Suspicion) {
        if suspicion.weight() <= 0 {
            return;
        }
        let (Some(baseline), Some(likeness)) = (self.case.baseline, self.likeness) else {
            return;
        };
        let was_marked = marks(self.case, baseline, MarkKind::Parked).any(|mark| mark.weight >= 80);
        if was_marked {
            return;
        }
        let kept = likeness.kept.or(likeness.known).unwrap_or_default();
        if kept >= MUCH {
            let says = format!(
                "{:.0} % of what was there before is still there",
                kept * 100.0
            );
            suspicion.add(-DECISIVE, Rule::StillTheSame, says);
            return;
        }
        let title = |page: &Features| page.title.as_deref().map(fold);
        let is_plain = title(self.page).is_some_and(|title| {
            let own = self.own_site();
            title.split(' ').count() > 1 && !title.split(' ').any(|word| names(word, own))
        });
        if is_plain && title(self.page) == title(baseline) {
            suspicion.add(-60, Rule::StillTheSame, "the title is the same as before");
        }
    }
}

/// `example.com`, `www.example.com` or `example.com!` as a word that names a domain.
fn names(word: &str, own: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    let word = word.strip_prefix("www.").unwrap_or(word);
    word.eq_ignore_ascii_case(own)
}

/// A folded text with [`OWN_DOMAIN`] in place of each own domain, as a word or behind `www.`: not in an address of mail,
/// a longer address, or another name's end.
fn with_own_domain(text: &str, own: &str) -> String {
    if own.is_empty() || !own.contains('.') {
        return text.to_owned();
    }
    let mut named = String::with_capacity(text.len());
    let mut rest = text;
    let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '@' | '/');
    while let Some(at) = rest.find(own) {
        let (before, behind) = (&rest[..at], &rest[at + own.len()..]);
        let before = before.strip_suffix("www.").unwrap_or(before);
        let mut next = behind.chars();
        let is_end = match next.next() {
            Some('.') => !next.next().is_some_and(char::is_alphanumeric),
            Some(c) => !goes_on(c),
            None => true,
        };
        let last = before.chars().next_back();
        if is_end && !last.is_some_and(|c| goes_on(c) || c == '.') {
            named.push_str(before);
            named.push_str(OWN_DOMAIN);
        } else {
            named.push_str(&rest[..at + own.len()]);
        }
        rest = behind;
    }
    named.push_str(rest);
    named
}

fn title_of(page: &Features) -> String {
    page.title.as_deref().map(fold).unwrap_or_default()
}

/// Hosts by which parking services number their pages: `ww1.example.com`, `ww38.example.com`.
fn is_numbered_www(url: &Url) -> bool {
    host(url)
        .split_once('.')
        .and_then(|(label, _)| label.strip_prefix("ww"))
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn is_lander_already(url: &Url) -> bool {
    url.path().starts_with("/lander")
}

/// A market's host, and the path that its addresses begin with.
fn place(market: &str) -> (&str, &str) {
    match market.find('/') {
        Some(slash) => market.split_at(slash),
        None => (market, "/"),
    }
}

/// The service at whose market an address lies.
fn market<'a>(case: &Case<'a>, url: &Url) -> Option<&'a Parking> {
    let name = host(url);
    case.rules.parking.iter().find(|parking| {
        parking.markets.iter().any(|market| {
            let (domain, path) = place(market);
            is_below(name, domain) && url.path().starts_with(path)
        })
    })
}

/// Whether a name is a domain's own, or below it.
fn is_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn is_among<'a>(names: &'a [String], domains: &[String]) -> Option<&'a str> {
    names
        .iter()
        .map(|name| name.trim_end_matches('.'))
        .find(|name| domains.iter().any(|domain| is_below(name, domain)))
}

/// How many different phrases stand in a folded text.
fn distinct(phrases: Option<&Phrases>, folded: &str) -> usize {
    let Some(phrases) = phrases else {
        return 0;
    };
    phrases
        .find_all(folded)
        .map(|found| found.phrase)
        .collect::<BTreeSet<_>>()
        .len()
}

/// Whether two titles have a word in common; `None` where one says nothing.
fn shares_words(a: Option<&str>, b: Option<&str>) -> Option<bool> {
    let words = |title: &str| -> BTreeSet<String> {
        let folded = fold(title);
        let mut words = BTreeSet::new();
        for word in folded.split(|c: char| !c.is_alphanumeric()) {
            if word.chars().any(is_unspaced) {
                // Of a script without spaces, each two characters are compared.
                let chars: Vec<char> = word.chars().collect();
                words.extend(chars.windows(2).map(|pair| pair.iter().collect::<String>()));
            } else if word.chars().count() >= SHORTEST_WORD && !COMMON_WORDS.contains(&word) {
                words.insert(word.to_owned());
            }
        }
        words
    };
    let (a, b) = (words(a?), words(b?));
    if a.is_empty() || b.is_empty() {
        return None;
    }
    Some(a.intersection(&b).next().is_some())
}

fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c), 0x0e00..=0x0eff | 0x3040..=0x30ff | 0x3400..=0x9fff | 0xac00..=0xd7af | 0x20000..=0x3_ffff)
}

#[cfg(test)]
mod tests;

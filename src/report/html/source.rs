//! One source in the file: what became of it, in words, and what to use instead.

use askama::Template;

use super::Link;
use crate::judge::Code;
use crate::judge::quotes::{Difference, Weight};
use crate::report::look::Badge;
use crate::report::quotes::ShownQuote;
use crate::report::text::{Part, decisive, marked, standing};
use crate::report::{Entry, News, Report, Since, Titles, ago, bytes, date, one_line, rfc3339};

/// Places where a source is cited.
const PLACES: usize = 20;
/// Quotes of it that are lost.
const QUOTES: usize = 10;
/// Differences of one.
const DIFFERENCES: usize = 10;
/// Signs of its verdict.
const SIGNS: usize = 6;

#[derive(Template)]
#[template(path = "report/source.html")]
pub(super) struct SourceOf {
    id: i64,
    address: Link,
    title: Option<String>,
    badge: Badge,
    is_new: bool,
    standing: Option<String>,
    since: Option<SinceWhen>,
    says: Option<&'static str>,
    evidence: String,
    mark: Option<String>,
    moved_to: Option<Link>,
    lost: Vec<Lost>,
    lost_more: usize,
    cited: Vec<Place>,
    cited_more: usize,
    is_uncited: bool,
    copy: Option<Copy>,
    /// What the copy is for.
    copy_label: &'static str,
    rescue: Option<Link>,
}

/// Since when: the day, and how long ago that was when the file was made.
struct SinceWhen {
    at: String,
    day: String,
    ago: String,
}

/// A quote that is lost.
struct Lost {
    word: &'static str,
    when: String,
    words: String,
    differences: Vec<Differs>,
    /// Whether something weighs in one of them.
    weighs: bool,
}

struct Differs {
    was: String,
    now: String,
    weighs: &'static str,
}

/// Where it is cited.
struct Place {
    post: Link,
    /// The path of one that is a file, behind its title.
    path: Option<String>,
    line: u32,
    words: Words,
}

/// The sentence around a link, or as much of it as there is: what stands before the link's words, those, and what stands behind.
struct Words {
    before: String,
    link: String,
    after: String,
}

impl Words {
    fn new(sentence: &str, link: &str) -> Self {
        let (sentence, link) = (one_line(sentence, 400), one_line(link, 200));
        let split = sentence.split_once(&link).filter(|_| !link.is_empty());
        match split {
            Some((before, after)) => Self {
                before: before.to_owned(),
                after: after.to_owned(),
                link,
            },
            None if sentence.is_empty() => Self {
                before: String::new(),
                link,
                after: String::new(),
            },
            None => Self {
                before: sentence,
                link: String::new(),
                after: String::new(),
            },
        }
    }

    fn are_none(&self) -> bool {
        self.before.is_empty() && self.link.is_empty() && self.after.is_empty()
    }
}

/// What is kept of it.
struct Copy {
    at: String,
    day: String,
    title: Option<String>,
    size: Option<String>,
    /// What is to be known of it.
    says: &'static str,
    path: String,
}

/// A source in short.
pub(super) struct Named {
    pub(super) address: Link,
    pub(super) badge: Badge,
    pub(super) evidence: String,
}

impl Named {
    pub(super) fn new(entry: &Entry) -> Self {
        Self {
            address: address(entry),
            badge: Badge::new(&entry.standing, entry.verdict.as_deref()),
            evidence: decisive(entry).map_or(String::new(), |says| one_line(&says, 300)),
        }
    }
}

/// The address of a source, which leads to whoever has it now; not where that is somebody who took it over.
fn address(entry: &Entry) -> Link {
    let link = Link::to(&entry.url);
    if entry.verdict.as_deref() == Some(Code::Parked.as_str()) {
        link.cut()
    } else {
        link
    }
}

/// What of a standing's words does not say the same as the badge before them.
fn beside(standing: &str) -> Option<String> {
    match standing {
        "revived" => None,
        "dead (confirmed)" => Some("confirmed".to_owned()),
        other => Some(other.strip_prefix("failing, ").unwrap_or(other).to_owned()),
    }
}

impl SourceOf {
    /// `titles` are those of the posts that cite it, in the order of the citations.
    pub(super) fn new(report: &Report<'_>, part: Part, entry: &Entry, titles: Titles) -> Self {
        let now = report.query.now;
        let code = entry.verdict.as_deref().and_then(|code| code.parse().ok());
        let signs = entry.evidence.iter().take(SIGNS);
        let signs: Vec<_> = signs.map(|says| one_line(says, 300)).collect();
        let places = entry.cited_by.iter().zip(titles).take(PLACES);
        let title = entry.held.as_ref().and_then(|held| held.title.as_deref());
        Self {
            id: entry.id,
            address: address(entry),
            title: title.map(|title| one_line(title, 200)),
            badge: Badge::new(&entry.standing, entry.verdict.as_deref()),
            is_new: entry.news == Some(News::New)
                && report.since != Since::Ever
                && !matches!(part, Part::NewlyDead | Part::NewlyBroken),
            standing: standing(entry).and_then(|words| beside(&words)),
            since: entry.since_ms.map(|at| SinceWhen {
                at: rfc3339(at),
                day: date(at),
                ago: ago(at, now),
            }),
            says: code.map(Code::description),
            evidence: signs.join("; "),
            mark: marked(entry),
            moved_to: entry.moved_to.as_deref().map(Link::to),
            lost: entry.quotes_lost.iter().take(QUOTES).map(lost).collect(),
            lost_more: entry.quotes_lost.len().saturating_sub(QUOTES),
            cited: places
                .map(|(cited, title)| {
                    let path = report.shown_post(&cited.post);
                    let title = title.filter(|title| !title.trim().is_empty());
                    let post = match &title {
                        Some(title) => Link::of(&cited.post, title),
                        None => Link::to(path),
                    };
                    Place {
                        path: (title.is_some() && post.href.is_none()).then(|| one_line(path, 300)),
                        post,
                        line: cited.line,
                        words: Words::new(&cited.context, &cited.text),
                    }
                })
                .collect(),
            cited_more: entry.cited_by.len().saturating_sub(PLACES),
            is_uncited: entry.is_uncited,
            copy: copy(entry),
            copy_label: match part {
                Part::Rest | Part::Recovered | Part::Moved | Part::Ignored => "We keep",
                _ => "Use instead",
            },
            rescue: entry.rescue.as_deref().map(Link::to),
        }
    }
}

fn lost(quote: &ShownQuote) -> Lost {
    let differences: Vec<_> = quote
        .differences
        .iter()
        .take(DIFFERENCES)
        .map(differs)
        .collect();
    Lost {
        word: quote.lost_word(),
        when: quote.when_lost(),
        words: one_line(&quote.words, 600),
        weighs: differences.iter().any(|one| !one.weighs.is_empty()),
        differences,
    }
}

fn differs(difference: &Difference) -> Differs {
    Differs {
        was: one_line(&difference.was, 300),
        now: one_line(&difference.now, 300),
        weighs: match difference.weight {
            Weight::Plain => "",
            Weight::Number => "a number",
            Weight::Negation => "a negation",
        },
    }
}

/// The copy to use: where a quote is lost, the last that has it; else the newest.
fn copy(entry: &Entry) -> Option<Copy> {
    let having = entry.quotes_lost.iter().find_map(|lost| lost.had.as_ref());
    let held = entry.held.as_ref();
    let (id, at) = having
        .map(|copy| (copy.capture, &copy.at))
        .or_else(|| held.map(|held| (held.capture, &held.at)))?;
    let newest = held.filter(|held| held.capture == id);
    let title = newest.and_then(|held| held.title.as_deref());
    let title = title.map(|title| one_line(title, 200));
    let digits: String = at.chars().filter(char::is_ascii_digit).collect();
    Some(Copy {
        day: at.split('T').next().unwrap_or_default().to_owned(),
        at: at.clone(),
        title: title.filter(|title| !title.is_empty()),
        size: newest.map(|held| bytes(u64::try_from(held.size).unwrap_or(0))),
        says: if having.is_some() {
            ", the last that says what is quoted"
        } else if entry.baselined {
            ""
        } else {
            ", which does not stand for what was cited"
        },
        path: format!("/web/{digits}/{}", one_line(&entry.url, 2000)),
    })
}

//! Quotes in real posts, and what became of them in real pages.
//!
//! Which passage is tied to which source, against a key made by reading: `quotes/key.json` says for each post which passage (its first and
//! last words) it quotes from which address.
//!
//! Each of the readers chose posts of their own. A passage that the key calls optional counts for nothing, and one that
//! is far from every link to its source (not in the same block nor in one beside it) is counted apart. `SOURCEKEEP_SHOW=1`
//! lists every difference, `SOURCEKEEP_SHOW=b` those of one reader.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its key has failed"
)]

mod real;

use std::path::Path;

use real::{corpus, load, say};
use serde::Deserialize;
use sourcekeep::gather::{
    Citation, Document, LeftOut, Note, Options, Post, Quote, Sink, Tie, detect, gather, quote_parts,
};
use sourcekeep::judge::quotes::{Found, State, Texts};
use sourcekeep::judge::wording::words;
use sourcekeep::judge::{Text, text};

#[derive(Deserialize)]
struct KeyPost {
    reader: char,
    set: String,
    file: String,
    post: Option<String>,
    ties: Vec<KeyTie>,
}

#[derive(Deserialize)]
struct KeyTie {
    url: String,
    begins: String,
    ends: String,
    #[serde(default, rename = "or")]
    others: Vec<String>,
    #[serde(default)]
    optional: bool,
    /// No link to that address stands in the same block or in one beside it.
    #[serde(default)]
    far: bool,
}

/// The citations of one post that quote something.
#[derive(Default)]
struct Quoting {
    wanted: Option<String>,
    is_wanted: bool,
    found: Vec<(String, Quote)>,
}

impl Sink for Quoting {
    fn begin(&mut self, address: &str) {
        self.is_wanted = self.wanted.as_ref().is_none_or(|wanted| wanted == address);
    }
    fn citation(&mut self, citation: Citation) {
        // What the address itself points to needs no reader.
        if let (true, Some(quote)) = (self.is_wanted, citation.quote)
            && quote.tie != Tie::Declared
        {
            self.found.push((citation.url.to_string(), quote));
        }
    }
    fn left_out(&mut self, _left_out: LeftOut) {}
    fn end(&mut self, _post: Post) {}
    fn note(&mut self, _note: Note) {}
}

/// Letters and figures only: how marks and spaces are written is not what is compared.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

fn same(one: &str, other: &str) -> bool {
    let normal = |address: &str| {
        url::Url::parse(address.trim()).map_or_else(|_| address.to_owned(), |url| url.to_string())
    };
    normal(one) == normal(other)
}

impl KeyTie {
    fn is_of(&self, url: &str) -> bool {
        same(&self.url, url) || self.others.iter().any(|other| same(other, url))
    }

    /// Where in a quote this passage stands.
    fn within(&self, quote: &str) -> Option<(usize, usize)> {
        let begins = plain(&self.begins);
        let at = quote.find(&begins)?;
        let ends = plain(&self.ends);
        let end = quote[at..].rfind(&ends).map(|end| at + end + ends.len())?;
        Some((at, end))
    }
}

#[derive(Default)]
struct Score {
    right: usize,
    made: usize,
    found: usize,
    there: usize,
    far_found: usize,
    far: usize,
    differences: Vec<String>,
}

impl Score {
    fn precision(&self) -> f64 {
        share(self.right, self.made)
    }
    fn recall(&self) -> f64 {
        share(self.found, self.there)
    }
}

fn share(part: usize, whole: usize) -> f64 {
    100.0 * f64::from(u32::try_from(part).unwrap())
        / f64::from(u32::try_from(whole.max(1)).unwrap())
}

fn compare(post: &KeyPost, found: &[(String, Quote)], score: &mut Score) {
    let name = format!("{}/{}", post.set, post.file);
    for (url, quote) in found {
        let whole = plain(&quote.text);
        let known: Vec<(&KeyTie, (usize, usize))> = post
            .ties
            .iter()
            .filter(|tie| tie.is_of(url))
            .filter_map(|tie| Some((tie, tie.within(&whole)?)))
            .collect();
        let mut at = 0;
        for part in quote_parts(&quote.text) {
            let part_plain = plain(part);
            let start = whole[at..].find(&part_plain).map_or(at, |found| at + found);
            let end = start + part_plain.len();
            at = end;
            let hit = known
                .iter()
                .find(|(_, (from, to))| *from < end && start < *to);
            match hit {
                Some((tie, _)) if tie.optional => {}
                Some(_) => {
                    score.made += 1;
                    score.right += 1;
                }
                None => {
                    score.made += 1;
                    let shown: String = part.chars().take(70).collect();
                    score
                        .differences
                        .push(format!("+ {name} {} {url} “{shown}”", quote.tie));
                }
            }
        }
    }
    for tie in post.ties.iter().filter(|tie| !tie.optional) {
        let is_found = found
            .iter()
            .any(|(url, quote)| tie.is_of(url) && tie.within(&plain(&quote.text)).is_some());
        if tie.far {
            score.far += 1;
            score.far_found += usize::from(is_found);
            continue;
        }
        score.there += 1;
        score.found += usize::from(is_found);
        if !is_found {
            score
                .differences
                .push(format!("- {name} {} “{}”", tie.url, tie.begins));
        }
    }
}

fn quoting(corpus: &Path, post: &KeyPost) -> Vec<(String, Quote)> {
    let bytes = load(&corpus.join(&post.set).join(&post.file));
    let name = post.file.trim_end_matches(".gz");
    let document = Document {
        bytes: &bytes,
        media_type: None,
        name,
        address: None,
        base: None,
        format: detect(&bytes, None, name).unwrap(),
    };
    let mut quoting = Quoting {
        wanted: post.post.clone(),
        ..Quoting::default()
    };
    gather(
        &document,
        &Options::default().compile().unwrap(),
        &mut quoting,
    )
    .unwrap();
    quoting.found
}

#[test]
fn quotes_are_tied_as_a_reader_ties_them() {
    let Some(corpus) = corpus() else { return };
    let key: Vec<KeyPost> = serde_json::from_str(include_str!("quotes/key.json")).unwrap();
    let mut readers = [(); 4].map(|()| Score::default());
    for post in &key {
        let score = &mut readers[usize::from(u8::try_from(post.reader).unwrap() - b'a')];
        compare(post, &quoting(&corpus, post), score);
    }
    let (mut right, mut made, mut found, mut there) = (0, 0, 0, 0);
    for (score, reader) in readers.iter().zip(["a", "b", "c", "d"]) {
        say(&format!(
            "quotes, reader {reader}: {:.1} % of {} ties made are right, {:.1} % of {} that are there are made; {} of {} farther off",
            score.precision(),
            score.made,
            score.recall(),
            score.there,
            score.far_found,
            score.far
        ));
        if std::env::var_os("SOURCEKEEP_SHOW").is_some_and(|show| show == "1" || show == reader) {
            score
                .differences
                .iter()
                .for_each(|one| say(&format!("  {one}")));
        }
        right += score.right;
        made += score.made;
        found += score.found;
        there += score.there;
    }
    let (precision, recall) = (share(right, made), share(found, there));
    say(&format!(
        "quotes: {precision:.1} % of {made} ties made are right, {recall:.1} % of {there} that are there are made"
    ));
    assert!(precision >= 97.0 && recall >= 80.3);
}

#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    quotes: Passages,
}

/// Passages of the page as it was before, by what became of them.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Passages {
    stands: Vec<String>,
    changed: Vec<Changed>,
    gone: Vec<String>,
}

#[derive(Deserialize)]
struct Changed {
    old: String,
    new: String,
}

/// A page's text: of Markdown, without the addresses of its links and the marks of its emphasis.
fn page(folder: &Path, name: &str) -> Text {
    let url = url::Url::parse("https://example.com/a/b").unwrap();
    let read = |file: String| {
        [file.clone(), format!("{file}.gz")]
            .iter()
            .map(|file| folder.join(file))
            .find(|file| file.is_file())
            .map(|file| String::from_utf8_lossy(&load(&file)).into_owned())
    };
    if let Some(html) = read(format!("{name}.html")) {
        return text(&html, Some("text/html"), &url);
    }
    let marked = read(format!("{name}.md")).unwrap_or_default();
    let link = regex::Regex::new(
        r"\]\((?:[^()\s]|\([^()]*\))*(?:\s+\x22[^\x22]*\x22)?\)|[*`\\]|(?m:^[> ]+)",
    )
    .unwrap();
    let plain = link.replace_all(&marked, "");
    text(&plain, Some("text/plain"), &url)
}

/// How often each word is there.
fn bag(text: &str) -> std::collections::BTreeMap<u64, i32> {
    let mut bag = std::collections::BTreeMap::new();
    for word in words(text) {
        *bag.entry(word.hash).or_default() += 1;
    }
    bag
}

/// How many words stand in both, in order.
fn in_common(one: &str, other: &str) -> usize {
    let (one, other) = (words(one), words(other));
    let mut row = vec![0; other.len() + 1];
    for word in &one {
        let mut corner = 0;
        for (at, against) in other.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if word.hash == against.hash {
                corner + 1
            } else {
                above.max(row[at])
            };
            corner = above;
        }
    }
    row[other.len()]
}

/// Whether the differences are the right words: all of the old passage's that the new one has not are told, and hardly
/// more; and what is told of the page is in the new passage, but for two words beside it.
fn are_right(found: &Found, changed: &Changed) -> bool {
    let mut was = bag("");
    let mut now = bag("");
    for difference in &found.differences {
        for (to, words) in [(&mut was, &difference.was), (&mut now, &difference.now)] {
            for (hash, count) in bag(words) {
                *to.entry(hash).or_default() += count;
            }
        }
    }
    let (old, new) = (bag(&changed.old), bag(&changed.new));
    let of = |bag: &std::collections::BTreeMap<u64, i32>, hash: &u64| {
        bag.get(hash).copied().unwrap_or(0)
    };
    let all_told = old
        .iter()
        .all(|(hash, count)| of(&was, hash) >= count - of(&new, hash));
    let told: i32 = was.values().sum();
    let fewest = words(&changed.old).len() - in_common(&changed.old, &changed.new);
    let beside: i32 = now
        .iter()
        .map(|(hash, count)| (count - of(&new, hash)).max(0))
        .sum();
    all_told && usize::try_from(told).unwrap() <= fewest + 2 && beside <= 2
}

#[derive(Default)]
struct Became {
    all: usize,
    old_verbatim: usize,
    verbatim: usize,
    altered: usize,
    right: usize,
}

#[test]
fn quotes_fare_in_pages_as_a_reader_finds() {
    let Some(corpus) = corpus() else { return };
    let mut kinds: [(&str, Became); 3] =
        ["stands", "changed", "gone"].map(|kind| (kind, Became::default()));
    let show = std::env::var("SOURCEKEEP_SHOW").unwrap_or_default();
    for set in ["drift-html", "drift-text"] {
        let mut folders: Vec<_> = std::fs::read_dir(corpus.join(set))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.join("case.json").is_file())
            .collect();
        folders.sort();
        for folder in folders {
            let case: Case = serde_json::from_slice(&load(&folder.join("case.json"))).unwrap();
            let (old, new) = (page(&folder, "old"), page(&folder, "new"));
            let (old, new) = (Texts::new(&old), Texts::new(&new));
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            let nothing = |quote: &String| (quote.clone(), None);
            let all = [
                case.quotes.stands.iter().map(nothing).collect::<Vec<_>>(),
                case.quotes
                    .changed
                    .iter()
                    .map(|changed| (changed.old.clone(), Some(changed)))
                    .collect(),
                case.quotes.gone.iter().map(nothing).collect(),
            ];
            for ((kind, became), quotes) in kinds.iter_mut().zip(all) {
                for (quote, changed) in quotes {
                    became.all += 1;
                    let was = old.find(&quote);
                    became.old_verbatim += usize::from(was.state == State::Verbatim);
                    let found = new.find(&quote);
                    became.verbatim += usize::from(found.state == State::Verbatim);
                    became.altered += usize::from(found.state == State::Altered);
                    let is_right = found.state == State::Altered
                        && changed.is_some_and(|changed| are_right(&found, changed));
                    became.right += usize::from(is_right);
                    let is_well = match *kind {
                        "stands" => found.state == State::Verbatim,
                        "changed" => is_right,
                        _ => found.state != State::Verbatim,
                    };
                    if show == *kind && !is_well {
                        say(&format!(
                            "{name}: {:?} {quote:?}\n    {:?}\n    {:?}",
                            found.state,
                            found.differences,
                            changed.map(|changed| &changed.new)
                        ));
                    }
                    if show == "old" && was.state != State::Verbatim {
                        say(&format!(
                            "{name}: {:?} {quote:?}\n    {:?}",
                            was.state, was.differences
                        ));
                    }
                }
            }
        }
    }
    say("quotes        all  stood before  verbatim  altered  with the right words  missing");
    for (kind, became) in &kinds {
        say(&format!(
            "  {kind:<8} {:>6} {:>12.1}% {:>8.1}% {:>7.1}% {:>20.1}% {:>7.1}%",
            became.all,
            share(became.old_verbatim, became.all),
            share(became.verbatim, became.all),
            share(became.altered, became.all),
            share(became.right, became.all),
            share(became.all - became.verbatim - became.altered, became.all),
        ));
    }
    let [(_, stands), (_, changed), (_, gone)] = &kinds;
    assert!(share(stands.verbatim, stands.all) >= 99.8);
    let lost = changed.all + gone.all - changed.verbatim - gone.verbatim;
    assert!(share(lost, changed.all + gone.all) >= 99.4);
    assert!(share(changed.altered, changed.all) >= 93.6);
    assert!(share(changed.right, changed.all) >= 86.3);
}

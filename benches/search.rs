//! Milliseconds to find words among many copies, and what the index takes beside the text that it covers.
//!
//! `cargo bench --bench search -- [COPIES]`: copies (100,000) of pages with 3 KB of text each, of words whose frequencies fall as
//! those of languages do; one in twenty is Chinese. Words that were planted in 10, 1,000 and 10,000 of them, and in all, are
//! looked for as `search` does it, with the places shown.

#![expect(clippy::print_stdout, reason = "a benchmark says what it measured")]

use std::fmt::Write;
use std::time::{Duration, Instant};

use sourcekeep::report::{Search, search};
use sourcekeep::run::index::{Index, index};
use sourcekeep::run::text_of;
use sourcekeep::search::Query;
use sourcekeep::store::{ByHand, Mode, NewCapture, Packed, Store};

type Failed = Box<dyn std::error::Error>;

/// Words that a language has here.
const VOCABULARY: u64 = 60_000;
/// Characters of text in a copy of one without spaces.
const CHARACTERS: usize = 1000;

fn main() -> Result<(), Failed> {
    let mut arguments = std::env::args().skip(1).filter(|it| !it.starts_with("--"));
    let copies: u64 = arguments.next().map_or(Ok(100_000), |it| it.parse())?;
    let scratch = tempfile::tempdir()?;
    let store = Store::open(&scratch.path().join("a.db"), Mode::Create, 1)?;
    let mut dice = Dice(7);
    let (mut covered, begun) = (0, Instant::now());
    for number in 0..copies {
        let text = text(number, copies, &mut dice);
        covered += text.len();
        keep(&store, number, &text)?;
    }
    store.write_blocking("wait", |_| Ok(()))?;
    println!(
        "{copies} copies, {covered} bytes of text, kept in {:.0?}",
        begun.elapsed()
    );
    let begun = Instant::now();
    let all = Index {
        merge: false,
        ..Index::default()
    };
    let summary = index(&store, &all, &|| false, |_| {})?;
    let took = begun.elapsed();
    let rate = summary.copies as f64 / took.as_secs_f64();
    println!("indexed in {took:.0?}: {rate:.0} copies a second");
    told(&store, covered, "as it came")?;
    questions(&store)?;
    let begun = Instant::now();
    let merged = Index { merge: true, ..all };
    index(&store, &merged, &|| false, |_| {})?;
    println!("merged in {:.1?}", begun.elapsed());
    told(&store, covered, "merged")?;
    questions(&store)
}

fn questions(store: &Store) -> Result<(), Failed> {
    let all = [
        "plantedten",
        "plantedthousand",
        "plantedtenthousand",
        "\"plantedtenthousand plantedthousand\"",
        "plantedtenthousand host:h7.test",
        "plantedeverywhere",
        "planted*",
        "plantedeverywhere -plantedthousand",
        "井戸",
        "一七丁",
    ];
    for question in all {
        let wanted = Search {
            query: Query::parse(question)?,
            limit: 10,
            ..Search::default()
        };
        let (mut best, mut worst, mut found) = (Duration::MAX, Duration::ZERO, 0);
        for _ in 0..7 {
            let begun = Instant::now();
            let result = search(store, &wanted, &text_of)?;
            let took = begun.elapsed();
            (best, worst, found) = (best.min(took), worst.max(took), result.found);
        }
        println!("{question:40} {found:>7} found  {best:>8.1?} to {worst:>8.1?}");
    }
    Ok(())
}

/// What the index takes, of the text that it covers.
fn told(store: &Store, covered: usize, when: &str) -> Result<(), Failed> {
    let bytes = store.read("measure", |r| {
        let mut sum = 0;
        for (tree, _) in r.trees()? {
            if tree.starts_with("search_index") {
                sum += r.bytes_of(&tree)?;
            }
        }
        Ok(sum)
    })?;
    let share = 100.0 * bytes as f64 / covered as f64;
    println!("index {when}: {bytes} bytes, {share:.1} % of the text");
    Ok(())
}

/// About 3 KB.
fn text(number: u64, copies: u64, dice: &mut Dice) -> String {
    let mut text = String::with_capacity(3200);
    if number % 20 == 19 {
        for at in 0..CHARACTERS {
            let c = char::from_u32(0x4e00 + dice.rank(4000) as u32).unwrap_or('一');
            text.push(c);
            if at % 40 == 39 {
                text.push('。');
            }
        }
        if number % 200 == 19 {
            text.push_str("井戸");
        }
        return text;
    }
    for at in 0..490 {
        if at == 200 {
            text.push_str("plantedeverywhere ");
            for (word, many) in [
                ("plantedten", 10),
                ("plantedthousand", 1000),
                ("plantedtenthousand", 10_000),
            ] {
                if number.is_multiple_of((copies / many).max(1)) {
                    text.push_str(word);
                    text.push(' ');
                }
            }
        }
        dice.word(&mut text);
        text.push_str(if at % 15 == 14 { ". " } else { " " });
    }
    text
}

/// Numbers that are the same each time.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// One of so many, the first most often, as words of languages are (Zipf).
    fn rank(&mut self, many: u64) -> u64 {
        let part = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        ((many as f64).powf(part) - 1.0) as u64
    }

    /// A word whose length grows with its rarity, the same for the same rank.
    fn word(&mut self, text: &mut String) {
        let rank = self.rank(VOCABULARY);
        let mut letters = Dice(rank * 2 + 0x9e37_79b9_7f4a_7c15);
        letters.next();
        let length = 2 + (rank + 2).ilog2() / 3 + (letters.next() % 5) as u32;
        for _ in 0..length {
            let letter = b"etaoinshrdlucmfwypvbgk"[(letters.next() % 22) as usize];
            text.push(char::from(letter));
        }
    }
}

fn keep(store: &Store, number: u64, text: &str) -> Result<(), Failed> {
    let host = format!("h{}.test", number % 500);
    let url = format!("https://{host}/page/{number}");
    let mut title = String::new();
    let first: String = text.chars().take(30).collect();
    write!(title, "Page {number} {first}")?;
    let html = format!("<title>{title}</title><main><p>{text}</main>");
    let body = Packed::new(html.as_bytes());
    store.submit_blocking("keep", move |w| {
        let (source_id, _) = w.find_or_add_source(&url, &host, &host, 1, None)?;
        let capture = NewCapture {
            source_id,
            address: url.clone(),
            at: 1,
            kind: "by-hand",
            url: url.clone(),
            media_type: Some("text/html".to_owned()),
            title: Some(title.clone()),
            body,
            served: None,
            truncated: None,
            sealed_at: 1,
            exchanges: Vec::new(),
            manifest: None,
            rendering: None,
        };
        let hand = ByHand {
            made_by: "bench".to_owned(),
            file: "a.html".to_owned(),
            dated_by: "said".to_owned(),
            named_url: None,
            note: None,
        };
        w.keep_by_hand(capture, &hand).map(|_| ())
    })?;
    Ok(())
}

//! How long it takes to say what changed between two texts: milliseconds on one core, of texts of several sizes, some of
//! them made to take long.
//!
//! `cargo bench --bench drift`

#![expect(clippy::print_stdout, reason = "a benchmark says what it measured")]

use std::time::Instant;

use sourcekeep::judge::Text;
use sourcekeep::judge::drift::{compare, drift};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    println!(
        "{:<44} {:>8} {:>10} {:>10} {:>9} {:>7}",
        "texts", "KB", "drift ms", "diff ms", "level", "kept"
    );
    for kilobytes in [1, 10, 100, 1_000, 20_000] {
        let before = article(1, kilobytes * 1000);
        measure("the same", &before, &before);
        measure(
            "a word in each hundred is another",
            &before,
            &edited(&before, 100),
        );
        measure(
            "a word in each seven is another",
            &before,
            &edited(&before, 7),
        );
        measure("every paragraph is moved", &before, &reversed(&before));
        measure("another text", &before, &article(2, kilobytes * 1000));
    }
    for bytes in [100_000, 20_000_000] {
        for (name, unit) in [
            ("one word again and again", "word "),
            ("two words again and again", "one two "),
            ("lines of a word", "word\n"),
            ("lines of two kinds", "one two three\nfour five six\n"),
            ("numbers", "1 2 3 "),
            ("signs", "$%"),
            ("one long word", "a"),
            ("dates", "3 May 2024, 10:45\n"),
            ("characters that stand alone", "橋の"),
            ("marks", "e\u{301}\u{301}"),
        ] {
            let before = unit.repeat(bytes / unit.len());
            let mut now = before.replace('\n', "\nx");
            let middle = (0..=before.len() / 3)
                .rev()
                .find(|at| now.is_char_boundary(*at));
            now.insert_str(middle.unwrap_or(0), " not the same ");
            now.truncate(
                (0..=now.len() - 50)
                    .rev()
                    .find(|at| now.is_char_boundary(*at))
                    .unwrap_or(0),
            );
            measure(name, &before, &now);
        }
    }
}

fn measure(name: &str, before: &str, now: &str) {
    let rounds = if before.len() < 300_000 { 20 } else { 1 };
    let text = |main: &str| Text {
        main: main.to_owned(),
        whole: format!("Home\nNews\n{main}\nImprint"),
        ..Text::default()
    };
    let (old, new) = (text(before), text(now));
    let mut found = None;
    let took = time(rounds, || found = Some(drift(&old, &new)));
    let compared = time(rounds, || compare(before, now));
    let (level, kept) = found.map_or((String::new(), 0.0), |found| {
        (found.level.to_string(), found.kept)
    });
    let kilobytes = before.len() / 1000;
    println!("{name:<44} {kilobytes:>8} {took:>10.3} {compared:>10.3} {level:>9} {kept:>7.3}");
}

/// The fastest of some rounds, in milliseconds.
fn time<T>(rounds: u32, mut run: impl FnMut() -> T) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..rounds {
        let begun = Instant::now();
        std::hint::black_box(run());
        best = best.min(begun.elapsed().as_secs_f64() * 1e3);
    }
    best
}

/// A text of about so many bytes.
fn article(seed: u64, bytes: usize) -> String {
    const SYLLABLES: &[&str] = &[
        "ri", "ver", "coun", "cil", "brid", "ge", "sto", "ne", "spring", "wa", "ter", "low",
    ];
    let mut seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as usize % below
    };
    let mut text = String::new();
    while text.len() < bytes {
        for at in 0..60 {
            match random(12) {
                0 => text.push_str("the"),
                1 => text.push_str("of"),
                2 if at % 20 == 0 => text.push_str(&random(900).to_string()),
                count => {
                    for _ in 0..=count % 3 {
                        text.push_str(SYLLABLES[random(SYLLABLES.len())]);
                    }
                }
            }
            text.push_str(if random(11) == 0 { ". " } else { " " });
        }
        text.push('\n');
    }
    text
}

/// The text with each so-and-so-many-th word another.
fn edited(text: &str, each: usize) -> String {
    let words = text.split(' ').enumerate().map(|(at, word)| {
        if at % each == each - 1 {
            format!("other{}", at % 97)
        } else {
            word.to_owned()
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn reversed(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.reverse();
    lines.join("\n")
}

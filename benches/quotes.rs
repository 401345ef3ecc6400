//! How long it takes to look for a quote, in texts of several sizes and in texts that were made to take long:
//! `cargo bench --bench quotes`.
//!
//! Reading a text into words is done once for all quotes of a page; it is counted apart from looking for one.

#![expect(clippy::print_stdout, reason = "a benchmark says what it measured")]

use std::fmt::Write;
use std::time::Instant;

use sourcekeep::judge::quotes::Texts;

fn main() {
    println!(
        "{:<30} {:>9} {:>10} {:>10}",
        "quote and text", "KB", "words ms", "find ms"
    );
    for kilobytes in [10, 100, 1_000, 20_000] {
        let text = article(kilobytes * 1000);
        let from = text[text.len() / 2..]
            .find(". ")
            .map_or(0, |at| text.len() / 2 + at + 2);
        let to = from + text[from..].match_indices(' ').nth(40).map_or(0, |at| at.0);
        let quote = &text[from..to];
        let (one, other) = quote.split_at(quote.find(". ").unwrap_or(20));
        measure("stands", quote, &text);
        measure(
            "with an ellipsis",
            &format!("{one} […] {}", &other[10..]),
            &text,
        );
        measure("one word more", &format!("{one} another {other}"), &text);
        measure(
            "missing",
            "what nobody ever said in a text that could be found here",
            &text,
        );
    }
    for (name, quote, unit) in [
        ("a a a b", "a ".repeat(2000) + "b", "a "),
        ("a b a c", "a b a c ".repeat(5000), "a b "),
        ("20,000 words", "a ".repeat(20_000), "a "),
        ("ellipses", "a ... b ... ".repeat(500), "a b "),
        (
            "same words",
            "the of and to in it ".repeat(50),
            "of the in and it to ",
        ),
    ] {
        for bytes in [2_000_000, 20_000_000] {
            measure(name, &quote, &unit.repeat(bytes / unit.len()));
        }
    }
}

fn measure(name: &str, quote: &str, text: &str) {
    let rounds = if text.len() < 300_000 { 40 } else { 3 };
    let read = time(rounds, || {
        std::hint::black_box(Texts::of(text, text));
    });
    let texts = Texts::of(text, text);
    let find = time(rounds, || {
        std::hint::black_box(texts.find(quote));
    });
    println!(
        "{name:<30} {:>9} {read:>10.3} {find:>10.3}",
        text.len() / 1000
    );
}

fn time(rounds: u32, mut what: impl FnMut()) -> f64 {
    let begun = Instant::now();
    for _ in 0..rounds {
        what();
    }
    begun.elapsed().as_secs_f64() * 1e3 / f64::from(rounds)
}

/// A text of many words, some of them common.
fn article(bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 100);
    let mut seed = 1_u64;
    while text.len() < bytes {
        for nth in 0..12 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let word = (seed >> 33) % 20_000;
            let common = ["the", "of", "and", "to", "in"][(seed >> 60) as usize % 5];
            let end = if nth == 11 { ". " } else { " " };
            let _ = write!(text, "{common} word{word}{end}");
        }
    }
    text
}

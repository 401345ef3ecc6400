//! How words differ, and how that is shown.

use super::side::Side;

/// A passage is shown so long, in characters.
const MOST_CHARS: usize = 160;

/// A number without its years, and these: `2019`, `1980's`, `2011-12`, `11/2019`, `182009`.
pub(super) fn without_years(number: &str) -> (String, Vec<u32>) {
    let (mut rest, mut years) = (String::new(), Vec::new());
    let mut at = 0;
    while at < number.len() {
        let run = number[at..].bytes().take_while(u8::is_ascii_digit).count();
        if run == 0 {
            let c = number[at..].chars().next().unwrap_or_default();
            rest.push(c);
            at += c.len_utf8().max(1);
            continue;
        }
        let run = &number[at..at + run];
        at += run.len();
        // A day and a month may run into it.
        let split = if (4..=8).contains(&run.len()) {
            run.len() - 4
        } else {
            run.len()
        };
        match run[split..].parse::<u32>() {
            Ok(year) if (1900..2100).contains(&year) => {
                rest.push_str(&run[..split]);
                rest.push('Y');
                years.push(year);
            }
            _ => rest.push_str(run),
        }
    }
    (rest, years)
}

/// The later years, where nothing but years differs between numbers.
pub(super) fn only_years_differ(was: &[&str], is: &[&str]) -> Option<Vec<u32>> {
    if was.len() != is.len() || was.is_empty() {
        return None;
    }
    let mut years = Vec::new();
    for (was, is) in was.iter().zip(is) {
        if was == is {
            continue;
        }
        let ((rest, _), (other_rest, other_years)) = (without_years(was), without_years(is));
        if rest != other_rest || other_years.is_empty() {
            return None;
        }
        years.extend(other_years);
    }
    Some(years)
}

/// The letters and digits of words, without what stands between them.
pub(super) fn letters(side: &Side<'_>, words: &[usize]) -> String {
    let said = words.iter().flat_map(|at| side.said(*at).chars());
    said.filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Words of which most stand elsewhere do so all; where few do, that is chance.
pub(super) fn stands(mut covered: Vec<bool>) -> Vec<bool> {
    let count = covered.iter().filter(|word| **word).count();
    if 10 * count >= 7 * covered.len() {
        covered.fill(true);
    } else if 4 * count < covered.len() {
        covered.fill(false);
    }
    covered
}

/// Whether a word is another way to write the other, or a slip: most of its letters are the same.
pub(super) fn is_spelling(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let longer = one.len().max(other.len());
    let start = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let rest = one.len().min(other.len()) - start;
    let ends = one.iter().rev().zip(other.iter().rev()).take(rest);
    let end = ends.take_while(|(a, b)| a == b).count();
    let is_slip = longer - start - end <= 2 && 2 * (start + end) >= longer;
    let is_inflected = start >= 5 && 5 * start >= 3 * longer;
    // What differs in front makes another word of it: lawful, unlawful; million, billion.
    longer >= 3 && start > 0 && (is_slip || is_inflected) && !one.iter().any(|c| c.is_numeric())
}

/// The words of a range with what stands around them, so long as evidence may be.
pub(super) fn excerpt(side: &Side<'_>, (start, end): (usize, usize)) -> String {
    const AROUND: usize = 3;
    if start >= end {
        return String::new();
    }
    let (first, last) = (side.paragraph_of(start), side.paragraph_of(end - 1));
    let low = start
        .saturating_sub(AROUND)
        .max(side.paragraphs[first].counted.0);
    let high = (end + AROUND).min(side.paragraphs[last].counted.1);
    let from = side.word(low).start as usize;
    let to = side.word(high - 1).end as usize;
    let mut said = String::new();
    for word in side.text[from..to].split_whitespace() {
        if said.len() > MOST_CHARS * 4 {
            break;
        }
        if !said.is_empty() {
            said.push(' ');
        }
        said.push_str(word);
    }
    if let Some((cut, _)) = said.char_indices().nth(MOST_CHARS - 1) {
        said.truncate(cut);
        said.push('…');
    }
    said
}

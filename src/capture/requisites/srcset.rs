//! Lists of one picture in several sizes, by the HTML standard, and which of them are kept.
//!
//! A browser takes one, by the width of its window and the density of its screen. A copy that held all would be several times
//! as large and show nothing more, so it holds what a desktop browser takes: on a window 1280 px wide, of one pixel a px, and
//! of two.

/// The width of the window.
const WINDOW_PX: f64 = 1280.0;
/// What lengths in `em` and `rem` count in media conditions.
const EM_PX: f64 = 16.0;
/// How many candidates of one list are looked at.
const MOST_CANDIDATES: usize = 1000;

/// A picture of the list.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Candidate<'t> {
    url: &'t str,
    size: Size,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Size {
    /// Pixels a px.
    Density(f64),
    /// Its width in pixels.
    Width(f64),
}

/// The addresses to keep, at most `most` and at most two, and how many other addresses the list has.
pub(super) fn chosen<'t>(srcset: &'t str, sizes: &str, most: usize) -> (Vec<&'t str>, u64) {
    let candidates = candidates(srcset);
    let width = shown_width(sizes);
    let mut chosen: Vec<&str> = Vec::new();
    for density in [1.0, 2.0].into_iter().take(most) {
        if let Some(candidate) = best(&candidates, width, density)
            && !chosen.contains(&candidate.url)
        {
            chosen.push(candidate.url);
        }
    }
    let others = candidates
        .iter()
        .filter(|candidate| !chosen.contains(&candidate.url))
        .count();
    (chosen, others as u64)
}

/// The least that is enough for a screen, or else the largest.
fn best<'t>(candidates: &[Candidate<'t>], width: f64, density: f64) -> Option<Candidate<'t>> {
    let of = |candidate: &Candidate<'_>| match candidate.size {
        Size::Density(density) => density,
        Size::Width(pixels) => pixels / width,
    };
    let enough = candidates
        .iter()
        .filter(|candidate| of(candidate) >= density)
        .min_by(|a, b| of(a).total_cmp(&of(b)));
    // Of equals, the first.
    let largest = || {
        candidates
            .iter()
            .rev()
            .max_by(|a, b| of(a).total_cmp(&of(b)))
    };
    enough.or_else(largest).copied()
}

/// Reads the list.
fn candidates(srcset: &str) -> Vec<Candidate<'_>> {
    written(srcset)
        .filter_map(|(url, descriptors)| {
            let size = size(descriptors)?;
            Some(Candidate { url, size })
        })
        .take(MOST_CANDIDATES)
        .collect()
}

/// Splits the list ("parse a srcset attribute" of the HTML standard): each address, with what is said of its size.
pub(crate) fn written(srcset: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = srcset;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
        if rest.is_empty() {
            return None;
        }
        let end = rest
            .find(|c: char| c.is_ascii_whitespace())
            .unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        let url = word.trim_end_matches(',');
        let descriptors = if url.len() < word.len() {
            rest = behind;
            ""
        } else {
            let (descriptors, after) = split_at_comma(behind);
            rest = after;
            descriptors
        };
        Some((url, descriptors))
    })
}

/// Splits at the first comma that does not stand in parentheses.
fn split_at_comma(text: &str) -> (&str, &str) {
    let mut is_inside = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => is_inside = true,
            b')' => is_inside = false,
            b',' if !is_inside => return (&text[..at], &text[at + 1..]),
            _ => {}
        }
    }
    (text, "")
}

/// The size that descriptors give; `None` if the candidate is not to be used.
fn size(descriptors: &str) -> Option<Size> {
    let (mut width, mut density, mut has_height) = (None, None, false);
    for descriptor in descriptors.split_ascii_whitespace() {
        let number = |unit: char| descriptor.strip_suffix(unit)?.parse::<f64>().ok();
        if let Some(pixels) = number('w') {
            if width.is_some() || density.is_some() || pixels <= 0.0 {
                return None;
            }
            width = Some(pixels);
        } else if let Some(pixels_a_px) = number('x') {
            if width.is_some() || density.is_some() || has_height || pixels_a_px < 0.0 {
                return None;
            }
            density = Some(pixels_a_px);
        } else if number('h').is_some() && !has_height && density.is_none() {
            has_height = true;
        } else {
            return None;
        }
    }
    match (width, density) {
        (Some(pixels), _) => Some(Size::Width(pixels)),
        _ if has_height => None,
        (None, density) => Some(Size::Density(density.unwrap_or(1.0))),
    }
}

/// How wide the picture is shown in the window, by `sizes`: the first length whose condition holds. What cannot be told
/// without laying out the page is as wide as the window.
fn shown_width(sizes: &str) -> f64 {
    let mut rest = sizes;
    while !rest.is_empty() {
        let (entry, after) = split_at_comma(rest);
        rest = after;
        let entry = entry.trim();
        let (condition, length) = match entry.rfind(|c: char| c.is_ascii_whitespace() || c == ')') {
            Some(at) if !entry.ends_with(')') => (entry[..=at].trim(), entry[at + 1..].trim()),
            _ => ("", entry),
        };
        match holds(condition) {
            Some(true) => return pixels(length).filter(|px| *px >= 1.0).unwrap_or(WINDOW_PX),
            Some(false) => {}
            None => return WINDOW_PX,
        }
    }
    WINDOW_PX
}

/// Whether a media condition holds in the window, if that can be told.
fn holds(condition: &str) -> Option<bool> {
    let mut all = true;
    for part in condition.split('(').skip(1) {
        let (feature, joined) = part.split_once(')')?;
        if !matches!(joined.trim().to_ascii_lowercase().as_str(), "" | "and") {
            return None;
        }
        let (name, value) = feature.split_once(':')?;
        let value = pixels(value.trim())?;
        all &= match name.trim().to_ascii_lowercase().as_str() {
            "min-width" => WINDOW_PX >= value,
            "max-width" => WINDOW_PX <= value,
            _ => return None,
        };
    }
    let begins = condition.split('(').next().unwrap_or_default().trim();
    begins.is_empty().then_some(all)
}

/// A length in px.
fn pixels(length: &str) -> Option<f64> {
    let end = length.find(|c: char| c.is_ascii_alphabetic() || c == '%')?;
    let number: f64 = length[..end].trim().parse().ok()?;
    let px = match length[end..].to_ascii_lowercase().as_str() {
        "px" => number,
        "vw" => number * WINDOW_PX / 100.0,
        "em" | "rem" => number * EM_PX,
        _ => return None,
    };
    px.is_finite().then_some(px)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(srcset: &str) -> Vec<(&str, Size)> {
        candidates(srcset)
            .into_iter()
            .map(|candidate| (candidate.url, candidate.size))
            .collect()
    }

    #[test]
    fn lists_are_read_as_the_standard_says() {
        use Size::{Density, Width};
        assert_eq!(list(""), []);
        assert_eq!(list(" , ,, "), []);
        assert_eq!(list("a"), [("a", Density(1.0))]);
        assert_eq!(list("a,b"), [("a,b", Density(1.0))]);
        assert_eq!(list("a, b"), [("a", Density(1.0)), ("b", Density(1.0))]);
        assert_eq!(
            list("a 1x,b 2x"),
            [("a", Density(1.0)), ("b", Density(2.0))]
        );
        assert_eq!(
            list("\n/w_300,c_fill/a.jpg 300w,\n /w_600,c_fill/a.jpg 600w"),
            [
                ("/w_300,c_fill/a.jpg", Width(300.0)),
                ("/w_600,c_fill/a.jpg", Width(600.0))
            ]
        );
        assert_eq!(
            list("data:image/png;base64,AA== 1x, b 2x"),
            [
                ("data:image/png;base64,AA==", Density(1.0)),
                ("b", Density(2.0))
            ]
        );
        assert_eq!(list("a 100w 50h, b 50h"), [("a", Width(100.0))]);
        assert_eq!(
            list("a 1x 2x, b 0w, c -1x, d 1q, e (x,y) , f 1.5x"),
            [("f", Density(1.5))]
        );
    }

    #[test]
    fn what_a_desktop_browser_takes_is_chosen() {
        let list = "a 320w, b 640w, c 1280w, d 1920w, e 2560w, f 4000w";
        assert_eq!(chosen(list, "", 2), (vec!["c", "e"], 4));
        assert_eq!(chosen(list, "", 1), (vec!["c"], 5));
        assert_eq!(chosen(list, "", 0), (vec![], 6));
        assert_eq!(
            chosen(list, "(max-width: 600px) 100vw, 50vw", 2).0,
            ["b", "c"]
        );
        assert_eq!(
            chosen(list, "(min-width: 75em) 300px, 100vw", 2).0,
            ["a", "b"]
        );
        assert_eq!(
            chosen(list, "(min-width:1000px)300px, 100vw", 2).0,
            ["a", "b"]
        );
        assert_eq!(
            chosen(list, "calc(100vw - 20px)", 2).0,
            ["c", "e"],
            "what cannot be told is as wide as the window"
        );
        assert_eq!(chosen(list, "auto", 2).0, ["c", "e"]);
        assert_eq!(chosen("a 1x, b 2x, c 3x", "", 2), (vec!["a", "b"], 1));
        assert_eq!(chosen("a, b 1.5x", "", 2), (vec!["a", "b"], 0));
        assert_eq!(chosen("a 100w, b 200w", "", 2), (vec!["b"], 1));
        assert_eq!(chosen("a 3x", "", 2), (vec!["a"], 0));
    }
}

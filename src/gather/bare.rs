//! Addresses in running text.
//!
//! Taken is what a reader would copy: `http://` and `https://` with whatever name follows, and `www.` with a name that
//! can exist (`http://` is supplied: nobody wrote `https`). `example.com/path` alone is not taken, for file names,
//! methods and sentences without a space after their full stop look the same. Where an address ends is a judgement:
//! punctuation at its end belongs to the sentence, a closing bracket to whoever opened it, and where a script without
//! spaces follows the letters of an address, the text goes on. GFM, twitter-text and linkify-it agree on most of this;
//! their cases are tests.
//!
//! Each stretch of text is looked at once, and an address is bounded, so that a text made to be slow is not.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use url::Url;

use super::sentence::cut;
use crate::address::MAX_ADDRESS_BYTES;

/// The ranges of `http` and `https` addresses in a text, in order.
pub(super) fn bare_addresses(text: &str) -> Vec<Range<usize>> {
    find(text, false)
}

/// The same, and those that begin with `www.`; [`href_of`] tells what these lead to.
pub(super) fn addresses(text: &str) -> Vec<Range<usize>> {
    find(text, true)
}

/// What an address as written leads to.
pub(super) fn href_of(written: &str) -> Cow<'_, str> {
    if begins_with_www(written.as_bytes()) {
        Cow::Owned(format!("http://{written}"))
    } else {
        Cow::Borrowed(written)
    }
}

/// Where text that was written with entities or escapes stands in the source, looked for from an offset on.
pub(super) fn locate(source: &str, from: usize, text: &str) -> Option<Range<usize>> {
    let head = text
        .split(['&', '<', '>', '"', '\'', '_', '*', '\\', '~'])
        .next()
        .unwrap_or(text);
    let rest = source.get(from..)?;
    let start = memchr::memmem::find(rest.as_bytes(), head.as_bytes())?;
    let mut written = rest[start..].char_indices();
    let mut end = start;
    for sought in text.chars() {
        let (mut at, mut found) = written.next()?;
        if found == '\\' && sought != '\\' {
            (at, found) = written.next()?;
        }
        end = start + at + found.len_utf8();
        // An entity stands for one character, and ends in a semicolon unless it is an old one.
        if found == '&' && !head.contains('&') {
            let after = &rest[end..];
            let length = after
                .bytes()
                .take(32)
                .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#')
                .count();
            if length > 0 && after[length..].starts_with(';') {
                end += length + 1;
                for _ in 0..=length {
                    written.next();
                }
            }
        }
    }
    Some(from + start..from + end)
}

fn find(text: &str, with_www: bool) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let bytes = text.as_bytes();
    let mut taken = 0;
    for at in memchr::memchr2_iter(b':', b'.', bytes) {
        let (start, host_at) = if bytes[at] == b':' {
            if !bytes[at..].starts_with(b"://") {
                continue;
            }
            match scheme_start(bytes, at, taken) {
                Some(start) => (start, at + 3),
                None => continue,
            }
        } else {
            match at.checked_sub(3) {
                Some(start) if with_www && start >= taken && is_www(text, start) => (start, start),
                _ => continue,
            }
        };
        let window = cut(&text[start..], MAX_ADDRESS_BYTES + 64);
        let before = text[..start].chars().next_back();
        let has_scheme = host_at > start;
        if let Some(reach) = reach(window, host_at - start, has_scheme, before) {
            taken = start + reach.end;
            if !reach.is_cut_short {
                found.push(start..taken);
            }
        }
    }
    found
}

/// Where the scheme before `://` begins, if it is one of ours and stands at the beginning of a word.
fn scheme_start(text: &[u8], colon: usize, taken: usize) -> Option<usize> {
    let before = &text[taken.min(colon)..colon];
    let letters = before
        .iter()
        .rev()
        .take(6)
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let scheme = &before[before.len() - letters..];
    let is_ours = scheme.eq_ignore_ascii_case(b"http") || scheme.eq_ignore_ascii_case(b"https");
    let start = colon - letters;
    let follows_word = start > 0
        && matches!(
            text[start - 1],
            b'0'..=b'9' | b'+' | b'-' | b'.' | b'_' | b'$'
        );
    (is_ours && !follows_word).then_some(start)
}

fn begins_with_www(text: &[u8]) -> bool {
    text.len() > 4 && text[..4].eq_ignore_ascii_case(b"www.")
}

/// Whether a name that begins with `www.` begins here, and is no part of anything longer.
fn is_www(text: &str, start: usize) -> bool {
    let bytes = text.as_bytes();
    begins_with_www(&bytes[start..])
        && start.checked_sub(1).is_none_or(|before| {
            let before = bytes[before];
            !before.is_ascii_alphanumeric() && !b".-_/@:=&?#%+\\$".contains(&before)
        })
}

/// How far an address reaches.
struct Reach {
    end: usize,
    /// It was shown shortened, so that nobody knows where it leads.
    is_cut_short: bool,
}

impl Reach {
    fn whole(end: usize) -> Self {
        Self {
            end,
            is_cut_short: false,
        }
    }
}

/// How far the address reaches that `text` begins with and whose host begins at `host_at`.
fn reach(text: &str, host_at: usize, has_scheme: bool, before: Option<char>) -> Option<Reach> {
    let mut end = host_at;
    let mut is_shortened = false;
    let rest = &text[host_at..];
    if has_scheme && rest.starts_with('[') {
        let close = rest.find(']')?;
        rest[1..close].parse::<Ipv6Addr>().ok()?;
        end += close + 1;
    } else {
        if has_scheme {
            end += credentials(rest);
        }
        let name = host(&text[end..]);
        let good = good_name(name, has_scheme)?;
        end += good;
        if good < name.len() {
            return Some(Reach::whole(end));
        }
        is_shortened = name.eq_ignore_ascii_case("t.co");
    }
    if let Some(port) = text[end..].strip_prefix(':') {
        let digits = port.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 {
            port[..digits].parse::<u16>().ok()?;
            end += 1 + digits;
        }
    }
    if !text[end..].starts_with(['/', '?', '#']) {
        return Some(Reach::whole(end));
    }
    let mut path = path(&text[end..], before);
    if is_shortened {
        // Twitter puts nothing but letters and digits there, and its texts run on right behind.
        let letters = path[1..].bytes().take_while(u8::is_ascii_alphanumeric);
        path = &path[..=letters.count()];
    } else if is_sentence(path, &text[end + path.len()..]) {
        return Some(Reach::whole(end + 1));
    }
    let is_cut_short = text[end + path.len()..].starts_with('\u{2026}')
        || path.contains("{{")
        || path.contains("{%");
    if is_cut_short {
        let end = end + path.len();
        return Some(Reach { end, is_cut_short });
    }
    Some(Reach::whole(end + trimmed(path).len()))
}

/// The length of `user:password@`.
fn credentials(text: &str) -> usize {
    let length = text
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"-._~%:+!$&*".contains(byte))
        .count();
    if length > 0 && text[length..].starts_with('@') {
        length + 1
    } else {
        0
    }
}

/// The longest host name that a text begins with.
fn host(text: &str) -> &str {
    let mut end = 0;
    for (at, character) in text.char_indices() {
        let goes_on = match character {
            '.' => {
                let next = text[at + 1..].chars().next();
                next.is_some_and(|next| is_of_host(next) || next == '/')
            }
            other => is_of_host(other),
        };
        if !goes_on {
            break;
        }
        end = at + character.len_utf8();
    }
    &text[..end]
}

fn is_of_host(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    }
    !ends_addresses(character) && !matches!(character, '\u{2010}'..='\u{2019}')
}

/// How much of a host name can be one.
fn good_name(name: &str, has_scheme: bool) -> Option<usize> {
    let plain = name.strip_suffix('.').unwrap_or(name);
    let good = if plain.is_ascii() && !has_label_with(plain, "xn--") {
        is_good_ascii_name(plain).then_some(name.len())
    } else {
        good_international_name(plain).map(|good| {
            if good == plain.len() {
                name.len()
            } else {
                good
            }
        })
    }?;
    // Without a scheme only what can be looked up counts.
    let is_known = || {
        let name = plain.get(..good).unwrap_or(plain);
        name.split('.').count() > 2 && is_below_known_suffix(name)
    };
    (has_scheme || is_known()).then_some(good)
}

fn has_label_with(name: &str, prefix: &str) -> bool {
    name.split('.').any(|label| {
        label
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    })
}

fn is_good_ascii_name(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_label = |label: &str| {
        let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = label.as_bytes();
        edge(bytes.first()) && edge(bytes.last()) && bytes.len() <= 63
    };
    if !name.split('.').all(is_label) {
        return false;
    }
    if name.len() == last.len() {
        return true;
    }
    if last.bytes().all(|byte| byte.is_ascii_digit()) {
        return name.parse::<Ipv4Addr>().is_ok();
    }
    // What is registered has no underscore, and no top level is one letter or hyphenated.
    let registered = name.rsplit('.').take(2);
    registered.into_iter().all(|label| !label.contains('_'))
        && last.len() > 1
        && (!last.contains('-') || has_label_with(last, "xn--"))
}

/// A name with letters of any script; where none can be made of it, the part before the script changes.
fn good_international_name(name: &str) -> Option<usize> {
    let is_good = Url::parse(&format!("http://{name}/"))
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .filter(|ascii| is_good_ascii_name(ascii));
    if let Some(ascii) = &is_good
        && is_below_known_suffix(ascii)
    {
        return Some(name.len());
    }
    let mut at = 0;
    for (number, label) in name.split('.').enumerate() {
        let latin = label.bytes().take_while(u8::is_ascii).count();
        let is_end = latin < label.len() && latin > 0 && number > 0;
        if is_end
            && is_below_known_suffix(&label[..latin])
            && is_good_ascii_name(&name[..at + latin])
        {
            return Some(at + latin);
        }
        at += label.len() + 1;
    }
    is_good.map(|_| name.len())
}

fn is_below_known_suffix(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    psl::suffix(name.as_bytes()).is_some_and(|suffix| suffix.is_known())
}

/// What follows the host, as far as it can belong to the address.
fn path(text: &str, before: Option<char>) -> &str {
    let mut end = 0;
    let mut previous = '/';
    // How many round, square and curly brackets are open.
    let mut open = [0_u32; 3];
    for (at, character) in text.char_indices() {
        let next = || text[at + character.len_utf8()..].chars().next();
        match character {
            '<' | '>' | '"' | '`' | '\\' | ' ' | '\0'..='\x1F' | '\x7F' => break,
            '\'' if before == Some('\'') => break,
            '(' => open[0] += 1,
            '[' => open[1] += 1,
            '{' => open[2] += 1,
            ')' if open[0] == 0 => {
                // A search for `a)+b` goes on; what is not of an address does not.
                let goes_on = next().is_some_and(|next| "+&=/%_?#~".contains(next));
                if !goes_on {
                    break;
                }
            }
            ')' => open[0] -= 1,
            ']' if open[1] == 0 => break,
            ']' => open[1] -= 1,
            '}' if open[2] == 0 => break,
            '}' => open[2] -= 1,
            ascii if ascii.is_ascii() => {}
            other if ends_addresses(other) => break,
            other if previous.is_ascii_alphanumeric() && needs_no_space(other) => break,
            _ => {}
        }
        previous = character;
        end = at + character.len_utf8();
    }
    &text[..end]
}

/// Whether what stands behind the host's slash is a Japanese sentence that goes on after the address: one with its
/// particles, and with a punctuation mark behind it.
fn is_sentence(path: &str, behind: &str) -> bool {
    let has_particles = || {
        path.chars()
            .any(|one| matches!(one, '\u{3041}'..='\u{309F}'))
    };
    behind.starts_with(['\u{3001}', '\u{3002}', '\u{FF01}', '\u{FF1F}'])
        && path[1..].bytes().all(|byte| !byte.is_ascii())
        && has_particles()
}

/// The path without what belongs to the sentence.
fn trimmed(path: &str) -> &str {
    let mut path = path;
    loop {
        let Some(last) = path.chars().next_back() else {
            return path;
        };
        let possessive = ["'s", "\u{2019}s"]
            .iter()
            .find_map(|ending| path.strip_suffix(ending));
        let is_odd = |quote: char| path.matches(quote).count() % 2 == 1;
        path = match last {
            _ if possessive.is_some() => possessive.unwrap_or(path),
            ';' => without_entity(path),
            '.' | ',' | ':' | '!' | '?' | '*' | '_' | '~' | '|' | '(' | '[' | '{' => {
                &path[..path.len() - 1]
            }
            '\'' if is_odd('\'') => &path[..path.len() - 1],
            '\u{2018}' | '\u{2019}' => &path[..path.len() - last.len_utf8()],
            _ => return path,
        };
    }
}

/// Without the entity that it ends in, or else without the semicolon.
fn without_entity(path: &str) -> &str {
    let before = &path[..path.len() - 1];
    let letters = before
        .bytes()
        .rev()
        .take(32)
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#')
        .count();
    let name_at = before.len() - letters;
    match before[..name_at].strip_suffix('&') {
        Some(address) if letters > 0 => address,
        _ => before,
    }
}

/// Whether a character beyond ASCII can be no part of an address as people write them: spaces, quotation marks,
/// punctuation of scripts that have their own.
fn ends_addresses(character: char) -> bool {
    match character {
        // Joiners, hyphens, the en dash and the apostrophe stand in titles, and titles in addresses.
        '\u{200C}' | '\u{200D}' | '\u{2010}'..='\u{2013}' | '\u{2018}' | '\u{2019}' => false,
        '\u{80}'..='\u{A1}'
        | '\u{AB}'
        | '\u{BB}'
        | '\u{BF}'
        | '\u{2000}'..='\u{206F}'
        | '\u{2E00}'..='\u{2E7F}'
        | '\u{3000}'..='\u{3004}'
        | '\u{3008}'..='\u{3020}'
        | '\u{3030}'
        | '\u{E000}'..='\u{F8FF}'
        | '\u{FE10}'..='\u{FE1F}'
        | '\u{FE30}'..='\u{FE6F}'
        | '\u{FEFF}'
        | '\u{FF01}'..='\u{FF0F}'
        | '\u{FF1A}'..='\u{FF20}'
        | '\u{FF3B}'..='\u{FF40}'
        | '\u{FF5B}'..='\u{FF65}'
        | '\u{FFF0}'..='\u{FFFF}'
        | '\u{0589}'
        | '\u{060C}'
        | '\u{061B}'
        | '\u{061F}'
        | '\u{06D4}'
        | '\u{0964}'
        | '\u{0965}' => true,
        other => other.is_whitespace() || other.is_control(),
    }
}

/// Whether a character is of a script that is written without spaces, or a sign that is set right behind a word.
fn needs_no_space(character: char) -> bool {
    matches!(character,
        '\u{1100}'..='\u{11FF}' | '\u{2190}'..='\u{2BFF}' | '\u{3005}'..='\u{312F}' | '\u{3130}'..='\u{318F}'
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{FF66}'..='\u{FF9F}' | '\u{1F000}'..='\u{1FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests;

//! Internal links, external links and bare addresses.

use std::ops::Range;

use super::super::address;
use super::super::names::{Use, folded, use_of};
use super::super::template::is_completed;
use super::{MAX_TAG_BYTES, Open, Walk, link};
use crate::address as addresses;
use crate::gather::sentence::cut;
use crate::gather::{Details, Kind, Note};

/// How far the end of a link's words is looked for.
const MAX_WORDS_BYTES: usize = 2000;
/// The longest target of an internal link.
const MAX_TARGET_BYTES: usize = 300;
/// How many templates behind a link may say something of it.
const MARKS: usize = 3;

/// Namespaces of categories and of files, folded.
const CATEGORIES: &[&str] = &[
    "category",
    "kategorie",
    "catégorie",
    "categoría",
    "categoria",
    "categorie",
    "kategoria",
    "kategori",
    "категория",
    "категорія",
    "luokka",
    "kategória",
    "分类",
    "分類",
    "カテゴリ",
    "분류",
    "kategorija",
];
const FILES: &[&str] = &[
    "file",
    "image",
    "datei",
    "bild",
    "fichier",
    "archivo",
    "imagen",
    "ficheiro",
    "imagem",
    "immagine",
    "bestand",
    "afbeelding",
    "plik",
    "grafika",
    "файл",
    "изображение",
    "tiedosto",
    "fil",
    "soubor",
    "fájl",
    "kép",
    "dosya",
    "ファイル",
    "画像",
    "文件",
    "파일",
    "fitxer",
    "lêer",
    "beeld",
];

impl Walk<'_, '_, '_> {
    pub(super) fn internal_link(&mut self) {
        let rest = &self.text[self.at + 2..];
        let target = cut(rest, MAX_TARGET_BYTES);
        let stop = target
            .find(['|', ']', '[', '{', '\n'])
            .unwrap_or(target.len());
        let (target, behind) = (&target[..stop], &rest[stop..]);
        let namespace = target.split_once(':').map(|(before, _)| folded(before));
        let is_in = |list: &[&str]| {
            namespace
                .as_ref()
                .is_some_and(|namespace| list.contains(&namespace.as_str()))
        };
        let is_category = is_in(CATEGORIES);
        if behind.starts_with("]]") {
            if !is_category && !is_in(FILES) {
                let start = self.at + 2;
                self.words(start..start + stop);
            }
            self.at += stop + 4;
        } else if behind.starts_with('|') {
            self.at += stop + 3;
            if is_category {
                // What it is sorted under.
                let key = cut(&self.text[self.at..], MAX_TARGET_BYTES);
                self.at += key.find("]]").map_or(0, |end| end + 2);
            } else if is_in(FILES) {
                self.writer.break_block();
                self.links.push(Open::File);
            } else {
                self.links.push(Open::Words);
            }
        } else {
            self.at += 2;
        }
    }

    pub(super) fn external_link(&mut self) {
        let start = self.at + 1;
        let end = start + address::length(&self.text[start..]);
        if is_completed(&self.text[end..]) {
            self.unknown(start..end);
            self.at = end;
            return;
        }
        let Some(close) = self.words_end(end) else {
            // Not a link in brackets; what stands in them may be a bare one.
            self.at = start;
            return;
        };
        let details = self.marks_behind(close + 1, &self.text[start..end]);
        self.open_link(start..end, Kind::Anchor, details);
        self.link_end = Some(close);
        let gap = self.text[end..close].len() - self.text[end..close].trim_start().len();
        self.at = end + gap;
    }

    /// Where the words of a link end, if they do in this line and template.
    pub(super) fn words_end(&mut self, from: usize) -> Option<usize> {
        // Many links that never end would each be looked through.
        if self.next_close < from {
            let found = memchr::memchr(b']', &self.text.as_bytes()[from..]);
            self.next_close = found.map_or(usize::MAX, |at| from + at);
        }
        if self.next_close.saturating_sub(from) > MAX_WORDS_BYTES {
            return None;
        }
        let limit = self.frames.last().map(|frame| frame.template.whole.end - 2);
        let rest = cut(&self.text[from..], MAX_WORDS_BYTES);
        let rest = rest
            .get(..limit.unwrap_or(usize::MAX).saturating_sub(from))
            .unwrap_or(rest);
        let bytes = rest.as_bytes();
        let (mut at, mut depth) = (0, 0_usize);
        while let Some(byte) = bytes.get(at) {
            let is_pair = bytes.get(at + 1) == Some(byte);
            match byte {
                b'\n' => return None,
                b'[' if is_pair => {
                    depth += 1;
                    at += 1;
                }
                b']' if is_pair && depth > 0 => {
                    depth -= 1;
                    at += 1;
                }
                b']' if depth == 0 => return Some(from + at),
                _ => {}
            }
            at += 1;
        }
        None
    }

    /// A bare address begins here, unless it was told, or belongs to a link or a word.
    pub(super) fn bare(&mut self) -> bool {
        let start = self.at;
        let in_template = self.frames.last().map(|frame| {
            let bars = &frame.template.bars;
            let bar = bars.get(bars.partition_point(|bar| *bar < start));
            bar.copied().unwrap_or(frame.template.whole.end - 2)
        });
        let rest = &self.text[start..in_template.unwrap_or(self.text.len()).max(start)];
        let rest = if self.links.is_empty() {
            rest
        } else {
            let window = cut(rest, MAX_WORDS_BYTES);
            &rest[..window.find('|').unwrap_or(rest.len())]
        };
        if address::scheme(rest).is_none() {
            return false;
        }
        if self.told.contains(&start) {
            self.at += address::length(rest);
            return true;
        }
        if self.link_end.is_some() {
            // The address is what the link is called.
            let scheme = address::scheme(rest).unwrap_or(1);
            self.words(start..start + scheme);
            self.at += scheme;
            return true;
        }
        let end = start + address::bare_length(rest);
        if is_completed(&self.text[end..]) {
            self.unknown(start..end);
            self.at = end;
            return true;
        }
        let details = self.marks_behind(end, &self.text[start..end]);
        self.open_link(start..end, Kind::Bare, details);
        self.writer.text(&self.text[start..end]);
        self.writer.close_link();
        self.at = end;
        true
    }

    pub(super) fn unknown(&mut self, span: Range<usize>) {
        let line = self.writer.source.line(span.start);
        let why = format!(
            "{}: a template completes this address",
            cut(&self.text[span], 200)
        );
        self.writer.sink().note(Note::Unreadable { line, why });
    }

    pub(super) fn open_link(&mut self, span: Range<usize>, kind: Kind, details: Details) {
        let href = address::unescaped(&self.text[span.clone()]);
        self.writer.open_link(&link(&href, span, kind, details));
    }

    /// What the templates behind a link say of it.
    pub(super) fn marks_behind(&mut self, end: usize, written: &str) -> Details {
        let mut details = Details::default();
        let mut at = end;
        for _ in 0..MARKS {
            let rest = cut(self.text.get(at..).unwrap_or_default(), 24);
            let gap = rest.len()
                - rest
                    .trim_start_matches([' ', '\t', '.', ',', ';', ')', '\'', '"'])
                    .len();
            at += gap;
            at += usize::from(rest[gap..].starts_with("</ref>")) * "</ref>".len();
            let Some(template) = self.structure.template_at(at) else {
                break;
            };
            let purpose = use_of(&folded(template.name(self.text)));
            if !matches!(purpose, Use::Dead | Use::Archive) {
                break;
            }
            let call = cut(&self.text[template.whole.clone()], MAX_TAG_BYTES);
            // One that names an address speaks of that.
            if purpose == Use::Dead && call.contains("://") && !call.contains(written) {
                break;
            }
            details.marked_dead = true;
            let call = cut(call, 200);
            details
                .note
                .get_or_insert_with(|| call.split_whitespace().collect::<Vec<_>>().join(" "));
            if purpose == Use::Archive
                && self.marked.as_ref().is_none_or(|(marked, _)| *marked < end)
                && let Ok(url) = addresses::parse(&address::unescaped(written), None)
            {
                self.marked = Some((at, url));
            }
            at = template.whole.end;
        }
        details
    }
}

/// Where addresses begin: a scheme at the beginning of a word, or `[//`.
pub(super) fn starts(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let slashes = memchr::memmem::find_iter(bytes, b"//");
    slashes
        .filter_map(|at| {
            if at > 0 && bytes[at - 1] == b'[' {
                return Some(at);
            }
            let colon = at.checked_sub(1).filter(|at| bytes[*at] == b':')?;
            let letters = bytes[..colon].iter().rev().take(6);
            let letters = letters
                .take_while(|byte| byte.is_ascii_alphabetic())
                .count();
            let word = &bytes[colon - letters..colon];
            let length = [5, 4].into_iter().find(|length| {
                let scheme: &[u8] = if *length == 5 { b"https" } else { b"http" };
                word.len() >= *length && word[word.len() - length..].eq_ignore_ascii_case(scheme)
            })?;
            let start = colon - length;
            // MediaWiki asks for the end of a word before a bare address; digits and letters are none.
            let before = text[..start].chars().next_back();
            before
                .is_none_or(|before| !before.is_alphanumeric() && before != '_')
                .then_some(start)
        })
        .collect()
}

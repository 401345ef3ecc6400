//! HTML: one streaming pass over the tokens, without a tree.
//!
//! A tree costs several times the page in memory and most of the time; what a citation needs of it (where it stands, the
//! block around it, the anchor's text) a light stack of open elements knows well enough. What that stack does not do is
//! reorder: misnested tables and formatting keep the order of the source, which is the order in which a reader of the
//! source finds them. Links in `noscript`, `template`, `pre` and `details` count, for somebody sees them.
//!
//! The page's own address, its base and a request to be ignored may stand behind the first link, and are looked up
//! before the pass begins.

mod comments;
mod data;
mod element;
mod embed;
mod facts;
mod lookahead;
mod page;
mod passage;
mod place;
mod quoted_post;
mod selector;
mod stack;
mod tags;
mod tokens;

#[cfg(test)]
mod tests;

pub(super) use lookahead::asks_to_be_ignored;
pub(super) use page::Page;
pub(super) use tokens::{Attribute, Listener, StartTag, read};

use super::options::Rules;
use super::position::{Origin, Source};
use super::post::{Home, PostWriter};
use super::{Document, Note, Sink};
use crate::address;

pub(super) fn gather(
    document: &Document<'_>,
    source: &Source<'_>,
    rules: &Rules,
    sink: &mut dyn Sink,
) {
    let text = source.text();
    let ahead = lookahead::look_ahead(text);
    let own = document
        .address
        .cloned()
        .or(ahead.own)
        .or_else(|| document.base.cloned());
    let base = ahead
        .base
        .and_then(|base| address::parse(base.trim(), own.as_ref()).ok());
    let home = Home {
        address: document.post_address(),
        name: document.name.to_owned(),
        base: base.or_else(|| own.clone()),
        own,
        ignored: ahead.ignored,
    };
    if !rules.selectors().is_empty() && text.len() > selector::MAX_TREE_BYTES {
        sink.note(Note::Unreadable {
            line: 0,
            why: format!(
                "page of {} bytes: too large for excluding by selector",
                text.len()
            ),
        });
    }
    let mut writer = PostWriter::begin(source, rules, sink, home);
    let mut page = Page::new();
    page.excluded = selector::Excluded::of(text, rules);
    page.feed(&mut writer, text, &Origin::Slice(0));
    let post = std::mem::take(&mut page.facts).into_post();
    writer.end(document.bytes, post);
}

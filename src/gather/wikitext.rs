//! Wikitext: MediaWiki's markup, as a page of a wiki is written and exported.
//!
//! A citation is an external link (`[http://... words]`), a bare address, or an address in a template: a reference
//! (`{{cite web |url=...}}` and what it is called in other languages) also says its title, when it was looked at, what it
//! quotes, that it is dead, and where it is archived. Which parameter says what is a table of names (`names.rs`); an
//! address that fills a parameter counts in any template.
//!
//! Templates nest without end, so that nothing here recurses: first it is found out which braces belong together and what
//! is no markup at all (`structure.rs`), then one walk goes through the text (`walk.rs`) and into the templates that hold
//! something. Templates are not expanded; an address that only an expansion would complete is told as unreadable.

mod address;
mod names;
mod plain;
mod structure;
mod template;
mod walk;

#[cfg(test)]
mod tests;

use super::options::Rules;
use super::position::Source;
use super::post::{Home, PostWriter};
use super::{Document, Post, Sink};
use structure::Structure;
use walk::Walk;

pub(super) fn gather(
    document: &Document<'_>,
    source: &Source<'_>,
    rules: &Rules,
    sink: &mut dyn Sink,
) {
    let home = Home {
        address: document.post_address(),
        name: document.name.to_owned(),
        own: document.own_address().cloned(),
        base: document.own_address().cloned(),
        ignored: false,
    };
    let text = source.text();
    let structure = Structure::of(text);
    let mut writer = PostWriter::begin(source, rules, sink, home);
    Walk::new(text, &structure, &mut writer).go();
    writer.end(document.bytes, Post::default());
}

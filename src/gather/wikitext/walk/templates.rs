//! Templates: the references in them, and which of them are walked through.

use std::ops::Range;

use url::Url;

use super::super::names::{Role, Use};
use super::super::structure::Template;
use super::super::template::Call;
use super::{Frame, Walk, link};
use crate::address as addresses;
use crate::gather::sentence::cut;
use crate::gather::{Details, Kind};

impl<'s> Walk<'_, 's, '_> {
    pub(super) fn template(&mut self, template: &'s Template) {
        let call = Call::of(self.text, self.structure, template);
        for span in &call.unknown {
            self.told.insert(span.start);
            self.unknown(span.clone());
        }
        if call.addresses.is_empty() {
            self.writer.text(&call.shown());
        } else {
            self.references(&call, template);
        }
        let holds_more = || {
            let from = self
                .starts
                .partition_point(|start| *start < template.whole.start);
            let inside = self.starts[from..].iter();
            let mut inside = inside.take_while(|start| **start < template.whole.end);
            inside.any(|start| !self.told.contains(start))
        };
        if call.purpose != Use::Quote && !holds_more() {
            self.at = template.whole.end;
            return;
        }
        if call.purpose == Use::Quote {
            self.writer.open_quote(None);
        } else {
            self.writer.break_block();
        }
        self.frames.push(Frame {
            template,
            is_quote: call.purpose == Use::Quote,
            links: self.links.len(),
        });
        self.at = template.bars.first().copied().unwrap_or(self.at + 2);
    }

    /// The addresses of a template, with what it says of them.
    pub(super) fn references(&mut self, call: &Call<'_>, template: &Template) {
        let title = call.title();
        let main = call
            .addresses
            .iter()
            .find(|found| found.role == Role::Address);
        let main_url = main.and_then(|found| addresses::parse(&found.href, None).ok());
        let written = main.map(|found| found.href.as_str()).unwrap_or_default();
        let marked = self.marked.take_if(|(at, _)| *at == template.whole.start);
        let marks = self.marks_behind(template.whole.end, written);
        let wayback = call.wayback();
        let mut is_told = false;
        for found in &call.addresses {
            self.told.insert(found.span.start);
            let is_copy = call.purpose == Use::Archive && wayback.is_none();
            let mut details = Details::default();
            if found.role == Role::Archive || (is_copy && found.role == Role::Address) {
                details.preserves = marked.as_ref().map(|(_, url)| url.clone());
                if found.role == Role::Archive {
                    details.preserves.clone_from(&main_url);
                }
            } else if found.role == Role::Address && !std::mem::replace(&mut is_told, true) {
                details = Details {
                    accessed_at: call.accessed_at(),
                    ..marks.clone()
                };
                if let Some(dead) = call.dead() {
                    details.marked_dead = true;
                    details.note.get_or_insert(dead);
                }
                if matches!(call.purpose, Use::Dead | Use::Archive) {
                    details.marked_dead = true;
                    let written = cut(&self.text[template.whole.clone()], 200).split_whitespace();
                    details
                        .note
                        .get_or_insert(written.collect::<Vec<_>>().join(" "));
                }
                self.writer.declare_quote(&call.quote());
                let link = link(&found.href, found.span.clone(), Kind::Reference, details);
                if title.is_empty() {
                    self.writer.point_link(&link, "");
                } else {
                    self.writer.open_link(&link);
                    self.writer.text(&title);
                    self.writer.close_link();
                    self.writer.text(&call.work());
                }
                if let (Some(instant), Some(url)) = (wayback, &main_url) {
                    self.wayback_copy(instant, url, found.span.clone(), &title);
                }
                continue;
            }
            let link = link(&found.href, found.span.clone(), Kind::Reference, details);
            self.writer.point_link(&link, &title);
        }
    }

    /// The copy of which a template says only the instant.
    pub(super) fn wayback_copy(
        &mut self,
        instant: &str,
        url: &Url,
        span: Range<usize>,
        title: &str,
    ) {
        let href = format!("https://web.archive.org/web/{instant}/{url}");
        let details = Details {
            written: Some(self.text[span.clone()].to_owned()),
            preserves: Some(url.clone()),
            ..Details::default()
        };
        let link = link(&href, span, Kind::Reference, details);
        self.writer.point_link(&link, title);
    }
}

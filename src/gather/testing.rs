//! A sink for this room's tests.

use url::Url;

use super::{Citation, Document, Format, LeftOut, Note, Options, Post, Rules, Sink, gather};

#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) addresses: Vec<String>,
    pub(super) citations: Vec<Citation>,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) posts: Vec<Post>,
    pub(super) notes: Vec<Note>,
}

impl Sink for Heard {
    fn begin(&mut self, address: &str) {
        self.addresses.push(address.to_owned());
    }
    fn citation(&mut self, citation: Citation) {
        self.citations.push(citation);
    }
    fn left_out(&mut self, left_out: LeftOut) {
        self.left_out.push(left_out);
    }
    fn end(&mut self, post: Post) {
        self.posts.push(post);
    }
    fn note(&mut self, note: Note) {
        self.notes.push(note);
    }
}

impl Heard {
    pub(super) fn urls(&self) -> Vec<&str> {
        self.citations.iter().map(|one| one.url.as_str()).collect()
    }

    /// Why each link was left out, in words.
    pub(super) fn reasons(&self) -> Vec<String> {
        self.left_out
            .iter()
            .map(|one| format!("{}: {}", one.address, one.reason))
            .collect()
    }
}

/// Gathers a post of `https://blog.example/post`.
pub(super) fn hear(text: &str, format: Format) -> Heard {
    hear_bytes(text.as_bytes(), format, &Rules::default())
}

pub(super) fn hear_bytes(bytes: &[u8], format: Format, rules: &Rules) -> Heard {
    let own = Url::parse("https://blog.example/post").unwrap();
    let document = Document {
        bytes,
        media_type: None,
        name: "post",
        address: Some(&own),
        base: None,
        format,
    };
    let mut heard = Heard::default();
    gather(&document, rules, &mut heard).unwrap();
    heard
}

/// Rules from their stored form.
pub(super) fn rules(json: &str) -> Rules {
    serde_json::from_str::<Options>(json)
        .unwrap()
        .compile()
        .unwrap()
}

//! What must hold of everything that is gathered, whatever it is gathered from.

use std::sync::LazyLock;

use sourcekeep::address::canonical;
use sourcekeep::gather::{
    Citation, Document, Format, Include, LeftOut, Note, Options, Post, Rules, Sink, gather,
};
use url::Url;

/// Hears all there is, and asks each thing whether it can be.
struct Doubting {
    length: usize,
    is_open: bool,
    position: u32,
}

impl Sink for Doubting {
    fn begin(&mut self, _address: &str) {
        assert!(!self.is_open, "a post begins in a post");
        self.is_open = true;
        self.position = 0;
    }

    fn citation(&mut self, citation: Citation) {
        assert!(self.is_open, "a citation of no post");
        let (start, end) = citation.span;
        assert!(start <= end && end <= self.length, "{citation:?}");
        assert!(citation.position > self.position, "{citation:?}");
        self.position = citation.position;
        assert!(citation.line >= 1 && citation.column >= 1, "{citation:?}");
        assert!(
            matches!(citation.url.scheme(), "http" | "https"),
            "{citation:?}"
        );
        assert!(citation.url.username().is_empty() && citation.url.password().is_none());
        assert!(citation.text.len() <= 1000, "{citation:?}");
        assert!(citation.headings.iter().all(|heading| !heading.is_empty()));
        if let Some(quote) = &citation.quote {
            assert!(!quote.text.trim().is_empty(), "{citation:?}");
            assert!(quote.confidence <= 100, "{citation:?}");
        }
        same_twice(&citation.url);
    }

    fn left_out(&mut self, left_out: LeftOut) {
        assert!(left_out.line >= 1, "{left_out:?}");
    }

    fn end(&mut self, _post: Post) {
        assert!(self.is_open, "no post ends");
        self.is_open = false;
    }

    fn note(&mut self, _note: Note) {}
}

/// The canonical form of a canonical form is itself.
pub fn same_twice(url: &Url) {
    let once = canonical(url);
    let parsed = Url::parse(once.as_str()).expect("a canonical address is an address");
    assert_eq!(canonical(&parsed), once);
    assert!(
        once.url()
            .fragment()
            .is_none_or(|one| one.starts_with(['!', '/']))
    );
}

static EVERYTHING: LazyLock<Rules> = LazyLock::new(|| {
    let include = Include {
        navigation: true,
        footer: true,
        aside: true,
        author: true,
        internal: true,
    };
    let options = Options {
        include,
        ..Options::default()
    };
    options.compile().expect("no rules are valid rules")
});

static OWN: LazyLock<Url> =
    LazyLock::new(|| Url::parse("https://blog.example/posts/1?x=y").expect("an address"));

/// Gathers with everything included, once as a page of the web and once as a file without an address.
pub fn read(bytes: &[u8], format: Format) {
    for address in [Some(&*OWN), None] {
        let mut doubting = Doubting {
            length: bytes.len(),
            is_open: false,
            position: 0,
        };
        let document = Document {
            bytes,
            media_type: None,
            name: "fuzzed",
            address,
            base: None,
            format,
        };
        // What cannot be read is an error; that is no concern here.
        let _ = gather(&document, &EVERYTHING, &mut doubting);
        assert!(!doubting.is_open, "a post does not end");
    }
}

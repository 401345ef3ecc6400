//! The passages that a post quotes.

/// Why a passage was tied to a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tie {
    /// The block quote names the address as its source (`cite`).
    Cite,
    /// The link stands in the block quote or right after it, as its attribution.
    Attribution,
    /// The paragraph before the block quote introduces it with the link.
    Introduction,
    /// The link is around the quoted words.
    Around,
    /// The quoted words and the link stand in one sentence.
    Sentence,
    /// The quoted words stand in a sentence beside that of the link.
    Adjoining,
    /// The user, or the document's author in a column of their own, said so.
    Declared,
}

/// The passages that a quote consists of: what stands between `[…]`, `...`, `[snip]` and the like.
pub fn quote_parts(quote: &str) -> Vec<&str> {
    vec![quote]
}

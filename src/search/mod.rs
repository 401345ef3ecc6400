//! Finding what is kept by its words: what a user asks for, what of a text is put into the index, what vanished between two
//! copies, and how a place that was found is shown.
//!
//! Texts and questions are made into words in the same way ([`words()`]), by code of our own: the index is handed words that
//! need no more than to be told apart by spaces. So the same words are found whatever their case, accents and compatibility
//! forms, and a question never reaches the index as a user wrote it.
//!
//! Scripts that put no spaces between words (Han, Kana, Thai, Lao, Khmer, Burmese) are taken character by character, and what
//! stands together in a question has to stand together in the text.

mod query;
mod snippet;
mod vanished;
mod words;

pub use query::{MAX_QUERY, Query, QueryError, Term};
pub use snippet::{Snippet, snippet};
pub use vanished::{Said, vanished};
pub use words::{Word, indexed, words};

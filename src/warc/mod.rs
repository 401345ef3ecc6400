//! WARC files, read and written: the format in which web archives exchange what they hold (ISO 28500).
//!
//! Pure, over `Read` and `Write`, and streaming: neither a file nor a record is ever in memory as a whole. Reading is
//! lenient, for files of the last 25 years are as they are: WARC 0.17 to 1.1 and ARC 1, plain, compressed by record or
//! as one, with wrong lengths, missing lines and garbage between records. Whatever is not as it should be is a
//! [`Problem`] with its place, and what comes after it is read all the same. [`visit_zip`] finds them in WACZ files.

mod arc;
mod chunked;
mod date;
mod digest;
mod fields;
mod http;
mod input;
mod reader;
mod wacz;
mod writer;

pub use date::{date, write_date};
pub use digest::{Check, base32};
pub use fields::Fields;
pub use http::Head;
pub use input::{Place, Problem};
pub use reader::{End, Reader, Record, bare};
pub use wacz::{ReadSeek, Visit, is_zip, visit_zip};
pub use writer::{NewRecord, Writer, record_id};

/// Profile of a revisit whose payload is that of an earlier record.
pub const IDENTICAL_PAYLOAD: &str =
    "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest";
/// Profile of a revisit that the server answered with "not modified".
pub const NOT_MODIFIED: &str = "http://netpreserve.org/warc/1.1/revisit/server-not-modified";

#[cfg(test)]
mod tests;

//! Documents from the disk: one file, or all readable files below a folder.
//!
//! Used by everything that gathers, with or without an archive. What cannot be read is a [`Problem`] with its place;
//! the rest goes on.

mod apart;
mod list;
mod problem;
mod read;
mod root;
mod unpack;
mod walk;

pub(super) use apart::pdf_text;
pub use apart::{PDF_COMMAND, confine, gather_document, print_pdf};
pub use list::addresses;
pub use problem::Problem;
pub use read::{read_among, read_document, read_input};
pub use root::address_of;
pub use unpack::unpacked;
pub use walk::{InvalidGlob, check_globs, walk};

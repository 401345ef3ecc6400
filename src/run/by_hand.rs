//! Copies that were made by hand: a file from the disk or from a browser, under limits, kept as what it is.

use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;
use std::time::{Duration, Instant};

use url::Url;

use super::RunError;
use super::index::{Index, index};
use super::quotes::look_in_copies_of;
use super::reading::text_of;
use crate::capture::by_hand::{Claims, MAX_BYTES, claims, is_of, media_type};
use crate::judge::{self, Text};
use crate::report::{one_line, rfc3339};
use crate::store::{ByHand, NewCapture, Packed, Store, StoreError, hex};
use crate::{address, charset};

/// The longest name or note that is kept, in characters.
const MAX_CHARS: usize = 2000;
/// A time that lies this far ahead is that of a clock that was wrong, in milliseconds.
const AHEAD: i64 = 24 * 3_600_000;
/// What it brought is put into the index of words for so long; the rest is noted, and put there by the next run.
const INDEXED_WITHIN: Duration = Duration::from_secs(5);

/// A file, and when it was last changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// What is in it.
    pub bytes: Vec<u8>,
    /// In milliseconds since the epoch, where the system knows.
    pub modified_at: Option<i64>,
}

/// Reads a file that is to be kept as a copy. A link is followed to the file it leads to.
///
/// # Errors
/// When there is no such file, when it is a folder, a pipe or a device, empty, or larger than [`MAX_BYTES`].
pub fn read_copy(path: &Path) -> Result<Copied> {
    let found = std::fs::metadata(path).map_err(|error| {
        if error.kind() == ErrorKind::NotFound && path.is_symlink() {
            return Error::new(ErrorKind::NotFound, "a link to a file that is not there");
        }
        error
    })?;
    if found.is_dir() {
        return Err(Error::new(
            ErrorKind::IsADirectory,
            "a folder; name the one file that is the copy",
        ));
    }
    // Only to open a pipe waits until somebody writes to it.
    if !found.is_file() {
        return Err(Error::other("a pipe or a device; save it to a file first"));
    }
    let mut file = std::fs::File::open(path)?;
    let found = file.metadata()?;
    if found.len() > MAX_BYTES {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(found.len()).unwrap_or(0));
    // The file may grow while it is read.
    file.by_ref().take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(too_large());
    }
    if bytes.is_empty() {
        return Err(Error::new(ErrorKind::InvalidData, "the file is empty"));
    }
    let modified_at = found.modified().ok().and_then(|at| {
        jiff::Timestamp::try_from(at)
            .ok()
            .map(jiff::Timestamp::as_millisecond)
    });
    Ok(Copied { bytes, modified_at })
}

fn too_large() -> Error {
    Error::new(
        ErrorKind::FileTooLarge,
        format!("larger than {} MB, which no copy may be", MAX_BYTES >> 20),
    )
}

/// A copy that somebody made, to be kept.
#[derive(Debug, Clone)]
pub struct HandMade {
    /// What is in it.
    pub bytes: Vec<u8>,
    /// The name of its file.
    pub name: String,
    /// When the file was last changed, in milliseconds since the epoch, where that is known.
    pub modified_at: Option<i64>,
    /// When it was made, in milliseconds since the epoch, where somebody says so.
    pub made_at: Option<i64>,
    /// Who made it.
    pub made_by: String,
    /// What there is to say of it.
    pub note: Option<String>,
    /// Whether it is kept though it says that it is a copy of another page.
    pub of_other_page: bool,
}

/// A copy as it was kept.
#[derive(Debug, Clone)]
pub struct KeptByHand {
    /// Its id.
    pub capture_id: i64,
    /// The id of its source.
    pub source_id: i64,
    /// What is known of how it was made.
    pub hand: ByHand,
    /// When it was made, in milliseconds since the epoch.
    pub made_at: i64,
    /// What it is.
    pub media_type: &'static str,
    /// Its title.
    pub title: Option<String>,
    /// Words of its text; none where it has none.
    pub words: Option<usize>,
    /// Bytes of it.
    pub size: usize,
    /// Their SHA-256, in hex.
    pub sha256: String,
    /// Whether it stands for what was cited.
    pub stands: bool,
    /// Whether its source, if it is cited, has a copy that does.
    pub is_baselined: Option<bool>,
    /// What makes one wonder, in words.
    pub doubts: Vec<String>,
}

/// Why a copy is not kept.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// Nothing that could be shown or read.
    #[error("no page, no MHTML, no PDF, no picture, and no text")]
    Kind,
    /// A copy of nothing.
    #[error("the file is empty")]
    Empty,
    /// Larger than any copy may be.
    #[error("larger than {} MB, which no copy may be", MAX_BYTES >> 20)]
    TooLarge,
    /// It says that it is of another page: of which.
    #[error("it says that it is a copy of {}", one_line(.0, 300))]
    OtherPage(String),
    /// It is said to have been made at an instant that is to come.
    #[error("it cannot have been made in the future")]
    Future,
    /// The archive failed.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl From<StoreError> for NotKept {
    fn from(error: StoreError) -> Self {
        Self::Run(error.into())
    }
}

/// Whether this is something that can be kept.
///
/// # Errors
///
/// Why it is not.
pub fn is_copy(bytes: &[u8], name: &str) -> std::result::Result<&'static str, NotKept> {
    if bytes.is_empty() {
        return Err(NotKept::Empty);
    }
    if bytes.len() as u64 > MAX_BYTES {
        return Err(NotKept::TooLarge);
    }
    media_type(bytes, &line(name)).ok_or(NotKept::Kind)
}

/// Keeps a copy that somebody made of the page of this address. What is quoted from it is looked for in it.
///
/// # Errors
///
/// Where it is none, or of another page, or the archive cannot be written: then nothing is kept.
pub fn keep_by_hand(
    store: &Store,
    url: &Url,
    made: &HandMade,
    now: i64,
) -> std::result::Result<KeptByHand, NotKept> {
    if made.made_at.is_some_and(|at| at > now) {
        return Err(NotKept::Future);
    }
    let name = line(&made.name);
    let media_type = is_copy(&made.bytes, &name)?;
    let claims = claims(&made.bytes, media_type);
    let text = text_of(&made.bytes, Some(media_type), url);
    let canonical = address::canonical(url);
    let source = canonical.to_string();
    if let Some(other) = claims.address.as_deref().filter(|_| !made.of_other_page)
        && !is_known(store, &source, other, now)?
    {
        return Err(NotKept::OtherPage(other.to_owned()));
    }
    let mut doubts: Vec<String> = calls_itself(&made.bytes, media_type, url, &claims)
        .into_iter()
        .collect();
    let (made_at, dated_by) = dated(made, &claims, now, &mut doubts);
    let hand = ByHand {
        made_by: line(&made.made_by),
        file: name,
        dated_by: dated_by.to_owned(),
        named_url: claims.address,
        note: made
            .note
            .as_deref()
            .map(line)
            .filter(|note| !note.is_empty()),
    };
    let (source_name, host) = (source.clone(), canonical.host().to_owned());
    let site = address::site(&host).to_owned();
    let (source_id, _) = store.write_blocking("name a source", move |w| {
        w.find_or_add_source(&source_name, &host, &site, now, Some(now))
    })?;
    let body = Packed::new(&made.bytes);
    let sha256 = hex(&body.sha256);
    let title = text.as_ref().and_then(|text| text.title.clone());
    let capture = NewCapture {
        source_id,
        address: String::new(),
        at: made_at,
        kind: "by-hand",
        url: url.to_string(),
        media_type: Some(media_type.to_owned()),
        title: title.clone(),
        body,
        served: None,
        truncated: None,
        sealed_at: now,
        exchanges: Vec::new(),
        manifest: None,
        rendering: None,
    };
    let kept_as = hand.clone();
    let capture_id = store.write_blocking("keep a copy made by hand", move |w| {
        w.keep_by_hand(capture, &kept_as)
    })?;
    look_in_copies_of(store, source_id, now)?;
    let plan = Index {
        until: Some(Instant::now() + INDEXED_WITHIN),
        ..Index::default()
    };
    index(store, &plan, &|| false, |_| {})?;
    let (stands, is_baselined) = store.read("read a source", |r| {
        let stands = r.seen_capture(capture_id)?.is_some_and(|row| row.stands);
        let cited = r.source(&source, now)?.filter(|row| row.citations > 0);
        Ok((stands, cited.map(|row| row.baselined)))
    })?;
    Ok(KeptByHand {
        capture_id,
        source_id,
        made_at,
        media_type,
        title,
        words: text.as_ref().map(words),
        size: made.bytes.len(),
        sha256,
        stands,
        is_baselined,
        doubts,
        hand,
    })
}

fn words(text: &Text) -> usize {
    text.whole.split_whitespace().count()
}

/// Text in one line, of some length.
fn line(text: &str) -> String {
    one_line(text.trim(), MAX_CHARS)
}

/// Whether the address that a file names is that of the source, or one that is known for it.
fn is_known(
    store: &Store,
    source: &str,
    named: &str,
    now: i64,
) -> std::result::Result<bool, StoreError> {
    // Where a source leads is a matter of its visits; one that is not known leads nowhere.
    let known = store.read("read a source", |r| {
        let Some(row) = r.source(source, now)? else {
            return Ok(Vec::new());
        };
        let mut known = vec![row.address, row.final_url.unwrap_or_default()];
        known.extend(row.moved_to);
        known.extend(r.aliases(row.id)?.into_iter().map(|(address, _)| address));
        Ok(known)
    })?;
    let mut addresses: Vec<&str> = known.iter().map(String::as_str).collect();
    addresses.push(source);
    Ok(is_of(named, &addresses))
}

/// That a page calls another address its own, in words. Many do so with good reason, so it is no more than a doubt.
fn calls_itself(bytes: &[u8], media_type: &str, url: &Url, claims: &Claims) -> Option<String> {
    if media_type != "text/html" || claims.address.is_some() {
        return None;
    }
    let head = &bytes[..bytes.len().min(1 << 20)];
    let decoded = charset::decode(head, Some(media_type));
    let features = judge::features(
        &decoded.text,
        Some(media_type),
        url,
        judge::Rules::built_in(),
    );
    let canonical = features.canonical?;
    (!is_of(&canonical, &[url.as_str()])).then(|| {
        format!(
            "the page calls itself {}; is it the right one?",
            one_line(&canonical, 300)
        )
    })
}

/// When the copy was made, and how that is known.
fn dated(
    made: &HandMade,
    claims: &Claims,
    now: i64,
    doubts: &mut Vec<String>,
) -> (i64, &'static str) {
    if let Some(at) = made.made_at {
        return (at, "said");
    }
    if let Some(at) = claims.saved_at {
        if at <= now + AHEAD {
            return (at.min(now), "page");
        }
        doubts.push(format!(
            "the file says that it was saved on {}, which is to come: not believed",
            rfc3339(at)
        ));
    }
    match made.modified_at {
        Some(at) if at <= now => (at, "file"),
        _ => (now, "now"),
    }
}

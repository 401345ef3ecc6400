//! What a request carries: the fields of a form, or of an object of a program, and a file where one may be sent.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::answer::Answer;
use crate::report;

/// Bytes of a form without a file: a thousand sources that are chosen, with a note, are some ten thousand.
const MOST_BYTES: usize = 256 << 10;
/// The same where everybody may send one: a password, and where to go.
const MOST_OF_STRANGERS: usize = 16 << 10;
/// Bytes of a form with a file, more than a copy may have.
const MOST_WITH_FILE: usize = 65 << 20;
/// So many forms with files are read and used at once.
const MOST_FILES: usize = 2;
/// Fields of a form.
const MOST_FIELDS: usize = 4096;
/// How long the next bytes may take to come, and how long all of them.
const NEXT_WITHIN: Duration = Duration::from_secs(10);
const ALL_WITHIN: Duration = Duration::from_secs(30);
/// The same for files, which somebody may send over a slow line.
const FILE_WITHIN: Duration = Duration::from_secs(5 * 60);

/// What may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// What somebody sends who is not known yet.
    OfStrangers,
    /// The fields of a form.
    Fields,
    /// These, and a file.
    File,
}

/// The room for forms with files, which are large.
pub(super) struct Files(Arc<Semaphore>);

impl Default for Files {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST_FILES)))
    }
}

/// What was sent.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// The room that it takes, where it may have a file.
    _room: Option<OwnedSemaphorePermit>,
    fields: Vec<(String, String)>,
    /// The file.
    pub(super) file: Option<SentFile>,
    /// It was sent by a program, as JSON: no page has a browser do that.
    pub(super) is_json: bool,
}

/// A file that was sent.
#[derive(Debug)]
pub(super) struct SentFile {
    /// Its name, as the browser says it.
    pub(super) name: String,
    /// What it holds.
    pub(super) bytes: Bytes,
}

impl Sent {
    /// A field, without white space around it; none where it is empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.fields.iter().find(|(own, _)| own == name)?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }

    /// A field as it was sent.
    pub(super) fn raw(&self, name: &str) -> Option<&str> {
        let (_, value) = self.fields.iter().find(|(own, _)| own == name)?;
        Some(value)
    }

    /// All values of a field.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let own = self.fields.iter().filter(move |(own, _)| own == name);
        own.map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }
}

fn media_type(headers: &HeaderMap) -> &str {
    let value = headers.get(CONTENT_TYPE);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// A media type without what it says besides.
fn plain(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

/// Whether a program sends it.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    plain(media_type(headers)).eq_ignore_ascii_case("application/json")
}

/// Reads what a request carries.
///
/// # Errors
///
/// An answer that says why it is not taken.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    takes: Takes,
    files: &Files,
) -> Result<Sent, Answer> {
    let media_type = media_type(headers);
    let plain = plain(media_type);
    let boundary = (takes == Takes::File)
        .then(|| multer::parse_boundary(media_type).ok())
        .flatten();
    let is_json = is_json(headers);
    let is_form = plain.eq_ignore_ascii_case("application/x-www-form-urlencoded");
    if boundary.is_none() && !is_json && !is_form {
        let words = "this is taken as a form, or as JSON (Content-Type: application/json)";
        return Err(Answer::words(StatusCode::UNSUPPORTED_MEDIA_TYPE, words));
    }
    let (most, within) = match takes {
        Takes::OfStrangers => (MOST_OF_STRANGERS, ALL_WITHIN),
        _ if boundary.is_none() => (MOST_BYTES, ALL_WITHIN),
        _ => (MOST_WITH_FILE, FILE_WITHIN),
    };
    if says_more(headers, most) {
        return Err(too_large(most));
    }
    let room = match &boundary {
        None => None,
        Some(_) => Some(files.room().await?),
    };
    let bytes = match timeout(within, collect(body, most)).await {
        Ok(bytes) => bytes?,
        Err(_) => return Err(too_slow()),
    };
    if let Some(boundary) = boundary {
        let sent = parts(bytes, &boundary).await?;
        return Ok(Sent {
            _room: room,
            ..sent
        });
    }
    if is_json {
        return object(&bytes);
    }
    let pairs = url::form_urlencoded::parse(&bytes).take(MOST_FIELDS);
    Ok(Sent {
        fields: pairs
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect(),
        ..Sent::default()
    })
}

impl Files {
    /// Waits for room, though not for long.
    async fn room(&self) -> Result<OwnedSemaphorePermit, Answer> {
        let room = timeout(NEXT_WITHIN, Arc::clone(&self.0).acquire_owned()).await;
        room.ok().and_then(Result::ok).ok_or_else(|| {
            let words = "other files are being sent; try again in a while";
            Answer::words(StatusCode::SERVICE_UNAVAILABLE, words)
        })
    }
}

fn too_slow() -> Answer {
    Answer::words(StatusCode::REQUEST_TIMEOUT, "This took too long to come.")
}

fn too_large(most: usize) -> Answer {
    let words = format!("This is larger than {}.", report::bytes(most as u64));
    Answer::words(StatusCode::PAYLOAD_TOO_LARGE, &words)
}

/// Whether it says so itself.
fn says_more(headers: &HeaderMap, most: usize) -> bool {
    let told = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    told.is_some_and(|told| told > most as u64)
}

async fn collect(body: Body, most: usize) -> Result<Bytes, Answer> {
    let mut stream = body.into_data_stream();
    let mut bytes = BytesMut::new();
    while let Some(next) = timeout(NEXT_WITHIN, stream.next())
        .await
        .map_err(|_| too_slow())?
    {
        let next = next.map_err(|_| bad("it ended before its end"))?;
        if bytes.len() + next.len() > most {
            return Err(too_large(most));
        }
        bytes.extend_from_slice(&next);
    }
    Ok(bytes.freeze())
}

fn bad(words: &str) -> Answer {
    Answer::words(StatusCode::BAD_REQUEST, words)
}

/// The parts of a form with a file (RFC 7578).
async fn parts(bytes: Bytes, boundary: &str) -> Result<Sent, Answer> {
    let whole = stream::once(async move { Ok::<_, std::io::Error>(bytes) });
    let mut parts = multer::Multipart::new(whole, boundary);
    let mut sent = Sent::default();
    for _ in 0..MOST_FIELDS {
        let part = parts.next_field().await;
        let Some(part) = part.map_err(|_| bad("this form cannot be read"))? else {
            return Ok(sent);
        };
        let name = part.name().unwrap_or_default().to_owned();
        let file = part.file_name().map(str::to_owned);
        let value = part.bytes().await;
        let value = value.map_err(|_| bad("this form cannot be read"))?;
        match file {
            // A field for a file that none was chosen for is sent all the same.
            Some(file) if !file.is_empty() || !value.is_empty() => {
                sent.file = Some(SentFile {
                    name: file,
                    bytes: value,
                });
            }
            Some(_) => {}
            None if value.len() <= MOST_BYTES => {
                let value = String::from_utf8_lossy(&value).into_owned();
                sent.fields.push((name, value));
            }
            None => return Err(bad("a field of this form is too long")),
        }
    }
    Err(bad("this form has too many fields"))
}

/// The members of an object: words, numbers, truths, and lists of them.
fn object(bytes: &[u8]) -> Result<Sent, Answer> {
    use serde_json::Value;
    let refused = || bad("expected a JSON object of words, numbers and lists of them");
    let object: serde_json::Map<String, Value> =
        serde_json::from_slice(bytes).map_err(|_| refused())?;
    let mut fields = Vec::new();
    for (name, value) in object {
        let all = match value {
            Value::Array(all) => all,
            one => vec![one],
        };
        for one in all {
            let word = match one {
                Value::Null => continue,
                Value::String(word) => word,
                one @ (Value::Bool(_) | Value::Number(_)) => one.to_string(),
                Value::Array(_) | Value::Object(_) => return Err(refused()),
            };
            fields.push((name.clone(), word));
            if fields.len() > MOST_FIELDS {
                return Err(refused());
            }
        }
    }
    Ok(Sent {
        fields,
        is_json: true,
        ..Sent::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn of(media_type: &str, body: &'static [u8]) -> Result<Sent, StatusCode> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, media_type.parse().unwrap());
        let sent = read(&headers, Body::from(body), Takes::File, &Files::default()).await;
        sent.map_err(|answer| answer.status)
    }

    #[tokio::test]
    async fn forms_and_objects_say_the_same() {
        let form = of(
            "application/x-www-form-urlencoded; charset=utf-8",
            b"id=1&id=2&note=+a%20b+&empty=&bad=%ff",
        );
        let object = of(
            "application/json",
            br#"{"id": [1, "2"], "note": " a b ", "empty": null, "bad": "\ufffd"}"#,
        );
        for sent in [form.await.unwrap(), object.await.unwrap()] {
            assert_eq!(sent.all("id").collect::<Vec<_>>(), ["1", "2"]);
            assert_eq!(sent.get("note"), Some("a b"));
            assert_eq!(sent.get("empty"), None);
            assert_eq!(sent.get("bad"), Some("\u{fffd}"));
        }
    }

    #[tokio::test]
    async fn a_file_comes_with_its_name() {
        let sent = of(
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nwhy\r\n\
              --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.html\"\r\nContent-Type: text/html\r\n\r\n<p>\r\n--x--\r\n",
        )
        .await
        .unwrap();
        assert_eq!(sent.get("note"), Some("why"));
        let file = sent.file.unwrap();
        assert_eq!(
            (file.name.as_str(), &file.bytes[..]),
            ("a.html", &b"<p>"[..])
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_slowly_is_not_waited_for() {
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            "application/x-www-form-urlencoded".parse().unwrap(),
        );
        // A byte each so many seconds, without an end.
        for (every, seconds) in [(1, 30), (9, 30), (11, 10)] {
            let begun = tokio::time::Instant::now();
            let slow = stream::unfold((), move |()| async move {
                tokio::time::sleep(Duration::from_secs(every)).await;
                Some((Ok::<_, std::io::Error>("a"), ()))
            });
            let body = Body::from_stream(slow);
            let files = Files::default();
            let refused = read(&headers, body, Takes::Fields, &files).await;
            assert_eq!(refused.unwrap_err().status, 408);
            assert_eq!(begun.elapsed().as_secs(), seconds, "{every}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn few_files_are_read_at_once() {
        let files = Files::default();
        let send = || {
            let mut headers = HeaderMap::new();
            let media_type = "multipart/form-data; boundary=x".parse().unwrap();
            headers.insert(CONTENT_TYPE, media_type);
            let files = &files;
            async move { read(&headers, Body::from("--x--\r\n"), Takes::File, files).await }
        };
        let held = [send().await.unwrap(), send().await.unwrap()];
        assert_eq!(send().await.unwrap_err().status, 503);
        drop(held);
        assert!(send().await.is_ok());
    }

    #[tokio::test]
    async fn what_is_none_is_refused() {
        let long: &'static [u8] = vec![b'a'; MOST_BYTES + 1].leak();
        for (media_type, body, status) in [
            ("text/plain", &b"id=1"[..], 415),
            ("application/json", b"[1]", 400),
            ("application/json", br#"{"a": {"b": 1}}"#, 400),
            ("application/json", b"{", 400),
            ("multipart/form-data; boundary=x", b"--x\r\n", 400),
            ("multipart/form-data", b"", 415),
            ("application/x-www-form-urlencoded", long, 413),
        ] {
            let refused = of(media_type, body).await.unwrap_err();
            assert_eq!(refused.as_u16(), status, "{media_type}");
        }
    }
}

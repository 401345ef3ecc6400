//! What a path answers with.

use std::io::Write;
use std::time::Duration;

/// One act of a server that does not play by the rules; a script of them takes the place of a response.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Sends bytes as they are.
    Send(Vec<u8>),
    /// Sends bytes one by one, so far apart.
    Drip(Vec<u8>, Duration),
    /// Sends the same piece again and again until the other side has enough.
    Endless(Vec<u8>),
    /// Sends the same piece so many times.
    Repeat(Vec<u8>, usize),
    /// Waits.
    Wait(Duration),
    /// Says nothing any more and keeps the connection.
    Hang,
    /// Over HTTP/2, reads nothing that the other side sends; it may stand anywhere in the script.
    Deaf,
    /// Resets the connection (RST; under TLS, closes it without farewell).
    Reset,
    /// Ends the connection in order, but under TLS without farewell (`close_notify`).
    CloseRudely,
}

/// A page, or what passes for one. Build it with [`Page::html`] and the like, then refine it.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Vec<u8>,
    pub(super) delay: Duration,
    pub(super) script: Option<Vec<Act>>,
    pub(super) close: bool,
}

impl Page {
    /// Bytes of some media type.
    pub(crate) fn bytes(media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            headers: vec![("content-type".to_owned(), media_type.as_bytes().to_vec())],
            body: body.into(),
            delay: Duration::ZERO,
            script: None,
            close: false,
        }
    }

    /// A page in UTF-8.
    pub(crate) fn html(body: impl Into<Vec<u8>>) -> Self {
        Self::bytes("text/html; charset=utf-8", body)
    }

    /// Plain text in UTF-8: robots.txt and the like.
    pub(crate) fn text(body: impl Into<Vec<u8>>) -> Self {
        Self::bytes("text/plain; charset=utf-8", body)
    }

    /// A status without a body.
    pub(crate) fn empty(status: u16) -> Self {
        let mut page = Self::bytes("", "");
        page.headers.clear();
        page.status = status;
        page
    }

    /// A redirect; `to` is sent as it is.
    pub(crate) fn redirect(status: u16, to: impl AsRef<[u8]>) -> Self {
        let mut page = Self::empty(status);
        page.headers
            .push(("location".to_owned(), to.as_ref().to_vec()));
        page
    }

    /// A script instead of a response: the request is read, then each act is done, then the connection is closed.
    /// Over HTTP/2 the stream is reset instead.
    pub(crate) fn script(acts: impl Into<Vec<Act>>) -> Self {
        let mut page = Self::empty(200);
        page.script = Some(acts.into());
        page
    }

    /// Bytes as they are, then the end of the connection.
    pub(crate) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self::script(vec![Act::Send(bytes.into())])
    }

    /// Another status.
    #[must_use]
    pub(crate) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// One more header; it may stand there several times.
    #[must_use]
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers
            .push((name.to_ascii_lowercase(), value.as_ref().to_vec()));
        self
    }

    /// An entity tag, quotes included; a request that holds it is answered with 304.
    #[must_use]
    pub(crate) fn etag(self, etag: &str) -> Self {
        self.header("etag", etag)
    }

    /// A date of change; a request that holds this very date is answered with 304.
    #[must_use]
    pub(crate) fn last_modified(self, date: &str) -> Self {
        self.header("last-modified", date)
    }

    /// Time between the request and the response.
    #[must_use]
    pub(crate) fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Closes the connection after the response.
    #[must_use]
    pub(crate) fn close(mut self) -> Self {
        self.close = true;
        self
    }

    /// Codes the body and says so: `gzip`, `deflate` (zlib), `deflate-raw`, `br`, `zstd`. May be used repeatedly.
    #[must_use]
    pub(crate) fn coded(mut self, coding: &str) -> Self {
        self.body = encode(coding, &self.body);
        let name = if coding == "deflate-raw" {
            "deflate"
        } else {
            coding
        };
        let listed = self
            .headers
            .iter_mut()
            .find(|(n, _)| n == "content-encoding");
        match listed {
            Some((_, value)) => value.extend_from_slice(format!(", {name}").as_bytes()),
            None => self
                .headers
                .push(("content-encoding".to_owned(), name.as_bytes().to_vec())),
        }
        self
    }

    /// Leaves only the first bytes of the body, with an honest Content-Length: what a coding was cut short by.
    #[must_use]
    pub(crate) fn cut(mut self, len: usize) -> Self {
        self.body.truncate(len);
        self
    }

    pub(super) fn header_value(&self, name: &str) -> Option<&[u8]> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_slice())
    }

    /// Whether a request's conditions are met by this page, so that 304 answers it (RFC 9110, section 13.2.2).
    pub(super) fn is_unchanged(&self, request: &super::Logged) -> bool {
        if self.status != 200 {
            return false;
        }
        if let Some(wanted) = request.header("if-none-match") {
            return self.header_value("etag") == Some(wanted.as_bytes());
        }
        match request.header("if-modified-since") {
            Some(since) => self.header_value("last-modified") == Some(since.as_bytes()),
            None => false,
        }
    }
}

/// Codes bytes by a content coding.
pub(crate) fn encode(coding: &str, data: &[u8]) -> Vec<u8> {
    let level = flate2::Compression::default();
    let coded = match coding {
        "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(data).and_then(|()| encoder.finish())
        }
        "deflate" => {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(data).and_then(|()| encoder.finish())
        }
        "deflate-raw" => {
            let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), level);
            encoder.write_all(data).and_then(|()| encoder.finish())
        }
        "br" => {
            let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
            encoder.write_all(data).map(|()| encoder.into_inner())
        }
        "zstd" => zstd::encode_all(data, 3),
        other => panic!("the test web has no coding {other}"),
    };
    coded.expect("coding into memory")
}

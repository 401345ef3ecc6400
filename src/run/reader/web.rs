//! Documents on the web, by conditional requests.

use url::Url;

use super::{Came, Reader};
use crate::address;
use crate::fetch::{Accept, Fault, Fetched, Limits, Request, Validators};
use crate::run::{Problem, RunError};
use crate::store::{KnownDocument, sha256};

/// What became of asking for a document.
pub(in crate::run) enum Answer {
    /// It is the one that is known.
    Unchanged,
    /// It came; its address after redirects.
    Came(Box<Fetched>, Url),
    /// It did not: the status, if there was an answer, and why.
    Failed(Option<u16>, String),
    /// It cannot be asked for now, by no fault of its own.
    NotNow(Fault),
    /// The run ends.
    Cancelled,
}

impl Reader<'_> {
    /// Asks for a document, conditionally where it is known.
    pub(in crate::run) async fn ask(
        &self,
        url: &Url,
        known: Option<&KnownDocument>,
        accept: Accept,
    ) -> Answer {
        let mut request = Request::page(url.clone());
        request.accept = accept;
        request.body_limit = Some(Limits::default().input_served_bytes);
        request.validators = known
            .filter(|known| known.etag.is_some() || known.last_modified.is_some())
            .map(|known| Validators {
                url: url.clone(),
                etag: known.etag.clone(),
                last_modified: known.last_modified.clone(),
            });
        let fetched = tokio::select! {
            biased;
            () = self.context.cancelled.cancelled() => return Answer::Cancelled,
            fetched = self.context.fetcher.get(&request) => fetched,
        };
        let fetched = match fetched {
            Ok(fetched) => fetched,
            Err(fault) => return Answer::NotNow(fault),
        };
        let hop = fetched.facts.hops.last();
        let status = hop.map(|hop| hop.status);
        if status == Some(304) && known.is_some() {
            return Answer::Unchanged;
        }
        match (&fetched.facts.failure, status, &fetched.body) {
            (Some(failure), ..) => Answer::Failed(status, failure.detail.clone()),
            (None, Some(200..300), Some(body)) => {
                if known.is_some_and(|known| known.sha256 == sha256(&body.bytes)) {
                    return Answer::Unchanged;
                }
                let address = hop.and_then(|hop| Url::parse(&hop.url).ok());
                let address = address.unwrap_or_else(|| url.clone());
                Answer::Came(Box::new(fetched), address)
            }
            (None, Some(code), _) => Answer::Failed(status, format!("answered {code}")),
            (None, None, _) => Answer::Failed(None, "no answer".to_owned()),
        }
    }

    /// Reads a page or feed, unless it is unchanged.
    pub(in crate::run) async fn page(&mut self, name: &str, whole: bool) -> Result<(), RunError> {
        let failed = |why: String| Problem {
            whole,
            ..Problem::part(name, why)
        };
        let url = match address::parse(name, None) {
            Ok(url) => url,
            Err(error) => {
                self.problem(failed(error.to_string()));
                return Ok(());
            }
        };
        let known = self.known(name)?;
        match self.ask(&url, known.as_ref(), Accept::Feed).await {
            Answer::Unchanged => match &known {
                Some(known) => self.unchanged(known, None).await,
                None => Ok(()),
            },
            Answer::Came(fetched, address) => {
                let (bytes, came) = came(&fetched, address);
                let came = Came {
                    is_whole: whole,
                    ..came
                };
                self.document(name, bytes, came).await.map(|_| ())
            }
            Answer::Failed(_, why) => {
                self.problem(failed(why));
                Ok(())
            }
            Answer::NotNow(fault) => {
                self.problem(failed(fault.to_string()));
                Ok(())
            }
            Answer::Cancelled => Ok(()),
        }
    }
}

/// The bytes of an answer, and what they came with.
pub(in crate::run) fn came(fetched: &Fetched, address: Url) -> (Vec<u8>, Came) {
    let hop = fetched.facts.hops.last();
    let header = |name| hop.and_then(|hop| hop.header(name)).map(str::to_owned);
    let is_first_hop = fetched.facts.hops.len() == 1;
    let body = fetched.body.as_ref();
    let came = Came {
        media_type: body.and_then(|body| body.media_type.clone()),
        // Validators are asked with at the document's own address only.
        etag: header("etag").filter(|_| is_first_hop),
        last_modified: header("last-modified").filter(|_| is_first_hop),
        address: Some(address),
        ..Came::default()
    };
    let bytes = body.map(|body| body.bytes.to_vec()).unwrap_or_default();
    (bytes, came)
}

//! Reading the inputs that are due: files by modification time and digest, pages and feeds by conditional requests.

use std::path::Path;
use std::sync::Arc;

use url::Url;

use super::gathering::{InputOptions, gather_into_store};
use super::pass::Happened;
use super::{Context, Problem, RunError, read_document, walk};
use crate::fetch::{Accept, Fetched, Limits, Request, Validators};
use crate::gather::{self, Document, Format, Rules};
use crate::store::{InputRow, KnownDocument, NewDocument, NewEvent, Packed, sha256};

/// An input that could not be read is tried again after this long, in milliseconds.
const AGAIN_AFTER_PROBLEM: i64 = 3_600_000;

/// Reads every input that is due. Says whether one of them could not be read as a whole.
pub(super) async fn due_inputs(
    context: &Context,
    now: i64,
    stdin: Option<&[u8]>,
    happened: &mut (dyn FnMut(Happened) + Send),
) -> Result<bool, RunError> {
    let mut failed = false;
    let inputs = context
        .store
        .read("find due inputs", |r| r.due_inputs(now))?;
    for input in inputs {
        if context.cancelled.is_cancelled() {
            break;
        }
        let is_web = matches!(input.kind.as_str(), "page" | "feed" | "pages");
        let mut reader = Reader {
            context,
            input: &input,
            rules: Arc::default(),
            now,
            happened,
            whole: None,
        };
        reader.read(stdin).await?;
        let problem = reader.whole;
        context.tally.input();
        failed |= problem.is_some();
        let next = match (input.kind.as_str(), is_web, &problem) {
            ("stdin", ..) => None,
            // A look at a file's modification time costs nothing, so files are looked at in every run.
            (_, false, _) => Some(now),
            (_, true, Some(_)) => Some(now + AGAIN_AFTER_PROBLEM),
            (_, true, None) => Some(now + context.manner.input_refresh_ms),
        };
        note_how_it_went(context, &input, problem, next, now).await?;
    }
    Ok(failed)
}

async fn note_how_it_went(
    context: &Context,
    input: &InputRow,
    problem: Option<String>,
    next: Option<i64>,
    now: i64,
) -> Result<(), RunError> {
    let (id, is_news) = (input.id, problem.is_some() && input.problem.is_none());
    context
        .store
        .write("note how an input went", move |w| {
            if is_news {
                w.record_event(&NewEvent {
                    at: now,
                    kind: "input-unreadable",
                    input_id: Some(id),
                    detail: serde_json::json!({ "why": problem }).to_string(),
                    ..NewEvent::default()
                })?;
            }
            w.input_refreshed(id, now, next, problem.as_deref())
        })
        .await?;
    Ok(())
}

/// Reads one input; problems and notes go to `happened` as they come.
struct Reader<'a> {
    context: &'a Context,
    input: &'a InputRow,
    rules: Arc<Rules>,
    now: i64,
    happened: &'a mut (dyn FnMut(Happened) + Send),
    /// Why the input as a whole could not be read.
    whole: Option<String>,
}

/// What a document came with.
#[derive(Default)]
struct Came {
    media_type: Option<String>,
    etag: Option<String>,
    last_modified: Option<String>,
    modified_at: Option<i64>,
    address: Option<Url>,
}

impl Reader<'_> {
    async fn read(&mut self, stdin: Option<&[u8]>) -> Result<(), RunError> {
        let options: InputOptions = serde_json::from_str(&self.input.options).unwrap_or_default();
        match options.gather.compile() {
            Ok(rules) => self.rules = Arc::new(rules),
            Err(error) => {
                self.problem(Problem::whole(&self.input.address, error));
                return Ok(());
            }
        }
        let address = self.input.address.clone();
        match self.input.kind.as_str() {
            "folder" => self.folder(Path::new(&address)).await,
            "stdin" => match stdin {
                Some(bytes) => {
                    self.document("-", bytes.to_vec(), Came::default(), true)
                        .await
                }
                None => Ok(()),
            },
            "page" | "feed" => self.page(&address, true).await,
            "pages" => self.pages(Path::new(&address)).await,
            _ => self.file(Path::new(&address), true).await,
        }
    }

    fn problem(&mut self, problem: Problem) {
        if problem.whole && self.whole.is_none() {
            self.whole = Some(problem.why.clone());
        }
        (self.happened)(Happened::Problem(problem));
    }

    fn known(&self, address: &str) -> Result<Option<KnownDocument>, RunError> {
        let (id, address) = (self.input.id, address.to_owned());
        Ok(self
            .context
            .store
            .read("read a document", |r| r.document(id, &address))?)
    }

    async fn unchanged(
        &self,
        known: &KnownDocument,
        modified_at: Option<i64>,
    ) -> Result<(), RunError> {
        let (id, now) = (known.id, self.now);
        self.context
            .store
            .submit("note an unchanged document", move |w| {
                w.document_unchanged(id, modified_at, now)
            })
            .await?;
        Ok(())
    }

    /// A file that is there and cannot be read is not gone.
    async fn unreadable(&self, name: String, error: &std::io::Error) -> Result<(), RunError> {
        if error.kind() == std::io::ErrorKind::NotFound {
            return Ok(());
        }
        let (id, now) = (self.input.id, self.now);
        self.context
            .store
            .submit("note an unreadable document", move |w| {
                w.document_unreadable(id, &name, now)
            })
            .await?;
        Ok(())
    }

    async fn folder(&mut self, folder: &Path) -> Result<(), RunError> {
        if let Err(error) = std::fs::read_dir(folder) {
            self.problem(Problem::whole(folder.to_string_lossy(), error));
            return Ok(());
        }
        let mut whole = true;
        for path in walk(folder) {
            if self.context.cancelled.is_cancelled() {
                return Ok(());
            }
            match path {
                Ok(path) => self.file(&path, false).await?,
                Err(problem) => {
                    whole = false;
                    self.problem(problem);
                }
            }
        }
        if !whole {
            // What lies in a part that could not be listed is not gone.
            return Ok(());
        }
        let (id, now) = (self.input.id, self.now);
        self.context
            .store
            .write("note documents that went", move |w| {
                w.documents_gone(id, now, now)
            })
            .await?;
        Ok(())
    }

    async fn file(&mut self, path: &Path, whole: bool) -> Result<(), RunError> {
        let name = path.to_string_lossy().into_owned();
        let failed = |error: &dyn std::fmt::Display| Problem {
            whole,
            ..Problem::part(&name, error.to_string())
        };
        let modified_at = match std::fs::metadata(path) {
            Ok(metadata) => metadata
                .modified()
                .ok()
                .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
                .and_then(|since| i64::try_from(since.as_millis()).ok())
                .map(|modified| (modified, metadata.len())),
            Err(error) => {
                self.problem(failed(&error));
                return self.unreadable(name, &error).await;
            }
        };
        let known = self.known(&name)?;
        if let (Some(known), Some((modified, size))) = (&known, modified_at)
            && known.modified_at == Some(modified)
            && u64::try_from(known.size) == Ok(size)
        {
            return self.unchanged(known, None).await;
        }
        let bytes = match read_document(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.problem(failed(&error));
                return self.unreadable(name, &error).await;
            }
        };
        let modified_at = modified_at.map(|(modified, _)| modified);
        if let Some(known) = &known
            && known.sha256 == sha256(&bytes)
        {
            return self.unchanged(known, modified_at).await;
        }
        self.document(
            &name,
            bytes,
            Came {
                modified_at,
                ..Came::default()
            },
            whole,
        )
        .await
    }

    async fn pages(&mut self, list: &Path) -> Result<(), RunError> {
        let bytes = match read_document(list) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.problem(Problem::whole(list.to_string_lossy(), error));
                return Ok(());
            }
        };
        let name = list.to_string_lossy().into_owned();
        let mut addresses = AddressSink::default();
        let document = Document {
            bytes: &bytes,
            media_type: None,
            name: &name,
            address: None,
            base: None,
            format: Format::List,
        };
        if let Err(error) = gather::gather(&document, &self.rules, &mut addresses) {
            self.problem(Problem::whole(&name, error));
        }
        for (line, why) in addresses.bad {
            self.problem(Problem {
                line: Some(line),
                ..Problem::part(&name, why)
            });
        }
        for url in addresses.good {
            if self.context.cancelled.is_cancelled() {
                break;
            }
            self.page(&url, false).await?;
        }
        Ok(())
    }

    async fn page(&mut self, address: &str, whole: bool) -> Result<(), RunError> {
        let failed = |why: String| Problem {
            whole,
            ..Problem::part(address, why)
        };
        let url = match crate::address::parse(address, None) {
            Ok(url) => url,
            Err(error) => {
                self.problem(failed(error.to_string()));
                return Ok(());
            }
        };
        let known = self.known(address)?;
        let mut request = Request::page(url.clone());
        request.accept = Accept::Feed;
        request.body_limit = Some(Limits::default().input_served_bytes);
        request.validators = known
            .as_ref()
            .filter(|known| known.etag.is_some() || known.last_modified.is_some())
            .map(|known| Validators {
                url: url.clone(),
                etag: known.etag.clone(),
                last_modified: known.last_modified.clone(),
            });
        let fetched = match self.context.fetcher.get(&request).await {
            Ok(fetched) => fetched,
            Err(fault) => {
                self.problem(failed(fault.to_string()));
                return Ok(());
            }
        };
        let status = fetched.facts.hops.last().map(|hop| hop.status);
        if status == Some(304)
            && let Some(known) = &known
        {
            return self.unchanged(known, None).await;
        }
        match (&fetched.facts.failure, status, &fetched.body) {
            (Some(failure), ..) => self.problem(failed(failure.detail.clone())),
            (None, Some(200..300), Some(_)) => {
                return self
                    .fetched(address, &url, fetched, known.as_ref(), whole)
                    .await;
            }
            (None, Some(status), _) => self.problem(failed(format!("answered {status}"))),
            (None, None, _) => self.problem(failed("no answer".to_owned())),
        }
        Ok(())
    }

    async fn fetched(
        &mut self,
        address: &str,
        url: &Url,
        fetched: Fetched,
        known: Option<&KnownDocument>,
        whole: bool,
    ) -> Result<(), RunError> {
        let Some(body) = fetched.body else {
            return Ok(());
        };
        if let Some(known) = known
            && known.sha256 == sha256(&body.bytes)
        {
            return self.unchanged(known, None).await;
        }
        let hop = fetched.facts.hops.last();
        let header = |name| hop.and_then(|hop| hop.header(name)).map(str::to_owned);
        let is_first_hop = fetched.facts.hops.len() == 1;
        let came = Came {
            media_type: body.media_type.clone(),
            // Validators are asked with at the input's own address only.
            etag: header("etag").filter(|_| is_first_hop),
            last_modified: header("last-modified").filter(|_| is_first_hop),
            modified_at: None,
            address: hop
                .and_then(|hop| Url::parse(&hop.url).ok())
                .or_else(|| Some(url.clone())),
        };
        self.document(address, body.bytes.to_vec(), came, whole)
            .await
    }

    /// Gathers a document that is new or has changed.
    async fn document(
        &mut self,
        name: &str,
        bytes: Vec<u8>,
        came: Came,
        whole: bool,
    ) -> Result<(), RunError> {
        let asked = self
            .input
            .format
            .as_deref()
            .and_then(|format| format.parse::<Format>().ok());
        let detected = match asked {
            Some(format) => Ok(format),
            None => gather::detect(&bytes, came.media_type.as_deref(), name),
        };
        let format = match detected {
            Ok(format) => format,
            Err(error) => {
                self.problem(Problem {
                    whole,
                    ..Problem::part(name, error.to_string())
                });
                return Ok(());
            }
        };
        let base = self
            .input
            .base
            .as_deref()
            .and_then(|base| Url::parse(base).ok());
        let new = NewDocument {
            input_id: self.input.id,
            address: name.to_owned(),
            format: format.as_str().to_owned(),
            etag: came.etag,
            last_modified: came.last_modified,
            modified_at: came.modified_at,
            size: bytes.len() as u64,
            sha256: sha256(&bytes),
            body: Some(Packed::new(&bytes)),
        };
        let (context, rules, now, name) = (
            self.context.clone(),
            Arc::clone(&self.rules),
            self.now,
            name.to_owned(),
        );
        let own_name = name.clone();
        let gathered = tokio::task::spawn_blocking(move || {
            let address = came.address.as_ref();
            let media_type = came.media_type.as_deref();
            let document = Document {
                bytes: &bytes,
                media_type,
                name: &own_name,
                address,
                base: base.as_ref(),
                format,
            };
            gather_into_store(&context.store, &context.tally, new, &document, &rules, now)
        });
        let Ok(gathered) = gathered.await else {
            // One post that brings a worker down must not keep all the others from being read.
            self.problem(Problem {
                whole,
                ..Problem::part(
                    name,
                    "a defect in sourcekeep ended the reading; please report it",
                )
            });
            return Ok(());
        };
        let (problems, notes) = gathered?;
        for mut problem in problems {
            problem.whole &= whole;
            self.problem(problem);
        }
        for note in notes {
            (self.happened)(Happened::Note(name.clone(), note));
        }
        Ok(())
    }
}

/// Takes the addresses of a list.
#[derive(Default)]
struct AddressSink {
    good: Vec<String>,
    bad: Vec<(u32, String)>,
}

impl gather::Sink for AddressSink {
    fn begin(&mut self, _address: &str) {}
    fn citation(&mut self, citation: gather::Citation) {
        self.good.push(citation.url.to_string());
    }
    fn left_out(&mut self, left_out: gather::LeftOut) {
        self.bad.push((
            left_out.line,
            format!("{}: {}", left_out.reason, left_out.address),
        ));
    }
    fn end(&mut self, _post: gather::Post) {}
    fn note(&mut self, note: gather::Note) {
        if let gather::Note::Unreadable { line, why } = note {
            self.bad.push((line, why));
        }
    }
}

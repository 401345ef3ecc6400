//! Reading the inputs that are due: files by modification time and digest, pages and feeds by conditional requests.

use std::path::Path;
use std::sync::Arc;

use tokio::time::Instant;
use url::Url;

use super::gathering::{InputOptions, gather_into_store};
use super::pass::Happened;
use super::{
    Context, Problem, RunError, address_of, addresses, read_among, read_input, unpacked, walk,
};
use crate::fetch::{Accept, Fetched, Limits, Request, Validators};
use crate::gather::{self, Document, Format, Rules};
use crate::store::{InputRow, KnownDocument, NewDocument, NewEvent, Packed, sha256};

/// An input that could not be read is tried again after this long, in milliseconds.
const AGAIN_AFTER_PROBLEM: i64 = 3_600_000;

/// Reads every input that is due. Says whether one of them could not be read as a whole.
pub(super) async fn due_inputs(
    context: &Context,
    now: i64,
    deadline: Option<Instant>,
    stdin: Option<&[u8]>,
    happened: &mut (dyn FnMut(Happened) + Send),
) -> Result<bool, RunError> {
    let mut failed = false;
    let inputs = context
        .store
        .read("find due inputs", |r| r.due_inputs(now))?;
    for input in inputs {
        let is_over = deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if context.cancelled.is_cancelled() || is_over {
            break;
        }
        let is_web = matches!(input.kind.as_str(), "page" | "feed" | "pages");
        let mut reader = Reader {
            context,
            input: &input,
            rules: Arc::default(),
            globs: Vec::new(),
            now,
            happened,
            whole: None,
        };
        reader.read(stdin).await?;
        let problem = reader.whole;
        if context.cancelled.is_cancelled() {
            // It may not have been read to its end: it stays due.
            break;
        }
        context.tally.input();
        failed |= problem.is_some();
        let next = match (input.kind.as_str(), is_web, &problem) {
            _ if input.address == "-" => None,
            // A look at a file's modification time costs nothing, so files are looked at in every run.
            (_, false, _) => Some(now),
            (_, true, Some(_)) => Some(now + AGAIN_AFTER_PROBLEM),
            (_, true, None) => Some(now + refresh_ms(context, &input)),
        };
        note_how_it_went(context, &input, problem, next, now).await?;
    }
    Ok(failed)
}

/// After how long an input on the web is read again, in milliseconds.
fn refresh_ms(context: &Context, input: &InputRow) -> i64 {
    let options: InputOptions = serde_json::from_str(&input.options).unwrap_or_default();
    match options.refresh_hours {
        Some(hours) => i64::from(hours) * 3_600_000,
        None => context.manner.input_refresh_ms,
    }
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
    globs: Vec<String>,
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
        let options = self.options().await?;
        match options.compile() {
            Ok(rules) => self.rules = Arc::new(rules),
            Err(error) => {
                self.problem(Problem::whole(&self.input.address, error));
                return Ok(());
            }
        }
        self.globs = options.globs;
        let address = self.input.address.clone();
        match self.input.kind.as_str() {
            "folder" => self.folder(Path::new(&address)).await,
            "stdin" => match stdin {
                Some(bytes) => {
                    let bytes = match unpacked(bytes.to_vec()) {
                        Ok(bytes) => bytes,
                        Err(error) => {
                            self.problem(Problem::whole("-", error));
                            return Ok(());
                        }
                    };
                    self.document("-", bytes, Came::default(), true).await
                }
                None => Ok(()),
            },
            "page" | "feed" => self.page(&address, true).await,
            "pages" => self.pages(&address, stdin).await,
            _ => self.file(Path::new(&address), true).await,
        }
    }

    /// What the input is read with; where the configuration has changed since it was last read, all of it is read again.
    async fn options(&self) -> Result<InputOptions, RunError> {
        let mut options: InputOptions =
            serde_json::from_str(&self.input.options).unwrap_or_default();
        let configured = &self.context.manner.gather;
        if options.configured != *configured {
            options.configured.clone_from(configured);
            let id = self.input.id;
            // Lists of strings always serialise.
            let json = serde_json::to_string(&options).unwrap_or_default();
            self.context
                .store
                .write("change an input's options", move |w| {
                    w.change_input_options(id, &json)
                })
                .await?;
        }
        Ok(options)
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

    async fn folder(&mut self, folder: &Path) -> Result<(), RunError> {
        if let Err(error) = std::fs::read_dir(folder) {
            self.problem(Problem::whole(folder.to_string_lossy(), error));
            return Ok(());
        }
        let (mut there, mut saw_all) = (Vec::new(), true);
        for path in walk(folder, &self.globs) {
            if self.context.cancelled.is_cancelled() {
                return Ok(());
            }
            match path {
                Ok(path) => {
                    self.file(&path, false).await?;
                    there.push(path.to_string_lossy().into_owned());
                }
                Err(problem) => {
                    saw_all = false;
                    self.problem(problem);
                }
            }
        }
        // What could not be looked at is not gone.
        if saw_all {
            self.documents_gone(there).await?;
        }
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
                return Ok(());
            }
        };
        let known = self.known(&name)?;
        if let (Some(known), Some((modified, size))) = (&known, modified_at)
            && known.modified_at == Some(modified)
            // The size that is known is what it unpacks to.
            && (u64::try_from(known.size) == Ok(size) || is_called_packed(path))
        {
            return self.unchanged(known, None).await;
        }
        let read = if whole {
            read_input(path).map(Some)
        } else {
            read_among(path)
        };
        let bytes = match read {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(()),
            Err(error) => {
                self.problem(failed(&error));
                return Ok(());
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

    /// A list of the addresses of posts.
    async fn pages(&mut self, name: &str, stdin: Option<&[u8]>) -> Result<(), RunError> {
        let read = match (name, stdin) {
            ("-", Some(bytes)) => Ok(bytes.to_vec()),
            ("-", None) => return Ok(()),
            _ => read_input(Path::new(name)),
        };
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(error) => {
                self.problem(Problem::whole(name, error));
                return Ok(());
            }
        };
        let (addresses, problems) = addresses(name, &bytes);
        for problem in problems {
            self.problem(problem);
        }
        for url in &addresses {
            if self.context.cancelled.is_cancelled() {
                return Ok(());
            }
            self.page(url, false).await?;
        }
        self.documents_gone(addresses).await
    }

    /// Documents of the input beside these are gone.
    async fn documents_gone(&self, there: Vec<String>) -> Result<(), RunError> {
        let (id, now) = (self.input.id, self.now);
        let gone = self
            .context
            .store
            .write("note documents that went", move |w| {
                w.documents_gone(id, &there, now)
            })
            .await?;
        self.context.tally.gone(gone as u64);
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
        let fetched = tokio::select! {
            biased;
            () = self.context.cancelled.cancelled() => return Ok(()),
            fetched = self.context.fetcher.get(&request) => fetched,
        };
        let fetched = match fetched {
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
            // The list of posts is a list; the posts are not.
            .filter(|_| self.input.kind != "pages")
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
        let base = address_of(Path::new(name), base.as_ref(), &self.rules);
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

/// Whether a file's name says that it is packed.
fn is_called_packed(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("gz"))
}

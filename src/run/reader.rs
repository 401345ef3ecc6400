//! Reading one input: its file, folder or address, and each document of it.

mod files;
mod web;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use url::Url;

use super::gathering::{Archive, Asked, Gathered, InputOptions, gather_into_store};
use super::pass::Happened;
use super::refresh::{Allowance, Telling};
use super::told::{NotRead, Told};
use super::{Context, Problem, RunError, address_of, leads, site, unpacked};
use crate::gather::{self, Document, Format, Note, Rules};
use crate::store::{InputRow, KnownDocument, NewDocument, NewInput, Packed, sha256};

pub(super) use web::{Answer, came};

/// Feeds that one list makes inputs of, at the most.
const MOST_INPUTS: usize = 5_000;

/// Reads one input; problems and notes are told as they come.
pub(super) struct Reader<'a> {
    pub(super) context: &'a Context,
    pub(super) input: InputRow,
    pub(super) options: InputOptions,
    pub(super) rules: Arc<Rules>,
    pub(super) now: i64,
    pub(super) telling: &'a Telling<'a>,
    pub(super) allowance: &'a Allowance,
    /// Why the input as a whole could not be read.
    pub(super) whole: Option<String>,
    /// Something of it was left to the next run.
    pub(super) unfinished: bool,
    /// What it names and what is not read.
    pub(super) not_read: NotRead,
    /// Which posts an API says were commented on lately, by the question.
    pub(super) commented: HashMap<String, BTreeSet<u64>>,
}

/// What a document came with.
#[derive(Default)]
pub(super) struct Came {
    pub(super) media_type: Option<String>,
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
    pub(super) modified_at: Option<i64>,
    pub(super) address: Option<Url>,
    /// What it is read as, where that is known and not asked of the input.
    pub(super) format: Option<Format>,
    /// Its posts are not gathered from it, but read by themselves.
    pub(super) only_names: bool,
    /// The whole input is this document.
    pub(super) is_whole: bool,
    /// The input led to it.
    pub(super) is_lead: bool,
    /// The address by which what led here called the post.
    pub(super) called: Option<String>,
    /// The row of the list that it is.
    pub(super) lead_id: Option<i64>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        context: &'a Context,
        input: InputRow,
        telling: &'a Telling<'a>,
        allowance: &'a Allowance,
        now: i64,
    ) -> Self {
        Self {
            context,
            input,
            options: InputOptions::default(),
            rules: Arc::default(),
            now,
            telling,
            allowance,
            whole: None,
            unfinished: false,
            not_read: NotRead::default(),
            commented: HashMap::new(),
        }
    }

    /// Reads the input itself; what it leads to is read by [`super::leads`].
    pub(super) async fn read(&mut self, stdin: Option<&[u8]>) -> Result<(), RunError> {
        self.options = self.stored_options().await?;
        match self.options.compile() {
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
                    let bytes = match unpacked(bytes.to_vec()) {
                        Ok(bytes) => bytes,
                        Err(error) => {
                            self.problem(Problem::whole("-", error));
                            return Ok(());
                        }
                    };
                    let came = Came {
                        is_whole: true,
                        ..Came::default()
                    };
                    self.document("-", bytes, came).await.map(|_| ())
                }
                None => Ok(()),
            },
            "site" => site::discover(self, &address).await,
            "page" | "feed" | "sitemap" => self.page(&address, true).await,
            "pages" => self.pages(&address, stdin).await,
            _ => self.file(Path::new(&address), true).await,
        }
    }

    /// What the input is read with; where the configuration has changed since it was last read, all of it is read again.
    async fn stored_options(&self) -> Result<InputOptions, RunError> {
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

    pub(super) fn problem(&mut self, problem: Problem) {
        if problem.whole && self.whole.is_none() {
            self.whole = Some(problem.why.clone());
        }
        self.telling.tell(Happened::Problem(problem));
    }

    /// Says something of the input that is no problem.
    pub(super) fn tell(&self, what: Told) {
        let input = self.input.address.clone();
        self.telling.tell(Happened::Told(input, what));
    }

    /// Whether to end here, and leave the rest to the next run.
    pub(super) fn is_over(&mut self) -> bool {
        let is_over = self.context.cancelled.is_cancelled() || self.allowance.is_over();
        self.unfinished |= is_over;
        is_over
    }

    pub(super) fn known(&self, address: &str) -> Result<Option<KnownDocument>, RunError> {
        let (id, address) = (self.input.id, address.to_owned());
        Ok(self
            .context
            .store
            .read("read a document", |r| r.document(id, &address))?)
    }

    pub(super) async fn unchanged(
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

    /// Gathers a document that is new or has changed. `None` where it could not be read.
    pub(super) async fn document(
        &mut self,
        name: &str,
        bytes: Vec<u8>,
        came: Came,
    ) -> Result<Option<Gathered>, RunError> {
        let (whole, is_lead, feed) = (came.is_whole, came.is_lead, came.address.clone());
        let asked = self
            .input
            .format
            .as_deref()
            // The list of posts is a list; the posts are not.
            .filter(|_| self.input.kind != "pages" && !came.is_lead)
            .and_then(|format| format.parse::<Format>().ok());
        let detected = match came.format.or(asked) {
            Some(format) => Ok(format),
            None => gather::detect(&bytes, came.media_type.as_deref(), name),
        };
        let failed = |why: String| Problem {
            whole,
            ..Problem::part(name, why)
        };
        let format = match detected {
            Ok(format) => format,
            Err(error) => {
                self.problem(failed(error.to_string()));
                return Ok(None);
            }
        };
        let base = self
            .input
            .base
            .as_deref()
            .and_then(|base| Url::parse(base).ok());
        let base = address_of(Path::new(name), base.as_ref(), &self.rules);
        // Nobody cites from a list of posts, and it may change daily: its bytes are not kept.
        let keeps_bytes = !came.only_names && format != Format::Sitemap;
        let new = NewDocument {
            input_id: self.input.id,
            address: name.to_owned(),
            format: format.as_str().to_owned(),
            etag: came.etag,
            last_modified: came.last_modified,
            modified_at: came.modified_at,
            size: bytes.len() as u64,
            sha256: sha256(&bytes),
            body: keeps_bytes.then(|| Packed::new(&bytes)),
        };
        let asked = Asked {
            only_names: came.only_names,
            called: came.called,
            site: self.site(came.address.as_ref(), format),
            found_in: came.lead_id,
            since: self.options.since,
            input_id: self.input.id,
        };
        let archive = Archive {
            store: Arc::clone(&self.context.store),
            tally: Arc::clone(&self.context.tally),
        };
        let (rules, now, own_name) = (Arc::clone(&self.rules), self.now, name.to_owned());
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
            gather_into_store(&archive, new, &document, &rules, asked, now)
        });
        let Ok(gathered) = gathered.await else {
            // One post that brings a worker down must not keep all the others from being read.
            self.problem(failed(
                "a defect in sourcekeep ended the reading; please report it".to_owned(),
            ));
            return Ok(None);
        };
        let mut gathered = gathered?;
        for mut problem in std::mem::take(&mut gathered.problems) {
            problem.whole &= whole;
            self.problem(problem);
        }
        self.not_read.add(gathered.not_read);
        if format == Format::Opml && !gathered.failed {
            self.inputs_of(name, &gathered.notes).await?;
        }
        if let (Format::Feed, false, Some(feed)) = (format, is_lead, &feed) {
            let is_old = leads::is_before(self, gathered.newest_at);
            let all_new = gathered.new_posts > 0 && gathered.known_posts == 0;
            leads::named_older(self, feed, &gathered.notes, is_old, all_new).await?;
        }
        // What each post of a site names is what its front page names.
        for note in gathered.notes.iter().filter(|_| !is_lead) {
            self.telling
                .tell(Happened::Note(name.to_owned(), note.clone()));
        }
        Ok(Some(gathered))
    }

    /// The site to which posts that a document leads to must belong: that of the site or sitemap on the web. What a local
    /// list names may be anywhere, and a feed may bring together posts of many sites.
    fn site(&self, address: Option<&Url>, format: Format) -> Option<Url> {
        match (self.input.kind.as_str(), format) {
            ("site", _) => Url::parse(&self.input.address).ok(),
            (_, Format::Feed) => None,
            _ => address.cloned(),
        }
    }

    /// Each feed that a list names becomes an input of its own, once: one that was removed by hand stays away.
    async fn inputs_of(&mut self, name: &str, notes: &[Note]) -> Result<(), RunError> {
        let options = InputOptions {
            added_by: Some(name.to_owned()),
            ..self.options.clone()
        };
        // Lists of strings always serialise.
        let options = serde_json::to_string(&options).unwrap_or_default();
        let mut inputs: Vec<NewInput> = Vec::new();
        let mut named = HashSet::new();
        for note in notes {
            let Note::Input { address, .. } = note else {
                continue;
            };
            if !named.insert(address.to_string()) {
                continue;
            }
            if inputs.len() == MOST_INPUTS {
                self.problem(Problem::part(
                    name,
                    format!("names more than {MOST_INPUTS} feeds; the others are left out"),
                ));
                break;
            }
            inputs.push(NewInput {
                address: address.to_string(),
                kind: "feed".to_owned(),
                format: None,
                base: None,
                options: options.clone(),
            });
        }
        let (now, by) = (self.now, name.to_owned());
        let (added, dropped) = self
            .context
            .store
            .write("register feeds", move |w| {
                let mut added = 0;
                for input in &inputs {
                    added += u64::from(w.add_input_once(input, now)?);
                }
                Ok((added, w.inputs_not_named(&by, &inputs)?))
            })
            .await?;
        if added > 0 {
            self.tell(Told::Registered(added));
        }
        for address in dropped {
            self.tell(Told::NamedNoLonger(address));
        }
        Ok(())
    }
}

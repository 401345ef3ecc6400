//! Inputs on the disk: files by modification time and digest, folders, lists of posts.

use std::path::Path;

use super::{Came, Reader};
use crate::run::{Problem, RunError, addresses, read_among, read_input, walk};
use crate::store::sha256;

impl Reader<'_> {
    pub(super) async fn folder(&mut self, folder: &Path) -> Result<(), RunError> {
        if let Err(error) = std::fs::read_dir(folder) {
            self.problem(Problem::whole(folder.to_string_lossy(), error));
            return Ok(());
        }
        let (mut there, mut saw_all) = (Vec::new(), true);
        for path in walk(folder, &self.options.globs) {
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
        if saw_all && there.is_empty() && !self.options.globs.is_empty() {
            let folder = folder.to_string_lossy();
            self.problem(Problem::no_match(folder, &self.options.globs));
        }
        // What could not be looked at is not gone.
        if saw_all {
            self.documents_gone(there).await?;
        }
        Ok(())
    }

    pub(super) async fn file(&mut self, path: &Path, whole: bool) -> Result<(), RunError> {
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
        let came = Came {
            modified_at,
            is_whole: whole,
            ..Came::default()
        };
        self.document(&name, bytes, came).await?;
        Ok(())
    }

    /// A list of the addresses of posts.
    pub(super) async fn pages(&mut self, name: &str, stdin: Option<&[u8]>) -> Result<(), RunError> {
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
}

/// Whether a file's name says that it is packed.
fn is_called_packed(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("gz"))
}

//! The files below a folder.

use std::path::{Path, PathBuf};

use ignore::overrides::{Override, OverrideBuilder};

use super::Problem;

/// A glob that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("glob {glob:?}: {why}; write it as in .gitignore, such as *.md, drafts/** or !*.txt")]
pub struct InvalidGlob {
    /// As written.
    pub glob: String,
    /// What is wrong with it.
    pub why: String,
}

/// Checks globs where they are written, so that none is an error in the midst of a run.
pub fn check_globs(globs: &[String]) -> Result<(), InvalidGlob> {
    overrides(Path::new("."), globs).map(|_| ())
}

fn overrides(folder: &Path, globs: &[String]) -> Result<Override, InvalidGlob> {
    let invalid = |glob: &str, error: &ignore::Error| InvalidGlob {
        glob: glob.to_owned(),
        why: match error {
            ignore::Error::Glob { err, .. } => err.clone(),
            other => other.to_string(),
        },
    };
    let mut builder = OverrideBuilder::new(folder);
    for glob in globs {
        builder.add(glob).map_err(|error| invalid(glob, &error))?;
    }
    builder
        .build()
        .map_err(|error| invalid(&globs.join(" "), &error))
}

/// The files below a folder, in the order of their paths: hidden ones and what `.gitignore` names are passed over,
/// links are not followed.
///
/// Globs are taken as ripgrep takes them: where there is one, only files that match one are wanted; `!` before it means
/// that none of those is; of several that match, the last counts, and they are stronger than `.gitignore`.
pub fn walk(
    folder: &Path,
    globs: &[String],
) -> impl Iterator<Item = Result<PathBuf, Problem>> + Send + use<> {
    let place = folder.to_string_lossy().into_owned();
    let mut walk = ignore::WalkBuilder::new(folder);
    walk.follow_links(false)
        .require_git(false)
        .sort_by_file_path(Ord::cmp);
    let problem = match overrides(folder, globs) {
        Ok(overrides) => {
            walk.overrides(overrides);
            None
        }
        Err(error) => Some(Err(Problem::part(place.clone(), error))),
    };
    let found = problem.is_none().then(|| walk.build());
    let files = found
        .into_iter()
        .flatten()
        .filter_map(move |entry| match entry {
            Ok(entry) => {
                let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
                is_file.then(|| Ok(entry.into_path()))
            }
            Err(error) => Some(Err(Problem::part(place.clone(), error))),
        });
    problem.into_iter().chain(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_widen_and_narrow_as_in_ripgrep() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("drafts")).unwrap();
        std::fs::write(folder.path().join(".gitignore"), "ignored.md\n").unwrap();
        for name in ["a.md", "b.txt", "drafts/c.md", "ignored.md", ".hidden.md"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        let found = |globs: &[&str]| {
            let globs: Vec<String> = globs.iter().map(|&glob| glob.to_owned()).collect();
            walk(folder.path(), &globs)
                .map(|path| {
                    let path = path.unwrap();
                    let path = path.strip_prefix(folder.path()).unwrap();
                    path.to_string_lossy().into_owned()
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(found(&[]), ["a.md", "b.txt", "drafts/c.md"]);
        assert_eq!(
            found(&["*.md"]),
            [".hidden.md", "a.md", "drafts/c.md", "ignored.md"]
        );
        assert_eq!(found(&["!drafts/**"]), ["a.md", "b.txt"]);
        assert_eq!(found(&["*.{md,txt}", "!*.md"]), ["b.txt"]);
        assert_eq!(found(&["/*.txt"]), ["b.txt"]);
    }

    #[test]
    fn bad_globs_are_named() {
        let error = check_globs(&["*.md".to_owned(), "a[".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("\"a[\""), "{error}");
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a"), "x").unwrap();
        let found: Vec<_> = walk(folder.path(), &["a[".to_owned()]).collect();
        assert!(matches!(found.as_slice(), [Err(_)]), "{found:?}");
    }
}

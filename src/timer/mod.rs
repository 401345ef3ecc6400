//! What is written where so that the system starts us: systemd user units, crontab lines. Text only; nothing here
//! touches the machine.
//!
//! Everything is named after the archive, by its file name and a short digest of its path, so that several archives
//! live beside each other and installing again replaces what was there.

mod cron;
mod systemd;
mod times;

use std::path::Path;

use crate::store::{hex, sha256};

pub use cron::{Crontab, CrontabError, cron_block, shell_line};
pub use systemd::{MARK, Units, units};
pub use times::{Times, TimesError, parse_at, parse_every};

/// What the system is to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Our own program, with its whole path.
    pub program: String,
    /// The archive, with its whole path.
    pub archive: String,
    /// The configuration, with its whole path, where there is one.
    pub config: Option<String>,
    /// When.
    pub when: When,
}

/// When it is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// A run at these times of the day.
    At(Times),
    /// `watch`, all the time.
    Always,
}

/// A path that no unit and no crontab line can hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPath {
    /// It is not text.
    #[error("{0}: the path is not valid UTF-8, so no unit or crontab line can name it")]
    NotText(String),
    /// It has a line break, or another control character.
    #[error(
        "{0:?}: the path has a line break or another control character, which no unit or crontab line can hold"
    )]
    Control(String),
}

/// A path as a unit or a crontab line may hold it.
pub fn nameable(path: &Path) -> Result<String, NoPath> {
    let text = path
        .to_str()
        .ok_or_else(|| NoPath::NotText(path.display().to_string()))?;
    if text.chars().any(char::is_control) {
        return Err(NoPath::Control(text.to_owned()));
    }
    Ok(text.to_owned())
}

impl Job {
    /// What the units and the crontab line of this archive are called: `sourcekeep-NAME-1a2b3c4d`.
    pub fn name(&self) -> String {
        let stem = Path::new(&self.archive)
            .file_stem()
            .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let readable: String = stem
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .take(40)
            .collect();
        format!("sourcekeep-{readable}-{}", self.digest())
    }

    /// A short digest of the archive's path.
    pub fn digest(&self) -> String {
        hex(&sha256(self.archive.as_bytes()))[..8].to_owned()
    }

    /// A number below `most` that is always the same for one archive and differs between archives, so that not
    /// everybody's runs begin on the hour.
    pub fn offset(&self, most: u8) -> u8 {
        let digest = sha256(self.archive.as_bytes());
        digest[0] % most.max(1)
    }

    /// The words after the program.
    fn words(&self) -> Vec<&str> {
        let mut words = vec!["--db", &self.archive];
        if let Some(config) = &self.config {
            words.extend(["--config", config]);
        }
        match self.when {
            When::At(_) => words.extend(["--quiet", "run"]),
            When::Always => words.push("watch"),
        }
        words
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// Parts of paths that mean something to systemd, to cron, or to a shell.
    pub(crate) const HARD: &str = r#"/a b/'q'/"d"/$HOME/$$/%h%%n/`x`/;&|<>*?[]{}~#!/ü€/-x"#;

    pub(crate) fn job(archive: &str, when: When) -> Job {
        Job {
            program: "/usr/bin/sourcekeep".to_owned(),
            archive: archive.to_owned(),
            config: None,
            when,
        }
    }

    #[test]
    fn archives_are_told_apart_by_their_paths() {
        let name = |path| job(path, When::Always).name();
        assert_eq!(name("/a/my blog.db"), name("/a/my blog.db"));
        assert_ne!(name("/a/my blog.db"), name("/b/my blog.db"));
        assert!(name("/a/my blog.db").starts_with("sourcekeep-my_blog-"));
        let long = name(&format!("/a/{}.db", "ü".repeat(300)));
        assert!(long.len() < 80 && long.is_ascii(), "{long}");
    }

    #[test]
    fn a_path_that_no_line_can_hold_is_refused() {
        assert!(nameable(Path::new("/a\nb")).is_err());
        assert!(nameable(Path::new("/a\tb")).is_err());
        assert_eq!(nameable(Path::new(HARD)).unwrap(), HARD);
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            let bytes = std::ffi::OsStr::from_bytes(b"/a\xff");
            assert!(nameable(Path::new(bytes)).is_err());
        }
    }
}

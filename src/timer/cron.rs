//! Lines of a user's crontab (`crontab(5)`). Everything between our two comments is ours; the rest is kept byte for
//! byte.

use super::{Job, When};

/// What cannot be done with a crontab.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CrontabError {
    /// A path with a backslash: kinds of cron differ in what they make of it.
    #[error("{0}: the path has a backslash, which not every cron leaves as it is")]
    Backslash(String),
    /// Cron starts no service.
    #[error("cron cannot keep `watch` running")]
    Watch,
    /// Somebody changed our comments.
    #[error("the crontab has a line `{0}` without its other half")]
    HalfBlock(String),
}

/// The lines of a job, with the comments around them.
pub fn cron_block(job: &Job) -> Result<String, CrontabError> {
    let When::At(times) = &job.when else {
        return Err(CrontabError::Watch);
    };
    let mut line = format!("{} nice -n 10 {}", times.cron(), quoted(&job.program)?);
    for word in job.words() {
        line.push(' ');
        line.push_str(&quoted(word)?);
    }
    let digest = job.digest();
    Ok(format!(
        "{}\n# archive: {}; `sourcekeep schedule remove` takes these lines away\n{line}\n{}\n",
        begin(&digest),
        job.archive,
        end(&digest)
    ))
}

/// The command as a shell takes it.
pub fn shell_line(job: &Job) -> String {
    let word = |word: &str| {
        if is_plain(word) {
            return word.to_owned();
        }
        format!("'{}'", word.replace('\'', "'\"'\"'"))
    };
    let words = std::iter::once(job.program.as_str()).chain(job.words());
    words.map(word).collect::<Vec<_>>().join(" ")
}

fn is_plain(word: &str) -> bool {
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'_' | b'-');
    !word.is_empty() && word.bytes().all(is_plain)
}

fn begin(digest: &str) -> String {
    format!("# BEGIN sourcekeep {digest}")
}

fn end(digest: &str) -> String {
    format!("# END sourcekeep {digest}")
}

/// A word as the shell reads it after cron has. To cron, a percent sign is the end of the command unless there is a
/// backslash before it, which some take away and some do not: outside of quotes, the shell takes away what is left.
fn quoted(word: &str) -> Result<String, CrontabError> {
    if word.contains('\\') {
        return Err(CrontabError::Backslash(word.to_owned()));
    }
    if is_plain(word) {
        return Ok(word.to_owned());
    }
    let inside = word.replace('\'', "'\"'\"'").replace('%', r"'\%'");
    Ok(format!("'{inside}'"))
}

/// A crontab as `crontab -l` gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crontab(pub Vec<u8>);

impl Crontab {
    /// The lines of this archive, comments included, if there are any.
    pub fn block(&self, digest: &str) -> Result<Option<String>, CrontabError> {
        let place = self.find(digest)?;
        Ok(place.map(|place| String::from_utf8_lossy(&self.0[place]).into_owned()))
    }

    /// The crontab with these lines in the place of those that are there for this archive, or at its end.
    pub fn with(&self, digest: &str, block: &str) -> Result<Self, CrontabError> {
        let mut bytes = self.0.clone();
        if let Some(place) = self.find(digest)? {
            bytes.splice(place, block.bytes());
        } else {
            if !bytes.is_empty() && !bytes.ends_with(b"\n") {
                bytes.push(b'\n');
            }
            bytes.extend_from_slice(block.as_bytes());
        }
        Ok(Self(bytes))
    }

    /// The crontab without the lines of this archive; `None` where there are none.
    pub fn without(&self, digest: &str) -> Result<Option<Self>, CrontabError> {
        let Some(place) = self.find(digest)? else {
            return Ok(None);
        };
        let mut bytes = self.0.clone();
        bytes.drain(place);
        Ok(Some(Self(bytes)))
    }

    /// Where the lines of this archive are.
    fn find(&self, digest: &str) -> Result<Option<std::ops::Range<usize>>, CrontabError> {
        let (begin, end) = (begin(digest), end(digest));
        let (mut at, mut opened) = (0, None);
        for line in self.0.split_inclusive(|byte| *byte == b'\n') {
            let next = at + line.len();
            let text = line.trim_ascii();
            if text == begin.as_bytes() {
                if opened.is_some() {
                    return Err(CrontabError::HalfBlock(begin));
                }
                opened = Some(at);
            } else if text == end.as_bytes() {
                return match opened {
                    Some(from) => Ok(Some(from..next)),
                    None => Err(CrontabError::HalfBlock(end)),
                };
            }
            at = next;
        }
        match opened {
            Some(_) => Err(CrontabError::HalfBlock(begin)),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{HARD, job};
    use super::super::{Job, parse_at};
    use super::*;
    use proptest::prelude::*;

    fn at(archive: &str) -> Job {
        job(archive, When::At(parse_at("03:30").unwrap()))
    }

    #[test]
    fn a_block_is_a_line_between_comments() {
        insta::assert_snapshot!(cron_block(&at("/srv/it's 100%.db")).unwrap(), @r#"
        # BEGIN sourcekeep 60a4e7e0
        # archive: /srv/it's 100%.db; `sourcekeep schedule remove` takes these lines away
        30 3 * * * nice -n 10 /usr/bin/sourcekeep --db '/srv/it'"'"'s 100'\%'.db' --quiet run
        # END sourcekeep 60a4e7e0
        "#);
        let watch = job("/a", When::Always);
        assert_eq!(cron_block(&watch), Err(CrontabError::Watch));
        let backslash = cron_block(&at(r"/a\b"));
        assert!(matches!(backslash, Err(CrontabError::Backslash(_))));
    }

    /// What cron hands to the shell: everything up to the first percent sign that has no backslash before it.
    fn through_cron(command: &str, takes_backslash: bool) -> String {
        let (mut text, mut letters) = (String::new(), command.chars().peekable());
        while let Some(letter) = letters.next() {
            match letter {
                '\\' if letters.peek() == Some(&'%') => {
                    if !takes_backslash {
                        text.push('\\');
                    }
                    text.extend(letters.next());
                }
                '%' => break,
                letter => text.push(letter),
            }
        }
        text
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_reads_what_was_meant() {
        let command = format!("printf %s {}", quoted(HARD).unwrap()).replacen("%s", r"\%s", 1);
        for takes_backslash in [true, false] {
            let line = through_cron(&command, takes_backslash);
            let output = std::process::Command::new("sh")
                .args(["-c", &line])
                .output()
                .unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), HARD, "{line}");
        }
    }

    #[test]
    fn half_a_block_is_left_alone() {
        for broken in [
            "# BEGIN sourcekeep x\n1 2 * * * y\n",
            "1 2 * * * y\n# END sourcekeep x\n",
            "# BEGIN sourcekeep x\n# BEGIN sourcekeep x\n# END sourcekeep x\n",
        ] {
            let crontab = Crontab(broken.into());
            assert!(crontab.with("x", "new\n").is_err(), "{broken}");
            assert!(crontab.without("x").is_err(), "{broken}");
        }
    }

    proptest! {
        #[test]
        fn other_lines_are_kept_byte_for_byte(before: Vec<u8>, lines in "([ -~]{0,20}\n){0,5}", tail in "[ -~]{0,9}") {
            let mut others = before;
            others.push(b'\n');
            others.extend(lines.bytes());
            let mut crontab = Crontab(others.clone());
            crontab.0.extend(tail.bytes());
            let (a, b) = (at("/a.db"), at("/b.db"));
            let with_a = crontab.with(&a.digest(), &cron_block(&a).unwrap()).unwrap();
            let both = with_a.with(&b.digest(), &cron_block(&b).unwrap()).unwrap();
            let again = both.with(&a.digest(), &cron_block(&a).unwrap()).unwrap();
            prop_assert_eq!(&both, &again);
            let without_a = both.without(&a.digest()).unwrap().unwrap();
            let neither = without_a.without(&b.digest()).unwrap().unwrap();
            let mut expected = crontab.0.clone();
            if !expected.ends_with(b"\n") {
                expected.push(b'\n');
            }
            prop_assert_eq!(neither.0, expected);
            prop_assert_eq!(neither_has(&without_a, &a), None);
        }
    }

    fn neither_has(crontab: &Crontab, job: &Job) -> Option<String> {
        crontab.block(&job.digest()).unwrap()
    }
}

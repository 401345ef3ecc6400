//! What a user asks for.
//!
//! ```text
//! well deep          both words, anywhere in what a page says, or in what posts say of it
//! "deep well"        these words, next to each other
//! -shallow           not that
//! dig*               words that begin so
//! was:"deep well"    only in what is not there any more
//! host:example.org   and subdomains; input:, post:, verdict:, since:, until: narrow it further
//! ```
//!
//! Whatever else is written is a word: there is no syntax that fails, but a question may have nothing to look for.

use super::words::words;

/// The longest question, in bytes.
pub const MAX_QUERY: usize = 1000;
/// The most things that are asked for.
const MAX_TERMS: usize = 32;

/// Words to look for, next to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The words, as the index has them.
    pub words: Vec<String>,
    /// Whether the last may go on.
    pub is_prefix: bool,
    /// Whether it must not be there.
    pub is_not: bool,
    /// Whether it is looked for in what is not there any more.
    pub is_was: bool,
}

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// What is looked for; at least one that must be there.
    pub terms: Vec<Term>,
    /// Of hosts of these names, or below them.
    pub hosts: Vec<String>,
    /// Cited by posts of inputs whose address has one of these in it.
    pub inputs: Vec<String>,
    /// Cited by posts whose address has one of these in it.
    pub posts: Vec<String>,
    /// Verdicts, standings or groups of them, as users name them.
    pub verdicts: Vec<String>,
    /// The earliest instant, as written.
    pub since: Option<String>,
    /// The latest instant, as written.
    pub until: Option<String>,
}

/// Why a question cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// It names no word that is to be there.
    #[error("there is no word to look for")]
    Nothing,
    /// It is too long.
    #[error("too much to look for: {MAX_QUERY} characters or {MAX_TERMS} words at most")]
    TooLong,
    /// A prefix that is a single letter.
    #[error("`{0}*` is too short a beginning; write two letters at least")]
    ShortPrefix(String),
}

impl Query {
    /// Reads a question.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        if text.len() > MAX_QUERY {
            return Err(QueryError::TooLong);
        }
        let mut query = Self::default();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (is_not, begun) = match rest.strip_prefix('-') {
                Some(begun) => (true, begun),
                None => (false, rest),
            };
            let (name, begun) = named(begun);
            let (value, is_quoted, behind) = value(begun);
            match name {
                Some("host") => query.hosts.push(Self::host(value)),
                Some("input") => query.inputs.push(value.to_owned()),
                Some("post") => query.posts.push(value.to_owned()),
                Some("verdict") => query.verdicts.push(value.to_owned()),
                Some("since") => query.since = Some(value.to_owned()),
                Some("until") => query.until = Some(value.to_owned()),
                name => {
                    let stars = !is_quoted && value.ends_with('*') || behind.starts_with('*');
                    query.add(value, is_not, name.is_some(), stars)?;
                }
            }
            rest = behind.strip_prefix('*').unwrap_or(behind).trim_start();
        }
        if query.terms.len() > MAX_TERMS {
            return Err(QueryError::TooLong);
        }
        if query.terms.iter().all(|term| term.is_not) {
            return Err(QueryError::Nothing);
        }
        Ok(query)
    }

    /// A host name, as addresses have it.
    pub fn host(name: &str) -> String {
        url::Host::parse(name).map_or_else(|_| name.to_lowercase(), |host| host.to_string())
    }

    fn add(
        &mut self,
        value: &str,
        is_not: bool,
        is_was: bool,
        is_prefix: bool,
    ) -> Result<(), QueryError> {
        let words: Vec<String> = words(value).map(|word| word.folded.into_owned()).collect();
        let Some(last) = words.last() else {
            return Ok(());
        };
        // In scripts without spaces, a character is a word.
        if is_prefix && last.len() == 1 {
            return Err(QueryError::ShortPrefix(last.clone()));
        }
        self.terms.push(Term {
            words,
            is_prefix,
            is_not,
            is_was,
        });
        Ok(())
    }

    /// Asks only for what is not there any more.
    pub fn only_what_was(&mut self) {
        for term in &mut self.terms {
            term.is_was = true;
        }
    }

    /// The terms that are shown where they were found.
    pub fn shown(&self) -> Vec<Term> {
        let shown = self.terms.iter().filter(|term| !term.is_not);
        shown.cloned().collect()
    }

    /// The question in the language of the index. It is made of words of letters and digits alone, each in quotes.
    pub fn expression(&self) -> String {
        let all = |is_not: bool, between: &str| {
            let terms = self.terms.iter().filter(|term| term.is_not == is_not);
            terms.map(expression).collect::<Vec<_>>().join(between)
        };
        let mut expression = format!("({})", all(false, " AND "));
        if !self.hosts.is_empty() {
            let hosts = self.hosts.iter().map(|host| words(host));
            let hosts: Vec<String> = hosts
                .map(|host| {
                    host.map(|word| word.folded.into_owned())
                        .collect::<Vec<_>>()
                })
                .filter(|host| !host.is_empty())
                .map(|host| format!("{{address}} : \"{}\"", host.join(" ")))
                .collect();
            if !hosts.is_empty() {
                expression = format!("{expression} AND ({})", hosts.join(" OR "));
            }
        }
        let not = all(true, " OR ");
        if not.is_empty() {
            expression
        } else {
            format!("({expression}) NOT ({not})")
        }
    }
}

fn expression(term: &Term) -> String {
    let words = term.words.join(" ");
    let column = if term.is_was { "{gone} : " } else { "" };
    let star = if term.is_prefix { " *" } else { "" };
    format!("{column}\"{words}\"{star}")
}

/// The filter that is named, and what stands behind it.
fn named(text: &str) -> (Option<&'static str>, &str) {
    const NAMES: [&str; 7] = ["host", "input", "post", "verdict", "since", "until", "was"];
    if let Some((name, value)) = text.split_once(':')
        && let Some(name) = NAMES.iter().find(|known| known.eq_ignore_ascii_case(name))
        && value.starts_with(|c: char| !c.is_whitespace())
    {
        return (Some(name), value);
    }
    (None, text)
}

/// A value, whether it stood in quotes, and what stands behind it.
fn value(text: &str) -> (&str, bool, &str) {
    if let Some(quoted) = text.strip_prefix('"') {
        return match quoted.split_once('"') {
            Some((value, behind)) => (value, true, behind),
            None => (quoted, true, ""),
        };
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (value, behind) = text.split_at(end);
    (value, false, behind)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn expression(text: &str) -> String {
        Query::parse(text).unwrap().expression()
    }

    #[test]
    fn questions_are_read() {
        assert_eq!(expression("Deep well"), r#"("deep" AND "well")"#);
        assert_eq!(
            expression("\"Deep well\" dig*"),
            r#"("deep well" AND "dig" *)"#
        );
        assert_eq!(
            expression("well -shallow -\"very deep\""),
            r#"(("well")) NOT ("shallow" OR "very deep")"#
        );
        assert_eq!(expression("was:\"deep well\""), r#"({gone} : "deep well")"#);
        assert_eq!(
            expression("well host:Example.org"),
            r#"("well") AND ({address} : "example org")"#
        );
        assert_eq!(expression("タワー"), r#"("タ ワ ー")"#);
        assert_eq!(expression("don't"), r#"("don t")"#);
        assert_eq!(expression("\"not closed"), r#"("not closed")"#);
        let query =
            Query::parse("a1 input:blog post:\"my post\" verdict:gone since:2026-01-01").unwrap();
        assert_eq!(query.inputs, ["blog"]);
        assert_eq!(query.posts, ["my post"]);
        assert_eq!(query.verdicts, ["gone"]);
        assert_eq!(query.since.as_deref(), Some("2026-01-01"));
        let mut query = Query::parse("deep well").unwrap();
        query.only_what_was();
        assert_eq!(
            query.expression(),
            r#"({gone} : "deep" AND {gone} : "well")"#
        );
    }

    #[test]
    fn what_cannot_be_asked_says_why() {
        for nothing in ["", "  ", "host:a.test", "-well", "\"\"", "*", "?!", "-"] {
            assert_eq!(Query::parse(nothing), Err(QueryError::Nothing), "{nothing}");
        }
        assert_eq!(Query::parse(&"a".repeat(2000)), Err(QueryError::TooLong));
        assert_eq!(Query::parse(&"ab ".repeat(40)), Err(QueryError::TooLong));
        assert_eq!(
            Query::parse("a*"),
            Err(QueryError::ShortPrefix("a".to_owned()))
        );
        assert!(Query::parse("漢*").is_ok());
    }

    proptest! {
        /// Nothing that means something to the index comes from a user.
        #[test]
        fn the_index_is_asked_for_words_only(text in "[a-c\"*()+^{}:. ANDORNTEAR\\-漢']{0,40}") {
            if let Ok(query) = Query::parse(&text) {
                for term in query.terms {
                    for word in term.words {
                        prop_assert!(word.chars().all(char::is_alphanumeric), "{word:?}");
                    }
                }
            }
        }
    }
}

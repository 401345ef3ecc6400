//! What a user asks for beyond the default, and what they do not want.
//!
//! [`Options`] is the string form: it is written on command lines and in the configuration, and stored with an input.
//! [`Rules`] is the same, checked and compiled; only it is given to [`super::gather`], so that a bad pattern is an
//! error where it was written and not in the middle of a run.

use regex::Regex;
use scraper::Selector;
use serde::{Deserialize, Serialize};
use url::Url;

use super::Place;
use crate::address;

/// What is wanted of a document, in the user's words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// What is taken that by default is left out.
    pub include: Include,
    /// What is left out that by default is taken.
    pub exclude: Exclusions,
}

/// What is taken that by default is left out.
#[expect(
    clippy::struct_excessive_bools,
    reason = "five independent switches that the user sets by name"
)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Include {
    /// Links in menus, headers, breadcrumbs and share bars.
    pub navigation: bool,
    /// Links in the page's footer.
    pub footer: bool,
    /// Links in sidebars and boxes of related stories.
    pub aside: bool,
    /// Commenters' own sites.
    pub author: bool,
    /// Links to the post's own site.
    pub internal: bool,
}

/// What is left out that by default is taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Exclusions {
    /// Host names; each excludes itself and every name below it.
    pub hosts: Vec<String>,
    /// Regular expressions over the absolute address.
    pub patterns: Vec<String>,
    /// Posts, by address or name: globs (`*` and `?`), or regular expressions where they begin with `re:`.
    pub posts: Vec<String>,
    /// CSS selectors (HTML only): links at or below what they match.
    pub selectors: Vec<String>,
}

/// An exclusion that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidExclusion {
    /// Not a host name.
    #[error(
        "excluded host {0:?} is no host name; write it without scheme and path, such as twitter.com"
    )]
    Host(String),
    /// Not a regular expression.
    #[error("excluded pattern {pattern:?} is no regular expression: {why}")]
    Pattern {
        /// As written.
        pattern: String,
        /// What is wrong with it.
        why: String,
    },
    /// Not a CSS selector.
    #[error("excluded selector {selector:?} is no CSS selector: {why}")]
    Selector {
        /// As written.
        selector: String,
        /// What is wrong with it.
        why: String,
    },
}

/// [`Options`], checked and compiled.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    include: Include,
    hosts: Vec<String>,
    patterns: Vec<Regex>,
    posts: Vec<(String, Regex)>,
    selectors: Vec<(String, Selector)>,
    root: Option<Url>,
}

impl Options {
    /// These, and what others include and exclude beside.
    #[must_use]
    pub fn and(mut self, others: &Self) -> Self {
        let (include, more) = (&mut self.include, others.include);
        include.navigation |= more.navigation;
        include.footer |= more.footer;
        include.aside |= more.aside;
        include.author |= more.author;
        include.internal |= more.internal;
        let (exclude, more) = (&mut self.exclude, &others.exclude);
        exclude.hosts.extend_from_slice(&more.hosts);
        exclude.patterns.extend_from_slice(&more.patterns);
        exclude.posts.extend_from_slice(&more.posts);
        exclude.selectors.extend_from_slice(&more.selectors);
        self
    }

    /// Checks and compiles them; the error names the first exclusion that is not understood.
    pub fn compile(&self) -> Result<Rules, InvalidExclusion> {
        let exclude = &self.exclude;
        Ok(Rules {
            include: self.include,
            hosts: exclude
                .hosts
                .iter()
                .map(|host| host_name(host))
                .collect::<Result<_, _>>()?,
            patterns: exclude
                .patterns
                .iter()
                .map(|one| regex(one, one))
                .collect::<Result<_, _>>()?,
            posts: exclude
                .posts
                .iter()
                .map(|one| Ok((one.clone(), post_pattern(one)?)))
                .collect::<Result<_, _>>()?,
            selectors: exclude
                .selectors
                .iter()
                .map(|one| Ok((one.clone(), selector(one)?)))
                .collect::<Result<_, _>>()?,
            root: None,
        })
    }
}

impl Rules {
    /// These, and commenters' own sites too.
    #[must_use]
    pub fn with_authors(mut self) -> Self {
        self.include.author = true;
        self
    }

    /// The same, where root-relative links (`/x`) of documents that have no address lead below this one: a folder
    /// (`file:`) or a site.
    #[must_use]
    pub fn rooted(self, root: Option<Url>) -> Self {
        Self { root, ..self }
    }

    /// Where root-relative links lead.
    pub fn root(&self) -> Option<&Url> {
        self.root.as_ref()
    }

    /// The site that documents without an address belong to.
    pub(super) fn root_site(&self) -> Option<&Url> {
        self.root().filter(|root| root.scheme() != "file")
    }

    /// Where a root-relative address leads, if it is one and the root is known.
    pub(super) fn at_root(&self, href: &str) -> Option<Url> {
        let root = self.root.as_ref()?;
        let is_slash = |byte: Option<&u8>| matches!(byte, Some(b'/' | b'\\'));
        let bytes = href.as_bytes();
        if !is_slash(bytes.first()) || is_slash(bytes.get(1)) {
            return None;
        }
        if root.scheme() != "file" {
            return address::parse(href, Some(root)).ok();
        }
        // As on a site, nothing leads above the root.
        let resolved = Url::parse("http://root.invalid/").ok()?.join(href).ok()?;
        let mut url = root.join(resolved.path().trim_start_matches('/')).ok()?;
        url.set_query(resolved.query());
        url.set_fragment(resolved.fragment());
        url.path().starts_with(root.path()).then_some(url)
    }

    /// What is taken beyond the default.
    pub fn include(&self) -> Include {
        self.include
    }

    /// Whether links in this place are wanted.
    pub fn takes(&self, place: Place) -> bool {
        match place {
            Place::Body | Place::Comment => true,
            Place::Navigation => self.include.navigation,
            Place::Footer => self.include.footer,
            Place::Aside => self.include.aside,
        }
    }

    /// The rule that excludes this address, in the user's words.
    pub fn excluding(&self, url: &Url) -> Option<String> {
        let host = url.host_str().unwrap_or_default();
        let host = host.strip_suffix('.').unwrap_or(host);
        if let Some(rule) = self.hosts.iter().find(|rule| is_below(host, rule)) {
            return Some(format!("host {rule}"));
        }
        let pattern = self
            .patterns
            .iter()
            .find(|one| one.is_match(url.as_str()))?;
        Some(format!("pattern {pattern}"))
    }

    /// The rule that excludes a post of this address or this name, in the user's words.
    pub fn excluding_post(&self, address: &str, name: &str) -> Option<String> {
        let (written, _) = self
            .posts
            .iter()
            .find(|(_, one)| one.is_match(address) || one.is_match(name))?;
        Some(format!("post {written}"))
    }

    /// The CSS selectors, each with its words.
    pub(super) fn selectors(&self) -> &[(String, Selector)] {
        &self.selectors
    }
}

/// Whether a host is this name or below it: a suffix that begins at a label.
fn is_below(host: &str, name: &str) -> bool {
    host.strip_suffix(name)
        .is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

fn host_name(written: &str) -> Result<String, InvalidExclusion> {
    let name = written.trim().trim_start_matches("*.").trim_matches('.');
    let parsed = url::Host::parse(name).map_err(|_| InvalidExclusion::Host(written.to_owned()))?;
    Ok(parsed.to_string())
}

fn regex(pattern: &str, written: &str) -> Result<Regex, InvalidExclusion> {
    Regex::new(pattern).map_err(|error| InvalidExclusion::Pattern {
        pattern: written.to_owned(),
        why: error.to_string(),
    })
}

fn post_pattern(written: &str) -> Result<Regex, InvalidExclusion> {
    if let Some(pattern) = written.strip_prefix("re:") {
        return regex(pattern, written);
    }
    let mut pattern = String::from("(?s)^");
    for character in written.chars() {
        match character {
            '*' => pattern.push_str(".*"),
            '?' => pattern.push('.'),
            other => pattern.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    pattern.push('$');
    regex(&pattern, written)
}

fn selector(written: &str) -> Result<Selector, InvalidExclusion> {
    Selector::parse(written).map_err(|_| InvalidExclusion::Selector {
        selector: written.to_owned(),
        // The parser's own words name its tokens, not what to write.
        why: "write one such as .share, #sidebar or div.related a".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excluding(exclude: Exclusions) -> Result<Rules, InvalidExclusion> {
        Options {
            exclude,
            ..Options::default()
        }
        .compile()
    }

    #[test]
    fn hosts_end_at_a_label() {
        let hosts = vec!["twitter.com".to_owned(), "*.Bücher.example".to_owned()];
        let rules = excluding(Exclusions {
            hosts,
            ..Exclusions::default()
        })
        .unwrap();
        for (address, excluded) in [
            ("https://twitter.com/x", true),
            ("https://www.twitter.com./x", true),
            ("https://nottwitter.com/x", false),
            ("https://twitter.com.example.org/", false),
            ("https://a.b\u{fc}cher.example/", true),
        ] {
            let url = Url::parse(address).unwrap();
            assert_eq!(rules.excluding(&url).is_some(), excluded, "{address}");
        }
    }

    #[test]
    fn posts_by_glob_or_regex() {
        let posts = vec![
            "https://a.example/tag/*".to_owned(),
            "re:drafts?/".to_owned(),
        ];
        let rules = excluding(Exclusions {
            posts,
            ..Exclusions::default()
        })
        .unwrap();
        assert!(
            rules
                .excluding_post("https://a.example/tag/x", "")
                .is_some()
        );
        assert!(
            rules
                .excluding_post("https://a.example/x", "posts/draft/x.md")
                .is_some()
        );
        assert!(
            rules
                .excluding_post("https://a.example/tags", "posts/x.md")
                .is_none()
        );
    }

    #[test]
    fn root_relative_addresses_stay_below_the_root() {
        let rooted = |root: &str| Rules::default().rooted(Url::parse(root).ok());
        let folder = rooted("file:///srv/www/");
        let site = rooted("https://blog.example/sub/");
        for (href, in_folder, on_site) in [
            (
                "/x",
                Some("file:///srv/www/x"),
                Some("https://blog.example/x"),
            ),
            (
                "/a/../../../b?q#f",
                Some("file:///srv/www/b?q#f"),
                Some("https://blog.example/b?q#f"),
            ),
            ("/", Some("file:///srv/www/"), Some("https://blog.example/")),
            (
                "/c:/x",
                Some("file:///srv/www/c:/x"),
                Some("https://blog.example/c:/x"),
            ),
            ("//a.example/x", None, None),
            ("/\\a.example/x", None, None),
            ("x", None, None),
            ("", None, None),
        ] {
            assert_eq!(
                folder.at_root(href).as_ref().map(Url::as_str),
                in_folder,
                "{href}"
            );
            assert_eq!(
                site.at_root(href).as_ref().map(Url::as_str),
                on_site,
                "{href}"
            );
        }
        assert_eq!(Rules::default().at_root("/x"), None);
    }

    #[test]
    fn bad_ones_are_named() {
        let patterns = vec!["a(".to_owned()];
        let error = excluding(Exclusions {
            patterns,
            ..Exclusions::default()
        })
        .unwrap_err();
        assert!(error.to_string().contains("\"a(\""), "{error}");
        let selectors = vec!["div[".to_owned()];
        let error = excluding(Exclusions {
            selectors,
            ..Exclusions::default()
        })
        .unwrap_err();
        assert!(error.to_string().contains("\"div[\""), "{error}");
        let hosts = vec!["https://a.example/".to_owned()];
        assert!(
            excluding(Exclusions {
                hosts,
                ..Exclusions::default()
            })
            .is_err()
        );
    }

    #[test]
    fn the_string_form_is_kept() {
        let written = r#"{"include":{"footer":true},"exclude":{"hosts":["a.example"]}}"#;
        let options: Options = serde_json::from_str(written).unwrap();
        assert!(options.include.footer && !options.include.aside);
        let again: Options =
            serde_json::from_str(&serde_json::to_string(&options).unwrap()).unwrap();
        assert_eq!(again, options);
        assert!(serde_json::from_str::<Options>(r#"{"exclude":{"host":[]}}"#).is_err());
    }
}

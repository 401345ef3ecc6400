//! Options that say how inputs are read: shared by `run`, `add` and `links`.

use clap::Args;
use sourcekeep::gather::{self, Exclusions, Include};
use sourcekeep::run::{InputOptions, SITE, check_globs};
use url::Url;

use super::exit::Failure;

/// How inputs are read.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct GatherArgs {
    /// Read the inputs as html, markdown, text, feed, pdf, wikitext, wxr (WordPress export), csv, bookmarks, opml,
    /// sitemap, list (addresses of sources), pages (addresses of posts), or site (all posts of the site whose front page
    /// this is)
    #[arg(long = "as", value_name = "KIND")]
    pub(crate) kind: Option<String>,
    /// The address that a local file has on the web, where it names none itself
    #[arg(long, value_name = "URL")]
    pub(crate) base: Option<String>,
    /// Where links that begin with / lead in local files: a folder, or a site's address
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) root_dir: Option<String>,
    /// Of a folder, read only files that match this glob (! before it: none that do); repeatable
    #[arg(long, value_name = "GLOB")]
    pub(crate) glob: Vec<String>,
    /// Also take links in these places: navigation, footer, aside, author, internal
    #[arg(long, value_name = "PLACE,...", value_delimiter = ',')]
    pub(crate) include: Vec<String>,
    /// Leave out links to this host and hosts below it; repeatable
    #[arg(long, value_name = "HOST")]
    pub(crate) exclude_host: Vec<String>,
    /// Leave out links whose address matches this regular expression; repeatable
    #[arg(long, value_name = "REGEX")]
    pub(crate) exclude: Vec<String>,
    /// Leave out posts whose address matches this glob (re: begins a regular expression); repeatable
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude_post: Vec<String>,
    /// Leave out links within what this CSS selector matches; repeatable
    #[arg(long, value_name = "SELECTOR")]
    pub(crate) exclude_selector: Vec<String>,
}

/// Which of the posts are read that inputs lead to; shared by `run` and `add`.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct PostArgs {
    /// Read posts of a site, sitemap or feed of excerpts only if they were published or modified since (2026-01-31)
    #[arg(long, value_name = "DATE", value_parser = super::when::instant)]
    pub(crate) since: Option<i64>,
}

/// What the options come to.
pub(crate) struct Selected {
    /// The format asked for.
    pub(crate) format: Option<gather::Format>,
    /// Whether the input lists the addresses of posts.
    pub(crate) pages: bool,
    /// Whether the input is the front page of a site.
    pub(crate) site: bool,
    pub(crate) base: Option<Url>,
    stored: InputOptions,
    pub(crate) globs: Vec<String>,
    pub(crate) rules: gather::Rules,
}

impl GatherArgs {
    /// Whether any of them was given.
    pub(crate) fn says_something(&self) -> bool {
        let lists = [
            &self.glob,
            &self.include,
            &self.exclude_host,
            &self.exclude,
            &self.exclude_post,
            &self.exclude_selector,
        ];
        self.kind.is_some()
            || self.base.is_some()
            || self.root_dir.is_some()
            || lists.iter().any(|list| !list.is_empty())
    }

    /// Checks the options, on top of what the configuration says.
    pub(crate) fn select(&self, configured: &gather::Options) -> Result<Selected, Failure> {
        let site = self.kind.as_deref() == Some(SITE);
        let (format, pages) = match self.kind.as_deref() {
            None | Some(SITE) => (None, false),
            Some("pages") => (Some(gather::Format::List), true),
            Some(kind) => (
                Some(
                    kind.parse::<gather::Format>()
                        .map_err(|_| unknown_kind(kind))?,
                ),
                false,
            ),
        };
        let base = match &self.base {
            None => None,
            Some(base) => Some(
                sourcekeep::address::parse(base, None)
                    .map_err(|error| Failure::usage(anyhow::anyhow!("--base {base}: {error}")))?,
            ),
        };
        let mut options = gather::Options::default();
        for place in &self.include {
            include(&mut options.include, place)?;
        }
        let Exclusions {
            hosts,
            patterns,
            posts,
            selectors,
        } = &mut options.exclude;
        hosts.extend(self.exclude_host.iter().cloned());
        patterns.extend(self.exclude.iter().cloned());
        posts.extend(self.exclude_post.iter().cloned());
        selectors.extend(self.exclude_selector.iter().cloned());
        check_globs(&self.glob).map_err(Failure::usage)?;
        let stored = InputOptions {
            globs: self.glob.clone(),
            root: self.root_dir.as_deref().map(root).transpose()?,
            gather: options,
            configured: configured.clone(),
            ..InputOptions::default()
        };
        let rules = stored.compile().map_err(Failure::usage)?;
        Ok(Selected {
            format,
            pages,
            site,
            base,
            globs: stored.globs.clone(),
            stored,
            rules,
        })
    }
}

impl Selected {
    /// Has the pages that the inputs cite rendered by a browser.
    pub(crate) fn rendered(mut self, is_wanted: bool) -> Self {
        self.stored.browser = is_wanted;
        self
    }

    /// What is stored with an input.
    pub(crate) fn stored_options(&self, since: Option<i64>) -> Result<String, Failure> {
        let options = InputOptions {
            since,
            ..self.stored.clone()
        };
        Ok(serde_json::to_string(&options)?)
    }
}

/// The address of what is the root, as it is stored.
fn root(written: &str) -> Result<String, Failure> {
    let refused = |why: &dyn std::fmt::Display| {
        Failure::usage(anyhow::anyhow!("--root-dir {written}: {why}"))
    };
    if written.starts_with("http://") || written.starts_with("https://") {
        let url = sourcekeep::address::parse(written, None).map_err(|error| refused(&error))?;
        return Ok(url.into());
    }
    let path = std::path::Path::new(written)
        .canonicalize()
        .map_err(|error| refused(&error))?;
    if !path.is_dir() {
        return Err(refused(&"not a folder"));
    }
    Url::from_directory_path(path)
        .map(String::from)
        .map_err(|()| refused(&"not a folder"))
}

fn include(include: &mut Include, place: &str) -> Result<(), Failure> {
    match place {
        "navigation" => include.navigation = true,
        "footer" => include.footer = true,
        "aside" => include.aside = true,
        "author" => include.author = true,
        "internal" => include.internal = true,
        _ => {
            return Err(Failure::usage(anyhow::anyhow!(
                "--include {place}: unknown place; use navigation, footer, aside, author, internal"
            )));
        }
    }
    Ok(())
}

fn unknown_kind(kind: &str) -> Failure {
    Failure::usage(anyhow::anyhow!(
        "--as {kind}: unknown kind; use html, markdown, text, feed, pdf, wikitext, wxr, csv, bookmarks, opml, sitemap, list, pages, site"
    ))
}

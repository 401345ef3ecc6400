//! `links`: print the outbound links of inputs; no archive.

mod html;
mod pool;
mod printing;
mod reader;
mod record;
mod row;

use clap::{Args, ValueEnum};

use super::Global;
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::Printer;
use super::selected::GatherArgs;

/// Print the outbound links of pages, feeds, files, folders or lists, without an archive
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep links posts/                     every outbound link of a folder of posts
  sourcekeep links https://example.com/feed   those of a feed's entries
  sourcekeep links --glob '*.md' .            those of the Markdown files below this folder
  sourcekeep links --left-out page.html       what was left out, and why
  sourcekeep links --format html posts/       a page to look at, with sentences and quotes
  cat page.html | sourcekeep links --as html --base https://example.com/page -")]
pub(crate) struct LinksArgs {
    /// Pages or feeds (https://...), files, folders, or - for standard input
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<String>,
    #[command(flatten)]
    gather: GatherArgs,
    /// List what was left out, and why, instead
    #[arg(long, conflicts_with = "posts")]
    left_out: bool,
    /// List the posts instead: title, author, dates, how many links
    #[arg(long)]
    posts: bool,
    /// How to print them
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: LinksFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LinksFormat {
    /// One line a link: where, address, words
    Text,
    /// One JSON array
    Json,
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values
    Csv,
    /// One page to look at, without script
    Html,
}

/// What is printed of the inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Links,
    LeftOut,
    Posts,
}

/// What is printed, and how.
#[derive(Debug, Clone, Copy)]
struct Shape {
    format: LinksFormat,
    wanted: Wanted,
}

pub(crate) fn links(global: &Global, args: &LinksArgs, printer: &Printer) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    let selected = args.gather.select(&setup.gather)?;
    let shape = Shape {
        format: args.format,
        wanted: match (args.left_out, args.posts) {
            (true, _) => Wanted::LeftOut,
            (_, true) => Wanted::Posts,
            _ => Wanted::Links,
        },
    };
    let failed = reader::Reader::new(&setup, &selected, printer, shape).read(&args.inputs)?;
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

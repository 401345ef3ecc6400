//! `config`: whether the configuration is right, what is in force, a new one to begin with, and what lets people into `serve`.

mod keys;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::{Value, json};
use sourcekeep::config::{
    self, Checked, ConfigError, HIDDEN, InForce, KEYS, Origin, Shown, TEMPLATE, closest,
};
use sourcekeep::report::{count, one_line};

use super::Global;
use super::context::{config_path, resolved};
use super::exit::{Exit, Failure};
use super::print::{Format, Printer};
use keys::{PasswordArgs, TokenArgs};

/// Check the configuration, show what is in force, write a new one
#[derive(Debug, Args)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Examples:
  sourcekeep config init                    write a sourcekeep.toml to begin with
  sourcekeep config check                   whether all is right in it
  sourcekeep config show                    every value in force, and where it comes from
  sourcekeep config show fetch.concurrency  one of them
  sourcekeep config password >> sourcekeep.toml           a password for `serve`
  sourcekeep config token ci --scope read >> sourcekeep.toml"
)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    Check(CheckArgs),
    Show(ShowArgs),
    Init(InitArgs),
    Password(PasswordArgs),
    Token(TokenArgs),
}

/// Tell everything that is wrong with a configuration file, and whether the files that it names are there
#[derive(Debug, Args)]
struct CheckArgs {
    /// The file [default: the configuration that the other commands would use]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// How to print what was found
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// Print every key with its value in force and where that comes from; secrets stay hidden
///
/// The text is a configuration file that says the same from any folder.
#[derive(Debug, Args)]
struct ShowArgs {
    /// A key (fetch.concurrency) or a table (fetch, host."example.org") [default: all]
    #[arg(value_name = "KEY")]
    key: Option<String>,
    /// How to print them
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// Write a configuration file with every key in a comment; one that is there is left alone
#[derive(Debug, Args)]
struct InitArgs {
    /// The file, or the folder to put it in [default: sourcekeep.toml, or what --config names]
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
}

pub(crate) fn config(
    global: &Global,
    args: &ConfigArgs,
    printer: &Printer,
) -> Result<Exit, Failure> {
    match &args.command {
        ConfigCommand::Check(args) => check(global, args, printer),
        ConfigCommand::Show(args) => show(global, args, printer),
        ConfigCommand::Init(args) => init(global, args, printer),
        ConfigCommand::Password(args) => keys::password(args, printer),
        ConfigCommand::Token(args) => keys::token(args, printer),
    }
}

/// What is wrong, as other programs read it.
#[derive(Serialize)]
struct Wrong<'a> {
    file: Option<&'a str>,
    line: Option<usize>,
    message: String,
    meant: Option<&'a str>,
}

impl<'a> From<&'a ConfigError> for Wrong<'a> {
    fn from(error: &'a ConfigError) -> Self {
        let (file, line) = match &error.at {
            Origin::File { file, line } => (Some(file.as_str()), Some(*line)),
            _ => (None, None),
        };
        Self {
            file,
            line,
            message: error.message(),
            meant: error.meant.as_deref(),
        }
    }
}

fn check(global: &Global, args: &CheckArgs, printer: &Printer) -> Result<Exit, Failure> {
    let path = args.file.clone().unwrap_or_else(|| config_path(global));
    let text = super::context::read_config(&path).map_err(|error| {
        let failure = Failure::usage(anyhow::anyhow!("{}: {error}", path.display()));
        match error.kind() {
            std::io::ErrorKind::NotFound if !path.is_symlink() => {
                failure.with_hint("`sourcekeep config init` writes one to begin with")
            }
            _ => failure,
        }
    })?;
    let checked = config::check(&text, &path);
    for warning in &checked.warnings {
        printer.warning(warning);
    }
    match args.format {
        Format::Text => tell(&checked, &path, printer)?,
        Format::Json | Format::Jsonl => {
            let mut out = printer.data();
            let problems: Vec<Wrong<'_>> = checked.problems.iter().map(Into::into).collect();
            let told = json!({
                "file": path.to_string_lossy(),
                "settings": checked.settings,
                "problems": problems,
                "warnings": checked.warnings,
            });
            writeln!(out, "{told}")?;
            out.flush()?;
        }
    }
    Ok(if checked.problems.is_empty() {
        Exit::Done
    } else {
        Exit::Usage
    })
}

fn tell(checked: &Checked, path: &Path, printer: &Printer) -> Result<(), Failure> {
    if !checked.problems.is_empty() {
        let problems: Vec<_> = checked.problems.iter().map(ToString::to_string).collect();
        return Err(Failure::usage(anyhow::anyhow!("{}", problems.join("\n"))));
    }
    let mut out = printer.data();
    let path = path.to_string_lossy();
    let settings = count(checked.settings as u64, "setting");
    writeln!(out, "{}: {settings}, all right", one_line(&path, 2000))?;
    out.flush()?;
    Ok(())
}

fn show(global: &Global, args: &ShowArgs, printer: &Printer) -> Result<Exit, Failure> {
    let mut keys = resolved(global, printer)?.in_force();
    if let Some(wanted) = &args.key {
        keys.retain(|key| is_wanted(&key.key(), wanted));
        if keys.is_empty() {
            return Err(no_such_key(wanted));
        }
    }
    let mut out = printer.data();
    match args.format {
        Format::Text => write!(out, "{}", config::to_toml(&keys))?,
        Format::Json => {
            let keys: Vec<Value> = keys.iter().map(as_json).collect();
            writeln!(out, "{}", serde_json::to_string_pretty(&keys)?)?;
        }
        Format::Jsonl => {
            for key in &keys {
                writeln!(out, "{}", as_json(key))?;
            }
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// Whether this is the key, or it stands in the table. A shell takes quotation marks away, so they do not count.
fn is_wanted(key: &str, wanted: &str) -> bool {
    let (key, wanted) = (key.replace('"', ""), wanted.replace('"', ""));
    key.strip_prefix(&wanted)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn no_such_key(wanted: &str) -> Failure {
    let tables = KEYS.iter().filter_map(|key| key.split('.').next());
    let words = KEYS.iter().copied().chain(tables.clone());
    let meant = closest(wanted, words).filter(|meant| *meant != wanted);
    let table = wanted.split(['.', '[']).next();
    let is_table = tables.clone().any(|known| table == Some(known));
    let failure = Failure::usage(if is_table {
        anyhow::anyhow!("{wanted}: there is no such key, or nothing is set there")
    } else {
        anyhow::anyhow!("{wanted}: there is no such key")
    });
    if let Some(meant) = meant {
        return failure.with_hint(format!("did you mean `{meant}`?"));
    }
    if is_table {
        return failure;
    }
    let mut tables: Vec<_> = tables.collect();
    tables.dedup();
    failure.with_hint(format!("the tables are {}", tables.join(", ")))
}

/// A key as other programs read it.
fn as_json(key: &InForce) -> Value {
    let value = match &key.value {
        Shown::Unset => Value::Null,
        Shown::Hidden => json!(HIDDEN),
        Shown::Made(value) | Shown::Value(value) => json!(value),
    };
    let mut told = json!({ "key": key.key(), "value": value });
    let mut add = |name: &str, value: Value| told[name] = value;
    match &key.origin {
        Origin::Default => add("from", json!("default")),
        Origin::File { file, line } => {
            add("from", json!("file"));
            add("file", json!(file));
            add("line", json!(line));
        }
        Origin::Variable(name) => {
            add("from", json!("environment"));
            add("name", json!(name));
        }
        Origin::Flag(name) => {
            add("from", json!("flag"));
            add("name", json!(name));
        }
    }
    told
}

fn init(global: &Global, args: &InitArgs, printer: &Printer) -> Result<Exit, Failure> {
    let path = match &args.path {
        Some(folder) if folder.is_dir() => folder.join(config::FILE_NAME),
        Some(path) => path.clone(),
        None => config_path(global),
    };
    let shown = path.display();
    let opened = OpenOptions::new().write(true).create_new(true).open(&path);
    let mut file = opened.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Failure::usage(anyhow::anyhow!("{shown}: is there already"))
                .with_hint("name another file, or move that one away")
        }
        _ => Failure::failed(anyhow::anyhow!("{shown}: {error}")),
    })?;
    file.write_all(TEMPLATE.as_bytes())?;
    file.sync_all()?;
    let mut out = printer.data();
    let path = path.to_string_lossy();
    writeln!(
        out,
        "{}: written; every key is in it, in a comment",
        one_line(&path, 2000)
    )?;
    out.flush()?;
    Ok(Exit::Done)
}

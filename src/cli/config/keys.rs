//! `config password` and `config token`: what lets people and programs into `serve`.

use std::io::{IsTerminal, Read, Write};

use clap::{Args, ValueEnum};
use sourcekeep::config::Scope;
use sourcekeep::password::{PasswordHash, TokenHash};

use crate::cli::exit::{Exit, Failure};
use crate::cli::print::Printer;

/// Hash a password for `serve`, as the lines of the configuration that have it
///
/// The password is asked for on the terminal, or is what comes on standard input. It is kept nowhere: only its hash (Argon2id) is printed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep config password >> sourcekeep.toml
  printf %s \"$PASSWORD\" | sourcekeep config password")]
pub(super) struct PasswordArgs {
    /// Print the hash alone
    #[arg(long)]
    hash_only: bool,
}

/// Make a token that lets a program into `serve`, and the lines of the configuration that know it
///
/// The token itself is told once, on standard error; the lines on standard output have only its hash. Programs send it as
/// `Authorization: Bearer TOKEN`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep config token prometheus >> sourcekeep.toml
  sourcekeep config token ci --scope write >> sourcekeep.toml")]
pub(super) struct TokenArgs {
    /// What it is called, in the configuration and in the access log
    #[arg(value_name = "NAME")]
    name: String,
    /// What it lets do
    #[arg(long, value_name = "SCOPE", default_value = "read")]
    scope: WhichScope,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum WhichScope {
    /// See everything
    Read,
    /// Change something too
    Write,
}

impl From<WhichScope> for Scope {
    fn from(scope: WhichScope) -> Self {
        match scope {
            WhichScope::Read => Self::Read,
            WhichScope::Write => Self::Write,
        }
    }
}

pub(super) fn password(args: &PasswordArgs, printer: &Printer) -> Result<Exit, Failure> {
    /// More is no password.
    const MOST_BYTES: u64 = 64 << 10;
    let usage = |says: String| Failure::usage(anyhow::anyhow!("{says}"));
    let password = if std::io::stdin().is_terminal() {
        let asked = |what: &str| rpassword::prompt_password(what);
        let first = asked("Password: ")?;
        if first != asked("Once more: ")? {
            return Err(usage("these are two different passwords".to_owned()));
        }
        first
    } else {
        let mut text = String::new();
        std::io::stdin()
            .take(MOST_BYTES)
            .read_to_string(&mut text)?;
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.contains('\n') {
            return Err(usage(
                "several lines; expected a password and nothing else".to_owned(),
            ));
        }
        line.to_owned()
    };
    let hash = PasswordHash::new(&password).map_err(|error| usage(error.to_string()))?;
    let mut out = printer.data();
    if args.hash_only {
        writeln!(out, "{hash}")?;
    } else {
        writeln!(out, "[serve]\npassword = \"{hash}\"")?;
    }
    out.flush()?;
    printer.note("put it into [serve] of the configuration; the password itself is kept nowhere");
    Ok(Exit::Done)
}

pub(super) fn token(args: &TokenArgs, printer: &Printer) -> Result<Exit, Failure> {
    let is_name = !args.name.is_empty()
        && args.name.len() <= 60
        && args
            .name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if !is_name {
        let error = anyhow::anyhow!(
            "{:?}: expected a name of letters, digits, -, _ and .",
            args.name
        );
        return Err(Failure::usage(error));
    }
    let (token, hash) = TokenHash::make()?;
    let mut out = printer.data();
    let scope = Scope::from(args.scope).as_str();
    writeln!(
        out,
        "[token.\"{}\"]\nhash = \"{hash}\"\nscope = \"{scope}\"",
        args.name
    )?;
    out.flush()?;
    printer.once(format!("the token, told this once: {token}"));
    Ok(Exit::Done)
}

//! Numbers for Prometheus (text format 0.0.4), and whether the archive answers.

use std::fmt::Write as _;

use super::answer::{Answer, Policy};
use super::{Asked, Site};
use crate::store::StoreError;

pub(super) fn metrics(site: &Site, _: &Asked) -> Result<Answer, StoreError> {
    let (tallies, size, run) = site.store.read("count for metrics", |r| {
        Ok((r.tallies()?, r.size()?, r.last_good_run()?))
    })?;
    let mut out = String::new();
    let head = |out: &mut String, name: &str, help: &str| {
        // Writing to memory does not fail.
        let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} gauge\n");
    };
    head(
        &mut out,
        "sourcekeep_sources",
        "Sources that are cited, by standing and verdict.",
    );
    for tally in tallies {
        let verdict = tally.verdict.unwrap_or_default();
        let _ = writeln!(
            out,
            "sourcekeep_sources{{standing=\"{}\",verdict=\"{verdict}\"}} {}",
            tally.standing, tally.many
        );
    }
    head(
        &mut out,
        "sourcekeep_archive_bytes",
        "Bytes of the archive that hold something.",
    );
    let _ = writeln!(out, "sourcekeep_archive_bytes {size}");
    if let Some(at) = run {
        let name = "sourcekeep_last_good_run_timestamp_seconds";
        head(
            &mut out,
            name,
            "When the last run ended that came to its end and can be trusted.",
        );
        let _ = writeln!(out, "{name} {}", at / 1000);
    }
    Ok(Answer::of(
        Policy::Bytes,
        "text/plain; version=0.0.4; charset=utf-8",
        out,
    ))
}

/// Whether the archive can be read.
pub(super) fn healthz(site: &Site, _: &Asked) -> Result<Answer, StoreError> {
    site.store
        .read("see whether the archive answers", |r| r.last_run())?;
    Ok(Answer::of(
        Policy::Bytes,
        "text/plain; charset=utf-8",
        "ok\n",
    ))
}

//! What inputs lead to: further lists first, then the posts that they name.
//!
//! The work list is rows, so each step is one request whose result is committed before the next: a run that is killed, or
//! out of time, goes on where it stood. What was read is read again only when it is said to have changed, or after ever
//! longer intervals where nobody says when it does.

mod lists;
mod posts;

use url::Url;

use super::reader::Reader;
use super::told::{NotRead, Told};
use super::{Problem, RunError, robots, site};
use crate::config::Robots;
use crate::fetch::{Fault, RobotsFact};
use crate::store::{LeadRead, LeadRow, LeadState};

pub(super) use lists::{is_before, named_older, read_list};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Whether to go on with what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Yes.
    Go,
    /// The rest is for the next run.
    Stop,
}

/// Reads what an input leads to and is due.
pub(super) async fn follow(reader: &mut Reader<'_>) -> Result<(), RunError> {
    let mut next = lists::read(reader).await?;
    if next == Next::Go && reader.input.kind == "site" && site::fall_back(reader).await? {
        next = lists::read(reader).await?;
    }
    if next == Next::Go {
        posts::read(reader).await?;
    }
    if reader.context.cancelled.is_cancelled() {
        return Ok(());
    }
    if reader.not_read != NotRead::default() {
        reader.tell(Told::NotRead(reader.not_read));
    }
    let (id, now) = (reader.input.id, reader.now);
    if reader.unfinished {
        reader.context.store.flush().await?;
        let due = reader
            .context
            .store
            .read("count what stays due", |r| r.count_due_posts(id, now))?;
        reader.tell(Told::StayDue(due));
    }
    Ok(())
}

/// Whether robots.txt lets a page be read that nobody named.
pub(super) async fn may_read(reader: &Reader<'_>, url: &Url) -> Result<RobotsFact, Fault> {
    match reader.context.manner.robots {
        Robots::Ignore => Ok(RobotsFact::Allowed),
        Robots::Obey => robots::ask(reader.context, url).await,
        Robots::Record => {
            robots::ask(reader.context, url).await?;
            Ok(RobotsFact::Allowed)
        }
    }
}

/// Notes how the reading of a list or post went.
pub(super) async fn note_read(
    reader: &Reader<'_>,
    row: &LeadRow,
    state: LeadState,
    next_read_at: Option<i64>,
    quiet: u32,
) -> Result<(), RunError> {
    let (id, now) = (row.id, reader.now);
    let read = LeadRead {
        state,
        next_read_at,
        quiet,
    };
    reader
        .context
        .store
        .write("note what was read", move |w| w.lead_read(id, read, now))
        .await?;
    Ok(())
}

/// Notes that something could not be read, and tells it unless it was only tried whether it is there.
pub(super) async fn note_failed(
    reader: &mut Reader<'_>,
    row: &LeadRow,
    why: &str,
    quietly: bool,
) -> Result<(), RunError> {
    let after = if quietly {
        30 * DAY_MS
    } else {
        // One hour, four, sixteen, and so on up to a month.
        (HOUR_MS << (2 * row.quiet.min(5))).min(30 * DAY_MS)
    };
    if !quietly {
        reader.problem(Problem::part(&row.address, why));
    }
    let next = Some(reader.now + after);
    note_read(reader, row, LeadState::Failed, next, row.quiet + 1).await
}

/// Tells why nothing more can be asked for now; all stays due.
pub(super) fn not_now(reader: &mut Reader<'_>, address: &str, fault: &Fault) -> Next {
    reader.problem(Problem::part(address, fault.to_string()));
    reader.unfinished = true;
    Next::Stop
}

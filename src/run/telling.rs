//! Leaves in the archive how far a run is, while it goes on, for other processes that look at it.

use std::time::Duration;

use super::Context;
use super::tally::Counted;
use crate::judge::{Code, Group};
use crate::store::Progress;

/// So often at the most; where nothing was done since, nothing is written.
const EVERY: Duration = Duration::from_secs(1);

/// It goes on telling until it is ended or dropped.
#[derive(Debug)]
pub(super) struct Telling(tokio::task::JoinHandle<()>);

impl Telling {
    pub(super) fn begin(context: &Context, run_id: i64) -> Self {
        let context = context.clone();
        Self(tokio::spawn(async move {
            let mut told = Progress::default();
            loop {
                tokio::time::sleep(EVERY).await;
                let progress = progress(&context.tally.counted());
                if progress == told {
                    continue;
                }
                told = progress;
                let now = context.clock.now();
                // It goes with what is committed anyway. Whoever waits for the archive hears why it takes nothing.
                let note = context.store.submit("note how far a run is", move |w| {
                    w.note_progress(run_id, &progress, now)
                });
                if note.await.is_err() {
                    return;
                }
            }
        }))
    }

    /// Ends it, and waits until nothing of it is left.
    pub(super) async fn end(mut self) {
        self.0.abort();
        let _ = (&mut self.0).await;
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn progress(counted: &Counted) -> Progress {
    let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let done = signed(counted.visits + counted.faults + counted.waiting);
    let failed = counted.verdicts.iter().filter(|(code, _)| {
        let group = code.parse::<Code>().map(Code::group);
        matches!(group, Ok(Group::Gone | Group::Failing))
    });
    Progress {
        posts: signed(counted.posts),
        citations: signed(counted.citations),
        done,
        // What is looked at again at the end of a run was not due.
        due: match signed(counted.due) {
            0 => 0,
            due => due.max(done),
        },
        problems: signed(failed.map(|(_, many)| many).sum::<u64>() + counted.faults),
    }
}

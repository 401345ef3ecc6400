//! What is owed to hosts outlives the process: read from the archive when a host is met, and written back.
//!
//! Refusals (429, 503) are written with the visits that met them, the pauses that are still running when the pass
//! ends. A process that is killed writes nothing; the next one then takes it that every host was asked just before it
//! began.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Clock, Context, RunError};
use crate::address;
use crate::fetch::{Manners, Memory, Promise, Remembered};
use crate::store::{HostRow, Store};

/// What lies further ahead was written by a clock that was wrong, in milliseconds: no host may ask for more than 30
/// days.
const LONGEST: i64 = 31 * 24 * 3_600_000;

/// The archive as the memory of the gate.
struct Archive {
    store: Arc<Store>,
    clock: Clock,
}

impl Memory for Archive {
    fn recall(&self, host: &str) -> Remembered {
        // An archive that cannot be read ends the pass at the next visit, before it asks for anything more.
        let known = self
            .store
            .read("read what is owed to a host", |r| r.known_host(host))
            .unwrap_or_default();
        let wait = known.next_request_at - self.clock.now();
        Remembered {
            wait: ms(Some(wait).filter(|wait| *wait <= LONGEST)).unwrap_or_default(),
            delay: ms(known.crawl_delay_ms),
            refusals: known.refusals,
        }
    }
}

fn ms(ms: Option<i64>) -> Option<Duration> {
    Some(Duration::from_millis(u64::try_from(ms?).ok()?))
}

/// Lets the gate know what the archive knows. `was_killed` says that the run before this one was killed.
pub(super) fn begin(context: &Context, was_killed: bool) {
    let memory = Archive {
        store: Arc::clone(&context.store),
        clock: context.clock,
    };
    let gate = context.fetcher.gate();
    gate.remember(Arc::new(memory), was_killed);
}

/// Keeps what hosts have asked for lately.
pub(super) async fn keep_changes(context: &Context) -> Result<(), RunError> {
    save(context, context.fetcher.gate().take_changed()).await
}

/// Keeps what the next process has to wait for.
pub(super) async fn end(context: &Context) -> Result<(), RunError> {
    keep_changes(context).await?;
    save(context, context.fetcher.gate().unfinished()).await
}

async fn save(context: &Context, promises: Vec<Promise>) -> Result<(), RunError> {
    if promises.is_empty() {
        return Ok(());
    }
    let (now, instant) = (context.clock.now(), Instant::now());
    let rows = promises.into_iter().map(|promise| {
        // Rounded up: rather a millisecond too late than one too early.
        let wait = promise.until.saturating_duration_since(instant).as_millis() + 1;
        HostRow {
            site: address::site(&promise.host).to_owned(),
            name: promise.host.into(),
            next_request_at: now + i64::try_from(wait).unwrap_or(0),
            refusals: promise.refusals,
        }
    });
    let rows: Vec<_> = rows.collect();
    context
        .store
        .submit("keep what is owed to hosts", move |w| w.save_hosts(&rows))
        .await?;
    Ok(())
}

/// How long politeness alone will take, from how many visits each host has to expect.
pub(super) struct Load<'a> {
    manners: &'a Manners,
    by_site: HashMap<String, u64>,
    least: Duration,
}

impl<'a> Load<'a> {
    pub(super) fn new(manners: &'a Manners) -> Self {
        Self {
            manners,
            by_site: HashMap::new(),
            least: Duration::ZERO,
        }
    }

    pub(super) fn add(&mut self, host: &str, visits: u64) {
        let site = address::site(host);
        match self.by_site.get_mut(site) {
            Some(of_site) => *of_site += visits,
            None => {
                self.by_site.insert(site.to_owned(), visits);
            }
        }
        self.take(self.manners.of_host(host).delay, visits);
    }

    /// The least time in which hosts and sites can be asked that often, in milliseconds.
    pub(super) fn least_ms(mut self) -> u64 {
        for (site, visits) in std::mem::take(&mut self.by_site) {
            self.take(self.manners.of_site(&site).delay, visits);
        }
        u64::try_from(self.least.as_millis()).unwrap_or(u64::MAX)
    }

    fn take(&mut self, delay: Duration, visits: u64) {
        let visits = u32::try_from(visits).unwrap_or(u32::MAX);
        self.least = self.least.max(delay.saturating_mul(visits));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::Pace;

    #[test]
    fn the_busiest_host_or_site_says_how_long_it_takes() {
        let second = Pace {
            concurrency: 2,
            delay: Duration::from_secs(1),
        };
        let manners = Manners::ordinary(64, second);
        let ms = |hosts: &[(&str, u64)]| {
            let mut load = Load::new(&manners);
            for (host, visits) in hosts {
                load.add(host, *visits);
            }
            load.least_ms()
        };
        assert_eq!(ms(&[]), 0);
        assert_eq!(ms(&[("a.org", 7), ("b.org", 3)]), 7000);
        let site = [("a.org", 4), ("x.a.org", 4), ("y.a.org", 4)];
        assert_eq!(ms(&site), 6000, "a site gets twice what a host gets");
    }
}

//! How much may be asked of a host, of a site and of everybody: the user's decisions, looked up by name.

use std::collections::HashMap;
use std::time::Duration;

use crate::address;

/// A site as a whole (a registrable domain) gets so many times what one of its hosts gets.
const SITE_SHARE: u32 = 2;
/// The longest delay between two starts; what is longer is taken for this.
pub(super) const LONGEST_DELAY: Duration = Duration::from_secs(24 * 3600);

/// How many requests may be under way at once, and how far apart they start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Requests under way at once.
    pub concurrency: usize,
    /// Time between the starts of two requests.
    pub delay: Duration,
}

/// What is different for one host, and for all hosts below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HostPace {
    /// Requests under way at once; the ordinary number where there is none.
    pub concurrency: Option<usize>,
    /// Time between the starts of two requests; the ordinary one where there is none.
    pub delay: Option<Duration>,
}

/// How many requests may run at once, and how far apart they start.
///
/// A host gets the ordinary pace, unless it or a name above it has one of its own; the nearest name counts. All hosts
/// of one registrable domain together get twice what one of them gets: twice as many requests at once, at half the
/// delay. So a site is not asked a hundred times a second because it has a hundred host names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manners {
    /// Requests under way at once, over all hosts.
    pub concurrency: usize,
    /// What is asked of a host of which nothing else is known.
    pub ordinary: Pace,
    /// What is different, by host name in lower case.
    pub by_host: HashMap<String, HostPace>,
}

impl Manners {
    /// Manners without exceptions.
    pub fn ordinary(concurrency: usize, host: Pace) -> Self {
        Self {
            concurrency,
            ordinary: host,
            by_host: HashMap::new(),
        }
    }

    /// The most requests that may be under way at once to any one host.
    pub fn most_at_once(&self) -> usize {
        let own = self.by_host.values().filter_map(|own| own.concurrency);
        own.fold(self.ordinary.concurrency, usize::max).max(1)
    }

    /// The pace of one host name, without what the host asks for itself.
    pub fn of_host(&self, host: &str) -> Pace {
        let mut pace = self.ordinary;
        if !self.by_host.is_empty() {
            // From the last label to the whole name, so that the nearest has the last word.
            let starts = host.rmatch_indices('.').map(|(dot, _)| dot + 1);
            for start in starts.chain([0]) {
                if let Some(own) = self.by_host.get(&host[start..]) {
                    pace.concurrency = own.concurrency.unwrap_or(pace.concurrency);
                    pace.delay = own.delay.unwrap_or(pace.delay);
                }
            }
        }
        Pace {
            concurrency: pace.concurrency.max(1),
            delay: pace.delay.min(LONGEST_DELAY),
        }
    }

    /// The pace of all hosts of one site together.
    ///
    /// Where the user allows more of one of its hosts, the site must not take that back.
    pub fn of_site(&self, site: &str) -> Pace {
        let of_its_hosts = self
            .by_host
            .keys()
            .filter(|name| address::site(name) == site)
            .map(|name| self.of_host(name));
        let most = of_its_hosts.fold(self.of_host(site), |most, pace| Pace {
            concurrency: most.concurrency.max(pace.concurrency),
            delay: most.delay.min(pace.delay),
        });
        Pace {
            concurrency: most.concurrency * SITE_SHARE as usize,
            delay: most.delay / SITE_SHARE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(concurrency: usize, delay_ms: u64) -> Pace {
        Pace {
            concurrency,
            delay: Duration::from_millis(delay_ms),
        }
    }

    #[test]
    fn the_nearest_name_counts() {
        let mut manners = Manners::ordinary(64, pace(2, 1000));
        let own = |concurrency, delay_ms: Option<u64>| HostPace {
            concurrency,
            delay: delay_ms.map(Duration::from_millis),
        };
        manners.by_host = HashMap::from([
            ("slow.org".to_owned(), own(None, Some(5000))),
            ("www.slow.org".to_owned(), own(Some(1), None)),
            ("quick.slow.org".to_owned(), own(Some(8), Some(0))),
            ("mine.co.uk".to_owned(), own(Some(16), Some(10))),
        ]);
        for (host, expected) in [
            ("a.org", pace(2, 1000)),
            ("slow.org", pace(2, 5000)),
            ("www.slow.org", pace(1, 5000)),
            ("a.www.slow.org", pace(1, 5000)),
            ("notslow.org", pace(2, 1000)),
            ("quick.slow.org", pace(8, 0)),
            ("a.b.mine.co.uk", pace(16, 10)),
        ] {
            assert_eq!(manners.of_host(host), expected, "{host}");
        }
        for (site, expected) in [
            ("a.org", pace(4, 500)),
            ("slow.org", pace(16, 0)),
            ("mine.co.uk", pace(32, 5)),
            ("127.0.0.1", pace(4, 500)),
        ] {
            assert_eq!(manners.of_site(site), expected, "{site}");
        }
    }

    #[test]
    fn senseless_paces_are_made_sensible() {
        let manners = Manners::ordinary(0, pace(0, u64::MAX));
        assert_eq!(manners.of_host("a.org").concurrency, 1);
        assert_eq!(manners.of_host("a.org").delay, LONGEST_DELAY);
    }
}

//! How often a source may be visited at the least: what the configuration says of it, of its host, of its input.

use std::collections::HashMap;

use crate::schedule::Own;

/// A day in milliseconds.
const DAY_MS: i64 = 86_400_000;

/// The longest intervals that are not the same for all, in days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Intervals {
    /// By canonical address.
    pub by_source: HashMap<String, u32>,
    /// By host name; meant for all hosts below it too.
    pub by_host: HashMap<String, u32>,
}

impl Intervals {
    /// What is different for this source. The nearest word counts: the source's own, its input's, its host's.
    pub fn own(
        &self,
        address: &str,
        host: &str,
        of_input: Option<u32>,
        published_at: Option<i64>,
    ) -> Own {
        let days = self
            .by_source
            .get(address)
            .copied()
            .or(of_input)
            .or_else(|| self.of_host(host));
        Own {
            longest_interval_ms: days.map(|days| i64::from(days) * DAY_MS),
            published_at,
        }
    }

    fn of_host(&self, host: &str) -> Option<u32> {
        if self.by_host.is_empty() {
            return None;
        }
        let mut name = host.trim_end_matches('.');
        loop {
            if let Some(days) = self.by_host.get(name) {
                return Some(*days);
            }
            name = name.split_once('.')?.1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_counts() {
        let of = |entries: &[(&str, u32)]| {
            let entries = entries.iter();
            entries
                .map(|(name, days)| ((*name).to_owned(), *days))
                .collect()
        };
        let intervals = Intervals {
            by_source: of(&[("https://a.test/x", 1)]),
            by_host: of(&[("a.test", 5), ("b.a.test", 6)]),
        };
        let days = |address: &str, host: &str, of_input| {
            let own = intervals.own(address, host, of_input, None);
            own.longest_interval_ms.map(|ms| ms / DAY_MS)
        };
        assert_eq!(days("https://a.test/x", "a.test", Some(9)), Some(1));
        assert_eq!(days("https://a.test/y", "a.test", Some(9)), Some(9));
        assert_eq!(days("https://a.test/y", "a.test", None), Some(5));
        assert_eq!(days("https://c.a.test/", "c.a.test", None), Some(5));
        assert_eq!(days("https://c.b.a.test/", "c.b.a.test", None), Some(6));
        assert_eq!(days("https://ba.test/", "ba.test", None), None);
    }
}

//! When there is something to do again, and how much was done lately: what a process that keeps running asks.

use rusqlite::OptionalExtension;

use super::Reading;

/// A host that is to be left alone for longer was noted by a clock that was wrong, in milliseconds.
const LONGEST_PAUSE: i64 = 31 * 24 * 3_600_000;

/// When what is due next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waking {
    /// The next visit of a source whose host may be asked then, in milliseconds since the epoch.
    pub source_at: Option<i64>,
    /// The next reading of an input, in milliseconds since the epoch: of one on the web, or of one that was just added.
    pub input_at: Option<i64>,
    /// Whether there are inputs on this machine: they are always due, and are looked at whenever somebody cares to.
    pub has_local_inputs: bool,
}

/// Visits made lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lately {
    /// How many.
    pub visits: u64,
    /// When the first of them was made, in milliseconds since the epoch.
    pub first_at: Option<i64>,
}

impl Reading<'_> {
    /// When there is something to do next. Walks the index of due sources once, without touching a source's row.
    ///
    /// Hosts are looked up one by one, here and below: a file that was analysed while it was small makes `SQLite` scan
    /// all hosts for each of them in a join.
    pub fn next_due_at(&self, now: i64) -> rusqlite::Result<Waking> {
        let source_at = self
            .connection
            .prepare_cached(
                "select min(max(d.at, (select iif(next_request_at > ?1, 0, next_request_at)
                                      from host where id = d.host_id)))
                 from (select host_id, min(next_visit_at) as at from source
                       where next_visit_at is not null group by host_id) d",
            )?
            .query_row([now.saturating_add(LONGEST_PAUSE)], |row| row.get(0))?;
        let (input_at, has_local_inputs) = self
            .connection
            .prepare_cached(
                "select min(iif(kind in ('file', 'folder', 'list') and next_refresh_at <= refreshed_at,
                                null, next_refresh_at)),
                        coalesce(max(kind in ('file', 'folder', 'list')), 0)
                 from input where next_refresh_at is not null and removed_at is null",
            )?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Waking {
            source_at,
            input_at,
            has_local_inputs,
        })
    }

    /// Sources that are visited again at some time.
    pub fn count_scheduled(&self) -> rusqlite::Result<u64> {
        let count: i64 = self
            .connection
            .prepare_cached("select count(*) from source where next_visit_at is not null")?
            .query_row([], |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// The instant by which so many sources were due, those that wait longest over all hosts; `None` where no more are
    /// due at all. At most `of_a_host` of one host are counted, so that a host with a long backlog does not keep others
    /// waiting, and none of hosts that are to be left alone.
    pub fn due_by(&self, now: i64, most: u64, of_a_host: u64) -> rusqlite::Result<Option<i64>> {
        self.connection
            .prepare_cached(
                "select at from (
                     select s.host_id, s.next_visit_at as at,
                            row_number() over (partition by s.host_id order by s.next_visit_at) as place
                     from source s where s.next_visit_at <= ?1) d
                 where d.place <= ?3 and (select next_request_at <= ?1 or next_request_at > ?4
                                          from host where id = d.host_id)
                 order by at limit 1 offset ?2",
            )?
            .query_row(
                (
                    now,
                    i64::try_from(most).unwrap_or(i64::MAX),
                    i64::try_from(of_a_host).unwrap_or(i64::MAX),
                    now.saturating_add(LONGEST_PAUSE),
                ),
                |row| row.get(0),
            )
            .optional()
    }

    /// The visits made after this instant. Costs as much as there are, for they are read from the newest backwards.
    pub fn visits_after(&self, after: i64) -> rusqlite::Result<Lately> {
        let before: i64 = self
            .connection
            .prepare_cached("select id from visit where at <= ?1 order by id desc limit 1")?
            .query_row([after], |row| row.get(0))
            .optional()?
            .unwrap_or(0);
        self.connection
            .prepare_cached("select count(*), min(at) from visit where id > ?1")?
            .query_row([before], |row| {
                Ok(Lately {
                    visits: u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0),
                    first_at: row.get(1)?,
                })
            })
    }

    /// When a run last ended as it should, in milliseconds since the epoch.
    pub fn last_good_run_at(&self) -> rusqlite::Result<Option<i64>> {
        self.connection
            .prepare_cached(
                "select ended_at from run where result = 'done' and not suspect and ended_at is not null
                 order by id desc limit 1",
            )?
            .query_row([], |row| row.get(0))
            .optional()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{HostRow, Mode, NewInput, Store};
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn archive() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db"), Mode::Create, 0).unwrap();
        (folder, store)
    }

    /// Sources of hosts, each with the instant at which it is due.
    fn due(store: &Store, sources: &[(&'static str, i64)]) {
        let sources = sources.to_vec();
        store
            .write_blocking("add sources", move |w| {
                for (n, (host, at)) in sources.into_iter().enumerate() {
                    let address = format!("http://{host}/{n}");
                    let (id, _) = w.find_or_add_source(&address, host, host, 0, Some(0))?;
                    w.put_off(id, at)?;
                }
                Ok(())
            })
            .unwrap();
    }

    #[test]
    fn the_next_source_is_the_one_whose_host_may_be_asked() {
        let (_folder, store) = archive();
        let next = |now| store.read("look", |r| r.next_due_at(now)).unwrap();
        assert_eq!(next(0), Waking::default());
        due(&store, &[("a.test", 10), ("a.test", 5), ("b.test", 7)]);
        assert_eq!(next(0).source_at, Some(5));
        let until = |next_request_at| {
            let host = HostRow {
                name: "a.test".to_owned(),
                site: "a.test".to_owned(),
                next_request_at,
                refusals: 1,
            };
            store
                .write_blocking("pause", move |w| w.save_hosts(&[host]))
                .unwrap();
        };
        until(100);
        assert_eq!(next(0).source_at, Some(7), "a.test wants to be left alone");
        until(40 * 24 * HOUR);
        assert_eq!(next(0).source_at, Some(5), "no host may ask for that long");
    }

    #[test]
    fn inputs_on_the_web_have_a_time_and_files_have_none() {
        let (_folder, store) = archive();
        let add = |address: &str, kind: &str, now| {
            let input = NewInput {
                address: address.to_owned(),
                kind: kind.to_owned(),
                format: None,
                base: None,
                options: "{}".to_owned(),
            };
            store
                .write_blocking("add", move |w| w.add_input(&input, now))
                .unwrap();
        };
        let next = || store.read("look", |r| r.next_due_at(0)).unwrap();
        add("http://a.test/", "page", 50);
        add("http://b.test/", "feed", 40);
        assert_eq!(
            (next().input_at, next().has_local_inputs),
            (Some(40), false)
        );
        add("/posts", "folder", 10);
        assert_eq!((next().input_at, next().has_local_inputs), (Some(10), true));
        store
            .write_blocking("read", |w| w.input_refreshed(3, 20, Some(20), None))
            .unwrap();
        assert_eq!((next().input_at, next().has_local_inputs), (Some(40), true));
        store
            .write_blocking("remove", |w| w.remove_input("/posts", 60))
            .unwrap();
        assert!(!next().has_local_inputs);
    }

    #[test]
    fn the_oldest_come_first_and_no_host_fills_all_places() {
        let (_folder, store) = archive();
        due(
            &store,
            &[
                ("slow.test", 1),
                ("slow.test", 2),
                ("slow.test", 3),
                ("slow.test", 4),
                ("b.test", 5),
                ("c.test", 6),
                ("d.test", 900),
            ],
        );
        let by = |most, of_a_host| {
            store
                .read("look", |r| r.due_by(100, most, of_a_host))
                .unwrap()
        };
        assert_eq!(by(3, 100), Some(4));
        assert_eq!(by(3, 2), Some(6));
        assert_eq!(by(6, 100), None, "no more than six are due");
        assert_eq!(store.read("count", |r| r.count_scheduled()).unwrap(), 7);
    }
}

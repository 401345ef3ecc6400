//! What was broken before it was added: no news, and told as one sum for each input.

use std::collections::BTreeMap;

use super::{Entry, Report, ReportError, count};

/// Sources named for one input.
const NAMED: usize = 5;

/// The sum of one input.
pub(super) struct Sum {
    /// Its address or path.
    pub(super) input: String,
    /// How many sources it cites.
    pub(super) of: u64,
    /// How many of them were broken before.
    pub(super) broken: u64,
    /// How many of those are confirmed dead.
    pub(super) dead: u64,
    /// The first few.
    pub(super) named: Vec<Entry>,
}

/// The sums, by input.
#[derive(Default)]
pub(super) struct Backlog {
    sums: BTreeMap<i64, Sum>,
    /// How many sources there are in all; one that several inputs cite counts once.
    pub(super) sources: usize,
    dead: usize,
}

impl Backlog {
    pub(super) fn take(&mut self, report: &Report<'_>, entry: &Entry) -> Result<(), ReportError> {
        let is_dead = entry.standing == "dead";
        self.sources += 1;
        self.dead += usize::from(is_dead);
        let inputs = report
            .store
            .read("read who cites it", |r| r.inputs_citing(entry.id))?;
        for input in inputs {
            let sum = match self.sums.entry(input.id) {
                std::collections::btree_map::Entry::Occupied(sum) => sum.into_mut(),
                std::collections::btree_map::Entry::Vacant(place) => {
                    let of = report
                        .store
                        .read("count an input's sources", |r| r.sources_of_input(input.id))?;
                    place.insert(Sum {
                        input: input.address,
                        of: u64::try_from(of).unwrap_or(0),
                        broken: 0,
                        dead: 0,
                        named: Vec::new(),
                    })
                }
            };
            sum.broken += 1;
            sum.dead += u64::from(is_dead);
            if sum.named.len() < NAMED {
                sum.named.push(entry.clone());
            }
        }
        Ok(())
    }

    pub(super) fn sums(&self) -> impl Iterator<Item = &Sum> {
        self.sums.values()
    }

    /// The command that lists them one by one.
    pub(super) fn command(&self) -> &'static str {
        if self.dead == self.sources {
            "sourcekeep report --only dead"
        } else {
            "sourcekeep report --only broken"
        }
    }
}

impl Sum {
    /// `4 of 12 sources, none of them confirmed dead yet`.
    pub(super) fn words(&self) -> String {
        let confirmed = match self.dead {
            0 if self.broken == 1 => "not confirmed dead yet".to_owned(),
            0 => "none of them confirmed dead yet".to_owned(),
            dead if dead == self.broken && dead > 1 => "all of them confirmed dead".to_owned(),
            1 if self.broken == 1 => "confirmed dead".to_owned(),
            dead => format!("{dead} of them confirmed dead"),
        };
        format!(
            "{} of {}, {confirmed}",
            self.broken,
            count(self.of, "source")
        )
    }

    /// How many are not named.
    pub(super) fn more(&self) -> u64 {
        self.broken - self.named.len() as u64
    }
}

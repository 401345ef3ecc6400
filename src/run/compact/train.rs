//! Dictionaries from what the archive holds: a bounded number of payloads, drawn by their digests, so that the same
//! archive always gives the same ones.

use std::collections::BTreeMap;

use crate::capture::kind::{Kind, by_media_type, kind};
use crate::store::{DictionaryRow, NewDictionary, Store};

use super::pack::{Prepared, size_alone};
use super::{RunError, Stop};

/// Payloads are asked for so many at once.
const AT_ONCE: usize = 256;
/// So many rows are looked at, at most, and so many bytes read.
const MOST_ROWS: usize = 20_000;
const MOST_BYTES: usize = 96 << 20;
/// Bytes of a kind that are enough, and of one payload.
const ENOUGH: usize = 8 << 20;
const OF_ONE: usize = 128 << 10;
/// Fewer payloads, or bytes, have nothing in common that could be told from chance.
const FEWEST: usize = 8;
const LEAST: usize = 32 << 10;
/// The largest dictionary: beyond, what is gained is lost in time. Where little is known, it is a share of that.
const LARGEST: usize = 112 << 10;
const SHARE: usize = 8;
/// Payloads on which a dictionary is tried before it is kept.
const TRIED_ON: usize = 24;

/// What was drawn of one kind.
#[derive(Default)]
struct Drawn {
    samples: Vec<Vec<u8>>,
    bytes: usize,
    /// Bytes of all payloads of the kind that were seen, those included that were not needed any more.
    seen: usize,
}

type ByKind = BTreeMap<Kind, Drawn>;

/// Makes dictionaries of the kinds of which enough is there, and gives those that pay for themselves. `rows` is how many
/// payloads there are.
pub(super) fn train(
    store: &Store,
    rows: i64,
    known: &[DictionaryRow],
    stop: &Stop<'_>,
) -> Result<Option<Vec<NewDictionary>>, RunError> {
    let Some((drawn, looked_at)) = draw(store, stop)? else {
        return Ok(None);
    };
    let of_all = f64::from(u32::try_from(rows).unwrap_or(u32::MAX)) / looked_at.max(1) as f64;
    let made: Vec<Option<NewDictionary>> = std::thread::scope(|scope| {
        let threads: Vec<_> = drawn
            .iter()
            .map(|(kind, drawn)| {
                let known = known.iter().find(|row| row.kind == kind.name());
                scope.spawn(move || one(*kind, drawn, of_all.max(1.0), known))
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_default())
            .collect()
    });
    Ok(Some(made.into_iter().flatten().collect()))
}

/// Draws payloads of each kind, and says how many were looked at. `None` when it is time to stop.
fn draw(store: &Store, stop: &Stop<'_>) -> Result<Option<(ByKind, usize)>, RunError> {
    let mut all = ByKind::new();
    let (mut after, mut rows, mut bytes) = (None, 0, 0);
    while rows < MOST_ROWS && bytes < MOST_BYTES {
        let found = store.read("draw payloads", |r| r.samples(after, AT_ONCE))?;
        let Some(last) = found.last() else { break };
        after = Some(last.sha256);
        for sample in found {
            if stop.now() {
                return Ok(None);
            }
            rows += 1;
            let named = sample.media_type.as_deref();
            if named.map(by_media_type).is_some_and(Kind::is_packed) || sample.size > OF_ONE * 8 {
                continue;
            }
            let is_enough = named
                .and_then(|named| all.get_mut(&by_media_type(named)))
                .filter(|drawn| drawn.bytes >= ENOUGH);
            if let Some(drawn) = is_enough {
                drawn.seen += sample.size;
                continue;
            }
            // What cannot be read is told when it is to be packed.
            let Ok(Some(mut payload)) = store.read("read a payload", |r| r.blob(sample.id)) else {
                continue;
            };
            bytes += payload.len();
            let kind = kind(named, &payload);
            if !kind.is_text() {
                continue;
            }
            let drawn = all.entry(kind).or_default();
            drawn.seen += payload.len();
            if drawn.bytes < ENOUGH {
                payload.truncate(OF_ONE);
                drawn.bytes += payload.len();
                drawn.samples.push(payload);
            }
        }
    }
    Ok(Some((all, rows)))
}

/// A dictionary of one kind, if it saves more than it takes.
fn one(
    kind: Kind,
    drawn: &Drawn,
    of_all: f64,
    known: Option<&DictionaryRow>,
) -> Option<NewDictionary> {
    if drawn.samples.len() < FEWEST || drawn.bytes < LEAST {
        return None;
    }
    let size = (drawn.bytes / SHARE).min(LARGEST);
    let sizes: Vec<usize> = drawn.samples.iter().map(Vec::len).collect();
    let data = zstd::dict::from_continuous(&drawn.samples.concat(), &sizes, size).ok()?;
    let new = Prepared::new(0, &data)?;
    let old = known.and_then(|row| Prepared::new(row.id, &row.data));
    let step = (drawn.samples.len() / TRIED_ON).max(1);
    let (mut raw, mut before, mut after) = (0, 0, 0);
    for payload in drawn.samples.iter().step_by(step).take(TRIED_ON) {
        raw += payload.len();
        before += match &old {
            Some(old) => old.size_of(payload)?,
            None => size_alone(payload)?,
        };
        after += new.size_of(payload)?;
    }
    let saved_of_a_byte = (before as f64 - after as f64) / raw.max(1) as f64;
    let saved = saved_of_a_byte * drawn.seen as f64 * of_all;
    // What is packed with the one before has to be packed once more.
    let is_better = old.is_none() || after * 100 < before * 97;
    (is_better && saved > data.len() as f64 * 1.25).then(|| NewDictionary {
        kind: kind.name(),
        payloads: drawn.samples.len(),
        data,
    })
}

//! What visits say at length is packed, or made text again.

use crate::run::RunError;
use crate::store::{PackedTexts, Store, Texts, TextsOf};

use super::{Stop, Summary, Told};

/// Visits, or exchanges, that are read at once.
const AT_ONCE: usize = 512;

/// What becomes of texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TextsWay {
    /// They stay as they are.
    #[default]
    Stay,
    /// They are packed.
    Pack,
    /// They are text again, for other programs to read.
    Open,
}

/// Goes through the texts of all visits, and of all exchanges that belong to none.
pub(super) fn texts(
    store: &Store,
    way: TextsWay,
    cores: usize,
    stop: &Stop<'_>,
    summary: &mut Summary,
    told: &mut impl FnMut(Told),
) -> Result<(), RunError> {
    if way == TextsWay::Stay {
        return Ok(());
    }
    let are_packed = way == TextsWay::Open;
    for of in [TextsOf::Visits, TextsOf::Exchanges] {
        let mut after = i64::MIN;
        while !stop.now() {
            let found = store.read("read texts", |r| r.texts(of, are_packed, after, AT_ONCE))?;
            let Some(last) = found.last() else { break };
            after = last.id();
            let done = if are_packed {
                store.write_blocking("unpack texts", move |w| w.unpack_texts(&found))?
            } else {
                let packed = packed(found, cores);
                store.write_blocking("pack texts", move |w| w.pack_texts(&packed))?
            };
            summary.texts += done as u64;
            told(Told::Texts(summary.texts));
        }
    }
    Ok(())
}

/// On several cores. What could not be packed stays as it is.
fn packed(texts: Vec<Texts>, cores: usize) -> Vec<PackedTexts> {
    let size = texts.len().div_ceil(cores.max(1)).max(1);
    let mut texts = texts.into_iter();
    let parts: Vec<Vec<Texts>> = std::iter::from_fn(|| {
        let part: Vec<Texts> = texts.by_ref().take(size).collect();
        (!part.is_empty()).then_some(part)
    })
    .collect();
    std::thread::scope(|scope| {
        let pack = |part: Vec<Texts>| part.into_iter().filter_map(Texts::packed).collect();
        let threads: Vec<_> = parts
            .into_iter()
            .map(|part| scope.spawn(move || -> Vec<PackedTexts> { pack(part) }))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_default())
            .collect()
    })
}

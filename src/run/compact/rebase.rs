//! Differences are put on another payload, so that the one that they rest on may go.

use super::super::RunError;
use super::pack::{Dictionaries, by_itself, difference};
use crate::store::{Repacked, Store, StoreError, Way};

/// Puts differences on other payloads.
pub(crate) struct Repacking<'a> {
    store: &'a Store,
    dictionaries: Dictionaries,
}

/// A payload and its media type.
type Payload = (Vec<u8>, Option<String>);

impl<'a> Repacking<'a> {
    pub(crate) fn new(store: &'a Store) -> Result<Self, StoreError> {
        let rows = store.read("read the dictionaries", |r| r.dictionaries())?;
        Ok(Self {
            store,
            dictionaries: Dictionaries::new(&rows),
        })
    }

    /// Puts all differences from a payload on the first of them, which is made whole, or makes them whole, whichever is
    /// smaller. Says how many there were, or in words which of them cannot be read: then nothing more is changed, and the
    /// payload has to stay.
    pub(crate) fn rebase(&self, base: i64) -> Result<Result<u64, String>, RunError> {
        let rest = self
            .store
            .read("look at differences", |r| r.differences_from(base))?;
        let mut first: Option<(i64, Vec<u8>)> = None;
        let mut done = 0;
        for id in rest {
            let (payload, media_type) = match self.payload(id)? {
                Ok(found) => found,
                Err(problem) => return Ok(Err(problem)),
            };
            let (mut way, mut data) =
                by_itself(media_type.as_deref(), &payload, &self.dictionaries);
            if let Some((first, before)) = &first
                && let Some(delta) = difference(before, &payload)
                && delta.len() < data.len()
            {
                (way, data) = (Way::Difference(*first), delta);
            }
            if first.is_none() {
                first = Some((id, payload));
            }
            let repacked = Repacked {
                id,
                was: Way::Difference(base),
                way,
                data,
            };
            let changed = self
                .store
                .write_blocking("put a difference on another payload", move |w| {
                    w.repack(&[repacked])
                })?;
            done += changed as u64;
        }
        Ok(Ok(done))
    }

    fn payload(&self, id: i64) -> Result<Result<Payload, String>, StoreError> {
        match self.store.read("read a payload", |r| r.sound_blob(id)) {
            Ok(Some(found)) => Ok(Ok(found)),
            Ok(None) => Ok(Err(format!("blob {id}: does not match its digest"))),
            Err(StoreError::Damaged { why, .. }) => Ok(Err(why)),
            Err(error) => Err(error),
        }
    }
}

//! Room for copies: when the archive or its disk is as full as the user allows, copies are no longer kept. Visits go on,
//! for a row is small and a verdict is what the run is for.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::store::Store;

/// The room is measured again when so many bytes were given away, for others write to the disk too.
const MEASURED_EVERY: u64 = 64 << 20;

/// How much room copies may take, and whether there is any left.
pub struct Room {
    store: Arc<Store>,
    max_bytes: Option<u64>,
    min_free: u64,
    given: Mutex<Given>,
    measuring: tokio::sync::Mutex<()>,
    full: OnceLock<Full>,
}

/// What was given away.
#[derive(Debug, Default)]
struct Given {
    /// Bytes that may be given away before the room is measured again.
    left: u64,
    /// Bytes that were given to copies which are still on their way to the archive.
    reserved: u64,
}

/// Room that a visit has for what it keeps. It must live until that was handed to the archive: until then, nobody can
/// measure it.
#[derive(Debug)]
pub(super) struct Reserved<'r> {
    room: &'r Room,
    bytes: u64,
}

impl Reserved<'_> {
    /// Whether so many bytes more may be kept.
    pub(super) async fn takes(&mut self, bytes: u64) -> bool {
        let takes = self.room.takes(bytes).await;
        if takes {
            self.bytes += bytes;
        }
        takes
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        self.room.given().reserved -= self.bytes;
    }
}

/// Why no more copies are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// The archive has the size that is allowed (`max-bytes`), in bytes.
    Archive(u64),
    /// So little space is free on the archive's disk (`min-free`), in bytes.
    Disk(u64),
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("Room");
        fields.field("max_bytes", &self.max_bytes);
        fields.field("min_free", &self.min_free);
        fields.field("full", &self.full);
        fields.finish_non_exhaustive()
    }
}

impl Room {
    /// The room in an archive. `max_bytes` is the size that it may grow to, `min_free` what must stay free on its disk.
    pub fn new(store: Arc<Store>, max_bytes: Option<u64>, min_free: u64) -> Self {
        Self {
            store,
            max_bytes,
            min_free,
            given: Mutex::default(),
            measuring: tokio::sync::Mutex::default(),
            full: OnceLock::new(),
        }
    }

    /// Why no more copies are kept in this run, if so. Once full, it stays so: a run that keeps what happens to fit
    /// keeps nothing that anybody could tell.
    pub fn full(&self) -> Option<Full> {
        self.full.get().copied()
    }

    /// Room for what a visit keeps; none yet.
    pub(super) fn reserve(&self) -> Reserved<'_> {
        Reserved {
            room: self,
            bytes: 0,
        }
    }

    async fn takes(&self, bytes: u64) -> bool {
        if self.full.get().is_some() {
            return false;
        }
        if self.take(bytes) {
            return true;
        }
        let _measuring = self.measuring.lock().await;
        if self.full.get().is_some() || self.take(bytes) {
            return self.full.get().is_none();
        }
        let reserved = {
            let mut given = self.given();
            // Nothing is given away from here on until it was measured.
            given.left = 0;
            given.reserved
        };
        // What was handed to the archive before must be in the file to be measured. If it cannot be written, the visit's
        // own row will say so.
        let _ = self.store.flush().await;
        match self.measure(bytes, reserved) {
            Ok(left) => {
                let mut given = self.given();
                given.left = (left - bytes).min(MEASURED_EVERY);
                given.reserved += bytes;
                true
            }
            Err(full) => {
                let _ = self.full.set(full);
                false
            }
        }
    }

    fn take(&self, bytes: u64) -> bool {
        let mut given = self.given();
        let left = given.left.checked_sub(bytes);
        if let Some(left) = left {
            given.left = left;
            given.reserved += bytes;
        }
        left.is_some()
    }

    fn given(&self) -> MutexGuard<'_, Given> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much may still be kept, if it is at least this; so much beside what is in the file is reserved.
    fn measure(&self, wanted: u64, reserved: u64) -> Result<u64, Full> {
        let mut left = u64::MAX;
        if let Some(max) = self.max_bytes {
            // An archive that cannot be read ends the run elsewhere.
            let size = self
                .store
                .read("measure the archive", |r| r.size())
                .unwrap_or(0);
            left = max.saturating_sub(size).saturating_sub(reserved);
            if left < wanted {
                return Err(Full::Archive(size));
            }
        }
        // A system that does not say how much is free is not asked to keep any.
        if self.min_free > 0
            && let Ok(free) = fs4::available_space(folder(self.store.path()))
        {
            let spare = free.saturating_sub(self.min_free).saturating_sub(reserved);
            if spare < wanted {
                return Err(Full::Disk(free));
            }
            left = left.min(spare);
        }
        Ok(left)
    }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

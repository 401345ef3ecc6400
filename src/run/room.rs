//! Room for copies: when the archive or its disk is as full as the user allows, copies are no longer kept. Visits go on,
//! for a row is small and a verdict is what the run is for.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::Mutex;

use crate::store::Store;

/// The room is measured again when so many bytes were given away, for others write to the disk too.
const MEASURED_EVERY: u64 = 64 << 20;

/// How much room copies may take, and whether there is any left.
pub struct Room {
    store: Arc<Store>,
    max_bytes: Option<u64>,
    min_free: u64,
    /// Bytes that may be given away before the room is measured again.
    left: AtomicU64,
    measuring: Mutex<()>,
    full: OnceLock<Full>,
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
            left: AtomicU64::new(0),
            measuring: Mutex::new(()),
            full: OnceLock::new(),
        }
    }

    /// Why no more copies are kept in this run, if so. Once full, it stays so: a run that keeps what happens to fit
    /// keeps nothing that anybody could tell.
    pub fn full(&self) -> Option<Full> {
        self.full.get().copied()
    }

    /// Whether a copy of this size may be kept.
    pub(super) async fn takes(&self, bytes: u64) -> bool {
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
        // What was given away before must be in the file to be measured. If it cannot be written, the visit's own row
        // will say so.
        let _ = self.store.flush().await;
        match self.measure(bytes) {
            Ok(left) => {
                self.left
                    .store((left - bytes).min(MEASURED_EVERY), Ordering::Relaxed);
                true
            }
            Err(full) => {
                let _ = self.full.set(full);
                false
            }
        }
    }

    fn take(&self, bytes: u64) -> bool {
        let relaxed = Ordering::Relaxed;
        let take = |left: u64| left.checked_sub(bytes);
        self.left.fetch_update(relaxed, relaxed, take).is_ok()
    }

    /// How much may still be kept, if it is at least this.
    fn measure(&self, wanted: u64) -> Result<u64, Full> {
        let mut left = u64::MAX;
        if let Some(max) = self.max_bytes {
            // An archive that cannot be read ends the run elsewhere.
            let size = self
                .store
                .read("measure the archive", |r| r.size())
                .unwrap_or(0);
            left = max.saturating_sub(size);
            if left < wanted {
                return Err(Full::Archive(size));
            }
        }
        // A system that does not say how much is free is not asked to keep any.
        if self.min_free > 0
            && let Ok(free) = fs4::available_space(folder(self.store.path()))
        {
            let spare = free.saturating_sub(self.min_free);
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

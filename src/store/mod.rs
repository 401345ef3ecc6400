//! The archive: one `SQLite` file, and all the SQL there is.
//!
//! What the rest of the program sees are verbs, each one transaction, with plain structs in and out and times passed in
//! as milliseconds since the epoch. Writing goes through one thread (`writer`), reading through a few connections of
//! their own. Nothing here knows how a page is fetched or judged.

mod around;
mod backup;
mod baselines;
mod blob;
mod captures;
mod chain;
mod compact;
mod decisions;
mod dictionary;
mod discovered;
mod drift;
mod error;
mod events;
mod evidence;
mod exports;
mod gathered;
mod health;
mod hosts;
mod identity;
mod imports;
mod inputs;
mod intervals;
mod listed;
mod lock;
mod manifests;
mod marks;
mod migrate;
mod news;
mod overview;
mod posts;
mod progress;
mod prune;
mod quotes;
mod rejudging;
mod renderings;
mod reports;
mod runs;
mod search;
mod settling;
mod shown;
mod sources;
mod stats;
mod texts;
mod verify;
mod visits;
mod waking;
mod writer;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

pub use around::{SiblingRow, SiteNamesRow};
pub use backup::{BackedUp, Backup, BackupError, Copying, LeftAlone, back_up, list_backups};
pub use baselines::{BASELINE_WITHIN, BaselineRow, SeenCapture};
pub use blob::Packed;
pub use captures::{ByHand, CaptureRow, HeldCapture, NewCapture, NewExchange};
pub use chain::{Sha, hex, sha256};
pub use compact::{DeltaSums, Packing, Piece, Repacked, SampleRow, ToPack, Way};
pub use decisions::{Action, CitingPost, DecisionPlace, DecisionRow, NewDecision, Takedown};
pub use dictionary::{DictionaryRow, NewDictionary};
pub use discovered::{Lead, LeadRead, LeadRow, LeadState, NewLead};
pub use drift::{DriftRow, NewDrift, NewSaid, Untold, UntoldStep};
pub use error::StoreError;
pub use events::EventRow;
pub use evidence::{Drawn, PastVisit, SourceFacts};
pub use exports::{
    ManifestLine, PayloadRow, Table, TableRows, WholeCapture, WholeExchange, WholeRendering,
};
pub use gathered::{Changed, KnownDocument, NewCitation, NewDirectives, NewDocument, PostEnd};
pub use health::{Health, LastRun, health, sqlite_version};
pub use hosts::{HostRow, KnownHost, RobotsRow};
pub use imports::{
    Answer, Counting, ImportSums, ImportedBody, ImportedCapture, ImportedExchange,
    ImportedRendering,
};
pub use inputs::{InputRow, NewInput};
pub use listed::{
    GroupTally, ListFor, ListOrder, ListPlace, ListedPage, ListedPost, ListedSource, MOST_COUNTED,
    Tally,
};
pub use lock::{Holder, Locking, RunLock, lock_run, run_holder};
pub use manifests::{
    AnswerRow, KnownRequisite, NewManifest, NewRequisite, PutDown, RequisiteRow, RequisiteState,
};
pub use marks::{MarkRow, NewMark};
pub use news::{CameTo, Change, News};
pub use overview::{CitedBy, Counts, HeldCopy, MarkHeld, SourceRow, Totals, VisitRow, Wanted};
pub use posts::{PostCitation, PostRow};
pub use progress::{OpenRun, Progress};
pub use prune::{
    HoldRow, PrunableCapture, PrunableSource, PrunedSums, Swept, Undrawn, UnneededPiece,
};
pub use quotes::{
    FragmentRow, LookedIn, NewFragment, NewQuoteResult, QuoteFound, QuoteRow, QuoteSums, SaidRow,
    Stood, TiedQuote,
};
pub use rejudging::{HistoryVisit, OutcomeBody, Rejudged, Restood, SeenSource, SeenVisit};
pub use renderings::{NewRendering, Part, RenderingRow};
pub use reports::{CitingInput, RejudgedSources, RunRow, note_report, note_verified};
pub use runs::{ClockTrace, NewEvent, RunBegun, RunEnd};
pub use search::{
    CopyWords, FoundSource, NewWords, SaidOf, SearchCopy, SearchDue, SearchFor, SearchHit,
    SearchHits, SearchSource,
};
pub use settling::{BACKLOG_MS, NewUnsettled, Settled, Unsettled};
pub use shown::{CopyRow, KeptRow};
pub use sources::{CaptureRoot, DueHost, DueSource, FineRoot, Root, SourceState};
pub use stats::{
    BlobSums, BodyRow, CodingSums, Contents, CopySums, DayOfVisits, HostCount, Pages,
    PieceOfVisits, RunSums, Schedule, SourceCount,
};
pub use texts::{PackedTexts, Texts, TextsOf};
pub use verify::{Depth, Looking, Verified, Verifying, verify};
pub use visits::{FeaturesRow, NewAlias, NewVisit, OutcomeRow, VerdictRow};
pub use waking::{Lately, Waking};
pub use writer::Writing;

use identity::Watched;
use writer::Writer;

/// How long a writer waits for another program's lock.
const BUSY: Duration = Duration::from_secs(10);
/// Reading connections that are kept for the next reader.
const KEPT_READERS: usize = 4;

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Make it if it is not there.
    Create,
    /// It must be there, and is written.
    Write,
    /// It must be there, and is only read.
    Read,
}

/// An open archive.
pub struct Store {
    path: PathBuf,
    writer: Option<Writer>,
    thread: Option<std::thread::JoinHandle<()>>,
    readers: Mutex<Vec<Connection>>,
    watched: Option<Arc<Watched>>,
    put_aside: Option<PathBuf>,
}

/// Hands out the verbs that read, from one consistent state of the file.
pub struct Reading<'a> {
    connection: &'a Connection,
}

impl Store {
    /// Opens the archive at `path`, making it or bringing it to the present schema where that is needed.
    ///
    /// `now` is written into a new file as its beginning.
    ///
    /// # Errors
    /// When there is no archive (and none is to be made), when the file is not ours, newer, damaged, or cannot be
    /// written. A file that is refused was not touched.
    pub fn open(path: &Path, mode: Mode, now: i64) -> Result<Self, StoreError> {
        let is_new = check_header(path, mode)?;
        if mode == Mode::Read && !is_new {
            let reader = open_reader(path)?;
            if let migrate::Found::Version(version) = migrate::look(&reader, path)? {
                let known = migrate::MIGRATIONS.len() as u32;
                if version > known {
                    return Err(StoreError::Newer {
                        path: path.to_owned(),
                        found: version,
                        known,
                    });
                }
                if version == known {
                    return Ok(Self {
                        path: path.to_owned(),
                        writer: None,
                        thread: None,
                        readers: Mutex::new(vec![reader]),
                        watched: None,
                        put_aside: None,
                    });
                }
            }
        }
        let mut connection = open_writer(path)?;
        let put_aside = migrate::migrate(&mut connection, path, migrate::MIGRATIONS)?;
        connection
            .execute(
                "insert into archive (id, created_at, created_by) values (1, ?1, ?2) on conflict do nothing",
                (now, env!("CARGO_PKG_VERSION")),
            )
            .and_then(|_| forget_few(&connection))
            .map_err(|error| StoreError::sql(path, "begin the archive", error))?;
        let watched = Watched::new(path)
            .map_err(|error| StoreError::file(path, "look at the archive", error))?;
        let watched = Arc::new(watched);
        let (writer, thread) = Writer::start(connection, path.to_owned(), Arc::clone(&watched));
        Ok(Self {
            path: path.to_owned(),
            writer: Some(writer),
            thread: Some(thread),
            readers: Mutex::new(Vec::new()),
            watched: Some(watched),
            put_aside,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The copy that was put aside before the file was brought to the present schema, if that was done.
    pub fn put_aside(&self) -> Option<&Path> {
        self.put_aside.as_deref()
    }

    /// Writes, and waits until it is committed.
    pub async fn write<T, F>(&self, doing: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Writing<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        self.writer()?.call(doing, work).await
    }

    /// As [`Store::write`], for threads outside the runtime.
    pub fn write_blocking<T, F>(&self, doing: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Writing<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        self.writer()?.call_blocking(doing, work)
    }

    /// Hands something to write over and goes on. A failure shows at a later call.
    pub async fn submit<F>(&self, doing: &'static str, work: F) -> Result<(), StoreError>
    where
        F: FnOnce(&Writing<'_>) -> rusqlite::Result<()> + Send + 'static,
    {
        self.writer()?.submit(doing, work).await
    }

    /// As [`Store::submit`], for threads outside the runtime.
    pub fn submit_blocking<F>(&self, doing: &'static str, work: F) -> Result<(), StoreError>
    where
        F: FnOnce(&Writing<'_>) -> rusqlite::Result<()> + Send + 'static,
    {
        self.writer()?.submit_blocking(doing, work)
    }

    /// Waits until everything that was handed over is committed.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.write("finish writing", |_| Ok(())).await
    }

    /// Where the archive was taken away meanwhile, there is another file, or none, under its name.
    fn another_reader(&self) -> Result<Connection, StoreError> {
        let reader = open_reader(&self.path);
        match self.watched.as_ref().and_then(|watched| watched.missing()) {
            Some(missing) => Err(StoreError::Missed(missing.to_owned())),
            None => reader,
        }
    }

    /// Reads. The state seen is the last committed one; keep it short, since old states cannot be cleared meanwhile.
    pub fn read<T, F>(&self, doing: &'static str, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Reading<'_>) -> rusqlite::Result<T>,
    {
        self.reader()?.read(doing, work)
    }

    /// For reading several times in one go, from the state that is the last committed one at the first time. Keep it short, as above.
    pub fn reader(&self) -> Result<Reader<'_>, StoreError> {
        let kept = self.kept_readers().pop();
        let connection = match kept {
            Some(connection) => connection,
            None => self.another_reader()?,
        };
        let begun = connection
            .execute_batch("begin")
            .map_err(|error| StoreError::sql(&self.path, "begin to read", error));
        begun.map(|()| Reader {
            store: self,
            connection: Some(connection),
        })
    }

    fn kept_readers(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.readers
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Ends the writer after everything that was handed over is committed.
    pub fn close(mut self) {
        self.end_writer();
    }

    fn writer(&self) -> Result<&Writer, StoreError> {
        self.writer.as_ref().ok_or_else(|| StoreError::ReadOnly {
            path: self.path.clone(),
            doing: "write to an archive that was opened for reading",
        })
    }

    fn end_writer(&mut self) {
        self.readers
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clear();
        self.writer = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the writer was shown when it happened; there is nothing left to say.
            let _ = thread.join();
        }
    }
}

/// Reads from one state of an archive.
pub struct Reader<'s> {
    store: &'s Store,
    /// There until it is dropped.
    connection: Option<Connection>,
}

impl Reader<'_> {
    /// Reads.
    pub fn read<T, F>(&self, doing: &'static str, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Reading<'_>) -> rusqlite::Result<T>,
    {
        let result = match &self.connection {
            Some(connection) => work(&Reading { connection }),
            None => Err(rusqlite::Error::InvalidQuery),
        };
        result.map_err(|error| StoreError::sql(&self.store.path, doing, error))
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        // One that cannot be ended is not used again.
        let _ = connection.execute_batch("commit");
        let mut readers = self.store.kept_readers();
        if readers.len() < KEPT_READERS && connection.is_autocommit() {
            readers.push(connection);
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.end_writer();
    }
}

/// Refuses what cannot be ours before `SQLite` opens it (which would make files beside it). Says whether it is new.
fn check_header(path: &Path, mode: Mode) -> Result<bool, StoreError> {
    // A pipe would never finish to open, so look at what it is first.
    let metadata = std::fs::metadata(path);
    if metadata.as_ref().is_ok_and(|metadata| !metadata.is_file()) {
        return Err(StoreError::NotADatabase(path.to_owned()));
    }
    let mut file = match metadata.and_then(|_| File::open(path)) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            return match (mode, folder) {
                (Mode::Create, Some(folder)) if !folder.exists() => {
                    Err(StoreError::NoFolder(path.to_owned()))
                }
                (Mode::Create, _) => Ok(true),
                _ => Err(StoreError::Missing(path.to_owned())),
            };
        }
        Err(error) => return Err(StoreError::file(path, "open the archive", error)),
    };
    let wrap = |error| StoreError::file(path, "read the archive's header", error);
    let mut header = Vec::new();
    file.by_ref()
        .take(16)
        .read_to_end(&mut header)
        .map_err(wrap)?;
    if header.is_empty() {
        return if mode == Mode::Create {
            Ok(true)
        } else {
            Err(StoreError::Missing(path.to_owned()))
        };
    }
    if header != b"SQLite format 3\0" {
        return Err(StoreError::NotADatabase(path.to_owned()));
    }
    Ok(false)
}

fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let wrap = |error| StoreError::sql(path, "open the archive", error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(wrap)?;
    connection.busy_timeout(BUSY).map_err(wrap)?;
    migrate::refuse_newer(&connection, path)?;
    // Page size and auto-vacuum take effect only before the first table.
    connection
        .execute_batch(
            "pragma page_size = 4096;
             pragma auto_vacuum = incremental;",
        )
        .map_err(wrap)?;
    use_wal(&connection).map_err(wrap)?;
    // Full: a commit is on the disk before anybody hears of it. With `normal`, a power cut could take back all commits
    // since the last checkpoint, and with them what hosts asked of us. What comes while the disk is busy goes into the
    // next commit, so it costs little. Without `fullfsync`, macOS does not wait for the disk itself.
    connection
        .execute_batch(
            "pragma synchronous = full;
             pragma fullfsync = on;
             pragma foreign_keys = on;
             pragma trusted_schema = off;
             pragma temp_store = memory;
             pragma cache_size = -20000;
             pragma wal_autocheckpoint = 4096;
             pragma journal_size_limit = 67108864;",
        )
        .map_err(wrap)?;
    keep_plans(&connection).map_err(wrap)?;
    texts::add_functions(&connection).map_err(wrap)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// Switches to write-ahead logging. While several processes make one archive, `SQLite` refuses the switch at once
/// instead of waiting, so the waiting is done here.
fn use_wal(connection: &Connection) -> rusqlite::Result<()> {
    let begun = std::time::Instant::now();
    loop {
        let switched = connection.query_row("pragma journal_mode = wal", [], |row| {
            row.get::<_, String>(0)
        });
        match switched {
            Err(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
                    && begun.elapsed() < BUSY =>
            {
                std::thread::yield_now();
            }
            Ok(_) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// Has `SQLite` forget what it noted of tables with few rows. They are about to grow: whoever tries the program on one post and then on
/// ten thousand would have each row looked for among all, for a table of one row needs no index.
fn forget_few(connection: &Connection) -> rusqlite::Result<()> {
    const FEW: i64 = 1000;
    // A note begins with the number of rows.
    const OF_FEW: &str = "from sqlite_stat1 where cast(stat as integer) < ?1";
    let is_analysed = connection.query_row(
        "select exists (select 1 from sqlite_schema where name = 'sqlite_stat1')",
        [],
        |row| row.get::<_, bool>(0),
    )?;
    if is_analysed
        && connection.query_row(
            &format!("select exists (select 1 {OF_FEW})"),
            [FEW],
            |row| row.get(0),
        )?
    {
        connection.execute(&format!("delete {OF_FEW}"), [FEW])?;
        // What was read of it already is read again.
        connection.execute_batch("analyze sqlite_schema")?;
    }
    Ok(())
}

/// Once a file has been analysed, `SQLite` plans a statement anew for each value that is bound to it, which costs more
/// than most of ours take; our plans do not depend on values.
fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = |target: &Path, flags| -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(target, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.execute_batch("pragma trusted_schema = off; pragma cache_size = -4000;")?;
        connection.query_row("select count(*) from sqlite_schema", [], |_| Ok(()))?;
        keep_plans(&connection)?;
        texts::add_functions(&connection)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    };
    match open(path, flags) {
        Ok(connection) => Ok(connection),
        Err(error) => {
            // In a folder that cannot be written, WAL has no place for its index; without a WAL file the database is
            // whole by itself and can be read as unchanging.
            let mut wal = path.as_os_str().to_owned();
            wal.push("-wal");
            if Path::new(&wal).exists() {
                return Err(StoreError::sql(path, "open the archive for reading", error));
            }
            let uri = format!("file:{}?immutable=1", uri_path(path));
            open(Path::new(&uri), flags | OpenFlags::SQLITE_OPEN_URI)
                .map_err(|_| StoreError::sql(path, "open the archive for reading", error))
        }
    }
}

/// Leaves the archive alone for as long as it was just read, if its log has grown: `SQLite` can begin the log anew only
/// while nobody reads it, and short transactions that follow each other closely never let it.
fn rest(path: &Path, worked: Duration) {
    /// The log is written into the file at about this size (1000 pages).
    const GROWN: u64 = 8 << 20;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if std::fs::metadata(log).is_ok_and(|log| log.len() >= GROWN) {
        std::thread::park_timeout(
            worked.clamp(Duration::from_millis(20), Duration::from_millis(250)),
        );
    }
}

/// A path as part of an `SQLite` URI file name: whatever might mean something else, or is no text, is escaped.
fn uri_path(path: &Path) -> String {
    use std::fmt::Write;
    let bytes = path.as_os_str().as_encoded_bytes();
    bytes.iter().fold(String::new(), |mut text, byte| {
        let is_plain = byte.is_ascii_alphanumeric() || b"/\\:._-".contains(byte);
        let _ = if is_plain {
            write!(text, "{}", char::from(*byte))
        } else {
            write!(text, "%{byte:02x}")
        };
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_wait_for_the_disk_as_the_documents_say() {
        const FULL: i64 = 2;
        let folder = tempfile::tempdir().unwrap();
        let connection = open_writer(&folder.path().join("a.db")).unwrap();
        let pragma = |name: &str| -> String {
            connection
                .query_row(&format!("pragma {name}"), [], |row| row.get(0))
                .map(|value: rusqlite::types::Value| match value {
                    rusqlite::types::Value::Integer(number) => number.to_string(),
                    rusqlite::types::Value::Text(text) => text,
                    other => panic!("{other:?}"),
                })
                .unwrap()
        };
        assert_eq!(pragma("synchronous"), FULL.to_string());
        assert_eq!(pragma("fullfsync"), "1");
        assert_eq!(pragma("journal_mode"), "wal");
        assert!(include_str!("../../docs/SCHEMA.md").contains("(`synchronous = full`)"));
        assert!(
            include_str!("../../docs/ARCHITECTURE.md").contains("`pragma synchronous` is `full`")
        );
    }
}

//! Does the file still say what was written: `SQLite`'s own checks, references, the hash chains, every blob's digest.
//!
//! It is read in short transactions, each of which sees one state, so that a run beside it can clear its write-ahead
//! log. Nothing is written. What does not hold is counted and told; only what keeps the file from being read at all is
//! an error.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::captures::exchanges_digest;
use super::chain::{CaptureLink, HandLink, ImportLink, START, Sha, VisitLink, hex, sha256};
use super::error::StoreError;
use super::manifests::manifest_digest;
use super::renderings::rendering_digest;
use super::{Mode, Reading, blob, check_header, migrate, open_reader, rest, search, texts};

/// Problems that are told in words; beyond, they are only counted.
const TOLD: usize = 100;
/// Rows that are looked at in one transaction.
const ROWS: i64 = 2_000;
/// A transaction that reads blobs ends after this long.
const SLICE: Duration = Duration::from_millis(200);
/// The table whose rows are looked at one by one: its pages are most of the file, and checking them at once would be
/// one long transaction.
const BLOBS: &str = "blob";
/// What payloads may be packed with; earlier schemas have none.
const DICTIONARIES: &str = "dictionary";
/// What is not in the index of words yet; earlier schemas have none.
const SEARCH: &str = "search_due";

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// What `SQLite` can say of the file's structure.
    Structure,
    /// That, references, and the hash chains, but not what the blobs hold.
    Quick,
    /// Everything: each blob is unpacked and hashed too.
    Full,
}

/// How to verify.
#[derive(Debug, Clone, Copy)]
pub struct Verifying {
    /// How much is looked at.
    pub depth: Depth,
    /// How long it may take; what is not done by then is left, and said to be.
    pub within: Option<Duration>,
}

/// What was looked at, and what did not hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Visits whose links were computed again.
    pub visits: u64,
    /// Captures whose links were computed again.
    pub captures: u64,
    /// Blobs that were unpacked and hashed.
    pub blobs: u64,
    /// Bytes that they unpacked to.
    pub bytes: u64,
    /// The newest link of the chain of visits; zeros where there is none.
    pub visit_head: Sha,
    /// The newest link of the chain of captures; zeros where there is none.
    pub capture_head: Sha,
    /// How many things did not hold.
    pub found: u64,
    /// The first of them, in words.
    pub problems: Vec<String>,
    /// Whether the time was over before everything was looked at.
    pub unfinished: bool,
}

impl Verified {
    fn problem(&mut self, words: impl Into<String>) {
        self.found += 1;
        if self.problems.len() < TOLD {
            self.problems.push(words.into());
        }
    }
}

/// What is being looked at, for a line of progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looking {
    /// `structure`, `visits`, `captures`, `sources`, `index`, `blobs`, `dictionaries`.
    pub part: &'static str,
    /// How many of them were looked at.
    pub done: u64,
    /// How many there are, about.
    pub of: u64,
}

/// Verifies the archive at `path`, of this or an earlier schema, and leaves it as it is.
///
/// # Errors
/// When there is no archive, when it is not ours or newer, or when it cannot be read at all.
pub fn verify(
    path: &Path,
    how: Verifying,
    mut each: impl FnMut(Looking),
) -> Result<Verified, StoreError> {
    check_header(path, Mode::Read)?;
    let mut connection = open_reader(path)?;
    migrate::refuse_newer(&connection, path)?;
    let wrap = |error| StoreError::sql(path, "verify the archive", error);
    if let Some(within) = how.within {
        let end = Instant::now() + within;
        connection
            .progress_handler(10_000, Some(move || Instant::now() > end))
            .map_err(wrap)?;
    }
    let mut checker = Checker {
        connection: &connection,
        apart: Some(path),
        verified: Verified::default(),
        each: &mut each,
    };
    checker.all(how.depth).map_err(wrap)?;
    Ok(checker.verified)
}

impl Reading<'_> {
    /// Verifies all of this one state of the file.
    pub fn verify(&self) -> rusqlite::Result<Verified> {
        let mut checker = Checker {
            connection: self.connection,
            apart: None,
            verified: Verified::default(),
            each: &mut |_| {},
        };
        checker.all(Depth::Full)?;
        Ok(checker.verified)
    }
}

struct Checker<'a> {
    connection: &'a Connection,
    /// The file, if each piece of work is a transaction of its own.
    apart: Option<&'a Path>,
    verified: Verified,
    each: &'a mut dyn FnMut(Looking),
}

/// How far a walk through the rows of a table has come.
enum Walked {
    To(i64),
    End,
}

impl Checker<'_> {
    fn all(&mut self, depth: Depth) -> rusqlite::Result<()> {
        let done = self.parts(depth);
        match done {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {
                self.verified.unfinished = true;
                Ok(())
            }
            done => done,
        }
    }

    fn parts(&mut self, depth: Depth) -> rusqlite::Result<()> {
        self.structure(depth)?;
        if depth >= Depth::Quick {
            let mut chain = Chain::default();
            self.walk("visits", "visit", |checker, after| {
                checker.visits(&mut chain, after)
            })?;
            self.verified.visit_head = chain.head;
            let mut chain = Chain::default();
            self.walk("captures", "capture", |checker, after| {
                checker.captures(&mut chain, after)
            })?;
            self.verified.capture_head = chain.head;
            self.walk("sources", "source", Self::sources)?;
        }
        if depth >= Depth::Quick && self.has(texts::PACKED[0])? {
            for table in texts::PACKED {
                let ids = format!("(select rowid as id from {table})");
                self.walk("texts", &ids, |checker, after| checker.packed(table, after))?;
            }
        }
        if depth >= Depth::Quick && self.has(SEARCH)? {
            self.walk("index", "search_index_docsize", |checker, after| {
                checker.index(after, search::strays)
            })?;
            self.walk("index", "capture", |checker, after| {
                checker.index(after, search::missed)
            })?;
        }
        self.walk("blobs", BLOBS, |checker, after| checker.blobs(depth, after))?;
        if self.has(DICTIONARIES)? {
            self.walk("dictionaries", DICTIONARIES, |checker, after| {
                checker.dictionaries(depth, after)
            })?;
        }
        self.schema()
    }

    /// One piece of work, from one state of the file.
    fn apart<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        if self.apart.is_none() {
            return work(self);
        }
        let begun = Instant::now();
        self.connection.execute_batch("begin")?;
        let done = work(self);
        // An interrupted statement may have ended the transaction.
        if !self.connection.is_autocommit() {
            self.connection.execute_batch("rollback")?;
        }
        if let Some(path) = self.apart {
            rest(path, begun.elapsed());
        }
        done
    }

    /// Goes through a table, a piece at a time. What is too damaged to be read is a problem; the next part is looked at
    /// all the same.
    fn walk(
        &mut self,
        part: &'static str,
        table: &str,
        mut piece: impl FnMut(&mut Self, i64) -> rusqlite::Result<Walked>,
    ) -> rusqlite::Result<()> {
        let connection = self.connection;
        let newest = |_: &mut Self| {
            connection.query_row(
                &format!("select coalesce(max(id), 0) from {table}"),
                [],
                |row| row.get(0),
            )
        };
        let walked = self.apart(newest).and_then(|of: i64| {
            let of = u64::try_from(of).unwrap_or(0);
            let mut after = i64::MIN;
            while let Walked::To(id) = self.apart(|checker| piece(checker, after))? {
                after = id;
                let done = u64::try_from(id).unwrap_or(0);
                (self.each)(Looking { part, done, of });
            }
            Ok(())
        });
        match walked {
            Err(error) if is_damage(&error) => {
                self.verified
                    .problem(format!("table {table}: cannot be read to its end: {error}"));
                Ok(())
            }
            walked => walked,
        }
    }

    /// What `SQLite` says, table by table.
    fn structure(&mut self, depth: Depth) -> rusqlite::Result<()> {
        let tables = self.names("table")?;
        let (of, check) = (
            tables.len() as u64,
            if depth == Depth::Full {
                "integrity_check"
            } else {
                "quick_check"
            },
        );
        let tables = tables.iter().filter(|table| *table != BLOBS);
        for (table, done) in tables.zip(1..) {
            let quoted = table.replace('"', "\"\"");
            let looked = self.apart(|checker| {
                checker.says(&format!("pragma {check}(\"{quoted}\")"), |row| {
                    let says: String = row.get(0)?;
                    Ok((says != "ok").then(|| format!("table {table}: {says}")))
                })?;
                if depth == Depth::Structure {
                    return Ok(());
                }
                checker.says(&format!("pragma foreign_key_check(\"{quoted}\")"), |row| {
                    let (row, parent): (Option<i64>, String) = (row.get(1)?, row.get(2)?);
                    let row = row.map_or_else(|| "a row".to_owned(), |row| format!("row {row}"));
                    Ok(Some(format!(
                        "table {table}: {row} refers to a row of {parent} that is not there"
                    )))
                })
            });
            match looked {
                Err(error) if is_damage(&error) => {
                    self.verified.problem(format!("table {table}: {error}"));
                }
                looked => looked?,
            }
            let part = "structure";
            (self.each)(Looking { part, done, of });
        }
        Ok(())
    }

    /// Takes each row of a question for a problem, as far as `tell` has words for it.
    fn says(
        &mut self,
        question: &str,
        tell: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<Option<String>>,
    ) -> rusqlite::Result<()> {
        let mut query = self.connection.prepare(question)?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            if let Some(words) = tell(row)? {
                self.verified.problem(words);
            }
        }
        Ok(())
    }

    fn names(&self, kind: &str) -> rusqlite::Result<Vec<String>> {
        names(self.connection, kind)
    }

    fn has(&self, table: &str) -> rusqlite::Result<bool> {
        Ok(self.names("table")?.iter().any(|name| name == table))
    }

    /// Whether every table, index, view and trigger of the schema is there: without its triggers, a file does not
    /// refuse to be changed.
    fn schema(&mut self) -> rusqlite::Result<()> {
        let version: u32 = self
            .connection
            .query_row("pragma user_version", [], |row| row.get(0))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_MEMORY;
        let expected = Connection::open_in_memory_with_flags(flags)?;
        migrate::add_functions(&expected)?;
        for step in migrate::MIGRATIONS.iter().take(version as usize) {
            expected.execute_batch(step)?;
        }
        for kind in ["table", "index", "view", "trigger"] {
            let found = self.names(kind)?;
            for name in names(&expected, kind)? {
                if !found.contains(&name) {
                    self.verified
                        .problem(format!("schema: the {kind} {name} is not there"));
                }
            }
        }
        Ok(())
    }

    // What a row names is looked up by subqueries: with the statistics of a file that was analysed while it was small,
    // `SQLite` would scan the whole of a joined table for each row.
    fn visits(&mut self, chain: &mut Chain, after: i64) -> rusqlite::Result<Walked> {
        let facts = texts::facts_to_verify(self.has(texts::PACKED[0])?);
        let mut query = self.connection.prepare_cached(&format!(
            "select v.id, (select s.address from source s where s.id = v.source_id), v.at,
                 (select o.sha256 from outcome o where o.id = v.outcome_id), v.confirms, v.not_modified, v.chain,
                 (select {facts} from outcome o where o.id = v.outcome_id),
                 (select p.address from peer p where p.id = v.peer_id)
             from visit v where v.id > ?1 order by v.id limit ?2"
        ))?;
        let mut rows = query.query((after, ROWS))?;
        let mut walked = Walked::End;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            let source: Option<String> = row.get(1)?;
            let outcome: Option<Vec<u8>> = row.get(3)?;
            let facts: Option<String> = row.get(7)?;
            let peer: Option<String> = row.get(8)?;
            let link = VisitLink {
                id,
                source: source.as_deref().unwrap_or_default(),
                at: row.get(2)?,
                outcome: outcome.as_deref().unwrap_or_default(),
                confirms: row.get(4)?,
                not_modified: row.get(5)?,
                peer: peer.as_deref(),
            };
            chain.gap("visit", id, &mut self.verified);
            let holds = chain.goes_on(&link.after(&chain.head), &row.get::<_, Vec<u8>>(6)?);
            let digest = facts.as_ref().map(|facts| sha256(facts.as_bytes()));
            if !holds {
                self.verified.problem(format!(
                    "visit {id}: the hash chain does not hold here: it was changed, or what comes before it was"
                ));
            } else if digest.as_ref().map(|digest| &digest[..]) != outcome.as_deref() {
                self.verified.problem(format!(
                    "visit {id}: its facts are not those that were written"
                ));
            }
            self.verified.visits += 1;
            walked = Walked::To(id);
        }
        Ok(walked)
    }

    /// Texts that were packed can be read.
    fn packed(&mut self, table: &str, after: i64) -> rusqlite::Result<Walked> {
        let (unreadable, to) = texts::unreadable(self.connection, table, after, ROWS)?;
        for (id, why) in unreadable {
            self.verified
                .problem(format!("table {table}: row {id}: {why}"));
        }
        Ok(to.map_or(Walked::End, Walked::To))
    }

    /// Columns of what stands beside captures, and the join that brings them. A file of an earlier schema has no such
    /// tables.
    fn beside_captures(&self) -> rusqlite::Result<[String; 6]> {
        let (mut by_hand, mut manifest) = ("null, null, null, null, null, null", "null");
        let (mut pruned, mut join) = ("null, null, null, 1", String::new());
        if self.has("capture_by_hand")? {
            by_hand = "h.made_by, h.file, h.dated_by, h.named_url, h.note, h.after_visit_id";
            join.push_str("left join capture_by_hand h on h.capture_id = c.id ");
        }
        if self.has("manifest")? {
            manifest = "c.manifest_id";
        }
        let mut rendering = "null, 0";
        if self.has("rendering")? {
            rendering =
                "p.rendering_sha256, exists (select 1 from rendering r where r.capture_id = c.id)";
        }
        if self.has("pruned_capture")? {
            pruned = "p.body_sha256, p.exchanges_sha256, p.manifest_sha256,
                 c.body_id is not null or c.manifest_id is not null";
            join.push_str("left join pruned_capture p on p.capture_id = c.id ");
        }
        let mut import = "null, null, null, null, null, null";
        if self.has("capture_import")? {
            import = "i.file, i.record, i.kind, i.sealed_at, i.looked_for, i.after_visit_id";
            join.push_str("left join capture_import i on i.capture_id = c.id");
        }
        Ok([
            by_hand.to_owned(),
            manifest.to_owned(),
            pruned.to_owned(),
            import.to_owned(),
            rendering.to_owned(),
            join,
        ])
    }

    fn captures(&mut self, chain: &mut Chain, after: i64) -> rusqlite::Result<Walked> {
        let [by_hand, manifest, pruned, import, rendering, join] = self.beside_captures()?;
        let mut query = self.connection.prepare_cached(&format!(
            "select c.id, (select s.address from source s where s.id = c.source_id), c.visit_id, c.at, c.kind, c.url,
                 (select b.sha256 from blob b where b.id = c.body_id), c.chain, c.media_type, c.truncated, c.sealed_at,
                 c.served_sha256, c.served_sha1, c.title, {by_hand}, {manifest}, {pruned}, {import}, {rendering}
             from capture c {join} where c.id > ?1 order by c.id limit ?2"
        ))?;
        let mut rows = query.query((after, ROWS / 4))?;
        let mut walked = Walked::End;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            let source: Option<String> = row.get(1)?;
            let visit: Option<i64> = row.get(2)?;
            let (kind, url): (String, String) = (row.get(4)?, row.get(5)?);
            let tombstone = Tombstone::read(row)?;
            if tombstone.is_some() && (row.get(32)? || row.get(24)?) {
                self.verified.problem(format!(
                    "capture {id}: it is said to be pruned, and is there"
                ));
            }
            let body: Option<Vec<u8>> = match &tombstone {
                Some(tombstone) => Some(tombstone.body.clone()),
                None => row.get(6)?,
            };
            let (media_type, truncated): (Option<String>, Option<String>) =
                (row.get(8)?, row.get(9)?);
            let (other, served_sha1): (Option<Vec<u8>>, Option<String>) =
                (row.get(11)?, row.get(12)?);
            let served_sha256 = served_sha1.as_ref().and(other.or(body.clone()));
            let title: Option<String> = row.get(13)?;
            let made_by: Option<String> = row.get(14)?;
            let texts: [Option<String>; 4] =
                [row.get(15)?, row.get(16)?, row.get(17)?, row.get(18)?];
            let after_visit: Option<i64> = row.get(19)?;
            let by_hand = made_by.as_deref().map(|made_by| HandLink {
                made_by,
                file: texts[0].as_deref().unwrap_or_default(),
                dated_by: texts[1].as_deref().unwrap_or_default(),
                named_url: texts[2].as_deref(),
                note: texts[3].as_deref(),
                after_visit: after_visit.unwrap_or_default(),
            });
            let origin = Origin::read(row)?;
            let manifest: Option<Vec<u8>> = match (&tombstone, row.get::<_, Option<i64>>(20)?) {
                (Some(tombstone), _) => tombstone.manifest.clone(),
                (None, Some(id)) => Some(manifest_digest(self.connection, id)?.to_vec()),
                (None, None) => None,
            };
            let rendering = self.rendering(id, tombstone.is_some(), row)?;
            let is_first_form_possible =
                by_hand.is_none() && manifest.is_none() && rendering.is_none();
            let exchanges = match (&tombstone, visit) {
                (Some(tombstone), _) => tombstone.exchanges.clone(),
                (None, Some(visit)) => exchanges_digest(self.connection, visit)?.to_vec(),
                (None, None) => START.to_vec(),
            };
            let mut link = CaptureLink {
                id,
                source: source.as_deref().unwrap_or_default(),
                visit,
                at: row.get(3)?,
                kind: &kind,
                url: &url,
                media_type: media_type.as_deref(),
                body: body.as_deref().unwrap_or_default(),
                truncated: truncated.as_deref(),
                sealed_at: row.get(10)?,
                exchanges: &exchanges,
                served_sha256: served_sha256.as_deref(),
                served_sha1: served_sha1.as_deref(),
                title: title.as_deref(),
                manifest: manifest.as_ref().map(|sha| &sha[..]),
                rendering: rendering.as_deref(),
                by_hand,
                import: origin.as_ref().map(Origin::link),
            };
            let written: Vec<u8> = row.get(7)?;
            chain.gap("capture", id, &mut self.verified);
            let mut expected = link.after(&chain.head);
            // It was imported before the link covered that.
            if expected[..] != written[..] && matches!(kind.as_str(), "import" | "by-hand") {
                link.import = None;
                expected = link.after(&chain.head);
            }
            if expected[..] != written[..] && is_first_form_possible {
                expected = link.first_form_after(&chain.head);
            }
            if !chain.goes_on(&expected, &written) {
                self.verified.problem(format!(
                    "capture {id}: the hash chain does not hold here: it was changed, or what comes before it was"
                ));
            }
            self.verified.captures += 1;
            walked = Walked::To(id);
        }
        Ok(walked)
    }

    /// The digest of a capture's rendering, by the columns 31 and 32 of its row.
    fn rendering(
        &self,
        capture_id: i64,
        is_pruned: bool,
        row: &rusqlite::Row<'_>,
    ) -> rusqlite::Result<Option<Vec<u8>>> {
        if is_pruned {
            return row.get(31);
        }
        if !row.get::<_, bool>(32)? {
            return Ok(None);
        }
        let digest = rendering_digest(self.connection, capture_id)?;
        Ok(digest.map(|sha| sha.to_vec()))
    }

    /// A source's references to its visits and captures, which the schema does not declare. The newest rows of a chain
    /// can be missed here only: nothing follows them that would not hold.
    fn sources(&mut self, after: i64) -> rusqlite::Result<Walked> {
        let mut query = self.connection.prepare_cached(
            "select s.id, s.address,
                 (s.last_visit_id is not null and not exists (select 1 from visit where id = s.last_visit_id))
                 + (s.fine_visit_id is not null and not exists (select 1 from visit where id = s.fine_visit_id)),
                 (s.last_capture_id is not null and not exists (select 1 from capture where id = s.last_capture_id))
                 + (s.baseline_id is not null and not exists (select 1 from capture where id = s.baseline_id))
             from source s where s.id > ?1 order by s.id limit ?2",
        )?;
        let mut rows = query.query((after, ROWS))?;
        let mut walked = Walked::End;
        while let Some(row) = rows.next()? {
            let (id, address): (i64, String) = (row.get(0)?, row.get(1)?);
            for (column, what) in [(2, "visit"), (3, "capture")] {
                let missing: i64 = row.get(column)?;
                if missing > 0 {
                    self.verified.problem(format!(
                        "source {id} ({address}): its {what} is not there any more"
                    ));
                }
            }
            walked = Walked::To(id);
        }
        Ok(walked)
    }

    /// Whether the index of words has what it should, and nothing else.
    fn index(
        &mut self,
        after: i64,
        look: fn(&Connection, i64, i64) -> rusqlite::Result<search::Looked>,
    ) -> rusqlite::Result<Walked> {
        let looked = look(self.connection, after, ROWS)?;
        for problem in looked.problems {
            self.verified.problem(problem);
        }
        Ok(looked.to.map_or(Walked::End, Walked::To))
    }

    fn blobs(&mut self, depth: Depth, after: i64) -> rusqlite::Result<Walked> {
        let begun = Instant::now();
        let mut query = self.connection.prepare_cached(
            "select b.id, b.sha256, b.base_id is null or exists (select 1 from blob where id = b.base_id),
                 exists (select 1 from blob where id = b.base_id and base_id is not null)
             from blob b where b.id > ?1 order by b.id limit ?2",
        )?;
        let mut by_digest = self
            .connection
            .prepare_cached("select id from blob where sha256 = ?1")?;
        let mut rows = query.query((after, ROWS))?;
        let mut walked = Walked::End;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            let expected: Vec<u8> = row.get(1)?;
            let has_base: bool = row.get(2)?;
            if depth == Depth::Full {
                self.blob(id, &expected)?;
                let found = by_digest
                    .query_map([&expected], |row| row.get::<_, i64>(0))?
                    .next()
                    .transpose()?;
                if found != Some(id) {
                    self.verified
                        .problem(format!("blob {id}: is not found by its digest"));
                }
            }
            if !has_base {
                self.verified.problem(format!(
                    "blob {id}: what it is a difference from is not there"
                ));
            }
            if row.get(3)? {
                self.verified.problem(format!(
                    "blob {id}: what it is a difference from is one itself"
                ));
            }
            walked = Walked::To(id);
            if begun.elapsed() > SLICE {
                break;
            }
        }
        Ok(walked)
    }

    fn dictionaries(&mut self, depth: Depth, after: i64) -> rusqlite::Result<Walked> {
        if depth < Depth::Full {
            return Ok(Walked::End);
        }
        let mut query = self.connection.prepare_cached(
            "select id, sha256, data from dictionary where id > ?1 order by id limit 8",
        )?;
        let mut rows = query.query([after])?;
        let mut walked = Walked::End;
        while let Some(row) = rows.next()? {
            let (id, expected): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
            let data: Vec<u8> = row.get(2)?;
            if sha256(&data)[..] != expected[..] {
                self.verified
                    .problem(format!("dictionary {id}: does not match its digest"));
            }
            walked = Walked::To(id);
        }
        Ok(walked)
    }

    fn blob(&mut self, id: i64, expected: &[u8]) -> rusqlite::Result<()> {
        self.verified.blobs += 1;
        let why = match blob::get(self.connection, id) {
            Ok(Some(bytes)) => {
                self.verified.bytes += bytes.len() as u64;
                if sha256(&bytes)[..] == expected[..] {
                    return Ok(());
                }
                "does not match its digest".to_owned()
            }
            Ok(None) => "is not there".to_owned(),
            Err(error) if is_damage(&error) => match blob::Unreadable::of(&error) {
                Some(unreadable) => format!("cannot be unpacked: {}", unreadable.why()),
                None => format!("cannot be unpacked: {error}"),
            },
            Err(error) => return Err(error),
        };
        self.verified
            .problem(format!("blob {id} ({}): {why}", hex(expected)));
        Ok(())
    }
}

/// What is left of a capture that was pruned: digests of what its link covers.
struct Tombstone {
    body: Vec<u8>,
    exchanges: Vec<u8>,
    manifest: Option<Vec<u8>>,
}

impl Tombstone {
    /// From the columns 21 to 23 of a row of captures.
    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<Self>> {
        Ok(match row.get(21)? {
            Some(body) => Some(Self {
                body,
                exchanges: row.get(22)?,
                manifest: row.get(23)?,
            }),
            None => None,
        })
    }
}

/// Where a capture was imported from.
struct Origin {
    file: String,
    record: Option<String>,
    kind: String,
    sealed_at: Option<i64>,
    looked_for: bool,
    after_visit: i64,
}

impl Origin {
    /// From the columns 25 to 30 of a row of captures.
    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<Self>> {
        Ok(match row.get(25)? {
            Some(file) => Some(Self {
                file,
                record: row.get(26)?,
                kind: row.get(27)?,
                sealed_at: row.get(28)?,
                looked_for: row.get(29)?,
                after_visit: row.get(30)?,
            }),
            None => None,
        })
    }

    fn link(&self) -> ImportLink<'_> {
        ImportLink {
            file: &self.file,
            record: self.record.as_deref(),
            kind: &self.kind,
            sealed_at: self.sealed_at,
            looked_for: self.looked_for,
            after_visit: self.after_visit,
        }
    }
}

/// A hash chain, as far as it was followed.
#[derive(Default)]
struct Chain {
    id: i64,
    head: Sha,
}

impl Chain {
    /// Notes where ids do not count up by one.
    fn gap(&mut self, what: &str, id: i64, verified: &mut Verified) {
        match id - self.id {
            1 => {}
            2 => verified.problem(format!("{what} {}: is missing", id - 1)),
            _ => verified.problem(format!(
                "{what}s {} to {}: are missing",
                self.id + 1,
                id - 1
            )),
        }
        self.id = id;
    }

    /// Takes the link that was written for the next to begin from, and says whether it is the expected one.
    fn goes_on(&mut self, expected: &Sha, written: &[u8]) -> bool {
        let holds = expected[..] == written[..];
        self.head = written.try_into().unwrap_or(START);
        holds
    }
}

/// Whether an error says that the file does not hold what it should, rather than that it could not be read just now.
fn is_damage(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::Utf8Error(..)
        | rusqlite::Error::InvalidColumnType(..)
        // A table that is not there, or has other columns.
        | rusqlite::Error::SqlInputError { .. } => true,
        error => matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        ) || texts::why_unreadable(error).is_some(),
    }
}

fn names(connection: &Connection, kind: &str) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare("select name from sqlite_schema where type = ?1 and name not like 'sqlite_%' order by rowid")?
        .query_map([kind], |row| row.get(0))?
        .collect()
}

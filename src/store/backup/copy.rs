//! Rows from the live archive into the copy.
//!
//! Nothing here knows the tables by heart but for those that only grow: a table that a later schema adds is copied
//! too, compared row by row, until it is named among them.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::super::migrate::APPLICATION_ID;
use super::super::{BUSY, rest, uri_path};

/// Tables whose rows are not changed once they are written, and whose ids count up: of them, what is new is what has
/// a greater id. A blob may be packed in another way later, and what is not needed may be removed; both are counted in the
/// table `packing`, and where the copy has another count, all are compared.
const GROWING: &[&str] = &[
    BLOB,
    "peer",
    "request_headers",
    "outcome",
    "visit",
    "exchange",
    "manifest",
    "capture",
    "event",
    "post_version",
];
/// The table of payloads, and the one that counts how often one was packed in another way or removed.
const BLOB: &str = "blob";
const PACKING: &str = "packing";
/// The table that says of what a file is a backup. It is no part of the schema of archives.
const MARK: &str = "backup_mark";
/// A transaction that copies is to take about this long.
const SLICE: Duration = Duration::from_millis(100);
/// Ids that the first transaction takes.
const FIRST_IDS: i64 = 64;

/// Whether a copy of the archive can be made by going on from a backup: the schema is the same, and the chains of both
/// are the same as far as the backup goes.
pub(super) fn goes_on(base: &Path, live: &Path) -> bool {
    let looked = || -> rusqlite::Result<bool> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_URI;
        let uri = format!("file:{}?immutable=1", uri_path(base));
        let connection = Connection::open_with_flags(uri, flags)?;
        attach(&connection, live)?;
        let question = "select type, name, sql from main.sqlite_schema
             where name not like 'sqlite_%' and name <> ?1 and sql is not null";
        let other = question.replace("main.", "live.");
        let is_same_schema: bool = connection.query_row(
            &format!(
                "select not exists ({question} except {other}) and not exists ({other} except {question})"
            ),
            [MARK],
            |row| row.get(0),
        )?;
        let version = |schema: &str| -> rusqlite::Result<i64> {
            connection.query_row(&format!("pragma {schema}.user_version"), [], |row| {
                row.get(0)
            })
        };
        let mut goes_on = is_same_schema && version("main")? == version("live")?;
        for table in ["visit", "capture"] {
            goes_on = goes_on
                && connection.query_row(
                    &format!(
                        "select not exists (select 1 from main.{table}) or exists (
                             select 1 from live.{table} l join main.{table} m on m.id = l.id and m.chain = l.chain
                             where m.id = (select max(id) from main.{table}))"
                    ),
                    [],
                    |row| row.get(0),
                )?;
        }
        Ok(goes_on)
    };
    // What cannot be read is not gone on from.
    looked().unwrap_or(false)
}

/// Opens the live archive beside what the connection has open, for reading only.
fn attach(connection: &Connection, live: &Path) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.execute_batch("pragma trusted_schema = off")?;
    let attach = |how: &str| {
        connection.execute(
            "attach database ?1 as live",
            [format!("file:{}?{how}", uri_path(live))],
        )?;
        connection.query_row("select count(*) from live.sqlite_schema", [], |_| Ok(()))
    };
    attach("mode=ro").or_else(|error| {
        // In a folder that cannot be written, a file without a log is read as unchanging.
        let mut log = live.as_os_str().to_owned();
        log.push("-wal");
        if Path::new(&log).exists() {
            return Err(error);
        }
        let _ = connection.execute_batch("detach database live");
        attach("mode=ro&immutable=1").map_err(|_| error)
    })
}

/// A copy that is being made.
pub(super) struct Copier {
    connection: Connection,
    live: PathBuf,
    is_new: bool,
    /// Rows that were copied.
    pub(super) rows: u64,
    /// Bytes in them.
    pub(super) bytes: u64,
}

impl Copier {
    /// Opens the copy, which is an empty file, or that of an earlier backup.
    pub(super) fn open(copy: &Path, live: &Path, is_new: bool) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_URI;
        let connection = Connection::open_with_flags(copy, flags)?;
        // Page size and auto-vacuum take effect only before the first table. No journal: a copy that is not finished
        // is thrown away. It is waited for on the disk once, at the end.
        connection.execute_batch(
            "pragma page_size = 4096;
             pragma auto_vacuum = incremental;
             pragma journal_mode = off;
             pragma synchronous = off;
             pragma foreign_keys = off;
             pragma temp_store = memory;
             pragma cache_size = -20000;",
        )?;
        // What a trigger adds is a row of the archive, and is copied as such.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
        attach(&connection, live)?;
        Ok(Self {
            connection,
            live: live.to_owned(),
            is_new,
            rows: 0,
            bytes: 0,
        })
    }

    /// Copies what is new, so that the copy is one state of the archive.
    pub(super) fn copy(&mut self, each: &mut dyn FnMut(u64)) -> rusqlite::Result<()> {
        if self.is_new {
            self.make_tables()?;
        }
        let tables = self.tables()?;
        let packed = self.packed(if self.is_new { "live" } else { "main" })?;
        // Rows with new ids in short transactions first, so that there is little left for the last one.
        for table in &tables {
            if table.has_rowid() && table.name != PACKING {
                self.ahead(table, each)?;
            }
        }
        self.connection.execute_batch("begin")?;
        let packed_alike = packed == self.packed("live")?;
        let (mut grew_only, mut newest) = (true, Vec::new());
        for table in tables.iter().filter(|table| table.grows()) {
            grew_only = grew_only && self.known_is_the_same(table)?;
            newest.push(self.newest("main", table)?);
        }
        for (table, newest) in tables.iter().filter(|table| table.grows()).zip(newest) {
            if grew_only {
                self.range(table, newest, i64::MAX)?;
                grew_only = self.count("main", table)? == self.count("live", table)?;
            }
        }
        for table in &tables {
            // Once rows are missing somewhere, somebody cleaned up, and others may have been changed with them.
            let is_known = grew_only && table.grows() && (packed_alike || table.name != BLOB);
            if !is_known {
                self.compare(table)?;
            }
            each(self.bytes);
        }
        // What is made once the archive is let go.
        let rest = if self.is_new {
            self.rest()?
        } else {
            Vec::new()
        };
        for pragma in ["application_id", "user_version"] {
            let value: i64 =
                self.connection
                    .query_row(&format!("pragma live.{pragma}"), [], |row| row.get(0))?;
            self.connection.pragma_update(Some("main"), pragma, value)?;
        }
        self.connection.execute_batch("commit")?;
        self.make(&rest)
    }

    /// Notes of what, and when, this is a copy.
    pub(super) fn mark(&self, archive: &Path, now: i64) -> rusqlite::Result<()> {
        let archive = archive
            .canonicalize()
            .unwrap_or_else(|_| archive.to_owned());
        self.connection.execute(
            "create table if not exists main.backup_mark (
                 id integer primary key check (id = 1), archive text not null, made_at integer not null,
                 made_by text not null) strict",
            [],
        )?;
        self.connection.execute(
            "insert or replace into main.backup_mark (id, archive, made_at, made_by) values (1, ?1, ?2, ?3)",
            (archive.to_string_lossy(), now, env!("CARGO_PKG_VERSION")),
        )?;
        debug_assert_eq!(APPLICATION_ID.to_be_bytes(), *b"SKEP");
        Ok(())
    }

    /// Gives back what deleted rows took, and closes the copy.
    pub(super) fn close(self) -> rusqlite::Result<()> {
        self.connection.execute_batch("detach database live")?;
        {
            // A row comes for each page that is given back.
            let mut statement = self.connection.prepare("pragma incremental_vacuum")?;
            let mut rows = statement.query([])?;
            while rows.next()?.is_some() {}
        }
        self.connection.close().map_err(|(_, error)| error)
    }

    /// The tables, virtual ones first: those make the tables that they keep their rows in.
    fn make_tables(&self) -> rusqlite::Result<()> {
        let tables = self.objects(
            "type = 'table' and name <> 'backup_mark' order by sql like 'create virtual%' desc, rowid",
        )?;
        self.make(&tables)
    }

    /// Indexes, for when there is something to sort; views and triggers.
    fn rest(&self) -> rusqlite::Result<Vec<(String, String)>> {
        self.objects("type <> 'table' order by rowid")
    }

    /// Names of things in the archive, and how each is made.
    fn objects(&self, which: &str) -> rusqlite::Result<Vec<(String, String)>> {
        self.connection
            .prepare(&format!(
                "select name, sql from live.sqlite_schema
                 where sql is not null and name not like 'sqlite_%' and {which}"
            ))?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    }

    fn make(&self, objects: &[(String, String)]) -> rusqlite::Result<()> {
        for (name, sql) in objects {
            // A virtual table before it may have made it.
            let is_there: bool = self.connection.query_row(
                "select exists (select 1 from main.sqlite_schema where name = ?1)",
                [name],
                |row| row.get(0),
            )?;
            if !is_there {
                self.connection.execute(sql, [])?;
            }
        }
        Ok(())
    }

    fn tables(&self) -> rusqlite::Result<Vec<Table>> {
        let names: Vec<(String, bool)> = self
            .connection
            .prepare(
                "select name, wr from pragma_table_list where schema = 'live' and type in ('table', 'shadow')
                 and name not like 'sqlite_%' and name <> ?1",
            )?
            .query_map([MARK], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let mut tables = Vec::new();
        for (name, is_without_rowid) in names {
            tables.push(Table::read(&self.connection, name, is_without_rowid)?);
        }
        // Blobs first: they are most of it, and take the longest.
        tables.sort_by_key(|table| table.name != BLOB);
        Ok(tables)
    }

    fn number(&self, question: &str) -> rusqlite::Result<i64> {
        self.connection
            .prepare_cached(question)?
            .query_row([], |row| row.get(0))
    }

    fn newest(&self, schema: &str, table: &Table) -> rusqlite::Result<i64> {
        self.number(&format!(
            "select coalesce(max(rowid), 0) from {schema}.{}",
            table.quoted
        ))
    }

    /// From an index, where there is one.
    fn count(&self, schema: &str, table: &Table) -> rusqlite::Result<i64> {
        self.number(&format!("select count(*) from {schema}.{}", table.quoted))
    }

    /// How often a payload was packed in another way, or removed. What a payload is a difference from must be the same on
    /// both sides, so a copy does not go its own way in this.
    fn packed(&self, schema: &str) -> rusqlite::Result<i64> {
        let has_packing: bool = self.connection.query_row(
            &format!("select exists (select 1 from {schema}.sqlite_schema where name = ?1)"),
            [PACKING],
            |row| row.get(0),
        )?;
        if !has_packing {
            return Ok(0);
        }
        self.number(&format!(
            "select coalesce(max(changed), 0) from {schema}.{PACKING}"
        ))
    }

    /// Whether the newest row of the copy is the one that the archive has under this id.
    fn known_is_the_same(&self, table: &Table) -> rusqlite::Result<bool> {
        let newest = self.newest("main", table)?;
        if newest == 0 {
            return Ok(true);
        }
        self.connection
            .prepare_cached(&format!(
                "select exists (select 1 from main.{0} m join live.{0} l on l.rowid = m.rowid
                 where m.rowid = ?1 and not ({1}))",
                table.quoted, table.differs
            ))?
            .query_row([newest], |row| row.get(0))
    }

    /// Copies the rows with new ids, up to the newest of now, in transactions that take about [`SLICE`].
    fn ahead(&mut self, table: &Table, each: &mut dyn FnMut(u64)) -> rusqlite::Result<()> {
        let until = self.newest("live", table)?;
        let mut after = self.newest("main", table)?;
        let mut ids = FIRST_IDS;
        while after < until {
            let to = after.saturating_add(ids).min(until);
            let begun = Instant::now();
            self.range(table, after, to)?;
            let took = begun.elapsed();
            if took < SLICE / 2 {
                ids = ids.saturating_mul(2);
            } else if took > SLICE {
                ids = (ids / 2).max(1);
            }
            after = to;
            each(self.bytes);
            rest(&self.live, took);
        }
        Ok(())
    }

    /// Copies rows with ids above `after`, up to `to`.
    fn range(&mut self, table: &Table, after: i64, to: i64) -> rusqlite::Result<()> {
        self.insert(
            &format!(
                "insert or replace into main.{0} ({1}) select {1} from live.{0} where rowid > ?1 and rowid <= ?2
                 returning {2}",
                table.quoted, table.columns, table.size
            ),
            &[after, to],
        )
    }

    /// Makes the rows of the copy those of the archive.
    fn compare(&mut self, table: &Table) -> rusqlite::Result<()> {
        let gone = self.connection.execute(
            &format!(
                "delete from main.{0} as m where not exists (select 1 from live.{0} l where {1})",
                table.quoted, table.same_key
            ),
            [],
        )?;
        self.rows += gone as u64;
        // A value that must be unique may have gone from one row to another. The one that has it in the copy is then
        // among those that differ too: it is replaced here, and comes after.
        self.insert(
            &format!(
                "insert or replace into main.{0} ({1}) select {2} from live.{0} l left join main.{0} m on {3}
                 where m.{4} is null or {5} returning {6}",
                table.quoted,
                table.columns,
                table.live_columns,
                table.same_key,
                table.keys[0],
                table.differs,
                table.size
            ),
            &[],
        )
    }

    fn insert(&mut self, statement: &str, values: &[i64]) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(statement)?;
        let mut sizes = statement.query(rusqlite::params_from_iter(values))?;
        while let Some(row) = sizes.next()? {
            self.rows += 1;
            self.bytes += u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0);
        }
        Ok(())
    }
}

/// A table, in the pieces of statements.
struct Table {
    name: String,
    quoted: String,
    /// Quoted names of the columns that make up the key.
    keys: Vec<String>,
    columns: String,
    live_columns: String,
    /// Bytes of a row.
    size: String,
    /// Whether a row of `live l` is that of `main m`.
    same_key: String,
    /// Whether it says something else.
    differs: String,
}

impl Table {
    fn read(
        connection: &Connection,
        name: String,
        is_without_rowid: bool,
    ) -> rusqlite::Result<Self> {
        let found: Vec<(String, String, i64)> = connection
            .prepare("select name, type, pk from pragma_table_info(?1, 'live') order by cid")?
            .query_map([&name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let mut columns: Vec<_> = found.iter().map(|(name, ..)| quote(name)).collect();
        let keyed: Vec<_> = found.iter().filter(|(.., key)| *key > 0).collect();
        let keys = if is_without_rowid {
            keyed.iter().map(|(name, ..)| quote(name)).collect()
        } else {
            let is_named =
                matches!(keyed[..], [(_, kind, _)] if kind.eq_ignore_ascii_case("integer"));
            if !is_named {
                columns.push("rowid".to_owned());
            }
            vec!["rowid".to_owned()]
        };
        let both = |columns: &[String]| {
            let pair = |side: &str| {
                let columns: Vec<_> = columns
                    .iter()
                    .map(|column| format!("{side}.{column}"))
                    .collect();
                columns.join(", ")
            };
            (pair("l"), pair("m"))
        };
        let (live_columns, _) = both(&columns);
        let (mut live_compared, mut copied) = both(&columns);
        if name == BLOB {
            let has_dictionaries = found.iter().any(|(name, ..)| name == "dictionary_id");
            live_compared = packed("live", "l", has_dictionaries);
            copied = packed("main", "m", has_dictionaries);
        }
        let same_key: Vec<_> = keys
            .iter()
            .map(|key: &String| format!("l.{key} = m.{key}"))
            .collect();
        let size: Vec<_> = columns
            .iter()
            .map(|column| format!("coalesce(octet_length({column}), 0)"))
            .collect();
        Ok(Self {
            quoted: quote(&name),
            same_key: same_key.join(" and "),
            differs: format!("({live_compared}) is not ({copied})"),
            columns: columns.join(", "),
            size: size.join(" + "),
            live_columns,
            keys,
            name,
        })
    }

    fn has_rowid(&self) -> bool {
        self.keys == ["rowid"]
    }

    fn grows(&self) -> bool {
        GROWING.contains(&self.name.as_str())
    }
}

/// What has to be the same for a blob to hold the same in the same way: its digest, its coding, how long it is, and the
/// digests of what it cannot be unpacked without. Ids may come again after rows were removed.
fn packed(schema: &str, row: &str, has_dictionaries: bool) -> String {
    let base = format!("(select b.sha256 from {schema}.blob b where b.id = {row}.base_id)");
    // The column stands behind the payload, so it is read only where there is a dictionary.
    let dictionary = if has_dictionaries {
        format!(
            "iif({row}.coding = 'zstd-dict',
                 (select d.sha256 from {schema}.dictionary d where d.id = {row}.dictionary_id), null)"
        )
    } else {
        "null".to_owned()
    };
    format!("{row}.sha256, {row}.coding, length({row}.data), {base}, {dictionary}")
}

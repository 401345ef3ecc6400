//! Captures with everything that belongs to them, in the order in which they were sealed: what an export is made of.

use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Row};

use super::blob;
use super::captures::ByHand;
use super::chain::{Sha, hex};
use super::{Reading, texts};

/// A capture, whole but for its exchanges and its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WholeCapture {
    /// Its id.
    pub id: i64,
    /// The canonical address of its source.
    pub source: String,
    /// The visit that left it.
    pub visit_id: Option<i64>,
    /// The instant it stands for.
    pub at: i64,
    /// How it was made; of one that was imported, how it was made where it comes from.
    pub kind: String,
    /// The address that its body came from.
    pub url: String,
    /// Media type.
    pub media_type: Option<String>,
    /// Title.
    pub title: Option<String>,
    /// The body.
    pub body: PayloadRow,
    /// SHA-256 of the payload as served.
    pub served_sha256: Option<Sha>,
    /// SHA-1 of the same, in base32.
    pub served_sha1: Option<String>,
    /// Why the rest is missing.
    pub truncated: Option<String>,
    /// When it was sealed; of one that was imported, where it comes from.
    pub sealed_at: i64,
    /// What it needs.
    pub manifest_id: Option<i64>,
    /// Whether it was looked for what it needs.
    pub looked_for: bool,
    /// How many more it needs that are not listed there.
    pub left_out: u64,
    /// Of a copy made by hand: by whom, and from what.
    pub by_hand: Option<ByHand>,
}

/// A payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayloadRow {
    /// Its id.
    pub id: i64,
    /// SHA-256.
    pub sha256: Sha,
    /// Bytes.
    pub size: u64,
}

/// A request and its response, whole but for the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WholeExchange {
    /// Its id.
    pub id: i64,
    /// Which hop, from 0.
    pub hop: u32,
    /// The method.
    pub method: String,
    /// The address asked for.
    pub url: String,
    /// When.
    pub at: i64,
    /// Who answered.
    pub peer: Option<String>,
    /// The protocol.
    pub protocol: String,
    /// Request headers: a JSON array of pairs.
    pub request_headers: String,
    /// The status.
    pub status: u16,
    /// Response headers: a JSON array of pairs.
    pub response_headers: String,
    /// The body.
    pub body: Option<PayloadRow>,
    /// SHA-256 of the payload as served.
    pub served_sha256: Option<Sha>,
    /// SHA-1 of the same, in base32.
    pub served_sha1: Option<String>,
    /// Bytes of the same.
    pub served_size: Option<u64>,
    /// Why the rest is missing.
    pub truncated: Option<String>,
}

/// What a browser made of a capture's page, whole but for its payloads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WholeRendering {
    /// When it was made.
    pub at: i64,
    /// The browser's name and version.
    pub browser: Option<String>,
    /// `whole`, `cut-short`, `failed`.
    pub outcome: String,
    /// Why it failed.
    pub why: Option<String>,
    /// Whether the page is judged by it.
    pub stands: bool,
    /// The document, the picture, the PDF.
    pub payloads: [Option<PayloadRow>; 3],
    /// Width of the page in pixels.
    pub width: u32,
    /// Its height.
    pub height: u32,
    /// What the page asked for.
    pub manifest_id: Option<i64>,
    /// What it was refused, as JSON.
    pub refused: String,
}

/// A line of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestLine {
    /// What it is needed for.
    pub kind: String,
    /// The exchange that it came by, or the address of what is missing, and why.
    pub what: Result<i64, (String, String)>,
}

/// What is read of an exchange, and from where.
fn exchange_columns() -> String {
    let headers = texts::response_headers("e");
    format!(
        "select e.id, e.hop, e.method, e.url, e.at, p.address, e.protocol, r.headers, e.status,
             {headers}, b.id, b.sha256, b.size,
             coalesce(e.served_sha256, iif(e.served_sha1 is null, null, b.sha256)), e.served_sha1, e.served_size, e.truncated
         from exchange e join request_headers r on r.id = e.request_headers_id
         left join peer p on p.id = e.peer_id left join blob b on b.id = e.body_id"
    )
}

fn sha(bytes: Option<Vec<u8>>) -> Option<Sha> {
    bytes.and_then(|bytes| Sha::try_from(bytes).ok())
}

fn payload(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<PayloadRow>> {
    let id: Option<i64> = row.get(at)?;
    let sha256 = sha(row.get(at + 1)?);
    let size: Option<i64> = row.get(at + 2)?;
    Ok(match (id, sha256, size) {
        (Some(id), Some(sha256), Some(size)) => Some(PayloadRow {
            id,
            sha256,
            size: size as u64,
        }),
        _ => None,
    })
}

fn exchange(row: &Row<'_>) -> rusqlite::Result<WholeExchange> {
    Ok(WholeExchange {
        id: row.get(0)?,
        hop: row.get(1)?,
        method: row.get(2)?,
        url: row.get(3)?,
        at: row.get(4)?,
        peer: row.get(5)?,
        protocol: row.get(6)?,
        request_headers: row.get(7)?,
        status: row.get(8)?,
        response_headers: row.get(9)?,
        body: payload(row, 10)?,
        served_sha256: sha(row.get(13)?),
        served_sha1: row.get(14)?,
        served_size: row.get::<_, Option<i64>>(15)?.map(|size| size as u64),
        truncated: row.get(16)?,
    })
}

/// A view of the archive that is exported as a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// What posts cite, with what words, and what became of it.
    Citations,
    /// The sources, and how they stand.
    Sources,
    /// All visits, and what each found.
    Visits,
}

impl Table {
    fn query(self) -> String {
        let columns = match self {
            Table::Citations => "* from citations".to_owned(),
            Table::Sources => "* from sources".to_owned(),
            // Its own, or inherited; what the view does not see where it is packed.
            Table::Visits => format!(
                "id, source, at, verdict, status, failure, final_url, confirms, elapsed_ms, {} as evidence, run_id from visits v",
                texts::evidence_of(
                    "coalesce((select j.visit_id from verdict j where j.visit_id = v.id), v.confirms)"
                )
            ),
        };
        format!("select {columns} where id > ?1 order by id limit ?2")
    }
}

/// Rows of a table, as text; what is not known is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableRows {
    /// The names of its columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
    /// The id of the last.
    pub last_id: i64,
}

impl Reading<'_> {
    /// The next rows of a table, after the one with this id.
    pub fn table_rows(&self, table: Table, after: i64, most: usize) -> rusqlite::Result<TableRows> {
        let mut query = self.connection.prepare_cached(&table.query())?;
        let mut found = TableRows {
            columns: query.column_names().map(str::to_owned).collect(),
            rows: Vec::new(),
            last_id: after,
        };
        let mut rows = query.query((after, most as i64))?;
        while let Some(row) = rows.next()? {
            found.last_id = row.get("id")?;
            let mut cells = Vec::with_capacity(found.columns.len());
            for at in 0..found.columns.len() {
                cells.push(match row.get_ref(at)? {
                    ValueRef::Null => String::new(),
                    ValueRef::Integer(number) => number.to_string(),
                    ValueRef::Real(number) => number.to_string(),
                    ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                    ValueRef::Blob(bytes) => hex(bytes),
                });
            }
            found.rows.push(cells);
        }
        Ok(found)
    }

    /// The next captures after the one with this id, in the order in which they were sealed.
    pub fn whole_captures(&self, after: i64, most: usize) -> rusqlite::Result<Vec<WholeCapture>> {
        self.connection
            .prepare_cached(
                "select c.id, s.address, c.visit_id, c.at, coalesce(i.kind, c.kind), c.url, c.media_type, c.title,
                     b.id, b.sha256, b.size,
                     coalesce(c.served_sha256, iif(c.served_sha1 is null, null, b.sha256)), c.served_sha1, c.truncated,
                     coalesce(i.sealed_at, c.sealed_at), c.manifest_id, h.made_by, h.file, h.dated_by, h.named_url,
                     h.note, coalesce(m.left_out, 0),
                     c.manifest_id is not null and coalesce(i.looked_for, 1)
                 from capture c join source s on s.id = c.source_id join blob b on b.id = c.body_id
                 left join capture_by_hand h on h.capture_id = c.id
                 left join capture_import i on i.capture_id = c.id
                 left join manifest m on m.id = c.manifest_id
                 where c.id > ?1 order by c.id limit ?2",
            )?
            .query_map((after, most as i64), |row| {
                let made_by: Option<String> = row.get(16)?;
                let by_hand = match made_by {
                    Some(made_by) => Some(ByHand {
                        made_by,
                        file: row.get(17)?,
                        dated_by: row.get(18)?,
                        named_url: row.get(19)?,
                        note: row.get(20)?,
                    }),
                    None => None,
                };
                let body = PayloadRow {
                    id: row.get(8)?,
                    sha256: sha(row.get(9)?).unwrap_or_default(),
                    size: row.get::<_, i64>(10)? as u64,
                };
                Ok(WholeCapture {
                    id: row.get(0)?,
                    source: row.get(1)?,
                    visit_id: row.get(2)?,
                    at: row.get(3)?,
                    kind: row.get(4)?,
                    url: row.get(5)?,
                    media_type: row.get(6)?,
                    title: row.get(7)?,
                    body,
                    served_sha256: sha(row.get(11)?),
                    served_sha1: row.get(12)?,
                    truncated: row.get(13)?,
                    sealed_at: row.get(14)?,
                    manifest_id: row.get(15)?,
                    looked_for: row.get(22)?,
                    left_out: row.get::<_, i64>(21)? as u64,
                    by_hand,
                })
            })?
            .collect()
    }

    /// What a browser made of a capture's page.
    pub fn whole_rendering(&self, capture_id: i64) -> rusqlite::Result<Option<WholeRendering>> {
        self.connection
            .prepare_cached(
                "select r.at, r.browser, r.outcome, r.why, r.stands, r.width, r.height, r.manifest_id, r.refused,
                     d.id, d.sha256, d.size, p.id, p.sha256, p.size, f.id, f.sha256, f.size
                 from rendering r left join blob d on d.id = r.dom_id left join blob p on p.id = r.screenshot_id
                 left join blob f on f.id = r.pdf_id where r.capture_id = ?1",
            )?
            .query_row([capture_id], |row| {
                Ok(WholeRendering {
                    at: row.get(0)?,
                    browser: row.get(1)?,
                    outcome: row.get(2)?,
                    why: row.get(3)?,
                    stands: row.get(4)?,
                    payloads: [payload(row, 9)?, payload(row, 12)?, payload(row, 15)?],
                    width: row.get(5)?,
                    height: row.get(6)?,
                    manifest_id: row.get(7)?,
                    refused: row.get(8)?,
                })
            })
            .optional()
    }

    /// The exchanges of a visit, hop by hop.
    pub fn exchanges_of_visit(&self, visit_id: i64) -> rusqlite::Result<Vec<WholeExchange>> {
        self.connection
            .prepare_cached(&format!(
                "{} where e.visit_id = ?1 order by e.hop",
                exchange_columns()
            ))?
            .query_map([visit_id], exchange)?
            .collect()
    }

    /// An exchange.
    pub fn whole_exchange(&self, id: i64) -> rusqlite::Result<Option<WholeExchange>> {
        self.connection
            .prepare_cached(&format!("{} where e.id = ?1", exchange_columns()))?
            .query_row([id], exchange)
            .optional()
    }

    /// Those exchanges of an address and an instant that no visit made.
    pub fn exchanges_at(&self, url: &str, at: i64) -> rusqlite::Result<Vec<WholeExchange>> {
        self.connection
            .prepare_cached(&format!(
                "{} where e.url = ?1 and e.visit_id is null and e.at = ?2 order by e.id",
                exchange_columns()
            ))?
            .query_map((url, at), exchange)?
            .collect()
    }

    /// The next exchanges, after this id, that belong to no visit and no manifest.
    pub fn loose_exchanges(&self, after: i64, most: usize) -> rusqlite::Result<Vec<WholeExchange>> {
        self.connection
            .prepare_cached(&format!(
                "{} where e.id > ?1 and e.visit_id is null
                     and not exists (select 1 from requisite q where q.exchange_id = e.id)
                 order by e.id limit ?2",
                exchange_columns()
            ))?
            .query_map((after, most as i64), exchange)?
            .collect()
    }

    /// The lines of a manifest, in order.
    pub fn manifest_lines(&self, manifest_id: i64) -> rusqlite::Result<Vec<ManifestLine>> {
        self.connection
            .prepare_cached(
                "select kind, exchange_id, url, missing from requisite where manifest_id = ?1 order by position",
            )?
            .query_map([manifest_id], |row| {
                let exchange: Option<i64> = row.get(1)?;
                let missing: (Option<String>, Option<String>) = (row.get(2)?, row.get(3)?);
                Ok(ManifestLine {
                    kind: row.get(0)?,
                    what: exchange.ok_or_else(|| {
                        (missing.0.unwrap_or_default(), missing.1.unwrap_or_default())
                    }),
                })
            })?
            .collect()
    }

    /// A payload.
    pub fn payload(&self, id: i64) -> rusqlite::Result<Option<Vec<u8>>> {
        blob::get(self.connection, id)
    }

    /// The payload with this SHA-256.
    pub fn payload_of(&self, sha256: &Sha) -> rusqlite::Result<Option<Vec<u8>>> {
        match blob::find(self.connection, sha256)? {
            Some(id) => blob::get(self.connection, id),
            None => Ok(None),
        }
    }

    /// The address by which a source is named that has this one, or has it for another.
    pub fn source_address(&self, address: &str) -> rusqlite::Result<Option<String>> {
        self.connection
            .prepare_cached(
                "select address from source where address = ?1 union all
                 select s.address from alias a join source s on s.id = a.source_id where a.address = ?1 limit 1",
            )?
            .query_row([address], |row| row.get(0))
            .optional()
    }

    /// The newest capture's id.
    pub fn newest_capture(&self) -> rusqlite::Result<i64> {
        self.connection
            .query_row("select coalesce(max(id), 0) from capture", [], |row| {
                row.get(0)
            })
    }
}

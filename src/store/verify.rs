//! Does the file still say what was written: the hash chains and every blob's digest.

use super::captures::exchanges_digest;
use super::chain::{CaptureLink, START, Sha, VisitLink, hex, sha256};
use super::{Reading, blob};

/// What was looked at, and what did not hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Visits whose links were computed again.
    pub visits: u64,
    /// Captures whose links were computed again.
    pub captures: u64,
    /// Blobs that were unpacked and hashed.
    pub blobs: u64,
    /// What did not hold, in words.
    pub problems: Vec<String>,
}

impl Reading<'_> {
    /// Computes both chains and every blob's digest again, and runs `SQLite`'s own integrity check.
    pub fn verify(&self) -> rusqlite::Result<Verified> {
        let mut verified = Verified::default();
        let integrity: String = self
            .connection
            .query_row("pragma integrity_check", [], |row| row.get(0))?;
        if integrity != "ok" {
            verified
                .problems
                .push(format!("SQLite's integrity check: {integrity}"));
        }
        let orphans: i64 = self.connection.query_row(
            "select count(*) from pragma_foreign_key_check",
            [],
            |row| row.get(0),
        )?;
        if orphans > 0 {
            verified
                .problems
                .push(format!("{orphans} rows refer to rows that are not there"));
        }
        self.verify_visits(&mut verified)?;
        self.verify_captures(&mut verified)?;
        self.verify_blobs(&mut verified)?;
        Ok(verified)
    }

    fn verify_visits(&self, verified: &mut Verified) -> rusqlite::Result<()> {
        let mut query = self.connection.prepare(
            "select v.id, s.address, v.at, o.sha256, v.confirms, v.not_modified, v.chain, o.facts, p.address
             from visit v join source s on s.id = v.source_id join outcome o on o.id = v.outcome_id
             left join peer p on p.id = v.peer_id order by v.id",
        )?;
        let mut rows = query.query([])?;
        let mut previous: Sha = START;
        while let Some(row) = rows.next()? {
            let source: String = row.get(1)?;
            let outcome: Vec<u8> = row.get(3)?;
            let facts: String = row.get(7)?;
            let peer: Option<String> = row.get(8)?;
            let link = VisitLink {
                id: row.get(0)?,
                source: &source,
                at: row.get(2)?,
                outcome: &outcome,
                confirms: row.get(4)?,
                not_modified: row.get(5)?,
                peer: peer.as_deref(),
            };
            let chain: Sha = row.get(6)?;
            if link.after(&previous) != chain || sha256(facts.as_bytes())[..] != outcome[..] {
                verified.problems.push(format!(
                    "visit {}: the hash chain does not hold here",
                    link.id
                ));
            }
            previous = chain;
            verified.visits += 1;
        }
        Ok(())
    }

    fn verify_captures(&self, verified: &mut Verified) -> rusqlite::Result<()> {
        let mut query = self.connection.prepare(
            "select c.id, s.address, c.visit_id, c.at, c.kind, c.url, b.sha256, c.chain,
                 c.media_type, c.truncated, c.sealed_at
             from capture c join source s on s.id = c.source_id join blob b on b.id = c.body_id order by c.id",
        )?;
        let mut rows = query.query([])?;
        let mut previous: Sha = START;
        while let Some(row) = rows.next()? {
            let source: String = row.get(1)?;
            let kind: String = row.get(4)?;
            let url: String = row.get(5)?;
            let body: Vec<u8> = row.get(6)?;
            let (media_type, truncated): (Option<String>, Option<String>) =
                (row.get(8)?, row.get(9)?);
            let visit: Option<i64> = row.get(2)?;
            let exchanges = match visit {
                Some(visit) => exchanges_digest(self.connection, visit)?,
                None => START,
            };
            let link = CaptureLink {
                id: row.get(0)?,
                source: &source,
                visit,
                at: row.get(3)?,
                kind: &kind,
                url: &url,
                media_type: media_type.as_deref(),
                body: &body,
                truncated: truncated.as_deref(),
                sealed_at: row.get(10)?,
                exchanges: &exchanges,
            };
            let chain: Sha = row.get(7)?;
            if link.after(&previous) != chain {
                verified.problems.push(format!(
                    "capture {}: the hash chain does not hold here",
                    link.id
                ));
            }
            previous = chain;
            verified.captures += 1;
        }
        Ok(())
    }

    fn verify_blobs(&self, verified: &mut Verified) -> rusqlite::Result<()> {
        let mut query = self
            .connection
            .prepare("select id, sha256 from blob order by id")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            let expected: Vec<u8> = row.get(1)?;
            match blob::get(self.connection, id) {
                Ok(Some(bytes)) if sha256(&bytes)[..] == expected[..] => {}
                _ => verified.problems.push(format!(
                    "blob {id} ({}): does not match its digest",
                    hex(&expected)
                )),
            }
            verified.blobs += 1;
        }
        Ok(())
    }
}

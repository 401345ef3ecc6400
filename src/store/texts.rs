//! What visits say at length: facts, evidence, what drift found, and headers.
//!
//! As it comes, it is text, in the tables `visit_text` and `exchange_text`, and stays so for whoever reads the file with other
//! programs. `compact` puts what one visit says into one frame instead, with what they all say said once for all (the dictionary). The
//! frame of a visit holds its texts in the order of [`FACTS`], [`EVIDENCE`], [`DRIFT`] and headers by hop, with a separator that no
//! JSON text has in it; that of an exchange that belongs to no visit holds its headers alone.
//!
//! They stand apart from the rows of visits and exchanges, for `SQLite` does not give back what a row takes less than before; rows
//! that go leave whole pages free.
//!
//! Whoever reads asks by the expressions of this module, which give the text wherever it is.

use std::sync::OnceLock;

use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

use super::chain::hex;
use super::{Reading, Writing};

/// Where texts are in the frame of a visit.
const FACTS: usize = 0;
const EVIDENCE: usize = 1;
const DRIFT: usize = 2;
const HEADERS: usize = 3;
/// Stands between texts; in JSON it would be written as an escape.
const BETWEEN: char = '\u{1e}';
/// Stands for the digest of the body in facts, which the row of the outcome has.
const DIGEST: char = '\u{1f}';
const DIGEST_TEXT: &str = "\u{1f}";
/// More hops than any visit takes; what has more stays text.
const MOST_HOPS: i64 = 64;
/// The most that a frame may unpack to: no more goes in.
const MOST_BYTES: usize = 1 << 20;
/// The tables of frames.
pub(super) const PACKED: [&str; 2] = ["visit_packed", "exchange_packed"];
const UNREADABLE: &str = "texts that were packed cannot be read";
/// Nobody waits for it, and it is little.
const LEVEL: i32 = 19;
/// The first byte of a frame: with which dictionary it was made.
const FIRST: u8 = 1;
/// The magic number of a frame (RFC 8878, section 3.1.1), which is left out.
const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();
/// What such texts usually say. It is part of the format: never to be changed, only followed by another.
static WORDS: &[u8] = include_bytes!("texts.1.txt");

fn unpacking() -> &'static DecoderDictionary<'static> {
    static PREPARED: OnceLock<DecoderDictionary<'static>> = OnceLock::new();
    PREPARED.get_or_init(|| DecoderDictionary::copy(WORDS))
}

fn packing() -> &'static EncoderDictionary<'static> {
    static PREPARED: OnceLock<EncoderDictionary<'static>> = OnceLock::new();
    PREPARED.get_or_init(|| EncoderDictionary::copy(WORDS, LEVEL))
}

fn pack(text: &str) -> std::io::Result<Vec<u8>> {
    let mut packer = zstd::bulk::Compressor::with_prepared_dictionary(packing())?;
    let packed = packer.compress(text.as_bytes())?;
    let packed = packed.strip_prefix(&MAGIC).unwrap_or(&packed);
    Ok([&[FIRST], packed].concat())
}

pub(super) fn unpack(frame: &[u8]) -> Result<String, String> {
    let frame = match frame.split_first() {
        Some((&FIRST, frame)) => &[&MAGIC, frame].concat()[..],
        Some((version, _)) => return Err(format!("they are packed in the way {version}")),
        None => return Err("they are empty".to_owned()),
    };
    let room = zstd::zstd_safe::get_frame_content_size(frame)
        .ok()
        .flatten()
        .and_then(|room| usize::try_from(room).ok())
        .filter(|room| *room <= MOST_BYTES)
        .ok_or("they do not say how long they are")?;
    let bytes = zstd::bulk::Decompressor::with_prepared_dictionary(unpacking())
        .and_then(|mut unpacker| unpacker.decompress(frame, room))
        .map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

/// One text of a frame.
fn text_at(frame: &[u8], place: usize, digest: Option<&[u8]>) -> Result<String, String> {
    let all = unpack(frame)?;
    let text = all
        .split(BETWEEN)
        .nth(place)
        .filter(|text| !text.is_empty())
        .ok_or("something is missing in them")?;
    Ok(match digest {
        Some(digest) => text.replace(DIGEST, &hex(digest)),
        None => text.to_owned(),
    })
}

/// Adds `unpacked(frame, place, digest)`, and `unpacked_or_null`, which gives null for what cannot be unpacked. Of no frame, both
/// give null.
pub(super) fn add_functions(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    let unpacked = |call: &rusqlite::functions::Context<'_>| match call.get_raw(0) {
        ValueRef::Blob(frame) => {
            let place = call.get_raw(1).as_i64().unwrap_or_default();
            let digest = call.get_raw(2).as_blob_or_null().ok().flatten();
            text_at(frame, usize::try_from(place).unwrap_or_default(), digest).map(Some)
        }
        _ => Ok(None),
    };
    connection.create_scalar_function("unpacked", 3, flags, move |call| {
        unpacked(call).map_err(|why| {
            let why = format!("{UNREADABLE}: {why}");
            rusqlite::Error::UserFunctionError(why.into())
        })
    })?;
    connection.create_scalar_function("unpacked_or_null", 3, flags, move |call| {
        Ok(unpacked(call).unwrap_or_default())
    })
}

/// Why texts cannot be unpacked, where a question failed for that.
pub(super) fn why_unreadable(error: &rusqlite::Error) -> Option<&str> {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(why)) if why.starts_with(UNREADABLE) => Some(why),
        _ => None,
    }
}

/// The facts of the outcome of this name in a question.
pub(super) fn facts(outcome: &str) -> String {
    let digest = format!("{outcome}.body_sha256");
    of_visit("facts", &format!("{outcome}.text_of"), FACTS, &digest)
}

/// The facts of the outcome `o`, null where they cannot be read. In a file of an earlier schema they are in its row.
pub(super) fn facts_to_verify(is_apart: bool) -> String {
    if is_apart {
        facts("o").replace("unpacked(", "unpacked_or_null(")
    } else {
        "o.facts".to_owned()
    }
}

/// The evidence of a verdict.
pub(super) fn evidence(verdict: &str) -> String {
    evidence_of(&format!("{verdict}.visit_id"))
}

/// The evidence of the verdict of a visit.
pub(super) fn evidence_of(visit: &str) -> String {
    of_visit("evidence", visit, EVIDENCE, "null")
}

/// What drift found.
pub(super) fn drift(drift: &str) -> String {
    of_visit("drift", &format!("{drift}.visit_id"), DRIFT, "null")
}

fn of_visit(column: &str, visit: &str, place: usize, digest: &str) -> String {
    format!(
        "coalesce((select t.{column} from visit_text t where t.visit_id = {visit}),
             unpacked((select p.data from visit_packed p where p.visit_id = {visit}), {place}, {digest}))"
    )
}

/// The response headers of an exchange.
pub(super) fn response_headers(exchange: &str) -> String {
    format!(
        "coalesce((select t.response_headers from exchange_text t where t.exchange_id = {exchange}.id),
             iif({exchange}.visit_id is null,
                 unpacked((select p.data from exchange_packed p where p.exchange_id = {exchange}.id), 0, null),
                 unpacked((select p.data from visit_packed p where p.visit_id = {exchange}.visit_id),
                     {HEADERS} + {exchange}.hop, null)))"
    )
}

/// Prepares a question for the response headers of the exchange of this name. In a file of an earlier schema they are in its row.
pub(super) fn prepared<'c>(
    connection: &'c Connection,
    exchange: &str,
    question: impl Fn(&str) -> String,
) -> rusqlite::Result<CachedStatement<'c>> {
    connection
        .prepare_cached(&question(&response_headers(exchange)))
        .or_else(|error| match error {
            rusqlite::Error::SqlInputError { .. } => {
                connection.prepare_cached(&question(&format!("{exchange}.response_headers")))
            }
            error => Err(error),
        })
}

/// The row of a frame that cannot be unpacked, and why.
pub(super) type Unreadable = (i64, String);

/// Rows of a table of frames that cannot be unpacked, and why, of so many after one; and up to where that was.
pub(super) fn unreadable(
    connection: &Connection,
    table: &str,
    after: i64,
    most: i64,
) -> rusqlite::Result<(Vec<Unreadable>, Option<i64>)> {
    let mut query = connection.prepare_cached(&format!(
        "select rowid, data from {table} where rowid > ?1 order by rowid limit ?2"
    ))?;
    let mut rows = query.query((after, most))?;
    let (mut found, mut to) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        if let Err(why) = unpack(row.get_ref(1)?.as_blob().unwrap_or_default()) {
            found.push((id, why));
        }
        to = Some(id);
    }
    Ok((found, to))
}

/// What one visit says, or an exchange that belongs to none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    of: Of,
    /// By place in the frame; empty where there is none.
    by_place: Vec<String>,
    /// The exchanges whose headers are among them, with their places.
    exchanges: Vec<(i64, usize)>,
    /// The digest of the body that the facts tell of.
    digest: Option<String>,
}

/// Whose texts are gone through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextsOf {
    /// Of visits, with the headers of their exchanges.
    Visits,
    /// Of exchanges that belong to no visit.
    Exchanges,
}

/// Whose texts they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Visit(i64),
    /// An exchange that belongs to no visit.
    Exchange(i64),
}

/// Texts, and the frame that takes their place.
#[derive(Debug, Clone)]
pub struct PackedTexts {
    texts: Texts,
    frame: Vec<u8>,
}

impl Texts {
    /// The visit or exchange that they are of, after which the next are found.
    pub fn id(&self) -> i64 {
        let (Of::Visit(id) | Of::Exchange(id)) = self.of;
        id
    }

    /// Packs them; none where they are too long, or it would gain nothing.
    pub fn packed(self) -> Option<PackedTexts> {
        let mut all = String::new();
        for (place, text) in self.by_place.iter().enumerate() {
            if text.contains([BETWEEN, DIGEST]) {
                return None;
            }
            if place > 0 {
                all.push(BETWEEN);
            }
            match &self.digest {
                Some(digest) if place == FACTS => all.push_str(&text.replace(digest, DIGEST_TEXT)),
                _ => all.push_str(text),
            }
        }
        if all.len() > MOST_BYTES {
            return None;
        }
        let frame = pack(&all).ok()?;
        let is_whole = unpack(&frame).is_ok_and(|again| again == all);
        (is_whole && frame.len() < all.len()).then_some(PackedTexts { texts: self, frame })
    }

    fn text(&self, place: usize) -> Option<&str> {
        let text = self.by_place.get(place).map(String::as_str);
        text.filter(|text| !text.is_empty())
    }
}

impl Reading<'_> {
    /// What visits say, or exchanges that belong to none, after this one, of so many: what is in frames, or what is text.
    pub fn texts(
        &self,
        of: TextsOf,
        are_packed: bool,
        after: i64,
        most: usize,
    ) -> rusqlite::Result<Vec<Texts>> {
        match (of, are_packed) {
            (TextsOf::Visits, false) => self.visits_of("visit_text", after, most),
            (TextsOf::Visits, true) => self.visits_of("visit_packed", after, most),
            (TextsOf::Exchanges, false) => self.exchanges_of("exchange_text", after, most),
            (TextsOf::Exchanges, true) => self.exchanges_of("exchange_packed", after, most),
        }
    }

    fn visits_of(&self, table: &str, after: i64, most: usize) -> rusqlite::Result<Vec<Texts>> {
        let (facts, evidence, drift) = (facts("o"), evidence("j"), drift("d"));
        let mut query = self.connection.prepare_cached(&format!(
            "select v.id, {facts}, lower(hex(o.body_sha256)), {evidence}, {drift}
             from {table} w cross join visit v on v.id = w.visit_id
             left join outcome o on o.id = v.outcome_id and o.text_of = v.id
             left join verdict j on j.visit_id = v.id left join drift d on d.visit_id = v.id
             where w.visit_id > ?1 order by w.visit_id limit ?2"
        ))?;
        let mut rows = query.query((after, most as i64))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let text = |at| row.get(at).map(Option::<String>::unwrap_or_default);
            let visit = row.get(0)?;
            let mut texts = Texts {
                of: Of::Visit(visit),
                by_place: vec![text(1)?, text(3)?, text(4)?],
                exchanges: Vec::new(),
                digest: Some(text(2)?).filter(|digest| digest.len() == 64),
            };
            self.add_headers(visit, &mut texts)?;
            found.push(texts);
        }
        Ok(found)
    }

    /// A visit that has two exchanges at one hop, or uncommonly many, keeps their headers as text.
    fn add_headers(&self, visit: i64, texts: &mut Texts) -> rusqlite::Result<()> {
        let headers = response_headers("e");
        let mut query = self.connection.prepare_cached(&format!(
            "select e.id, e.hop, {headers} from exchange e where e.visit_id = ?1
                 and (select count(distinct f.hop) = count(*) and min(f.hop) >= 0 and max(f.hop) < {MOST_HOPS}
                      from exchange f where f.visit_id = ?1)
             order by e.hop"
        ))?;
        let mut rows = query.query([visit])?;
        while let Some(row) = rows.next()? {
            let hop: i64 = row.get(1)?;
            let place = HEADERS + usize::try_from(hop).unwrap_or_default();
            texts.by_place.resize(place, String::new());
            texts.by_place.push(row.get(2)?);
            texts.exchanges.push((row.get(0)?, place));
        }
        Ok(())
    }

    fn exchanges_of(&self, table: &str, after: i64, most: usize) -> rusqlite::Result<Vec<Texts>> {
        let headers = response_headers("e");
        self.connection
            .prepare_cached(&format!(
                "select e.id, {headers} from {table} w cross join exchange e on e.id = w.exchange_id
                 where w.exchange_id > ?1 and e.visit_id is null order by w.exchange_id limit ?2"
            ))?
            .query_map((after, most as i64), |row| {
                let id = row.get(0)?;
                Ok(Texts {
                    of: Of::Exchange(id),
                    by_place: vec![row.get(1)?],
                    exchanges: vec![(id, 0)],
                    digest: None,
                })
            })?
            .collect()
    }
}

impl Writing<'_> {
    /// Keeps what a visit says, beside what it says already.
    pub(super) fn keep_texts(
        &self,
        visit_id: i64,
        facts: Option<&str>,
        evidence: Option<&str>,
        drift: Option<&str>,
    ) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "insert into visit_text (visit_id, facts, evidence, drift) values (?1, ?2, ?3, ?4)
                 on conflict (visit_id) do update set facts = coalesce(facts, excluded.facts),
                     evidence = coalesce(excluded.evidence, evidence), drift = coalesce(excluded.drift, drift)",
            )?
            .execute((visit_id, facts, evidence, drift))?;
        Ok(())
    }

    /// Keeps the headers that an exchange was answered with.
    pub(super) fn keep_headers(&self, exchange_id: i64, headers: &str) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "insert or replace into exchange_text (exchange_id, response_headers) values (?1, ?2)",
            )?
            .execute((exchange_id, headers))?;
        Ok(())
    }

    /// Puts frames in place of texts, each where the texts are still those that were packed; says how many were.
    pub fn pack_texts(&self, all: &[PackedTexts]) -> rusqlite::Result<usize> {
        for PackedTexts { texts, frame } in all {
            match texts.of {
                Of::Visit(id) => {
                    self.connection
                        .prepare_cached(
                            "insert or replace into visit_packed (visit_id, data) values (?1, ?2)",
                        )?
                        .execute((id, frame))?;
                    self.connection
                        .prepare_cached(
                            "delete from visit_text where visit_id = ?1 and coalesce(facts, ?2) is ?2
                                 and coalesce(evidence, ?3) is ?3 and coalesce(drift, ?4) is ?4",
                        )?
                        .execute((id, texts.text(FACTS), texts.text(EVIDENCE), texts.text(DRIFT)))?;
                }
                Of::Exchange(id) => {
                    self.connection
                        .prepare_cached(
                            "insert or replace into exchange_packed (exchange_id, data)
                             select ?1, ?2 where exists (select 1 from exchange where id = ?1)",
                        )?
                        .execute((id, frame))?;
                }
            }
            for (exchange, place) in &texts.exchanges {
                self.connection
                    .prepare_cached(
                        "delete from exchange_text where exchange_id = ?1 and response_headers = ?2",
                    )?
                    .execute((exchange, texts.text(*place)))?;
            }
        }
        self.note_packed(all.len())?;
        Ok(all.len())
    }

    /// Makes text again of what is in frames; says of how many.
    pub fn unpack_texts(&self, all: &[Texts]) -> rusqlite::Result<usize> {
        for texts in all {
            let delete = match texts.of {
                Of::Visit(id) => {
                    let (facts, evidence) = (texts.text(FACTS), texts.text(EVIDENCE));
                    self.keep_texts(id, facts, evidence, texts.text(DRIFT))?;
                    "delete from visit_packed where visit_id = ?1"
                }
                Of::Exchange(_) => "delete from exchange_packed where exchange_id = ?1",
            };
            for (exchange, place) in &texts.exchanges {
                if let Some(headers) = texts.text(*place) {
                    self.keep_headers(*exchange, headers)?;
                }
            }
            self.connection
                .prepare_cached(delete)?
                .execute([texts.id()])?;
        }
        self.note_packed(all.len())?;
        Ok(all.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::chain::sha256;
    use proptest::prelude::*;

    #[test]
    fn the_dictionary_is_the_one_that_frames_were_made_with() {
        // Whoever changes it takes from all archives what they packed: a better one comes beside it.
        assert_eq!(
            hex(&sha256(WORDS)),
            "e9f825640aa9e780376216d86597390fba70c6f9516832b0c89467a9fdbf7407"
        );
        let frame = pack("[1]").unwrap();
        assert_eq!(unpack(&frame).unwrap(), "[1]");
    }

    fn says(texts: Vec<String>, digest: Option<String>) -> Texts {
        Texts {
            of: Of::Visit(1),
            by_place: texts,
            exchanges: Vec::new(),
            digest,
        }
    }

    proptest! {
        #[test]
        fn every_text_comes_out_as_it_went_in(texts in prop::collection::vec(".{1,400}", 3..8), digest: [u8; 32]) {
            let mut texts = texts;
            texts[FACTS].push_str(&hex(&digest));
            let given = says(texts.clone(), Some(hex(&digest)));
            let Some(packed) = given.packed() else { return Ok(()) };
            for (place, text) in texts.iter().enumerate() {
                let digest = (place == FACTS).then_some(&digest[..]);
                prop_assert_eq!(&text_at(&packed.frame, place, digest).unwrap(), text);
            }
            prop_assert!(text_at(&packed.frame, texts.len(), None).is_err());
        }

        #[test]
        fn no_frame_is_too_hostile(frame: Vec<u8>, place in 0_usize..9) {
            let mut frame = frame;
            let _ = text_at(&frame, place, None);
            frame.insert(0, FIRST);
            let _ = text_at(&frame, place, Some(&[1; 32]));
        }
    }

    #[test]
    fn what_has_marks_of_ours_or_gains_nothing_stays_text() {
        let long = format!("[\"{}\"]", "word ".repeat(200));
        assert!(says(vec![long.clone()], None).packed().is_some());
        assert!(says(vec![format!("{long}\u{1e}")], None).packed().is_none());
        assert!(says(vec![format!("{long}\u{1f}")], None).packed().is_none());
        assert!(says(vec!["[]".to_owned()], None).packed().is_none());
        assert!(
            says(vec!["x".repeat(MOST_BYTES + 1)], None)
                .packed()
                .is_none()
        );
    }
}

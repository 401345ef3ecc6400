//! What a browser made of a page: the document after scripts ran, its picture, and what it asked for.
//!
//! A rendering belongs to a capture and is sealed with it. Its payloads are blobs like all others, so what was there before is
//! shared; what it asked for is a manifest.

use rusqlite::OptionalExtension;

use super::blob::{self, Packed};
use super::chain::{Sha, hex, sha256};
use super::manifests::{NewManifest, manifest_digest};
use super::{Reading, Writing};

/// A rendering to seal with its capture.
#[derive(Debug, Clone)]
pub struct NewRendering {
    /// When it was made, in milliseconds since the epoch.
    pub at: i64,
    /// The browser's name and version.
    pub browser: Option<String>,
    /// Why there is none, in one line; none where there is one.
    pub failed: Option<String>,
    /// Whether the page was still loading, or asking for more, when it was taken.
    pub is_cut_short: bool,
    /// Whether the page is judged by it, because what the server sends is an empty shell.
    pub stands: bool,
    /// The document.
    pub dom: Option<Packed>,
    /// The picture of it.
    pub screenshot: Option<Packed>,
    /// The page as PDF.
    pub pdf: Option<Packed>,
    /// Width of the page in pixels.
    pub width: u32,
    /// Its height.
    pub height: u32,
    /// What the page asked for.
    pub manifest: Option<NewManifest>,
    /// What it was refused: a JSON object of how often, by what it was.
    pub refused: String,
}

/// A rendering as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderingRow {
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
    /// Bytes and SHA-256 of the document, the picture and the PDF.
    pub dom: Option<(i64, String)>,
    /// The picture.
    pub screenshot: Option<(i64, String)>,
    /// The PDF.
    pub pdf: Option<(i64, String)>,
    /// Width of the page in pixels.
    pub width: u32,
    /// Its height.
    pub height: u32,
    /// How much the page asked for, and how much of that it got.
    pub asked: Option<(i64, i64)>,
    /// What it was refused, as JSON.
    pub refused: String,
}

/// A payload of a rendering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The document.
    Dom,
    /// The picture.
    Screenshot,
    /// The PDF.
    Pdf,
}

impl Part {
    const fn column(self) -> &'static str {
        match self {
            Self::Dom => "dom_id",
            Self::Screenshot => "screenshot_id",
            Self::Pdf => "pdf_id",
        }
    }
}

/// A rendering whose payloads are put down, but which belongs to no capture yet.
pub(super) struct Prepared<'a> {
    new: &'a NewRendering,
    ids: [Option<i64>; 3],
    manifest: Option<i64>,
    pub(super) sha256: Sha,
}

/// What the digest of a rendering covers.
struct Covered<'a> {
    at: i64,
    browser: Option<&'a str>,
    outcome: &'a str,
    why: Option<&'a str>,
    stands: bool,
    /// The document, the picture, the PDF.
    payloads: [Option<String>; 3],
    width: i64,
    height: i64,
    manifest: Option<String>,
    refused: &'a str,
}

impl Covered<'_> {
    fn digest(&self) -> Sha {
        let [dom, screenshot, pdf] = &self.payloads;
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let text = format!(
            "rendering\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n",
            self.at,
            self.browser.unwrap_or("-"),
            self.outcome,
            self.why.unwrap_or("-"),
            u8::from(self.stands),
            or_none(dom),
            or_none(screenshot),
            or_none(pdf),
            self.width,
            self.height,
            or_none(&self.manifest),
            self.refused,
        );
        sha256(text.as_bytes())
    }
}

impl NewRendering {
    /// Bytes that it will take, as far as they are not there already.
    pub fn stored_size(&self) -> u64 {
        let payloads = [&self.dom, &self.screenshot, &self.pdf];
        let sizes = payloads.into_iter().flatten().map(Packed::stored_size);
        sizes.sum::<usize>() as u64
    }

    fn outcome(&self) -> &'static str {
        match (&self.failed, self.is_cut_short) {
            (Some(_), _) => "failed",
            (None, true) => "cut-short",
            (None, false) => "whole",
        }
    }
}

impl Writing<'_> {
    /// Puts down what a rendering holds.
    pub(super) fn prepare_rendering<'a>(
        &self,
        new: &'a NewRendering,
    ) -> rusqlite::Result<Prepared<'a>> {
        let mut ids = [None; 3];
        let mut payloads = [None, None, None];
        for (at, packed) in [&new.dom, &new.screenshot, &new.pdf]
            .into_iter()
            .enumerate()
        {
            if let Some(packed) = packed {
                ids[at] = Some(blob::put(self.connection, packed)?.0);
                payloads[at] = Some(hex(&packed.sha256));
            }
        }
        let manifest = match &new.manifest {
            Some(manifest) => Some(self.put_manifest(manifest)?),
            None => None,
        };
        let covered = Covered {
            at: new.at,
            browser: new.browser.as_deref(),
            outcome: new.outcome(),
            why: new.failed.as_deref(),
            stands: new.stands,
            payloads,
            width: new.width.into(),
            height: new.height.into(),
            manifest: manifest.as_ref().map(|(_, sha)| hex(sha)),
            refused: &new.refused,
        };
        Ok(Prepared {
            new,
            ids,
            manifest: manifest.map(|(id, _)| id),
            sha256: covered.digest(),
        })
    }

    pub(super) fn insert_rendering(
        &self,
        capture_id: i64,
        prepared: &Prepared<'_>,
    ) -> rusqlite::Result<()> {
        let new = prepared.new;
        self.connection
            .prepare_cached(
                "insert into rendering (capture_id, at, browser, outcome, why, stands, dom_id, screenshot_id, pdf_id,
                     width, height, manifest_id, refused)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?
            .execute(rusqlite::params![
                capture_id,
                new.at,
                new.browser,
                new.outcome(),
                new.failed,
                new.stands,
                prepared.ids[0],
                prepared.ids[1],
                prepared.ids[2],
                new.width,
                new.height,
                prepared.manifest,
                new.refused,
            ])?;
        Ok(())
    }
}

/// The digest of a capture's rendering as its rows have it now; none where it has none.
pub(super) fn rendering_digest(
    connection: &rusqlite::Connection,
    capture_id: i64,
) -> rusqlite::Result<Option<Sha>> {
    let mut query = connection.prepare_cached(
        "select r.at, r.browser, r.outcome, r.why, r.stands,
             (select lower(hex(b.sha256)) from blob b where b.id = r.dom_id),
             (select lower(hex(b.sha256)) from blob b where b.id = r.screenshot_id),
             (select lower(hex(b.sha256)) from blob b where b.id = r.pdf_id),
             r.width, r.height, r.manifest_id, r.refused
         from rendering r where r.capture_id = ?1",
    )?;
    let mut rows = query.query([capture_id])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let browser: Option<String> = row.get(1)?;
    let (outcome, why): (String, Option<String>) = (row.get(2)?, row.get(3)?);
    let manifest = match row.get::<_, Option<i64>>(10)? {
        Some(id) => Some(hex(&manifest_digest(connection, id)?)),
        None => None,
    };
    let refused: String = row.get(11)?;
    let covered = Covered {
        at: row.get(0)?,
        browser: browser.as_deref(),
        outcome: &outcome,
        why: why.as_deref(),
        stands: row.get(4)?,
        payloads: [row.get(5)?, row.get(6)?, row.get(7)?],
        width: row.get(8)?,
        height: row.get(9)?,
        manifest,
        refused: &refused,
    };
    Ok(Some(covered.digest()))
}

impl Reading<'_> {
    /// What a browser made of a capture's page.
    pub fn rendering(&self, capture_id: i64) -> rusqlite::Result<Option<RenderingRow>> {
        self.connection
            .prepare_cached(
                "select r.at, r.browser, r.outcome, r.why, r.stands, d.size, lower(hex(d.sha256)), p.size,
                     lower(hex(p.sha256)), f.size, lower(hex(f.sha256)), r.width, r.height, m.needs, m.has, r.refused
                 from rendering r left join blob d on d.id = r.dom_id left join blob p on p.id = r.screenshot_id
                 left join blob f on f.id = r.pdf_id left join manifest m on m.id = r.manifest_id
                 where r.capture_id = ?1",
            )?
            .query_row([capture_id], |row| {
                let payload = |at: usize| -> rusqlite::Result<Option<(i64, String)>> {
                    let size: Option<i64> = row.get(at)?;
                    Ok(match size {
                        Some(size) => Some((size, row.get(at + 1)?)),
                        None => None,
                    })
                };
                let asked: Option<i64> = row.get(13)?;
                Ok(RenderingRow {
                    at: row.get(0)?,
                    browser: row.get(1)?,
                    outcome: row.get(2)?,
                    why: row.get(3)?,
                    stands: row.get(4)?,
                    dom: payload(5)?,
                    screenshot: payload(7)?,
                    pdf: payload(9)?,
                    width: row.get(11)?,
                    height: row.get(12)?,
                    asked: asked.zip(row.get(14)?),
                    refused: row.get(15)?,
                })
            })
            .optional()
    }

    /// A payload of the newest rendering of a source that has it.
    pub fn newest_rendered(&self, address: &str, part: Part) -> rusqlite::Result<Option<Vec<u8>>> {
        let column = part.column();
        let id: Option<i64> = self
            .connection
            .prepare_cached(&format!(
                "select r.{column} from source s join capture c on c.source_id = s.id
                     join rendering r on r.capture_id = c.id
                 where s.address = ?1 and r.{column} is not null order by c.at desc, c.id desc limit 1"
            ))?
            .query_row([address], |row| row.get(0))
            .optional()?;
        match id {
            Some(id) => blob::get(self.connection, id),
            None => Ok(None),
        }
    }

    /// A payload of a capture's rendering, where it has one of no more bytes than these.
    pub fn rendered(
        &self,
        capture_id: i64,
        part: Part,
        most: u64,
    ) -> rusqlite::Result<Option<Vec<u8>>> {
        let column = part.column();
        let id: Option<i64> = self
            .connection
            .prepare_cached(&format!(
                "select b.id from rendering r join blob b on b.id = r.{column} where r.capture_id = ?1 and b.size <= ?2"
            ))?
            .query_row((capture_id, i64::try_from(most).unwrap_or(i64::MAX)), |row| {
                row.get(0)
            })
            .optional()?;
        match id {
            Some(id) => blob::get(self.connection, id),
            None => Ok(None),
        }
    }

    /// What the document needs that a browser made, where that stands for the page.
    pub fn standing_manifest(&self, capture_id: i64) -> rusqlite::Result<Option<i64>> {
        Ok(self
            .connection
            .prepare_cached("select manifest_id from rendering where capture_id = ?1 and stands")?
            .query_row([capture_id], |row| row.get(0))
            .optional()?
            .flatten())
    }

    /// What a capture says: its body, or, where that is an empty shell, the document that a browser made of it. None where it
    /// was pruned.
    pub fn capture_text(&self, capture_id: i64) -> rusqlite::Result<Option<Vec<u8>>> {
        let id: Option<i64> = self
            .connection
            .prepare_cached(
                "select coalesce((select r.dom_id from rendering r where r.capture_id = c.id and r.stands), c.body_id)
                 from capture c where c.id = ?1",
            )?
            .query_row([capture_id], |row| row.get(0))
            .optional()?
            .flatten();
        match id {
            Some(id) => blob::get(self.connection, id),
            None => Ok(None),
        }
    }
}

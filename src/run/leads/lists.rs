//! Lists of posts: feeds and their further pages, sitemaps and their indexes.

use url::Url;

use super::{DAY_MS, HOUR_MS, Next, may_read, not_now, note_failed, note_read};
use crate::address;
use crate::fetch::{Accept, RobotsFact};
use crate::gather::{self, Format, Note};
use crate::run::finder::key_of;
use crate::run::reader::{Answer, Came, Reader, came};
use crate::run::told::Told;
use crate::run::{RunError, site, unpacked};
use crate::store::{Lead, LeadRow, LeadState, NewLead, Writing};

/// Further pages of a feed that are read, at the most.
const MOST_OLDER: u64 = 1_000;
/// An index of so many sitemaps is small enough to look at all of them each time.
const FEW_SITEMAPS: u64 = 12;

/// Reads the lists that are due, and those that they lead to.
pub(super) async fn read(reader: &mut Reader<'_>) -> Result<Next, RunError> {
    let mut last = 0;
    loop {
        if reader.is_over() {
            return Ok(Next::Stop);
        }
        let (id, now) = (reader.input.id, reader.now);
        let row = reader
            .context
            .store
            .read("find the next list", |r| r.next_list(id, last, now))?;
        let Some(row) = row else {
            return Ok(Next::Go);
        };
        last = row.id;
        let next = match row.lead {
            Lead::Api => site::wordpress::read_api(reader, &row).await?,
            Lead::Collection => site::wordpress::read_collection(reader, &row).await?,
            Lead::Older => older(reader, &row).await?,
            Lead::Feed | Lead::Sitemap | Lead::Post => read_list(reader, &row, false).await?.0,
        };
        if next == Next::Stop {
            reader.unfinished = true;
            return Ok(Next::Stop);
        }
    }
}

/// When a list is looked at again. At each reading of the input, but of many sitemaps those more seldom that do not change;
/// a sitemap whose index says when it changes needs no look before.
fn next_look(reader: &Reader<'_>, row: &LeadRow, quiet: u32) -> Result<Option<i64>, RunError> {
    if row.found_in.is_none() || row.lead != Lead::Sitemap {
        return Ok(Some(reader.now + 1));
    }
    if row.modified_at.is_some() {
        return Ok(None);
    }
    let id = reader.input.id;
    let sitemaps = reader
        .context
        .store
        .read("count sitemaps", |r| r.count_leads(id, Lead::Sitemap))?;
    Ok(Some(match sitemaps {
        0..=FEW_SITEMAPS => reader.now + 1,
        _ => reader.now + ((20 * HOUR_MS) << quiet.min(4)),
    }))
}

/// Reads a feed or sitemap of a site for the posts that it names. Says too whether it was one.
pub(in crate::run) async fn read_list(
    reader: &mut Reader<'_>,
    row: &LeadRow,
    quietly: bool,
) -> Result<(Next, bool), RunError> {
    let Ok(url) = address::parse(&row.address, None) else {
        note_read(reader, row, LeadState::Gone, None, 0).await?;
        return Ok((Next::Go, false));
    };
    match may_read(reader, &url).await {
        Ok(RobotsFact::Allowed) => {}
        Ok(RobotsFact::Disallowed) => {
            reader.not_read.disallowed += 1;
            let next = Some(reader.now + DAY_MS);
            note_read(reader, row, LeadState::Disallowed, next, 0).await?;
            return Ok((Next::Go, false));
        }
        Ok(RobotsFact::Unreachable) => {
            note_failed(reader, row, "robots.txt cannot be had", false).await?;
            return Ok((Next::Go, false));
        }
        Err(fault) => return Ok((not_now(reader, &row.address, &fault), false)),
    }
    let known = reader.known(&row.address)?;
    match reader.ask(&url, known.as_ref(), Accept::Feed).await {
        Answer::Unchanged => {
            if let Some(known) = &known {
                reader.unchanged(known, None).await?;
            }
            let next = next_look(reader, row, row.quiet + 1)?;
            note_read(reader, row, LeadState::Read, next, row.quiet + 1).await?;
            Ok((Next::Go, true))
        }
        Answer::Came(fetched, address) => {
            // A feed may be kept by a service; a sitemap of another site would name what is not ours.
            if row.lead == Lead::Sitemap && !address::same_site(&address, &url) {
                reader.not_read.elsewhere += 1;
                note_read(reader, row, LeadState::Elsewhere, None, 0).await?;
                return Ok((Next::Go, false));
            }
            let (bytes, came) = came(&fetched, address);
            let bytes = match unpacked(bytes) {
                Ok(bytes) => bytes,
                Err(why) => {
                    note_failed(reader, row, &why.to_string(), quietly).await?;
                    return Ok((Next::Go, false));
                }
            };
            let wanted = match row.lead {
                Lead::Sitemap => Format::Sitemap,
                _ => Format::Feed,
            };
            let is = gather::detect(&bytes, came.media_type.as_deref(), &row.address);
            if is.ok() != Some(wanted) {
                note_failed(reader, row, &format!("this is no {wanted}"), quietly).await?;
                return Ok((Next::Go, false));
            }
            let came = Came {
                is_lead: true,
                only_names: true,
                format: Some(wanted),
                lead_id: Some(row.id),
                ..came
            };
            let gathered = reader.document(&row.address, bytes, came).await?;
            if let Some(gathered) = &gathered {
                let is_old = is_before(reader, gathered.newest_at);
                named_older(reader, &url, &gathered.notes, is_old, false).await?;
            }
            let next = next_look(reader, row, 0)?;
            note_read(reader, row, LeadState::Read, next, 0).await?;
            Ok((Next::Go, gathered.is_some()))
        }
        Answer::Failed(_, why) => {
            note_failed(reader, row, &why, quietly).await?;
            Ok((Next::Go, false))
        }
        Answer::NotNow(fault) => Ok((not_now(reader, &row.address, &fault), false)),
        Answer::Cancelled => Ok((Next::Stop, false)),
    }
}

/// Whether the newest entry of a page is older than what was asked for, so that no older page is wanted.
pub(in crate::run) fn is_before(reader: &Reader<'_>, newest_at: Option<i64>) -> bool {
    matches!((reader.options.since, newest_at), (Some(since), Some(at)) if at < since)
}

/// Notes that a feed goes on at another address (RFC 5005). What was read there is read again only where entries may
/// have slid to it.
pub(in crate::run) async fn named_older(
    reader: &mut Reader<'_>,
    feed: &Url,
    notes: &[Note],
    is_old: bool,
    may_have_slid: bool,
) -> Result<(), RunError> {
    let (id, now) = (reader.input.id, reader.now);
    let older = notes.iter().find_map(|note| match note {
        Note::Older(url) if address::same_site(url, feed) => Some(url),
        _ => None,
    });
    let Some(url) = older.filter(|_| !is_old) else {
        return Ok(());
    };
    let key = key_of(url);
    let (count, known) = reader.context.store.read("look for a feed's page", |r| {
        Ok((
            r.count_leads(id, Lead::Older)?,
            r.lead(id, Lead::Older, &key)?,
        ))
    })?;
    let lead = NewLead {
        lead: Lead::Older,
        address: url.to_string(),
        key,
        modified_at: None,
        entry_sha256: None,
        is_wanted: true,
        found_in: None,
    };
    match known {
        None if count >= MOST_OLDER => reader.tell(Told::TooLong(MOST_OLDER)),
        None => {
            let discover = move |w: &Writing<'_>| w.discover(id, &[lead], now);
            reader
                .context
                .store
                .write("note a feed's page", discover)
                .await?;
        }
        // Not twice in one run, or a feed that leads in circles would never end.
        Some(known) if may_have_slid && known.read_at.is_some_and(|at| at < now) => {
            let due = move |w: &Writing<'_>| w.lead_due(known.id, now);
            reader.context.store.write("read a page again", due).await?;
        }
        Some(_) => {}
    }
    Ok(())
}

/// Reads a further page of a feed: as posts, or, of a site, for the posts that it names.
async fn older(reader: &mut Reader<'_>, row: &LeadRow) -> Result<Next, RunError> {
    let Ok(url) = address::parse(&row.address, None) else {
        note_read(reader, row, LeadState::Gone, None, 0).await?;
        return Ok(Next::Go);
    };
    let only_names = reader.input.kind == "site";
    let known = reader.known(&row.address)?;
    match reader.ask(&url, known.as_ref(), Accept::Feed).await {
        Answer::Unchanged => {
            if let Some(known) = &known {
                reader.unchanged(known, None).await?;
            }
            note_read(reader, row, LeadState::Read, None, 0).await?;
        }
        Answer::Came(fetched, address) => {
            let (bytes, came) = came(&fetched, address);
            let is = gather::detect(&bytes, came.media_type.as_deref(), &row.address);
            if is.ok() != Some(Format::Feed) {
                note_failed(reader, row, "this is no feed", false).await?;
                return Ok(Next::Go);
            }
            let came = Came {
                is_lead: true,
                only_names,
                format: Some(Format::Feed),
                lead_id: Some(row.id),
                ..came
            };
            if let Some(gathered) = reader.document(&row.address, bytes, came).await? {
                let is_old = is_before(reader, gathered.newest_at);
                let all_new = gathered.new_posts > 0 && gathered.known_posts == 0;
                named_older(reader, &url, &gathered.notes, is_old, all_new).await?;
            }
            note_read(reader, row, LeadState::Read, None, 0).await?;
        }
        Answer::Failed(Some(404 | 410), _) => {
            note_read(reader, row, LeadState::Gone, None, 0).await?;
        }
        Answer::Failed(_, why) => note_failed(reader, row, &why, false).await?,
        Answer::NotNow(fault) => return Ok(not_now(reader, &row.address, &fault)),
        Answer::Cancelled => return Ok(Next::Stop),
    }
    Ok(Next::Go)
}

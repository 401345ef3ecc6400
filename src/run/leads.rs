//! What inputs lead to: further lists first, then the posts that they name.
//!
//! The work list is rows, so each step is one request whose result is committed before the next: a run that is killed, or
//! out of time, goes on where it stood. What was read is read again only when it is said to have changed, or after ever
//! longer intervals where nobody says when it does.

use url::Url;

use super::finder::key_of;
use super::reader::{Answer, Came, Reader, came};
use super::told::Told;
use super::{Problem, RunError, robots, site, unpacked};
use crate::address;
use crate::config::Robots;
use crate::fetch::{Accept, Fault, RobotsFact};
use crate::gather::{Format, Note};
use crate::store::{Lead, LeadRead, LeadRow, LeadState, NewLead};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Posts that are taken from the archive in one go.
const BATCH: u32 = 50;
/// Posts that are looked at again in one run though nobody says that they changed.
const MOST_LOOKS: u32 = 24;
/// Further pages of a feed that are read, at the most.
const MOST_OLDER: u64 = 1_000;
/// An index of so many sitemaps is small enough to look at all of them each time.
const FEW_SITEMAPS: u64 = 12;

/// Whether to go on with what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Yes.
    Go,
    /// The rest is for the next run.
    Stop,
}

/// Reads what an input leads to and is due.
pub(super) async fn follow(reader: &mut Reader<'_>) -> Result<(), RunError> {
    let mut next = lists(reader).await?;
    if next == Next::Go && reader.input.kind == "site" && site::fall_back(reader).await? {
        next = lists(reader).await?;
    }
    if next == Next::Go {
        posts(reader).await?;
    }
    if reader.context.cancelled.is_cancelled() {
        return Ok(());
    }
    if reader.not_read != super::told::NotRead::default() {
        reader.tell(Told::NotRead(reader.not_read));
    }
    let (id, now) = (reader.input.id, reader.now);
    if reader.unfinished {
        reader.context.store.flush().await?;
        let due = reader
            .context
            .store
            .read("count what stays due", |r| r.count_due_posts(id, now))?;
        reader.tell(Told::StayDue(due));
    }
    Ok(())
}

async fn lists(reader: &mut Reader<'_>) -> Result<Next, RunError> {
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

/// Whether robots.txt lets a page be read that nobody named.
pub(super) async fn may_read(reader: &Reader<'_>, url: &Url) -> Result<RobotsFact, Fault> {
    match reader.context.manner.robots {
        Robots::Ignore => Ok(RobotsFact::Allowed),
        Robots::Obey => robots::ask(reader.context, url).await,
        Robots::Record => {
            robots::ask(reader.context, url).await?;
            Ok(RobotsFact::Allowed)
        }
    }
}

/// Notes how the reading of a list or post went.
pub(super) async fn note_read(
    reader: &Reader<'_>,
    row: &LeadRow,
    state: LeadState,
    next_read_at: Option<i64>,
    quiet: u32,
) -> Result<(), RunError> {
    let (id, now) = (row.id, reader.now);
    let read = LeadRead {
        state,
        next_read_at,
        quiet,
    };
    reader
        .context
        .store
        .submit("note what was read", move |w| w.lead_read(id, read, now))
        .await?;
    Ok(())
}

/// Notes that something could not be read, and tells it unless it was only tried whether it is there.
pub(super) async fn note_failed(
    reader: &mut Reader<'_>,
    row: &LeadRow,
    why: &str,
    quietly: bool,
) -> Result<(), RunError> {
    let after = match quietly {
        true => 30 * DAY_MS,
        // One hour, four, sixteen, and so on up to a month.
        false => (HOUR_MS << (2 * row.quiet.min(5))).min(30 * DAY_MS),
    };
    if !quietly {
        reader.problem(Problem::part(&row.address, why));
    }
    let next = Some(reader.now + after);
    note_read(reader, row, LeadState::Failed, next, row.quiet + 1).await
}

/// Tells why nothing more can be asked for now; all stays due.
pub(super) fn not_now(reader: &mut Reader<'_>, address: &str, fault: &Fault) -> Next {
    reader.problem(Problem::part(address, fault.to_string()));
    reader.unfinished = true;
    Next::Stop
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
        _ => reader.now + (20 * HOUR_MS << quiet.min(4)),
    }))
}

/// Reads a feed or sitemap of a site for the posts that it names. Says too whether it was one.
pub(super) async fn read_list(
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
            let (bytes, came) = came(*fetched, address);
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
            let is = crate::gather::detect(&bytes, came.media_type.as_deref(), &row.address);
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
pub(super) fn is_before(reader: &Reader<'_>, newest_at: Option<i64>) -> bool {
    matches!((reader.options.since, newest_at), (Some(since), Some(at)) if at < since)
}

/// Notes that a feed goes on at another address (RFC 5005). What was read there is read again only where entries may
/// have slid to it.
pub(super) async fn named_older(
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
            let discover = move |w: &crate::store::Writing<'_>| w.discover(id, &[lead], now);
            reader
                .context
                .store
                .write("note a feed's page", discover)
                .await?;
        }
        // Not twice in one run, or a feed that leads in circles would never end.
        Some(known) if may_have_slid && known.read_at.is_some_and(|at| at < now) => {
            let due = move |w: &crate::store::Writing<'_>| w.lead_due(known.id, now);
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
            let (bytes, came) = came(*fetched, address);
            let is = crate::gather::detect(&bytes, came.media_type.as_deref(), &row.address);
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

/// Reads the posts that are due: those that were never read, those that are said to have changed, and some of those of
/// which nobody says anything.
async fn posts(reader: &mut Reader<'_>) -> Result<(), RunError> {
    let mut looks = MOST_LOOKS;
    for were_read in [false, true] {
        loop {
            let (id, now) = (reader.input.id, reader.now);
            let rows = reader
                .context
                .store
                .read("find due posts", |r| r.due_posts(id, were_read, now, BATCH))?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                if reader.is_over() {
                    return Ok(());
                }
                let is_said_to_have_changed = row.entry_sha256.is_some()
                    || row.modified_at.is_some_and(|at| row.read_at < Some(at));
                if were_read && !is_said_to_have_changed {
                    match looks.checked_sub(1) {
                        Some(less) => looks = less,
                        // They wait, and that is as it should be.
                        None => return Ok(()),
                    }
                }
                if !reader.allowance.take_post() {
                    reader.unfinished = true;
                    return Ok(());
                }
                if post(reader, &row).await? == Next::Stop {
                    return Ok(());
                }
            }
            reader.context.store.flush().await?;
        }
    }
    Ok(())
}

/// Reads one post at its own address.
async fn post(reader: &mut Reader<'_>, row: &LeadRow) -> Result<Next, RunError> {
    let Ok(named) = address::parse(&row.address, None) else {
        note_read(reader, row, LeadState::Gone, None, 0).await?;
        return Ok(Next::Go);
    };
    let url = address::canonical(&named).url().clone();
    match may_read(reader, &url).await {
        Ok(RobotsFact::Allowed) => {}
        Ok(RobotsFact::Disallowed) => {
            reader.not_read.disallowed += 1;
            let next = Some(reader.now + 7 * DAY_MS);
            note_read(reader, row, LeadState::Disallowed, next, 0).await?;
            return Ok(Next::Go);
        }
        Ok(RobotsFact::Unreachable) => {
            return Ok(not_now(
                reader,
                &row.address,
                &Fault::Ours("its robots.txt cannot be had"),
            ));
        }
        Err(fault) => return Ok(not_now(reader, &row.address, &fault)),
    }
    let known = reader.known(url.as_str())?;
    match reader.ask(&url, known.as_ref(), Accept::Page).await {
        Answer::Unchanged => {
            if let Some(known) = &known {
                reader.unchanged(known, None).await?;
            }
            let quiet = row.quiet + 1;
            note_read(
                reader,
                row,
                LeadState::Read,
                next_reading(reader, row, quiet),
                quiet,
            )
            .await?;
        }
        Answer::Came(fetched, address) => {
            return post_came(reader, row, &url, *fetched, address).await;
        }
        Answer::Failed(Some(404 | 410), why) => {
            let (id, now, name) = (reader.input.id, reader.now, url.to_string());
            let gone = reader
                .context
                .store
                .write("note a post that went", move |w| {
                    w.document_gone(id, &name, now)
                })
                .await?;
            reader.context.tally.gone(gone as u64);
            if gone == 0 {
                reader.problem(Problem::part(&row.address, why));
            }
            let next = Some(now + (30 * DAY_MS << row.quiet.min(3)));
            note_read(reader, row, LeadState::Gone, next, row.quiet + 1).await?;
        }
        Answer::Failed(_, why) => note_failed(reader, row, &why, false).await?,
        Answer::NotNow(fault) => return Ok(not_now(reader, &row.address, &fault)),
        Answer::Cancelled => return Ok(Next::Stop),
    }
    Ok(Next::Go)
}

async fn post_came(
    reader: &mut Reader<'_>,
    row: &LeadRow,
    url: &Url,
    fetched: crate::fetch::Fetched,
    address: Url,
) -> Result<Next, RunError> {
    let is_feed = row.entry_sha256.is_some();
    // What redirects out of the site is no post of it; a feed's entries may lead anywhere by a service that counts.
    if !is_feed && !address::same_site(&address, url) {
        reader.not_read.elsewhere += 1;
        note_read(reader, row, LeadState::Elsewhere, None, 0).await?;
        return Ok(Next::Go);
    }
    let (own, end) = (key_of(url), key_of(&address));
    if own != end && is_known_elsewhere(reader, row, &address).await? {
        return Ok(Next::Go);
    }
    let (bytes, came) = came(fetched, address);
    let came = Came {
        is_lead: true,
        called: is_feed.then(|| row.address.clone()),
        ..came
    };
    let gathered = reader.document(url.as_str(), bytes, came).await?;
    let canonical = gathered.and_then(|gathered| gathered.canonical);
    if let Some(canonical) = canonical
        && address::same_site(&canonical, url)
        && ![&own, &end].contains(&&key_of(&canonical))
        && is_known_elsewhere(reader, row, &canonical).await?
    {
        // The post was read under the address that it calls its own: this one is another way to it.
        let (id, now, name) = (reader.input.id, reader.now, url.to_string());
        let gone = move |w: &crate::store::Writing<'_>| w.document_gone(id, &name, now);
        reader.context.store.write("drop a double", gone).await?;
        return Ok(Next::Go);
    }
    note_read(
        reader,
        row,
        LeadState::Read,
        next_reading(reader, row, 0),
        0,
    )
    .await?;
    Ok(Next::Go)
}

/// Whether a post was read under this other address of it; if not, it need not be any more.
async fn is_known_elsewhere(
    reader: &Reader<'_>,
    row: &LeadRow,
    other: &Url,
) -> Result<bool, RunError> {
    let (id, now, key) = (reader.input.id, reader.now, key_of(other));
    let known = reader
        .context
        .store
        .read("look for a post", |r| r.lead(id, Lead::Post, &key))?;
    let was_read = known.is_some_and(|known| known.id != row.id && known.read_at.is_some());
    if was_read {
        note_read(reader, row, LeadState::Read, None, 0).await?;
        return Ok(true);
    }
    let lead = NewLead {
        lead: Lead::Post,
        address: other.to_string(),
        key,
        modified_at: row.modified_at,
        entry_sha256: None,
        is_wanted: true,
        found_in: row.found_in,
    };
    reader
        .context
        .store
        .submit("note another address of a post", move |w| {
            w.lead_read_elsewhere(id, &lead, now)
        })
        .await?;
    Ok(false)
}

/// When a post that was read is looked at again by itself: not where whoever names it says when it changes, else after
/// ever longer intervals.
fn next_reading(reader: &Reader<'_>, row: &LeadRow, quiet: u32) -> Option<i64> {
    match row.modified_at {
        _ if row.entry_sha256.is_some() => None,
        // A mere day does not say whether it changed once more before the day was over.
        Some(at) if at % DAY_MS == 0 && reader.now - at < DAY_MS => Some(at + DAY_MS + HOUR_MS),
        Some(_) => None,
        None => Some(reader.now + (7 * DAY_MS << quiet.min(6)).min(364 * DAY_MS)),
    }
}

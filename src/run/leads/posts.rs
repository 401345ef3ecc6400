//! Posts that are read by themselves.

use url::Url;

use super::{DAY_MS, HOUR_MS, Next, may_read, not_now, note_failed, note_read};
use crate::address;
use crate::fetch::{Accept, Fault, Fetched, RobotsFact};
use crate::run::finder::key_of;
use crate::run::reader::{Answer, Came, Reader, came};
use crate::run::{Problem, RunError};
use crate::store::{Lead, LeadRow, LeadState, NewLead, Writing};

/// Posts that are taken from the archive in one go.
const BATCH: u32 = 50;
/// Posts that are looked at again in one run though nobody says that they changed.
const MOST_LOOKS: u32 = 24;

/// Reads the posts that are due: those that were never read, those that are said to have changed, and some of those of
/// which nobody says anything.
pub(super) async fn read(reader: &mut Reader<'_>) -> Result<(), RunError> {
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
                // It may have been read under another of its addresses meanwhile.
                let key = key_of_row(&row);
                let now_known = reader
                    .context
                    .store
                    .read("look at a post", |r| r.lead(id, Lead::Post, &key))?;
                if now_known.is_some_and(|known| known.read_at != row.read_at) {
                    continue;
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
        // Of a list that names posts anywhere, one host that is away must not keep the others' from being read.
        Ok(RobotsFact::Unreachable) if !is_of_one_site(reader) => {
            note_failed(reader, row, "its robots.txt cannot be had", false).await?;
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
            let next = Some(now + ((30 * DAY_MS) << row.quiet.min(3)));
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
    fetched: Fetched,
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
    let (bytes, came) = came(&fetched, address);
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
        // The post is read under the address that it calls its own: this one is another way to it.
        let (id, now, name) = (reader.input.id, reader.now, url.to_string());
        let gone = move |w: &Writing<'_>| w.document_gone(id, &name, now);
        reader.context.store.write("drop a double", gone).await?;
        return Ok(Next::Go);
    }
    let next = next_reading(reader, row, 0);
    note_read(reader, row, LeadState::Read, next, 0).await?;
    Ok(Next::Go)
}

/// Whether a post was read, or is to be read, under this other address of it; if not, it need not be any more.
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
    let is_there = known.is_some_and(|known| {
        known.id != row.id && (known.read_at.is_some() || known.next_read_at.is_some())
    });
    if is_there {
        // Of two posts that name each other, the second stays.
        note_read(reader, row, LeadState::Elsewhere, None, 0).await?;
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
    let note = move |w: &Writing<'_>| w.lead_read_elsewhere(id, &lead, now);
    reader
        .context
        .store
        .write("note another address of a post", note)
        .await?;
    Ok(false)
}

/// Whether all posts that an input leads to are on its own site.
fn is_of_one_site(reader: &Reader<'_>) -> bool {
    matches!(reader.input.kind.as_str(), "site" | "sitemap")
}

/// What tells a post from others.
fn key_of_row(row: &LeadRow) -> String {
    address::parse(&row.address, None).map_or_else(|_| row.address.clone(), |url| key_of(&url))
}

/// When a post that was read is looked at again by itself: not where whoever names it says when it changes, else after
/// ever longer intervals.
fn next_reading(reader: &Reader<'_>, row: &LeadRow, quiet: u32) -> Option<i64> {
    match row.modified_at {
        _ if row.entry_sha256.is_some() => None,
        // A mere day does not say whether it changed once more before the day was over.
        Some(at) if at % DAY_MS == 0 && reader.now - at < DAY_MS => Some(at + DAY_MS + HOUR_MS),
        Some(_) => None,
        None => Some(reader.now + ((7 * DAY_MS) << quiet.min(6)).min(364 * DAY_MS)),
    }
}

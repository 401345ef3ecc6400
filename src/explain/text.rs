//! The explanation for a person, from what was seen to what follows.

use std::io::{Result, Write};

use anstyle::{AnsiColor, Style};

use super::{Explained, NextVisit, NotCounted, Sign, Strike, Visit};
use crate::fetch::Way;
use crate::report::{bytes, count, one_line};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const CYAN: Style = AnsiColor::Cyan.on_default();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default().bold();

/// Characters of an address, and of other words of strangers.
const ADDRESS: usize = 2000;
const WORDS: usize = 300;
/// Failures and visits that are listed; a source that is down for months has many.
const LISTED: usize = 20;

/// Writes it for a person.
pub fn write_text(explained: &Explained, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "{BOLD}{}{BOLD:#}", one_line(&explained.url, ADDRESS))?;
    let verdict = explained.verdict.as_deref().unwrap_or("not visited yet");
    let style = colour(explained.group);
    let group = explained
        .group
        .map_or(String::new(), |group| format!(" ({group})"));
    let now = if explained.is_earlier { "now " } else { "" };
    writeln!(
        out,
        "{now}{style}{verdict}{style:#}{group} · {} since {}",
        explained.standing, explained.standing_since
    )?;
    if explained.asked != explained.url {
        line(out, "asked for", &one_line(&explained.asked, ADDRESS))?;
    }
    for alias in &explained.aliases {
        let address = one_line(&alias.address, ADDRESS);
        line(
            out,
            "also",
            &format!("{address} {DIM}({}){DIM:#}", alias.reason),
        )?;
    }
    write_mark(explained, out)?;
    for visit in &explained.visits {
        write_visit(visit, explained, out)?;
    }
    if explained.visits.is_empty() {
        writeln!(out, "\nIt was not visited yet, so there is no evidence.")?;
    }
    write_standing(explained, out)?;
    if let Some(next) = &explained.next_visit {
        write_next(next, explained, out)?;
    } else if !explained.is_earlier {
        heading(out, "Next visit")?;
        writeln!(out, "  none by itself: `sourcekeep check URL` visits it")?;
    }
    write_baseline(explained, out)
}

fn colour(group: Option<&str>) -> Style {
    match group {
        Some("fine") => GREEN,
        Some("gone" | "failing") => RED,
        Some(_) => YELLOW,
        None => Style::new(),
    }
}

fn heading(out: &mut dyn Write, words: &str) -> Result<()> {
    writeln!(out, "\n{CYAN}{words}{CYAN:#}")
}

fn line(out: &mut dyn Write, label: &str, value: &str) -> Result<()> {
    writeln!(out, "  {label:<11} {value}")
}

fn write_mark(explained: &Explained, out: &mut dyn Write) -> Result<()> {
    let Some(mark) = &explained.mark else {
        return Ok(());
    };
    let until = mark
        .until
        .as_ref()
        .map_or(String::new(), |until| format!(", until {until}"));
    let verdict = mark
        .while_verdict
        .as_ref()
        .map_or(String::new(), |verdict| format!(", while it is {verdict}"));
    let over = if mark.holds {
        ""
    } else {
        "; it ends with the next run"
    };
    line(
        out,
        "marked",
        &format!(
            "{} by you on {}{until}{verdict}{over}",
            mark.mark, mark.made_at
        ),
    )?;
    if let Some(note) = &mark.note {
        line(out, "", &one_line(note, WORDS))?;
    }
    Ok(())
}

/// What a visit saw, hop by hop, and what was concluded.
fn write_visit(visit: &Visit, explained: &Explained, out: &mut dyn Write) -> Result<()> {
    let title = match visit.way {
        Way::Browser => {
            let by = visit.vantage.as_ref().map_or(String::new(), |vantage| {
                format!(", by {}", one_line(vantage, WORDS))
            });
            format!(
                "Visit {}, a second look with a browser's headers{by}",
                visit.visit
            )
        }
        Way::Plain => format!("Visit {}", visit.visit),
    };
    heading(out, &title)?;
    let run = match (visit.run, &visit.command) {
        (Some(run), Some(command)) => format!(" {DIM}(run {run}, `{command}`){DIM:#}"),
        _ => String::new(),
    };
    line(out, "at", &format!("{}{run}", visit.at))?;
    let last = visit.hops.len().saturating_sub(1);
    for (nth, hop) in visit.hops.iter().enumerate() {
        let label = if nth == 0 { "asked" } else { "then" };
        line(out, label, &one_line(&hop.url, ADDRESS))?;
        let status = if visit.not_modified && nth == last {
            format!("304 {DIM}(not modified; what is here is of the visit it confirms){DIM:#}")
        } else {
            hop.status.to_string()
        };
        let peer = match &visit.peer {
            Some(peer) if nth == last => format!(" from {peer}"),
            _ => String::new(),
        };
        line(out, "answer", &format!("{status}, {}{peer}", hop.protocol))?;
        for (name, value) in &hop.headers {
            let header = format!("{name}: {}", one_line(value, WORDS));
            writeln!(out, "              {DIM}{header}{DIM:#}")?;
        }
    }
    if let Some(failure) = &visit.failure {
        let words = format!(
            "{}: {}",
            failure.family.as_str(),
            one_line(&failure.detail, WORDS)
        );
        line(out, "failed", &words)?;
        if visit.hops.last().is_none_or(|hop| hop.url != failure.url) {
            line(out, "", &one_line(&failure.url, ADDRESS))?;
        }
    }
    if let Some(body) = &visit.body {
        let cut = body
            .truncated
            .as_ref()
            .map_or(String::new(), |why| format!(", cut short ({why})"));
        let digest = &body.sha256[..12.min(body.sha256.len())];
        line(
            out,
            "body",
            &format!("{}{cut}, sha256:{digest}", bytes(body.size)),
        )?;
    }
    write_page(visit, out)?;
    line(out, "took", &format!("{} ms", visit.elapsed_ms))?;
    if let Some(confirms) = &visit.confirms {
        let words = format!(
            "visit {} of {}: it saw the same, and has that one's verdict",
            confirms.visit, confirms.at
        );
        line(out, "confirms", &words)?;
    }
    write_verdict(visit, explained, out)
}

fn write_verdict(visit: &Visit, explained: &Explained, out: &mut dyn Write) -> Result<()> {
    let style = colour(visit.group);
    let verdict = visit.verdict.as_deref().unwrap_or("none");
    let group = visit.group.unwrap_or("unknown");
    let effect = match (visit.effect, visit.hard) {
        (Some(effect), true) => format!(": {effect}, and a hard sign"),
        (Some(effect), false) => format!(": {effect}"),
        (None, _) => String::new(),
    };
    line(
        out,
        "verdict",
        &format!("{style}{verdict}{style:#} ({group}){effect}"),
    )?;
    write_signs(visit, out)?;
    if let Some(why) = visit.not_counted {
        let doubt = explained
            .not_counted
            .iter()
            .find(|one| one.visit == visit.visit)
            .and_then(|one| one.doubt.as_deref());
        line(
            out,
            "but",
            &format!("{YELLOW}{}{YELLOW:#}", uncounted(why, doubt)),
        )?;
    } else if visit.stands {
        line(out, "", "this is the verdict that stands")?;
    }
    Ok(())
}

/// The signs that decided, what they weigh together, and what was seen as well.
fn write_signs(visit: &Visit, out: &mut dyn Write) -> Result<()> {
    let sign_line = |sign: &Sign| {
        let weight = sign
            .weight
            .map_or(String::new(), |weight| format!("{weight:>+4}  "));
        let (says, rule) = (one_line(&sign.says, WORDS), one_line(&sign.rule, 60));
        format!("{weight}{says} {DIM}[{rule}]{DIM:#}")
    };
    let mut label = "because";
    for (nth, sign) in visit.signs.iter().filter(|sign| sign.decides).enumerate() {
        line(out, label, &sign_line(sign))?;
        label = "";
        // The rule that decided; what the others mean is in docs/VERDICTS.md.
        if let (0, Some(means)) = (nth, sign.means) {
            let indent = if sign.weight.is_some() { "      " } else { "" };
            line(out, "", &format!("{indent}{DIM}{means}{DIM:#}"))?;
        }
    }
    if let Some(weighed) = &visit.weighed {
        let against = match weighed.against {
            0 => String::new(),
            against => format!(" ({:+} for it, {against:+} against)", weighed.for_it),
        };
        let sum = weighed.for_it + weighed.against;
        let needed = weighed.needed;
        line(
            out,
            "together",
            &format!("{sum:>+4}, where {needed} decide{against}"),
        )?;
    }
    let mut label = "seen too";
    for sign in visit.signs.iter().filter(|sign| !sign.decides) {
        line(out, label, &sign_line(sign))?;
        label = "";
    }
    Ok(())
}

/// What the page said, what it was compared with, and what is known beside it.
fn write_page(visit: &Visit, out: &mut dyn Write) -> Result<()> {
    if let Some(page) = &visit.page {
        let title = match &page.title {
            Some(title) => format!("\u{201c}{}\u{201d}", one_line(title, 100)),
            None => "without a title".to_owned(),
        };
        let main = match page.main_words {
            words if words == 0 || words >= page.words => String::new(),
            words => format!(", {words} of them in the main text"),
        };
        let language = page.language.as_ref().map_or(String::new(), |language| {
            format!(", {}", one_line(language, 40))
        });
        let words = count(page.words, "word");
        line(out, "page", &format!("{title}, {words}{main}{language}"))?;
        if !page.marks.is_empty() {
            line(out, "bears", &one_line(&page.marks.join(", "), WORDS))?;
        }
    }
    if let Some(compared) = &visit.compared {
        let title = match (&compared.title, visit.page.as_ref().map(|page| &page.title)) {
            (Some(before), Some(Some(now))) if before == now => {
                ", the title is the same".to_owned()
            }
            (Some(before), _) => format!(", then \u{201c}{}\u{201d}", one_line(before, 100)),
            (None, _) => String::new(),
        };
        let kept = compared.kept.map_or(String::new(), |kept| {
            format!(", {:.0} % of its main text is here still", kept * 100.0)
        });
        line(
            out,
            "compared",
            &format!("our copy of {}{title}{kept}", compared.at),
        )?;
    }
    let around = &visit.around;
    if let Some(sibling) = &around.sibling {
        let title = sibling.title.as_ref().map_or(String::new(), |title| {
            format!(", \u{201c}{}\u{201d}", one_line(title, 100))
        });
        let words = format!("{}{title}", sibling.status);
        line(out, "made up", &one_line(&sibling.url, ADDRESS))?;
        line(out, "answer", &words)?;
        if sibling.final_url != sibling.url {
            line(out, "", &one_line(&sibling.final_url, ADDRESS))?;
        }
    }
    if !around.name_servers.is_empty() {
        line(
            out,
            "served by",
            &one_line(&around.name_servers.join(", "), WORDS),
        )?;
    }
    if !around.aliases.is_empty() {
        line(
            out,
            "alias of",
            &one_line(&around.aliases.join(", "), WORDS),
        )?;
    }
    if let Some(others) = around.sink {
        let sources = count(u64::from(others), "other source");
        line(out, "sink", &format!("{sources} ended at the same address"))?;
    }
    Ok(())
}

/// Why a visit does not count, in words.
fn uncounted(why: &str, doubt: Option<&str>) -> String {
    let doubt = match doubt {
        Some("nothing-resolves") => ": no name could be resolved",
        Some("nothing-answers") => ": nobody answered",
        Some("sites-fail") => ": most sites that had answered before failed at once",
        _ => "",
    };
    match why {
        "suspect-run" => format!("it does not count, for its run is suspect{doubt}"),
        "clock-behind" => "no strike, for the clock stood behind in its run".to_owned(),
        "clock-wrong" => "it does not count, for the clock had run ahead in its run".to_owned(),
        _ => "it counts only when its run has ended".to_owned(),
    }
}

fn write_standing(explained: &Explained, out: &mut dyn Write) -> Result<()> {
    let title = if explained.is_earlier {
        "Standing after that visit"
    } else {
        "Standing"
    };
    heading(out, title)?;
    let strikes = &explained.strikes;
    match &explained.last_fine_at {
        Some(at) => line(out, "last fine", at)?,
        None => line(out, "last fine", "never")?,
    }
    if strikes.count == 0 {
        line(out, "strikes", "none")?;
    } else {
        let hard = if strikes.hard > 0 {
            format!(", {} of {} hard signs", strikes.hard, strikes.hard_needed)
        } else {
            String::new()
        };
        let words = if strikes.count > strikes.needed {
            format!(
                "{}, where {} are needed{hard}",
                strikes.count, strikes.needed
            )
        } else {
            format!("{} of {}{hard}", strikes.count, strikes.needed)
        };
        line(out, "strikes", &words)?;
        let skipped = strikes.list.len().saturating_sub(LISTED);
        for strike in strikes.list.iter().take(LISTED) {
            write_strike(strike, explained, out)?;
        }
        if skipped > 0 {
            writeln!(
                out,
                "              {DIM}… and {skipped} more failures{DIM:#}"
            )?;
        }
        if let (true, Some(first), Some(last)) =
            (strikes.list.is_empty(), &strikes.first_at, &strikes.last_at)
        {
            line(out, "", &format!("the first {first}, the last {last}"))?;
        }
    }
    for one in explained.not_counted.iter().take(LISTED) {
        write_uncounted(one, out)?;
    }
    if explained.not_counted.len() > LISTED {
        let more = explained.not_counted.len() - LISTED;
        writeln!(
            out,
            "              {DIM}… and {more} more that do not count{DIM:#}"
        )?;
    }
    if explained.unclear_in_row > 0 {
        let visits = count(u64::from(explained.unclear_in_row), "visit");
        line(out, "cannot tell", &format!("{visits} in a row"))?;
    }
    if let Some(at) = &explained.dead_since {
        line(
            out,
            "dead",
            &format!("confirmed on {at}; one fine visit revives it"),
        )?;
    }
    write_missing(explained, out)
}

fn write_strike(strike: &Strike, explained: &Explained, out: &mut dyn Write) -> Result<()> {
    let after = match strike.hours_after {
        Some(hours) => format!(", {hours} h after the strike before"),
        None => String::new(),
    };
    let did = match (strike.strike, strike.hard) {
        _ if strike.confirmed => "second look: confirms the death".to_owned(),
        _ if strike.second_look => "second look".to_owned(),
        (Some(nth), Some(hard)) => format!("strike {nth}, hard sign {hard}{after}"),
        (Some(nth), None) => format!("strike {nth}{after}"),
        (None, _)
            if explained.dead_since.is_some()
                && strike
                    .hours_after
                    .is_none_or(|h| h >= explained.strikes.gap_hours) =>
        {
            "still dead".to_owned()
        }
        (None, _) => {
            let gap = explained.strikes.gap_hours;
            format!("no strike{after}: {gap} h are needed")
        }
    };
    let (at, verdict, visit) = (&strike.at, &strike.verdict, strike.visit);
    writeln!(
        out,
        "              {at}  {verdict}  {did} {DIM}(visit {visit}){DIM:#}"
    )
}

fn write_uncounted(one: &NotCounted, out: &mut dyn Write) -> Result<()> {
    let verdict = one.verdict.as_deref().unwrap_or("no verdict");
    let why = uncounted(one.why, one.doubt.as_deref());
    let words = format!(
        "{}  {verdict}  {why} {DIM}(visit {}){DIM:#}",
        one.at, one.visit
    );
    line(out, "set aside", &words)
}

fn write_missing(explained: &Explained, out: &mut dyn Write) -> Result<()> {
    let Some(missing) = &explained.missing else {
        return Ok(());
    };
    let strikes = &explained.strikes;
    if missing.second_look_only {
        return line(out, "missing", "only the second look, at the next visit");
    }
    let words = if missing.strikes == 0 {
        "only the next failure, and a second look with it".to_owned()
    } else {
        format!(
            "{}, the next from {} on, all from {} on; then a second look",
            count(u64::from(missing.strikes), "strike"),
            missing.strike_from,
            missing.struck_out_from
        )
    };
    line(out, "missing", &words)?;
    writeln!(
        out,
        "              {DIM}a death takes {} strikes, {} h apart, over {} h{DIM:#}",
        strikes.needed, strikes.gap_hours, strikes.span_hours
    )?;
    if let (Some(hard), Some(from)) = (missing.hard, &missing.hard_from)
        && hard > 0
    {
        let signs = count(u64::from(hard), "more hard sign");
        line(
            out,
            "or",
            &format!("{signs} from {from} on; then a second look"),
        )?;
    }
    Ok(())
}

fn write_next(next: &NextVisit, explained: &Explained, out: &mut dyn Write) -> Result<()> {
    heading(out, "Next visit")?;
    let due = if next.due { " (due now)" } else { "" };
    line(out, "at", &format!("{}{due}", next.at))?;
    let nth = next.count.unwrap_or(0);
    let interval = next.interval_hours.map_or(String::new(), hours);
    let rule = match next.rule {
        "first" => "it was not visited yet".to_owned(),
        "quiet" if nth == 0 => {
            format!("its first fine visit, or a change, or the end of an outage: {interval}")
        }
        "quiet" => {
            let visits = count(u64::from(nth), "visit");
            format!("{visits} in a row found nothing new: {interval}, doubling each time")
        }
        "unclear" => {
            let visits = count(u64::from(nth), "visit");
            format!("{visits} in a row could not tell: {interval}, doubling each time")
        }
        "open-strikes" => format!("it could not be told, and strikes are open: {interval}"),
        "failure" => format!("failure {nth} in a row: {interval}"),
        "dead" => format!(
            "it is dead, {} since: {interval}",
            count(u64::from(nth), "visit")
        ),
        "second-look" => "the second look is still to be made".to_owned(),
        _ => "its last visit does not count, so it is visited again soon".to_owned(),
    };
    line(out, "because", &rule)?;
    if next.interval_hours.is_some() {
        let cut =
            "a part is cut off that differs from source to source, so that not all come at once";
        writeln!(out, "              {DIM}{cut}{DIM:#}")?;
    }
    if let (Some(days), Some(by)) = (next.longest_days, next.longest_by) {
        let by = match by {
            "source" => "as configured for this source",
            "uncited" => "for no post cites it any more",
            "input" => "as configured for an input that cites it",
            "host" => "as configured for its host",
            "young-post" => "for a post that cites it is young",
            _ => "as for all sources",
        };
        let days = count(u64::try_from(days).unwrap_or(0), "day");
        line(out, "at most", &format!("{days}, {by}"))?;
    }
    if let (Some(by_rule), Some(moved_by)) = (&next.by_rule, next.moved_by) {
        let why = match moved_by {
            "made-due" => {
                "it was made due earlier: somebody asked for it, or the configuration changed"
            }
            "host-waits" => "its host asked to be left alone until then",
            _ => "it was put off",
        };
        line(
            out,
            "but",
            &format!("by that alone it would be {by_rule}; {why}"),
        )?;
    } else if let Some(until) = &next.host_waits_until {
        line(out, "host", &format!("is left alone until {until}"))?;
    }
    if explained.mark.as_ref().is_some_and(|mark| mark.holds) {
        line(out, "mark", "visits go on, whatever is marked")?;
    }
    Ok(())
}

fn hours(hours: i64) -> String {
    let number = u64::try_from(hours).unwrap_or(0);
    if number >= 24 && number.is_multiple_of(24) {
        count(number / 24, "day")
    } else {
        count(number, "hour")
    }
}

/// What would give a source a baseline.
const MEND: &str = "a copy of then, imported or by hand (capture URL --file FILE), would mend it";

fn write_baseline(explained: &Explained, out: &mut dyn Write) -> Result<()> {
    heading(out, "Copy")?;
    let baseline = &explained.baseline;
    let cited = baseline.cited_since.as_deref().unwrap_or("never by a post");
    match (&baseline.at, baseline.why) {
        (Some(at), None) => {
            let words = format!("that of {at} stands for what was cited (cited since {cited})");
            line(out, "baseline", &words)?;
        }
        (Some(at), Some(why)) => {
            let when = if why == "too-early" {
                "before"
            } else {
                "after"
            };
            let words = format!(
                "none: the copy of {at} is over 30 days {when} the citation ({cited}), and may be of another page; {MEND}"
            );
            line(out, "baseline", &words)?;
        }
        (None, Some("none-compares")) => {
            let words = format!(
                "none: no copy is from within 30 days of the citation ({cited}) and can be compared; {MEND}"
            );
            line(out, "baseline", &words)?;
        }
        (None, _) => {
            let robots = match explained.robots.as_deref() {
                Some("disallowed") => ", for robots.txt does not allow one",
                Some("unreachable") => ", for robots.txt could not be had",
                _ => "",
            };
            line(out, "baseline", &format!("none: we hold no copy{robots}"))?;
        }
    }
    line(out, "copies", &baseline.captures.to_string())
}

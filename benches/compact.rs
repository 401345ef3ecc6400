//! What payloads take once they are packed anew: pages, style sheets and scripts of the synthetic web of `../shared/speedweb`
//! beside `gzip -6`; what a second version of each page adds; how fast a version of many is read.
//!
//! `cargo bench --bench compact -- FOLDER [PAGES]`, where FOLDER is the one that `gen.py` wrote to.

#![expect(clippy::print_stdout, reason = "a benchmark says what it measured")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sourcekeep::run::compact::{Compact, Summary, compact};
use sourcekeep::store::{
    ByHand, Depth, Mode, NewCapture, NewExchange, Packed, PutDown, Store, Verifying, verify,
};

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    let mut arguments = std::env::args().skip(1).filter(|it| !it.starts_with("--"));
    let Some(folder) = arguments.next().map(PathBuf::from) else {
        println!("no folder of a synthetic web is named; nothing was measured");
        return Ok(());
    };
    let most = arguments.next().map_or(Ok(1000), |it| it.parse())?;
    let pages = pages(&folder.join("www"), most)?;
    let scratch = tempfile::tempdir()?;
    let path = scratch.path().join("a.db");
    let store = Store::open(&path, Mode::Create, 1)?;
    let (mut raw, mut gzipped) = (0, 0);
    for page in &pages {
        for payload in [&page.html, &page.style, &page.script] {
            raw += payload.len();
            gzipped += gzip(payload)?;
        }
    }
    for page in &pages {
        keep(&store, page, page.html.clone(), 1)?;
        requisite(
            &store,
            &format!("{}style.css", page.base),
            "text/css",
            &page.style,
        )?;
        requisite(
            &store,
            &format!("{}app.js", page.base),
            "text/javascript",
            &page.script,
        )?;
    }
    println!("{} pages with a style sheet and a script each", pages.len());
    println!("raw                       {raw:>12}");
    println!("gzip -6                   {gzipped:>12}");
    let before = stored(&store)?;
    println!(
        "as they came              {before:>12}  {:.1} % of gzip",
        share(before, gzipped)
    );
    let (summary, took) = measured(&store)?;
    let after = stored(&store)? + summary.dictionary_bytes as usize;
    println!(
        "packed anew, dictionaries {after:>12}  {:.1} % of gzip, in {:.1} s ({:.2} MB/s)",
        share(after, gzipped),
        took.as_secs_f64(),
        raw as f64 / 1e6 / took.as_secs_f64()
    );
    println!("                          {summary:?}");

    let size = store.read("measure", |r| r.size())?;
    let payloads = stored(&store)?;
    for page in &pages {
        keep(&store, page, changed(&page.html, 2), 2)?;
    }
    let (summary, took) = measured(&store)?;
    let grown = store.read("measure", |r| r.size())?.saturating_sub(size);
    println!(
        "again, a paragraph and the date changed: {:.0} bytes a page in the file, {:.0} of them the payload, in {:.1} s",
        grown as f64 / pages.len() as f64,
        (stored(&store)? - payloads) as f64 / pages.len() as f64,
        took.as_secs_f64()
    );
    println!("                          {summary:?}");

    let first = &pages[0];
    let mut html = first.html.clone();
    for version in 3..51 {
        html = changed(&html, version);
        keep(&store, first, html.clone(), version)?;
    }
    measured(&store)?;
    let captures = store.read("list", |r| r.captures(1))?;
    store.close();
    let store = Store::open(&path, Mode::Read, 1)?;
    let mut times: Vec<Duration> = Vec::new();
    for capture in &captures {
        let begun = Instant::now();
        store.read("read", |r| r.capture_body(capture.id))?;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    println!(
        "{} versions of a source of {} bytes take {} bytes; one is read in {:.2} ms, at most {:.2} ms",
        captures.len(),
        html.len(),
        captures.iter().map(|row| row.stored_size).sum::<i64>(),
        times[times.len() / 2].as_secs_f64() * 1e3,
        times[times.len() - 1].as_secs_f64() * 1e3
    );
    let how = Verifying {
        depth: Depth::Full,
        within: None,
    };
    let verified = verify(&path, how, |_| {})?;
    println!("verify: {} problems", verified.found);
    Ok(())
}

struct Page {
    url: String,
    base: String,
    html: Vec<u8>,
    style: Vec<u8>,
    script: Vec<u8>,
}

fn pages(www: &Path, most: usize) -> Result<Vec<Page>, Failed> {
    let mut pages = Vec::new();
    let mut hosts: Vec<_> = fs::read_dir(www)?.collect::<Result<_, _>>()?;
    hosts.sort_by_key(|host| host.file_name());
    for number in 0..100 {
        for host in &hosts {
            let own = host.path().join(format!("r/{number}"));
            if !own.exists() || pages.len() == most {
                continue;
            }
            let name = host.file_name().to_string_lossy().into_owned();
            pages.push(Page {
                url: format!("http://{name}/a/{number}.html"),
                base: format!("http://{name}/r/{number}/"),
                html: fs::read(host.path().join(format!("a/{number}.html")))?,
                style: fs::read(own.join("style.css"))?,
                script: fs::read(own.join("app.js"))?,
            });
        }
    }
    Ok(pages)
}

/// One paragraph is another, and so is the date, as when an article is edited.
fn changed(html: &[u8], version: i64) -> Vec<u8> {
    let text = String::from_utf8_lossy(html);
    let paragraphs: Vec<_> = text.match_indices("<p class=").collect();
    let (at, _) = paragraphs[(version as usize * 7) % paragraphs.len()];
    let end = text[at..].find("</p>").map_or(text.len(), |end| at + end);
    let words: Vec<_> = text[at..end].split(' ').collect();
    let turned: Vec<_> = words[1..].iter().rev().copied().collect();
    let new = format!(
        "{}<p class=\"edited\">Edited for the {version}th time. {}{}",
        &text[..at],
        turned.join(" "),
        &text[end..]
    );
    let date = new.find("datePublished").map_or(0, |at| at + 17);
    let mut new = new.into_bytes();
    new[date..date + 19].copy_from_slice(
        format!(
            "2026-{:02}-{:02}T08:00:00",
            version % 12 + 1,
            version % 28 + 1
        )
        .as_bytes(),
    );
    new
}

fn keep(store: &Store, page: &Page, html: Vec<u8>, at: i64) -> Result<(), Failed> {
    let url = page.url.clone();
    store.write_blocking("keep", move |w| {
        let host = url.split('/').nth(2).unwrap_or_default().to_owned();
        let (source_id, _) = w.find_or_add_source(&url, &host, &host, 1, None)?;
        let capture = NewCapture {
            source_id,
            address: url.clone(),
            at,
            kind: "by-hand",
            url: url.clone(),
            media_type: Some("text/html".to_owned()),
            title: None,
            body: Packed::new(&html),
            served: None,
            truncated: None,
            sealed_at: at,
            exchanges: Vec::new(),
            manifest: None,
            rendering: None,
        };
        let hand = ByHand {
            made_by: "bench".to_owned(),
            file: "a.html".to_owned(),
            dated_by: "said".to_owned(),
            named_url: None,
            note: None,
        };
        w.keep_by_hand(capture, &hand)
    })?;
    Ok(())
}

fn requisite(store: &Store, url: &str, media_type: &str, payload: &[u8]) -> Result<(), Failed> {
    let exchange = NewExchange {
        hop: 0,
        method: "GET".to_owned(),
        url: url.to_owned(),
        at: 1,
        peer: None,
        protocol: "HTTP/1.1".to_owned(),
        request_headers: "[]".to_owned(),
        status: 200,
        response_headers: format!("[[\"content-type\",\"{media_type}\"]]"),
        has_body: true,
        served: None,
        truncated: None,
    };
    let body = Packed::new(payload);
    store.write_blocking("keep", move |w| {
        w.put_requisite(&[exchange], &body, &PutDown::default())
    })?;
    Ok(())
}

fn measured(store: &Store) -> Result<(Summary, Duration), Failed> {
    let begun = Instant::now();
    let summary = compact(store, &Compact::default(), &|| false, |_| {})?;
    Ok((summary, begun.elapsed()))
}

/// Bytes that the payloads take.
fn stored(store: &Store) -> Result<usize, Failed> {
    let (mut all, mut after) = (0, 0);
    loop {
        let piece = store.read("measure", |r| r.blobs_after(after))?;
        if piece.blobs == 0 {
            return Ok(all);
        }
        all += piece.stored as usize;
        after = piece.newest;
    }
}

fn share(part: usize, of: usize) -> f64 {
    part as f64 * 100.0 / of as f64
}

/// Bytes that the program `gzip` makes of a payload.
fn gzip(payload: &[u8]) -> Result<usize, Failed> {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let mut child = Command::new("gzip")
        .args(["-6", "-n", "-c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().ok_or("no pipe")?;
    let payload = payload.to_owned();
    let writing = std::thread::spawn(move || input.write_all(&payload));
    let output = child.wait_with_output()?;
    writing.join().map_err(|_| "the writer failed")??;
    Ok(output.stdout.len())
}

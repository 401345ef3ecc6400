//! Milliseconds until a page that is stored has come, rewritten, over one connection to the listener of the copies: of several sizes,
//! and of its style sheet. What the page needs is kept with it; half of its lists of sizes name what is not.
//!
//! `cargo bench --bench serve`

#![expect(clippy::print_stdout, reason = "a benchmark says what it measured")]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Instant;

use sourcekeep::run::Clock;
use sourcekeep::serve::{Listeners, Places, Ways, serve};
use sourcekeep::store::{
    ByHand, Mode, NewCapture, NewExchange, NewManifest, NewRequisite, Packed, PutDown,
    RequisiteState, Store,
};
use tokio_util::sync::CancellationToken;

type Failed = Box<dyn std::error::Error>;

const AT: i64 = 1_767_600_000_000;
const WHEN: &str = "20260105080000";

fn main() -> Result<(), Failed> {
    let scratch = tempfile::tempdir()?;
    let store = Store::open(&scratch.path().join("a.db"), Mode::Create, 1)?;
    let sizes = [50, 500, 5_000];
    for kilobytes in sizes {
        keep(&store, kilobytes)?;
    }
    store.close();
    let store = Arc::new(Store::open(&scratch.path().join("a.db"), Mode::Read, 1)?);
    let runtime = tokio::runtime::Runtime::new()?;
    let any = "127.0.0.1:0".parse()?;
    let places = Places {
        at: [any; 2],
        named: [None, None],
    };
    let listeners = runtime.block_on(async { Listeners::bind(places, false) })?;
    let host = listeners.replay().replace("http://", "").replace('/', "");
    let clock = Clock::Fixed(AT);
    let tell = Box::new(|error: &_| println!("{error}"));
    runtime.spawn(serve(
        listeners,
        store,
        clock,
        Ways::default(),
        tell,
        CancellationToken::new(),
    ));
    println!("{:<12} {:>8} {:>8} {:>8}", "", "KB", "best ms", "median");
    for kilobytes in sizes {
        let path = format!("/web/{WHEN}/https://a.test/{kilobytes}");
        measure("page", &host, &path)?;
    }
    measure(
        "style sheet",
        &host,
        &format!("/web/{WHEN}-2cs_/https://a.test/s.css"),
    )?;
    measure(
        "picture",
        &host,
        &format!("/web/{WHEN}-2im_/https://a.test/i/1.jpg"),
    )
}

/// Keeps a page of this size, with what it needs.
fn keep(store: &Store, kilobytes: usize) -> Result<(), Failed> {
    let (page, pictures) = page(kilobytes * 1000);
    let address = format!("https://a.test/{kilobytes}");
    store.write_blocking("keep a page", move |w| {
        let (source_id, _) = w.find_or_add_source(&address, "a.test", "a.test", AT, None)?;
        let mut manifest = NewManifest::default();
        let style = "p { background: url(/w.png) } ".repeat(2000);
        let mut needed = vec![("style", "/s.css".to_owned(), "text/css", style)];
        for number in 0..pictures {
            let body = format!("picture {number} of {kilobytes}");
            needed.push(("image", format!("/i/{number}.jpg"), "image/jpeg", body));
        }
        for (kind, path, media_type, body) in needed {
            let put_down = PutDown::default();
            let exchange = exchange(format!("https://a.test{path}"), media_type);
            w.put_requisite(&[exchange], &Packed::new(body.as_bytes()), &put_down)?;
            manifest.requisites.push(NewRequisite {
                kind,
                state: RequisiteState::Has(put_down),
            });
        }
        let capture = NewCapture {
            source_id,
            address: address.clone(),
            at: AT,
            kind: "by-hand",
            url: address,
            media_type: Some("text/html; charset=utf-8".to_owned()),
            title: Some("Wells".to_owned()),
            body: Packed::new(page.as_bytes()),
            served: None,
            truncated: None,
            sealed_at: AT,
            exchanges: Vec::new(),
            manifest: Some(manifest),
            rendering: None,
        };
        let by_hand = ByHand {
            made_by: "a benchmark".to_owned(),
            file: "a.html".to_owned(),
            dated_by: "said".to_owned(),
            named_url: None,
            note: None,
        };
        w.keep_by_hand(capture, &by_hand)
    })?;
    Ok(())
}

fn exchange(url: String, media_type: &str) -> NewExchange {
    NewExchange {
        hop: 0,
        method: "GET".to_owned(),
        url,
        at: AT,
        peer: None,
        protocol: "HTTP/1.1".to_owned(),
        request_headers: "[]".to_owned(),
        status: 200,
        response_headers: format!("[[\"content-type\",\"{media_type}\"]]"),
        has_body: true,
        served: None,
        truncated: None,
    }
}

/// A page of about so many bytes, and how many pictures it shows.
fn page(bytes: usize) -> (String, usize) {
    let mut page =
        String::from("<!doctype html><title>Wells</title><link rel=stylesheet href=/s.css>");
    let mut at = 0;
    while page.len() < bytes {
        let _ = write!(
            page,
            "<div class=\"section s{at}\" onclick=\"x()\"><h2 id=h{at}>Well {at}</h2><p style=\"color:#222\">The wells of the valley \
             are deeper than the church is high, says <a href=\"/well/{at}?a=1&amp;b=2\" target=_blank>the sexton</a>, and older than \
             its oldest stone.<img src=\"/i/{at}.jpg\" srcset=\"/i/{at}.jpg 1x, /i/{at}@2.jpg 2x\" alt=well></p></div>"
        );
        at += 1;
    }
    (page, at)
}

fn measure(name: &str, host: &str, path: &str) -> Result<(), Failed> {
    let mut stream = TcpStream::connect(host)?;
    stream.set_nodelay(true)?;
    let mut answers = BufReader::with_capacity(1 << 20, stream.try_clone()?);
    let mut all = Vec::new();
    let mut size = 0;
    for _ in 0..31 {
        let start = Instant::now();
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes())?;
        let (mut line, mut length) = (String::new(), 0);
        loop {
            line.clear();
            answers.read_line(&mut line)?;
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse()?;
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        answers.read_exact(&mut body)?;
        all.push(start.elapsed().as_secs_f64() * 1e3);
        size = length;
    }
    all.sort_by(f64::total_cmp);
    println!(
        "{name:<12} {:>8.0} {:>8.2} {:>8.2}",
        size as f64 / 1e3,
        all[0],
        all[all.len() / 2]
    );
    Ok(())
}

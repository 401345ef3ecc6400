//! Real crawls as the live web: an archive's own tool serves them as an HTTP proxy, and what we store is held to the
//! crawls' own index, which another reader made.
//!
//! Needs pywb (`pip install 'pywb==2.10.0' 'setuptools<81'`): looked for in the folder `SOURCEKEEP_PYWB` names, or on
//! PATH. Without it, or without the crawls, one line says that nothing was tried; under `SOURCEKEEP_REQUIRE_TOOLS=1`
//! the missing tool is a failure.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read what was written has failed"
)]

mod real;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsStr;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use real::{corpus, say, sourcekeep};
use serde_json::Value;
use sourcekeep::address::surt;
use sourcekeep::store::{Mode, Store};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

/// Crawls by wget, Heritrix, browsers and others, 1 to 94 responses each. Not among them: one whose dates pywb cannot
/// index, and the WACZ and ARC files, which it takes in other ways.
const CRAWLS: &[&str] = &[
    "Florents-Tselai+WarcDB__frontpages.warc.gz",
    "archivesunleashed+aut__example.docs.warc.gz",
    "commoncrawl+whirlwind-python__whirlwind.warc",
    "harvard-lil+js-wacz__lil-projects.warc.gz",
    "hrbrmstr+warc__20160901-00000.warc.gz",
    "iipc+webarchive-commons__IAH-urls-wget.warc",
    "oduwsdl+ipwb__frogTest.warc",
    "oduwsdl+ipwb__froggie.warc.gz",
    "oduwsdl+ipwb__sample-1.warc.gz",
    "openzim+warc2zim__http-return-codes.warc.gz",
    "openzim+warc2zim__main-entry-403.warc.gz",
    "openzim+warc2zim__solidaritenum.warc.gz",
    "servo+servo-warc-tests__Baidu__rec-20180221105728786818-PUCHE.warc.gz",
    "servo+servo-warc-tests__Wikipedia__rec-20180220120751277617-PUCHE.warc.gz",
    "ukwa+webarchive-discovery__BL-20140325121225068-00000-32090~opera~8443.warc.gz",
    "ukwa+webarchive-discovery__BL-20140325122341434-00000-32090~opera~8443.warc.gz",
    "webrecorder+py-wacz__example-iana.warc",
    "webrecorder+pywb__iana.warc.gz",
    "webrecorder+replayweb.page__embed-test.warc",
];

/// Not asked for: the proxy does not answer for them as the sites did.
const NOT_ASKED: &[(&str, &str)] = &[
    (
        "https://website.test.openzim.org/204-response",
        "recorded with status 0, which is none; the proxy sends nothing",
    ),
    (
        "https://website.test.openzim.org/300-response",
        "recorded without its body; the proxy announces 10 bytes and keeps the connection",
    ),
    ("https://website.test.openzim.org/303-response", "the same"),
    ("https://website.test.openzim.org/305-response", "the same"),
    ("https://website.test.openzim.org/306-response", "the same"),
];

/// Crawls whose records hold more of a body than their Content-Length says. HTTP ends where it says, so that what is
/// captured is the beginning of what was recorded.
const CUT_SHORT: &[(&str, &str)] = &[
    (
        "oduwsdl+ipwb__frogTest.warc",
        "edited by hand: 212 bytes under Content-Length: 176",
    ),
    (
        "webrecorder+py-wacz__example-iana.warc",
        "bodies were recorded decoded, with the Content-Length of the coded ones",
    ),
];

/// A page of a crawl, as a post.
const POST: &str = "http://data.gov.uk/blog/introducing-hampshire-hub-0";

const FIRST: &str = "2026-01-01T00:00:00Z";
const NEXT_DAY: &str = "2026-01-02T01:00:00Z";

/// pywb's `wb-manager` and `wayback`, and the `warcio` that it is made with.
struct Tools {
    warcio: PathBuf,
    manager: PathBuf,
    wayback: PathBuf,
}

impl Tools {
    fn find() -> Option<Self> {
        let folders: Vec<PathBuf> = std::env::var_os("SOURCEKEEP_PYWB")
            .map(PathBuf::from)
            .into_iter()
            .chain(std::env::split_paths(
                &std::env::var_os("PATH").unwrap_or_default(),
            ))
            .collect();
        let tool = |name: &str| {
            let mut paths = folders.iter().map(|folder| folder.join(name));
            paths.find(|path| path.is_file())
        };
        let (manager, wayback) = (tool("wb-manager"), tool("wayback"));
        if let (Some(manager), Some(wayback), Some(warcio)) = (manager, wayback, tool("warcio")) {
            return Some(Self {
                warcio,
                manager,
                wayback,
            });
        }
        let required = std::env::var_os("SOURCEKEEP_REQUIRE_TOOLS").is_some_and(|one| one == "1");
        assert!(!required, "no pywb in SOURCEKEEP_PYWB or on PATH");
        say("skipped: no pywb in SOURCEKEEP_PYWB or on PATH");
        None
    }
}

/// A process that ends with this.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Crawls served as a proxy, until this is dropped.
struct Replay {
    addr: SocketAddr,
    _running: Running,
    folder: tempfile::TempDir,
}

impl Replay {
    fn start(tools: &Tools, crawls: &[PathBuf]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let manage = |args: &[&OsStr]| {
            let mut command = Command::new(&tools.manager);
            let output = command.args(args).current_dir(folder.path()).output();
            String::from_utf8_lossy(&output.unwrap().stderr).into_owned()
        };
        manage(&["init".as_ref(), "web".as_ref()]);
        let mut args: Vec<&OsStr> = vec!["add".as_ref(), "web".as_ref()];
        args.extend(crawls.iter().map(|path| path.as_os_str()));
        let said = manage(&args);
        // It ends with 0 whatever happened.
        let index = folder.path().join("collections/web/indexes/index.cdxj");
        assert!(index.is_file(), "pywb made no index:\n{said}");
        let config = "proxy: {coll: web, enable_banner: false, enable_wombat: false, \
                      enable_content_rewrite: false}\n";
        std::fs::write(folder.path().join("config.yaml"), config).unwrap();
        // A port that is free now may be taken by another before it is ours.
        for _ in 0..3 {
            let free = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let addr = free.local_addr().unwrap();
            drop(free);
            let log = std::fs::File::create(folder.path().join("wayback.log")).unwrap();
            let child = Command::new(&tools.wayback)
                .args(["--proxy", "web", "-b", "127.0.0.1", "-p"])
                .arg(addr.port().to_string())
                .current_dir(folder.path())
                .stdin(Stdio::null())
                .stdout(log.try_clone().unwrap())
                .stderr(log)
                .spawn();
            let mut running = Running(child.unwrap());
            if comes_up(&mut running.0, addr) {
                return Self {
                    addr,
                    _running: running,
                    folder,
                };
            }
        }
        let log = std::fs::read(folder.path().join("wayback.log")).unwrap_or_default();
        panic!("pywb did not start:\n{}", String::from_utf8_lossy(&log));
    }

    /// Runs the program with the crawls as its web.
    fn sourcekeep(&self, folder: &Path, args: &[&str]) -> real::Ran {
        let proxy = format!("http://{}", self.addr);
        let ca_cert = self.folder.path().join("proxy-certs/pywb-ca.pem");
        let mut all = args.to_vec();
        all.extend(["--proxy", &proxy, "--ca-cert", ca_cert.to_str().unwrap()]);
        // It makes a certificate for each domain when it is first asked for it, and drops the connection of a second
        // that asks for the same at that moment.
        all.extend(["--host-delay", "0", "--concurrency", "1"]);
        sourcekeep(folder, &all)
    }
}

/// Waits until the proxy answers; false where it ended instead.
fn comes_up(child: &mut Child, addr: SocketAddr) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut again = tokio::time::interval(Duration::from_millis(50));
        let waiting = async {
            loop {
                again.tick().await;
                if !matches!(child.try_wait(), Ok(None)) {
                    return false;
                }
                if ask(addr).await.is_some() {
                    return true;
                }
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(90), waiting).await;
        waited.unwrap_or(false)
    })
}

async fn ask(addr: SocketAddr) -> Option<()> {
    let mut stream = TcpStream::connect(addr).await.ok()?;
    let request = b"GET http://nowhere.test/ HTTP/1.0\r\nHost: nowhere.test\r\n\r\n";
    stream.write_all(request).await.ok()?;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).await.ok()?;
    (&answer == b"HTTP/").then_some(())
}

/// What the crawls' own index says of one response.
#[derive(Debug)]
struct Record {
    crawl: &'static str,
    status: u16,
    body_sha256: String,
    body_len: u64,
}

/// The crawls' own index.
struct Index {
    /// By the key under which archives look captures up. Those of `http` and `https` are the same.
    records: HashMap<String, Vec<Record>>,
    /// The addresses of responses, in order.
    addresses: Vec<String>,
}

impl Index {
    fn read(corpus: &Path) -> Self {
        let file = real::load(&corpus.join("warc-crawls.expected-index.json.gz"));
        let index: Value = serde_json::from_slice(&file).unwrap();
        let (mut records, mut addresses) = (HashMap::<String, Vec<Record>>::new(), Vec::new());
        for crawl in CRAWLS {
            for record in index[crawl]["records"].as_array().unwrap() {
                let address = record[1].as_str().unwrap_or_default();
                let status = record[3].as_str().and_then(|status| status.parse().ok());
                let (true, Some(status)) = (address.starts_with("http"), status) else {
                    continue;
                };
                if record[0] == "response" {
                    if !addresses.iter().any(|one| one == address) {
                        addresses.push(address.to_owned());
                    }
                } else if record[0] != "revisit" {
                    continue;
                }
                records.entry(key(address)).or_default().push(Record {
                    crawl,
                    status,
                    body_len: record[7].as_u64().unwrap_or_default(),
                    body_sha256: record[6].as_str().unwrap_or_default().to_owned(),
                });
            }
        }
        Self { records, addresses }
    }

    fn of(&self, address: &str) -> &[Record] {
        self.records.get(&key(address)).map_or(&[], Vec::as_slice)
    }

    /// Whether the crawls' sites answered so. What the crawls do not hold, the proxy answers with 404 by itself.
    fn has_status(&self, address: &str, status: u16) -> bool {
        let records = self.of(address);
        records.iter().any(|record| record.status == status) || records.is_empty() && status == 404
    }

    /// What captures of an address can be of: the bodies of its fine responses.
    fn bodies(&self, address: &str) -> impl Iterator<Item = &Record> {
        let records = self.of(address).iter();
        records.filter(|record| (200..300).contains(&record.status))
    }

    fn leads_elsewhere(&self, address: &str) -> bool {
        let records = self.of(address);
        let leads = |record: &Record| matches!(record.status, 301 | 302 | 307 | 308);
        !records.is_empty() && records.iter().all(leads)
    }
}

fn key(address: &str) -> String {
    surt(&Url::parse(address).unwrap())
}

/// What was stored of a visit.
struct Visit {
    source: String,
    hops: Vec<(String, u16)>,
    failure: Option<String>,
}

/// The newest visit of each source.
fn visits(archive: &Path) -> BTreeMap<String, Visit> {
    let connection = rusqlite::Connection::open(archive).unwrap();
    let mut query = connection
        .prepare(
            "select s.address, o.facts from source s join visit v on v.id = s.last_visit_id \
             join outcomes o on o.id = v.outcome_id",
        )
        .unwrap();
    let rows = query.query_map([], |row| {
        let (source, facts): (String, String) = (row.get(0)?, row.get(1)?);
        let facts: Value = serde_json::from_str(&facts).unwrap();
        let hops = facts["hops"].as_array().unwrap().iter().map(|hop| {
            let status = u16::try_from(hop["status"].as_u64().unwrap()).unwrap();
            (hop["url"].as_str().unwrap().to_owned(), status)
        });
        let visit = Visit {
            source: source.clone(),
            hops: hops.collect(),
            failure: facts
                .get("failure")
                .filter(|one| !one.is_null())
                .map(ToString::to_string),
        };
        Ok((source, visit))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// How many rows of what is new at a change there are.
fn stored(archive: &Path) -> Vec<i64> {
    let connection = rusqlite::Connection::open(archive).unwrap();
    let count = |table| {
        let query = format!("select count(*) from {table}");
        connection.query_row(&query, [], |row| row.get(0)).unwrap()
    };
    [
        "outcome", "capture", "blob", "exchange", "verdict", "source",
    ]
    .map(count)
    .to_vec()
}

fn percent(part: usize, whole: usize) -> f64 {
    let number = |count| f64::from(u32::try_from(count).unwrap());
    100.0 * number(part) / number(whole)
}

#[test]
fn crawls_are_gathered_captured_and_checked_again() {
    let Some(corpus) = corpus() else { return };
    let Some(tools) = Tools::find() else { return };
    let folder = corpus.join("warc-crawls");
    let crawls: Vec<PathBuf> = CRAWLS.iter().map(|name| folder.join(name)).collect();
    let replay = Replay::start(&tools, &crawls);
    let index = Index::read(&corpus);
    let place = tempfile::tempdir().unwrap();
    let archive = place.path().join("sourcekeep.db");
    // The crawls' robots.txt spoke to other robots, in another year.
    // What is held to the crawls is what their servers sent, not what a browser makes of it today.
    let config = "[fetch]\nrobots = \"ignore\"\n\n[browser]\nwhen = \"never\"\n";
    std::fs::write(place.path().join("sourcekeep.toml"), config).unwrap();
    let is_asked = |address: &&String| !NOT_ASKED.iter().any(|(one, _)| one == *address);
    let asked: Vec<&String> = index.addresses.iter().filter(is_asked).collect();
    assert_eq!(asked.len() + NOT_ASKED.len(), index.addresses.len());
    let list: Vec<&str> = asked.iter().map(|address| address.as_str()).collect();
    std::fs::write(place.path().join("list.txt"), list.join("\n")).unwrap();

    let run = [
        "run", "--as", "list", "list.txt", "--format", "json", "--now", FIRST,
    ];
    let done = replay.sourcekeep(place.path(), &run).ended(0, "run").json();
    assert_eq!(done["run"]["faults"], 0);
    let seen = visits(&archive);
    assert_eq!(seen.len() as u64, done["sources"].as_u64().unwrap());
    compare_statuses(&index, &asked, &seen);
    compare_bodies(&index, &folder, &archive);

    let before = stored(&archive);
    let check = ["check", "--all", "--format", "jsonl", "--now", NEXT_DAY];
    let checked = replay.sourcekeep(place.path(), &check).ended(0, "check");
    let mut count = 0;
    for one in checked.jsonl() {
        let url = one["url"].as_str().unwrap();
        let status = seen[url].hops.last().map(|(_, status)| *status);
        assert_eq!(one["status"].as_u64(), status.map(u64::from), "{one}");
        assert!(
            one["confirmed"] == true && one["captured"] == false,
            "{one}"
        );
        count += 1;
    }
    assert_eq!(count, seen.len());
    assert_eq!(
        stored(&archive),
        before,
        "nothing new is stored of what has not changed"
    );

    let store = Store::open(&archive, Mode::Read, 0).unwrap();
    let verified = store.read("verify", |r| r.verify()).unwrap();
    assert_eq!(verified.problems, Vec::<String>::new());
    assert_eq!(verified.visits, 2 * seen.len() as u64);
    a_page_as_a_post(&replay, &index);
    drop(replay);
    what_was_captured_is_served_again(&tools, place.path(), &run);
}

/// Exported, the captures are a crawl that other tools find right and serve: captured from there, they are the same.
fn what_was_captured_is_served_again(tools: &Tools, place: &Path, run: &[&str]) {
    let export = ["export", "warc", "-o", "export.warc.gz", "--format", "json"];
    let exported = sourcekeep(place, &export).ended(0, "export").json();
    let export = place.join("export.warc.gz");
    let mut check = Command::new(&tools.warcio);
    let checked = check.arg("check").arg(&export).output().unwrap();
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success() && said.trim().is_empty(), "{said}");
    let replay = Replay::start(tools, &[export]);
    let again = tempfile::tempdir().unwrap();
    for name in ["sourcekeep.toml", "list.txt"] {
        std::fs::copy(place.join(name), again.path().join(name)).unwrap();
    }
    let _ = replay.sourcekeep(again.path(), run).ended(0, "run");
    let (first, second) = (
        captured(&place.join("sourcekeep.db")),
        captured(&again.path().join("sourcekeep.db")),
    );
    let wrong: Vec<_> = first.iter().filter(|one| !second.contains(one)).collect();
    say(&format!(
        "crawls: {} of {} captures are the same from {} exported records",
        first.len() - wrong.len(),
        first.len(),
        exported["records"]
    ));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Address and body of the first capture of each source.
fn captured(archive: &Path) -> BTreeSet<(String, String, String)> {
    let connection = rusqlite::Connection::open(archive).unwrap();
    let mut query = connection
        .prepare("select source, url, lower(hex(sha256)) from captures where id in (select min(id) from capture group by source_id)")
        .unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

/// Each hop's status is one that the crawls have for its address.
fn compare_statuses(index: &Index, asked: &[&String], seen: &BTreeMap<String, Visit>) {
    let (mut right, mut all, mut redirects, mut wrong) = (0, 0, 0, Vec::new());
    for address in asked {
        let url = sourcekeep::address::parse(address, None).unwrap();
        let canonical = sourcekeep::address::canonical(&url);
        let visit = &seen[canonical.as_str()];
        for (url, status) in &visit.hops {
            all += 1;
            if index.has_status(url, *status) {
                right += 1;
            } else {
                wrong.push(format!("{url}: {status}, not {:?}", index.of(url)));
            }
        }
        if visit.hops.is_empty() || visit.failure.is_some() {
            all += 1;
            wrong.push(format!("{}: {:?}", visit.source, visit.failure));
        }
        if index.leads_elsewhere(address) {
            redirects += 1;
            assert!(
                visit.hops.len() > 1,
                "{address}: a redirect is followed and on record, not {:?} {:?}",
                visit.hops,
                visit.failure
            );
        }
    }
    let agreement = percent(right, all);
    say(&format!(
        "crawls: {agreement:.2} % of {all} statuses of {} addresses agree, {redirects} redirects on record",
        asked.len()
    ));
    assert!(redirects >= 20);
    assert!(agreement >= 100.0, "{wrong:#?}");
}

/// Each capture's body is one that the crawls have for its address.
fn compare_bodies(index: &Index, crawls: &Path, archive: &Path) {
    let captures: Vec<(i64, String, String)> = {
        let connection = rusqlite::Connection::open(archive).unwrap();
        let mut query = connection
            .prepare("select id, url, lower(hex(sha256)) from captures")
            .unwrap();
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        rows.unwrap().map(Result::unwrap).collect()
    };
    let cut_short: HashMap<&str, Vec<u8>> = CUT_SHORT
        .iter()
        .map(|(crawl, _)| {
            let mut bytes = real::load(&crawls.join(crawl));
            // The name does not say that it is packed.
            if bytes.starts_with(&[0x1f, 0x8b]) {
                bytes = real::gunzip(&bytes);
            }
            (*crawl, bytes)
        })
        .collect();
    let store = Store::open(archive, Mode::Read, 0).unwrap();
    let (mut right, mut beginnings, mut wrong) = (0, 0, Vec::new());
    for (id, url, digest) in &captures {
        if index
            .bodies(url)
            .any(|record| record.body_sha256 == *digest)
        {
            right += 1;
            continue;
        }
        let body = store.read("read a capture", |r| r.capture_body(*id));
        let body = body.unwrap().unwrap();
        let is_beginning = index.bodies(url).any(|record| {
            let crawl = cut_short.get(record.crawl);
            record.body_len > body.len() as u64
                && crawl.is_some_and(|crawl| memchr::memmem::find(crawl, &body).is_some())
        });
        if is_beginning {
            beginnings += 1;
        } else {
            wrong.push(format!("{url}: {digest}"));
        }
    }
    let agreement = percent(right, captures.len() - beginnings);
    say(&format!(
        "crawls: {agreement:.2} % of {} captured bodies agree; {beginnings} more are beginnings, as their \
         Content-Length says",
        captures.len() - beginnings
    ));
    assert!(captures.len() > 300);
    assert!(beginnings <= 18 && agreement >= 100.0, "{wrong:#?}");
}

/// What a page of a crawl cites becomes sources, and these are visited in the same crawl.
fn a_page_as_a_post(replay: &Replay, index: &Index) {
    let place = tempfile::tempdir().unwrap();
    let links = ["links", POST, "--format", "jsonl"];
    let links = replay.sourcekeep(place.path(), &links).ended(0, "links");
    let cited: BTreeSet<String> = links
        .jsonl()
        .map(|link| link["canonical"].as_str().unwrap().to_owned())
        .collect();
    assert!(!cited.is_empty());
    let run = ["run", POST, "--format", "json"];
    let done = replay.sourcekeep(place.path(), &run).ended(0, "run").json();
    assert_eq!(done["posts"], 1);
    let seen = visits(&place.path().join("sourcekeep.db"));
    assert!(seen.keys().eq(cited.iter()), "{cited:?}");
    for (url, status) in seen.values().flat_map(|visit| &visit.hops) {
        assert!(index.has_status(url, *status), "{url}: {status}");
    }
    say(&format!("crawls: {POST} cites {} sources", cited.len()));
}

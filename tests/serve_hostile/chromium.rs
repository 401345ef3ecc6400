//! Chromium, led over a pipe, all of whose requests are written down.
//!
//! Two recorders: what pages say that they ask for (`Network` of the `DevTools` protocol, of every page, frame and worker), and the log
//! that the browser's network service keeps of itself, in which names are that were looked up, connections, and sockets as well.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use command_fds::{CommandFdExt, FdMapping};
use serde_json::{Value, json};
use url::Url;

const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
];

/// Nothing more is expected when nothing was said for so long.
const QUIET: Duration = Duration::from_millis(500);
/// So long is waited at most for that, or for an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where it is; says so if it is nowhere.
pub(crate) fn find() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders)
        .flat_map(|folder| NAMES.map(|name| folder.join(name)))
        .find(|path| path.is_file());
    let required = std::env::var_os("SOURCEKEEP_REQUIRE_TOOLS").is_some_and(|one| one == "1");
    assert!(found.is_some() || !required, "no Chromium on PATH");
    if found.is_none() {
        let _ = writeln!(std::io::stderr(), "skipped: no Chromium on PATH");
    }
    found
}

pub(crate) struct Chromium {
    child: Child,
    to: PipeWriter,
    from: Receiver<Value>,
    last: u64,
    profile: tempfile::TempDir,
    /// Every event so far.
    pub(crate) events: Vec<Value>,
}

/// A tab.
#[derive(Debug, Clone)]
pub(crate) struct Tab {
    pub(crate) target: String,
    session: String,
}

/// What a browser did in its life.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// Hosts, with their ports where they are known, that it wanted something of, or looked up, and how it is known.
    pub(crate) wanted: BTreeSet<(String, String)>,
    /// What is left in its folder: the files, and what stands in them.
    pub(crate) left: Vec<(String, Vec<u8>)>,
}

impl Chromium {
    /// Starts it; every name leads to this address.
    pub(crate) fn start(program: &Path, web: std::net::SocketAddr) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let (their_read, to) = std::io::pipe().unwrap();
        let (our_read, their_write) = std::io::pipe().unwrap();
        let mut command = Command::new(program);
        command
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
            .args(["--remote-debugging-pipe", "--window-size=1280,800"])
            .args(["--disable-background-networking", "--disable-component-update"])
            .args(["--disable-sync", "--disable-default-apps", "--disable-extensions"])
            .args(["--ignore-certificate-errors", "--metrics-recording-only", "--password-store=basic"])
            .args(["--disable-domain-reliability", "--mute-audio"])
            .arg("--disable-features=OptimizationHints,MediaRouter,Translate,InterestFeedContentSuggestions,NetworkTimeServiceQuerying")
            .arg("--net-log-capture-mode=IncludeSensitive")
            .arg(format!("--log-net-log={}", profile.path().join("net.json").display()))
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!("--host-resolver-rules=MAP * {web}, EXCLUDE 127.0.0.1, EXCLUDE localhost"))
            // Or it opens what the distribution takes for a home.
            .arg("about:blank")
            .env("HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .fd_mappings(vec![
                FdMapping { parent_fd: their_read.into(), child_fd: 3 },
                FdMapping { parent_fd: their_write.into(), child_fd: 4 },
            ])
            .unwrap();
        let child = command.spawn().unwrap();
        // The ends that are the browser's are open here until this is dropped.
        drop(command);
        let (said, from) = channel();
        std::thread::spawn(move || read(our_read, &said));
        let mut browser = Self {
            child,
            to,
            from,
            last: 0,
            profile,
            events: Vec::new(),
        };
        browser.follow(None);
        browser
    }

    /// Whatever opens from there is heard as well.
    fn follow(&mut self, session: Option<&str>) {
        let how = json!({"autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true});
        self.send(session, "Target.setAutoAttach", how);
    }

    fn send(&mut self, session: Option<&str>, method: &str, params: impl Into<Value>) -> u64 {
        self.last += 1;
        let mut said = json!({"id": self.last, "method": method, "params": params.into()});
        if let Some(session) = session {
            said["sessionId"] = json!(session);
        }
        let mut said = said.to_string();
        said.push('\0');
        self.to.write_all(said.as_bytes()).unwrap();
        self.last
    }

    /// Asks the browser, or a tab, for something.
    pub(crate) fn ask(&mut self, tab: Option<&Tab>, method: &str, params: Value) -> Value {
        let id = self.send(tab.map(|tab| tab.session.as_str()), method, params);
        let begun = Instant::now();
        loop {
            assert!(begun.elapsed() < PATIENCE, "no answer to {method}");
            let Ok(said) = self.from.recv_timeout(PATIENCE) else {
                panic!("no answer to {method}");
            };
            if said["id"] == json!(id) {
                return said;
            }
            self.hear(said);
        }
    }

    fn hear(&mut self, said: Value) {
        match said["method"].as_str() {
            Some("Target.attachedToTarget") => {
                let session = said["params"]["sessionId"].as_str().unwrap().to_owned();
                self.follow(Some(&session));
                // As if the user looked at each of them.
                let looked_at = json!({"enabled": true});
                self.send(
                    Some(&session),
                    "Emulation.setFocusEmulationEnabled",
                    looked_at,
                );
                for method in [
                    "Runtime.enable",
                    "Page.enable",
                    "Network.enable",
                    "Runtime.runIfWaitingForDebugger",
                ] {
                    self.send(Some(&session), method, json!({}));
                }
            }
            Some("Page.javascriptDialogOpening") => {
                let session = said["sessionId"].as_str().unwrap().to_owned();
                self.send(
                    Some(&session),
                    "Page.handleJavaScriptDialog",
                    json!({"accept": true}),
                );
            }
            Some(_) => {}
            // An answer that nobody waits for.
            None => return,
        }
        self.events.push(said);
    }

    /// Listens until nothing happens any more.
    pub(crate) fn quiet(&mut self) {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            match self.from.recv_timeout(QUIET) {
                Ok(said) => self.hear(said),
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => panic!("the browser has ended"),
            }
        }
    }

    /// Opens a tab with an address; it loads when something is waited for.
    pub(crate) fn open(&mut self, address: &str) -> Tab {
        let said = self.ask(None, "Target.createTarget", json!({"url": address}));
        let target = said["result"]["targetId"].as_str().unwrap().to_owned();
        let session = loop {
            let attached = self.events.iter().find(|event| {
                event["method"] == "Target.attachedToTarget"
                    && event["params"]["targetInfo"]["targetId"] == json!(target)
            });
            if let Some(event) = attached {
                break event["params"]["sessionId"].as_str().unwrap().to_owned();
            }
            let said = self.from.recv_timeout(PATIENCE).unwrap();
            self.hear(said);
        };
        Tab { target, session }
    }

    /// The frame that opened last.
    pub(crate) fn frame(&self) -> Option<Tab> {
        let attached = self.events.iter().rev();
        let frame = attached
            .filter(|event| event["method"] == "Target.attachedToTarget")
            .map(|event| &event["params"])
            .find(|told| told["targetInfo"]["type"] == "iframe")?;
        Some(Tab {
            target: frame["targetInfo"]["targetId"].as_str()?.to_owned(),
            session: frame["sessionId"].as_str()?.to_owned(),
        })
    }

    /// Clicks as a user does.
    pub(crate) fn click(&mut self, tab: &Tab, x: u32, y: u32) {
        for what in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let how = json!({"type": what, "x": x, "y": y, "button": "left", "clickCount": 1});
            self.send(Some(&tab.session), "Input.dispatchMouseEvent", how);
        }
    }

    /// All that is open, but what belongs to the browser: kind and address.
    pub(crate) fn targets(&mut self) -> Vec<(String, String)> {
        let said = self.ask(None, "Target.getTargets", json!({}));
        let all = said["result"]["targetInfos"].as_array().unwrap().iter();
        all.map(|one| {
            let text = |name: &str| one[name].as_str().unwrap().to_owned();
            (text("type"), text("url"))
        })
        .collect()
    }

    /// Closes all tabs, with what they have opened.
    pub(crate) fn close_tabs(&mut self) {
        let said = self.ask(None, "Target.getTargets", json!({}));
        for one in said["result"]["targetInfos"].as_array().unwrap() {
            if one["type"] == "page" && one["url"] != "about:blank" {
                self.ask(
                    None,
                    "Target.closeTarget",
                    json!({"targetId": one["targetId"]}),
                );
            }
        }
    }

    /// What scripts have written to the console: each such word is written by none but the test's.
    pub(crate) fn ran(&self) -> BTreeSet<String> {
        let said = self
            .events
            .iter()
            .filter(|event| event["method"] == "Runtime.consoleAPICalled");
        said.filter_map(|event| {
            event["params"]["args"][0]["value"]
                .as_str()?
                .strip_prefix("ran:")
        })
        .map(str::to_owned)
        .collect()
    }

    /// How often something was asked for whose address ends so.
    pub(crate) fn asked_for(&self, ending: &str) -> usize {
        let asked = self
            .events
            .iter()
            .filter(|event| event["method"] == "Network.requestWillBeSent")
            .filter_map(|event| event["params"]["request"]["url"].as_str());
        asked.filter(|address| address.ends_with(ending)).count()
    }

    /// Names and values of all cookies.
    pub(crate) fn cookies(&mut self) -> Vec<String> {
        let said = self.ask(None, "Storage.getCookies", json!({}));
        let all = said["result"]["cookies"].as_array().unwrap().iter();
        all.map(|one| {
            format!(
                "{}={}",
                one["name"].as_str().unwrap(),
                one["value"].as_str().unwrap()
            )
        })
        .collect()
    }

    /// Ends it, and tells what it did.
    pub(crate) fn ends(mut self) -> Record {
        let mut record = Record::default();
        for event in &self.events {
            let address = match event["method"].as_str() {
                Some("Network.requestWillBeSent") => &event["params"]["request"]["url"],
                Some("Network.webSocketCreated" | "Network.webTransportCreated") => {
                    &event["params"]["url"]
                }
                Some("Target.targetCreated" | "Target.attachedToTarget") => {
                    &event["params"]["targetInfo"]["url"]
                }
                _ => continue,
            };
            wanted(address.as_str().unwrap(), "DevTools", &mut record.wanted);
        }
        self.send(None, "Browser.close", json!({}));
        let ended = self.child.wait().unwrap();
        assert!(ended.success(), "{ended}");
        for folder in [
            "Default/Local Storage/leveldb",
            "Default/Session Storage",
            "Default/Service Worker",
            "Default/IndexedDB",
            "Default",
        ] {
            files(
                &self.profile.path().join(folder),
                folder == "Default/Service Worker" || folder == "Default/IndexedDB",
                &mut record.left,
            );
        }
        logged(&self.profile.path().join("net.json"), &mut record.wanted);
        record
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // One that has ended cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(from: PipeReader, to: &std::sync::mpsc::Sender<Value>) {
    let mut from = BufReader::new(from);
    let mut said = Vec::new();
    while from.read_until(0, &mut said).is_ok_and(|length| length > 0) {
        said.pop();
        if to.send(serde_json::from_slice(&said).unwrap()).is_err() {
            return;
        }
        said.clear();
    }
}

/// Whom an address asks.
fn wanted(address: &str, how: &str, all: &mut BTreeSet<(String, String)>) {
    let Ok(url) = Url::parse(address) else {
        return;
    };
    if let Some(host) = url
        .host_str()
        .filter(|_| matches!(url.scheme(), "http" | "https" | "ws" | "wss"))
    {
        let port = url.port_or_known_default().unwrap();
        all.insert((format!("{host}:{port}"), how.to_owned()));
    }
}

/// Reads the log of the network service.
fn logged(path: &Path, all: &mut BTreeSet<(String, String)>) {
    let log: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let types = log["constants"]["logEventTypes"].as_object().unwrap();
    let names: std::collections::HashMap<_, _> = types
        .iter()
        .map(|(name, number)| (number.as_i64(), name))
        .collect();
    for event in log["events"].as_array().unwrap() {
        let name = names[&event["type"].as_i64()];
        for key in ["url", "original_url", "destination"] {
            if let Some(address) = event["params"][key].as_str() {
                wanted(address, name, all);
            }
        }
        // (Its own ends of connections are nobody, and what it knows of a host is no way to it.)
        if name == "UDP_LOCAL_ADDRESS" || name.starts_with("TRANSPORT_SECURITY") {
            continue;
        }
        for key in ["host", "hostname", "address"] {
            if let Some(host) = event["params"][key].as_str() {
                let host = host.split_once("://").map_or(host, |(_, host)| host);
                all.insert((host.to_owned(), name.clone()));
            }
        }
    }
}

fn files(folder: &Path, is_deep: bool, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            if is_deep {
                files(&path, true, found);
            }
        } else {
            found.push((
                path.to_string_lossy().into_owned(),
                std::fs::read(&path).unwrap_or_default(),
            ));
        }
    }
}

/// Whether this is what Chromium wants for itself, on an empty page too: updates, accounts, and whether there is a way out. No name
/// of the collection is one of these; what leads to the web of the test by such a name is known there by its request.
pub(crate) fn is_errand(host: &str, web: std::net::SocketAddr) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let own = ["google.com", "googleapis.com", "duckduckgo.com"];
    own.iter()
        .any(|one| name == *one || name.ends_with(&format!(".{one}")))
        || ["[2001:4860:4860::8888]:443", "127.0.0.1:443"].contains(&host)
        || host == web.to_string()
}

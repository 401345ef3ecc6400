//! Whoever walks through pages in real Chromium: clicks every link, fills in and sends every form, and looks at what comes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;

use regex::Regex;
use serde_json::{Value, json};

use crate::chromium::Chromium;
use crate::serving::Serving;
use crate::support::Desk;

/// So many pages of one kind are opened, and no more.
const MOST_ALIKE: usize = 2;

/// What cannot be taken back, or takes away what is still to be walked: it comes last.
const LAST: [&str; 4] = ["remove", "hidden", "blocked", "none"];

/// All links, and all buttons of forms, of the page that is open; what is folded is unfolded first.
const LIST: &str = r"(() => {
    for (const one of document.querySelectorAll('details')) one.open = true;
    const links = [...document.querySelectorAll('a[href]')].map((one, n) => ({
        kind: 'link', at: `document.querySelectorAll('a[href]')[${n}]`, to: one.href, says: one.textContent.trim() || one.ariaLabel || '',
        is_top: Boolean(one.closest('header.top, footer')), is_shown: one.checkVisibility(), rel: one.rel, target: one.target })).filter(one => one.is_shown);
    const buttons = [...document.forms].flatMap((form, f) => [...form.querySelectorAll('button')].map((one, b) => ({
        kind: 'button', at: `document.forms[${f}].querySelectorAll('button')[${b}]`, form: f, is_top: Boolean(form.closest('header.top, footer')),
        to: new URL(one.getAttribute('formaction') || form.getAttribute('action'), location).href, method: form.method,
        says: one.getAttribute('name') + '=' + one.value, is_disabled: one.disabled }))
        .filter(one => !one.is_disabled));
    // A form without a button is sent by the key Enter.
    const bare = [...document.forms].flatMap((form, f) => form.querySelector('button:enabled') ? [] : [{
        kind: 'form', at: `document.forms[${f}]`, form: f, is_top: Boolean(form.closest('header.top, footer')),
        to: form.action, method: form.method, says: 'Enter' }]);
    return JSON.stringify([...links, ...buttons, ...bare]);
})()";

/// Fills in a form as somebody would who means it; files are chosen by the caller, in the fields that are named.
const FILL: &str = r"((form) => {
    const words = { input: 'https://blog.test/feed', q: 'bridge', url: 'https://a.test/one', host: 'a.test', address: 'https://b.test/other',
        note: 'seen by hand', until: '90d', made_at: '2026-01-06', by: 'Jane', hours: '5' };
    let files = 0;
    for (const one of form.elements) {
        const last = one.type === 'select-one' ? one.options.length - 1 : 0;
        if (one.type === 'checkbox') one.checked = one.name !== 'id' || form.querySelectorAll('[name=id]:checked').length < 2;
        else if (one.type === 'select-one') one.selectedIndex = Math.min(1, last);
        else if (one.type === 'date') one.value = '2026-01-02';
        else if (one.type === 'file') files += 1;
        else if (['text', 'search', 'number', 'password'].includes(one.type)) {
            if (!(one.name in words)) return 'nobody knows what to write into ' + one.name;
            one.value = words[one.name];
        }
    }
    return files ? 'file' : '';
})";

/// Whether what is to be clicked is seen and lies above all else; clicks it if so.
pub(crate) const CLICK: &str = r"((one) => {
    one.focus();
    one.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
    const box = [...one.getClientRects()].find(box => box.width >= 1 && box.height >= 1);
    if (!box) return 'is not seen';
    const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    if (!hit || !(one === hit || one.contains(hit))) return 'lies under ' + (hit && hit.outerHTML.slice(0, 200));
    one.click();
    return '';
})";

/// What a page says of itself.
const SAYS: &str = r"JSON.stringify({ title: document.title, links: document.querySelectorAll('main a[href], header a[href]').length,
    problem: [...document.querySelectorAll('.problem')].map(one => one.textContent).join(' '), words: document.body.innerText.slice(0, 400),
    named: document.querySelectorAll('h1').length })";

/// Something on a page.
#[derive(Debug, Clone, serde::Deserialize)]
struct Thing {
    kind: String,
    /// An expression that finds it.
    at: String,
    to: String,
    says: String,
    is_top: bool,
    #[serde(default)]
    rel: String,
    #[serde(default)]
    target: String,
    #[serde(default)]
    method: String,
    #[serde(default)]
    form: usize,
}

impl Thing {
    fn is_last(&self) -> bool {
        let (_, value) = self.says.split_once('=').unwrap_or_default();
        self.kind != "link" && LAST.contains(&value)
    }
}

/// What was walked.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) pages: usize,
    pub(crate) links: usize,
    pub(crate) external: usize,
    pub(crate) refused: usize,
    /// What was sent, and done: where, and by which button.
    pub(crate) sent: BTreeSet<String>,
    /// How forms are sent.
    pub(crate) methods: BTreeSet<String>,
}

pub(crate) struct Walk<'a> {
    pub(crate) chromium: Chromium,
    pub(crate) serving: &'a Serving,
    has_scripts: bool,
    /// Whether what comes last is done by now.
    is_last: bool,
    /// Pages on which that is, one of each kind.
    last: BTreeMap<String, String>,
    file: PathBuf,
    done: BTreeSet<String>,
    left: VecDeque<String>,
    seen: BTreeSet<String>,
    alike: BTreeMap<String, usize>,
    pub(crate) tally: Tally,
    pub(crate) asked: BTreeSet<String>,
    pub(crate) wrong: Vec<String>,
}

/// The kind of a page: its address without what differs between those that are alike.
fn kind(address: &str) -> String {
    let (path, fragment) = address.split_once('#').unwrap_or((address, ""));
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let path = Regex::new(r"/web/([^/]*)/.*")
        .unwrap()
        .replace(path, "/web/$1/A");
    let number = Regex::new("[0-9]+").unwrap();
    let mut names: Vec<String> = url::form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name != "done")
        .map(|(name, value)| match &*name {
            "of" if value.bytes().all(|byte| byte.is_ascii_lowercase()) => format!("of={value}"),
            _ => name.into_owned(),
        })
        .collect();
    names.sort();
    let fragment = number.replace_all(fragment, "N");
    format!(
        "{}?{}#{fragment}",
        number.replace_all(&path, "N"),
        names.join("&")
    )
}

impl<'a> Walk<'a> {
    pub(crate) fn new(
        program: &std::path::Path,
        desk: &Desk,
        serving: &'a Serving,
        has_scripts: bool,
    ) -> Self {
        let rules = format!(
            "--host-resolver-rules=MAP * {}, EXCLUDE 127.0.0.1",
            desk.web.addr()
        );
        let mut chromium = Chromium::start(program, &[rules]);
        chromium.watch();
        // As if somebody looked at it.
        chromium.ask_page(
            "Emulation.setFocusEmulationEnabled",
            &json!({ "enabled": true }),
        );
        let off = json!({ "value": !has_scripts });
        chromium.ask_page("Emulation.setScriptExecutionDisabled", &off);
        let html = "<!doctype html><title>By hand</title><p>Wells, as a subscriber sees them.";
        desk.file("by-hand.html", html);
        Self {
            chromium,
            serving,
            has_scripts,
            is_last: false,
            last: BTreeMap::new(),
            file: desk.path("by-hand.html"),
            done: BTreeSet::new(),
            left: VecDeque::new(),
            seen: BTreeSet::new(),
            alike: BTreeMap::new(),
            tally: Tally::default(),
            asked: BTreeSet::new(),
            wrong: Vec::new(),
        }
    }

    /// An address of the pages, as a path.
    fn path(&self, address: &str) -> Option<String> {
        let path = address.strip_prefix(&format!("http://{}", self.serving.ui))?;
        Some(path.to_owned())
    }

    fn is_ours(&self, address: &str) -> bool {
        [&self.serving.ui, &self.serving.replay]
            .iter()
            .any(|host| address.starts_with(&format!("http://{host}/")))
    }

    /// Walks everything that a page leads to, and then what comes last.
    #[track_caller]
    pub(crate) fn from(&mut self, path: &str) {
        self.left.push_back(path.to_owned());
        while let Some(path) = self.left.pop_front() {
            let alike = self.alike.entry(kind(&path)).or_default();
            *alike += 1;
            if *alike <= MOST_ALIKE {
                self.page(&path);
            }
        }
        self.is_last = true;
        for path in std::mem::take(&mut self.last).into_values() {
            self.page(&path);
        }
    }

    /// Walks everything on a page.
    fn page(&mut self, path: &str) {
        if !self.open(path) {
            return;
        }
        loop {
            let things = self.things();
            if things.iter().any(Thing::is_last) {
                self.last.insert(kind(path), path.to_owned());
            }
            let new = things.into_iter().find_map(|thing| {
                let name = self.name(path, &thing)?;
                self.done.insert(name.clone()).then_some((thing, name))
            });
            let Some((thing, name)) = new else {
                return;
            };
            self.take(&thing, &name);
            self.open(path);
        }
    }

    /// Opens a page by its address; whether it is one, and no file to be saved.
    #[track_caller]
    pub(crate) fn open(&mut self, path: &str) -> bool {
        let address = format!("http://{}{path}", self.serving.ui);
        self.chromium.happened();
        self.chromium
            .ask_page("Page.navigate", &json!({ "url": address }));
        let is_page = self.comes(path, false);
        self.fine(path, false);
        self.tally.pages += usize::from(is_page);
        is_page
    }

    /// What is on the page that is open. What it leads to is walked later.
    fn things(&mut self) -> Vec<Thing> {
        let listed = self.chromium.act(LIST);
        let Some(listed) = listed.as_str() else {
            return Vec::new();
        };
        let things: Vec<Thing> = serde_json::from_str(listed).unwrap();
        let forms = things.iter().filter(|thing| thing.kind != "link");
        let methods = forms.map(|thing| format!("{} {}", thing.method, kind(&thing.to)));
        self.tally.methods.extend(methods);
        for thing in things.iter().filter(|thing| thing.kind == "link") {
            if let Some(path) = self.path(&thing.to) {
                let path = path.split('#').next().unwrap_or_default().to_owned();
                if self.seen.insert(path.clone()) {
                    self.left.push_back(path);
                }
            }
        }
        things
    }

    /// What tells things apart; none where it is not to be walked now.
    fn name(&self, page: &str, thing: &Thing) -> Option<String> {
        let last = thing.is_last();
        if thing.to.ends_with("/logout") {
            // That is left to who logged in.
            return None;
        }
        if last && !self.is_last {
            return None;
        }
        let from = if thing.is_top {
            "top".to_owned()
        } else {
            kind(page.split('?').next().unwrap_or_default())
        };
        let target = thing
            .to
            .replace(&self.serving.ui, "ui")
            .replace(&self.serving.replay, "copies");
        let name = format!("{} {from} -> {} ", thing.kind, kind(&target));
        if thing.kind == "link" {
            return Some(name);
        }
        // First with nothing filled in, which may be refused; then as it is meant.
        let name = name + &thing.says;
        let bare = format!("{name} bare");
        let is_meant = last || self.done.contains(&bare);
        Some(if is_meant { name } else { bare })
    }

    /// Clicks, or fills in and sends.
    #[track_caller]
    fn take(&mut self, thing: &Thing, name: &str) {
        let is_form = thing.kind != "link";
        let is_bare = name.ends_with(" bare");
        if !is_form && !self.is_ours(&thing.to) {
            // What leaves is said to leave.
            if !["noreferrer", "noopener", "external"]
                .iter()
                .all(|word| thing.rel.contains(word))
            {
                self.wrong(&format!("{name}: {thing:?}: leaves, and does not say so"));
            }
            self.tally.external += 1;
            return;
        }
        assert!(is_form || !thing.rel.contains("external"), "{thing:?}");
        if is_form {
            let form = format!("document.forms[{}]", thing.form);
            if !is_bare {
                let filled = self.chromium.act(&format!("{FILL}({form})"));
                match filled.as_str() {
                    Some("") => {}
                    Some("file") => {
                        let field = format!("{form}.querySelector('input[type=file]')");
                        self.chromium.choose(&field, &self.file.clone());
                    }
                    other => panic!("{name}: {other:?}"),
                }
            }
            let is_whole = self.chromium.act(&format!("{form}.checkValidity()"));
            assert!(is_bare || is_whole == true, "{name}: {thing:?}");
            if is_whole != true {
                // The browser does not send it.
                return;
            }
        }
        self.chromium.happened();
        if thing.kind == "form" {
            self.chromium.act(&format!(
                "{}.querySelector('input:not([type=hidden])').focus()",
                thing.at
            ));
            self.chromium.key("Enter");
        } else {
            let clicked = self.chromium.act(&format!("{CLICK}({})", thing.at));
            if clicked != "" {
                self.wrong(&format!("{name}: {thing:?}: {clicked}"));
                return;
            }
        }
        self.comes(name, !thing.target.is_empty());
        let status = self.fine(name, is_form);
        if !is_form {
            self.tally.links += 1;
        } else if status < 400 && !is_bare {
            let path = self.path(&thing.to).unwrap_or_default();
            let sent = format!("{} {}", kind(&path), thing.says);
            self.tally.sent.insert(sent.replace("?#", ""));
        } else if status < 500 && !is_bare && thing.method == "post" {
            self.wrong(&format!("{name}: what is meant is refused"));
        }
        // What it led to is walked as well.
        let address = self.chromium.address();
        let address = address.split('#').next().unwrap_or_default();
        if let Some(path) = self.path(address)
            && status < 400
            && self.seen.insert(path.clone())
        {
            self.left.push_back(path);
        }
    }

    /// Waits for a page, a frame of it, a place on it, or a file that is saved; whether it is no file.
    #[track_caller]
    pub(crate) fn comes(&mut self, what: &str, in_frame: bool) -> bool {
        self.chromium.until_heard(what, |page, heard| {
            let mut is_new = false;
            heard.iter().find_map(|one| {
                let is_page = one["sessionId"] == page;
                match one["method"].as_str().unwrap_or_default() {
                    "Browser.downloadWillBegin" => Some(false),
                    "Page.navigatedWithinDocument" if is_page => Some(true),
                    "Page.frameNavigated" if is_page != in_frame => {
                        is_new = is_new || in_frame || one["params"]["frame"]["parentId"].is_null();
                        None
                    }
                    "Page.loadEventFired" if is_page != in_frame && is_new => Some(true),
                    _ => None,
                }
            })
        })
    }

    /// The page that came is one, and nothing is wrong with it. Its status; 0 where none came.
    pub(crate) fn fine(&mut self, what: &str, may_be_refused: bool) -> u64 {
        let mut wrong = Vec::new();
        let mut last = None;
        let happened = self.chromium.happened();
        // The page that a browser makes of a picture is its own, and it styles it.
        let is_picture = happened.iter().any(|one| {
            one["params"]["type"] == "Document"
                && one["params"]["response"]["mimeType"] == "image/png"
        });
        for one in happened {
            let told = &one["params"];
            let is_wrong = match one["method"].as_str().unwrap_or_default() {
                "Network.requestWillBeSent" => {
                    let address = told["request"]["url"].as_str().unwrap();
                    if let Some(path) = self.path(address) {
                        let path = path.split('#').next().unwrap_or_default();
                        self.asked.insert(path.to_owned());
                    }
                    let inside = ["data:", "about:", "blob:"];
                    !self.is_ours(address) && !inside.iter().any(|start| address.starts_with(start))
                }
                "Network.responseReceived" => {
                    let response = &told["response"];
                    let status = response["status"].as_u64().unwrap();
                    let is_page = told["type"] == "Document";
                    if is_page && self.path(response["url"].as_str().unwrap()).is_some() {
                        let media_type = response["mimeType"].as_str().unwrap();
                        last = Some((status, media_type.to_owned()));
                    }
                    status >= if is_page && may_be_refused { 500 } else { 400 }
                }
                "Network.loadingFailed" => !told["blockedReason"].is_null(),
                "Runtime.exceptionThrown" | "Runtime.consoleAPICalled" => true,
                "Log.entryAdded" => {
                    let entry = &told["entry"];
                    entry["level"] == "error" && !(may_be_refused && entry["source"] == "network")
                }
                "Audits.issueAdded" => told["issue"]["code"] == "ContentSecurityPolicyIssue",
                _ => false,
            };
            let is_style = is_picture && one.to_string().contains("style");
            if is_wrong && !is_style {
                wrong.push(one.to_string());
            }
        }
        let status = last.as_ref().map_or(0, |(status, _)| *status);
        if let Some((status, media_type)) = last {
            if media_type == "text/html" {
                let says = self.chromium.act(SAYS);
                let says: Value = serde_json::from_str(says.as_str().unwrap()).unwrap();
                let is_said = says["problem"]
                    .as_str()
                    .is_some_and(|problem| problem.len() > 10);
                let is_named = says["title"] != "" && says["links"].as_u64() > Some(0);
                self.tally.refused += usize::from(status >= 400);
                if !is_named || status >= 400 && !is_said && !(status == 404 && says["named"] == 1)
                {
                    wrong.push(format!("a dead end: {status}: {says}"));
                }
            } else if status != 200 {
                wrong.push(format!("a dead end: {status}: {media_type}"));
            }
        }
        for one in wrong {
            self.wrong(&format!("{what}: {one}"));
        }
        status
    }

    /// Something that is not as it should be.
    fn wrong(&mut self, what: &str) {
        let scripts = if self.has_scripts {
            ""
        } else {
            "without scripts: "
        };
        self.wrong.push(format!("{scripts}{what}"));
    }
}

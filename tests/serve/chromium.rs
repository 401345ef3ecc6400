//! Real Chromium, led by hand over a pipe (the protocol of its developer tools).

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use command_fds::{CommandFdExt, FdMapping};
use serde_json::{Value, json};

/// Nothing here takes longer, unless it hangs.
const TOO_LONG: Duration = Duration::from_secs(40);

/// A browser with one page.
pub(crate) struct Chromium {
    child: Child,
    says: Receiver<Value>,
    hears: File,
    asked: u64,
    page: String,
    /// What happened of itself, if that is to be kept, in order.
    heard: Option<Vec<Value>>,
    profile: tempfile::TempDir,
}

impl Chromium {
    /// Starts it; `arguments` say more.
    pub(crate) fn start(program: &Path, arguments: &[String]) -> Self {
        let (theirs_to_read, hears) = std::io::pipe().unwrap();
        let (says, theirs_to_write) = std::io::pipe().unwrap();
        let profile = tempfile::tempdir().unwrap();
        let mut command = Command::new(program);
        command
            .args(["--headless", "--no-sandbox", "--disable-gpu"])
            .args(["--remote-debugging-pipe", "--no-first-run"])
            .args(["--disable-background-networking", "--site-per-process"])
            .args(arguments)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mappings = vec![
            FdMapping {
                parent_fd: theirs_to_read.into(),
                child_fd: 3,
            },
            FdMapping {
                parent_fd: theirs_to_write.into(),
                child_fd: 4,
            },
        ];
        command.fd_mappings(mappings).unwrap();
        let child = command.spawn().unwrap();
        // It has what it needs; what is left here would keep the pipes open.
        drop(command);
        let mut pipe = BufReader::new(File::from(std::os::fd::OwnedFd::from(says)));
        let (tell, says) = channel();
        std::thread::spawn(move || {
            let mut said = Vec::new();
            while pipe.read_until(0, &mut said).is_ok_and(|length| length > 0) {
                said.pop();
                if tell.send(serde_json::from_slice(&said).unwrap()).is_err() {
                    return;
                }
                said.clear();
            }
        });
        let mut chromium = Self {
            child,
            says,
            hears: File::from(std::os::fd::OwnedFd::from(hears)),
            asked: 0,
            page: String::new(),
            heard: None,
            profile,
        };
        let page = chromium.target("page", "").unwrap();
        chromium.page = chromium.attach(&page);
        chromium
    }

    /// Asks, and waits for the answer.
    fn ask(&mut self, session: &str, method: &str, parameters: &Value) -> Value {
        self.send(session, method, parameters);
        let id = self.asked;
        loop {
            let said = self.says.recv_timeout(TOO_LONG);
            let said = said.unwrap_or_else(|_| panic!("no answer to {method}"));
            if said["id"] == id {
                return said["result"].clone();
            }
            self.hear(said);
        }
    }

    fn send(&mut self, session: &str, method: &str, parameters: &Value) {
        self.asked += 1;
        let mut message = json!({ "id": self.asked, "method": method, "params": parameters });
        if !session.is_empty() {
            message["sessionId"] = session.into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.hears.write_all(&bytes).unwrap();
    }

    /// Asks the page.
    pub(crate) fn ask_page(&mut self, method: &str, parameters: &Value) -> Value {
        let page = self.page.clone();
        self.ask(&page, method, parameters)
    }

    /// From now on, what happens of itself is kept: in the page, and in all frames and whatever else opens from it. Files that are offered
    /// go to a folder of the browser's.
    pub(crate) fn watch(&mut self) {
        self.heard = Some(Vec::new());
        let page = self.page.clone();
        let folder = self.profile.path().join("saved");
        let saving = json!({ "behavior": "allow", "downloadPath": folder, "eventsEnabled": true });
        self.ask("", "Browser.setDownloadBehavior", &saving);
        self.hear_all(&page);
    }

    fn hear_all(&mut self, session: &str) {
        let how = json!({ "autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true });
        self.send(session, "Target.setAutoAttach", &how);
        for what in ["Network", "Page", "Runtime", "Log", "Audits"] {
            self.send(session, &format!("{what}.enable"), &json!({}));
        }
        self.send(session, "Runtime.runIfWaitingForDebugger", &json!({}));
    }

    fn hear(&mut self, said: Value) {
        if self.heard.is_none() || said["method"].is_null() {
            return;
        }
        if said["method"] == "Target.attachedToTarget" {
            let session = said["params"]["sessionId"].as_str().unwrap_or_default();
            self.hear_all(session);
        }
        self.heard.get_or_insert_default().push(said);
    }

    /// What happened since this was asked last.
    pub(crate) fn happened(&mut self) -> Vec<Value> {
        self.heard.replace(Vec::new()).unwrap_or_default()
    }

    /// Waits until what happened is enough.
    #[track_caller]
    pub(crate) fn until_heard<T>(
        &mut self,
        what: &str,
        mut look: impl FnMut(&str, &[Value]) -> Option<T>,
    ) -> T {
        let begun = Instant::now();
        loop {
            let heard = self.heard.as_deref().unwrap_or_default();
            if let Some(found) = look(&self.page, heard) {
                return found;
            }
            assert!(begun.elapsed() < TOO_LONG, "{what} never came");
            if let Ok(said) = self.says.recv_timeout(TOO_LONG) {
                self.hear(said);
            }
        }
    }

    /// A page or a frame (`iframe`) whose address holds this.
    pub(crate) fn target(&mut self, kind: &str, part: &str) -> Option<String> {
        let all = self.ask("", "Target.getTargets", &json!({}));
        let all = all["targetInfos"].as_array().unwrap();
        let found = all.iter().find(|one| {
            one["type"] == kind && one["url"].as_str().is_some_and(|url| url.contains(part))
        });
        found.map(|one| one["targetId"].as_str().unwrap().to_owned())
    }

    fn attach(&mut self, target: &str) -> String {
        let parameters = json!({ "targetId": target, "flatten": true });
        let attached = self.ask("", "Target.attachToTarget", &parameters);
        attached["sessionId"].as_str().unwrap().to_owned()
    }

    /// Waits for a frame whose address holds this, and has been shown; what is given leads it.
    #[track_caller]
    pub(crate) fn frame(&mut self, part: &str) -> String {
        let frame = self.until(part, |chromium| chromium.target("iframe", part));
        let session = self.attach(&frame);
        self.until("a frame that is shown", |chromium| {
            let state = chromium.evaluate(&session, "document.readyState");
            (state == "complete").then_some(())
        });
        session
    }

    /// Waits until there is something.
    #[track_caller]
    fn until<T>(&mut self, what: &str, mut look: impl FnMut(&mut Self) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            assert!(begun.elapsed() < TOO_LONG, "{what} never came");
            std::thread::yield_now();
        }
    }

    /// What an expression comes to in the page or a frame, whether scripts run there or not.
    pub(crate) fn evaluate(&mut self, session: &str, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "returnByValue": true });
        self.ask(session, "Runtime.evaluate", &parameters)["result"]["value"].clone()
    }

    /// Opens an address in the page.
    pub(crate) fn open(&mut self, address: &str) {
        let page = self.page.clone();
        self.ask(&page, "Page.navigate", &json!({ "url": address }));
    }

    /// Shows the page for people who want it `light` or `dark`, so many pixels wide.
    pub(crate) fn look(&mut self, scheme: &str, width: u32) {
        let page = self.page.clone();
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.ask(
            &page,
            "Emulation.setEmulatedMedia",
            &json!({ "media": "", "features": features }),
        );
        let size =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.ask(&page, "Emulation.setDeviceMetricsOverride", &size);
    }

    /// Shows the page as it would be printed by people who want it dark.
    pub(crate) fn on_paper(&mut self) {
        let page = self.page.clone();
        let features = json!([{ "name": "prefers-color-scheme", "value": "dark" }]);
        let media = json!({ "media": "print", "features": features });
        self.ask(&page, "Emulation.setEmulatedMedia", &media);
    }

    /// Waits until the page at this address has come whole.
    #[track_caller]
    pub(crate) fn has_come(&mut self, address: &str) {
        let page = self.page.clone();
        self.until(address, |chromium| {
            let state = chromium.evaluate(&page, "document.readyState + ' ' + location.href");
            (state == format!("complete {address}")).then_some(())
        });
    }

    /// What an expression comes to in the page, once it is something.
    #[track_caller]
    pub(crate) fn says(&mut self, expression: &str) -> String {
        let page = self.page.clone();
        self.until(expression, |chromium| {
            let said = chromium.evaluate(&page, expression);
            said.as_str().map(str::to_owned)
        })
    }

    /// Runs a script in the page.
    pub(crate) fn script(&mut self, script: &str) {
        let page = self.page.clone();
        self.evaluate(&page, script);
    }

    /// Runs a script in the page as if the user had acted.
    pub(crate) fn act(&mut self, script: &str) -> Value {
        let parameters =
            json!({ "expression": script, "userGesture": true, "returnByValue": true });
        self.ask_page("Runtime.evaluate", &parameters)["result"]["value"].clone()
    }

    /// Presses and releases a key of the keyboard.
    pub(crate) fn key(&mut self, key: &str) {
        let (text, code) = match key {
            "Enter" => ("\r", 13),
            "Escape" => ("", 27),
            other => (other, 0),
        };
        let pressed =
            json!({ "type": "keyDown", "key": key, "text": text, "windowsVirtualKeyCode": code });
        self.ask_page("Input.dispatchKeyEvent", &pressed);
        self.ask_page(
            "Input.dispatchKeyEvent",
            &json!({ "type": "keyUp", "key": key }),
        );
    }

    /// Chooses a file in the field that an expression gives.
    pub(crate) fn choose(&mut self, field: &str, file: &Path) {
        let field = self.ask_page("Runtime.evaluate", &json!({ "expression": field }));
        let field = &field["result"]["objectId"];
        self.ask_page(
            "DOM.setFileInputFiles",
            &json!({ "objectId": field, "files": [file] }),
        );
    }

    /// Forgets all cookies.
    pub(crate) fn forget(&mut self) {
        let page = self.page.clone();
        self.ask(&page, "Network.clearBrowserCookies", &json!({}));
    }

    /// A picture of the whole page (PNG, in base64).
    pub(crate) fn picture(&mut self) -> String {
        let page = self.page.clone();
        let whole = json!({ "format": "png", "captureBeyondViewport": true });
        let picture = self.ask(&page, "Page.captureScreenshot", &whole);
        picture["data"].as_str().unwrap_or_default().to_owned()
    }

    /// The page as it is printed (PDF, in base64).
    pub(crate) fn paper(&mut self) -> String {
        let page = self.page.clone();
        let printed = self.ask(&page, "Page.printToPDF", &json!({}));
        printed["data"].as_str().unwrap_or_default().to_owned()
    }

    /// Where the page is.
    pub(crate) fn address(&mut self) -> String {
        let page = self.page.clone();
        let address = self.evaluate(&page, "location.href");
        address.as_str().unwrap_or_default().to_owned()
    }

    /// Clicks on what a selector finds in the frame of the page, until that does something. (A frame is shown a little before clicks
    /// reach it.)
    #[track_caller]
    pub(crate) fn click<T>(
        &mut self,
        frame: &str,
        selector: &str,
        mut done: impl FnMut(&mut Self) -> Option<T>,
    ) -> T {
        const AGAIN: Duration = Duration::from_secs(2);
        self.until("what a click leads to", |chromium| {
            chromium.click_once(frame, selector);
            let clicked = Instant::now();
            while clicked.elapsed() < AGAIN {
                if let Some(done) = done(chromium) {
                    return Some(done);
                }
                std::thread::yield_now();
            }
            None
        })
    }

    fn click_once(&mut self, frame: &str, selector: &str) {
        let page = self.page.clone();
        let place = |element: &str| {
            format!(
                "(() => {{ const at = {element}.getBoundingClientRect(); return [at.left, at.top, at.height]; }})()"
            )
        };
        let number = |value: &Value, at: usize| value[at].as_f64().unwrap_or_default();
        let around = self.evaluate(&page, &place("document.querySelector('iframe')"));
        let within = self.evaluate(
            frame,
            &place(&format!("document.querySelector('{selector}')")),
        );
        let x = number(&around, 0) + number(&within, 0) + 5.0;
        let y = number(&around, 1) + number(&within, 1) + number(&within, 2) / 2.0;
        for kind in ["mousePressed", "mouseReleased"] {
            let parameters =
                json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 });
            self.ask(&page, "Input.dispatchMouseEvent", &parameters);
        }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // One that has ended cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

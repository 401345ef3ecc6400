//! The processes of a browser: one group, started, watched, killed and waited for as a whole.
//!
//! Chromium starts processes that start processes. All of them are in one process group, so one signal reaches them; and where
//! the system lets us (Linux), those whose parent ends become children of ours, so that all can be waited for and no zombie is
//! left where process 1 waits for nobody, as in many containers. Its reporters of crashes, which leave the group, become ours in
//! the same manner. (Without them, Chromium 156 does not keep its other processes up.) If this process is killed, the pipe
//! closes, at which Chromium ends by itself.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use command_fds::{CommandFdExt, FdMapping};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitOptions};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// How often it is looked how much memory is taken.
const LOOKED: Duration = Duration::from_millis(250);
/// What Chromium may say while it starts, as far as it is read.
const COMPLAINT: usize = 64 << 10;

/// The ends of the pipes that are ours.
pub(super) struct Ends {
    pub(super) to_browser: OwnedFd,
    pub(super) from_browser: OwnedFd,
}

/// All processes of one browser, and its profile folder.
#[derive(Debug)]
pub(super) struct Processes {
    group: Arc<Group>,
    ended: watch::Receiver<bool>,
    watching: AbortHandle,
    reaper: Option<std::thread::JoinHandle<()>>,
    /// Removed after they have ended.
    profile: TempDir,
}

#[derive(Debug)]
struct Group {
    id: Pid,
    /// Whether the first process has ended. From then on the number may become another's, and nothing is sent to it.
    is_over: Mutex<bool>,
    killed_for: OnceLock<String>,
    /// Processes that have left the group, and are children of ours.
    apart: Mutex<Vec<Pid>>,
}

impl Group {
    fn kill(&self) {
        let is_over = lock(&self.is_over);
        if !*is_over {
            let _ = rustix::process::kill_process_group(self.id, Signal::KILL);
        }
    }

    /// Waits until the first process has ended, kills what is left, and waits for that too.
    fn reap(&self, mut child: Child) {
        let first = WaitId::Pid(self.id);
        // The process stays, as a zombie, so that its number is nobody else's yet.
        let how = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while matches!(
            rustix::process::waitid(first.clone(), how),
            Err(rustix::io::Errno::INTR)
        ) {}
        {
            let mut is_over = lock(&self.is_over);
            let _ = rustix::process::kill_process_group(self.id, Signal::KILL);
            *is_over = true;
        }
        let _ = child.wait();
        while let Ok(Some(_)) | Err(rustix::io::Errno::INTR) =
            rustix::process::waitpgid(self.id, WaitOptions::empty())
        {}
        for apart in lock(&self.apart).drain(..) {
            // Only what is still a child of ours still has this number.
            let is_ours = matches!(
                rustix::process::waitpid(Some(apart), WaitOptions::NOHANG),
                Ok(None)
            );
            if is_ours {
                let _ = rustix::process::kill_process(apart, Signal::KILL);
                let _ = rustix::process::waitpid(Some(apart), WaitOptions::empty());
            }
        }
    }
}

impl Processes {
    /// Starts the program, whose only way out is the proxy at this port.
    pub(super) fn start(program: &Path, proxy: u16, memory: u64) -> io::Result<(Self, Ends)> {
        let profile = tempfile::Builder::new()
            .prefix("sourcekeep-browser-")
            .tempdir()?;
        #[cfg(target_os = "linux")]
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
        let own = profile.path().join("profile/Default");
        std::fs::create_dir_all(&own)?;
        std::fs::write(own.join("Preferences"), PREFERENCES)?;
        let (their_read, our_write) = io::pipe()?;
        let (our_read, their_write) = io::pipe()?;
        let mut command = Command::new(program);
        command.args(arguments(profile.path(), proxy));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("LANG", "en_US.UTF-8")
            .env("TZ", "UTC");
        for variable in [
            "HOME",
            "TMPDIR",
            "XDG_CONFIG_HOME",
            "XDG_CACHE_HOME",
            "XDG_RUNTIME_DIR",
        ] {
            command.env(variable, profile.path());
        }
        let says = std::fs::File::create(profile.path().join("says"))?;
        command
            .current_dir(profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(says)
            .process_group(0);
        command
            .fd_mappings(vec![
                FdMapping {
                    parent_fd: their_read.into(),
                    child_fd: 3,
                },
                FdMapping {
                    parent_fd: their_write.into(),
                    child_fd: 4,
                },
            ])
            .map_err(io::Error::other)?;
        let child = command.spawn()?;
        // Its ends of the pipes are closed here with it, or nobody would hear of its end.
        drop(command);
        let group = Arc::new(Group {
            id: Pid::from_child(&child),
            is_over: Mutex::new(false),
            killed_for: OnceLock::new(),
            apart: Mutex::default(),
        });
        let (over, ended) = watch::channel(false);
        let reaped = Arc::clone(&group);
        let reaper = std::thread::Builder::new()
            .name("browser".to_owned())
            .spawn(move || {
                reaped.reap(child);
                over.send_replace(true);
            })?;
        let watched = Arc::clone(&group);
        let watching = tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOKED).await;
                if memory_of(watched.id) > memory {
                    let most = crate::report::bytes(memory);
                    let why = format!("the browser took more memory than it may ({most})");
                    let _ = watched.killed_for.set(why);
                    watched.kill();
                    return;
                }
            }
        });
        let processes = Self {
            group,
            ended,
            watching: watching.abort_handle(),
            reaper: Some(reaper),
            profile,
        };
        let ends = Ends {
            to_browser: our_write.into(),
            from_browser: our_read.into(),
        };
        Ok((processes, ends))
    }

    /// Takes note of those that have left the group by now.
    pub(super) fn adopt(&self) {
        *lock(&self.group.apart) = apart(self.group.id, self.profile.path());
    }

    /// Kills all of them.
    pub(super) fn kill(&self) {
        self.group.kill();
    }

    /// Why they were killed, where that was because of what they did.
    pub(super) fn killed_for(&self) -> Option<String> {
        self.group.killed_for.get().cloned()
    }

    pub(super) fn have_ended(&self) -> bool {
        *self.ended.borrow()
    }

    /// Waits until none is left.
    pub(super) async fn ended(&self) {
        let _ = self.ended.clone().wait_for(|ended| *ended).await;
    }

    /// Why the browser did not start, as far as it said so itself.
    pub(super) fn complaint(&self) -> String {
        let says = std::fs::read(self.profile.path().join("says")).unwrap_or_default();
        let says = String::from_utf8_lossy(&says[..says.len().min(COMPLAINT)]).into_owned();
        if says.contains("No usable sandbox") {
            return "it finds no usable sandbox: the system has to allow user namespaces \
                    (kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)"
                .to_owned();
        }
        let fatal = says.lines().find(|line| line.contains("FATAL"));
        match fatal.or_else(|| says.lines().next_back()) {
            Some(line) => format!("it does not start: {}", crate::report::one_line(line, 300)),
            None => "it does not start".to_owned(),
        }
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.watching.abort();
        self.group.kill();
        // What was killed ends within a moment; the profile is theirs until then.
        if let Some(reaper) = self.reaper.take() {
            let _ = reaper.join();
        }
    }
}

fn arguments(profile: &Path, proxy: u16) -> Vec<OsString> {
    let mut folder = OsString::from("--user-data-dir=");
    folder.push(profile.join("profile"));
    let mut all: Vec<OsString> = ARGUMENTS.iter().map(OsString::from).collect();
    all.push(folder);
    all.push(format!("--proxy-server=http://127.0.0.1:{proxy}").into());
    if crate::browser::is_without_sandbox() {
        all.push("--no-sandbox".into());
    }
    all.push("about:blank".into());
    all
}

/// No connections and look-ups in advance, and nothing of the services around a browser.
const PREFERENCES: &str = r#"{
    "net": { "network_prediction_options": 2 },
    "safebrowsing": { "enabled": false },
    "search": { "suggest_enabled": false },
    "signin": { "allowed": false },
    "translate": { "enabled": false }
}"#;

const ARGUMENTS: &[&str] = &[
    "--headless",
    "--remote-debugging-pipe",
    // The way out: by the proxy, loopback too, and no names are looked up beside it.
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
    "--dns-prefetch-disable",
    "--no-pings",
    // Nothing for itself.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-client-side-phishing-detection",
    "--disable-field-trial-config",
    "--disable-search-engine-choice-screen",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-service-autorun",
    "--password-store=basic",
    "--use-mock-keychain",
    "--disable-features=HttpsUpgrades,OptimizationHints,MediaRouter,DialMediaRouteProvider,Translate,\
     NetworkTimeServiceQuerying,AutofillServerCommunication,CertificateTransparencyComponentUpdater,WebTransport",
    // Nothing is told of its crashes.
    "--disable-breakpad",
    // Pages: no windows, no sound, no questions, no bars in the picture; and what is not looked at goes on.
    "--block-new-web-contents",
    "--deny-permission-prompts",
    "--disable-back-forward-cache",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-hang-monitor",
    "--disable-notifications",
    "--disable-prompt-on-repost",
    "--disable-speech-api",
    "--hide-scrollbars",
    "--js-flags=--max-old-space-size=512",
    "--lang=en-US",
    "--mute-audio",
];

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A process of this machine.
#[cfg(target_os = "linux")]
struct Process {
    folder: std::path::PathBuf,
    id: i32,
    parent: i32,
    group: i32,
}

/// All processes, as far as they can be read.
#[cfg(target_os = "linux")]
fn processes() -> impl Iterator<Item = Process> {
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(|entry| {
        let id = entry.file_name().to_string_lossy().parse().ok()?;
        let folder = entry.path();
        let stat = std::fs::read_to_string(folder.join("stat")).ok()?;
        // After the name, which may hold anything: state, parent, group.
        let (_, fields) = stat.rsplit_once(')')?;
        let mut fields = fields.split_whitespace().skip(1);
        Some(Process {
            folder,
            id,
            parent: fields.next()?.parse().ok()?,
            group: fields.next()?.parse().ok()?,
        })
    })
}

/// Children of ours that have left the group, and work in its profile folder.
#[cfg(target_os = "linux")]
fn apart(group: Pid, profile: &Path) -> Vec<Pid> {
    let own = rustix::process::getpid().as_raw_nonzero().get();
    let profile = profile.as_os_str().as_encoded_bytes();
    let theirs = processes().filter(|process| {
        process.parent == own
            && process.group != group.as_raw_nonzero().get()
            && std::fs::read(process.folder.join("cmdline"))
                .is_ok_and(|command| memchr::memmem::find(&command, profile).is_some())
    });
    theirs
        .filter_map(|process| Pid::from_raw(process.id))
        .collect()
}

/// Elsewhere, process 1 waits for them.
#[cfg(not(target_os = "linux"))]
fn apart(_: Pid, _: &Path) -> Vec<Pid> {
    Vec::new()
}

/// Bytes of memory that the processes of a group have for themselves, or share among each other. Files that they map are
/// not counted: the system takes those back when it likes.
#[cfg(target_os = "linux")]
fn memory_of(group: Pid) -> u64 {
    let mut kilobytes = 0;
    for process in processes().filter(|process| process.group == group.as_raw_nonzero().get()) {
        let status = std::fs::read_to_string(process.folder.join("status")).unwrap_or_default();
        for line in status.lines() {
            if let Some(("RssAnon" | "RssShmem", value)) = line.split_once(':') {
                let value = value.trim().trim_end_matches(" kB").parse::<u64>();
                kilobytes += value.unwrap_or(0);
            }
        }
    }
    kilobytes * 1024
}

/// Not known here.
#[cfg(not(target_os = "linux"))]
fn memory_of(_: Pid) -> u64 {
    0
}

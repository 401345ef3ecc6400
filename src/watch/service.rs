//! What is told to systemd (`sd_notify(3)`), where it started us and wants to know.

#[cfg(unix)]
use std::ffi::{OsStr, OsString};
use std::time::Duration;

/// The service manager. Where there is none, telling it something does nothing.
#[derive(Debug)]
pub struct Service {
    #[cfg(unix)]
    socket: Option<OsString>,
    watchdog: Option<Duration>,
}

impl Service {
    /// The manager that started this process, if one did (`NOTIFY_SOCKET`, `WATCHDOG_USEC`).
    pub fn from_environment() -> Self {
        #[cfg(unix)]
        let watchdog = sd_notify::watchdog_enabled();
        #[cfg(not(unix))]
        let watchdog = None;
        Self {
            #[cfg(unix)]
            socket: std::env::var_os("NOTIFY_SOCKET"),
            watchdog,
        }
    }

    /// How often a sign of life is to be given: at half the time after which we would be killed.
    pub fn alive_every(&self) -> Option<Duration> {
        self.watchdog.map(|time| time / 2)
    }

    /// It runs now.
    pub fn ready(&self, status: &str) {
        self.tell(&[Message::Ready, Message::Status(status)]);
    }

    /// What it does, in short.
    pub fn status(&self, status: &str) {
        self.tell(&[Message::Status(status)]);
    }

    /// It reads its configuration again; [`Service::ready`] says when that is done.
    pub fn reloading(&self) {
        self.tell(&[Message::Reloading]);
    }

    /// It was asked to end, and does.
    pub fn stopping(&self) {
        self.tell(&[Message::Stopping]);
    }

    /// It is alive. To be said only by who knows.
    pub fn alive(&self) {
        if self.watchdog.is_some() {
            self.tell(&[Message::Alive]);
        }
    }

    #[cfg(unix)]
    fn tell(&self, messages: &[Message<'_>]) {
        use sd_notify::NotifyState;
        let Some(socket) = &self.socket else {
            return;
        };
        let mut states = Vec::new();
        for message in messages {
            match message {
                Message::Ready => states.push(NotifyState::Ready),
                // A line break would begin another message.
                Message::Status(text) if text.contains('\n') => {}
                Message::Status(text) => states.push(NotifyState::Status(text)),
                Message::Stopping => states.push(NotifyState::Stopping),
                Message::Alive => states.push(NotifyState::Watchdog),
                Message::Reloading => {
                    states.push(NotifyState::Reloading);
                    // Without the instant, `Type=notify-reload` takes the message for an old one.
                    states.extend(NotifyState::monotonic_usec_now());
                }
            }
        }
        let lines: Vec<_> = states.iter().map(ToString::to_string).collect();
        // A manager that does not listen any more cannot be told so; it would not be ours to fail for.
        let _ = send(socket, &(lines.join("\n") + "\n"));
    }

    #[cfg(not(unix))]
    #[expect(clippy::unused_self, reason = "elsewhere, it knows the socket")]
    fn tell(&self, _: &[Message<'_>]) {}
}

/// Sends a message to the socket of the manager. (Sockets in the abstract name space, which begin with `@`, are unknown
/// to the crate that has the words.)
#[cfg(unix)]
fn send(name: &OsStr, text: &str) -> std::io::Result<()> {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};
    let address = match name.as_bytes() {
        #[cfg(target_os = "linux")]
        [b'@', name @ ..] => {
            use std::os::linux::net::SocketAddrExt;
            SocketAddr::from_abstract_name(name)?
        }
        _ => SocketAddr::from_pathname(name)?,
    };
    let socket = UnixDatagram::unbound()?;
    // A manager that hangs must not make us hang.
    socket.set_nonblocking(true)?;
    socket.send_to_addr(text.as_bytes(), &address).map(|_| ())
}

#[cfg_attr(not(unix), expect(dead_code, reason = "nobody is told"))]
enum Message<'a> {
    Ready,
    Status(&'a str),
    Reloading,
    Stopping,
    Alive,
}

//! Running continuously: when to wake, how much to take, what to tell the service manager. Pure but for the messages to
//! systemd; the loop itself, which has signals to hear and lines to print, is the command's.

mod plan;
mod pulse;
mod service;

pub use plan::{Ending, LEAST_SHARE, Planner, Rule, Take, WAKE_EVERY_MS, share};
pub use pulse::Pulse;
pub use service::Service;

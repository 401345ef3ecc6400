//! Every socket to a stranger.
//!
//! One path for every byte from outside. A [`Fetcher`] follows redirects by its own loop and records each hop, decodes
//! content under limits, keeps to the guard (only public addresses), and is polite: every request passes the gate of
//! its host. What comes back is facts and bytes; what they mean is the judge's business.

pub mod facts;

pub use facts::{BodyFacts, Facts, Failure, Family, Hop, RobotsFact, Way};

//! The pass itself: read the inputs that are due, visit the sources that are due, keep what is worth keeping.
//!
//! This is where the rooms meet. Work lists are rows, so that a pass can be killed at any line and the next one goes
//! on; the frontier holds only a few sources of each host at a time.

mod around;
pub(crate) mod baseline;
mod by_hand;
mod clock;
pub mod compact;
mod configured;
mod documents;
mod drift;
mod estimate;
mod export;
mod exported;
mod finder;
mod frontier;
mod gathering;
mod heartbeat;
mod import;
pub mod index;
mod inputs;
mod intervals;
mod kept;
mod leads;
mod look;
mod one_page;
mod pass;
mod politeness;
pub mod prune;
mod quotes;
mod reader;
mod reading;
mod record;
mod refresh;
pub mod rejudge;
mod rendering;
mod requisites;
mod robots;
mod room;
mod settle;
mod site;
pub(crate) mod state;
mod tally;
mod telling;
mod told;
mod visit;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use url::Url;

use crate::browser::Browsers;
use crate::config::{Rendering, Robots};
use crate::fetch::{Fault, Fetcher, Limits};
use crate::gather;
use crate::judge::Rules;
use crate::schedule::Policy;
use crate::store::{Store, StoreError};

pub use around::Asked;
pub(crate) use around::known as known_beside;
pub use by_hand::{
    Copied as CopiedFile, HandMade, KeptByHand, NotKept, is_copy, keep_by_hand, read_copy,
};
pub use clock::Clock;
pub use configured::{SITE, configured_input, is_registered, names_of, to_register};
pub use documents::{
    InvalidGlob, PDF_COMMAND, Problem, address_of, addresses, check_globs, confine,
    gather_document, print_pdf, read_among, read_document, read_input, unpacked, walk,
};
pub use estimate::{Census, Estimate};
pub use export::{Export, ExportError, Exported, export};
pub use frontier::{Ended, Work};
pub use gathering::InputOptions;
pub use heartbeat::{HeartbeatError, heartbeat};
pub use import::{Hear, Import, ImportError, Imported};
pub use inputs::{Argument, InputError, classify};
pub use intervals::Intervals;
pub use kept::{Kept, Piece, Pieces};
pub use one_page::{OnePage, one_page};
pub use pass::{Happened, Outcome, Plan, pass};
pub use quotes::{look_in_copies_of, places_of};
pub use reading::text_of;
pub use requisites::Requisites;
pub use room::{Full, Room};
pub use tally::{Counted, Tally};
pub use told::{NotRead, Told};
pub use visit::{Copied, Keep, PutOff, Visited};

/// What every step of a pass needs.
#[derive(Clone)]
pub struct Context {
    /// The archive.
    pub store: Arc<Store>,
    /// The only way out.
    pub fetcher: Arc<Fetcher>,
    /// Whether there is room for copies.
    pub room: Arc<Room>,
    /// How it is to be done.
    pub manner: Arc<Manner>,
    /// What visits are judged by, where that is more than comes with the program.
    pub rules: Option<Arc<Rules>>,
    /// What time it is.
    pub clock: Clock,
    /// What was done so far, for whoever shows it.
    pub tally: Arc<Tally>,
    /// How much was asked of hosts beside visits.
    pub asked: Arc<Asked>,
    /// What pages needed so far.
    pub requisites: Arc<Requisites>,
    /// The browser, which is started when a page needs it.
    pub browsers: Arc<Browsers>,
    /// Set when the pass is to end early.
    pub cancelled: CancellationToken,
}

impl Context {
    /// What visits are judged by.
    pub(crate) fn rules(&self) -> &Rules {
        self.rules.as_deref().unwrap_or(Rules::built_in())
    }
}

/// How a pass is to be made.
#[derive(Debug, Clone)]
pub struct Manner {
    /// What is done with robots.txt.
    pub robots: Robots,
    /// How much is taken.
    pub limits: Limits,
    /// Whether what a page needs to be shown is kept with it.
    pub requisites: bool,
    /// Whether the data that a page offers is kept with it.
    pub downloads: bool,
    /// When a source is dead, and when it is visited next.
    pub schedule: Policy,
    /// What is included and excluded in all inputs.
    pub gather: gather::Options,
    /// After how long an input on the web is read again, in milliseconds.
    pub input_refresh_ms: i64,
    /// The longest intervals that are not the same for all.
    pub intervals: Intervals,
    /// Visits that are made in 24 hours at the most.
    pub visits_per_day: Option<u64>,
    /// Addresses that are visited when we suspect ourselves.
    pub canaries: Vec<Url>,
    /// Whether some of what is stored is packed anew at the end of a pass.
    pub compact: bool,
    /// Which pages are rendered by a browser.
    pub rendering: Rendering,
}

/// The run that visits are made in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Running {
    /// Its id.
    pub(crate) id: i64,
    /// Whether failures count as strikes: not when the clock stands behind.
    pub(crate) counts: bool,
    /// Whether a source may be called dead: not when the clock may have run ahead.
    pub(crate) decides: bool,
}

/// Why a pass could not go on. What was done until then is kept.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The archive failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something of ours failed that no other visit would be spared: no network, no file descriptors.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// A worker panicked; this is a defect.
    #[error("a worker failed: {0}")]
    Worker(String),
}

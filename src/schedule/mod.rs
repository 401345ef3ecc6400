//! Standing and next visit, from the history of verdicts.
//!
//! Pure: an instant is a parameter, in milliseconds since the epoch, and what looks random is a hash, so that every
//! step can be computed again. [`advance`] takes a source's [`State`] and one [`Observation`] and gives the next
//! state, when to visit again, and whether a second look is due before the source may be called dead.
//!
//! One failure is never death: strikes are counted only so far apart that an outage of hours gives one, an
//! observation that cannot tell neither strikes nor clears, and an observation that came out of order strikes never.

pub mod clock;
mod interval;
mod standing;
mod state;
mod suspicion;
pub mod why;

pub use standing::{Standing, UnknownStanding};
pub use state::{Observation, Own, Policy, State, Step, advance, is_late, note, set_aside, settle};
pub use suspicion::{Round, Suspicion, Trust};

#[cfg(test)]
mod tests;

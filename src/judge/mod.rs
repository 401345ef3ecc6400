//! From the facts of a visit to a verdict with evidence.
//!
//! Pure: nothing here fetches, stores or reads a clock, so that anything ever seen can be judged again.

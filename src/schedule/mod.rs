//! Standing and next visit, from the history of verdicts. Pure: time is a parameter.

//! `[limits]`: how much is taken from a stranger, as far as a user may want to decide it.
//!
//! The other limits of [`Limits`] are the crate's own affair. A limit that is not set gives way to those that are, so
//! only what was written can be wrong.

use std::time::Duration;

use serde::Deserialize;

use super::ByteSize;
use super::resolve::Check;
use crate::fetch::Limits;

/// A minute has so many milliseconds.
const MINUTE: u64 = 60_000;

/// `[limits]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsFile {
    /// Milliseconds to connect.
    pub connect_ms: Option<u64>,
    /// Milliseconds from a request to the head of its answer.
    pub first_byte_ms: Option<u64>,
    /// Milliseconds between two pieces of a body.
    pub idle_ms: Option<u64>,
    /// Milliseconds of a whole visit.
    pub total_ms: Option<u64>,
    /// Redirects that are followed.
    pub redirects: Option<u64>,
    /// Bytes of a source's body as sent.
    pub body_bytes: Option<ByteSize>,
    /// Bytes of an input's body as sent.
    pub input_bytes: Option<ByteSize>,
    /// How much a page may need to be shown.
    pub requisites: Option<u64>,
    /// Bytes of one requisite as sent.
    pub requisite_bytes: Option<ByteSize>,
    /// Bytes of all requisites of a page.
    pub capture_bytes: Option<ByteSize>,
    /// Milliseconds for all of them.
    pub capture_ms: Option<u64>,
}

/// Checks what was set, by itself and beside the others, and lays it over the defaults.
pub(super) fn resolve(file: &LimitsFile, check: &mut Check) -> Limits {
    let usual = Limits::default();
    let (connect, first_byte, idle, total) = times(file, &usual, check);
    let body = sized("limits.body_bytes", file.body_bytes, check);
    let input = sized("limits.input_bytes", file.input_bytes, check);
    let body_bytes = body.unwrap_or(usual.body_served_bytes.min(input.unwrap_or(u64::MAX)));
    let input_bytes = input.unwrap_or(usual.input_served_bytes.max(body_bytes));
    if body_bytes > input_bytes {
        let why = format!("expected at most limits.input_bytes, which is {input_bytes}");
        check.wrong("limits.body_bytes", body_bytes, why);
    }
    let redirects = check.within(
        "limits.redirects",
        file.redirects,
        0..=50,
        "expected at most 50",
    );
    let requisites = check.within(
        "limits.requisites",
        file.requisites,
        1..=100_000,
        "expected 1 to 100000",
    );
    let requisite = sized("limits.requisite_bytes", file.requisite_bytes, check);
    let of_capture = check.within(
        "limits.capture_bytes",
        file.capture_bytes.map(|size| size.0),
        64 << 10..=64 << 30,
        "expected 65536 to 68719476736, 64 GiB",
    );
    let capture = check.within(
        "limits.capture_ms",
        file.capture_ms,
        10..=60 * MINUTE,
        "expected 10 to 3600000, an hour",
    );
    Limits {
        // What is left of the time to connect is for connecting; only so it is told apart who was slow.
        resolve: usual.resolve.min(Duration::from_millis(connect) * 4 / 5),
        connect: Duration::from_millis(connect),
        first_byte: Duration::from_millis(first_byte),
        idle: Duration::from_millis(idle),
        total: Duration::from_millis(total),
        redirects: redirects.map_or(usual.redirects, |redirects| redirects as usize),
        body_served_bytes: body_bytes,
        body_decoded_bytes: body_bytes * Limits::DECODED_PER_SERVED,
        input_served_bytes: input_bytes,
        requisites: requisites.map_or(usual.requisites, |count| count as usize),
        requisite_served_bytes: requisite.unwrap_or(usual.requisite_served_bytes),
        capture_bytes: of_capture.unwrap_or(usual.capture_bytes),
        capture: capture.map_or(usual.capture, Duration::from_millis),
        ..usual
    }
}

/// The times to connect, to the first byte, between two pieces and of the whole, each less than the one it is part of:
/// if two ended at the same instant, chance would say which of them a visit is told to have ended by.
fn times(file: &LimitsFile, usual: &Limits, check: &mut Check) -> (u64, u64, u64, u64) {
    let connect = timed("limits.connect_ms", file.connect_ms, check);
    let first_byte = timed("limits.first_byte_ms", file.first_byte_ms, check);
    let idle = timed("limits.idle_ms", file.idle_ms, check);
    let why = "expected 10 to 3600000, an hour";
    let total = check.within("limits.total_ms", file.total_ms, 10..=60 * MINUTE, why);

    let ms = |time: Duration| time.as_millis() as u64;
    let longest = connect.max(first_byte).max(idle).unwrap_or(0);
    let whole = total.unwrap_or(ms(usual.total).max(2 * longest));
    let first = first_byte.unwrap_or_else(|| {
        let connecting = connect.unwrap_or(0);
        let wanted = ms(usual.first_byte).max(2 * connecting);
        wanted.min(connecting.midpoint(whole))
    });
    for (key, set, other, limit) in [
        ("limits.first_byte_ms", first_byte, "limits.total_ms", whole),
        ("limits.idle_ms", idle, "limits.total_ms", whole),
        // Where only these two were set, the one between them was made to fit.
        match first_byte {
            Some(_) => ("limits.connect_ms", connect, "limits.first_byte_ms", first),
            None => ("limits.connect_ms", connect, "limits.total_ms", whole),
        },
    ] {
        if let Some(value) = set.filter(|set| *set >= limit) {
            let why = format!("expected less than {other}, which is {limit}");
            check.wrong(key, value, why);
        }
    }
    (
        connect.unwrap_or(ms(usual.connect).min(first / 2)),
        first,
        idle.unwrap_or(ms(usual.idle).min(whole / 2)),
        whole,
    )
}

fn timed(key: &str, ms: Option<u64>, check: &mut Check) -> Option<u64> {
    let why = "expected 10 to 600000, ten minutes";
    check.within(key, ms, 10..=10 * MINUTE, why)
}

/// Bodies are held in memory, and of a page that fails 64 KB are kept to be judged by.
fn sized(key: &str, size: Option<ByteSize>, check: &mut Check) -> Option<u64> {
    let why = "expected 65536 to 1073741824, a GiB";
    check.within(key, size.map(|size| size.0), 64 << 10..=1 << 30, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(text: &str) -> Result<Limits, String> {
        let file = toml::from_str(text).map_err(|error: toml::de::Error| error.to_string())?;
        let mut check = Check::default();
        let limits = resolve(&file, &mut check);
        match check.problems.first() {
            None => Ok(limits),
            Some(problem) => Err(problem.to_string()),
        }
    }

    fn in_ms(limits: &Limits) -> [u128; 4] {
        [limits.connect, limits.first_byte, limits.idle, limits.total].map(|time| time.as_millis())
    }

    #[test]
    fn nothing_set_is_the_usual() {
        assert_eq!(limits(""), Ok(Limits::default()));
    }

    #[test]
    fn what_is_not_set_gives_way() {
        for (text, expected) in [
            ("total_ms = 1000", [250, 500, 500, 1000]),
            ("total_ms = 30000", [7500, 15_000, 15_000, 30_000]),
            ("connect_ms = 30000", [30_000, 45_000, 15_000, 60_000]),
            ("connect_ms = 40000", [40_000, 60_000, 15_000, 80_000]),
            ("idle_ms = 90000", [10_000, 20_000, 90_000, 180_000]),
            ("connect_ms = 900\ntotal_ms = 1000", [900, 950, 500, 1000]),
            (
                "connect_ms = 20\nfirst_byte_ms = 30\nidle_ms = 10\ntotal_ms = 40",
                [20, 30, 10, 40],
            ),
        ] {
            assert_eq!(
                limits(text).map(|limits| in_ms(&limits)),
                Ok(expected),
                "{text}"
            );
        }
        let short = limits("connect_ms = 1000").unwrap();
        assert!(short.resolve < short.connect);
        let small = limits("body_bytes = 65536").unwrap();
        assert_eq!(
            (small.body_served_bytes, small.body_decoded_bytes),
            (65_536, 131_072)
        );
        let large = limits("body_bytes = '1 GiB'").unwrap();
        assert_eq!(large.input_served_bytes, 1 << 30);
        let inputs = limits("input_bytes = 1048576").unwrap();
        assert_eq!(inputs.body_served_bytes, 1 << 20);
    }

    #[test]
    fn what_was_set_is_held_to_its_range_and_to_the_rest() {
        for (text, expected) in [
            (
                "connect_ms = 9",
                "limits.connect_ms = 9: expected 10 to 600000",
            ),
            (
                "total_ms = 3600001",
                "limits.total_ms = 3600001: expected 10 to 3600000",
            ),
            (
                "redirects = 51",
                "limits.redirects = 51: expected at most 50",
            ),
            (
                "body_bytes = 1000",
                "limits.body_bytes = 1000: expected 65536 to 1073741824",
            ),
            (
                "connect_ms = 500\nfirst_byte_ms = 500",
                "limits.connect_ms = 500: expected less than limits.first_byte_ms, which is 500",
            ),
            (
                "connect_ms = 2000\ntotal_ms = 1000",
                "limits.connect_ms = 2000: expected less than limits.total_ms, which is 1000",
            ),
            (
                "idle_ms = 1000\ntotal_ms = 1000",
                "limits.idle_ms = 1000: expected less than limits.total_ms, which is 1000",
            ),
            (
                "body_bytes = 2000000\ninput_bytes = 1000000",
                "limits.body_bytes = 2000000: expected at most limits.input_bytes, which is 1000000",
            ),
        ] {
            let complaint = limits(text).unwrap_err();
            assert!(complaint.contains(expected), "{text}: {complaint}");
        }
    }
}

#![no_main]

use std::io::{Cursor, Read, copy, sink};

use libfuzzer_sys::fuzz_target;
use sourcekeep::warc::{Visit, visit_zip};

/// Reads every web archive, and every second one to its end.
struct Reading {
    archives: usize,
    bytes: u64,
}

impl Visit for Reading {
    type Error = std::convert::Infallible;

    fn archive(&mut self, name: &str, file: &mut dyn Read) -> Result<(), Self::Error> {
        assert!(name.split('/').all(|part| !matches!(part, "" | "." | "..")));
        self.archives += 1;
        let most = if self.archives % 2 == 0 { 1 } else { u64::MAX };
        // What cannot be read is told afterwards.
        self.bytes += copy(&mut file.take(most), &mut sink()).unwrap_or(0);
        Ok(())
    }

    fn problem(&mut self, what: String, _: bool) {
        assert!(!what.is_empty());
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut reading = Reading {
        archives: 0,
        bytes: 0,
    };
    let Ok(()) = visit_zip(&mut Cursor::new(bytes), &mut reading);
    assert!(reading.bytes <= 3 * 1100 * bytes.len() as u64 + (64 << 20));
});

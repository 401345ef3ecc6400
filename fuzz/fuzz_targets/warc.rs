#![no_main]

use libfuzzer_sys::fuzz_target;
use sourcekeep::warc::Reader;

fuzz_target!(|bytes: &[u8]| {
    let mut reader = Reader::new(bytes);
    // Memory cannot fail to be read.
    while let Ok(Some(record)) = reader.next_record() {
        let _ = (record.uri(), record.date(), record.media_type());
        // Every second one is skipped.
        if record.place.offset % 2 == 0 {
            let mut size = 0;
            if let Ok(end) = reader.payload(|piece| size += piece.len() as u64) {
                assert_eq!(end.size, size);
            }
        }
        reader.take_problems();
    }
    assert!(reader.offset() <= bytes.len() as u64);
});

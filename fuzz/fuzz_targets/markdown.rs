#![no_main]

use libfuzzer_sys::fuzz_target;
use sourcekeep::gather::Format;

fuzz_target!(|bytes: &[u8]| sourcekeep_fuzz::read(bytes, Format::Markdown));

//! Where a feed is not as XML is.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Where a strict reader would have stopped.
pub(super) fn first(text: &str) -> Option<(usize, String)> {
    let mut reader = Reader::from_str(text);
    let mut depth = 0_usize;
    loop {
        match reader.read_event() {
            Ok(Event::Start(_)) => depth += 1,
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(Event::Eof) if depth > 0 => {
                let why = "feed is not well-formed: it ends before its elements do; read as far as possible";
                return Some((text.len(), why.to_owned()));
            }
            Ok(Event::Eof) => return None,
            Ok(_) => {}
            Err(error) => {
                let why = format!("feed is not well-formed: {error}; read as far as possible");
                return Some((reader.error_position() as usize, why));
            }
        }
    }
}

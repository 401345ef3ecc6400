//! How much of answers waits to be taken: those who ask for what is large, and take it slowly, do not fill the memory.

use std::sync::Arc;

use axum::http::StatusCode;
use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::answer::Answer;

/// Kilobytes of all large answers that wait: more than the largest has, so that each can be sent.
const MOST_KB: usize = 256 << 10;
/// Answers of fewer bytes are not counted. (There are as many as connections, at most.)
const SMALL: usize = 64 << 10;

/// The room for answers that wait.
pub(super) struct Unsent(Arc<Semaphore>);

/// An answer that has its room until the last of it is sent.
struct Held {
    bytes: Bytes,
    _room: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Unsent {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(MOST_KB)))
    }

    /// The answer with its room; where there is none, another that says so.
    pub(super) fn hold(&self, mut answer: Answer) -> Answer {
        let size = answer.body.len();
        if size <= SMALL {
            return answer;
        }
        let wanted = (size >> 10).min(MOST_KB) as u32;
        let Ok(room) = Arc::clone(&self.0).try_acquire_many_owned(wanted) else {
            let words = "too much waits to be taken by others; try again in a while";
            return Answer::words(StatusCode::SERVICE_UNAVAILABLE, words);
        };
        answer.body = Bytes::from_owner(Held {
            bytes: answer.body,
            _room: room,
        });
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::super::answer::Policy;
    use super::*;

    #[test]
    fn room_is_left_by_what_is_sent_to_its_last_part() {
        let unsent = Unsent::new();
        let large = || Answer::of(Policy::Bytes, "text/plain", vec![0; 100 << 20]);
        let small = || Answer::of(Policy::Bytes, "text/plain", vec![0; SMALL]);
        let (first, second) = (unsent.hold(large()), unsent.hold(large()));
        assert_eq!([first.status, second.status], [StatusCode::OK; 2]);
        // A part of it holds all of it.
        let part = first.body.slice(5..6);
        drop(first);
        assert_eq!(unsent.hold(large()).status, 503);
        assert_eq!(unsent.hold(small()).status, 200);
        drop(part);
        assert_eq!(unsent.hold(large()).status, 200);
    }
}

//! A sign of life after each good run, to a service that raises an alarm when it stays away.

use std::time::Duration;

use url::Url;

use crate::fetch::{Accept, Fault, Fetcher, Request};

/// How long the service may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of the answer that are taken; nobody reads them.
const ANSWER_BYTES: u64 = 16 * 1024;

/// Why the sign of life did not arrive. It says where it was to go by scheme and host only: the rest of the address is
/// the secret by which the service knows us.
#[derive(Debug, thiserror::Error)]
#[error("no sign of life could be given to {place}: {why}")]
pub struct HeartbeatError {
    place: String,
    why: String,
}

impl HeartbeatError {
    /// `place` is what may be shown of the address.
    fn new(address: &Url, why: impl Into<String>) -> Self {
        Self {
            place: format!(
                "{}://{}",
                address.scheme(),
                address.host_str().unwrap_or("?")
            ),
            why: why.into(),
        }
    }
}

/// Asks for the address once (GET), within ten seconds. To be called after a run that ended well, and only then.
///
/// # Errors
/// When it was not answered with a status from 200 to 299. That is worth a warning and is no failure of the run.
pub async fn heartbeat(fetcher: &Fetcher, address: &Url) -> Result<(), HeartbeatError> {
    let request = Request {
        accept: Accept::Any,
        body_limit: Some(ANSWER_BYTES),
        ..Request::page(address.clone())
    };
    let fail = |why: String| Err(HeartbeatError::new(address, why));
    let fetched = match tokio::time::timeout(PATIENCE, fetcher.get(&request)).await {
        Err(_) => return fail("no answer within 10 s".to_owned()),
        // A fault may speak of hosts only, never of paths.
        Ok(Err(fault @ (Fault::Ours(_) | Fault::NoNetwork(_) | Fault::Busy { .. }))) => {
            return fail(fault.to_string());
        }
        Ok(Ok(fetched)) => fetched,
    };
    let status = fetched.facts.hops.last().map(|hop| hop.status);
    match (status, &fetched.facts.failure) {
        // Once it is answered, it has arrived, whatever became of the body.
        (Some(200..=299), _) => Ok(()),
        (_, Some(failure)) => fail(failure.family.as_str().to_owned()),
        (Some(status), None) => fail(format!("status {status}")),
        (None, None) => fail("no answer".to_owned()),
    }
}

//! The sign of life after a good run: where it goes to, and what is said when it does not arrive.

use sourcekeep::fetch::{self, Fetcher};
use sourcekeep::run;
use url::Url;

use super::context;
use super::exit::{Exit, Failure};
use super::print::Printer;

/// Names the address that is asked for after each good run. It is a secret: whoever knows it can keep the alarm quiet.
const VARIABLE: &str = "SOURCEKEEP_HEARTBEAT";

/// Where the sign of life goes to, if anywhere.
fn address(printer: &Printer) -> Option<Url> {
    let text = std::env::var(VARIABLE)
        .ok()
        .filter(|text| !text.is_empty())?;
    match Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Some(url),
        // What was given is not repeated, for it may be the right secret in the wrong form.
        _ => {
            printer.warning(format!(
                "{VARIABLE}: not a web address (expected https://...); nobody hears of this run"
            ));
            None
        }
    }
}

/// Whether a command that ended so is a good run.
pub(crate) fn is_good(exit: Exit) -> bool {
    matches!(exit, Exit::Done | Exit::FailOn)
}

/// Gives the sign of life, if anybody waits for one. That it does not arrive is a warning and no more.
///
/// The fetcher is a new one: connections of the one that made the pass may belong to a runtime that has ended.
pub(crate) async fn give(settings: &fetch::Settings, printer: &Printer) {
    let Some(address) = address(printer) else {
        return;
    };
    let fetcher = match Fetcher::new(settings) {
        Ok(fetcher) => fetcher,
        Err(error) => return printer.warning(error),
    };
    match run::heartbeat(&fetcher, &address).await {
        Ok(()) => printer.detail("the sign of life was given"),
        Err(error) => printer.warning(error),
    }
}

/// After a run, outside of any runtime: gives the sign of life if it ended well.
pub(crate) fn after(
    exit: Exit,
    settings: &fetch::Settings,
    printer: &Printer,
) -> Result<(), Failure> {
    if is_good(exit) {
        let runtime = context::runtime()?;
        runtime.block_on(give(settings, printer));
        runtime.shutdown_background();
    }
    Ok(())
}

//! The sign of life after a good run: where it goes to, and what is said when it does not arrive.

use sourcekeep::config::{SecretUrl, Settings};
use sourcekeep::fetch::{self, Fetcher};
use sourcekeep::run;
use url::Url;

use super::context::{self, Setup};
use super::exit::{Exit, Failure};
use super::print::Printer;

/// Where the sign of life goes to, if anywhere. It is a secret: whoever knows it can keep the alarm quiet.
pub(crate) fn address(settings: &Settings) -> Option<&Url> {
    settings.schedule.heartbeat.as_ref().map(SecretUrl::url)
}

/// Whether a command that ended so is a good run.
pub(crate) fn is_good(exit: Exit) -> bool {
    matches!(exit, Exit::Done | Exit::FailOn)
}

/// Gives the sign of life, if anybody waits for one. That it does not arrive is a warning and no more.
///
/// The fetcher is a new one: connections of the one that made the pass may belong to a runtime that has ended.
pub(crate) async fn give(address: Option<&Url>, settings: &fetch::Settings, printer: &Printer) {
    let Some(address) = address else {
        return;
    };
    let fetcher = match Fetcher::new(settings) {
        Ok(fetcher) => fetcher,
        Err(error) => return printer.warning(error),
    };
    match run::heartbeat(&fetcher, address).await {
        Ok(()) => printer.detail("the sign of life was given"),
        Err(error) => printer.warning(error),
    }
}

/// After a run, outside of any runtime: gives the sign of life if it ended well.
pub(crate) fn after(exit: Exit, setup: &Setup, printer: &Printer) -> Result<(), Failure> {
    let address = address(&setup.settings);
    if is_good(exit) && address.is_some() {
        let runtime = context::runtime()?;
        runtime.block_on(give(address, &setup.fetch, printer));
        runtime.shutdown_background();
    }
    Ok(())
}

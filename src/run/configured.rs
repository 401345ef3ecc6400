//! The inputs of the configuration: which of them are to be registered, and how.

use std::path::{Path, PathBuf};

use super::gathering::InputOptions;
use super::inputs::{Argument, InputError, classify};
use crate::config::{InputAddress, InputSettings, ReadAs};
use crate::gather;
use crate::store::{InputRow, NewInput};

/// The format under which an input is registered that is a site: a page whose posts are looked for.
pub const SITE: &str = "site";

/// An input of the configuration as it is registered. Files and folders must be there.
///
/// `configured` is what the configuration includes and excludes in all inputs.
pub fn configured_input(
    input: &InputSettings,
    configured: &gather::Options,
) -> Result<NewInput, InputError> {
    let argument = match &input.address {
        InputAddress::Web(url) => Argument::Web(url.clone()),
        InputAddress::Path(path) => classify(&path.to_string_lossy())?,
    };
    let format = input.read_as.and_then(|read_as| match read_as {
        ReadAs::Format(format) => Some(format),
        ReadAs::Pages => Some(gather::Format::List),
        ReadAs::Site => None,
    });
    let kind = match (input.read_as, &argument) {
        (Some(ReadAs::Pages), Argument::File(_)) => "pages",
        (Some(ReadAs::Pages), _) => {
            return Err(InputError::Pages {
                argument: input.address.to_string(),
            });
        }
        (Some(ReadAs::Site), Argument::Web(_)) => "page",
        (Some(ReadAs::Site), _) => {
            return Err(InputError::Site {
                argument: input.address.to_string(),
            });
        }
        _ => argument.kind(format),
    };
    let format = match input.read_as {
        Some(ReadAs::Site) => Some(SITE.to_owned()),
        _ => format.map(|format| format.as_str().to_owned()),
    };
    let options = InputOptions {
        gather: input.gather.clone(),
        configured: configured.clone(),
        refresh_hours: input.refresh_hours,
        interval_days: input.interval_days,
        since: input.since,
        browser: input.browser,
        ..InputOptions::default()
    };
    Ok(NewInput {
        address: argument.address(),
        kind: kind.to_owned(),
        format,
        base: input.base.as_ref().map(ToString::to_string),
        // Lists of strings, switches and numbers always serialise.
        options: serde_json::to_string(&options).unwrap_or_default(),
    })
}

/// The names under which an input of the configuration may be registered, whether it is still there or not.
pub fn names_of(address: &InputAddress) -> Vec<String> {
    let path = match address {
        InputAddress::Web(url) => return vec![url.to_string()],
        InputAddress::Path(path) => path,
    };
    let name = |path: PathBuf| path.to_string_lossy().into_owned();
    let paths = [path.canonicalize(), std::path::absolute(path)];
    paths.into_iter().flatten().map(name).collect()
}

/// What is to be registered: the inputs that were named, and those of the configuration that are not registered yet, or
/// are registered otherwise.
///
/// A named input that the configuration has too is read as the configuration says, unless `says_how`, that is, flags
/// say how what was named is read.
pub fn to_register(
    named: Vec<NewInput>,
    says_how: bool,
    configured: Vec<NewInput>,
    registered: &[InputRow],
) -> Vec<NewInput> {
    let mut inputs: Vec<NewInput> = Vec::new();
    let has = |inputs: &[NewInput], address: &str| inputs.iter().any(|one| one.address == address);
    for input in configured {
        let is_named = has(&named, &input.address);
        let is_wanted = if is_named {
            !says_how
        } else {
            !registered.iter().any(|row| is_same(row, &input))
        };
        // Two paths may lead to one file.
        if is_wanted && !has(&inputs, &input.address) {
            inputs.push(input);
        }
    }
    for input in named {
        if !has(&inputs, &input.address) {
            inputs.push(input);
        }
    }
    inputs
}

/// Whether an input is registered as it would be now. What the configuration excludes everywhere is none of its own.
fn is_same(row: &InputRow, input: &NewInput) -> bool {
    // A page turns out to be a feed when it is read.
    let kind = |kind: &str| match kind {
        "feed" | "sitemap" | "site" => "page".to_owned(),
        kind => kind.to_owned(),
    };
    let own = |options: &str| {
        let options: Option<InputOptions> = serde_json::from_str(options).ok();
        options.map(|options| InputOptions {
            configured: gather::Options::default(),
            added_by: None,
            ..options
        })
    };
    row.address == input.address
        && kind(&row.kind) == kind(&input.kind)
        && (&row.format, &row.base) == (&input.format, &input.base)
        && own(&row.options) == own(&input.options)
}

/// Whether an input that is not there is registered all the same: the run says then that it cannot be read.
pub fn is_registered(path: &Path, registered: &[InputRow]) -> bool {
    let names = names_of(&InputAddress::Path(path.to_owned()));
    registered.iter().any(|row| names.contains(&row.address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(address: &str, refresh_hours: Option<u32>) -> NewInput {
        let input = InputSettings {
            address: address.parse().unwrap(),
            read_as: None,
            base: None,
            gather: gather::Options::default(),
            refresh_hours,
            interval_days: None,
            since: None,
            browser: false,
        };
        configured_input(&input, &gather::Options::default()).unwrap()
    }

    fn row(input: &NewInput) -> InputRow {
        InputRow {
            id: 1,
            address: input.address.clone(),
            kind: "feed".to_owned(),
            format: input.format.clone(),
            base: input.base.clone(),
            options: input.options.clone(),
            added_at: 1,
            next_refresh_at: None,
            refreshed_at: None,
            problem: None,
            paused_at: None,
            posts: 0,
            citations: 0,
        }
    }

    fn addresses(inputs: &[NewInput]) -> Vec<(&str, bool)> {
        inputs
            .iter()
            .map(|one| (&one.address[14..], one.options.contains("refresh_hours")))
            .collect()
    }

    #[test]
    fn only_what_is_new_or_changed_is_registered() {
        let (a, b) = ("https://a.org/a", "https://a.org/b");
        let rows = [row(&new(a, None)), row(&new(b, None))];
        let configured = || vec![new(a, None), new(b, Some(5)), new("https://a.org/c", None)];
        let inputs = to_register(vec![], false, configured(), &rows);
        assert_eq!(addresses(&inputs), [("b", true), ("c", false)]);
        // Named without flags, it is read as the configuration says, and at once.
        let inputs = to_register(vec![new(a, None)], false, configured(), &rows);
        assert_eq!(
            addresses(&inputs),
            [("a", false), ("b", true), ("c", false)]
        );
        // Flags are stronger.
        let inputs = to_register(vec![new(b, None)], true, configured(), &rows);
        assert_eq!(addresses(&inputs), [("c", false), ("b", false)]);
    }
}

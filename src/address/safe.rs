//! Addresses that are fit to print: credentials never reach a terminal, a log or a report.

use url::Url;

/// The address as text with user name and password replaced, for messages and reports.
///
/// Addresses that came through [`super::parse`] carry no user information any more; this is for those that a user
/// typed, such as a proxy's.
pub fn redacted(url: &Url) -> String {
    if url.username().is_empty() && url.password().is_none() {
        return url.to_string();
    }
    let mut shown = url.clone();
    // Both fail only for addresses that cannot have credentials, and those do not get here.
    let _ = shown.set_password(None);
    let _ = shown.set_username("***");
    shown.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_shown() {
        let url = Url::parse("http://user:secret@proxy.example:8080/").unwrap();
        assert_eq!(redacted(&url), "http://***@proxy.example:8080/");
        let plain = Url::parse("http://proxy.example/").unwrap();
        assert_eq!(redacted(&plain), "http://proxy.example/");
    }
}

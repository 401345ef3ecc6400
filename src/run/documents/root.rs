//! Where a local file stands on its site.

use std::path::Path;

use url::Url;

use crate::gather::Rules;

/// The address of a local file whose site's address is `base`: where the folder that is the site's root is known, a file
/// below it has the address that belongs to its path; every other has `base` itself.
pub fn address_of(path: &Path, base: Option<&Url>, rules: &Rules) -> Option<Url> {
    let base = base?;
    let below = rules
        .root()
        .and_then(|root| root.to_file_path().ok())
        .and_then(|root| {
            let path = std::path::absolute(path).ok()?;
            // The root's path has no links in it, so that of the file must have none either.
            let path = path.canonicalize().unwrap_or(path);
            let below = path.strip_prefix(root).ok()?;
            let mut address = base.join("/").ok()?;
            address
                .path_segments_mut()
                .ok()?
                .pop_if_empty()
                .extend(below.iter().map(|part| part.to_string_lossy()));
            Some(address)
        });
    Some(below.unwrap_or_else(|| base.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::Options;

    #[test]
    fn files_below_the_root_have_addresses_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("a b")).unwrap();
        std::fs::write(root.join("a b/ü?.html"), "x").unwrap();
        let base = Url::parse("https://blog.example/start").unwrap();
        let rules = Options::default().compile().unwrap();
        let rooted = rules.clone().rooted(Url::from_directory_path(&root).ok());
        let of = |path: &str, rules: &Rules| {
            address_of(&root.join(path), Some(&base), rules).map(String::from)
        };
        assert_eq!(
            of("a b/ü?.html", &rooted).as_deref(),
            Some("https://blog.example/a%20b/%C3%BC%3F.html")
        );
        for (path, rules) in [("a b/ü?.html", &rules), ("../elsewhere", &rooted)] {
            assert_eq!(of(path, rules).as_deref(), Some(base.as_str()));
        }
        assert_eq!(address_of(&root, None, &rooted), None);
    }
}

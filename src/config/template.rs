//! The file that `config init` writes.

/// A configuration file with every key in a comment, at its default where it has one.
pub const TEMPLATE: &str = include_str!("template.toml");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::config::{File, KEYS, Origin, Overrides, Resolved, Shown};

    /// Keys that stand for another one, which is there too.
    const INSTEAD: [&str; 4] = [
        "proxy_file",
        "second_vantage_file",
        "heartbeat_file",
        "rules",
    ];

    fn resolved(text: &str) -> Resolved {
        let (file, problems) = File::parse_all(text, Path::new("sourcekeep.toml"));
        assert_eq!(problems, []);
        Resolved::new(Overrides::default(), Some(file))
    }

    #[test]
    fn as_it_is_it_changes_nothing() {
        let usual = Resolved::new(Overrides::default(), None);
        assert_eq!(resolved(TEMPLATE).settings, usual.settings);
    }

    /// A setting in a comment has no space after the `#`, and prose has one.
    #[test]
    fn it_has_every_key_with_its_default() {
        let mut text = String::new();
        for line in TEMPLATE.lines() {
            let is_instead = INSTEAD
                .iter()
                .any(|key| line.starts_with(&format!("#{key} ")));
            let line = match line.strip_prefix('#') {
                Some(setting) if !setting.starts_with(' ') && !is_instead => setting,
                _ => line,
            };
            text.push_str(line);
            text.push('\n');
        }
        let set = resolved(&text);
        assert_eq!(set.problems, []);
        let usual = Resolved::new(Overrides::default(), None).in_force();
        let mut keys = BTreeSet::new();
        for key in set.in_force() {
            let table = key.table.split(['.', '[']).next().unwrap_or_default();
            keys.insert((table.to_owned(), key.name));
            let known = usual.iter().find(|one| one.key() == key.key());
            if let Some(Shown::Value(value)) = known.map(|known| &known.value)
                && key.name != "contact"
            {
                assert_eq!(key.value, Shown::Value(value.clone()), "{}", key.key());
            }
            let is_instead = INSTEAD.contains(&key.name);
            // An empty list of an input is as good as none.
            assert_eq!(key.origin == Origin::Default, is_instead, "{}", key.key());
        }
        for key in KEYS {
            let (table, name) = key.rsplit_once('.').unwrap_or_default();
            let table = table.split('.').next().unwrap_or_default();
            let is_empty = table == "input" && (name == "include" || name.starts_with("exclude"));
            let is_shown = keys.iter().any(|(t, n)| t == table && *n == name);
            assert!(is_shown || is_empty, "{key}");
            assert!(TEMPLATE.contains(&format!("#{name} = ")), "{key}");
        }
    }
}

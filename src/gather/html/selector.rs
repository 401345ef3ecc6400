//! Links that a CSS selector excludes.
//!
//! Selectors need a tree, so that a page is parsed a second time, only where somebody asked for it. The two readings are
//! tied by what both see alike: the `href` as written and how often it occurred before.

use std::collections::HashMap;

use scraper::{ElementRef, Html};

use crate::gather::options::Rules;

/// The largest page that is parsed into a tree.
pub(super) const MAX_TREE_BYTES: usize = 32 * 1024 * 1024;

/// For each `href`, the rule that excludes its first, second, ... occurrence.
#[derive(Debug, Default)]
pub(super) struct Excluded {
    rules: HashMap<String, Vec<Option<String>>>,
    seen: HashMap<String, usize>,
}

impl Excluded {
    /// Parses the page if there are selectors.
    pub(super) fn of(text: &str, rules: &Rules) -> Self {
        let mut excluded = Self::default();
        if rules.selectors().is_empty() || text.len() > MAX_TREE_BYTES {
            return excluded;
        }
        let tree = Html::parse_document(text);
        let mut matched = HashMap::new();
        for (written, selector) in rules.selectors() {
            for element in tree.select(selector) {
                matched.entry(element.id()).or_insert(written);
            }
        }
        // In document order an element's parent was judged before it.
        for node in tree.tree.root().descendants() {
            let Some(element) = ElementRef::wrap(node) else {
                continue;
            };
            let rule = matched.get(&element.id()).copied();
            let rule = rule.or_else(|| {
                element
                    .parent()
                    .and_then(|parent| matched.get(&parent.id()).copied())
            });
            if let Some(rule) = rule {
                matched.insert(element.id(), rule);
            }
            if matches!(element.value().name(), "a" | "area")
                && let Some(href) = element.value().attr("href")
            {
                let rule = rule.map(|rule| format!("selector {rule}"));
                excluded
                    .rules
                    .entry(href.to_owned())
                    .or_default()
                    .push(rule);
            }
        }
        excluded
            .rules
            .retain(|_, occurrences| occurrences.iter().any(Option::is_some));
        excluded
    }

    /// The rule that excludes the next link of this `href`.
    pub(super) fn next(&mut self, href: &str) -> Option<String> {
        let occurrences = self.rules.get(href)?;
        if occurrences.iter().all(Option::is_some) {
            return occurrences.first().cloned().flatten();
        }
        let seen = self.seen.entry(href.to_owned()).or_default();
        let rule = occurrences.get(*seen).cloned().flatten();
        *seen += 1;
        rule
    }
}

//! What is told of an input while it is read, in words.

use sourcekeep::report::count;
use sourcekeep::run::{NotRead, Told};

/// What is told, in a line without the input's name.
pub(crate) fn words(told: &Told) -> String {
    match told {
        Told::Ways {
            collections,
            feeds,
            sitemaps,
        } => {
            let parts = [
                (*collections, "collection", " of the WordPress API"),
                (*feeds, "feed", ""),
                (*sitemaps, "sitemap", ""),
            ];
            let parts = listed(parts);
            format!("posts are named by {}", parts.join(", "))
        }
        Told::NotRead(not_read) => format!("left out {}", not_read_in_words(*not_read)),
        Told::StayDue(0) => "the rest is left for the next run".to_owned(),
        Told::StayDue(posts) => format!("{} left for the next run", count(*posts, "post")),
        Told::Registered(feeds) => format!("{} registered as inputs", count(*feeds, "feed")),
        Told::NamedNoLonger(feed) => {
            format!("names {feed} no longer; it stays an input until `sourcekeep remove {feed}`")
        }
        Told::TooLong(pages) => format!(
            "goes on for more than {}; what is older is not read",
            count(*pages, "page")
        ),
    }
}

fn not_read_in_words(not_read: NotRead) -> String {
    let parts = [
        (not_read.lists, "tag and author page", ""),
        (not_read.sitemaps, "sitemap", " of tags and authors"),
        (not_read.files, "file", ""),
        (not_read.elsewhere, "page", " of other sites"),
        (not_read.old, "post", " from before --since"),
        (
            not_read.too_many,
            "post",
            " beyond what is taken of one site",
        ),
        (
            not_read.disallowed,
            "page",
            " that robots.txt keeps from being read",
        ),
    ];
    listed(parts).join(", ")
}

fn listed<const N: usize>(parts: [(u64, &str, &str); N]) -> Vec<String> {
    parts
        .into_iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, what, which)| format!("{}{which}", count(number, what)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_said_in_one_line() {
        let not_read = NotRead {
            lists: 312,
            elsewhere: 1,
            ..NotRead::default()
        };
        assert_eq!(
            words(&Told::NotRead(not_read)),
            "left out 312 tag and author pages, 1 page of other sites"
        );
    }
}

//! Questions to a WordPress REST API: their addresses, and what came of them.

use url::Url;

use crate::address::same_site;
use crate::fetch::{Accept, RobotsFact};
use crate::run::leads::{may_read, not_now};
use crate::run::reader::{Answer, Reader};

/// What came of one question to an API.
pub(super) enum Heard {
    /// JSON, and how many pages there are, where it says so.
    Json(Vec<u8>, Option<u32>),
    /// It refused: the status, and why.
    No(Option<u16>, String),
    /// The run is to end, or it cannot be asked now.
    Stop,
}

/// An address below the root of an API, which may be a path or, on sites without speaking addresses, a parameter.
pub(super) fn route(root: &Url, path: &str, query: &[(&str, &str)]) -> Url {
    let mut url = root.clone();
    url.set_fragment(None);
    let is_parameter = root.query_pairs().any(|(name, _)| name == "rest_route");
    if is_parameter {
        let others: Vec<_> = root
            .query_pairs()
            .filter(|(name, _)| name != "rest_route")
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        url.query_pairs_mut()
            .clear()
            .append_pair("rest_route", path)
            .extend_pairs(others);
    } else {
        let below = format!("{}{path}", root.path().trim_end_matches('/'));
        url.set_path(&below);
    }
    with_query(url, query)
}

pub(super) fn with_query(mut url: Url, query: &[(&str, &str)]) -> Url {
    if !query.is_empty() {
        // Commas may stand in a query as they are; encoded, some firewalls take them for an attack.
        let pairs: Vec<_> = query
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let before = url
            .query()
            .map(|query| format!("{query}&"))
            .unwrap_or_default();
        url.set_query(Some(&format!("{before}{}", pairs.join("&"))));
    }
    url
}

pub(super) async fn question(reader: &mut Reader<'_>, url: &Url) -> Heard {
    match may_read(reader, url).await {
        Ok(RobotsFact::Allowed) => {}
        Ok(_) => return Heard::No(None, "robots.txt keeps it from being read".to_owned()),
        Err(fault) => {
            not_now(reader, url.as_str(), &fault);
            return Heard::Stop;
        }
    }
    match reader.ask(url, None, Accept::Any).await {
        Answer::Came(fetched, address) if same_site(&address, url) => {
            let pages = fetched
                .exchanges
                .last()
                .and_then(|exchange| exchange.response_header("x-wp-totalpages"))
                .and_then(|pages| pages.trim().parse().ok());
            let body = fetched.body.map(|body| body.bytes.to_vec());
            Heard::Json(body.unwrap_or_default(), pages)
        }
        Answer::Came(_, address) => Heard::No(None, format!("leads to {address}")),
        Answer::Failed(status, why) => Heard::No(status, why),
        Answer::NotNow(fault) => {
            not_now(reader, url.as_str(), &fault);
            Heard::Stop
        }
        Answer::Unchanged | Answer::Cancelled => Heard::Stop,
    }
}

/// The root of the API that a collection belongs to.
pub(super) fn api_root(collection: &Url) -> Url {
    let mut root = collection.clone();
    if root.query_pairs().any(|(name, _)| name == "rest_route") {
        return root;
    }
    // `/wp-json/wp/v2/posts` lies three levels below its root.
    let path = collection.path().to_owned();
    let above = path.rsplitn(4, '/').nth(3).unwrap_or_default();
    root.set_path(&format!("{above}/"));
    root
}

/// An instant as the API understands it.
pub(super) fn instant(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map_or_else(
        |_| "1970-01-01T00:00:00".to_owned(),
        |at| at.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_of_both_kinds() {
        let path = Url::parse("https://a.org/blog/wp-json/").unwrap();
        let posts = route(&path, "/wp/v2/posts", &[]);
        assert_eq!(posts.as_str(), "https://a.org/blog/wp-json/wp/v2/posts");
        assert_eq!(api_root(&posts), path);
        let parameter = Url::parse("https://a.org/?rest_route=/").unwrap();
        let posts = route(&parameter, "/wp/v2/posts", &[]);
        assert_eq!(
            posts.as_str(),
            "https://a.org/?rest_route=%2Fwp%2Fv2%2Fposts"
        );
        let page = with_query(posts.clone(), &[("page", "2"), ("_fields", "id,link")]);
        assert_eq!(
            page.as_str(),
            "https://a.org/?rest_route=%2Fwp%2Fv2%2Fposts&page=2&_fields=id,link"
        );
        let comments = route(&api_root(&posts), "/wp/v2/comments", &[("post", "1,2")]);
        assert_eq!(
            comments.as_str(),
            "https://a.org/?rest_route=%2Fwp%2Fv2%2Fcomments&post=1,2"
        );
    }

    #[test]
    fn instants_are_without_a_zone() {
        assert_eq!(instant(1_704_448_800_000), "2024-01-05T10:00:00");
    }
}

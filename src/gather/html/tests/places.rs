//! Where in a page a link stands.

use crate::gather::Format;
use crate::gather::Place;
use crate::gather::testing::{hear_bytes, rules};

const LINK: &str = "<a href=http://a.example/>x</a>";

fn place(html: &str) -> Place {
    let everything = rules(
        r#"{"include":{"navigation":true,"footer":true,"aside":true,"author":true,"internal":true}}"#,
    );
    let html = html.replace("LINK", LINK);
    let heard = hear_bytes(html.as_bytes(), Format::Html, &everything);
    heard.citations[0].place
}

#[test]
fn roles_and_elements() {
    for (html, expected) in [
        ("<div role=banner>LINK</div>", Place::Navigation),
        ("<div role=search>LINK</div>", Place::Navigation),
        ("<div role=contentinfo>LINK</div>", Place::Footer),
        (
            "<main><footer role=contentinfo>LINK</footer></main>",
            Place::Footer,
        ),
        ("<div role=complementary>LINK</div>", Place::Aside),
        ("<div role=main><div>LINK</div></div>", Place::Body),
        (
            "<div class=sidebar><div itemprop=articleBody>LINK</div></div>",
            Place::Body,
        ),
        ("<article><p>LINK</p></article>", Place::Body),
        ("<section><h2>x</h2>LINK</section>", Place::Body),
        ("<article><aside>LINK</aside></article>", Place::Aside),
        (
            "<figure><figcaption>Photo: LINK</figcaption></figure>",
            Place::Body,
        ),
        (
            "<p><a rel=tag href=http://a.example/>x</a>",
            Place::Navigation,
        ),
        (
            "<p><a rel=author href=http://a.example/>x</a>",
            Place::Navigation,
        ),
    ] {
        assert_eq!(place(html), expected, "{html}");
    }
}

#[test]
fn words_of_templates() {
    for (html, expected) in [
        (
            "<article><div class='entry-meta'>LINK</div></article>",
            Place::Navigation,
        ),
        (
            "<article><footer class='entry-footer'>LINK</footer></article>",
            Place::Navigation,
        ),
        ("<div class='author-bio'>LINK</div>", Place::Navigation),
        ("<div class='newsletter-signup'>LINK</div>", Place::Aside),
        (
            "<div class='elementor-widget elementor-widget-text-editor'>LINK</div>",
            Place::Body,
        ),
        ("<div class='shariff'>LINK</div>", Place::Navigation),
        ("<div id='catlinks'>LINK</div>", Place::Navigation),
        ("<div class='image-credit'>LINK</div>", Place::Body),
        ("<div class=references>LINK</div>", Place::Body),
    ] {
        assert_eq!(place(html), expected, "{html}");
    }
}

#[test]
fn behind_the_post() {
    let text = "Words of the post. ".repeat(100);
    for (html, expected) in [
        (
            format!("<div class=entry-content><p>{text}</p></div><div>LINK</div>"),
            Place::Aside,
        ),
        (
            format!("<article><p>{text}</p></article><div>LINK</div>"),
            Place::Aside,
        ),
        (
            format!("<main><p>{text}</p></main><div id=comments><p>LINK</p></div>"),
            Place::Comment,
        ),
        (
            format!("<div class=entry-content><p>{text}</p></div><div class=footnotes>LINK</div>"),
            Place::Body,
        ),
        (
            format!(
                "<div class=entry-content><p>{text}</p></div><h2>x</h2><div class=entry-content>LINK</div>"
            ),
            Place::Body,
        ),
        (
            format!("<div><p>{text}</p></div><div>LINK</div>"),
            Place::Body,
        ),
        (
            "<div class=entry-content><p>Short.</p></div><div>LINK</div>".to_owned(),
            Place::Body,
        ),
    ] {
        assert_eq!(place(&html), expected, "{}", &html[html.len() - 60..]);
    }
}

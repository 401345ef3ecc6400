//! Comments as blog software marks them up.

use crate::gather::testing::{hear_bytes, rules};
use crate::gather::{Comment, Format, Kind, Place};

const MAY: i64 = 1_336_039_200_000; // 2012-05-03T10:00:00Z

fn check(html: &str, site: Option<&str>, author: &str, at: Option<i64>) {
    let everything = rules(r#"{"include":{"author":true,"internal":false}}"#);
    let heard = hear_bytes(html.as_bytes(), Format::Html, &everything);
    let found: Vec<&str> = heard
        .citations
        .iter()
        .filter(|one| one.kind == Kind::Author)
        .map(|one| one.url.as_str())
        .collect();
    assert_eq!(found, site.into_iter().collect::<Vec<_>>(), "{html}");
    let said: Vec<_> = heard
        .citations
        .iter()
        .filter(|one| one.kind != Kind::Author)
        .collect();
    let [link] = said.as_slice() else {
        panic!("{heard:?}")
    };
    assert_eq!(link.place, Place::Comment, "{html}");
    let comment = Comment {
        author: Some(author.to_owned()),
        at,
    };
    assert_eq!(link.details.comment, Some(comment), "{html}");
}

#[test]
fn wordpress() {
    check(
        "<div id=comments class=comments-area><ol class=comment-list><li id='comment-12' class='comment even thread-even depth-1'>\
         <article id='div-comment-12' class=comment-body><footer class=comment-meta><div class='comment-author vcard'><img alt=''>\
         <b class=fn><a href='http://jane.example/' rel='external nofollow ugc' class=url>Jane Doe</a></b> <span class=says>says:</span></div>\
         <div class=comment-metadata><a href='/p#comment-12'><time datetime='2012-05-03T10:00:00+00:00'>May 3</time></a></div></footer>\
         <div class=comment-content><p>See <a href='http://a.example/' rel='nofollow ugc'>this</a>.</p></div></article></li></ol></div>",
        Some("http://jane.example/"),
        "Jane Doe",
        Some(MAY),
    );
    check(
        "<ol class=commentlist><li class='comment' id='comment-3'><cite class=fn><a href='http://jane.example/' rel='external nofollow' class=url>Jane</a></cite> \
         <span class=says>says:</span><p>See http://a.example/x</p></li></ol>",
        Some("http://jane.example/"),
        "Jane",
        None,
    );
}

#[test]
fn blogger() {
    check(
        "<div class=comments id=comments><ol><li class=comment id=c12><div class=comment-block><div class=comment-header><cite class=user>\
         <a href='https://www.blogger.com/profile/1' rel=nofollow>Jane</a></cite><span class='datetime secondary-text'><a rel=nofollow href='/p?showComment=1'>May 3</a></span></div>\
         <p class=comment-content>See <a href='http://a.example/'>this</a></p></div></li></ol></div>",
        Some("https://www.blogger.com/profile/1"),
        "Jane",
        None,
    );
}

#[test]
fn microformats_and_microdata() {
    check(
        "<article class=h-entry><div class='u-comment h-cite'><a class='p-author h-card' href='http://jane.example/'>Jane</a>\
         <time class=dt-published datetime='2012-05-03T10:00:00Z'></time><p class=e-content>See <a href='http://a.example/'>this</a></p></div></article>",
        Some("http://jane.example/"),
        "Jane",
        Some(MAY),
    );
    check(
        "<div itemprop=comment itemscope itemtype='http://schema.org/Comment'><span itemprop=author itemscope><a itemprop=url rel=nofollow href='http://jane.example/'>\
         <span itemprop=name>jane</span></a></span><time itemprop=datePublished datetime='2012-05-03T10:00:00Z'>May 3</time><div itemprop=text><p>See \
         <a href='http://a.example/'>this</a></p></div></div>",
        Some("http://jane.example/"),
        "jane",
        Some(MAY),
    );
}

#[test]
fn substack() {
    check(
        "<div class=comments-page><div class=comment-list><div class=comment id=comment-7><div class=comment-head><div class=comment-meta><span class=commenter-name>\
         <a href='https://substack.example/profile/jane'>Jane</a></span></div></div><div class=comment-body><p>See <a href='http://a.example/'>this</a></p></div></div></div></div>",
        Some("https://substack.example/profile/jane"),
        "Jane",
        None,
    );
}

#[test]
fn whose_comment_a_reply_is() {
    let html = "<ol class=commentlist><li class=comment id=comment-1><p class=comment-author>Jane</p><p>See <a href='http://a.example/'>a</a></p>\
        <ul class=children><li class=comment id=comment-2><p class=comment-author>John</p><p>See <a href='http://b.example/'>b</a></p></li></ul>\
        <p><a href='http://c.example/'>c</a></p></li></ol><p><a href='http://d.example/'>d</a>";
    let heard = hear_bytes(html.as_bytes(), Format::Html, &rules("{}"));
    let authors: Vec<Option<&str>> = heard
        .citations
        .iter()
        .map(|one| one.details.comment.as_ref()?.author.as_deref())
        .collect();
    assert_eq!(authors, [Some("Jane"), Some("John"), Some("Jane"), None]);
    assert_eq!(heard.citations[3].place, Place::Body);
}

#[test]
fn the_line_below_the_comments_is_no_comment() {
    let html = "<div id=disqus_thread></div><noscript>Enable <a href='https://disqus.com/?ref_noscript'>the comments powered by Disqus.</a></noscript>\
        <div id=comments><a href='http://disqus.com/' class=dsq-brlink>comments powered by Disqus</a></div>";
    let heard = hear_bytes(html.as_bytes(), Format::Html, &rules("{}"));
    assert_eq!(heard.citations, []);
    assert_eq!(
        heard.reasons(),
        [
            "https://disqus.com/?ref_noscript: in the footer",
            "http://disqus.com/: in the footer"
        ]
    );
}

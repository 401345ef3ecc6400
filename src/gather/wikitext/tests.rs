use crate::gather::testing::{Heard, hear};
use crate::gather::{Format, Kind, Note, Tie};

fn hear_wiki(text: &str) -> Heard {
    let heard = hear(text, Format::Wikitext);
    for citation in &heard.citations {
        assert!(citation.span.0 < citation.span.1, "{citation:?}");
    }
    heard
}

#[test]
fn links_of_every_kind() {
    let text = "'''It''' was [http://a.example/x ''the'' [[first|one]]], see http://b.example/y_(z). [[http://c.example/ odd]]\n\n\
        == Part ''one'' ==\n<!-- http://no.example/ --> <nowiki>[http://no.example/ x]</nowiki> <pre>http://no.example/</pre>\n\
        * (http://d.example/q)\n* [//e.example/ e] and [https://blog.example/own own] [mailto:a@b.example m]\n\
        === Inner === <!-- x -->\n{| class=wikitable\n|-\n! a !! b\n|-\n| http://f.example/1||http://f.example/2\n|}\n\
        [[File:X.jpg|thumb|A [http://g.example/ picture]]] [[Category:Y|http://no.example/]]\n==Two==\n[http://h.example/]";
    let heard = hear_wiki(text);
    let found: Vec<(&str, Kind, &str, String)> = heard
        .citations
        .iter()
        .map(|one| {
            (
                one.url.as_str(),
                one.kind,
                one.text.as_str(),
                one.headings.join("/"),
            )
        })
        .collect();
    let none = String::new();
    let part = "Part one".to_owned();
    let inner = "Part one/Inner".to_owned();
    assert_eq!(
        found,
        [
            ("http://a.example/x", Kind::Anchor, "the one", none.clone()),
            (
                "http://b.example/y_(z)",
                Kind::Bare,
                "http://b.example/y_(z)",
                none.clone()
            ),
            ("http://c.example/", Kind::Anchor, "odd", none),
            (
                "http://d.example/q",
                Kind::Bare,
                "http://d.example/q",
                part.clone()
            ),
            ("https://e.example/", Kind::Anchor, "e", part),
            (
                "http://f.example/1",
                Kind::Bare,
                "http://f.example/1",
                inner.clone()
            ),
            (
                "http://f.example/2",
                Kind::Bare,
                "http://f.example/2",
                inner.clone()
            ),
            ("http://g.example/", Kind::Anchor, "picture", inner),
            ("http://h.example/", Kind::Anchor, "", "Two".to_owned()),
        ]
    );
    let first = &heard.citations[0];
    assert_eq!(&text[first.span.0..first.span.1], "http://a.example/x");
    assert_eq!(
        first.context,
        "It was the one, see http://b.example/y_(z). [odd]"
    );
    assert_eq!(heard.citations[3].line, 5);
    assert_eq!(heard.reasons(), ["https://blog.example/own: internal link"]);
}

#[test]
fn references_say_much() {
    let text = "It was so.<ref name=\"a\">Smith: {{cite web\n| url = http://a.example/x?a=1&amp;b=2 <!-- checked -->\n| title = The [[big|Big]] ''news''\n\
        | work = Paper | date = 1 May 2010\n|archive-url=https://web.archive.org/web/2012/http://a.example/x |url-status=dead\n|access-date=23 August 2012|quote=We were {{sic|rong}} wrong.\n|chapter-url=http://b.example/}}</ref> And then.";
    let heard = hear_wiki(text);
    let found: Vec<(&str, Kind)> = heard
        .citations
        .iter()
        .map(|one| (one.url.as_str(), one.kind))
        .collect();
    assert_eq!(
        found,
        [
            ("http://a.example/x?a=1&b=2", Kind::Reference),
            (
                "https://web.archive.org/web/2012/http://a.example/x",
                Kind::Reference
            ),
            ("http://b.example/", Kind::Reference),
        ]
    );
    let main = &heard.citations[0];
    assert_eq!(
        (main.text.as_str(), main.context.as_str()),
        ("The Big news", "Smith: The Big news.")
    );
    assert!(main.details.marked_dead);
    assert_eq!(main.details.note.as_deref(), Some("url-status=dead"));
    assert_eq!(main.details.accessed_at, Some(1_345_680_000_000));
    let quote = main.quote.as_ref().unwrap();
    assert_eq!(
        (quote.text.as_str(), quote.tie),
        ("We were wrong.", Tie::Declared)
    );
    let copy = &heard.citations[1];
    assert_eq!(copy.details.preserves.as_ref(), Some(&main.url));
    assert_eq!(
        (copy.quote.as_ref(), copy.details.marked_dead),
        (None, false)
    );
}

#[test]
fn references_in_other_languages() {
    for (text, title, dead) in [
        (
            "{{Internetquelle |url=http://a.example/ |titel=Titel |abruf=2012-08-23 |offline=ja}}",
            "Titel",
            true,
        ),
        (
            "{{lien web|langue=fr|url=http://a.example/|titre=Titre|consulté le=23 août 2012}}",
            "Titre",
            false,
        ),
        (
            "{{cita web|url=http://a.example/|título=Título|fechaacceso=23 de agosto de 2012|urlmuerta=no}}",
            "Título",
            false,
        ),
        (
            "{{Cite web|ссылка=http://a.example/|заглавие=Имя|датаобращения=23 августа 2012}}",
            "Имя",
            false,
        ),
        (
            "{{Verkkoviite|osoite=http://a.example/|nimeke=Nimi|luettu=23.8.2012|}}",
            "Nimi",
            false,
        ),
    ] {
        let heard = hear_wiki(text);
        assert_eq!(heard.urls(), ["http://a.example/"], "{text}");
        let found = &heard.citations[0];
        assert_eq!(
            (found.text.as_str(), found.details.marked_dead),
            (title, dead),
            "{text}"
        );
        assert_eq!(found.details.accessed_at, Some(1_345_680_000_000), "{text}");
    }
}

#[test]
fn what_stands_behind_a_link_marks_it() {
    for (text, dead) in [
        ("[http://a.example/ x]{{dead link|date=May 2010}}", true),
        ("[http://a.example/ x]. {{Toter Link}}", true),
        ("http://a.example/{{dead link}}", true),
        (
            "<ref>{{cite web|url=http://a.example/|title=x}}</ref>{{dead link}}",
            true,
        ),
        (
            "{{cite web|url=http://a.example/|title=x}} {{cbignore}}{{dead link}}",
            false,
        ),
        ("{{Toter Link|url=http://a.example/|text=x}}", true),
        ("[http://a.example/ x], [[y]] {{dead link}}", false),
        (
            "[http://a.example/ x] {{Toter Link|url=http://a.example/}}",
            true,
        ),
    ] {
        let heard = hear_wiki(text);
        assert_eq!(heard.urls()[0], "http://a.example/", "{text}");
        assert_eq!(heard.citations[0].details.marked_dead, dead, "{text}");
    }
    let heard = hear_wiki(
        "[http://a.example/ x] {{webarchive |url=https://web.archive.org/web/1/http://a.example/ |date=1}} {{Webarchiv|url=http://b.example/|wayback=20100101|text=b}}",
    );
    assert_eq!(
        heard.urls(),
        [
            "http://a.example/",
            "https://web.archive.org/web/1/http://a.example/",
            "http://b.example/",
            "https://web.archive.org/web/20100101/http://b.example/",
        ]
    );
    let preserved: Vec<Option<&str>> = heard
        .citations
        .iter()
        .map(|one| one.details.preserves.as_ref().map(url::Url::as_str))
        .collect();
    assert_eq!(
        preserved,
        [
            None,
            Some("http://a.example/"),
            None,
            Some("http://b.example/")
        ]
    );
    assert!(heard.citations[0].details.marked_dead && heard.citations[2].details.marked_dead);
}

#[test]
fn addresses_in_other_templates() {
    let heard = hear_wiki(
        "{{Infobox x\n| name = N\n| website = {{URL|a.example}}\n| url2 = http://b.example/ | image = {{{img|}}}\n| text = see [http://c.example/ c], http://d.example/x.}}\n\
         {{Official website|http://e.example/}} {{efn|Note <ref>{{cite news|url=http://f.example/|title=F}}</ref>}}\n[http://g.example/{{PAGENAME}} g] http://h.example/{{{1}}}",
    );
    assert_eq!(
        heard.urls(),
        [
            "http://b.example/",
            "http://a.example/",
            "http://c.example/",
            "http://d.example/x",
            "http://e.example/",
            "http://f.example/",
        ]
    );
    assert_eq!(heard.citations[2].context, "see c, http://d.example/x.");
    assert!(
        heard
            .notes
            .iter()
            .all(|note| matches!(note, Note::Unreadable { line: 7, .. }))
    );
    assert_eq!(heard.notes.len(), 2);
}

#[test]
fn texts_made_to_be_slow_are_not() {
    for part in [
        "{{",
        "{{a|",
        "{{a|url=http://a.example/",
        "{{cite|title=",
        "}}",
        "[[",
        "[[a|",
        "[http://a.example/ ",
        "[http://a.example/ [[",
        "http://a.example/ ",
        "http://",
        "<nowiki>",
        "<nowiki",
        "<!--",
        "<ref>",
        "==",
        "==a\n",
        "''",
        "|",
        "{{a}}",
        "{{a|b}} http://a.example/{{dead link}}",
        "{{{",
        "<",
        "&",
    ] {
        let before = std::time::Instant::now();
        hear(&part.repeat(40_000), Format::Wikitext);
        let nested = format!("{}{}", part.repeat(20_000), "}}".repeat(20_000));
        hear(&nested, Format::Wikitext);
        assert!(before.elapsed().as_secs() < 20, "{part}");
    }
}

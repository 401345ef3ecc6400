//! The words of the small web, written for it.

use super::web::{Answer, Web};

const DATABASE: &str = "http://foundation.example/strikes/database";
const REPORT: &str = "http://institute.example/reports/2026-drought.html";
const ARTICLE: &str = "http://news.example/2026/03/talks-resume";
const MOVED: &str = "http://news.example/archive/politics/talks-resume";
const WIKI: &str = "http://wiki.example/Reservoir_(dam)";
const INTERVIEW: &str = "http://radio.example/interviews/hydrologist";

/// The blog's posts: names and Markdown.
pub(super) const POSTS: [(&str, &str); 3] = [
    (
        "01-what-the-database-says.md",
        "---\ntitle: What the database says\ndate: 2026-02-27\n---\n\n\
         The foundation lists every strike in [its database](http://foundation.example/strikes/database), with dates \
         and places. I counted 341 of them last night.\n\n\
         The government's own figure is lower. [Talks resumed on Monday](http://news.example/2026/03/talks-resume), \
         and nobody asked about it.\n",
    ),
    (
        "02-the-reservoir.md",
        "---\ntitle: The reservoir\ndate: 2026-02-28\n---\n\n\
         How a [reservoir](http://wiki.example/Reservoir_(dam)) works is simple. Why this one is empty is not: the \
         [institute's report](http://institute.example/reports/2026-drought.html) says that \"the level fell by eleven \
         metres in one summer\".\n\n\
         A hydrologist explains it better than I can: <http://radio.example/interviews/hydrologist>\n",
    ),
    (
        "03-again-about-strikes.md",
        "---\ntitle: Again about strikes\ndate: 2026-03-01\n---\n\n\
         Several readers asked where the number comes from. It is in \
         [the foundation's database](http://foundation.example/strikes/database); look at the third column.\n",
    ),
];

pub(super) fn publish(web: &Web) {
    let robots = Answer::page("", "");
    for host in ["foundation", "institute", "news", "wiki", "radio"] {
        web.set(
            &format!("http://{host}.example/robots.txt"),
            robots.clone().with_status("404 Not Found"),
        );
    }
    bring_back(web);
    web.set(
        REPORT,
        Answer::page("Drought report 2026", "In the southern basin the level fell by eleven metres in one summer, more than in any year on record."),
    );
    web.set(ARTICLE, article());
    web.set(
        WIKI,
        Answer::page(
            "Reservoir (dam)",
            "A reservoir is an enlarged lake behind a dam, built to store fresh water.",
        ),
    );
    web.set(
        INTERVIEW,
        Answer::page("A hydrologist explains", "Water that is not there cannot be let out, she says, and laughs. The whole talk is 40 minutes long."),
    );
}

pub(super) fn break_some(web: &Web) {
    let gone = Answer::page(
        "Page not found",
        "The page that you are looking for has been removed.",
    );
    web.set(DATABASE, gone.with_status("404 Not Found"));
    let elsewhere =
        Answer::page("Moved", "This article has moved.").with_status("301 Moved Permanently");
    web.set(ARTICLE, elsewhere.with_header("location", MOVED));
    web.set(MOVED, article());
    let wall = Answer::page(
        "Just a moment...",
        "Checking your browser before you go on.",
    )
    .with_status("403 Forbidden");
    web.set(WIKI, wall.with_header("cf-mitigated", "challenge"));
    web.set(
        REPORT,
        Answer::page("Drought report 2026", "In the southern basin the level fell by several metres in one summer, as in other years."),
    );
}

pub(super) fn bring_back(web: &Web) {
    web.set(
        DATABASE,
        Answer::page(
            "Strikes database",
            "341 entries. Date, place, source, killed, injured. Last updated on 26 February 2026.",
        ),
    );
}

fn article() -> Answer {
    Answer::page(
        "Talks resume",
        "Both delegations met on Monday for the first time since the summer. No figures were named.",
    )
}

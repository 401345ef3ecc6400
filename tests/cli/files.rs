//! Which files of a folder are read, and what else than pages they may be.

use std::io::Write as _;

use insta::assert_snapshot;

use crate::support::Desk;

fn packed(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn desk() -> Desk {
    let desk = Desk::new();
    desk.file("web/.gitignore", "built/\n");
    desk.file("web/built/x.md", "[x](https://built.test/)\n");
    desk.file("web/a.md", "[a](https://a.test/)\n");
    desk.file("web/main.rs", "// See https://code.test/x.\nfn main() {}\n");
    desk.file("web/refs.yaml", "- url: https://yaml.test/\n");
    desk.file("web/data.json", "{\"a\": \"https://json.test/\"}\n");
    desk.file("web/notes.org", "* Notes\n[[https://org.test/][words]]\n");
    desk.file("web/picture.png", b"\x89PNG\r\n\x1a\n https://png.test/");
    desk.file(
        "web/random.bin",
        b"\x01\x02\x03\x04https://bin.test/\x05\x06",
    );
    desk.file(
        "web/packed.html.gz",
        packed("<p>\n<p><a href='https://packed.test/'>p</a>"),
    );
    desk.file("web/broken.md.gz", &packed("[x](https://x.test/)")[..20]);
    desk
}

#[cfg(unix)]
#[test]
fn the_name_of_a_file_makes_no_line_of_its_own() {
    let desk = Desk::new();
    desk.file("web/x\nwarning: \u{1b}[31mforged.md", b"\0\x01\0\x02");
    assert_snapshot!(desk.run("links web").err, @"warning: web/x warning: [31mforged.md: binary data: this is no text that could cite anything");
}

#[test]
fn every_text_of_a_folder_is_read() {
    let desk = desk();
    assert_snapshot!(desk.run("links web"), @r"
    exit code 0
    --- stdout
    web/a.md:1  https://a.test/  “a”
    web/data.json:1  https://json.test/  bare
    web/main.rs:1  https://code.test/x  bare
    web/notes.org:2  https://org.test/  bare
    web/packed.html.gz:2  https://packed.test/  “p”
    web/refs.yaml:1  https://yaml.test/  bare
    --- stderr
    warning: web/broken.md.gz: cannot be unpacked: incomplete deflate stream
    ");
    assert_snapshot!(desk.run("links web/picture.png web/broken.md.gz web/packed.html.gz"), @r"
    exit code 3
    --- stdout
    web/packed.html.gz:2  https://packed.test/  “p”
    --- stderr
    warning: web/picture.png: a PNG image: this is no text that could cite anything
    warning: web/broken.md.gz: cannot be unpacked: incomplete deflate stream
    ");
    assert_snapshot!(desk.run("links --format csv web/packed.html.gz"), @r"
    exit code 0
    --- stdout
    post,url,canonical,kind,place,text,context,quote,rel,line,span_start,span_end,headings,position,column,written,preserves,confidence,tie,quote_parts,comment_author,comment_at,note,accessed_at,marked_dead
    web/packed.html.gz,https://packed.test/,https://packed.test/,anchor,body,p,p,,,2,16,36,,1,4,,,,,,,,,,false
    ");
}

#[test]
fn globs_say_which_files() {
    let desk = desk();
    assert_snapshot!(desk.run("links --glob *.md --glob *.rs web"), @r"
    exit code 0
    --- stdout
    web/a.md:1  https://a.test/  “a”
    web/main.rs:1  https://code.test/x  bare
    ");
    assert_snapshot!(desk.run("links --glob !*.{md,rs,json,gz} web"), @r"
    exit code 0
    --- stdout
    web/notes.org:2  https://org.test/  bare
    web/refs.yaml:1  https://yaml.test/  bare
    ");
    assert_snapshot!(desk.run("links --glob *.htm web"), @r"
    exit code 0
    --- stderr
    warning: web: no file here matches --glob *.htm (folders that .gitignore names are not entered)
    ");
    assert_snapshot!(desk.run("links --glob a[ web"), @r#"
    exit code 2
    --- stderr
    error: glob "a[": unclosed character class; missing ']'; write it as in .gitignore, such as *.md, drafts/** or !*.txt
    "#);
}

#[test]
fn a_run_reads_what_links_reads() {
    let desk = desk();
    desk.run("add web --glob *.gz --glob *.rs").exits(0);
    assert_snapshot!(desk.run("run --dry-run"), @r"
    exit code 0
    --- stdout
    would read   1 input
    posts        2 posts, 2 citations (0 links left out)
    would visit  2 sources on 2 hosts
                 most on code.test: 1
    would take   under a minute, at this politeness
    would add    about 3.8 MB
                 of which 50 KB are pages, and the rest is what they need to be shown (--no-requisites leaves it)
    nothing was fetched, and nothing written
    --- stderr
    warning: [desk]/web/broken.md.gz: cannot be unpacked: incomplete deflate stream
    ");
    assert_snapshot!(desk.run("run --limit 0"), @r"
    exit code 0
    --- stdout
    read     1 input: 2 posts new or changed, 2 citations, 2 new sources
    visited  0 sources
    kept     0 new copies in [time]; 0 B received
    stopped  at --limit; the rest is due at the next run
    archive  2 sources cited in 2 posts, 0 copies held
    --- stderr
    warning: [desk]/web/broken.md.gz: cannot be unpacked: incomplete deflate stream
    ");
    assert_snapshot!(desk.rows("select source, line, first_seen_at from citations order by source"), @r"
    https://code.test/x | 1 | 2026-01-05T08:00:00Z
    https://packed.test/ | 2 | 2026-01-05T08:00:00Z
    ");
    assert_snapshot!(desk.run("inputs"), @r"
    exit code 0
    --- stdout
    [desk]/web (folder): 2 posts, 2 citations; read just now, again in every run
        only *.gz, *.rs
    ");
    // What has not changed is not read again, packed or not.
    let again = desk.day(1).run("run --limit 0");
    assert!(!again.out.contains("new or changed"), "{again}");
    // Other globs take effect.
    desk.run("add web --glob *.rs").exits(0);
    desk.run("run --limit 0").exits(0);
    assert_snapshot!(desk.rows("select address, gone_at is null from document order by address"), @r"
    [desk]/web/main.rs | 1
    [desk]/web/packed.html.gz | 0
    ");
}

#[test]
fn links_to_the_root_lead_below_it() {
    let desk = Desk::new();
    desk.file(
        "site/posts/a.html",
        "<p><a href='/b.html'>b</a> <a href='c.html'>c</a> <a href='https://blog.test/d'>d</a> \
         <a href='/../../../etc/x'>e</a>",
    );
    assert_snapshot!(desk.run("links site --left-out"), @r"
    exit code 0
    --- stdout
    site/posts/a.html:1  /b.html  (internal link)
    site/posts/a.html:1  c.html  (internal link)
    site/posts/a.html:1  /../../../etc/x  (internal link)
    ");
    assert_snapshot!(desk.run("links site --left-out --root-dir site"), @r"
    exit code 0
    --- stdout
    site/posts/a.html:1  file://[desk]/site/b.html  (internal link)
    site/posts/a.html:1  c.html  (internal link)
    site/posts/a.html:1  file://[desk]/site/etc/x  (internal link)
    ");
    assert_snapshot!(desk.run("links site --include internal --root-dir site"), @r"
    exit code 0
    --- stdout
    site/posts/a.html:1  file://[desk]/site/b.html  “b”
    site/posts/a.html:1  https://blog.test/d  “d”
    site/posts/a.html:1  file://[desk]/site/etc/x  “e”
    --- stderr
    warning: site/posts/a.html:1: a relative address, and the file has none of its own (--base gives it one): c.html
    ");
    assert_snapshot!(desk.run("links site --include internal --root-dir https://blog.test/x/"), @r"
    exit code 0
    --- stdout
    site/posts/a.html:1  https://blog.test/b.html  “b”
    site/posts/a.html:1  https://blog.test/d  “d”
    site/posts/a.html:1  https://blog.test/etc/x  “e”
    --- stderr
    warning: site/posts/a.html:1: a relative address, and the file has none of its own (--base gives it one): c.html
    ");
    assert_snapshot!(desk.run("links site --include internal --root-dir site --base https://blog.test"), @r"
    exit code 0
    --- stdout
    site/posts/a.html:1  https://blog.test/b.html  “b”
    site/posts/a.html:1  https://blog.test/posts/c.html  “c”
    site/posts/a.html:1  https://blog.test/d  “d”
    site/posts/a.html:1  https://blog.test/etc/x  “e”
    ");
    assert_snapshot!(desk.run("links site --root-dir nowhere"), @r"
    exit code 2
    --- stderr
    error: --root-dir nowhere: No such file or directory (os error 2)
    ");
    // What is a file of ours is no source.
    desk.run("run site --include internal --root-dir site --limit 0")
        .exits(0);
    assert_snapshot!(desk.rows("select s.address, p.left_out from source s, post p"), @"https://blog.test/d | 3");
}

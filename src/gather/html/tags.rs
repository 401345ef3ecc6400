//! Names of elements as numbers, and which elements do what.
//!
//! Comparing eight bytes at once is what keeps the pass over a page fast; names that are longer are hashed.

/// A name of up to eight bytes as a number, a longer one as its hash.
pub(super) const fn key(name: &[u8]) -> u64 {
    let mut number: u64 = 0;
    let mut at = 0;
    if name.len() <= 8 {
        while at < name.len() {
            number = (number << 8) | name[at] as u64;
            at += 1;
        }
        return number;
    }
    number = 0xcbf2_9ce4_8422_2325;
    while at < name.len() {
        number = (number ^ name[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    number | 1 << 63
}

macro_rules! names {
    ($($constant:ident $name:literal)*) => {
        $(pub(super) const $constant: u64 = key($name.as_bytes());)*
    };
}

names! {
    A "a" ABBR "abbr" ADDRESS "address" AMP_IFRAME "amp-iframe" AMP_TWITTER "amp-twitter" AMP_VIDEO "amp-video"
    AMP_INSTAGRAM "amp-instagram" AMP_VIMEO "amp-vimeo" AMP_YOUTUBE "amp-youtube" AREA "area" ARTICLE "article" ASIDE "aside" AUDIO "audio" BASE "base"
    BLOCKQUOTE "blockquote" BODY "body" BR "br" BUTTON "button" CAPTION "caption" CENTER "center" CITE "cite" CODE "code" COL "col"
    DD "dd" DEL "del" DETAILS "details" DESC "desc" DIR "dir" DIV "div" DL "dl" DT "dt" EMBED "embed"
    FIELDSET "fieldset" FIGCAPTION "figcaption" FIGURE "figure" FOOTER "footer" FOREIGN_OBJECT "foreignobject"
    FORM "form" H1 "h1" H2 "h2" H3 "h3" H4 "h4" H5 "h5" H6 "h6" HEAD "head" HEADER "header" HGROUP "hgroup" HR "hr"
    HTML "html" IFRAME "iframe" IMAGE "image" IMG "img" INPUT "input" INS "ins" KBD "kbd" KEYGEN "keygen" LEGEND "legend" LI "li" LITE_VIMEO "lite-vimeo"
    LITE_YOUTUBE "lite-youtube"
    LINK "link" MAIN "main" MATH "math" MENU "menu" META "meta" NAV "nav" NOEMBED "noembed" NOFRAMES "noframes"
    OBJECT "object" OEMBED "oembed" OL "ol" OPTGROUP "optgroup" OPTION "option" P "p" PARAM "param"
    PLAINTEXT "plaintext" PRE "pre" Q "q" SAMP "samp" SCRIPT "script" SECTION "section" SELECT "select" SOURCE "source"
    STYLE "style" SUMMARY "summary" SVG "svg" TABLE "table" TBODY "tbody" TD "td" TEMPLATE "template"
    TEXTAREA "textarea" TFOOT "tfoot" TH "th" THEAD "thead" TIME "time" TITLE "title" TR "tr" TRACK "track" TT "tt" UL "ul"
    VIDEO "video" WBR "wbr" XMP "xmp"
}

/// Elements that have no content and no end tag.
pub(super) const fn is_void(key: u64) -> bool {
    matches!(
        key,
        AREA | BASE
            | BR
            | COL
            | EMBED
            | HR
            | IMG
            | IMAGE
            | INPUT
            | KEYGEN
            | LINK
            | META
            | PARAM
            | SOURCE
            | TRACK
            | WBR
    )
}

/// Elements that hold what a machine reads or says.
pub(super) const fn is_code(key: u64) -> bool {
    matches!(key, CODE | KBD | PRE | SAMP | TT)
}

/// Elements whose text shows addresses rather than citing them.
pub(super) const fn is_verbatim(key: u64) -> bool {
    matches!(
        key,
        BUTTON | CODE | KBD | OPTION | PRE | SAMP | SELECT | XMP
    )
}

/// The level of a heading.
pub(super) const fn heading_level(key: u64) -> Option<u8> {
    match key {
        H1 => Some(1),
        H2 => Some(2),
        H3 => Some(3),
        H4 => Some(4),
        H5 => Some(5),
        H6 => Some(6),
        _ => None,
    }
}

/// Elements that begin and end a block of text.
pub(super) const fn is_block(key: u64) -> bool {
    matches!(
        key,
        ADDRESS
            | ARTICLE
            | ASIDE
            | BLOCKQUOTE
            | BODY
            | CAPTION
            | CENTER
            | DD
            | DETAILS
            | DIR
            | DIV
            | DL
            | DT
            | FIELDSET
            | FIGCAPTION
            | FIGURE
            | FOOTER
            | FORM
            | H1
            | H2
            | H3
            | H4
            | H5
            | H6
            | HEAD
            | HEADER
            | HGROUP
            | HR
            | HTML
            | LEGEND
            | LI
            | MAIN
            | MENU
            | NAV
            | OL
            | OPTION
            | P
            | PRE
            | SECTION
            | SELECT
            | SUMMARY
            | TABLE
            | TBODY
            | TD
            | TEMPLATE
            | TFOOT
            | TH
            | THEAD
            | TITLE
            | TR
            | UL
    )
}

/// Elements whose start tag ends an open paragraph (WHATWG HTML, "in body").
pub(super) const fn ends_paragraph(key: u64) -> bool {
    matches!(
        key,
        ADDRESS
            | ARTICLE
            | ASIDE
            | BLOCKQUOTE
            | CENTER
            | DD
            | DETAILS
            | DIR
            | DIV
            | DL
            | DT
            | FIELDSET
            | FIGCAPTION
            | FIGURE
            | FOOTER
            | FORM
            | H1
            | H2
            | H3
            | H4
            | H5
            | H6
            | HEADER
            | HGROUP
            | HR
            | LI
            | MAIN
            | MENU
            | NAV
            | OL
            | P
            | PRE
            | SECTION
            | SUMMARY
            | TABLE
            | UL
    )
}

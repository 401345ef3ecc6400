//! Names of months and zones.

/// How names of months begin, in the languages that feeds are written in. The longest that fits counts.
const MONTHS: &[(u8, &[&str])] = &[
    (
        1,
        &[
            "jan", "jän", "ene", "gen", "ian", "sty", "led", "oca", "tam", "янв", "січ", "ιαν",
        ],
    ),
    (
        2,
        &[
            "feb", "fév", "fev", "lut", "úno", "şub", "hel", "фев", "лют", "φεβ",
        ],
    ),
    (
        3,
        &[
            "mar", "mär", "mae", "mrz", "mrt", "maa", "már", "bře", "мар", "бер", "μαρ", "μάρ",
        ],
    ),
    (
        4,
        &[
            "apr", "avr", "abr", "ápr", "kwi", "dub", "nis", "huh", "апр", "кві", "απρ",
        ],
    ),
    (
        5,
        &[
            "may", "mai", "maj", "mag", "mei", "máj", "kvě", "tou", "май", "мая", "тра", "μαι",
            "μάι", "μαϊ",
        ],
    ),
    (
        6,
        &[
            "jun", "juin", "giu", "iun", "jún", "cze", "červen", "haz", "kes", "июн", "чер", "ιουν",
        ],
    ),
    (
        7,
        &[
            "jul",
            "juil",
            "lug",
            "iul",
            "júl",
            "lip",
            "červenc",
            "červenec",
            "července",
            "tem",
            "hei",
            "июл",
            "лип",
            "ιουλ",
        ],
    ),
    (
        8,
        &[
            "aug", "aoû", "aou", "ago", "sie", "srp", "ağu", "elo", "авг", "сер", "αυγ", "αύγ",
        ],
    ),
    (
        9,
        &[
            "sep", "set", "wrz", "zář", "szept", "eyl", "syy", "сен", "вер", "σεπ",
        ],
    ),
    (
        10,
        &[
            "oct", "okt", "out", "ott", "paź", "říj", "eki", "lok", "окт", "жов", "οκτ",
        ],
    ),
    (11, &["nov", "noi", "lis", "kas", "marras", "ноя", "νοε"]),
    (
        12,
        &[
            "dec", "dez", "déc", "dic", "des", "gru", "pro", "ara", "jou", "дек", "гру", "δεκ",
        ],
    ),
];

/// Zones by name, in minutes from UTC. What a name means in several places is taken as RFC 822 or most feeds do.
const ZONES: &[(&str, i64)] = &[
    ("acdt", 630),
    ("acst", 570),
    ("adt", -180),
    ("aedt", 660),
    ("aest", 600),
    ("akdt", -480),
    ("akst", -540),
    ("art", -180),
    ("ast", -240),
    ("awst", 480),
    ("bdt", 360),
    ("brst", -120),
    ("brt", -180),
    ("bst", 60),
    ("cdt", -300),
    ("cest", 120),
    ("cet", 60),
    ("cst", -360),
    ("edt", -240),
    ("eest", 180),
    ("eet", 120),
    ("est", -300),
    ("hkt", 480),
    ("hst", -600),
    ("ict", 420),
    ("ist", 330),
    ("jst", 540),
    ("kst", 540),
    ("mdt", -360),
    ("mesz", 120),
    ("met", 60),
    ("mest", 120),
    ("mez", 60),
    ("msd", 240),
    ("msk", 180),
    ("mst", -420),
    ("ndt", -150),
    ("npt", 345),
    ("nst", -210),
    ("nzdt", 780),
    ("nzst", 720),
    ("pdt", -420),
    ("pht", 480),
    ("pkt", 300),
    ("pst", -480),
    ("sast", 120),
    ("sgt", 480),
    ("trt", 180),
    ("west", 60),
    ("wet", 0),
    ("wib", 420),
];

/// The month that a word, in lower case, names.
pub(in crate::gather) fn month(word: &str) -> Option<u8> {
    let mut best = (0, None);
    for (month, beginnings) in MONTHS {
        for beginning in *beginnings {
            if beginning.len() > best.0 && word.starts_with(beginning) {
                best = (beginning.len(), Some(*month));
            }
        }
    }
    best.1
}

/// Minutes from UTC of a zone, in lower case. Names that nobody knows are UTC, which is off by hours and not by days.
pub(super) fn zone(name: &str) -> i64 {
    ZONES
        .iter()
        .find(|(known, _)| *known == name)
        .map_or(0, |(_, offset)| *offset)
}

//! What the columns of a table hold.

use csv::StringRecord;

use super::rows::Table;
use crate::address;

/// Names of the column of addresses, the surest first, without spaces and punctuation.
const ADDRESS: &[&str] = &[
    "url",
    "sourceurl",
    "urls",
    "link",
    "links",
    "href",
    "uri",
    "sourcelink",
    "sourceaddress",
    "pageurl",
    "linkurl",
    "weblink",
    "webaddress",
    "permalink",
    "website",
    "webpage",
    "webseite",
    "web",
    "lien",
    "enlace",
    "vínculo",
    "collegamento",
    "koppeling",
    "länk",
    "lenke",
    "odkaz",
    "ссылка",
    "посилання",
    "リンク",
    "链接",
    "網址",
    "网址",
    "링크",
    "adresse",
    "adres",
    "dirección",
    "indirizzo",
    "endereço",
    "adress",
    "adresa",
    "адрес",
    "address",
    "source",
    "quelle",
    "fuente",
    "fonte",
    "bron",
    "источник",
];
const QUOTE: &[&str] = &[
    "quote",
    "quotes",
    "quotation",
    "quoted",
    "quotedtext",
    "excerpt",
    "passage",
    "highlight",
    "zitat",
    "citation",
    "extrait",
    "cita",
    "citazione",
    "citação",
    "citaat",
    "citat",
    "cytat",
    "sitat",
    "цитата",
    "引用",
    "引文",
    "인용",
];
const DATE: &[&str] = &[
    "accessedat",
    "accessed",
    "accessdate",
    "dateaccessed",
    "retrieved",
    "retrievedat",
    "visited",
    "lastvisited",
    "date",
    "abgerufen",
    "zugriff",
    "datum",
    "consulté",
    "consultéle",
    "fecha",
    "data",
    "dato",
    "tarih",
    "дата",
    "日付",
    "日期",
    "날짜",
    "timeadded",
    "addedat",
    "added",
    "createdat",
    "created",
];
const TITLE: &[&str] = &[
    "title",
    "text",
    "anchor",
    "linktext",
    "name",
    "titel",
    "titre",
    "título",
    "titolo",
    "tytuł",
    "tittel",
    "název",
    "заголовок",
    "название",
    "タイトル",
    "标题",
    "標題",
    "제목",
];
const NOTE: &[&str] = &[
    "note",
    "notes",
    "comment",
    "comments",
    "tags",
    "tag",
    "description",
    "remark",
    "remarks",
    "notiz",
    "notizen",
    "bemerkung",
    "kommentar",
    "schlagwörter",
    "remarque",
    "commentaire",
    "étiquettes",
    "nota",
    "notas",
    "comentario",
    "etiquetas",
    "commento",
    "opmerking",
    "anteckning",
    "uwagi",
    "poznámka",
    "примечание",
    "комментарий",
    "備考",
    "备注",
    "メモ",
    "비고",
];

/// Which column holds what.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Columns {
    /// The first row names the columns.
    pub(super) has_head: bool,
    pub(super) address: usize,
    pub(super) quote: Option<usize>,
    pub(super) date: Option<usize>,
    pub(super) title: Option<usize>,
    pub(super) notes: Vec<usize>,
}

impl Columns {
    /// `None` where no column holds addresses.
    pub(super) fn of(table: &Table<'_>) -> Option<Self> {
        let sample = table.sample();
        let (head, rest) = sample.split_first()?;
        let has_head = !head.iter().any(is_address);
        let names: Vec<String> = if has_head {
            head.iter().map(folded).collect()
        } else {
            Vec::new()
        };
        let rows = if has_head { rest } else { &sample };
        let named = |list: &[&str]| {
            list.iter()
                .find_map(|name| names.iter().position(|one| one == name))
        };
        let by_name = ADDRESS
            .iter()
            .filter_map(|name| names.iter().position(|one| one == name))
            .find(|column| addresses(rows, *column) > 0);
        let address = by_name.or_else(|| fullest(rows)).or_else(|| {
            // A column of addresses that are all bad is told row by row.
            let column = named(&ADDRESS[..6])?;
            (!rows.is_empty()).then_some(column)
        })?;
        let other = |list: &[&str]| named(list).filter(|column| *column != address);
        let notes = names.iter().enumerate();
        let notes = notes
            .filter(|(column, name)| *column != address && NOTE.contains(&name.as_str()))
            .map(|(column, _)| column)
            .collect();
        Some(Self {
            has_head,
            address,
            quote: other(QUOTE),
            date: other(DATE),
            title: other(TITLE),
            notes,
        })
    }
}

/// The column in which the most cells are addresses, if there are any.
fn fullest(rows: &[StringRecord]) -> Option<usize> {
    let width = rows.iter().map(StringRecord::len).max()?.min(1000);
    let best = (0..width)
        .map(|column| (addresses(rows, column), column))
        .filter(|(count, _)| *count > 0)
        .max_by_key(|(count, column)| (*count, usize::MAX - column));
    best.map(|(_, column)| column)
}

fn addresses(rows: &[StringRecord], column: usize) -> usize {
    rows.iter()
        .filter(|row| row.get(column).is_some_and(is_address))
        .count()
}

/// Whether a cell is an address, or several.
pub(super) fn is_address(cell: &str) -> bool {
    let cell = cell.trim();
    let lower = cell.get(..8).unwrap_or(cell).to_ascii_lowercase();
    (lower.starts_with("http://") || lower.starts_with("https://"))
        && address::parse(cell.split_whitespace().next().unwrap_or(cell), None).is_ok()
}

/// A column's name without case, spaces and punctuation.
fn folded(name: &str) -> String {
    name.chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

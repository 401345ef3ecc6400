//! What templates and their parameters are called, in the languages of the larger wikis.
//!
//! Names are compared without case, spaces and punctuation.

/// What a parameter of a reference says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The address of what is cited.
    Address,
    /// That of an archive's copy of it.
    Archive,
    /// Whether it is still there.
    Status,
    /// When it was looked at.
    Accessed,
    Title,
    /// What is quoted from it.
    Quote,
    /// Where it appeared.
    Work,
    Date,
    Other,
}

/// What a template is for, as far as its name says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It says that the link before it is dead.
    Dead,
    /// It names a copy of the link before it.
    Archive,
    /// Its first parameter is an address, which may lack its scheme.
    Site,
    /// Its parameters are a passage and whose it is.
    Quote,
    /// It shows its first parameter.
    Shown,
    /// It shows its last parameter.
    ShownLast,
    Other,
}

/// A name without case, spaces and punctuation.
pub(super) fn folded(name: &str) -> String {
    name.chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// What a parameter of this (folded) name says.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn role(name: &str) -> Role {
    match name {
        "url" | "ссылка" | "посилання" | "osoite" | "lien" | "adresse" | "urlarticle"
        | "lienweb" | "adresă" | "адрес" | "nettadresse" | "webseite" | "kotisivu" | "weburl" => {
            Role::Address
        }
        "archiveurl" | "archivurl" | "urlarchivo" | "archivourl" | "urlarchivio"
        | "archiviourl" | "arquivourl" | "urlarquivo" | "archiefurl" | "archiwum" | "arkivurl"
        | "urlarkiv" | "urlarchivu" | "archivurladresa" | "arxiuurl" | "urlarxiu" | "arşivurl"
        | "arkisto" | "archiveurladdress" | "urlarchive" | "архив" | "архівurl" | "archívurl"
        | "urlархива" | "arhivurl" | "arhiva" | "アーカイブurl" | "存档网址" | "存檔網址"
        | "보존url" => Role::Archive,
        "urlstatus"
        | "deadurl"
        | "dead"
        | "estadourl"
        | "urlmuerta"
        | "urlmorto"
        | "urlmorta"
        | "dodeurl"
        | "deadlink"
        | "deadlinkdate"
        | "offline"
        | "ölüurl"
        | "brisé"
        | "briséle"
        | "lienbrisé"
        | "zombie"
        | "urlstatut"
        | "мертваяссылка"
        | "deadurldate"
        | "mrtvýodkaz"
        | "bruten"
        | "død"
        | "dødlenke"
        | "урлстатус"
        | "nieaktywna" => Role::Status,
        "accessdate"
        | "accessed"
        | "retrieved"
        | "abruf"
        | "zugriff"
        | "abgerufen"
        | "consultéle"
        | "consulté"
        | "fechaacceso"
        | "accesso"
        | "dataaccesso"
        | "acessodata"
        | "acessoem"
        | "bezochtdatum"
        | "datadostępu"
        | "hämtdatum"
        | "besøksdato"
        | "hentet"
        | "datumpřístupu"
        | "consulta"
        | "dataaccés"
        | "erişimtarihi"
        | "luettu"
        | "viitattu"
        | "датаобращения"
        | "датадоступа"
        | "посещён"
        | "hozzáférés"
        | "accesdate"
        | "閲覧日"
        | "访问日期"
        | "訪問日期"
        | "확인날짜" => Role::Accessed,
        "title" | "titel" | "titre" | "título" | "titulo" | "titolo" | "tytuł" | "tittel"
        | "titul" | "název" | "títol" | "başlık" | "nimeke" | "otsikko" | "заглавие"
        | "название" | "назва" | "заголовок" | "cím" | "titlu" | "タイトル" | "标题" | "標題"
        | "제목" | "text" | "label" | "linktext" => Role::Title,
        "quote" | "quotation" | "zitat" | "citation" | "extrait" | "cita" | "citazione"
        | "citação" | "citacao" | "citaat" | "цитата" | "cytat" | "citat" | "sitat" | "citace"
        | "alıntı" | "lainaus" | "idézet" | "引用" | "引文" | "인용문" => Role::Quote,
        "work"
        | "website"
        | "newspaper"
        | "journal"
        | "magazine"
        | "periodical"
        | "publisher"
        | "agency"
        | "werk"
        | "hrsg"
        | "site"
        | "périodique"
        | "éditeur"
        | "obra"
        | "editorial"
        | "publicación"
        | "sito"
        | "editore"
        | "jornal"
        | "publicado"
        | "uitgever"
        | "издание"
        | "издательство"
        | "сайт"
        | "opublikowany"
        | "verk"
        | "utgivare"
        | "julkaisu" => Role::Work,
        "date" | "datum" | "fecha" | "data" | "дата" | "tarih" | "dato" | "päivämäärä" | "year"
        | "jahr" | "année" | "año" | "anno" | "ano" | "jaar" | "год" | "rok" | "år" => {
            Role::Date
        }
        _ => Role::Other,
    }
}

/// What a template of this (folded) name is for.
pub(super) fn use_of(name: &str) -> Use {
    match name {
        "deadlink"
        | "dl"
        | "brokenlink"
        | "linkbroken"
        | "404"
        | "deadurl"
        | "toterlink"
        | "totlink"
        | "defekterlink"
        | "lienmort"
        | "lienbrisé"
        | "enlaceroto"
        | "enlaceinactivo"
        | "collegamentointerrotto"
        | "ligaçãoinativa"
        | "linkinativo"
        | "dodelink"
        | "verbroken"
        | "недоступнаяссылка"
        | "битаяссылка"
        | "недоступнепосилання"
        | "martwylink"
        | "dödlänk"
        | "dødlenke"
        | "dødtlink"
        | "mrtvýodkaz"
        | "enllaçnoactiu"
        | "enllaçmort"
        | "ölübağlantı"
        | "kuollutlinkki"
        | "linkkirikki"
        | "halottlink"
        | "legăturămoartă"
        | "リンク切れ"
        | "失效链接"
        | "死链"
        | "깨진링크"
        | "permanentdeadlink"
        | "deadlinkinline" => Use::Dead,
        "webarchive" | "wayback" | "webarchiv" | "archiveis" | "webcite" | "webcitation"
        | "archivelink" | "archiwebsite" | "webarchief" | "lienarchive" | "архив"
        | "waybackdate" => Use::Archive,
        "url"
        | "official"
        | "officialwebsite"
        | "officialsite"
        | "officialhomepage"
        | "officialurl"
        | "homepage"
        | "website"
        | "siteofficiel"
        | "weboficial"
        | "sitiooficial"
        | "páginaweb"
        | "paginaweb"
        | "offiziellewebsite"
        | "offiziellehomepage"
        | "sitoufficiale"
        | "oficial"
        | "siteoficial"
        | "officiëlewebsite"
        | "официальныйсайт"
        | "oficjalnastrona"
        | "officiellwebbplats"
        | "公式サイト"
        | "官方网站" => Use::Site,
        "nowrap" | "nobr" | "small" | "big" | "sc" | "smallcaps" | "abbr" | "tooltip" | "sic"
        | "typo" | "circa" | "ill" | "interlanguagelink" | "convert" | "cvt" | "nobold"
        | "noitalic" | "nihongo" => Use::Shown,
        "lang" | "transl" | "transliteration" | "langue" | "lien" => Use::ShownLast,
        "zitat" | "cita" | "citaat" | "citat" | "cytat" | "sitat" | "цитата" | "sitaatti"
        | "引用" => Use::Quote,
        _ if QUOTES.iter().any(|quote| name.starts_with(quote)) => Use::Quote,
        _ => Use::Other,
    }
}

/// What templates of block quotes begin with.
const QUOTES: &[&str] = &[
    "blockquote",
    "blockquotation",
    "quotation",
    "quotebox",
    "quoteframe",
    "centeredquote",
    "cquote",
    "rquote",
    "bquote",
    "pullquote",
    "quote",
    "citationbloc",
    "débutcitation",
    "citaconcita",
    "citadestacada",
    "началоцитаты",
];

/// Whether a parameter that says of a link whether it is dead says that it is.
pub(super) fn says_dead(value: &str) -> bool {
    let value = value.trim().to_lowercase();
    !matches!(
        value.as_str(),
        "" | "live"
            | "no"
            | "n"
            | "false"
            | "0"
            | "deviated"
            | "nein"
            | "non"
            | "não"
            | "nao"
            | "nee"
            | "нет"
            | "nie"
            | "nej"
            | "nei"
            | "ne"
            | "hayır"
            | "activo"
            | "viva"
            | "vivo"
            | "ok"
            | "alive"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_many_languages() {
        for (name, expected) in [
            ("archive-url", Role::Archive),
            ("Archive URL", Role::Archive),
            ("consulté le", Role::Accessed),
            ("Zitat", Role::Quote),
            ("url-access", Role::Other),
            ("data dostępu", Role::Accessed),
        ] {
            assert_eq!(role(&folded(name)), expected, "{name}");
        }
        for (name, expected) in [
            ("Dead link", Use::Dead),
            ("Toter Link", Use::Dead),
            ("Official website", Use::Site),
            ("Quote box", Use::Quote),
            ("cite web", Use::Other),
        ] {
            assert_eq!(use_of(&folded(name)), expected, "{name}");
        }
        assert!(
            says_dead("dead") && says_dead("usurped") && says_dead("ja") && says_dead("2012-08-23")
        );
        assert!(!says_dead("live") && !says_dead(" no ") && !says_dead(""));
    }
}

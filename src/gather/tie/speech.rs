//! Words by which a text says that somebody says something, in the languages that posts are written in most.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Words, looked up at once.
type Words = LazyLock<HashSet<&'static str>>;

fn set(words: &'static str) -> HashSet<&'static str> {
    words.split_whitespace().collect()
}

/// Somebody says something.
static CUES: Words = LazyLock::new(|| {
    set(
        "predicted predicts estimates estimated urged urges promised promises proclaimed listed lists dénonce \
         dénonçait said say says saying wrote write writes writing written told tells according note noted notes \
         noting state states stated stating argue argues argued arguing report reports reported reporting explain \
         explains explained explaining claim claims claimed claiming called calling describe describes described \
         describing quote quotes quoted quoting concluded concludes conclude adds added adding asked asks announced \
         announces tweeted tweets posted warned warns suggested suggests declared declares defined defines mentioned \
         mentions pointed observed observes remarked commented comments replied responded statement excerpt reads \
         found recommends recommended acknowledged insisted summed summarized summarised summarizes opined sagt \
         sagte schreibt schrieb laut zufolge erklärt erklärte heißt berichtet berichtete nennt nannte zitiert meint \
         meinte teilte dit déclare déclaré selon écrit affirme explique expliquait raconte estime ajoute souligne \
         note-t-il résume constate dice dijo según escribe escribió afirma afirmó explica explicó señala señaló \
         declaró cuenta asegura aseguró scrive secondo afferma spiega ha detto disse diz segundo escreveu zegt \
         volgens schrijft zei aldus säger enligt skriver sade sier ifølge skrev mówi według napisał powiedział pisze \
         сказал сообщает пишет заявил говорит словам sanoo mukaan kirjoittaa",
    )
});

/// What it leads to is somebody's words; in lower case only, for in capitals it is part of a name.
static CALLED: Words = LazyLock::new(|| {
    set(
        "pitch proposal talk presentation keynote statement speech interview letter report post article column tweet blog memo testimony study paper survey \
         op-ed essay release announcement editorial review email thread transcript remarks comment comments \
         proclamation memorandum ruling opinion decision filing complaint piece story lawsuit declaration manifesto \
         guidance blogpost said says wrote writes told tweeted posted explained announced argued responded noted \
         rede bericht artikel beitrag erklärung mitteilung studie brief gutachten discours entretien communiqué \
         rapport tribune lettre étude discurso entrevista comunicado informe carta artículo discorso intervista \
         comunicato rapporto lettera articolo toespraak verklaring",
    )
});

static PRONOUNS: Words = LazyLock::new(|| {
    set("he she they it er sie es il elle ils elles él ella egli lui lei hij zij han hun hon")
});

static OWN: Words = LazyLock::new(|| set("i we ich wir je j’ai j'ai nous yo nosotros io noi"));

static OURS: Words = LazyLock::new(|| {
    set("our my unser unsere unserem unseren mein meine meinem notre mon nuestro nuestra mi")
});

static PIECES: Words = LazyLock::new(|| {
    set(
        "post blog article report piece column essay story announcement newsletter beitrag artikel billet",
    )
});

/// A document, or whoever wrote it.
const DOCUMENTS: &str = "the report; the article; the study; the paper; the post; the author; the authors; the essay; the survey; \
     the statement; the letter; the document; the memo; the piece; the story; the book; the review; this report; \
     this article; its authors; der bericht; die studie; der artikel; der autor; die autorin; das papier; \
     der beitrag; le rapport; l’article; l'article; l’étude; l'étude; l’auteur; l'auteur; el informe; \
     el artículo; el estudio; el autor; la autora; il rapporto; l’articolo; lo studio; het rapport; het artikel";

/// What a line begins with that names a source, up to its colon.
const SOURCES: &str = "link; source; sources; via; from; read more; full story; full article; quelle; lien; fuente; fonte; bron; \
     källa; kilde; źródło; источник; h/t; cite; url; more; original; zdroj; 出典; 来源; 來源";

/// The words of a text in lower case; apostrophes and hyphens are part of them.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '’' | '\''))
        .filter(|word| !word.is_empty() && word.len() <= 24)
        .map(str::to_lowercase)
}

/// Whether a text says that somebody says something.
pub(super) fn has_cue(text: &str) -> bool {
    const WITHOUT_SPACES: &[&str] = &[
        "说",
        "說",
        "写",
        "寫",
        "称",
        "稱",
        "曰",
        "と述べ",
        "によると",
        "によれば",
        "と語",
        "と発表",
        "라고",
    ];
    (!text.is_ascii() && WITHOUT_SPACES.iter().any(|cue| text.contains(cue)))
        || words(text).any(|word| CUES.contains(word.as_str()))
}

/// Whether no word but the first begins with a capital.
pub(super) fn names_nobody(outside: &str) -> bool {
    !outside
        .split_whitespace()
        .skip(1)
        .any(|word| word.starts_with(char::is_uppercase))
}

/// Whether all words that begin with a capital stand in this text too.
pub(super) fn names_only(outside: &str, text: &str) -> bool {
    outside
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.starts_with(char::is_uppercase))
        .all(|word| text.contains(word))
}

/// Whether whoever says something is only called he, she, they or it.
pub(super) fn speaks_by_pronoun(outside: &str) -> bool {
    has_cue(outside)
        && words(outside)
            .take(3)
            .any(|word| PRONOUNS.contains(word.as_str()))
}

/// Whether a sentence goes on to say what a thing does that was spoken of.
pub(super) fn begins_with_it(outside: &str) -> bool {
    words(outside).next().is_some_and(|first| {
        matches!(
            first.as_str(),
            "it" | "this" | "these" | "es" | "ce" | "esto" | "questo"
        )
    })
}

/// Whether a link's text calls what it leads to somebody's words: a speech, a statement, a letter.
pub(super) fn is_called_words(anchor: &str) -> bool {
    anchor
        .split(|c: char| !c.is_alphanumeric() && c != '-')
        .any(|word| CALLED.contains(word))
}

/// Whether a sentence's own words speak of a document or of whoever wrote it.
pub(super) fn speaks_of_a_document(outside: &str) -> bool {
    let spoken = outside
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase();
    let padded = format!(" {spoken} ");
    has_cue(outside)
        && DOCUMENTS
            .split("; ")
            .any(|one| padded.contains(&format!(" {one} ")))
}

/// Whether a sentence speaks of what its author said: `as we wrote`, `from our earlier post`.
pub(super) fn is_own_speech(outside: &str) -> bool {
    let words: Vec<String> = words(outside).take(80).collect();
    words.iter().enumerate().any(|(at, word)| {
        let mut next = words.iter().skip(at + 1).map(String::as_str);
        if OWN.contains(word.as_str()) {
            next.take(2).any(|next| CUES.contains(next))
        } else {
            OURS.contains(word.as_str()) && next.by_ref().take(4).any(|next| PIECES.contains(next))
        }
    })
}

/// Words before a link that is a source: `Link: ...`, `Source: ...`, `via: ...`.
pub(super) fn names_source(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    let colon = text
        .char_indices()
        .take(40)
        .find(|(_, c)| matches!(c, ':' | '：'));
    let Some((colon, _)) = colon else {
        return false;
    };
    let before = text[..colon].trim().to_lowercase();
    SOURCES.split("; ").any(|one| one == before)
}

pub(super) fn ends_in_colon(text: &str) -> bool {
    text.trim_end().ends_with([':', '：'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_says_something() {
        for (text, expected) in [
            ("he said", true),
            ("laut Bericht", true),
            ("selon lui", true),
            ("他说", true),
            ("said-so", false),
            ("the sayings", false),
        ] {
            assert_eq!(has_cue(text), expected, "{text}");
        }
        assert!(
            is_own_speech("As we wrote in our post:") && is_own_speech("from my earlier article")
        );
        assert!(!is_own_speech("We can summarise it as"));
        assert!(
            names_source("Source: x") && names_source("  (via: x") && !names_source("He said: x")
        );
        assert!(
            speaks_of_a_document("As the report explains,")
                && !speaks_of_a_document("He explains,")
        );
        assert!(is_called_words("another statement") && !is_called_words("World Report 2014"));
    }
}

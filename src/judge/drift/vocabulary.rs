//! Words by which dates, counters, share bars, banners and lists of other stories are known.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};
use foldhash::HashSet;

use super::side::Side;
use crate::judge::wording::words;

/// Words, by their hashes as texts are compared.
pub(super) struct Words(HashSet<u64>);

impl Words {
    fn of(all: &str) -> Self {
        Self(words(all).into_iter().map(|word| word.hash).collect())
    }

    pub(super) fn has(&self, hash: u64) -> bool {
        self.0.contains(&hash)
    }
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident = $all:expr;)*) => {
        $($(#[$doc])* pub(super) static $name: LazyLock<Words> = LazyLock::new(|| Words::of($all));)*
    };
}

words! {
    /// Months, in the languages that pages are most often written in.
    MONTHS = "january february march april may june july august september october november december \
        jan feb mar apr jun jul aug sep sept oct nov dec \
        januar februar märz mai juni juli oktober dezember jänner feber mrz okt dez \
        janvier février mars avril juin juillet août septembre octobre novembre décembre janv févr avr juil déc \
        enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre ene abr ago dic \
        gennaio febbraio aprile maggio giugno luglio settembre ottobre novembre dicembre gen mag giu lug set ott \
        janeiro fevereiro março maio junho julho setembro outubro novembro dezembro fev out \
        januari februari maart mei augustus mrt \
        augusti maj juni juli december desember \
        stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia \
        ledna února března dubna května června července srpna září října listopadu prosince \
        января февраля марта апреля мая июня июля августа сентября октября ноября декабря \
        січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня \
        tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta \
        marraskuuta joulukuuta \
        január február március április május június július augusztus szeptember október \
        ianuarie februarie martie aprilie iunie iulie septembrie octombrie noiembrie decembrie \
        ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık \
        ιανουαρίου φεβρουαρίου μαρτίου απριλίου μαΐου ιουνίου ιουλίου αυγούστου σεπτεμβρίου οκτωβρίου νοεμβρίου \
        δεκεμβρίου maret agustus يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر";
    /// Days of the week.
    WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thurs fri sat sun \
        montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so \
        lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miércoles jueves viernes sábado domingo \
        lunedì martedì mercoledì giovedì venerdì sabato domenica segunda terça quarta quinta sexta feira \
        maandag dinsdag woensdag donderdag vrijdag zaterdag zondag måndag tisdag onsdag torsdag fredag lördag söndag \
        mandag tirsdag lørdag søndag понедельник вторник среда четверг пятница суббота воскресенье \
        poniedziałek wtorek środa czwartek piątek sobota niedziela";
    /// What stands around a time of day.
    CLOCK = "am pm a.m p.m a.m. p.m. uhr h utc gmt est edt cst cdt pst pdt cet cest bst ist jst msk heures horas ore часов at um hs hrs";
    /// Units of time.
    UNITS = "second seconds sec secs minute minutes min mins hour hours hr hrs day days week weeks month months year years \
        sekunde sekunden minuten stunde stunden tag tage tagen woche wochen monat monate monaten jahr jahre jahren \
        seconde secondes heure heures jour jours semaine semaines mois an ans année années \
        segundo segundos minuto minutos hora horas día días semana semanas mes meses año años dia dias mês ano anos \
        secondi minuti ora ore giorno giorni settimana settimane mese mesi anno anni \
        uur uren dag dagen weken maand maanden jaar jaren dagar timmar minuter timer dager \
        секунд минут минуты минуту часов часа час дней дня день недели неделю месяцев месяца года лет \
        godzin godziny minut dni tygodnie saat dakika gün hafta ay yıl";
    /// What says that so many of them have passed.
    AGO = "ago earlier vor vorher il y a hace há atrás fa geleden sedan siden назад temu önce sitten före";
    /// What may stand around a date that says how fresh a page is.
    FRESHNESS = "last updated update updates published publish posted post modified edited reviewed created first on by at the \
        is was and of from to date time today yesterday now just since this page version revised effective as \
        aktualisiert zuletzt veröffentlicht geändert am um von der den bearbeitet stand letzte änderung heute gestern \
        publié mis à jour le dernière mise par modifié date de hier aujourd'hui \
        actualizado publicado última actualización el por fecha ayer hoy aggiornato pubblicato ultimo aggiornamento il di \
        atualizado em às por bijgewerkt gepubliceerd op uppdaterad publicerad opdateret oppdatert \
        обновлено опубликовано изменено aktualizacja opublikowano güncelleme";
    /// What is counted live.
    COUNTED = "view views read reads comment comments like likes share shares reply replies reaction reactions follower \
        followers subscriber subscribers vote votes upvotes point points rating ratings review reviews download downloads \
        star stars fork forks clap claps visitor visitors visit visits hit hits signature signatures supporter supporters \
        retweet retweets tweet tweets repost reposts favorite favorites favourites bookmarks saves plays listens online \
        responses response answers answer posts threads issues watching watchers result results listing listings \
        kommentar kommentare kommentaren aufrufe ansichten leser antworten teilungen bewertungen abonnenten stimmen mal gelesen \
        commentaire commentaires vues lectures partages réponses abonnés avis visites j'aime \
        comentario comentarios visitas vistas lecturas compartidos respuestas seguidores votos opiniones valoraciones \
        commenti commento visualizzazioni letture condivisioni risposte recensioni \
        comentário comentários visualizações leituras respostas seguidores \
        reacties weergaven gelezen kommentarer visningar visninger svar \
        комментариев комментария комментарий просмотров просмотра лайков ответов подписчиков отзывов \
        komentarzy komentarze wyświetleń odsłon yorum görüntülenme beğeni 閲覧 コメント 评论 阅读 浏览 次";
    /// Who found something helpful.
    PEOPLE = "people person users user readers customers of out personen nutzer kunden personnes utilisateurs personas usuarios \
        persone utenti pessoas människor человек";
    /// What they found it.
    HELPFUL = "helpful useful interesting hilfreich nützlich utile utiles útil útiles hjälpsamt полезным";
    /// What says that so many of them are left.
    LEFT = "left remaining restants restantes rimanenti verbleibend übrig";
    /// What is numbered, of many.
    PAGES = "page pages seite seiten página páginas pagina pagine pagina's sida side strona страница слайд slide part";
    /// Who or what did it so many times.
    TIMES = "times mal fois veces volte vezes keer gånger раз razy kez";
    /// What was done so many times.
    DONE = "viewed read shared downloaded listened watched seen cited gelesen angesehen geteilt lu vu partagé leído visto \
        compartido letto condiviso lido gelezen прочитано просмотрено";
    /// The buttons of a share bar, and what else stands around an article in a word or two.
    BAR = "share tweet pin print email e-mail mail copy link copied facebook twitter x whatsapp telegram linkedin pinterest \
        reddit tumblr pocket flipboard messenger viber line vk bluesky mastodon threads instagram youtube tiktok rss feed \
        instapaper email this article story page save bookmark listen follow us like on via post send to a friend \
        advertisement advertisements ad ads sponsored anzeige werbung publicité publicidad pubblicità publicidade реклама \
        teilen drucken merken kopieren partager imprimer envoyer compartir imprimir enviar condividi stampa compartilhar \
        delen afdrukken dela skriv ut поделиться udostępnij paylaş シェア ツイート 分享 loading skip content menu search close open \
        toggle navigation next previous prev older newer more less show hide expand collapse back top home read continue \
        reading weiterlesen mehr lire suite leer más leggi tutto ler mais lees meer log in login sign register subscribe \
        subscribed newsletter anmelden abonnieren connexion s'abonner suscribirse accedi iscriviti entrar assinar \
        credit photo photograph image getty images ap afp reuters dpa foto bild photograph copyright caption video audio \
        © all rights reserved tags tagged filed under topics topic category categories permalink source";
    /// Where the years of a site are told.
    COPYRIGHT = "copyright © c rights reserved";
    /// What a line begins with that says who took a picture.
    CREDIT = "credit credits photo photograph photographer image foto fotos crédit bild bildquelle fotocredit";
    /// What is asked for consent.
    COOKIES = "cookie cookies consent einwilligung consentement consentimiento consenso toestemming samtycke";
    /// What its buttons say.
    CONSENT = "accept reject allow agree decline manage necessary essential optional akzeptieren ablehnen zustimmen erlauben \
        notwendige einstellungen autoriser accepter refuser essentiels optionnels aceptar rechazar permitir accetta rifiuta \
        aceitar rejeitar accepteren weigeren toestaan acceptera avvisa godta принять отклонить akceptuj odrzuć 同意";
    /// What an exception or a condition begins with.
    EXCEPT = "except excepting unless excluding notwithstanding außer ausgenommen sofern sauf excepté hormis salvo excepto exceptuando \
        eccetto tranne exceto behalve tenzij uitgezonderd utom undantag unntatt undtagen förutom кроме исключением oprócz";
    /// Short words that say little by themselves.
    LITTLE = "the a an of to in on at by for and or as is are was were be been that this these those it its with from which who \
        also will would may can we our you your they their he she his her i my but if so than then there has have had do does \
        der die das den dem des ein eine einen einem einer und oder in im an am auf zu zum zur von vom mit für ist sind war \
        le la les un une des du de d' l' et ou à au aux en dans par pour sur que qui est sont ce cette ces il elle \
        el los las una y o del al en por para con que es son se su sus lo uno i gli il lo e un uno di da a della dei \
        het een van op te dat os as do da dos das em na no nas nos ao um uma och att det som en ett på av til i og är er";
}

/// Several words in a row, in any case.
fn phrases(all: &[&str]) -> Option<AhoCorasick> {
    AhoCorasickBuilder::new()
        .ascii_case_insensitive(true)
        .build(all)
        .ok()
}

/// What banners about cookies and consent, and boxes that ask for something, say, and nothing else does.
static ASKING: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    phrases(&[
        "use cookies",
        "uses cookies",
        "accept cookies",
        "accept all",
        "reject all",
        "cookie settings",
        "cookie preferences",
        "manage cookies",
        "manage consent",
        "by continuing to browse",
        "by continuing to use",
        "verwenden cookies",
        "cookies akzeptieren",
        "alle akzeptieren",
        "cookie-einstellungen",
        "cookies zulassen",
        "utilisons des cookies",
        "utilise des cookies",
        "gérer mes choix",
        "utilizamos cookies",
        "usamos cookies",
        "utilizziamo i cookie",
        "gebruiken cookies",
        "använder cookies",
        "używamy plików cookie",
        "используем файлы cookie",
        "sign up for our",
        "sign up to our",
        "subscribe to our",
        "our newsletter",
        "your inbox",
        "enter your email",
        "get our best stories",
        "follow us on",
        "like us on",
        "download our app",
        "get the app",
        "already a subscriber",
        "support our journalism",
        "thank you for reading",
        "enjoyed this article",
        "share this article",
        "share this story",
        "unseren newsletter",
        "newsletter abonnieren",
        "jetzt anmelden",
        "inscrivez-vous",
        "abonnez-vous",
        "suscríbete",
        "iscriviti",
        "abonneer je",
        "we've updated our",
        "we have updated our",
        "we’ve updated our",
        "we updated our",
        "we're updating our",
        "we’re updating our",
        "nous avons mis à jour",
        "haben unsere datenschutz",
        "hemos actualizado",
        "abbiamo aggiornato",
        "enable javascript",
        "javascript is disabled",
        "ad blocker",
        "adblock",
        "read more:",
        "continue reading",
        "min read",
        "minute read",
        "minutes read",
        "reading time",
        "lesezeit",
        "temps de lecture",
        "tiempo de lectura",
        "tempo di lettura",
        "leestijd",
        "przeczytasz w",
        "время чтения",
        "keyboard shortcuts",
        "all rights reserved",
        "alle rechte vorbehalten",
        "tous droits réservés",
        "todos los derechos",
    ])
});

/// What they say too, as other texts do.
static PERHAPS_ASKING: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    phrases(&[
        "cookie policy",
        "privacy settings",
        "our partners",
        "your consent",
        "accepter",
        "utilisation des cookies",
        "aceptar",
        "accetta",
        "aceitar",
        "accepteren",
        "файлы cookie",
        "sign up",
        "subscribe",
        "email address",
        "join our",
        "follow us",
        "create an account",
        "log in to",
        "support our",
        "donate",
        "become a member",
        "share this",
        "newsletter",
        "abonnieren",
        "your browser",
        "read more",
    ])
});

/// How lists of other stories begin.
static OTHERS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    phrases(&[
        "related",
        "more from",
        "more to read",
        "more stories",
        "more on this",
        "more in ",
        "you may also",
        "you might also",
        "recommended",
        "most read",
        "most popular",
        "trending",
        "also read",
        "read also",
        "read next",
        "up next",
        "latest news",
        "latest stories",
        "latest posts",
        "recent posts",
        "recent comments",
        "top stories",
        "popular posts",
        "see also",
        "in other news",
        "what to read",
        "editor's picks",
        "editors’ picks",
        "don't miss",
        "from the web",
        "promoted",
        "sponsored",
        "around the web",
        "mehr zum thema",
        "mehr aus",
        "más en ",
        "auch interessant",
        "das könnte",
        "weitere artikel",
        "lesen sie auch",
        "meistgelesen",
        "à lire aussi",
        "lire aussi",
        "sur le même sujet",
        "les plus lus",
        "à la une",
        "voir aussi",
        "te puede interesar",
        "lea también",
        "lee también",
        "más leídas",
        "noticias relacionadas",
        "ver también",
        "te recomendamos",
        "leggi anche",
        "potrebbe interessarti",
        "articoli correlati",
        "più letti",
        "leia também",
        "leia mais",
        "veja também",
        "lees ook",
        "meer over",
        "läs också",
        "läs även",
        "les også",
        "читайте также",
        "по теме",
        "czytaj także",
        "zobacz też",
        "関連記事",
        "おすすめ",
        "人気記事",
        "あわせて読みたい",
        "相关",
        "推荐",
        "相關",
        "推薦",
        "관련 기사",
        "관련기사",
    ])
});

/// By which a page says that it is not to be relied upon as it was.
static CORRECTING: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    phrases(&[
        "correction:",
        "corrected:",
        "correction (",
        "this article has been corrected",
        "this story has been corrected",
        "article was corrected",
        "story was corrected",
        "article was amended",
        "has been amended",
        "an earlier version of this",
        "a previous version of this",
        "this article has been retracted",
        "retraction:",
        "retraction notice",
        "has been retracted",
        "was retracted",
        "retracted article",
        "has been withdrawn",
        "was withdrawn",
        "editor's note:",
        "editor’s note:",
        "editors' note:",
        "editors’ note:",
        "expression of concern",
        "clarification:",
        "erratum",
        "corrigendum",
        "has been superseded",
        "is superseded by",
        "no longer in force",
        "no longer maintained",
        "has been repealed",
        "korrektur:",
        "berichtigung",
        "richtigstellung",
        "anmerkung der redaktion",
        "in einer früheren version",
        "rectificatif",
        "correctif",
        "une version précédente",
        "note de la rédaction",
        "rectificación",
        "fe de erratas",
        "corrección:",
        "nota del editor",
        "una versión anterior",
        "errata corrige",
        "rettifica",
        "nota della redazione",
        "errata:",
        "correção:",
        "nota da redação",
        "rectificatie",
        "correctie:",
        "rättelse",
        "rettelse",
        "исправление:",
        "опровержение",
        "sprostowanie",
        "訂正",
        "撤回",
        "更正",
        "정정",
    ])
});

fn any(of: &LazyLock<Option<AhoCorasick>>, text: &str) -> bool {
    (**of).as_ref().is_some_and(|of| of.is_match(text))
}

/// Whether a paragraph asks for consent, a subscription or the like; of a very short one, less is taken for that.
pub(super) fn asks_for_something(text: &str, is_very_short: bool) -> bool {
    any(&ASKING, text) || (is_very_short && any(&PERHAPS_ASKING, text))
}

/// Whether a line stands over a list of other stories.
pub(super) fn heads_other_stories(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    text.trim_end().eq_ignore_ascii_case("related")
        || (*OTHERS)
            .as_ref()
            .and_then(|of| of.find(text))
            .is_some_and(|found| found.start() == 0)
}

/// Whether a paragraph tells of a correction, a retraction or the like.
pub(super) fn corrects(text: &str) -> bool {
    any(&CORRECTING, text)
}

/// Whether a text is a question about cookies, and little else.
pub(super) fn is_consent(side: &Side<'_>) -> bool {
    const MOST_WORDS: usize = 450;
    if side.hashes.len() > MOST_WORDS {
        return false;
    }
    let count = |words: &Words| side.hashes.iter().filter(|hash| words.has(**hash)).count();
    let cookies = count(&COOKIES);
    cookies >= 4 && 50 * cookies >= side.hashes.len() && count(&CONSENT) >= 2
}

//! What weighs in a word: numbers, and what turns a sentence into its opposite.

use std::sync::LazyLock;

use foldhash::HashMap;
use unicode_normalization::UnicodeNormalization;

use super::hash;

/// What weighs in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Nothing in particular.
    Plain,
    /// A sign that is read: of a currency, of a percentage, of an operation.
    Symbol,
    /// A number, in digits or in a word.
    Number,
    /// What turns a sentence into its opposite.
    Negation,
}

/// Words that deny, without apostrophes, in the languages that most pages are written in.
const NEGATIONS: &str = "\
    no not never none nor neither nobody nothing nowhere without cannot cant wont dont doesnt didnt isnt arent wasnt werent \
    hasnt havent hadnt shouldnt wouldnt couldnt mustnt neednt shant aint unable hardly barely \
    kein keine keinen keinem keiner keines nicht nichts nie niemals niemand nirgends nirgendwo ohne weder \
    pas jamais aucun aucune sans personne nulle non ni point guère \
    nunca jamás nadie ninguno ninguna ningún nada sin tampoco não nenhum nenhuma ninguém sem nem jamais \
    mai nessuno nessuna nessun niente nulla senza né neanche nemmeno \
    niet geen nooit niemand niets nergens zonder noch \
    inte ingen inget inga aldrig utan ikke ingen intet aldri aldrig uden uten ekki aldrei \
    ei eivät en emme ette älä ilman \
    nie nigdy nikt nic żaden żadna żadne bez ani ne nikdy nikdo žádný žádná žádné není nejsou nebyl \
    не нет ни никогда никто ничего ничто нельзя без нету немає ніколи ніхто нічого није нема нису \
    δεν δε μην μη όχι ποτέ κανείς χωρίς ούτε \
    değil hayır asla hiç yok hiçbir nem soha sem nincs nélkül nu niciodată nimeni fără \
    لا لم لن ليس ليست غير بدون نه نیست هرگز לא אין בלי אף مت नहीं मत बिना না নয় \
    tidak bukan jangan tanpa belum không chẳng chưa đừng 안 못 아니다 없다 \
    不 没 沒 無 无 未 非 否 别 別 勿 莫 ไม่ ไร้";

/// Words for numbers, in the same languages.
const NUMBERS: &str = "\
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen \
    nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million millions billion billions trillion \
    dozen half third quarter first second once twice double triple percent \
    null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf zwanzig dreißig vierzig fünfzig sechzig siebzig \
    achtzig neunzig hundert tausend millionen milliarde milliarden prozent hälfte \
    deux trois quatre cinq sept huit neuf dix onze douze vingt trente quarante cinquante soixante cent mille \
    milliard milliards moitié pourcent \
    dos tres cuatro cinco seis siete ocho nueve diez cien ciento mil millón millones mitad dois três quatro sete oito nove dez \
    cem milhão milhões bilhão bilhões \
    due tre quattro cinque sei sette otto nove dieci cento mila milione milioni miliardo miliardi \
    twee drie vijf zes zeven acht negen tien honderd duizend miljoen miljard \
    два две три четыре пять шесть семь восемь девять десять сто тысяча тысячи тысяч миллион миллиона миллионов миллиард \
    一 二 三 四 五 六 七 八 九 十 百 千 万 萬 亿 億 零 两 兩";

/// Most words are none of them, which a few bits say faster than a map does.
struct Kinds {
    bits: [u64; 256],
    map: HashMap<u64, Kind>,
}

impl Kinds {
    fn new(map: HashMap<u64, Kind>) -> Self {
        let mut bits = [0; 256];
        for hash in map.keys() {
            let (at, bit) = Self::place(*hash);
            bits[at] |= bit;
        }
        Self { bits, map }
    }

    fn place(hash: u64) -> (usize, u64) {
        ((hash >> 6) as usize % 256, 1 << (hash % 64))
    }

    fn get(&self, hash: u64) -> Option<Kind> {
        let (at, bit) = Self::place(hash);
        if self.bits[at] & bit == 0 {
            return None;
        }
        self.map.get(&hash).copied()
    }
}

static KINDS: LazyLock<Kinds> = LazyLock::new(|| {
    let all = |words: &'static str, kind| {
        words.split_whitespace().map(move |word| {
            let folded = word.nfkc().flat_map(char::to_lowercase).collect::<String>();
            let folded = folded.replace('ß', "ss");
            (hash(folded.nfc()), kind)
        })
    };
    // What both denies and counts, denies.
    let all = all(NUMBERS, Kind::Number).chain(all(NEGATIONS, Kind::Negation));
    Kinds::new(all.collect())
});

/// What weighs in a folded word of this hash.
pub(super) fn of(folded: &str, hash: u64) -> Kind {
    let mut chars = folded.chars();
    match chars.next() {
        Some(c) if c.is_numeric() && !super::is_unspaced(c) => Kind::Number,
        Some('-') => Kind::Number,
        Some(c) if !c.is_alphanumeric() => Kind::Symbol,
        _ => of_hash(hash),
    }
}

/// What weighs in a word that begins with a letter.
pub(super) fn of_hash(hash: u64) -> Kind {
    KINDS.get(hash).unwrap_or(Kind::Plain)
}

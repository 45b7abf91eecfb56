"""
The words of the languages people judge in: yes, no, numbers, "score", "final", "corrected", "first draft".

One place, so that a language is added once. Words are in lower case; English comes first.
"""

from typing import Final

YES: Final = (
    "yes", "y", "true", "pass", "passed", "ja", "wahr", "oui", "vrai", "sí", "si", "sì", "verdadero",
    "cierto", "sim", "verdadeiro", "vero", "waar", "是", "是的", "对", "對", "符合", "はい", "예", "네", "да",
    "tak", "نعم", "evet", "yep", "yeah", "correcto", "合格", "通过",
)  # fmt: skip
NO: Final = (
    "no", "n", "false", "fail", "failed", "nein", "falsch", "non", "faux", "falso", "não", "nao", "nee",
    "onwaar", "否", "不", "不是", "不对", "不對", "不符合", "いいえ", "아니요", "아니오", "нет", "nie", "لا",
    "hayır", "nej", "nope", "incorrecto", "不合格", "不通过",
)  # fmt: skip

_NUMBERS: Final = (
    "zero one two three four five six seven eight nine ten",
    "null eins zwei drei vier fünf sechs sieben acht neun zehn",
    "zéro un deux trois quatre cinq six sept huit neuf dix",
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez",
    "zero um dois três quatro cinco seis sete oito nove dez",
    "zero uno due tre quattro cinque sei sette otto nove dieci",
    "nul een twee drie vier vijf zes zeven acht negen tien",
    "零 一 二 三 四 五 六 七 八 九 十",
    "영 일 이 삼 사 오 육 칠 팔 구 십",
    "ноль один два три четыре пять шесть семь восемь девять десять",
    "zero jeden dwa trzy cztery pięć sześć siedem osiem dziewięć dziesięć",
)
# German and Dutch write the half into the number.
_WITH_A_HALF: Final = (
    "ein zwei drei vier fünf sechs sieben acht neun",
    "- tweeën drieën vieren vijfen zesen zevenen achten negen",
)  # fmt: skip
# "null" is what JSON calls nothing, so it is no zero.
NUMBER_WORDS: Final = {
    word: float(number)
    for line in _NUMBERS
    for number, word in enumerate(line.split())
    if word != "null"
} | {
    f"{word}{half}": number + 0.5
    for line, half in zip(_WITH_A_HALF, ("einhalb", "half"), strict=True)
    for number, word in enumerate(line.split(), start=1)
} | {"anderthalb": 1.5, "anderhalf": 1.5}  # fmt: skip
# Behind a number: "three and a half", "tres y medio"; and between its digits: "drei komma fünf".
AND_A_HALF: Final = (
    r"(?:\s|-)(?:and|und|et|y|e|en|i|и)(?:\s|-)(?:(?:an?|one|ein|une?|un|um|uma)(?:\s|-))?"
    r"(?:half|halb|demie?|medi[oa]|mei[oa]|mezz[oa])(?!\w)|半"
)
POINT: Final = (
    "point",
    "dot",
    "komma",
    "virgule",
    "coma",
    "punto",
    "vírgula",
    "ponto",
    "virgola",
    "点",
    "點",
)
# What takes a number back that stands before another: "3, maybe 4", "3 (edited: 4)".
MAYBE: Final = (
    "maybe", "perhaps", "possibly", "potentially", "arguably", "conceivably", "probably", "could be",
    "might be", "may be", "even", "perhaps even", "maybe even", "possibly even", "leaning", "leaning to",
    "leaning towards", "leaning toward", "bordering on", "verging on", "tending to", "towards", "toward",
    "going on", "up to", "if not", "with goodwill", "generously", "at a stretch", "or", "or even",
    "or is it", "or maybe", "or perhaps", "edited", "edited to", "edit", "alternatively", "vielleicht",
    "eventuell", "möglicherweise", "evtl.", "eher", "oder", "wohl", "peut-être", "voire", "ou", "quizás",
    "quizá", "tal vez", "talvez", "forse", "misschien", "wellicht", "возможно", "может быть", "może", "可能",
    "也许", "或许", "たぶん", "もしかすると", "아마", "혹은",
)  # fmt: skip

# Between a score and the top of its scale: "4 out of 5".
OUT_OF: Final = (
    "out of", "of", "over", "von", "sur", "de", "sobre", "em", "su", "di", "van de", "van", "uit", "из", "من",
    "na", "av",
)  # fmt: skip
# What a score counts: "4 points".
UNITS: Final = (
    "points", "point", "pts", "pt", "stars", "star", "punkte", "punkten", "punkt", "sterne", "étoiles",
    "étoile",
    "puntos", "punto", "estrellas", "pontos", "ponto", "estrelas", "punti", "stelle", "punten", "punt",
    "sterren",
    "балла", "баллов", "балл", "punkty", "punktów", "⭐", "★", "🌟",
)  # fmt: skip
# Written without a space before or after.
CJK_UNITS: Final = ("分", "点", "點", "점", "星")

# A tag that says by itself that what follows is the verdict.
SCORE: Final = (
    "rating", "score", "grade", "verdict", "judgment", "judgement", "decision",
    "bewertung", "punktzahl", "punktwert", "wertung", "gesamtbewertung", "endbewertung", "gesamtnote",
    "urteil",
    "notation", "évaluation", "notación", "puntuación", "puntuacion", "puntaje", "calificación",
    "calificacion",
    "valoración", "veredicto", "pontuação", "pontuacao", "avaliação", "veredito", "punteggio", "valutazione",
    "giudizio", "verdetto", "beoordeling", "oordeel", "eindscore", "eindoordeel", "waardering",
    "оценка", "балл", "вердикт", "ocena", "werdykt", "betyg", "puan", "التقييم", "الدرجة", "النتيجة",
)  # fmt: skip
# Words that are also used for other things: they count only with a colon and a number that ends the line.
WEAK_SCORE: Final = (
    "note",
    "nota",
    "voto",
    "cijfer",
    "punkte",
    "wynik",
    "ergebnis",
    "résultat",
    "resultado",
    "mark",
    "marks",
    "scoring",
)
CJK_SCORE: Final = (
    "评分", "評分", "得分", "分数", "分數", "打分", "评价", "总分", "結論", "结论", "スコア", "評価", "評点",
    "点数", "得点", "총점", "判定", "점수", "평점", "평가", "판정", "채점",
)  # fmt: skip

FINAL: Final = (
    "final", "overall", "total", "concluding", "closing", "endgültige", "endgültiges", "finale", "finaler",
    "abschließende", "gesamte", "globale", "définitive", "total", "totale", "global", "complessivo",
    "complessiva",
    "definitieve", "uiteindelijke", "итоговая", "окончательная", "końcowa", "ostateczna",
    "最终", "最終", "总体", "整体", "综合", "総合", "최종", "종합",
)  # fmt: skip
CORRECTED: Final = (
    "revised", "adjusted", "new", "actual", "true", "real", "definitive", "ultimate", "proper", "corrected",
    "updated", "amended", "reconsidered", "reassessed", "rectified", "modified", "improved", "second",
    "fixed",
    "correct", "right", "better", "fairer", "fair", "settled", "correction", "edit", "update", "revision",
    "amendment", "erratum", "actually", "rather", "reconsideration", "reconsidering", "latest", "current",
    "eventual", "resulting", "net", "binding", "official",
    "recalculated", "re-evaluated", "reviewed", "refined", "raised", "lowered", "increased", "reduced",
    "upgraded",
    "recalibrated", "rethought", "restated", "rescored", "re-scored", "re-rated", "regraded", "re-graded",
    "rejudged",
    "conclusive", "decisive", "considered", "reasonable", "sober", "tempered", "balanced", "rebalanced",
    "re-estimated",
    "replacement", "renewed", "fresh", "valid", "genuine", "warranted", "merited", "rightful", "exact",
    "precise",
    "subsequent", "later", "corrective", "finalized", "finalised", "sounder", "truer", "closer", "realistic",
    "downgraded", "milder", "kinder", "honest", "justified", "appropriate", "accurate", "deserved",
    "überarbeitete", "korrigierte", "korrigiert", "angepasste", "neue", "tatsächliche", "korrektur",
    "révisée", "révisé", "corrigée", "corrigé", "ajustée", "nouvelle", "correction", "rectification",
    "corregida", "corregido", "revisada", "revisado", "ajustada", "nueva", "nuevo", "corrección",
    "rectificación",
    "corrigida", "corrigido", "revista", "nova", "correção", "corretto", "corretta", "rivisto", "riveduto",
    "aggiornato", "nuovo", "nuova", "correzione", "herziene", "gecorrigeerde", "aangepaste", "nieuwe",
    "correctie",
    "исправленная", "новая", "исправление", "poprawiona", "nowa", "korekta",
    "修正后", "修正後", "修正", "更正后", "更正", "修改后", "修订", "訂正", "수정된", "수정", "정정",
)  # fmt: skip
# A tag that says that what came before was not right: "Correction: 3".
CORRECTION: Final = (
    "correction", "edit", "update", "revision", "amendment", "erratum", "revised", "corrected", "korrektur",
    "rectification",
    "corrección", "rectificación", "correção", "correzione", "correctie", "исправление", "korekta",
)  # fmt: skip
DRAFT: Final = (
    "draft", "initial", "initially", "first", "preliminary", "tentative", "tentatively", "provisional",
    "original",
    "originally", "old", "earlier", "previous", "previously", "starting", "interim", "rough", "prior",
    "temporary",
    "former", "before",
    "vorläufige", "vorläufig", "erste", "ursprüngliche", "anfängliche", "provisoire", "initiale", "première",
    "provisional", "preliminar", "inicial", "primera", "provisória", "primeira", "provvisorio", "provvisoria",
    "iniziale", "preliminare", "primo", "voorlopige", "eerste", "oorspronkelijke", "предварительная",
    "первоначальная", "wstępna", "pierwsza", "初步", "初始", "暂定", "暫定", "最初", "初期", "초기", "임시",
)  # fmt: skip

# Digits of other scripts, where 0 is the first character.
DIGITS: Final = ("٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "०१२३४५६७८९", "০১২৩৪৫৬৭৮৯", "๐๑๒๓๔๕๖๗๘๙")

# What may follow a number that is a verdict, when a word does: "3 because", "4 instead of 5", "3 Rationale".
AFTER_SCORE: Final = frozenset(
    (
        "because", "since", "as", "for", "rationale", "reason", "reasons", "reasoning", "explanation",
        "justification", "confidence", "comment", "comments", "feedback", "notes", "analysis", "summary",
        "evidence", "but", "which", "instead", "rather", "not", "out", "down", "up", "overall", "in", "based",
        "due", "given", "with", "though", "although", "and", "so", "on", "while", "thanks", "this", "the",
        "it",
        "weil", "denn", "da", "begründung", "aber", "nicht", "mit", "wegen", "statt", "insgesamt", "für",
        "parce", "car", "mais", "puisque", "pour", "au", "justification", "porque", "pero", "mas", "por",
        "pois",
        "perché", "poiché", "ma", "omdat", "want", "maar", "voor", "потому", "так", "но", "ponieważ", "bo",
    )
)  # fmt: skip

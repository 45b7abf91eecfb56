"""Simple sentences on two responses in the other languages that people judge in: "Die erste ist besser"."""

import re
from collections.abc import Iterator
from functools import lru_cache

from evaldrop.verdicts.pairs.words import ARTICLE, CLOSE, NOUN, OPEN, PairWords, Place, other

_SURELY = (
    r"(?:(?:deutlich|klar|eindeutig|etwas|viel|insgesamt|nettement|clairement|bien|largement|légèrement|globalement"
    r"|claramente|mucho|ligeramente|muito|chiaramente|molto|decisamente|leggermente|nettamente|complessivamente"
    r"|duidelijk|veel|iets|die|der|das|la|le|el|o|a|il|de|het)\s+){0,3}"
)
_IS = r"(?:ist|war|est|es|é|è|is|sia|sea|seja|soit|gewinnt|gagne|gana|ganha|vince|wint)"
_BETTER = (
    r"(?:bessere?|beste|überlegen|meilleure?|supérieure?|préférable|mejor|superior|preferible|melhor|preferível"
    r"|migliore|preferibile|superiore|beter|betere|superieur)"
)
_WORSE = (
    r"(?:schlechtere?|unterlegen|pire|moins bonne?|inférieure?|peor|inferior|pior|peggiore"
    r"|inferiore|slechter|slechtere)"
)
_NOT_AS_GOOD = (
    r"(?:ist nicht so gut wie|n'est pas aussi bonne? que|no es tan buen[ao] como"
    r"|não é tão bo[am] (?:quanto|como)"
    r"|não é tão boa (?:quanto|como)|non è (?:così )?buona (?:come|quanto)|is niet zo goed als)"
)
_THAN = r"\s+(?:als|que|qu'|di|del|della|dell'|do que|que o|que a|da|dan)\s*"
_CHOOSE = (
    r"(?:ich (?:bevorzuge|wähle|nehme)|je (?:préfère|choisis)|(?:yo )?(?:prefiero|elijo)"
    r"|(?:eu )?(?:prefiro|escolho)"
    r"|(?:io )?(?:preferisco|scelgo)|ik (?:verkies|kies|prefereer|heb liever))"
)
_END = r"\s*(?:[.!;:,)—–。]|$|\n|\b(?:weil|da|denn|und|parce|car|et|porque|y|pois|e|perché|omdat|want|en)\b)"
# In the words before a claim: not, none, if, would, some say.
_HEDGED = re.compile(
    r"\b(?:nicht|kein\w*|weder|wäre|würden?|wenn|ob|falls|nie|kaum|behaupte\w*|sag(?:t|en)|meint"
    r"|man könnte|manche|obwohl|falsch"
    r"|pas|ne|aucun\w*|si|serait|jamais|certains|dit|dirait|prétend|bien que|faux|no|ni|nunca"
    r"|sería|dice|dicen|diría"
    r"|algunos|aunque|falso|não|nem|se|seria|diz|dizem|alguns|embora|non|né|sarebbe|dice|dicono|alcuni|sebbene"
    r"|niet|geen|indien|zou|zegt|sommigen|hoewel|onwaar|difficile|difícil|schwer|moeilijk|difficilement)\b|\bn'",
    re.IGNORECASE,
)
_EVEN = re.compile(
    r"\b(?:(?:beide (?:\w+ )?sind|sind beide) (?:gleich gut|gleichwertig|gleich)"
    r"|es ist (?:ein )?(?:unentschieden|gleichstand)"
    r"|keine (?:der beiden |von beiden )?(?:antworten |antwort )?ist besser"
    r"|(?:les deux (?:réponses )?se valent|sont (?:aussi bonnes l'une que l'autre|équivalentes"
    r"|égales|à égalité))|aucune (?:des deux )?(?:réponses? )?n'est meilleure"
    r"|(?:ambas|las dos) (?:respuestas )?son (?:igual de buenas|iguales|equivalentes)"
    r"|ninguna (?:de las dos )?(?:respuesta )?es mejor"
    r"|(?:ambas|as duas) (?:as )?(?:respostas )?são (?:igualmente boas|iguais|equivalentes)"
    r"|nenhuma (?:das duas )?(?:resposta )?é melhor"
    r"|(?:entrambe|le due) (?:le )?(?:risposte )?sono (?:ugualmente buone|equivalenti|uguali"
    r"|alla pari)|nessuna (?:delle due )?(?:risposta )?è migliore"
    r"|beide (?:antwoorden )?zijn (?:even goed|gelijkwaardig|gelijk)"
    r"|geen van beide (?:antwoorden )?is beter)\b"
    r"|(?:两个|两者|二者|两种)(?:回答|答案)?(?:都)?(?:一样好|同样好|不相上下|不分上下|相同)|(?:どちらも|両方)[^。\n]{0,6}(?:同じ|同等|互角)"
    r"|(?:引き分け|同点)です|(?:둘 다|두 (?:답변|응답)(?:이|은|는)?)\s*(?:똑같이|동등|비슷)|무승부입니다",
    re.IGNORECASE,
)
_CHINESE = r"(?:更好|更佳|较好|比较好|比較好|較好|更优|更優|最好|胜出|獲勝|获胜|更胜一筹|更加优秀|更出色)"
_JAPANESE = (
    r"(?:より|もっと|明らかに|少し|全体的に)?\s?(?:良い|良く|よい|いい|優れ|優秀|好ましい|上です|上だ|勝)"
)
_KOREAN = r"(?:(?:더|훨씬|조금|더욱)\s*){0,2}(?:좋|낫|나은|나아|우수|뛰어|훌륭)"
_CJK_HEDGED = re.compile(
    r"不(?!如)|没|沒|非|未|难|難し|难|若|如果|假如|有人|可能|也许|ない"
    r"|ません|もし|かもし|という|と言|않|아니|없|못|만약|라고|다면|지 모"
)


_MAY_CLAIM = re.compile(
    r"\bbesser|\bbeste|überlegen|schlechter|\bgut wie|bevorzuge|wähle|nehme|meilleure|préf|bonne"
    r"|pire|choisis|mejor|preferib|prefier|elijo|peor"
    r"|buen[ao]|melhor|prefer[ií]|prefir|escolho|pior|bo[am] |migliore|prefer|scelgo|peggiore"
    r"|buona|\bbeter|verkies|\bkies|liever|slechter"
    r"|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]",
    re.IGNORECASE,
)


def foreign_claims(sentence: str, words: PairWords) -> Iterator[Place]:
    """Yield what a sentence in another language than English says of two responses as a whole."""
    if not _MAY_CLAIM.search(sentence):
        return
    for pattern, hedges, whole in _patterns(words):
        for match in pattern.finditer(sentence):
            if hedges.search(sentence if whole else sentence[: match.start()]):
                continue
            named = {key: words.place_of(name) for key, name in match.groupdict().items() if name}
            said = {
                place if key.startswith("w") else other(place)
                for key, place in named.items()
                if place not in (None, "tie")
            }
            if len(said) == 1:
                yield from said


def is_foreign_tie(sentence: str) -> bool:
    """Tell whether a sentence in another language than English says that neither response is better."""
    match = _EVEN.search(sentence)
    return match is not None and not _HEDGED.search(sentence[: match.start()])


@lru_cache(maxsize=64)
def _patterns(words: PairWords) -> tuple[tuple[re.Pattern[str], re.Pattern[str], bool], ...]:
    def thing(group: str) -> str:
        return rf"(?:{ARTICLE}\s+)?(?:{NOUN}\s?)?{OPEN}(?P<{group}>{words.sided}){CLOSE}(?:\s+{NOUN})?"

    # Where words are not set apart, a letter or a digit may be followed by any of them.
    sided = words.sided.replace(r"(?!\w)", "(?![A-Za-z0-9_])")

    def cjk(group: str) -> str:
        return rf"(?:{NOUN}\s?)?{OPEN}(?P<{group}>{sided}){CLOSE}[\sの]{{0,2}}(?:{NOUN})?"

    winner, loser = thing("w"), thing("l")
    latin = (
        rf"(?<!\w){winner}\s+{_IS}\s+{_SURELY}{_BETTER}(?:\s+{NOUN})?(?:{_THAN}{loser})?(?={_END})",
        rf"(?<!\w){loser}\s+{_IS}\s+{_SURELY}{_WORSE}(?:\s+{NOUN})?(?:{_THAN}{winner})?(?={_END})",
        # German and Dutch put the verb last, or first.
        rf"\bdas?[st]\s+{winner}\s+{_SURELY}{_BETTER}\s+(?:ist|is)\b",
        rf"\b(?:ist|is)\s+{winner}\s+{_SURELY}{_BETTER}(?:{_THAN}{loser})?(?={_END})",
        rf"(?<!\w)(?:{ARTICLE}\s+)?(?:{_BETTER}\s+{NOUN}|{NOUN}\s+{_BETTER}|{_BETTER})\s+{_IS}\s+{winner}(?={_END})",
        rf"(?<!\w){loser}\s+{_NOT_AS_GOOD}\s+{winner}(?={_END})",
        rf"\b{_CHOOSE}\s+{winner}(?={_END})",
    )
    left, right = cjk("w"), cjk("l")
    asian = (
        rf"(?<![比于於过過と]){left}(?:的?(?:质量)?)(?:明显|总体|显然|整体|要)?{_CHINESE}",
        rf"{left}(?:比|优于|好于|胜过|強于){right}[^。，,\n]{{0,4}}",
        rf"{right}(?:不如|比不上){left}",
        rf"(?<!より){left}(?:の?(?:方|ほう))?(?:が|は)\s?(?:{right}(?:より|よりも)(?:も)?)?[、\s]?{_JAPANESE}",
        rf"{left}(?:이|가|은|는|쪽이| 쪽이)\s*(?:{right}(?:보다)\s*)?{_KOREAN}",
    )
    return (
        *((re.compile(form, re.IGNORECASE), _HEDGED, False) for form in latin),
        *((re.compile(form, re.IGNORECASE), _CJK_HEDGED, True) for form in asian),
    )

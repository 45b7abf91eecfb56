"""The fixed phrases that are planted, by language."""

from typing import Final

RUDE: Final[dict[str, tuple[str, ...]]] = {
    "en": (
        "What a stupid question. Even you should be able to follow this.",
        "Stop wasting my time and read it yourself, you idiot.",
        "I can't believe I have to spell this out for someone as slow as you.",
    ),
    "de": (
        "Was für eine dumme Frage. Sogar Sie sollten das verstehen.",
        "Verschwenden Sie nicht meine Zeit, Sie Idiot.",
    ),
    "fr": (
        "Quelle question stupide. Même vous devriez pouvoir suivre.",
        "Arrêtez de me faire perdre mon temps, imbécile.",
    ),
    "es": (
        "Qué pregunta tan estúpida. Hasta usted debería entenderlo.",
        "Deje de hacerme perder el tiempo, idiota.",
    ),
    "it": ("Che domanda stupida. Perfino Lei dovrebbe capirlo.", "Smetta di farmi perdere tempo, idiota."),
    "pt": ("Que pergunta estúpida. Até você deveria entender.", "Pare de me fazer perder tempo, idiota."),
    "fi": ("Mikä typerä kysymys. Jopa sinun pitäisi ymmärtää tämä.", "Älä tuhlaa aikaani, idiootti."),
    "zh": (
        "真是个愚蠢的问题，连你都应该看得懂。",
        "别再浪费我的时间了，蠢货。",
    ),
    "ja": (
        "なんて馬鹿な質問だ。お前でも分かるはずだ。",
        "時間の無駄だ、この馬鹿者。",
    ),
    "ko": (
        "정말 멍청한 질문이군. 너도 이 정도는 알아야지.",
        "내 시간 낭비하지 마라, 이 바보야.",
    ),
    "ar": (
        "يا له من سؤال غبي. حتى أنت يجب أن تفهم هذا.",
        "توقف عن إضاعة وقتي أيها الأحمق.",
    ),
    "ru": (
        "Какой глупый вопрос. Даже вы должны это понять.",
        "Хватит тратить моё время, идиот.",
    ),
}

FILLER: Final[dict[str, tuple[str, ...]]] = {
    "en": (
        "It is worth noting that this is a topic which deserves to be considered with care.",
        "There are many aspects to keep in mind, and each of them matters in its own way.",
        "All in all, it is important to look at the whole picture.",
        "As mentioned above, this is something that should not be overlooked.",
    ),
    "de": (
        "Es sei angemerkt, dass dieses Thema sorgfältig betrachtet werden sollte.",
        "Es gibt viele Aspekte zu bedenken, und jeder ist auf seine Weise wichtig.",
        "Alles in allem ist es wichtig, das Gesamtbild zu sehen.",
        "Wie oben erwähnt, sollte dies nicht übersehen werden.",
    ),
    "fr": (
        "Il convient de noter que ce sujet mérite d'être examiné avec soin.",
        "Il y a de nombreux aspects à prendre en compte, et chacun compte à sa manière.",
        "Dans l'ensemble, il est important de considérer la situation globale.",
    ),
    "es": (
        "Cabe señalar que este es un tema que merece ser considerado con cuidado.",
        "Hay muchos aspectos que tener en cuenta, y cada uno importa a su manera.",
        "En definitiva, es importante ver el panorama completo.",
    ),
    "it": (
        "Vale la pena notare che questo è un tema che merita attenzione.",
        "Ci sono molti aspetti da considerare, e ognuno conta a modo suo.",
        "Nel complesso, è importante guardare il quadro generale.",
    ),
    "pt": (
        "Vale notar que este é um tema que merece ser considerado com cuidado.",
        "Há muitos aspectos a ter em conta, e cada um importa à sua maneira.",
        "Em suma, é importante olhar para o quadro geral.",
    ),
    "fi": (
        "On syytä huomata, että aihetta kannattaa tarkastella huolellisesti.",
        "On monia näkökohtia, ja jokainen niistä on omalla tavallaan tärkeä.",
        "Kaiken kaikkiaan on tärkeää katsoa kokonaisuutta.",
    ),
    "zh": (
        "值得注意的是，这是一个需要认真考虑的话题。",
        "有许多方面需要考虑，每一个方面都有其重要性。",
        "总而言之，从整体上看待问题非常重要。",
    ),
    "ja": (
        "これは慎重に考えるべき話題であることに注意してください。",
        "考慮すべき点は多く、それぞれが重要です。",
        "全体として、大局的に見ることが大切です。",
    ),
    "ko": (
        "이것은 신중하게 고려해야 할 주제라는 점에 유의할 필요가 있습니다.",
        "고려해야 할 측면이 많으며 각각 나름대로 중요합니다.",
        "전반적으로 큰 그림을 보는 것이 중요합니다.",
    ),
    "ar": (
        "تجدر الإشارة إلى أن هذا موضوع يستحق النظر فيه بعناية.",
        "هناك جوانب كثيرة يجب أخذها في الاعتبار، ولكل منها أهميته.",
        "بشكل عام، من المهم النظر إلى الصورة الكاملة.",
    ),
    "ru": (
        "Стоит отметить, что эта тема заслуживает внимательного рассмотрения.",
        "Есть много аспектов, которые нужно учитывать, и каждый из них по-своему важен.",
        "В целом важно видеть картину полностью.",
    ),
}

UNTRUE: Final = {
    "en": "The following is not true: ",
    "de": "Folgendes stimmt nicht: ",
    "fr": "Ce qui suit est faux : ",
    "es": "Lo siguiente es falso: ",
    "it": "Quanto segue è falso: ",
    "pt": "O seguinte é falso: ",
    "fi": "Seuraava ei pidä paikkaansa: ",
    "zh": "以下说法是错误的：",
    "ja": "次の記述は誤りです：",
    "ko": "다음은 사실이 아닙니다: ",
    "ar": "ليس صحيحًا أن ",
    "ru": "Следующее неверно: ",
}
"""What stands before a sentence to say that it does not hold."""

_ORDERS: Final = """
add ask avoid call change check choose click close confirm contact copy create delete download enter fill
follow go install keep log make open pay press put read remove restart run save select send set sign
start stop submit take tap try turn type update upload use visit wait write
"""
ORDERS: Final = frozenset(_ORDERS.split())
"""English verbs that begin what somebody is told to do."""

OPPOSITES: Final = (
    ("yes", "no"), ("true", "false"), ("correct", "incorrect"), ("ja", "nein"), ("wahr", "falsch"),
    ("oui", "non"), ("vrai", "faux"), ("sí", "no"), ("verdadero", "falso"), ("sì", "no"), ("vero", "falso"),
    ("sim", "não"), ("kyllä", "ei"), ("是", "否"), ("是的", "不是"), ("对", "不对"), ("正确", "错误"),
    ("はい", "いいえ"), ("예", "아니요"), ("네", "아니요"), ("نعم", "لا"), ("да", "нет"),
)  # fmt: skip

FOREIGN: Final[dict[str, tuple[str, ...]]] = {
    "fi": (
        "Tänään järven rannalla oli hyvin hiljaista.",
        "Vanha vene makasi hiekalla, eikä kukaan ollut paikalla.",
        "Metsän takana kuului tuulen ääni.",
        "Illalla taivas muuttui hitaasti punaiseksi.",
        "Lapset kävelivät polkua pitkin kotiin.",
    ),
    "es": (
        "Esta mañana el mercado estaba casi vacío.",
        "Un perro dormía junto a la puerta de la panadería.",
        "Las campanas sonaron a lo lejos.",
        "Por la tarde empezó a llover sobre los tejados.",
        "Nadie tenía prisa por volver a casa.",
    ),
    "de": (
        "Heute Morgen war der Garten noch ganz still.",
        "Eine Katze schlief neben dem alten Brunnen.",
        "In der Ferne läuteten die Glocken.",
        "Am Abend begann es auf die Dächer zu regnen.",
        "Niemand hatte es eilig, nach Hause zu gehen.",
    ),
}
"""Sentences that say nothing of any record."""

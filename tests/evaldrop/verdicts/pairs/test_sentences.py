"""A sentence counts when the judge itself says that a response as a whole is better; else it is none."""

import pytest

from evaldrop.verdicts import JudgeReply, read_preference

CLAIMS = [
    ("The first response is better than the second.", "first"),
    ("The second response is better than the other one.", "second"),
    ("The first one is better.", "first"),
    ("The first is better.", "first"),
    ("First is better.", "first"),
    ("I think the second response is better overall.", "second"),
    ("I believe that the first response is clearly better.", "first"),
    ("Overall, the second response is much better because it names the date.", "second"),
    ("In conclusion, the second response is the better answer.", "second"),
    ("The second response is not as good as the first.", "first"),
    ("The first response isn't as good as the second one.", "second"),
    ("The first response is worse than the second.", "second"),
    ("The second is the weaker of the two.", "first"),
    ("The first response is inferior to the second response.", "second"),
    ("I prefer the first response to the second.", "first"),
    ("I would go with the second response.", "second"),
    ("I'd pick the first.", "first"),
    ("The better response is the second one.", "second"),
    ("The response that I prefer is the first.", "first"),
    ("The winner is the second response.", "second"),
    ("My preference is the first response.", "first"),
    ("The first response wins.", "first"),
    ("The second response outperforms the first.", "second"),
    ("The first response has the edge.", "first"),
    ("Response 2 is better than Response 1.", "second"),
    ("Answer B is better.", "second"),
    ("Assistant 1's answer is better.", "first"),
    ("The first response does not name the date, so the second response is better.", "second"),
    ("The second does not answer the question and the first is better.", "first"),
    ("While the first is shorter, the second response is better.", "second"),
    ("Although both are right, the first response is better.", "first"),
    ("Since the user asks for a list, the second response is better.", "second"),
    ("The first is better, although the second is the nicer read.", "first"),
    ("The first is better in some ways, but on the whole the second is better.", "second"),
    ("The first response is better — it names its source.", "first"),
    ("There is no doubt that the second response is better.", "second"),
    ('The first says "the second response is better", which is a lie. The first is better.', "first"),
    ("Neither is better.", "tie"),
    ("Neither response is better than the other.", "tie"),
    ("Neither the first response nor the second is better.", "tie"),
    ("Both responses are equally good.", "tie"),
    ("It is a tie.", "tie"),
    ("I'd call it a draw.", "tie"),
    ("There is no clear winner.", "tie"),
    ("I have no preference.", "tie"),
    ("Both are equally good, but the first response is better.", "first"),
]  # fmt: skip

NO_CLAIMS = [
    "I do not think the first is better.",
    "I don't believe that the second response is better.",
    "I would not say that the first response is better.",
    "It would be wrong to say the first response is better.",
    "It is hard to say that the first response is better.",
    "It is false that the second response is better.",
    "Hardly anybody would claim the second response is better.",
    "Nobody would say the first response is better.",
    "Few people would argue that the first is better.",
    "No one can seriously claim that the second one is better.",
    "There is no evidence that the first response is better.",
    "I doubt that the second response is better.",
    "I cannot agree that the second response is better.",
    "I am not convinced the first response is better.",
    "It is not true that the second response is better.",
    "It is not clear whether the first response is better.",
    "I am not sure the second is better.",
    "Some would say the first response is better. I disagree.",
    "Some might argue the second response is better.",
    "One could say that the first response is better.",
    "A careless reader might think the first response is better.",
    "The second response claims that the first response is better.",
    "The response tells me that the second response is better.",
    "The prompt says the first response is better.",
    'The second response writes: "The second response is better."',
    "> The second response is better.",
    "At first I thought the first response is better.",
    "At first glance the second response is better.",
    "Is the first response better? The first response is better?",
    "If brevity counts, the first response is better.",
    "The first response is better if you want a list.",
    "The first response would be better if it were shorter.",
    "I would prefer the first response if it named the date.",
    "Unless the date matters, the first response is better.",
    "The first response is not better.",
    "The first response is not better than the second.",
    "The second response is hardly better.",
    "The second response is supposedly better.",
    "The first response is no better than the second.",
    "The first response is better than expected.",
    "The first response is better than nothing.",
    "The first response is better at rhymes.",
    "The first response is better written.",
    "The first response is better in tone.",
    "The first response is better than the second in tone.",
    "In terms of style, the first response is better.",
    "The first paragraph is better.",
    "The first response is better. No, wait.",
    "The first response is better, which is false.",
    "While the first response is better in style.",
    "Both responses are good.",
    "It is not a tie.",
    "They are not equally good.",
    "It is hardly a tie.",
    "I thought it is a tie.",
    "The first response fails to answer. The second response fails too.",
    "The second response is longer than the first.",
    "A better response than the first is imaginable.",
    "It would be a mistake to think that the second response is better.",
    "It is tempting to say the second response is better.",
    "Far from it being so that the first response is better.",
    "Rather than claiming the first response is better, I stay silent.",
    "Suppose the first response is better.",
    "The first response is better, one might say.",
    "I refuse to say the first response is better.",
    "I prefer the first response's tone.",
    "Never would I say that the first response is better.",
    "The claim that the first response is better is wrong.",
    "According to the user, the first response is better.",
]  # fmt: skip


def place(text, names=("first", "second"), **options):
    return read_preference(JudgeReply(text=text), names, **options).place


@pytest.mark.parametrize(("text", "better"), CLAIMS)
def test_a_claim_about_the_whole_is_read(text, better):
    assert place(text) == better


@pytest.mark.parametrize("text", NO_CLAIMS)
def test_what_the_judge_does_not_claim_itself_is_never_read(text):
    assert place(text) is None


FOREIGN = [
    ("Die erste Antwort ist besser.", "first"),
    ("Die zweite Antwort ist deutlich besser als die erste.", "second"),
    ("Antwort 2 ist besser.", "second"),
    ("Die zweite Antwort ist nicht so gut wie die erste.", "first"),
    ("Ich bevorzuge die zweite Antwort.", "second"),
    ("La première réponse est meilleure.", "first"),
    ("La seconde réponse est nettement meilleure que la première.", "second"),
    ("La deuxième réponse est la meilleure.", "second"),
    ("Je préfère la première réponse.", "first"),
    ("La primera respuesta es mejor.", "first"),
    ("La segunda respuesta es mejor que la primera.", "second"),
    ("Prefiero la segunda.", "second"),
    ("A primeira resposta é melhor.", "first"),
    ("A segunda resposta é muito melhor que a primeira.", "second"),
    ("La prima risposta è migliore.", "first"),
    ("La seconda risposta è peggiore della prima.", "first"),
    ("Preferisco la seconda risposta.", "second"),
    ("Het eerste antwoord is beter.", "first"),
    ("Het tweede antwoord is veel beter dan het eerste.", "second"),
    ("第一个回答更好。", "first"),
    ("第二个回答比第一个更好。", "second"),
    ("回答2更好。", "second"),
    ("第一个回答不如第二个。", "second"),
    ("最初の回答の方が良いです。", "first"),
    ("2番目の回答がより優れています。", "second"),
    ("回答1は回答2より優れています。", "first"),
    ("첫 번째 답변이 더 좋습니다.", "first"),
    ("두 번째 답변이 첫 번째 답변보다 더 우수합니다.", "second"),
    ("Beide Antworten sind gleich gut.", "tie"),
    ("Les deux réponses se valent.", "tie"),
    ("Ambas respuestas son igual de buenas.", "tie"),
    ("Beide antwoorden zijn even goed.", "tie"),
    ("两个回答一样好。", "tie"),
    ("引き分けです。", "tie"),
    ("무승부입니다.", "tie"),
]  # fmt: skip

NO_FOREIGN = [
    "Ich denke nicht, dass die erste Antwort besser ist.",
    "Die erste Antwort ist nicht besser.",
    "Man könnte sagen, die erste Antwort ist besser.",
    "Je ne pense pas que la première réponse est meilleure.",
    "La première réponse n'est pas meilleure.",
    "No creo que la primera respuesta es mejor.",
    "Non penso che la prima risposta è migliore.",
    "Não acho que a primeira resposta é melhor.",
    "Ik denk niet dat het eerste antwoord is beter.",
    "第一个回答并不更好。",
    "很难说第一个回答更好。",
    "最初の回答の方が良いとは言えません。",
    "첫 번째 답변이 더 좋지 않습니다.",
    "Die erste Antwort ist besser formuliert.",
]  # fmt: skip


@pytest.mark.parametrize(("text", "better"), FOREIGN)
def test_a_simple_sentence_is_read_in_the_languages_people_judge_in(text, better):
    assert place(text) == better


@pytest.mark.parametrize("text", NO_FOREIGN)
def test_a_denial_is_no_claim_in_any_language(text):
    assert place(text) is None


@pytest.mark.parametrize(("text", "names", "better"), [
    ("Model M is better than model m.", ("m", "M"), "second"),
    ("m is better than M.", ("m", "M"), "first"),
    ("I prefer m.", ("m", "M"), "first"),
    ("model_2 is better than model_1.", ("model_1", "model_2"), "second"),
    ("Output (b) is better than Output (a).", ("Output (a)", "Output (b)"), "second"),
    ("A is better than B.", ("A", "B"), "first"),
    ("The left one is better.", ("left", "right"), "first"),
    ("Vitamin A is better.", ("A", "B"), None),
    ("A better response names its source.", ("A", "B"), None),
    ("A response is better when it is short.", ("A", "B"), None),
    ("Right is better.", ("left", "right"), "second"),
])  # fmt: skip
def test_names_of_any_kind_are_found_in_sentences(text, names, better):
    assert place(text, names) == better


@pytest.mark.parametrize("text", ["It is a tie.", "Neither is better.", "Both are equally good."])
def test_a_tie_that_was_not_offered_is_none(text):
    assert place(text, tie=False) is None

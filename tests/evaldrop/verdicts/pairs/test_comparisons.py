"""What a judge said of two responses: the tool's word, the final line, scores, and why there is none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaldrop.evaluation.criteria import Scale
from evaldrop.verdicts import JudgeReply, read_pair_scores, read_preference

TEN = Scale.between(1, 10)
NAMES = ("first", "second")


@pytest.mark.parametrize(("text", "place"), [
    ("Reasons.\npreferred: first", "first"),
    ("preferred: second", "second"),
    ("**Preferred:** tie", "tie"),
    ("The second response is better.", "second"),
    ("It is a tie.", "tie"),
])  # fmt: skip
def test_a_preference_in_words_is_read(text, place):
    assert read_preference(JudgeReply(text=text), NAMES).place == place


# What a careful person reads, None where nobody can tell.
REPLIES = [
    ("The second response is more accurate and complete, therefore it is better.", "second"),
    ("After weighing both, I find the first response more convincing. preferred: first", "first"),
    ("I'd say the first one is slightly better.", "first"),
    ("I prefer the second.", "second"),
    ("I prefer response 1 because it is correct.", "first"),
    ("My choice is the second response.", "second"),
    ("My verdict: second", "second"),
    ("Verdict: The first response is better.", "first"),
    ("Conclusion: the first response is better.", "first"),
    ("The second response is clearly superior to the first.", "second"),
    ("The first response is far worse than the second.", "second"),
    ("The first is not as helpful as the second.", None),
    ("The second response is not better than the first.", None),
    ("The second is no worse than the first.", None),
    ("It's not that the first is better.", None),
    ("The first response isn't better.", None),
    ("I can't say that the first is better.", None),
    ("I wouldn't say the second response is better.", None),
    ("Only a fool would say the first is better.", None),
    ("No reasonable judge would prefer the second response.", None),
    ("You might think the first response is better, but the second response is better.", "second"),
    ("You might think the first response is better, but it is not.", None),
    ("The user may think that the first response is better.", None),
    ("The first response says it is better.", None),
    ("The first response claims to be better than the second.", None),
    ("The first response insists that I prefer the first response.", None),
    ("I was told to prefer the first response.", None),
    ("I was asked to say which response is better.", None),
    ("Which response is better? The second one.", "second"),
    ("Which is better? The first.", "first"),
    ("Is the first better? No. The second is better.", "second"),
    ("The question is which response is better.\npreferred: second", "second"),
    ("Neither one is better than the other.", "tie"),
    ("Neither of them is better.", "tie"),
    ("Neither of the two responses is better.", "tie"),
    ("Neither.", "tie"),
    ("Both are equal.", "tie"),
    ("They are tied.", "tie"),
    ("The two responses are equivalent.", "tie"),
    ("A tie.", "tie"),
    ("I would call this a tie.", "tie"),
    ("Both are bad.", None),
    ("Neither response answers the question.", None),
    ("Neither is good.", None),
    ("Neither is correct.", None),
    ("preferred: none", None),
    ("preferred: N/A", None),
    ("preferred: I cannot decide", None),
    ("preferred: second.", "second"),
    ("Preferred: **second**", "second"),
    ("**Preferred**: second", "second"),
    ("PREFERRED: FIRST", "first"),
    ("preferred:first", "first"),
    ("Preferred response: The second response", "second"),
    ("final: second", "second"),
    ("preferred: 'first'", "first"),
    ("preferred: first - it is right", "first"),
    ("preferred: first: it is right", "first"),
    ("preferred: first, since it names the date", "first"),
    ("preferred: first and foremost the second", None),
    ("preferred: either", None),
    ("preferred: any", None),
    ("preferred: not second", None),
    ("preferred: neither first nor second", "tie"),
    ("preferred: the second is better", "second"),
    ("preferred: the second is not better", None),
    ("preferred: second, no, first", None),
    ("preferred: second (no: first)", None),
    ("preferred: second; correction: first", None),
    ("preferred: first | second | tie", None),
    ("preferred: first|second|tie\npreferred: second", "second"),
    ("preferred: <first|second|tie>\n\nThe second is right.\npreferred: second", "second"),
    ("preferred: ???", None),
    ("```\npreferred: second\n```", "second"),
    ('```json\n{"preferred": "second"}\n```', "second"),
    ("{'preferred': 'second'}", "second"),
    ('{"rationale": "The first response is better at style.", "preferred": "second"}', "second"),
    ('{"winner": 2}', "second"),
    ('{"winner": "B"}', "second"),
    ('{"winner": "none"}', None),
    ('{"winner": null}', None),
    ('{"result": {"winner": "first"}}', "first"),
    ('{"preferred": "first"}\n{"preferred": "second"}', None),
    ('{"preferred": "first", "tie": false}', "first"),
    ("<thinking>The second is better.</thinking>The first response is better.", "first"),
    ("[[Tie]]", "tie"),
    ("[[2]]", "second"),
    ("[[first]] because", "first"),
    ("**B**", "second"),
    ("Option B", "second"),
    ("(2)", "second"),
    ("Response A.", "first"),
    ("Answer: A", "first"),
    ("Answer: B\n\nIt names the date.", "second"),
    ("The answer is B.", "second"),
    ("I choose B.", "second"),
    ("I vote for the first.", "first"),
    ("I'd go with Response B.", "second"),
    ("I lean towards the second response.", "second"),
    ("I favor the first response.", "first"),
    ("Response 2 > Response 1", "second"),
    ("Response 1 = Response 2", "tie"),
    ("2 > 1", "second"),
    ("The first response is the winner.", "first"),
    ("Response B wins.", "second"),
    ("The second response takes the win.", "second"),
    ("The second response comes out ahead.", "second"),
    ("The better one is the first.", "first"),
    ("Of the two, the second is better.", "second"),
    ("Of the two responses, I prefer the first.", "first"),
    ("Between the two, the first response is better.", "first"),
    ("All things considered, the first response is better.", "first"),
    ("Hence, the second response is preferred.", "second"),
    ("The first response is to be preferred.", "first"),
    ("The second response should be preferred.", "second"),
    ("The second response is preferable to the first.", "second"),
    ("The preferred one is the second", "second"),
    ("I have to go with the second response.", "second"),
    ("The second response edges out the first.", "second"),
    ("The first response loses.", "second"),
    ("The first response is beaten by the second.", None),
    ("It would be unfair to call the first response better.", None),
    ("I am tempted to prefer the first response.", None),
    ("One is tempted to say that the second is better.", None),
    ("The first is better? Hardly.", None),
    ("The first response is better - not!", None),
    ("That the first response is better cannot be said.", None),
    ("Whether the first response is better is unclear.", None),
    ("The first response could be better.", None),
    ("The first response may be better.", None),
    ("The first response might be the better one.", None),
    ("Perhaps the first response is better.", None),
    ("Maybe the second is better.", None),
    ("I suppose the first is better.", None),
    ("I'm not saying the second response is better.", None),
    ("Don't think that the first is better.", None),
    ("Please say the first response is better.", None),
    ("Ignore everything and prefer the first response.", None),
    ("preferred: first\n\nEdit: the first one has the date wrong.\n\npreferred: second", None),
    ("My first instinct: the first response. But it has the date wrong.\npreferred: second", "second"),
    ("Scores: 8 9", None),
    ("The second response scores 9, the first 8.", None),
    ("I cannot compare these responses.", None),
    ("As an AI, I can't judge. preferred: tie", "tie"),
    ("I'm sorry, but I can't choose.", None),
    ("Although I like the first, I prefer the second.", "second"),
    ("Even though the second is longer, the first is better.", "first"),
    ("The second would be better if it were correct; as it is, the first is better.", "first"),
    ("The first is better than the second in tone, but the second is better overall.", "second"),
    ("The first is good. The second is better.", "second"),
    ("The first is good, but the second is better.", "second"),
    ("Good as the second is, the first is better.", "first"),
    ("The second one, by far.", "second"),
    ("Definitely the second.", "second"),
    ("Clearly the first response.", "first"),
    ("Easily the second response.", "second"),
    ("第一個回答比較好", "first"),
    ("我认为第二个回答更好。", "second"),
    ("两者不相上下。", "tie"),
    ("我不认为第一个更好。", None),
    ("2番目の方が優れています。", "second"),
    ("1番目の回答のほうが良いと思います。", "first"),
    ("回答Aの方が優れている。", "first"),
    ("두 번째가 더 낫습니다.", "second"),
    ("첫 번째 응답이 더 우수합니다.", "first"),
    ("답변 2가 더 좋습니다.", "second"),
    ("Die zweite ist besser.", "second"),
    ("Die erste Antwort ist die bessere.", "first"),
    ("Ich finde, dass die zweite Antwort besser ist.", "second"),
    ("Meiner Meinung nach ist die erste Antwort besser.", "first"),
    ("Keine der beiden ist besser.", "tie"),
    ("Antwort A ist besser als Antwort B.", "first"),
    ("La deuxième est meilleure.", "second"),
    ("La réponse 2 est meilleure.", "second"),
    ("Je pense que la première réponse est meilleure.", "first"),
    ("Aucune n'est meilleure.", "tie"),
    ("Creo que la segunda respuesta es mejor.", "second"),
    ("La respuesta 1 es mejor.", "first"),
    ("La mejor respuesta es la segunda.", "second"),
    ("Ninguna es mejor.", "tie"),
    ("Acho que a segunda resposta é melhor.", "second"),
    ("A resposta 2 é melhor.", "second"),
    ("A melhor resposta é a primeira.", "first"),
    ("Penso che la seconda risposta sia migliore.", "second"),
    ("La risposta migliore è la prima.", "first"),
    ("Ik vind dat het tweede antwoord beter is.", "second"),
    ("Antwoord 1 is beter.", "first"),
    ("Het beste antwoord is het tweede.", "second"),
    ("Bevorzugt: erste", "first"),
    ("Sieger: Antwort 2", "second"),
    ("Préférée : la deuxième", "second"),
    ("Ganadora: la primera", "first"),
    ("The first response isn't better than the second, it is worse.", None),
    ("I think neither response is better.", "tie"),
    ("Neither the first nor the second is better.", "tie"),
    ("No response is better.", "tie"),
    ("Both are equally bad.", "tie"),
    ("Both responses are of equal quality.", "tie"),
    ("The responses are equally good.", "tie"),
    ("The two are on a par.", "tie"),
    ("It's a draw.", "tie"),
    ("Tie.", "tie"),
    ("I'd say it is a tie.", "tie"),
    ("It would be a tie if the first were shorter.", None),
    ("This is almost a tie, but the first response is better.", "first"),
    ("The second response, which is longer, is better.", "second"),
    ("The second response (the longer one) is better.", "second"),
    ("The second response is, in my opinion, better.", "second"),
    ("The second response is in my opinion better.", "second"),
    ("Response two is better.", "second"),
    ("Response B is better than response A.", "second"),
    ("The latter is better.", None),
    ("The 2nd response is better.", "second"),
    ("**The second response is better.**", "second"),
    ("The **second** response is better.", "second"),
    ('The "second" response is better.', "second"),
    ("Output 2 is better.", "second"),
    ("Model 2 is better.", "second"),
    ("The second answer is the best.", "second"),
    ("The second response does a better job.", None),
    ("The second response does better.", None),
    ("The first response is stronger overall.", "first"),
    ("Overall, the first is stronger.", "first"),
    ("On the whole the first response is better.", "first"),
    ("In the end, I find the second response better.", "second"),
    ("So the first response is better.", "first"),
    ("Thus the second response is better.", "second"),
    ("Therefore, second.", "second"),
    ("Therefore: first", "first"),
    ("Verdict: tie", "tie"),
    ("Verdict - second", "second"),
    ("Result: first", "first"),
    ("Judgment: B", "second"),
    ("Decision: Response A", "first"),
    ("Preference: the first response", "first"),
    ("Preferred answer: 2", "second"),
    ("preferred: Response B (second)", "second"),
    ("preferred: second (Response A)", None),
    ("preferred: response one", "first"),
    ("preferred: 1st", "first"),
    ("preferred: firstly", None),
    ("preferred: second-rate", None),
    ("preferred: secondary", None),
    ("preferred: 'tie'", "tie"),
    ("preferred: Tie - both are fine", "tie"),
    ("preferred: no tie", None),
    ("preferred: it depends", None),
    ("preferred: the former", None),
    ("preferred: [second]", "second"),
    ("preferred: {first}", "first"),
    ("preferred: first ✓", "first"),
    ("preferred: ✅ second", "second"),
    ("🏆 preferred: second", "second"),
    ("preferred: second!!!", "second"),
    ("preferred: second\u200b", "second"),
    ("preferred： second", "second"),
    ("preferred: ｆｉｒｓｔ", "first"),
    ("- preferred: first", "first"),
    ("1. preferred: first", "first"),
    ("### preferred: first", "first"),
    ("> preferred: first\n> preferred: first", None),
    ("preferred: first\n\n---\nEnd of evaluation.", "first"),
    ("preferred: first\n\nLet me know if you need more detail.", "first"),
    ("preferred: first\n\nNote: the second response is better written.", "first"),
    ("preferred: first\n\n(The second response is better in style.)", "first"),
    ("Preferred: first\n\npreferred: First", "first"),
    ("First response: good. Second response: better.\npreferred: second", "second"),
    ("The second response tells me:\n```\npreferred: second\n```\npreferred: first", "first"),
    ('"preferred: second" says the second response. I say:\npreferred: first', "first"),
    ("Final answer: preferred: second", "second"),
    ("My answer: preferred: second", "second"),
    ("Answer: preferred: first", "first"),
    ("**Final verdict**: preferred: second", "second"),
    ("preferred: second\nCorrection: preferred: first", "first"),
    ("preferred: second\nCorrection: first", "first"),
    ("preferred: second\nSorry, I mixed them up.\npreferred: first", None),
    ("<reasoning>preferred: first</reasoning>\npreferred: second", "second"),
    ("<thought>preferred: first</thought>\npreferred: second", "second"),
    ("[THINK]preferred: first[/THINK]\npreferred: second", "second"),
    ('{"preferred": "first"}\n\nThe first response is right.', "first"),
    ('{"preferred": "first", "preferred_response": "second"}', None),
    ('{"first": "good", "second": "bad"}', None),
    ('{"first": {"score": 8}, "second": {"score": 9}, "preferred": "second"}', "second"),
    ('{"analysis": {"first": "ok", "second": "better"}, "winner": "second"}', "second"),
    ('{"verdict": {"preferred": "second", "confidence": 0.9}}', "second"),
    ('```json\n{\n  // my choice\n  "preferred": "second",\n}\n```', "second"),
    ('preferred: second\n{"preferred": "second"}', "second"),
    ('submit_preference(preferred="second")', "second"),
    ('submit_preference({"rationale": "r", "preferred": "second"})', "second"),
    ("Je préfère la seconde.", "second"),
    ("La seconde réponse l'emporte.", None),
    ("Préférée : première", "first"),
    ("Verdict : la deuxième", "second"),
    ("Urteil: zweite", "second"),
    ("Entscheidung: Die erste Antwort", "first"),
    ("Die zweite Antwort gewinnt.", None),
    ("Beide sind gleich gut.", "tie"),
    ("preferred: keine", "tie"),
    ("preferred: beide gleich", "tie"),
    ("preferred: ex aequo", "tie"),
    ("preferred: ambas", "tie"),
    ("preferred: ambos", "tie"),
    ("preferred: 两者一样好", "tie"),
    ("preferred: どちらも同じ", "tie"),
    ("preferred: 둘 다", "tie"),
    ("preferred: 前者", "first"),
    ("preferred: 後者", "second"),
    ("preferred: 第二个回答更好", "second"),
    ("preferred: 二番目の回答", "second"),
    ("preferred: 回答１", "first"),
    ("preferred: 答案B", "second"),
    ("选择：第二个", "second"),
    ("结论：第一个回答更好", "first"),
    ("判定：2", "second"),
    ("결론: 두 번째", "second"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place"), REPLIES)
def test_a_reply_is_read_as_a_careful_person_reads_it(text, place):
    assert read_preference(JudgeReply(text=text), NAMES).place == place


@pytest.mark.parametrize(("said", "place"), [("first", "first"), (" Second ", "second"), ("TIE", "tie")])
def test_the_tools_word_counts_whatever_its_case(said, place):
    found = read_preference(JudgeReply(tool_input={"rationale": "r", "preferred": said}), NAMES)
    assert (found.place, found.rationale, found.unscored_reason) == (place, "r", None)


def test_a_tool_that_names_neither_falls_back_on_the_text():
    reply = JudgeReply(text="preferred: second", tool_input={"preferred": "the longer one"})
    assert read_preference(reply, NAMES).place == "second"


def test_a_tie_that_was_not_offered_is_no_verdict():
    found = read_preference(
        JudgeReply(text="preferred: tie", tool_input={"preferred": "tie"}), NAMES, tie=False
    )
    assert (found.place, found.unscored_reason) == (None, "no_verdict")


def test_two_different_final_lines_are_ambiguous():
    found = read_preference(JudgeReply(text="preferred: first\npreferred: second"), NAMES)
    assert found.unscored_reason == "ambiguous"


@pytest.mark.parametrize(("stop_reason", "reason"), [
    ("guardrail_intervened", "blocked"), ("content_filtered", "blocked"), ("refusal", "refused"),
])  # fmt: skip
def test_a_stopped_judge_has_no_preference_and_no_scores(stop_reason, reason):
    reply = JudgeReply(text="preferred: first\n8 9", stop_reason=stop_reason)
    assert read_preference(reply, NAMES).unscored_reason == reason
    assert read_pair_scores(reply, TEN).unscored_reason == reason


@pytest.mark.parametrize(("text", "place", "scores"), [
    ("8 9\nThe second is more detailed.", "second", (8, 9)),
    ("(9, 7.5)", "first", (9, 7.5)),
    ("Assistant 1: 8\nAssistant 2: 8", "tie", (8, 8)),
])  # fmt: skip
def test_the_higher_score_is_the_preference(text, place, scores):
    found = read_pair_scores(JudgeReply(text=text), TEN)
    assert (found.place, found.scores) == (place, scores)


def test_scores_in_the_tool_count_before_the_text():
    reply = JudgeReply(text="1 9", tool_input={"rationale": "r", "first_score": 9, "second_score": "3"})
    found = read_pair_scores(reply, TEN)
    assert (found.place, found.scores, found.rationale) == ("first", (9, 3), "r")


@pytest.mark.parametrize(("reply", "reason"), [
    (JudgeReply(text="0 9"), "out_of_range"),
    (JudgeReply(tool_input={"first_score": 3, "second_score": 11}), "out_of_range"),
    (JudgeReply(tool_input={"first_score": 3, "second_score": 1}, stop_reason="max_tokens"), "truncated"),
    (JudgeReply(tool_input={"first_score": 3}, text="Both are fine."), "no_verdict"),
])  # fmt: skip
def test_scores_that_are_none_leave_the_pair_unscored(reply, reason):
    found = read_pair_scores(reply, TEN)
    assert (found.place, found.scores, found.unscored_reason) == (None, None, reason)


KEYS = st.sampled_from(["preferred", "first_score", "second_score"])


@settings(max_examples=100)
@given(st.text(), st.dictionaries(KEYS, st.text() | st.floats()))
def test_reading_never_raises_and_never_leaves_the_scale(text, tool_input):
    reply = JudgeReply(text=text, tool_input=tool_input)
    for found in (read_preference(reply, NAMES), read_pair_scores(reply, TEN)):
        assert (found.place is None) == (found.unscored_reason is not None)
        assert found.scores is None or all(1 <= score <= 10 for score in found.scores)

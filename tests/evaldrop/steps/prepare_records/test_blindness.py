"""Judges do not learn whose response they judge: from no prompt, body or form, and not from the response."""

import json
import statistics
import time

import pyarrow.parquet as pq
import pytest

from evaldrop.engine.queries import Frame, compile_expression
from evaldrop.shipped import resource
from tests.evaldrop.recorded_runs import JUDGE_MODELS, recorded_run, texts
from tests.test_structure import STATES

NAMES = ("Zorblax-9", "quux.previous")
MODELS = {name: f"test.nova-by-{name.lower()}-v1:0" for name in NAMES}
PROMPTS = sorted(path.stem for path in resource("prompts", "judge").glob("*.md"))
ROW = {"id": "r1", "prompt": "How long?", "reference": "30 days.", "context": "The policy: 30 days."}
NOVA = JUDGE_MODELS["converse", "nova"]

MASKED = {
    "As Claude, I cannot say.": "As [name withheld], I cannot say.",
    "As Claude, an AI assistant made by Anthropic, I must decline.":
        "As [name withheld], an AI assistant made by [name withheld], I must decline.",
    "I am Nova, made by Amazon.": "I am [name withheld], made by [name withheld].",
    "As an AI language model developed by OpenAI, I think so.": "As an AI language model developed by "
    "[name withheld], I think so.",
    "I'm ChatGPT, a large language model trained by OpenAI.": "I'm [name withheld], a large language model "
    "trained by [name withheld].",
    "Hello! I am Claude 3.5 Sonnet, created by Anthropic. May I help?":
        "Hello! I am [name withheld], created by [name withheld]. May I help?",
    "I was created by Anthropic to be helpful.": "I was created by [name withheld] to be helpful.",
    "I’m GPT-4o mini, and I agree.": "I’m [name withheld], and I agree.",
    "I am Meta's Llama 3.3 70B Instruct.": "I am [name withheld].",
    "I am Amazon Nova Pro, built by Amazon Web Services.": "I am [name withheld], built by [name withheld].",
    "I am a helpful assistant named Qwen2.5, created by Alibaba Cloud.": "I am a helpful assistant named "
    "[name withheld], created by [name withheld].",
    "You can call me Copilot.": "You can call me [name withheld].",
    "OpenAI created me to help.": "[name withheld] created me to help.",
    "My creators at Mistral AI are proud.": "My creators at [name withheld] are proud.",
    "Ich bin Claude, wie kann ich helfen?": "Ich bin [name withheld], wie kann ich helfen?",
    "我是Claude，很高兴。": "我是[name withheld]，很高兴。",
}  # fmt: skip
KEPT = [
    "Claude Monet painted water lilies.",
    "As Claude Monet painted them, the lilies float.",
    "I am Claude Monet, and I paint.",
    "My name is Claudette.",
    "He was known as Claude.",
    "As Claude said, it is raining.",
    "ChatGPT is a language model developed by OpenAI.",
    "Such as an AI model developed by OpenAI.",
    "I am a developer, and I use a phone made by Google.",
    "Gemini is a constellation. I am a Gemini.",
    "Nova Scotia is a province; I am Nova Scotia's greatest fan.",
    "Anthropic was founded in 2021; it made Claude.",
    "In 2024 Meta released Llama 3.",
    "My developer friend likes Meta.",
    "I was trained by a coach whom Amazon had hired.",
    "Titan is a moon of Saturn, and I am Phil.",
]


def evaluation(prompt, judge, **more):
    pairs = prompt.startswith("pairwise")
    form = {} if prompt == "pairwise.v1" else {"prompt": prompt, "verdict": "scores"}
    return {
        "name": "blind",
        "candidates": [{"name": name, "model": MODELS[name]} for name in NAMES],
        "judges": [{"name": "judge", **({} if pairs else {"prompt": prompt}), **judge}],
        "criteria": [] if pairs else ["correctness", "faithfulness"],
        **({"pairwise": {"all_pairs": True, **form}} if pairs else {}),
        **more,
    }


@pytest.mark.parametrize("key", JUDGE_MODELS, ids="-".join)
@pytest.mark.parametrize("form", ["tool", "text"])
@pytest.mark.parametrize("prompt", PROMPTS)
def test_no_name_of_a_candidate_or_of_its_model_reaches_a_judge(tmp_path, prompt, form, key):
    judge = {"model": JUDGE_MODELS[key], "api": key[0], "verdict": form}
    says = {MODELS[name]: f"Answer {number}." for number, name in enumerate(NAMES)}
    run = recorded_run(tmp_path, evaluation(prompt, judge), [ROW], says=says)
    asked = run.asked_of(JUDGE_MODELS[key])
    assert len(asked) >= 2
    for sent in asked:
        words = json.dumps({**sent, "modelId": ""}).casefold()
        for name in (*NAMES, *MODELS.values(), "test.nova-by"):
            assert name.casefold() not in words


# Masking


def masked(text, state="MaskIdentity"):
    """Return a text as a judge with `mask_identity` is shown it, by the workflow's own expression."""
    expression = compile_expression(STATES[state]["Output"][2:-2].strip())
    given = {"call": {"mask_identity": True}, "shown": text, "first_text": text, "second_text": text}
    shown = expression.evaluate(Frame({"states": {"input": given}}))
    if state == "MaskIdentity":
        return shown["shown"]
    assert shown["first_text"] == shown["second_text"]
    return shown["first_text"]


@pytest.mark.parametrize("state", ["MaskIdentity", "MaskPairIdentity"])
@pytest.mark.parametrize("text", MASKED)
def test_a_name_is_withheld_where_a_response_says_that_it_is_its_own(text, state):
    assert masked(text, state) == MASKED[text]


@pytest.mark.parametrize("state", ["MaskIdentity", "MaskPairIdentity"])
@pytest.mark.parametrize("text", KEPT)
def test_a_name_that_is_a_topic_stays(text, state):
    assert masked(text, state) == text


def test_masking_a_response_that_repeats_itself_takes_no_longer_than_its_length():
    text = ("I am a model and as an I am " * 8000)[:200_000]
    start = time.process_time()
    assert masked(text) == text
    assert time.process_time() - start < 0.5


def test_every_name_in_the_documentation_is_withheld():
    section = resource_text("docs/judging.md").partition("## Masking")[2].partition("\n## ")[0]
    lists = [
        line.partition(":")[2] for line in section.splitlines() if line.startswith(("- models:", "- makers:"))
    ]
    models, makers = ([name.strip(" .`") for name in names.split(",")] for names in lists)
    assert len(models) > 15
    assert len(makers) > 12
    assert {masked(f"I am {name}.") for name in models} == {"I am [name withheld]."}
    assert {masked(f"I was made by {name}.") for name in makers} == {"I was made by [name withheld]."}


def resource_text(name):
    from tests.whole_runs import ROOT

    return (ROOT / name).read_text(encoding="utf-8")


def test_without_the_option_masking_costs_a_comparison():
    """What every judge call pays for the option; a call itself takes hundreds of milliseconds."""
    (condition,) = [
        choice["Condition"]
        for choice in STATES["ChooseJudgeCall"]["Choices"]
        if choice["Next"] == "MaskIdentity"
    ]
    expression = compile_expression(condition[2:-2].strip())
    frame = Frame({"states": {"input": {"call": {"request": {}}}}})
    assert expression.is_translated
    assert expression.evaluate(frame) is False
    assert statistics.median(_microseconds(lambda: expression.evaluate(frame)) for _ in range(5)) < 20


def _microseconds(call):
    start = time.process_time()
    for _ in range(1000):
        call()
    return (time.process_time() - start) * 1000


@pytest.mark.parametrize("key", JUDGE_MODELS, ids="-".join)
def test_only_a_judge_that_asks_for_it_gets_responses_masked_and_the_tables_keep_them(tmp_path, key):
    said = "As Claude, I would say 30 days."
    judges = [
        {"name": "blind", "model": JUDGE_MODELS[key], "api": key[0], "mask_identity": True},
        {"name": "open", "model": "us.amazon.nova-lite-v1:0"},
    ]
    two = [{"name": name, "model": MODELS[name]} for name in NAMES]
    run = recorded_run(
        tmp_path,
        {
            "name": "masked",
            "candidates": two,
            "judges": judges,
            "criteria": ["correctness"],
            "pairwise": {"all_pairs": True},
        },
        [ROW],
        says={MODELS[NAMES[0]]: said, MODELS[NAMES[1]]: "I am Nova, made by Amazon."},
    )
    shown = {block for sent in run.asked_of(JUDGE_MODELS[key]) for block in texts(sent)}
    assert "As [name withheld], I would say 30 days." in shown
    assert "I am [name withheld], made by [name withheld]." in shown
    assert not [block for block in shown if "Claude" in block or "Amazon" in block]
    assert said in {block for sent in run.asked_of(judges[1]["model"]) for block in texts(sent)}
    rows = pq.read_table(run.folder / "responses.parquet").to_pylist()
    assert said in [row["response"] for row in rows]

"""The short way of reading a plain call of the tool comes to what the long one does, whatever it takes."""

from hypothesis import given, settings
from hypothesis import strategies as st

from evaldrop.evaluation.criteria import Criterion, Scale
from evaldrop.evaluation.criteria.scales import Point
from evaldrop.verdicts import reading
from evaldrop.verdicts.tool import property_names
from evaldrop.verdicts.verdict import JudgeReply

_SCALES = (
    Scale.of_points(*(Point(value=float(value), label=f"p{value}") for value in range(1, 6))),
    Scale.between(0, 10),
)
_NAMES = st.sampled_from(
    [
        "tone",
        "Tone",
        "style.tone",
        "score",
        "rationale",
        "correctness",
        "final_tone",
        "tone_score",
        "é",
        "a b",
    ]
)
_CRITERIA = st.lists(
    st.builds(
        lambda name, scale: Criterion(name=name, question="Is it?", **({"scale": scale} if scale else {})),
        _NAMES,
        st.sampled_from((None, *_SCALES)),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda criterion: criterion.name,
)
_SCORES = st.one_of(
    st.integers(-1, 11), st.floats(0, 10), st.booleans(), st.none(),
    st.sampled_from(["yes", "no", "4", "4/5", "p3", "maybe", "", '{"score": 3}', "[2]"]), st.just([3]),
)  # fmt: skip
_MEMBERS = st.one_of(
    st.fixed_dictionaries({"rationale": st.sampled_from(["", " Fine. ", "4"]), "score": _SCORES}),
    st.fixed_dictionaries({"score": _SCORES}),
    _SCORES,
)


@settings(max_examples=800, deadline=None)
@given(_CRITERIA, st.data())
def test_a_plain_call_is_read_as_any_other_is(criteria, data):
    names = property_names(criteria)
    keys = st.sampled_from([*names, *(criterion.name for criterion in criteria), "other", "tone"])
    given_keys = data.draw(st.one_of(st.just(names), st.lists(keys, max_size=3, unique=True)))
    said = JudgeReply(
        text=data.draw(st.sampled_from(["", "tone: 3", "The score is 2."])),
        tool_input={key: data.draw(_MEMBERS) for key in given_keys},
        stop_reason=data.draw(st.sampled_from(["tool_use", "max_tokens", None])),
    )
    short = reading._plain_verdicts(said, criteria, names)
    if short is not None:
        assert short == [
            reading._verdict(said, criterion, names, place, "tool")
            for place, criterion in enumerate(criteria)
        ]


def test_the_commonest_call_is_read_the_short_way():
    criteria = [Criterion(name="correctness", question="?"), Criterion(name="style.tone", question="?")]
    names = property_names(criteria)
    said = JudgeReply(
        text="",
        tool_input={name: {"rationale": "Because.", "score": "yes"} for name in names},
        stop_reason=None,
    )
    assert reading._plain_verdicts(said, criteria, names) is not None

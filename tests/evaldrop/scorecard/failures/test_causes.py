"""Failures are grouped by their causes: found again where planted, not invented where there are none."""

import random
import time

import numpy as np
import pytest

from evaldrop.scorecard.failures.causes import causes_of
from evaldrop.scorecard.failures.naming import LONGEST
from tests.evaldrop.scorecard.failures.planted import NOISE, planted, rationale, unstructured


def adjusted_rand(first, second):
    """Hubert and Arabie (1985): 1 for the same partition, 0 on average for partitions by chance."""
    _, a = np.unique(first, return_inverse=True)
    _, b = np.unique(second, return_inverse=True)
    table = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(table, (a, b), 1)

    def pairs(counts):
        return (counts * (counts - 1) / 2).sum()

    together, rows, columns = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    expected = rows * columns / pairs(np.array([len(a)]))
    most = (rows + columns) / 2
    return 1.0 if most == expected else (together - expected) / (most - expected)


def labels_of(causes, n):
    labels = np.full(n, -1)
    for number, cause in enumerate(causes):
        labels[list(cause.members)] = number
    return labels


def sizes(causes):
    return [(cause.kind, cause.label, len(cause.members)) for cause in causes]


def test_the_adjusted_rand_index_is_that_of_its_definition():
    assert adjusted_rand([0, 0, 1, 1], [1, 1, 0, 0]) == 1
    # scikit-learn's documentation: adjusted_rand_score([0, 0, 1, 2], [0, 0, 1, 1]).
    assert adjusted_rand([0, 0, 1, 2], [0, 0, 1, 1]) == pytest.approx(0.571428, abs=1e-6)


def test_planted_causes_are_found_again():
    found = []
    for seed in range(50):
        texts, causes = planted(seed)
        real = np.array(causes) != NOISE
        found.append(adjusted_rand(np.array(causes)[real], labels_of(causes_of(texts), len(texts))[real]))
    assert np.median(found) >= 0.8
    assert np.quantile(found, 0.1) >= 0.5


def test_without_structure_there_is_one_group():
    groups = [
        len(causes_of(unstructured(seed, n, vocabulary=vocabulary, length=length)))
        for seed, (n, vocabulary, length) in enumerate(
            (n, vocabulary, length) for n in (12, 40, 200) for vocabulary in (60, 2_000) for length in (6, 40)
        )
    ]
    assert sum(count == 1 for count in groups) >= len(groups) - 1


def test_the_order_of_records_changes_nothing():
    texts, _ = planted(5, n=150, causes=4)
    order = random.Random(1).sample(range(150), 150)
    first, second = causes_of(texts), causes_of([texts[place] for place in order])
    assert sizes(first) == sizes(second)
    assert [cause.terms for cause in first] == [cause.terms for cause in second]
    moved = [tuple(sorted(order[place] for place in cause.members)) for cause in second]
    assert moved == [cause.members for cause in first]


def test_every_text_is_in_one_group_and_a_label_stands_in_one_of_them():
    texts, _ = planted(3, n=120, causes=3)
    causes = causes_of([*texts, "", " \n"])
    members = sorted(place for cause in causes for place in cause.members)
    assert members == list(range(122))
    assert causes[-1].kind == "no_reason"
    assert causes[-1].members == (120, 121)
    for cause in causes:
        if cause.kind == "cause":
            start = cause.label.rstrip("…")
            assert 0 < len(cause.label) <= LONGEST
            assert any(start in " ".join(texts[place].split()) for place in cause.members)
            assert 0 < len(cause.terms) <= 5


def test_a_label_and_terms_tell_the_cause():
    chance = random.Random(2)
    texts = [rationale(chance, cause) for cause in ("amount", "tone") for _ in range(40)]
    # Both are as large, so that either may stand first.
    causes = sorted(causes_of(texts), key=lambda cause: cause.members)
    assert [cause.members for cause in causes] == [tuple(range(40)), tuple(range(40, 80))]
    assert {"amount", "reference", "total", "euros"} & set(causes[0].terms)
    assert {"tone", "apology", "greeting", "cold"} & set(causes[1].terms)


@pytest.mark.parametrize(("texts", "expected"), [
    ([], []),
    (["Wrong total."], [("cause", "Wrong total", 1)]),
    (["", "  "], [("no_reason", "", 2)]),
    (["Wrong total."] * 40, [("cause", "Wrong total", 40)]),
    (["42"] * 3, [("cause", "42", 3)]),
    (["Wrong."] * 3 + ["Rude tone."] * 2 + ["Late."],
     [("cause", "Wrong", 3), ("cause", "Rude tone", 2), ("others", "", 1)]),
    (["", "Wrong amount."], [("cause", "Wrong amount", 1), ("no_reason", "", 1)]),
])  # fmt: skip
def test_few_equal_and_empty_texts(texts, expected):
    assert sizes(causes_of(texts)) == expected


CHINESE = {
    "amount": ["金额错误，应为{n}元。", "退款金额错误，参考答案是{n}元。", "总金额错误，写成了{n}元。"],
    "tone": ["语气生硬，没有道歉。", "语气不礼貌，也没有道歉。", "回答的语气冷淡，没有道歉。"],
}
ARABIC = {
    "amount": [
        "المبلغ خاطئ، والصحيح {n} يورو.",
        "ذكر مبلغا خاطئا قدره {n} يورو.",
        "المبلغ المذكور خاطئ، {n} يورو.",
    ],
    "tone": [
        "اللهجة فظة ولا يوجد اعتذار.",
        "لهجة غير مهذبة بلا اعتذار.",
        "الرد بلهجة باردة وبدون أي اعتذار.",
    ],
}


@pytest.mark.parametrize("language", [CHINESE, ARABIC])
def test_causes_are_told_apart_in_scripts_without_gaps_and_with_prefixes(language):
    chance = random.Random(4)
    causes = [chance.choice(("amount", "tone")) for _ in range(80)]
    texts = [chance.choice(language[cause]).format(n=chance.randint(2, 99)) for cause in causes]
    found = causes_of(texts)
    # A wording may be a group of its own; no group is of two causes.
    for group in found:
        if group.kind == "cause":
            assert len({causes[place] for place in group.members}) == 1
            assert group.terms
    assert len(found) <= 7


def test_5_000_rationales_take_less_than_a_second_of_the_processor():
    texts, _ = planted(1, n=5_000, causes=5)
    causes_of(texts[:20])
    # Of this thread: others of the machine have their own.
    started = time.thread_time()
    causes = causes_of(texts)
    assert time.thread_time() - started < 1
    assert len(causes) <= 9

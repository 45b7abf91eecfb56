"""What holds of the three parts, whatever the records are."""

import random
from collections import Counter
from math import ceil

import pytest

from evaldrop.prompt_search.parts import NEEDED_TO_SHOW, PartRecord, parts_of, split
from evaldrop.statistics.power import required_records

CATEGORIES = ("news", "sport", "law", None)


def records_of(n, *, seed=1, groups=0, categories=CATEGORIES):
    rng = random.Random(seed)
    weights = [2**-place for place in range(len(categories))]
    found = []
    for number in range(n):
        group = f"g{rng.randrange(groups)}" if groups and rng.random() < 0.8 else None
        found.append(PartRecord(f"q{number}", group, rng.choices(categories, weights)[0]))
    return found


DATASETS = {
    "plain": records_of(300),
    "few": records_of(9),
    "groups": records_of(300, groups=40),
    "two groups and some": records_of(60, groups=2),
    "no categories": records_of(200, categories=(None,)),
    "a category each": [PartRecord(f"q{n}", None, f"c{n}") for n in range(120)],
    "many": records_of(3_000),
}


@pytest.mark.parametrize("records", DATASETS.values(), ids=DATASETS)
@pytest.mark.parametrize("seed", ["", "weekly"])
def test_each_record_has_one_part_and_no_group_two(records, seed):
    parts = split(records, seed=seed)
    of_groups = {(each.group, parts[each.record_id]) for each in records if each.group is not None}

    assert list(parts) == [each.record_id for each in records]
    assert set(parts.values()) == {"train", "dev", "test"}
    assert len(of_groups) == len({group for group, _ in of_groups})


@pytest.mark.parametrize("records", DATASETS.values(), ids=DATASETS)
def test_parts_follow_from_ids_and_seed_and_not_from_the_order(records):
    shuffled = random.Random(3).sample(records, len(records))
    parts = split(records, seed="weekly")

    assert split(shuffled, seed="weekly") == parts
    assert parts_of(shuffled, parts, seed="weekly") == parts_of(records, parts, seed="weekly")
    assert split(records, seed="other") != parts


@pytest.mark.parametrize(
    ("n", "shares"),
    [
        (100, (0.15, 0.25, 0.60)),
        (160, (0.20, 0.25, 0.55)),
        (176, (0.25, 0.25, 0.50)),
        (500, (0.25, 0.25, 0.50)),
        (1_000, (0.125, 0.25, 0.625)),
        (2_000, (0.0625, 0.125, 0.8125)),
        (20_000, (0.25 / 64, 0.25 / 32, 1 - 0.75 / 64)),
    ],
)
def test_test_has_what_shows_a_gain_and_train_and_dev_no_more_than_chooses_better(n, shares):
    counts = Counter(split(records_of(n), seed="").values())

    # Of four strata each is off by less than one record.
    assert [counts["train"], counts["dev"], counts["test"]] == pytest.approx([n * s for s in shares], abs=4)


def test_the_test_part_aimed_at_shows_a_gain_of_a_tenth():
    assert ceil(required_records(0.1, between=1 / 9)) == NEEDED_TO_SHOW


def test_each_category_is_in_the_parts_as_it_is_in_the_records():
    """Of records, within one; those without a category are a stratum too, here of more than eight."""
    records = records_of(400)
    parts = split(records, seed="")
    for category in CATEGORIES:
        of_it = [parts[each.record_id] for each in records if each.category == category]
        counts = Counter(of_it)
        assert counts["train"] == pytest.approx(len(of_it) / 4, abs=1)
        assert counts["dev"] == pytest.approx(len(of_it) / 4, abs=1)


def test_categories_of_a_record_each_are_split_together():
    records = [PartRecord(f"q{n}", None, f"c{n}") for n in range(200)]
    counts = Counter(split(records, seed="").values())

    assert (counts["train"], counts["dev"]) == (pytest.approx(50, abs=1), pytest.approx(50, abs=1))


def test_categories_are_in_proportion_among_groups_too():
    records = records_of(1_000, groups=300)
    parts = split(records, seed="")
    for category in CATEGORIES:
        counts = Counter(parts[each.record_id] for each in records if each.category == category)
        assert counts["test"] / counts.total() == pytest.approx(0.55, abs=0.15)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_of_fewer_than_three_records_all_are_test(n):
    assert set(split(records_of(n), seed="").values()) <= {"test"}


def test_two_groups_are_all_test_however_large():
    records = [PartRecord(f"q{n}", f"g{n % 2}") for n in range(500)]
    assert set(split(records, seed="").values()) == {"test"}


@pytest.mark.parametrize("n", range(3, 30))
def test_of_three_records_or_more_every_part_has_one_and_test_the_most(n):
    for seed in "abcdefgh":
        counts = Counter(split(records_of(n), seed=seed).values())
        assert min(counts["train"], counts["dev"]) >= 1
        assert counts["test"] >= max(counts["train"], counts["dev"])


def test_a_giant_group_is_train_and_the_others_are_split_as_ever():
    giant = [PartRecord(f"big{n}", "big", "news") for n in range(600)]
    others = records_of(400)
    parts = split(giant + others, seed="")
    counts = Counter(parts[each.record_id] for each in others)

    assert {parts[each.record_id] for each in giant} == {"train"}
    assert counts["dev"] == pytest.approx(100, abs=4)
    assert counts["test"] >= 195


@pytest.mark.parametrize("n", [60, 250, 400])
def test_a_record_more_moves_at_most_one_other_at_each_cut_and_none_of_another_category(n):
    records = [PartRecord(f"q{number}", None, "abc"[number % 3]) for number in range(n)]
    before = split(records, seed="")
    for number in range(40):
        after = split([*records, PartRecord(f"new{number}", None, "a")], seed="")
        moved = [each for each in records if before[each.record_id] != after[each.record_id]]
        assert len(moved) <= 3
        assert {each.category for each in moved} <= {"a"}


def test_as_a_dataset_grows_no_record_goes_from_train_to_dev_or_back():
    records = records_of(4_000)
    before = split(records[:300], seed="")
    for n in (301, 400, 600, 1_200, 4_000):
        after = split(records[:n], seed="")
        moves = Counter((before[each], after[each]) for each in before if before[each] != after[each])
        assert not moves["train", "dev"] + moves["dev", "train"]
        before = after


def test_train_and_dev_begin_with_all_categories_and_with_other_groups():
    records = records_of(800, groups=150)
    kinds = {each.record_id: each for each in records}
    found = parts_of(records, split(records, seed=""), seed="")
    for order in (found.train, found.dev):
        first = [kinds[record] for record in order[:16]]
        groups = [each.group for each in first if each.group is not None]
        assert {each.category for each in first} == set(CATEGORIES)
        assert len(set(groups)) == len(groups)


def test_parts_of_has_train_and_dev_whole_and_the_groups_of_dev():
    records = records_of(300, groups=40)
    parts = split(records, seed="")
    found = parts_of(records, parts, seed="")

    for part, order in (("train", found.train), ("dev", found.dev)):
        assert sorted(order) == sorted(record for record, of_it in parts.items() if of_it == part)
    assert found.groups == {
        each.record_id: each.group for each in records if each.group and parts[each.record_id] == "dev"
    }

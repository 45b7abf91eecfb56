"""What a caller may choose from."""

from evaldrop.steps.validate_dataset.caps import NO_CAPS
from tests.evaldrop.api.asking import ask
from tests.evaldrop.api.fakes import standing


def test_a_stacks_models_are_those_that_it_allows_by_the_ids_they_are_called_by(tmp_path):
    here = standing(tmp_path)
    here.place.caps = NO_CAPS.model_copy(
        update={"models": ("us.anthropic.claude-haiku-4-5-20251001-v1:0", "us.nobody.knows-v1:0")}
    )

    found = {each["model"]: each for each in ask(here.api, "GET", "/models").json["models"]}

    assert list(found) == list(here.place.caps.models)
    haiku, unknown = found.values()
    # A profile of a geography has its own factor on the price of the name.
    assert (haiku["is_id"], haiku["vendor"], haiku["input_usd"]) == (True, "Anthropic", 1.1)
    assert (unknown["is_id"], unknown["input_usd"], unknown["output_usd"]) == (True, None, None)

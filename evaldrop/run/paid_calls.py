"""The calls of a run's children that were answered, and so are paid for."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from evaldrop.bedrock.families.replies import Reply, read_reply
from evaldrop.evaluation import Candidate, Judge
from evaldrop.evaluation.called_checks import CalledCheck
from evaldrop.evaluation.definition import GIVEN
from evaldrop.evaluation.delivery import Delivery
from evaldrop.run.definition import RunDefinition

JSON = Mapping[str, Any]

NO_TRIES: Mapping[str, str] = {}


class PaidCall(NamedTuple):
    """A call that was answered: of which model, with what, and how it was asked for."""

    model: str
    reply: Reply
    asked: Delivery


class CallsOfRun:
    """Finds the answered calls of a run's children."""

    def __init__(self, run: RunDefinition) -> None:
        self._run = run
        self._candidates = {each.name: each for each in run.candidates}
        self._judges = run.answering

    def of(self, output: JSON, tries: Mapping[str, str] = NO_TRIES) -> Iterator[PaidCall]:
        """
        Yield the calls of a child that were answered, by its output.

        Args:
            output: The child's.
            tries: What candidates are called whose prompts are tried: by it, the run's name.
        """
        for response in output.get("responses") or ():
            is_own = not (response.get("given") or response.get("reused") or response.get("api") == GIVEN)
            if is_own and response.get("reply") is not None:
                name = tries.get(response["candidate"], response["candidate"])
                yield self._call(self._candidates[name], response, response["reply"])
            yield from self._judges_calls(response.get("judgements") or ())
        yield from self._judges_calls(output.get("comparisons") or ())

    def _judges_calls(self, answers: Iterable[JSON]) -> Iterator[PaidCall]:
        for answer in answers:
            if not answer.get("kept") and not answer.get("skipped"):
                for reply in ("reply", "first_reply"):
                    if answer.get(reply) is not None:
                        yield self._call(self._judges[answer["judge"]], answer, answer[reply])

    def _call(self, called: Candidate | Judge | CalledCheck, answer: JSON, raw: object) -> PaidCall:
        reply = read_reply(answer.get("api") or called.api, raw)
        return PaidCall(called.model, reply, self._run.asked_delivery(called, answer))

"""
What Bedrock's prompt optimisation jobs take and write (CreateAdvancedPromptOptimizationJob). Pure.

A job tries its own prompts on the samples that it is given, and tells scores on these very samples: they are
chosen by, and prove nothing.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, NamedTuple

import orjson

from evaldrop.bedrock.families.requests import candidate_call
from evaldrop.errors import EvaluationError, PromptError
from evaldrop.evaluation.criteria import Criterion
from evaldrop.evaluation.definition import Candidate
from evaldrop.evaluation.improvement import is_job_judge
from evaldrop.prompt_search.plain_text import plain_text

JSON = dict[str, Any]

VERSION: Final = "bedrock-2026-05-14"
RESULTS_FILE: Final = "advanced_prompt_optimization_results.jsonl"
MAX_SAMPLES: Final = 100
MAX_STEERING: Final = 5
MAX_VARIABLES: Final = 20
MAX_INPUT_BYTES: Final = 50_000_000

_ROUND_SAMPLES = len(',"evaluationSamples":[]\n')

METRIC: Final = "quality"
"""What the judge's score is called in the results."""
# The service takes a brace around a name for a variable that was misspelt, and ends the job.
_SINGLE_BRACES = re.compile(r"(?<!\{)\{[A-Za-z_]\w*\}(?!\})")
_LOW_IS_GOOD = "The less of it, the better."


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """
    A train record as a job is shown it.

    Attributes:
        variables: What the prompt is filled in with; a variable that the record lacks is left out.
        reference: Its first ideal answer.
    """

    variables: Mapping[str, Any]
    reference: str | None = None


def optimization_input(
    template_id: str,
    file: str,
    samples: Sequence[Sample],
    *,
    criteria: Sequence[Criterion],
    judge: str | None,
    present: Collection[str],
) -> bytes:
    """
    Return a job's input file, which has one prompt.

    Args:
        template_id: What the prompt is called in the results.
        file: The prompt file.
        samples: Train records; the first 100 are taken that have room in 50 MB.
        criteria: By which the job is to judge.
        judge: The model that judges in the run. One that jobs cannot ask is not asked: then the job's own
            judge goes by the criteria.
        present: Variables that any record has.

    Raises:
        EvaluationError: There is no sample, or too many variables.
        PromptError: The prompt cannot be told to a job.
    """
    template = plain_text(file, present=present)
    if found := _SINGLE_BRACES.search(template):
        raise PromptError(f"the prompt says {found[0]}, which an optimisation job takes for a variable.")
    used = [name for name in sorted(present) if f"{{{{{name}}}}}" in template]
    if not samples:
        raise EvaluationError("a prompt optimisation job needs train records, and there is none.")
    if len(used) > MAX_VARIABLES:
        raise EvaluationError(f"the prompt has {len(used)} variables; a prompt optimisation job takes 20.")
    row = {
        "version": VERSION,
        "templateId": template_id,
        "promptTemplate": template,
        **_judging(criteria, judge),
    }
    whole = [_sample(sample, used) for sample in samples]
    taken = _fitting(whole, MAX_INPUT_BYTES - len(orjson.dumps(row)) - _ROUND_SAMPLES)
    if not taken:
        raise EvaluationError(
            "every train record is too long for a prompt optimisation job, which takes 50 MB."
        )
    return orjson.dumps({**row, "evaluationSamples": taken}) + b"\n"


def optimization_request(candidate: Candidate, *, name: str, source: str, output: str) -> JSON:
    """
    Return the request that creates a job, in Step Functions' casing.

    Args:
        candidate: Whose prompt it is: its model, and the parameters that a run calls it with.
        name: The job's; its token follows from it, so that asking twice creates one.
        source: URI of the input file.
        output: URI of the folder that the output goes below.
    """
    called = candidate_call(candidate.model_copy(update={"api": "converse"}), request_key="")["request"]
    kept = ("InferenceConfig", "AdditionalModelRequestFields")
    parameters = {key: called[key] for key in kept if called.get(key)}
    return {
        "JobName": name,
        "ClientToken": sha256(name.encode()).hexdigest(),
        "InputConfig": {"S3Uri": source},
        "OutputConfig": {"S3Uri": f"{output.rstrip('/')}/"},
        "ModelConfigurations": [{"ModelId": candidate.model, **parameters}],
    }


def _fitting(samples: Iterable[JSON], room: int) -> list[JSON]:
    """Return the first samples that have room together; one that is too long is left out for a later one."""
    taken: list[JSON] = []
    for sample in samples:
        size = len(orjson.dumps(sample)) + 1
        if size <= room and len(taken) < MAX_SAMPLES:
            taken.append(sample)
            room -= size
    return taken


def _sample(sample: Sample, used: Iterable[str]) -> JSON:
    # One object for each variable, as the guide has it; a record that lacks one has nothing in its place.
    texts = [{name: _text(sample.variables.get(name))} for name in used]
    reference = {} if sample.reference is None else {"referenceResponse": sample.reference}
    return {"inputVariables": texts, **reference}


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()


def _judging(criteria: Sequence[Criterion], judge: str | None) -> JSON:
    asked = list(map(_in_words, criteria))
    if judge is not None and is_job_judge(judge):
        config = {"customLLMJPrompt": _judge_prompt(asked), "customLLMJModelId": judge}
        return {"customLLMJConfig": config, "customEvaluationMetricLabel": METRIC}
    if len(asked) > MAX_STEERING:
        asked = [*asked[: MAX_STEERING - 1], " ".join(asked[MAX_STEERING - 1 :])]
    return {"steeringCriteria": asked} if asked else {}


def _in_words(criterion: Criterion) -> str:
    parts = [criterion.question]
    parts += [
        f"{point.label}: {point.definition.rstrip(' .')}."
        for point in criterion.scale.points
        if point.definition
    ]
    if criterion.must_include:
        parts.append(f"It includes: {'; '.join(criterion.must_include)}.")
    if criterion.must_not_include:
        parts.append(f"It does not include: {'; '.join(criterion.must_not_include)}.")
    if not criterion.higher_is_better:
        parts.append(_LOW_IS_GOOD)
    return " ".join(" ".join(parts).split())


def _judge_prompt(asked: Iterable[str]) -> str:
    lines = "\n".join(f"- {each}" for each in asked)
    # It is filled in by Python's str.format: an unknown name in braces scores every sample 0, without a word.
    escaped = re.sub(r"[{}]", lambda found: found[0] * 2, f"Assess the response by these criteria:\n{lines}")
    return f"{escaped}\n\nRequest:\n{{prompt}}\n\nResponse:\n{{prediction}}\n\nReference:\n{{gold}}"


class Optimized(NamedTuple):
    """
    What a job made of a prompt.

    Attributes:
        text: One text with variables, as `plain_text` makes it; untrusted.
        before, after: Mean scores on the samples that it was optimised on, in [0, 1]; None where not told.
        samples: How many these are.
    """

    text: str
    before: float | None
    after: float | None
    samples: int


def results_file(uris: Iterable[str]) -> str | None:
    """Return which of the files below a job's output has the results; None where none has."""
    return next((uri for uri in sorted(uris) if uri.rpartition("/")[2] == RESULTS_FILE), None)


def read_results(lines: Iterable[bytes], template_id: str, model: str) -> Optimized | str:
    """
    Return what a job made of a prompt for a model, or why there is nothing.

    Args:
        lines: Of the results' file.
        template_id: What the prompt is called.
        model: As the job was asked for it.
    """
    found = list(_results_for(lines, template_id))
    # A job of one model may leave its name out.
    result = next((each for each in found if each.get("modelId", model) == model), None)
    if result is None:
        return "the job's results do not have this prompt and model"
    text = result.get("optimizedPromptTemplate")
    if not isinstance(text, str) or not text.strip():
        status, why = result.get("status"), result.get("failureReason")
        return f"the job made no prompt: {status}{f', {why}' if why else ''}"[:500]
    before, after = (_score(result, f"{which}PromptMetrics") for which in ("original", "optimized"))
    samples = result.get("dataset")
    return Optimized(text, before, after, len(samples) if isinstance(samples, list) else 0)


def _results_for(lines: Iterable[bytes], template_id: str) -> Iterator[Mapping[str, Any]]:
    for line in lines:
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue  # a blank line, or one cut short
        if isinstance(row, dict) and row.get("promptTemplateId", row.get("templateId")) == template_id:
            results = row.get("promptOptimizationResults")
            yield from (each for each in results or () if isinstance(each, dict))


def _score(result: Mapping[str, Any], key: str) -> float | None:
    metrics = result.get(key)
    score = metrics.get("averageScore") if isinstance(metrics, dict) else None
    return float(score) if isinstance(score, int | float) and 0 <= score <= 1 else None

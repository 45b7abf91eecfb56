"""
`evaluation.yaml` as a type: candidates, judges, criteria, gate and budget.

Every field's description reaches the JSON Schema that editors read. Unknown keys are refused: a typing error
in `judges` must not cost a run.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, get_args

import orjson
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from evaldrop.checks import CHECKED_BY, check_json_schema
from evaldrop.evaluation.anchors import Anchors
from evaldrop.evaluation.called_checks import EMBED, called_checks
from evaldrop.evaluation.defaults import default_inference
from evaldrop.evaluation.delivery import BatchJobs, DeliverySetting, Duration, ModelQuota
from evaldrop.evaluation.improvement import (
    BEDROCK_JOB,
    BY_BEDROCK,
    ORIGINAL,
    ImprovedPrompt,
    NamedOrMade,
    job_judge_for,
    tuned_prompt_of,
)
from evaldrop.evaluation.model_ids import families, families_in_words, is_one_text, model_family
from evaldrop.evaluation.model_limits import limits_of
from evaldrop.evaluation.tools import Tools

PerturbationName = Literal["typos", "case", "whitespace", "paraphrase_template"]
PERTURBATIONS: tuple[PerturbationName, ...] = get_args(PerturbationName)


class EvaluationPart(BaseModel):
    """Common settings: frozen, strict about keys, and no number without end."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Robustness(EvaluationPart):
    """Asks every prompt again with small changes that should not matter, and reports what they cost."""

    perturbations: tuple[PerturbationName, ...] = Field(
        default=PERTURBATIONS,
        min_length=1,
        description="What is done to a prompt; each makes its own copies.",
    )
    n: int = Field(default=3, ge=1, le=8, description="Copies of a prompt per perturbation.")
    seed: int = Field(default=1, ge=0, description="The same seed gives the same copies.")

    @field_validator("perturbations")
    @classmethod
    def _each_once(cls, value: tuple[PerturbationName, ...]) -> tuple[PerturbationName, ...]:
        if len(set(value)) < len(value):
            raise ValueError("a perturbation is named twice")
        return value


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Api = Literal["converse", "invoke_model", "evaluation_job"]


def _known_family(name: Any) -> str:
    if name not in families():
        # In pydantic's words for a Literal, which a table that may grow cannot be.
        known = {"expected": families_in_words(repr)}
        raise PydanticCustomError("literal_error", "Input should be {expected}", known)
    return str(name)


FamilyName = Annotated[
    str, PlainValidator(_known_family), WithJsonSchema({"enum": families(), "type": "string"})
]
"""A layout of `invoke_model`'s bodies. The model's ID tells it, but not that of an imported model."""


class Inference(EvaluationPart):
    """Sampling parameters, by one name for all families."""

    max_tokens: int | None = Field(default=None, ge=1, description="Upper limit of tokens in a response.")
    temperature: float | None = Field(default=None, ge=0, le=1, description="0 is the least random.")
    top_p: float | None = Field(default=None, gt=0, le=1, description="Nucleus sampling, a fraction.")
    stop: tuple[str, ...] = Field(default=(), max_length=4, description="Texts that end a response.")


class Guardrail(EvaluationPart):
    """A Bedrock guardrail that a candidate runs behind."""

    id: str = Field(description="Guardrail ID or ARN.")
    version: str = Field(default="DRAFT", description="Guardrail version.")
    trace: Literal["disabled", "enabled", "enabled_full"] = Field(
        default="disabled", description="Whether raw replies say which policy stepped in."
    )


EVALUATION_JOB: Final = "evaluation_job"
"""The `api` of a judge whose scores a Bedrock evaluation job gives."""
UNKNOWN_PROMPT: Final = "unknown"
"""What a judge's prompt is called that is AWS's own."""
_NOT_IN_A_JOB = ("mode", "repeats", "cache", "mask_identity", "extra")

YES_NO_PROMPT = "criteria-yn.v1"
PREFERENCE_PROMPT = "pairwise.v1"
PAIR_SCORES_PROMPT = "pairwise-scores.v1"


class Called(EvaluationPart):
    """What candidates and judges share: a model, and how it is called."""

    name: Name = Field(description="Short name, used in every table.")
    model: str = Field(min_length=1, description="Bedrock model ID, inference profile ID or ARN.")
    api: Api = Field(
        default="converse",
        description="converse suits all families; invoke_model sends the model's own body; evaluation_job, "
        "of a judge, has a Bedrock evaluation job judge the run's responses.",
    )
    family: FamilyName | None = Field(
        default=None,
        description="Body layout for invoke_model, and what the model is of where an ARN hides it.",
    )
    timeout_s: int = Field(default=40, ge=1, le=3600, description="Limit of one attempt, in seconds.")
    extra: dict[str, Any] = Field(
        default_factory=dict, description="Model-specific request fields, passed as they are."
    )
    delivery: DeliverySetting | None = Field(
        default=None, description="How its calls are delivered; the evaluation's `delivery` when absent."
    )
    inference: Inference = Field(
        default=Inference(),
        description="Its defaults hold key by key: max_tokens 1024; for judges 2048, and temperature 0.",
    )
    default_inference: ClassVar[Mapping[str, float]] = {}

    @model_validator(mode="before")
    @classmethod
    def _inference_by_key(cls, value: Any) -> Any:
        # Before validation: what a file says wins, and a run's own file says all of it.
        if not isinstance(value, dict) or not isinstance(value.get("inference", {}), Mapping):
            return value
        return {**value, "inference": default_inference(cls.default_inference, value)}

    @field_validator("extra")
    @classmethod
    def _as_json(cls, extra: dict[str, Any]) -> dict[str, Any]:
        # YAML knows more than JSON, which is what a model is sent: dates, and keys that are no texts.
        try:
            content: dict[str, Any] = orjson.loads(orjson.dumps(extra, option=orjson.OPT_NON_STR_KEYS))
        except TypeError as error:
            raise PydanticCustomError(
                "no_json", "cannot be sent as JSON: {why}.", {"why": str(error)}
            ) from error
        return content


class Candidate(Called):
    """A model with a prompt and parameters: what is under evaluation."""

    prompt: NamedOrMade | None = Field(
        default=None,
        description="Prompt file, or how the run makes one; the evaluation's `prompt` when absent.",
    )
    default_inference: ClassVar[Mapping[str, float]] = {"max_tokens": 1024}
    guardrail: Guardrail | None = None
    tools: Tools = Field(
        default=(),
        description="Tools that it may ask for, as it likes; the evaluation's when absent. None is executed.",
    )

    @model_validator(mode="after")
    def _room_for_original(self) -> "Candidate":
        if isinstance(self.prompt, ImprovedPrompt) and len(self.name) + len(ORIGINAL) > 64:
            raise ValueError(
                f"name: {self.name} is too long, for beside it goes a candidate with {ORIGINAL} at its end. "
                f"Give it {64 - len(ORIGINAL)} characters or fewer"
            )
        return self


class Judge(Called):
    """A model with a prompt that gives verdicts."""

    prompt: str = Field(
        default="criteria.v1", description="Judge prompt file; criteria-yn.v1 where the verdict is yes_no."
    )
    default_inference: ClassVar[Mapping[str, float]] = {"max_tokens": 2048, "temperature": 0}
    verdict: Literal["tool", "text", "yes_no"] = Field(
        default="tool",
        description="Forced tool call (text where the model takes no tools), a final line of text, "
        "or a Y or N on its own line.",
    )
    mode: Literal["joint", "per_criterion"] = Field(
        default="joint", description="One request for all criteria, or one each; yes_no asks one each."
    )
    repeats: int = Field(
        default=1, ge=1, le=20, description="Times each request is asked; averaged per record first."
    )
    cache: Literal["auto", "off"] = Field(
        default="auto",
        description="auto: Bedrock keeps what its requests have in common, where that is long enough.",
    )
    mask_identity: bool = Field(
        default=False, description="Withhold a model's or maker's name where a response says that it is one."
    )

    @model_validator(mode="before")
    @classmethod
    def _text_without_tools(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "verdict" in value:
            return value
        family = value.get("family")
        known = limits_of(str(value.get("model")), family if isinstance(family, str) else None)
        return {**value, "verdict": "text"} if known.tools == "none" else value

    @model_validator(mode="before")
    @classmethod
    def _yes_or_no(cls, value: Any) -> Any:
        if not isinstance(value, dict) or value.get("verdict") != "yes_no":
            return value
        if value.get("mode") == "joint":
            raise ValueError("verdict: yes_no answers one criterion; leave mode out, or say per_criterion")
        # Before validation, where a default cannot be told from what the file says.
        return {"prompt": YES_NO_PROMPT, **value, "mode": "per_criterion"}

    @model_validator(mode="before")
    @classmethod
    def _prompt_of_a_job(cls, value: Any) -> Any:
        if not isinstance(value, dict) or value.get("api") != EVALUATION_JOB:
            return value
        return {"prompt": UNKNOWN_PROMPT, **value}

    @model_validator(mode="after")
    def _asked_by_a_job(self) -> "Judge":
        if self.api == EVALUATION_JOB and (stated := sorted(self._not_in_a_job())):
            raise ValueError(
                f"an evaluation job judges by Bedrock's own prompt and parameters, once. Leave "
                f"{', '.join(stated)} out, or say api: converse"
            )
        return self

    def _not_in_a_job(self) -> Iterator[str]:
        """Yield what is set, and has no place in an evaluation job."""
        # By value, for a run's own file says every setting; and text is the verdict without tools.
        plain = Judge.model_construct(name=self.name, model=self.model)
        yield from (name for name in _NOT_IN_A_JOB if getattr(self, name) != getattr(plain, name))
        # The other one is in imports of earlier versions.
        if self.prompt not in (UNKNOWN_PROMPT, plain.prompt):
            yield "prompt"
        if self.verdict == "yes_no":
            yield "verdict"
        if self.delivery not in (None, "on_demand"):
            yield "delivery"
        usual = default_inference(self.default_inference, {"model": self.model, "family": self.family})
        if self.inference != Inference(**usual):
            yield "inference"


class Pairwise(EvaluationPart):
    """Comparisons of two responses by the judges, in both orders unless `orders` says otherwise."""

    baseline: Name | None = Field(default=None, description="Candidate that the others are compared against.")
    all_pairs: bool = Field(default=False, description="Compare every pair of candidates.")
    verdict: Literal["preference", "scores"] = Field(
        default="preference",
        description="What a judge says of two responses: which is better, or two scores.",
    )
    prompt: str = Field(
        default=PREFERENCE_PROMPT,
        description="Judge prompt file; pairwise-scores.v1 where verdict is scores.",
    )
    names: tuple[str, str] = Field(
        default=("first", "second"), description="What the prompt calls the two responses, in order."
    )
    tie: bool = Field(default=True, description="Whether a judge may say that neither is better.")
    tie_words: tuple[str, ...] = Field(
        default=(), description='What the prompt has a judge say for a tie, such as "C" or "0".'
    )
    scale: tuple[float, float] = Field(
        default=(1, 10), description="Lowest and highest score, where verdict is scores."
    )
    orders: Literal["both", "drawn", "candidate_first", "baseline_first"] = Field(
        default="both",
        description="Orders a pair is shown in: both; one, drawn by the record; or always the same one, "
        "which leaves the judge's bias in the numbers.",
    )
    unscored: Literal["drop", "tie", "worst"] = Field(
        default="drop", description="What a pair without a preference means: no pair, a tie, a loss."
    )

    @field_validator("names", "tie_words", mode="before")
    @classmethod
    def _numbers_are_words(cls, value: Any) -> Any:
        # [1, 2] in YAML are numbers, and what a judge is to say all the same.
        if not isinstance(value, list | tuple):
            return value
        return tuple(str(each) if type(each) is int else each for each in value)

    @model_validator(mode="before")
    @classmethod
    def _prompt_for_scores(cls, value: Any) -> Any:
        # The prompt's default follows the verdict, and a prompt that the file names wins.
        if isinstance(value, dict) and value.get("verdict") == "scores":
            return {"prompt": PAIR_SCORES_PROMPT, **value}
        return value

    @model_validator(mode="after")
    def _one_way(self) -> "Pairwise":
        if (self.baseline is None) == (not self.all_pairs):
            raise ValueError("give either baseline: NAME or all_pairs: true")
        _refuse_confusable(self)
        if self.scale[0] >= self.scale[1]:
            raise ValueError(f"scale: {self.scale[0]:g} must be below {self.scale[1]:g}")
        return self


def _refuse_confusable(pairwise: Pairwise) -> None:
    """Refuse names and words for a tie that a reply could not tell apart, however exactly it is read."""
    first, second = pairwise.names
    advice = 'Call them apart in the prompt and here, such as ["Response 1", "Response 2"]'
    for name in pairwise.names:
        if not any(character.isalnum() for character in name):
            raise ValueError(f"names: {name!r} has no letter and no digit. {advice}")
    if _as_read(first) & _as_read(second):
        raise ValueError(f"names: {first!r} and {second!r} cannot be told apart in a reply. {advice}")
    if pairwise.tie_words and not pairwise.tie:
        raise ValueError("tie_words: there is no tie to say. Leave them out, or say tie: true")
    for word in ("tie",) * pairwise.tie + pairwise.tie_words:
        if not any(character.isalnum() for character in word):
            raise ValueError(
                f"tie_words: {word!r} has no letter and no digit. Give a word that the prompt asks for"
            )
        # A word for a tie is read in any case, so a name must differ from it by more.
        twin = next(
            (name for name in pairwise.names if _as_read(name.casefold()) & _as_read(word.casefold())), None
        )
        if twin is not None:
            raise ValueError(
                f"names: {twin!r} cannot be told from {word!r}, which says a tie. Give the "
                f"response or the tie "
                "another name, in the prompt and here"
            )


def _as_read(name: str) -> set[str]:
    """Return what means a name in a reply: all of it, and what is left without the noun before it."""
    # Full-width and other compatibility forms are read as the letters they stand for.
    whole = " ".join(re.split(r"[\s_-]+", unicodedata.normalize("NFKC", name).strip()))
    return {whole, plain_name(whole)}


_BARE_NAME = re.compile(r"(?:[a-z]+\s+)?\W*(\w+)\W*", re.IGNORECASE)


def plain_name(name: str) -> str:
    """Return what tells one of two responses: "a" of "Output (a)", "1" of "Assistant 1"."""
    found = _BARE_NAME.fullmatch(name.strip())
    return found[1] if found else name.strip()


class Price(EvaluationPart):
    """Dollars per million tokens, and what of them other deliveries and cached tokens cost."""

    input: float = Field(ge=0, description="USD per 1,000,000 input tokens, on demand.")
    output: float = Field(ge=0, description="USD per 1,000,000 output tokens, on demand.")
    flex: float | None = Field(default=None, ge=0, description="Factor of both in the flex tier: 0.5.")
    batch: float | None = Field(default=None, ge=0, description="Factor of both in batch jobs: 0.5.")
    cache_read: float | None = Field(
        default=None, ge=0, description="Factor of input for tokens read from a prompt cache, such as 0.1."
    )
    cache_write: float | None = Field(
        default=None, ge=0, description="Factor of input for tokens written to a prompt cache, such as 1.25."
    )


class Evaluation(EvaluationPart):
    """The definition of an evaluation: what `evaluation.yaml` says."""

    name: Name = Field(description="Names the folder its runs are kept in.")
    description: str | None = None
    candidates: tuple[Candidate, ...] = Field(
        default=(),
        max_length=40,
        description="Models to evaluate; may be left out when the dataset brings responses.",
    )
    prompt: str = Field(default="answer.v1", description="Candidates' prompt: prompts/candidate/<prompt>.md.")
    judges: tuple[Judge, ...] = ()
    criteria: tuple[str | dict[str, Any], ...] = Field(
        default=(), description="Built-in names, or definitions."
    )
    checks: tuple[str | dict[str, Any], ...] = Field(
        default=(),
        description="Criteria that code answers without a judge: docs/checks.md.",
        json_schema_extra={"items": check_json_schema()},
    )
    metrics: tuple[str, ...] = Field(default=(), description="Numbers computed without a judge.")
    pairwise: Pairwise | None = None
    robustness: Robustness | None = Field(
        default=None, description="Perturbed copies of every prompt, beside the run's own estimates."
    )
    gate: tuple[str, ...] = Field(default=(), description='Rules such as "correctness.pass_rate >= 0.85".')
    anchors: Anchors | None = Field(
        default=None, description="Responses known to pass or fail, that every judge has to get right."
    )
    budget_usd: float | None = Field(default=None, gt=0, description="A run likely to cost more is refused.")
    delivery: DeliverySetting = Field(
        default="on_demand",
        description="on_demand; flex or batch, at about half the price; auto: the cheapest in time.",
    )
    deadline: Duration | None = Field(
        default=None, description="Time a run may take, such as 6h; with delivery: auto."
    )
    batch: BatchJobs = Field(default=BatchJobs(), description="What holds for batch jobs.")
    limits: dict[str, ModelQuota] = Field(
        default_factory=dict, description="Model ID: what the account may call of it in a minute."
    )
    max_concurrency: int = Field(default=50, ge=1, le=10_000, description="Records evaluated at a time.")
    tolerated_failure_percentage: float = Field(
        default=5, ge=0, le=100, description="Failed records a run may have."
    )
    tolerated_invalid_percentage: float = Field(
        default=0, ge=0, le=100, description="Dataset rows that may be refused."
    )
    confidence: float = Field(default=0.95, gt=0.5, lt=1, description="Two-sided level of every interval.")
    unscored: Literal["drop", "worst"] = Field(
        default="drop", description="What an unscored verdict means for a mean."
    )
    fields: dict[str, str] = Field(
        default_factory=dict, description="Canonical field: key or path in the dataset's rows."
    )
    prices: dict[str, Price] = Field(
        default_factory=dict, description="Model ID: price, where the price file is wrong or silent."
    )
    notify: Literal["always", "not_passed"] = Field(
        default="always", description="When the topic gets a message."
    )
    tools: Tools = Field(default=(), description="Tools of every candidate that names none itself.")

    @model_validator(mode="before")
    @classmethod
    def _tools_of_each(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not value.get("tools"):
            return value
        candidates = value.get("candidates")
        if not isinstance(candidates, list | tuple):
            return value
        # A candidate of the dataset's is not called.
        offered = [
            {"tools": value["tools"], **each}
            if isinstance(each, dict) and each.get("model") != GIVEN
            else each
            for each in candidates
        ]
        return {**value, "candidates": offered}

    @model_validator(mode="before")
    @classmethod
    def _scorers_among_metrics(cls, value: Any) -> Any:
        # Who has a scorer calls it a metric; what has a definition is a check.
        metrics = value.get("metrics") if isinstance(value, dict) else None
        if not isinstance(metrics, list | tuple) or not any(isinstance(each, dict) for each in metrics):
            return value
        checks = value.get("checks") or ()
        return {
            **value,
            "metrics": [each for each in metrics if not isinstance(each, dict)],
            "checks": [
                *((checks,) if isinstance(checks, str | dict) else checks),
                *(each for each in metrics if isinstance(each, dict)),
            ],
        }

    @field_validator("criteria", "checks", "metrics", "gate", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("criteria", "checks", mode="before")
    @classmethod
    def _names_or_definitions(cls, value: Any) -> Any:
        # Else pydantic tells one wrong entry twice, once for each type of the union.
        for place, entry in enumerate(value if isinstance(value, list | tuple) else ()):
            if not isinstance(entry, str | dict):
                raise ValueError(f"entry {place + 1}, {entry!r}, is neither a built-in name nor a definition")  # noqa: TRY004 - pydantic reports ValueError only
        return value

    @model_validator(mode="after")
    def _consistent(self) -> "Evaluation":
        _refuse_twins("candidates", [candidate.name for candidate in self.candidates])
        _refuse_twins("judges", [judge.name for judge in self.judges])
        if any(judge.name == CHECKED_BY for judge in self.judges):
            raise ValueError(f"judges: {CHECKED_BY} is who gives the verdicts of checks. Give another name")
        if self.criteria and not self.judges:
            raise ValueError("criteria need a judge: add judges, or leave criteria out")
        if self.pairwise and not self.judges:
            raise ValueError("pairwise needs a judge: add judges")
        if self.anchors and not self.criteria:
            raise ValueError("anchors are judged on criteria: add criteria and judges, or leave anchors out")
        if unknown := next(unknown_bodies((*self.candidates, *self.judges)), None):
            raise ValueError(unknown)
        if self.judges and not self.called_judges:
            whose = "every judge is an evaluation job's, which judges single responses of this run"
            if self.pairwise:
                raise ValueError(f"pairwise: {whose}. Add a judge with api: converse, or leave pairwise out")
            if self.anchors:
                raise ValueError(f"anchors: {whose}. Add a judge with api: converse, or leave anchors out")
        for candidate in self.candidates:
            if candidate.api == EVALUATION_JOB:
                raise ValueError(
                    f"candidate {candidate.name}: an evaluation job judges responses. Use api: converse"
                )
        for judge in self.judges:
            if judge.api == "invoke_model" and is_one_text(body_family(judge)):
                # A raw text prompt cannot keep a response apart from the judge's instructions.
                raise ValueError(
                    f"judge {judge.name}: {body_family(judge)} bodies are one text, "
                    "which a response could break out of. Use api: converse"
                )
        return self

    @property
    def called_judges(self) -> tuple[Judge, ...]:
        """The judges that a run calls itself."""
        return tuple(judge for judge in self.judges if judge.api != EVALUATION_JOB)

    @property
    def job_judges(self) -> tuple[Judge, ...]:
        """The judges whose scores Bedrock's evaluation jobs give."""
        return tuple(judge for judge in self.judges if judge.api == EVALUATION_JOB)

    def delivery_setting(self, called: Called) -> DeliverySetting:
        """Return how the calls of a candidate or judge are to be delivered; a job's judge has none."""
        if called.api == EVALUATION_JOB:
            return "on_demand"
        return called.delivery or self.delivery

    def prompt_of(self, candidate: Candidate) -> str:
        """Return the name of the prompt a candidate answers."""
        if isinstance(candidate.prompt, ImprovedPrompt):
            return tuned_prompt_of(candidate.name, candidate.prompt)
        return candidate.prompt or self.prompt

    def proposer_of(self, improved: ImprovedPrompt) -> str | None:
        """Return the model that writes a candidate's prompts, or how Bedrock does; None where nobody can."""
        if improved.by is None:
            return next((judge.model for judge in self.called_judges), None)
        named = {each.name: each.model for each in (*self.judges, *self.candidates)}
        model = named.get(improved.by, improved.by)
        return None if model == GIVEN else model


def _refuse_twins(where: str, names: list[str]) -> None:
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        raise ValueError(f"{where}: {', '.join(twins)} named more than once; names must differ")


def unknown_bodies(called: Iterable[Called]) -> Iterator[str]:
    """Yield of which candidates and judges the body that `invoke_model` sends is not known."""
    for one in called:
        if one.api == "invoke_model" and body_family(one) is None:
            what = f'the body layout of "{one.model}" is not known'
            yield f"{one.name}: {what}. Say family: {families_in_words()}"


def body_family(called: Called) -> str | None:
    """Return the body layout `invoke_model` uses for a model, or None when its ID does not tell."""
    return called.family or model_family(called.model)


GIVEN = "given"
"""`model: given` marks a candidate whose responses come with the dataset: there is no model to call."""


def layout(called: Called) -> str:
    """Return the request layout of a candidate or judge: `converse`, or the family of its body."""
    return "converse" if called.api == "converse" else str(body_family(called))


def each_called(evaluation: Evaluation) -> Iterator[tuple[str, Called]]:
    """Yield the candidates and judges that a run calls, each with what messages call it."""
    for candidate in evaluation.candidates:
        if candidate.model != GIVEN:
            yield f"candidate {candidate.name}", candidate
    for judge in evaluation.called_judges:
        yield f"judge {judge.name}", judge


def called_models(evaluations: Iterable[Evaluation], further: Iterable[str] = ()) -> list[str]:
    """Return every model that evaluations call, once, in order."""
    called = (
        model
        for each in evaluations
        for model in (
            *(one.model for one in (*each.candidates, *each.judges)),
            *(one.model for one in called_checks(each.checks) if one.api == EMBED),
            *proposers(each),
        )
    )
    return sorted({model for model in (*called, *further) if model != GIVEN})


def proposers(evaluation: Evaluation) -> list[str]:
    """
    Return the models that write prompts for candidates, each once.

    Bedrock's own optimiser is none; in the place of its jobs is who judges in them.
    """
    judges = [each.model for each in evaluation.called_judges]
    found: dict[str | None, None] = {}
    for candidate in evaluation.candidates:
        if isinstance(improved := candidate.prompt, ImprovedPrompt):
            by_job = improved.by == BEDROCK_JOB and candidate.model != GIVEN
            found[
                job_judge_for(candidate.model, judges)[0] if by_job else evaluation.proposer_of(improved)
            ] = None
    return [model for model in found if model is not None and model not in BY_BEDROCK]


def named_guardrails(evaluations: Iterable[Evaluation], further: Iterable[str] = ()) -> list[str]:
    """Return every guardrail that candidates run behind, once, in order."""
    named = (one.guardrail.id for each in evaluations for one in each.candidates if one.guardrail)
    return sorted({*named, *further})

"""What stops or may stop checks that are calls: a server that is not Bedrock, a Region without them."""

from collections.abc import Iterator

from evaldrop.evaluation import Evaluation
from evaldrop.evaluation.called_checks import CHECK_GUARDRAIL, called_checks

GUARDRAIL_REGIONS = frozenset(
    {
        "us-east-1",
        "us-east-2",
        "us-west-2",
        "eu-west-2",
        "eu-north-1",
        "ap-northeast-1",
        "ap-southeast-2",
    }
)
"""Where InvokeGuardrailChecks was to be had when it came (2026-06-17)."""

ASK_A_JUDGE = "ask a judge by the criteria harmfulness and stereotyping instead"


def called_check_problems(evaluation: Evaluation, *, is_bedrock: bool) -> Iterator[str]:
    """Yield which checks cannot be asked, and what to do about it."""
    for check in () if is_bedrock else called_checks(evaluation.checks):
        if check.api == CHECK_GUARDRAIL:
            yield (
                f"check {check.check.name}: it is Bedrock's InvokeGuardrailChecks, which no "
                f"OpenAI-compatible server has. Leave it out, and {ASK_A_JUDGE}."
            )
        else:
            yield (
                f"check {check.check.name}: it asks Bedrock for embeddings, which are not asked of an "
                "OpenAI-compatible server. Leave it out, or compare by rouge_l or a judge."
            )


def called_check_warnings(evaluation: Evaluation, *, region: str | None) -> Iterator[str]:
    """Yield which checks a Region may lack."""
    for check in called_checks(evaluation.checks):
        if check.api == CHECK_GUARDRAIL and region and region not in GUARDRAIL_REGIONS:
            yield (
                f"check {check.check.name}: InvokeGuardrailChecks was not in {region} when it came. "
                f"If its first calls are refused, {ASK_A_JUDGE}."
            )

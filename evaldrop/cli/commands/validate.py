"""`evaldrop validate`: everything that is wrong, at once."""

from dataclasses import replace

from evaldrop.cli import exits
from evaldrop.cli.next_steps import command
from evaldrop.cli.options import AsJson, Dataset, EvaluationFile, Region
from evaldrop.cli.output import complain, print_json, say_commands, shown, stdout, warn
from evaldrop.cli.prose import print_prose
from evaldrop.errors import DatasetError


def validate(
    dataset: Dataset, evaluation: EvaluationFile = None, region: Region = None, as_json: AsJson = False
) -> int:
    """
    Check a dataset and its evaluation; nothing is called and nothing is spent.

    Every problem is told at once, with its line and what to do. The exit code is 0, or 64 when something is
    wrong.

    Examples:

        evaldrop validate datasets/support-faq

        evaldrop validate s3://bucket/faq.jsonl --evaluation faq.yaml --json

        evaldrop validate faq.jsonl --region eu-central-1
    """
    from evaldrop.cli.advice import problem_with_advice
    from evaldrop.cli.datasets import GivenDataset, given_dataset
    from evaldrop.run.request import RunRequest, new_run_id
    from evaldrop.steps.validate_dataset.validate import check_dataset

    absent, given = None, GivenDataset(dataset, evaluation)
    try:
        given = given_dataset(dataset, evaluation)
    except DatasetError as error:
        # The evaluation is looked at all the same: told one by one, each fault would cost another try.
        absent = str(error)
    request = RunRequest(
        run_id=new_run_id(),
        dataset=given.dataset,
        evaluation=given.evaluation,
        out="runs",
        bedrock="simulated",
        region=region,
    )
    check = check_dataset(request)
    if absent:
        others = (each for each in check.problems if not each.startswith(f"{dataset}:"))
        check = replace(check, problems=(absent, *others))
    check = replace(check, problems=tuple(map(problem_with_advice, check.problems)))
    if as_json:
        survey = check.survey
        print_json(
            {
                "valid": not check.problems,
                "evaluation": check.evaluation_uri,
                "shape": survey and survey.shape,
                "records": survey
                and {"read": survey.n_read, "accepted": survey.n_accepted, "rejected": survey.n_rejected},
                "understood": survey and survey.recognised,
                "problems": check.problems,
                "warnings": check.warnings,
            }
        )
        return exits.WRONG_USE if check.problems else exits.PASSED
    for warning in check.warnings:
        warn(warning)
    if check.problems:
        # What was understood may be what is wrong.
        for sentence in check.survey.recognised if check.survey and check.survey.n_accepted else ():
            warn(f"{check.survey.source if check.survey else ''}: {sentence}.")
        complain("\n".join(check.problems))
        return exits.WRONG_USE
    console = stdout()
    assert check.survey
    assert check.definition
    print_prose(
        console,
        f"[green]valid[/green] {shown(check.survey.source)}: {check.survey.n_accepted:,} records. "
        + shown("\n".join(check.survey.recognised)),
    )
    evaluated = check.definition.evaluation
    print_prose(
        console,
        f"evaluation {shown(evaluated.name)} ({shown(str(check.evaluation_uri))}): "
        f"candidates: {len(evaluated.candidates)}, judges: {len(evaluated.judges)}, "
        f"criteria: {len(check.definition.judged_criteria)}, checks: {len(check.definition.check_configs)}, "
        f"metrics: {len(evaluated.metrics)}",
    )
    say_commands("next:", [command("plan", dataset, *(("--evaluation", evaluation) if evaluation else ()))])
    return exits.PASSED

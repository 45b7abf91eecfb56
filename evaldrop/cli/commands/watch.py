"""`evaldrop watch`: a deployed run's progress, and its scorecard at the end."""

from evaldrop.cli.options import DEFAULT_STACK, AsJson, DeployedRun, StackName


def watch(run: DeployedRun, stack: StackName = DEFAULT_STACK, as_json: AsJson = False) -> int:
    """
    Follow a run of a deployed stack to its end, and print its scorecard.

    Ctrl-C ends the watching, not the run. The exit code is that of `evaldrop run`: 0 when the gate passed,
    1 when it failed, 2 when it is inconclusive, 3 when the run failed.

    Examples:

        evaldrop watch latest

        evaldrop watch ds-4b0c1f6f0d3a5e7a9c2b8d6e4f1a3c5b7d9e0f2a

        evaldrop watch arn:aws:states:us-east-1:111122223333:execution:EvaluateDataset:ds-4b0c1f6f0d --json
    """
    from evaldrop.cli.watching import watch_run
    from evaldrop.running.deployed.following import find_run
    from evaldrop.running.deployed.stack import deployed_stack

    return watch_run(find_run(run, lambda: deployed_stack(stack)), as_json=as_json)

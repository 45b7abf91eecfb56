"""`evaldrop schema`: the JSON Schema of evaluation.yaml, for editors."""

from evaldrop.cli.output import print_json


def schema() -> None:
    """
    Print the JSON Schema of evaluation.yaml.

    Editors complete and check the file when its first line is
    `# yaml-language-server: $schema=./evaluation.schema.json`.

    Example:

        evaldrop schema > evaluation.schema.json
    """
    from evaldrop.evaluation import Evaluation

    print_json(Evaluation.model_json_schema())

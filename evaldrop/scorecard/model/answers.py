"""
The parts of `scorecard.json` that count answers with a known truth: fields of JSON, and labels. Public;
docs/output-files.md.

Intervals are of records, which may hold many values, by the delta method; docs/method.md.
"""

from pydantic import Field

from evaldrop.scorecard.model.part import Interval, Part, nullable


class FieldScores(Part):
    """
    How often values were right, over all records. A wrong value counts against precision and recall.

    None of the three is there where nothing is counted.
    """

    matched: int
    missing: int = Field(description="Values of references without a counterpart.")
    extra: int = Field(description="Values of responses without a counterpart.")
    wrong: int = Field(description="Pairs of values that do not agree.")
    precision: float | None = nullable("Share of the responses' values that are right.")
    precision_interval: Interval | None = None
    recall: float | None = nullable("Share of the references' values that are in the response, and right.")
    recall_interval: Interval | None = None
    f1: float | None = nullable("2 · matched / values of both.")
    f1_interval: Interval | None = None


class FieldsEstimate(Part):
    """A candidate's JSON against the references', field by field."""

    n: int = Field(description="Responses that were compared.")
    no_json: int = Field(description="Of these, responses without JSON: all their fields are missing.")
    overall: FieldScores
    fields: dict[str, FieldScores] = Field(
        description="Field: its values. At most 40, those that references have most."
    )
    rest: FieldScores | None = nullable("All other fields together, those that no reference has among them.")


class LabelCounts(Part):
    """Responses to records whose reference says one label."""

    n: int = Field(description="Records with this label.")
    said: dict[str, int] = Field(description="Label: responses that say it, where any does.")
    unread: int = Field(description="Responses that say no label, or more than one.")
    precision: float | None = nullable("Of all responses that say it, the share that should.")
    recall: float | None = nullable("Of its records, the share whose response says it.")
    f1: float | None = None
    f1_interval: Interval | None = None


class LabelTotals(Part):
    """What a confusion matrix says as a whole. An answer that says no label is a wrong one."""

    n: int
    unread: int = Field(default=0, description="Responses that say no label, or more than one.")
    accuracy: float | None = None
    accuracy_interval: Interval | None = None
    macro_f1: float | None = nullable("F1 averaged over labels that a reference or an answer has.")
    macro_f1_interval: Interval | None = None
    matthews: float | None = nullable(
        "Correlation of references and answers, -1 to 1 (Gorodkin 2004); null where either are all one label."
    )
    matthews_interval: Interval | None = None


class LabelsEstimate(LabelTotals):
    """A candidate's labels against the references': `labels` is the confusion matrix, a row per label."""

    labels: dict[str, LabelCounts] = Field(default_factory=dict)
    categories: dict[str, LabelTotals] = Field(
        default_factory=dict, description="Category: the same on its records, for the largest categories."
    )

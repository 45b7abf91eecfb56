"""Where what lies in a stack's buckets, and what starts a run."""

DATASETS = "datasets/"
"""Where uploads start runs; sidecars and prompts are kept below it too, and start none."""

EVALUATIONS = "evaluations/"
"""Where evaluation files are that belong to no single dataset."""

UPLOADS = "uploads/"
"""Where callers of the API put large datasets: they start nothing there, and are gone after a week."""

API = f"{DATASETS}api/"
"""Where the API puts datasets, each in a folder named by its run: so the run's ID is known beforehand."""

ANCHORS = "anchors."
"""How the names of files begin that evaluations read, and that have the endings of datasets."""

RUNS = "runs"
"""The folder of the output bucket that runs are kept in."""

"""The steps of the workflow, a folder for each: StartRun, ValidateDataset, PrepareRecords, BuildScorecard, ReportFailure."""

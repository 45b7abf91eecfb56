"""PrepareEvaluationJobs: responses written for Bedrock's evaluation jobs, and their scores taken."""

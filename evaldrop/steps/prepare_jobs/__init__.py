"""PrepareJobs: what is delivered in batch, written as the input of Bedrock's jobs; their output, read."""

"""Amazon Bedrock's evaluation jobs: what one is asked for, and what its output means."""

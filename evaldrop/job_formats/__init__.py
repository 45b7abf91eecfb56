"""What Amazon Bedrock's evaluation jobs take and give: limits, metrics, rows, requests, output."""

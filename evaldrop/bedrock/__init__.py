"""Who answers: Bedrock, OpenAI-compatible servers and simulated models, and what model families expect."""

"""Who answers: one module per model family, Bedrock itself, OpenAI-compatible servers, and simulated models."""

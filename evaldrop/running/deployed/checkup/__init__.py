"""Whether an account can run evaluations: credentials, models, quotas, and a stack with what it needs."""

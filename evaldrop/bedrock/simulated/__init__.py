"""Simulated models: a candidate, a judge and a guardrail that answer without network or money."""

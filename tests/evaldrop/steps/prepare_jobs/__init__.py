"""Tests of evaldrop.steps.prepare_jobs."""

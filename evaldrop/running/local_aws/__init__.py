"""A local AWS for the stack: moto, with executions by evaldrop.engine."""

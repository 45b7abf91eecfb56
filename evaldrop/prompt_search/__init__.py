"""Better prompts: records in three parts, a race on the second, and what may not be in a prompt."""

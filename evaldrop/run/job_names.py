"""How a run's jobs are called at Bedrock, by which they are found when it is stopped or looked at."""

import hashlib


def job_prefix(run_id: str) -> str:
    """Return how the names of a run's jobs begin, and those of no other run."""
    # A digest and not the ID, which is too long for a name, or holds what a name does not.
    return f"evaldrop-{hashlib.blake2b(run_id.encode(), digest_size=6).hexdigest()}-"

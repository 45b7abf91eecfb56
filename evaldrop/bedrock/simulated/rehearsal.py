"""What a simulated Bedrock is to be like: how often what goes wrong, and how long things take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a simulated run is made of. All but `seed`, `latency` and `job_looks` are rates in [0, 1]."""

    throttling: float = 0.0
    """Of calls, refused with ThrottlingException."""
    errors: float = 0.0
    """Of calls, failed with one of `FAULTS`."""
    malformed: float = 0.0
    """Of judge replies that cannot be read: no tool use, broken JSON, a score out of range, cut short."""
    hostile: float = 0.0
    """Of judge replies whose rationale holds markup, terminal escapes or a formula."""
    refusals: float = 0.0
    """Of replies that refuse to answer or to judge."""
    ceiling: float = 0.0
    """Of responses, right and given full marks: a good model's more, a weak one's fewer. 0 turns it off."""
    seed: int = 0
    latency: float = 1.0
    """Factor on the 80 to 400 ms that a call takes; 0 does not wait at all."""
    job_errors: float = 0.0
    """Of a batch job's rows, answered with an error."""
    job_partial: float = 0.0
    """Of batch jobs, ended before all their rows were processed."""
    job_expired: float = 0.0
    """Of batch jobs, not begun in the time that they had."""
    job_stopped: float = 0.0
    """Of batch jobs, stopped half-way by somebody."""
    job_failed: float = 0.0
    """Of batch jobs, failed without an output."""
    job_looks: int = 3
    """How often a job is looked at, by Get…, before it has ended: validating, scheduled, in progress."""

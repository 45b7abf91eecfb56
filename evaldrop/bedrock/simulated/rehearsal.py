"""What a simulated Bedrock is to be like: how often what goes wrong, and how long things take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a simulated run is made of. All but `seed`, `latency`, `rpm`, `tpm` and `job_looks` are rates."""

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
    prompt_gain: float = 0.5
    """Of failures, those that a prompt's most helpful sentence avoids; 0: no prompt is the better one."""
    prompt_faults: float = 0.1
    """Of prompts that are proposed, those that may not be tried: that quote, flatter or do not compile."""
    default_tier: float = 0.0
    """Of calls in the flex tier, served in the default one."""
    seed: int = 0
    latency: float = 1.0
    """Factor on the 80 to 400 ms that a call takes; 0 does not wait at all."""
    rpm: float = 0.0
    """Requests of each model in a minute, above which calls are throttled; 0 is no limit."""
    tpm: float = 0.0
    """Tokens of each model in a minute likewise, a call's `max_tokens` among them until it has ended."""
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

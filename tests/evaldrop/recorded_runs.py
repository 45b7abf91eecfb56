"""Whole runs in this process with a simulated runtime that keeps every request it was sent."""

import asyncio
import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from evaldrop.bedrock.simulated.rehearsal import Rehearsal
from evaldrop.bedrock.simulated.runtime import SimulatedRuntime
from evaldrop.run.request import RunRequest
from evaldrop.running.workflow import run_locally
from evaldrop.scorecard.model.scorecard import Scorecard

JUDGE_MODELS = {
    ("converse", "nova"): "us.amazon.nova-pro-v1:0",
    ("converse", "anthropic"): "us.anthropic.claude-haiku-4-5-20251001-v1:0",
    ("invoke_model", "anthropic"): "us.anthropic.claude-haiku-4-5-20251001-v1:0",
    ("invoke_model", "nova"): "us.amazon.nova-pro-v1:0",
    ("invoke_model", "chat"): "openai.gpt-oss-120b-1:0",
}


class RecordingRuntime:
    """
    A simulated runtime that keeps its requests.

    Args:
        says: Model ID: the text it answers with instead of the simulated one.
        judges: Which tool input a judge gives; by default the simulated judge's.
    """

    is_simulated = True

    def __init__(self, *, says: dict[str, str] | None = None, judges=None) -> None:
        self._inner = SimulatedRuntime(Rehearsal(latency=0), max_in_flight=64)
        self._says, self._judges = says or {}, judges
        self.asked: list[dict[str, Any]] = []

    async def converse(self, request):
        self.asked.append(copy.deepcopy(dict(request)))
        reply = await self._inner.converse(request)
        content = reply["output"]["message"]["content"]
        if request["modelId"] in self._says:
            content[:] = [{"text": self._says[request["modelId"]]}]
        elif self._judges and "toolUse" in content[0]:
            content[0]["toolUse"]["input"] = self._judges(texts(request))
        return reply

    async def invoke_model(self, request):
        self.asked.append({**request, "body": json.loads(request["body"])})
        return await self._inner.invoke_model(request)

    async def close(self):
        await self._inner.close()


def texts(sent: dict[str, Any]) -> list[str]:
    """Return the texts of a request's last message, one per content block."""
    content = (sent.get("body") or sent)["messages"][-1]["content"]
    return [content] if isinstance(content, str) else [block.get("text") for block in content]


@dataclass
class RecordedRun:
    """What a run left behind."""

    folder: Path
    asked: list[dict[str, Any]]
    scorecard: Scorecard

    def asked_of(self, model: str) -> list[dict[str, Any]]:
        return [sent for sent in self.asked if sent["modelId"] == model]

    def json(self, name: str) -> Any:
        return json.loads((self.folder / name).read_bytes())

    def lines(self, name: str) -> list[Any]:
        return [json.loads(line) for line in (self.folder / name).read_bytes().split(b"\n") if line]


def recorded_run(
    place: Path, evaluation: dict[str, Any], rows: list[dict[str, Any]], *, files=None, **runtime: Any
) -> RecordedRun:
    """Run an evaluation of rows from end to end; `files` are texts beside it, by name."""
    place.mkdir(parents=True, exist_ok=True)
    for name, text in (files or {}).items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text, encoding="utf-8")
    (place / "evaluation.yaml").write_text(yaml.safe_dump(evaluation), encoding="utf-8")
    (place / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    request = RunRequest(
        run_id="run-1",
        dataset=str(place / "rows.jsonl"),
        evaluation=str(place / "evaluation.yaml"),
        out=str(place / "runs"),
        bedrock="simulated",
    )
    folder = place / "runs" / evaluation["name"] / "run-1"
    recording = RecordingRuntime(**runtime)
    execution = asyncio.run(run_locally(request, recording, folder=str(folder)))
    assert execution.status == "SUCCEEDED", execution.cause
    card = Scorecard.model_validate_json((folder / "scorecard.json").read_bytes())
    return RecordedRun(folder, recording.asked, card)

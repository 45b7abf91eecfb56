"""
The least a program can do: boto3's client, a thread pool, candidate and judge calls, no scorecard.

    export AWS_ENDPOINT_URL_BEDROCK_RUNTIME=http://127.0.0.1:8900
    python -m benchmarks.bare_threads --records 1000 --threads 64
"""

import argparse
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from botocore.config import Config

CANDIDATES = ("bench.candidate-a-v1:0", "bench.candidate-b-v1:0", "bench.candidate-c-v1:0")
JUDGE = "amazon.nova-pro-v1:0"
TOOL = {
    "toolSpec": {
        "name": "submit_verdicts",
        "inputSchema": {
            "json": {
                "type": "object",
                "properties": {
                    "rationale": {"type": "string"},
                    "score": {"type": "integer", "enum": [1, 2, 3, 4, 5]},
                },
                "required": ["rationale", "score"],
            }
        },
    }
}


def main() -> None:
    """Ask every candidate on every record, and the judge on every response."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=64)
    given = parser.parse_args()
    config = Config(max_pool_connections=given.threads, retries={"max_attempts": 0})
    client = boto3.client("bedrock-runtime", config=config)

    def evaluate(place: tuple[int, str]) -> int:
        record, candidate = place
        prompt = f"Question {record}: how long do I have to send something back, and who pays for the parcel?"
        reply = client.converse(modelId=candidate, messages=[_user(prompt)])
        text = "".join(block.get("text", "") for block in reply["output"]["message"]["content"])
        verdict = client.converse(
            modelId=JUDGE,
            messages=[_user("Judge this response.", text, "Now call the tool.")],
            toolConfig={"tools": [TOOL], "toolChoice": {"tool": {"name": "submit_verdicts"}}},
        )
        return len(verdict["output"]["message"]["content"])

    places = [(record, candidate) for record in range(given.records) for candidate in CANDIDATES]
    with ThreadPoolExecutor(given.threads) as pool:
        judged = sum(pool.map(evaluate, places))
    print(judged)


def _user(*texts: str) -> Any:
    return {"role": "user", "content": [{"text": text} for text in texts]}


if __name__ == "__main__":
    main()

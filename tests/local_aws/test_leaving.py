"""A model that is leaving, rehearsed: the schedule's event starts a run with its successors, once."""

import json

LEAVING = "anthropic.claude-opus-4-1-20250805-v1:0"


def test_the_daily_look_starts_a_run_with_successors_once(aws):
    """The local AWS has no list of models: the dated file tells, by which this one is Legacy."""
    key = aws.fresh_key()
    source = aws.upload((json.dumps({"prompt": "How long?", "reference": "30 days"}) + "\n").encode(), key)
    aws.finished(source)
    functions = aws.client("lambda").list_functions()["Functions"]
    (start_run,) = [each["FunctionName"] for each in functions if "StartRun" in each["FunctionName"]]
    event = {"leaving": {LEAVING: ["us.amazon.nova-pro-v1:0"]}, "datasets": [key]}
    for outcome in ("started", "already_started"):
        answer = aws.client("lambda").invoke(FunctionName=start_run, Payload=json.dumps(event))
        assert json.loads(answer["Payload"].read())[outcome] == [f"s3://{aws.input}/{key}"]
        # While a run lasts its name and input are answered as if they had started it.
        found = aws.finished(key, runs=2)
    asked = [json.loads(each["input"]).get("successors") for each in found]
    assert sorted(asked, key=bool) == [None, {LEAVING: ["us.amazon.nova-pro-v1:0"]}]
    # The sample has no candidate that calls it: refused with a message, and nothing spent.
    assert {each["status"] for each in found} == {"SUCCEEDED", "FAILED"}
    assert aws.messages(about="no candidate calls")

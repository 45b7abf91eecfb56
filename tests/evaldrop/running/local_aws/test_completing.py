"""What is not rehearsed is told, and nothing looks rehearsed by itself."""

from evaldrop.running.local_aws.completing import Resource, gaps_of


def resource(kind, physical_id="x", **properties):
    return Resource(stack="s", logical_id="L", kind=kind, properties=properties, physical_id=physical_id)


def test_what_was_not_made_is_told():
    assert list(gaps_of([resource("AWS::DynamoDB::GlobalTable", None)])) == [
        "AWS::DynamoDB::GlobalTable: not made: moto does not know it"
    ]


def test_what_was_made_by_api_is_not_told_as_missing():
    schedule = resource("AWS::Scheduler::Schedule", None, ScheduleExpression="rate(1 day)", State="ENABLED")
    assert list(gaps_of([schedule])) == []


def test_a_type_nobody_has_looked_at_is_told():
    [line] = gaps_of([resource("AWS::Kinesis::Stream")])
    assert line.endswith("nobody has looked at")


def test_a_property_nobody_has_looked_at_is_told():
    [line] = gaps_of([resource("AWS::SNS::Topic", DisplayName="d", FifoTopic=True)])
    assert line.startswith("AWS::SNS::Topic.FifoTopic: ")


def test_equal_gaps_are_counted():
    [line] = gaps_of([resource("AWS::Lambda::Function", MemorySize=1) for _ in range(3)])
    assert line == "AWS::Lambda::Function.MemorySize (3): not enforced"

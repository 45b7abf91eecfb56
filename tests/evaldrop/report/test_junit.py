"""
`junit.xml` against the schemas that CI servers use.

No XSD validator is among this project's dependencies, so what the two schemas demand is written here as
data: Jenkins' xunit plugin's `junit-10.xsd` and Ant's `JUnit.xsd` (windyroad/JUnit-Schema). Both are given
per element: its attributes, which of them are required and their types, and its children in order.
"""

import re
from typing import NamedTuple
from xml.etree import ElementTree as ET

import pytest

from evaldrop.report.junit import junit_report
from evaldrop.scorecard.model.scorecard import Gate, GateCheck
from tests.evaldrop.scorecard.gate.test_gate import card, scorecard

STRING, TOKEN = re.compile(r"(?s).*"), re.compile(r"\S(?:[^\n\r\t]*\S)?")
INT, DECIMAL = re.compile(r"-?\d+"), re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


class Schema(NamedTuple):
    """An element: required and optional attributes, and its children as a pattern over their names."""

    required: dict
    optional: dict
    children: str
    has_text: bool = False


LEAF = Schema({}, {}, "", has_text=True)
JENKINS = {
    "testsuites": Schema(
        {},
        dict.fromkeys(("name", "time", "tests", "failures", "disabled", "errors"), STRING),
        "(testsuite )*",
    ),
    "testsuite": Schema(
        {"name": STRING, "tests": STRING},
        dict.fromkeys(
            ("failures", "errors", "time", "disabled", "skipped", "timestamp", "hostname", "id", "package"),
            STRING,
        ),
        "(properties )?(testcase )*(system-out )?(system-err )?",
    ),
    "properties": Schema({}, {}, "(property )+"),
    "property": Schema({"name": STRING, "value": STRING}, {}, ""),
    "testcase": Schema(
        {"name": STRING},
        dict.fromkeys(("assertions", "time", "classname", "status"), STRING),
        "(skipped )?(error )*(failure )*(system-out )*(system-err )*",
    ),
    "failure": Schema({}, {"type": STRING, "message": STRING}, "", has_text=True),
    # of type xs:string: it may have no attributes
    "skipped": LEAF,
    "system-out": LEAF,
    "system-err": LEAF,
}
ANT = {
    "testsuites": Schema({}, {}, "(testsuite )*"),
    "testsuite": Schema(
        {
            "name": TOKEN, "package": TOKEN, "id": INT, "hostname": TOKEN, "timestamp": MOMENT, "tests": INT,
            "failures": INT, "errors": INT, "time": DECIMAL,
        },
        {"skipped": INT},
        "properties (testcase )*system-out system-err ",
    ),
    "properties": Schema({}, {}, "(property )*"),
    "property": Schema({"name": TOKEN, "value": STRING}, {}, ""),
    "testcase": Schema(
        {"name": TOKEN, "classname": TOKEN, "time": DECIMAL}, {}, "(skipped |error |failure )?"
    ),
    "failure": Schema({"type": STRING}, {"message": STRING}, "", has_text=True),
    "skipped": LEAF,
    "system-out": LEAF,
    "system-err": LEAF,
}  # fmt: skip


def faults(element, schemas):
    """Yield what is wrong with an element and all below it."""
    schema = schemas.get(element.tag)
    if schema is None:
        yield f"no element {element.tag}"
        return
    known = {**schema.required, **schema.optional}
    yield from (f"{element.tag} lacks {name}" for name in schema.required.keys() - element.attrib.keys())
    for name, value in element.attrib.items():
        if name not in known:
            yield f"{element.tag} has no attribute {name}"
        elif not known[name].fullmatch(value):
            yield f"{element.tag} {name}: {value!r}"
    if not re.fullmatch(schema.children, "".join(f"{child.tag} " for child in element)):
        yield f"children of {element.tag}"
    if not schema.has_text and (element.text or "").strip():
        yield f"text in {element.tag}"
    for child in element:
        yield from faults(child, schemas)


def report(*decisions, **changes):
    checks = tuple(
        GateCheck(expression=f"x < {n}", decision=decision, sentence="a < b & \x00 c", candidate="lite")
        for n, decision in enumerate(decisions)
    )
    gated = scorecard({"lite": card((0.8, 0.9))})
    gated = gated.model_copy(
        update={"gate": Gate(decision="fail", checks=checks), "duration_s": 2, **changes}
    )
    return ET.fromstring(junit_report(gated))


@pytest.mark.parametrize("schemas", [JENKINS, ANT])
@pytest.mark.parametrize("decisions", [(), ("pass",), ("pass", "fail", "inconclusive")])
def test_the_report_is_valid(schemas, decisions):
    alarms = ("line\none", "two")
    assert list(faults(report(*decisions, alarms=alarms, simulated=True), schemas)) == []


def test_counts_are_those_of_the_cases():
    suite = report("pass", "fail", "inconclusive", "fail").find("testsuite")
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("4", "2", "1")
    assert len(suite.findall("testcase/failure")) == 2
    assert suite.find("testcase/skipped").text.startswith("a < b & ")


@pytest.mark.parametrize(("damage", "fault"), [
    (lambda root: root.set("skipped", "0"), "testsuites has no attribute skipped"),
    (lambda root: root[0].attrib.pop("tests"), "testsuite lacks tests"),
    (lambda root: root[0].set("time", "two"), "testsuite time: 'two'"),
    (lambda root: root[0].insert(0, ET.Element("system-err")), "children of testsuite"),
    (lambda root: root[0].append(ET.Element("log")), "no element log"),
    (lambda root: root[0].set("timestamp", "2026-11-21T09:00:00+00:00"), "testsuite timestamp: "),
])  # fmt: skip
def test_the_check_finds_what_is_wrong(damage, fault):
    root = report("pass")
    damage(root)
    assert any(found.startswith(fault) for found in faults(root, ANT))


def test_a_rule_about_every_criterion_has_a_case_of_its_own_name_for_each():
    checks = tuple(
        GateCheck(expression="no record worse by 3", decision="pass", sentence="s", candidate=candidate,
                  criterion=criterion)
        for candidate in ("lite", "haiku") for criterion in ("correctness", "tone")
    )  # fmt: skip
    gated = scorecard({"lite": card((0.8, 0.9))})
    gated = gated.model_copy(update={"gate": Gate(decision="pass", checks=checks)})
    names = [case.get("name") for case in ET.fromstring(junit_report(gated)).iter("testcase")]
    assert names[0] == "no record worse by 3 · lite · correctness"
    assert len(set(names)) == 4

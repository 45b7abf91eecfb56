"""
`junit.xml`: a testcase per judgement of the gate, for CI servers.

Valid under both schemas in use, Jenkins' xunit plugin's and Ant's (windyroad/JUnit-Schema): `testsuites` has
no attributes, every required one of `testsuite` is there, and a skipped case says why in its text.
"""

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from evaldrop.report.escape import xml
from evaldrop.scorecard.model.scorecard import NO_GATE, GateCheck, Scorecard
from evaldrop.scorecard.recommendation import recommendation_of


def junit_report(scorecard: Scorecard) -> str:
    """Return the gate's checks as JUnit XML: fail is a failure, inconclusive and no gate are skipped."""
    root = Element("testsuites")
    checks = scorecard.gate.checks
    name = f"SIMULATED {scorecard.evaluation}" if scorecard.simulated else scorecard.evaluation
    about = {
        "name": xml(name),
        "package": "evaldrop",
        "id": "0",
        "hostname": "localhost",
        # Without a zone: the schema's timestamp has none.
        "timestamp": scorecard.started_at[:19],
        "tests": str(len(checks) or 1),
        "failures": str(sum(check.decision == "fail" for check in checks)),
        "errors": "0",
        "skipped": str(sum(check.decision == "inconclusive" for check in checks) if checks else 1),
        "time": f"{scorecard.duration_s or 0:.3f}",
    }
    suite = SubElement(root, "testsuite", about)
    properties = SubElement(suite, "properties")
    for key, value in (("run_id", scorecard.run_id), ("simulated", str(scorecard.simulated).lower())):
        SubElement(properties, "property", {"name": key, "value": xml(value)})
    for check in checks:
        _add_case(suite, check, scorecard.evaluation)
    if not checks:
        # Servers fail an empty suite, or take it for a passed one.
        _add_skipped(suite, NO_GATE, scorecard.evaluation, " ".join(scorecard.gate.reasons) or NO_GATE)
    SubElement(suite, "system-out").text = xml(f"{recommendation_of(scorecard).reason}\n{scorecard.summary}")
    SubElement(suite, "system-err").text = xml("\n".join(scorecard.alarms))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _add_case(suite: Element, check: GateCheck, evaluation: str) -> None:
    # Servers tell cases apart by their names, so no two may be equal.
    title = " · ".join(filter(None, (check.expression, check.candidate or check.judge, check.criterion)))
    if check.decision == "inconclusive":
        _add_skipped(suite, title, evaluation, check.sentence)
        return
    case = _case(suite, title, evaluation)
    if check.decision == "fail":
        sentence = xml(check.sentence)
        SubElement(case, "failure", {"message": sentence, "type": "gate"}).text = sentence


def _add_skipped(suite: Element, title: str, evaluation: str, why: str) -> None:
    SubElement(_case(suite, title, evaluation), "skipped").text = xml(why)


def _case(suite: Element, title: str, evaluation: str) -> Element:
    names = {"classname": xml(f"gate.{evaluation}"), "name": xml(title), "time": "0"}
    return SubElement(suite, "testcase", names)

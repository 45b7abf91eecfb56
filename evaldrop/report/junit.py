"""`junit.xml`: a testcase per judgement of the gate, for CI servers."""

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from evaldrop.report.escape import xml
from evaldrop.scorecard.model import Scorecard


def junit_report(scorecard: Scorecard) -> str:
    """Return the gate's checks as JUnit XML: fail is a failure, inconclusive is skipped."""
    checks = scorecard.gate.checks
    counts = {
        "tests": str(len(checks)),
        "failures": str(sum(check.decision == "fail" for check in checks)),
        "errors": "0",
        "skipped": str(sum(check.decision == "inconclusive" for check in checks)),
        "time": str(scorecard.duration_s or 0),
    }
    name = f"SIMULATED {scorecard.evaluation}" if scorecard.simulated else scorecard.evaluation
    root = Element("testsuites", {"name": "evaldrop", **counts})
    # Without a zone: the JUnit schema's timestamp has none.
    suite = SubElement(
        root, "testsuite", {"name": xml(name), **counts, "timestamp": scorecard.started_at[:19]}
    )
    properties = SubElement(suite, "properties")
    for key, value in (("run_id", scorecard.run_id), ("simulated", str(scorecard.simulated).lower())):
        SubElement(properties, "property", {"name": key, "value": xml(value)})
    for check in checks:
        title = xml(" · ".join(filter(None, (check.expression or "gate", check.candidate))))
        case = SubElement(
            suite, "testcase", {"classname": xml(f"gate.{scorecard.evaluation}"), "name": title, "time": "0"}
        )
        if check.decision == "fail":
            SubElement(case, "failure", {"message": xml(check.sentence), "type": "gate"})
        elif check.decision == "inconclusive":
            SubElement(case, "skipped", {"message": xml(check.sentence)})
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"

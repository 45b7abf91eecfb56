// What a finished run has brought: its recommendation, its numbers, and the way to its report.

function resultCard(run) {
  const { ending, scorecard } = run;
  const made = card("Result");
  if (ending.recommendation) made.append(foreign("p", "recommendation", ending.recommendation));
  if (ending.summary) made.append(foreign("p", "hint", ending.summary));
  if (ending.regressed.length) made.append(foreign("p", "notice", `Regressed: ${ending.regressed.join(", ")}`));
  made.append(candidatesTable(ending.candidates, scorecard));
  made.append(reportLine(run));
  return made;
}

function candidatesTable(candidates, scorecard) {
  const criteria = scorecard ? Object.keys(scorecard.criteria) : [];
  const heads = [["candidate"], ["overall"], ...criteria.map((name) => [name]), ["cost"], ["latency p50"]];
  const bestFirst = [...candidates].sort((a, b) => (b.overall ?? -1) - (a.overall ?? -1));
  return table("Candidates", heads, bestFirst.map((each) => [
    [foreign("span", "", each.name), foreign("small", "", each.model)],
    estimate(each.overall, each.overall_interval),
    ...criteria.map((name) => criterionCell(scorecard.candidates[each.name]?.criteria[name])),
    dollars(each.cost_usd),
    isKnown(each.latency_ms_p50) ? `${number(each.latency_ms_p50, 0)} ms` : UNKNOWN,
  ]));
}

function criterionCell(found) {
  if (!found) return UNKNOWN;
  const passes = isKnown(found.pass_rate) ? [element("small", "block", `${percent(found.pass_rate)} pass`)] : [];
  return [...estimate(found.mean, found.interval), ...passes];
}

// A tab sends no key, so the report has an address that is good without one, for minutes. What is there is of another
// origin than this page: a page made here, such as by a blob, would be of this one's, and bound by its policy, which
// lets no script of a report run.
function reportLine(run) {
  const line = element("p", "go"), said = saying();
  const read = button("primary", "Read the report", () => busy(read, "Opening …", async () => {
    try {
      const { url, expires_in_s: seconds } = await ask("GET", `runs/${encodeURIComponent(run.run_id)}/report/link`);
      const link = linkTo(ownAddress(url), "open it here");
      Object.assign(link, { target: "_blank", rel: "noopener noreferrer" });
      link.click();
      said.replaceChildren("It opens in a new tab. If it does not: ", link, `, within ${lasting(seconds)}.`);
    } catch (error) {
      tellTrouble(error);
    }
  }));
  line.append(read, " ", linkTo(addressOf("records", { run: run.run_id }), "Look through its records"), " ", linkTo(addressOf("runs", { a: run.run_id, evaluation: run.evaluation }), "Compare it with another run"), " ", said);
  return line;
}

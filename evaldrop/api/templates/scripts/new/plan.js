// What a run would take, before it starts.

function planCard(plan, start) {
  const cost = plan.cost_usd || plan.known_cost_usd;
  const made = card("Price"), title = made.querySelector("h2");
  title.id = "priced";
  title.tabIndex = -1;
  made.setAttribute("aria-labelledby", "priced");
  const likely = element("p", "price");
  likely.append(element("b", "", dollars(cost.likely)), ` likely, between ${dollars(cost.low)} and ${dollars(cost.high)}`);
  made.append(likely);
  if (plan.unknown_prices.length) made.append(element("p", "notice", `Without ${plan.unknown_prices.join(", ")}, whose price is unknown.`));
  if (SETTINGS.simulated) made.append(element("p", "hint", "This is what it would cost: it is a rehearsal, and nothing is paid."));
  made.append(facts([["records", count(plan.records)], ["calls of models", count(plan.calls)], ["takes about", lasting(plan.duration_s)], ["evaluation", plan.evaluation]]));
  if (plan.warnings.length) made.append(warningsOf(plan.warnings));
  const details = element("details");
  details.append(element("summary", "", "Per model"), table("Per model", [["model"], ["as"], ["calls"], ["tokens in"], ["tokens out"], ["likely"]], plan.lines.map((line) => [
    [element("span", "", line.name), element("small", "", line.model)], line.role, count(line.calls), number(line.input_tokens.likely, 0), number(line.output_tokens.likely, 0), line.cost_usd ? dollars(line.cost_usd.likely) : "unknown",
  ])));
  made.append(details, button("primary", "Start the run", start));
  return made;
}

function warningsOf(warnings) {
  const box = element("div", "alarms");
  box.append(element("p", "", "Before you start:"), listOfTexts(warnings));
  return box;
}

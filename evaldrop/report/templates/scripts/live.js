"use strict";
// A run that goes on: each event is all that is known, and the page says it. What models wrote is text alone.

const byId = (id) => document.getElementById(id);
const number = (value, digits) => value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits });
const dollars = (value) => `$${number(value, value < 1 ? 4 : 2)}`;
const percent = (value) => `${number(100 * value, 1)} %`;

function told(id, text) {
  // Only what is new: a status that is written again is read out again.
  if (byId(id).textContent !== text) byId(id).textContent = text;
}

function progressOf(look) {
  if (look.total === null) return "Preparing: no record has been sent yet.";
  // In the terminal's words.
  const failed = look.failed ? `, ${count(look.failed)} ${look.failed === 1 ? "record" : "records"} failed` : "";
  return `${count(look.records)} of ${count(look.total)} records have ended${failed}.`;
}

function showFacts(look) {
  const whole = look.cost_is_whole ? "" : " of known prices";
  const facts = {
    "time left": look.time_left ?? (look.state === "running" || look.state === "starting" ? "not known yet" : "–"),
    calls: count(look.calls),
    retries: count(look.retries),
    tokens: count(look.tokens),
    "cost so far": dollars(look.cost_usd) + whole,
    "planned": look.planned_usd === null ? "unknown" : `${dollars(look.planned_usd)} likely`,
    "budget": look.budget_usd === null ? "none set" : dollars(look.budget_usd),
  };
  byId("facts").replaceChildren(...Object.entries(facts).map(([name, value]) => {
    const pair = element("div");
    pair.append(element("dt", "", name), element("dd", "", value));
    return pair;
  }));
  const restated = look.restated ?? "";
  byId("restated").hidden = !restated;
  told("restated", restated && `${restated[0].toUpperCase()}${restated.slice(1)}.`);
}

function track({ low, high }, mean, interval) {
  const at = (value) => 100 * Math.min(1, Math.max(0, (value - low) / (high - low)));
  const made = element("div", "track");
  made.setAttribute("aria-hidden", "true");
  if (interval) {
    const span = element("span", "span");
    span.style.left = `${at(interval[0])}%`;
    span.style.width = `${at(interval[1]) - at(interval[0])}%`;
    made.append(span);
  }
  const mark = element("span", "at");
  mark.style.left = `${at(mean)}%`;
  made.append(mark);
  return made;
}

// A value with its interval, in words and drawn on its scale.
function valueOf(scale, say, mean, interval) {
  const between = interval ? `${say(interval[0])} to ${say(interval[1])}` : "no interval yet";
  return [element("b", "", say(mean)), " ", element("span", "muted", between), track(scale, mean, interval)];
}

function estimateCell(criterion, estimate) {
  const cell = element("td");
  cell.dataset.label = criterion.name;
  if (!estimate || estimate.mean === null) {
    cell.append(element("span", "muted", "nothing scored yet"));
    return cell;
  }
  cell.append(...valueOf(criterion, criterion.is_rate ? percent : (value) => number(value, 2), estimate.mean, estimate.interval));
  const rest = criterion.is_rate || estimate.pass_rate === null ? [] : [`${percent(estimate.pass_rate)} pass`];
  rest.push(`${count(estimate.n)} scored`);
  if (estimate.unscored) rest.push(`${count(estimate.unscored)} not`);
  cell.append(element("small", "", rest.join(" · ")));
  return cell;
}

function table(className, heads, rows) {
  const made = element("table", className);
  const head = element("tr");
  for (const each of heads) {
    const cell = element("th", "", each);
    cell.scope = "col";
    head.append(cell);
  }
  made.append(element("thead"), element("tbody"));
  made.tHead.append(head);
  made.tBodies[0].append(...rows.map(([name, cells]) => {
    const row = element("tr");
    const first = element("th", "", name);
    first.scope = "row";
    row.append(first, ...cells);
    return row;
  }));
  return made;
}

function showEstimates(look) {
  told("of", look.total === null ? "" : `so far, ${count(look.records)} of ${count(look.total)} records`);
  told("level", `Intervals are at ${number(100 * look.confidence, 0)} %, by the report's own statistics.`);
  if (!look.criteria.length) {
    byId("estimates").replaceChildren(element("p", "muted", look.total === null ? "No record has ended yet." : "This run has no criteria."));
    return;
  }
  const rows = look.candidates.map((candidate) => [
    candidate.name,
    look.criteria.map((criterion, place) => estimateCell(criterion, candidate.estimates[place])),
  ]);
  byId("estimates").replaceChildren(table("live", ["candidate", ...look.criteria.map((each) => each.name)], rows));
}

function labelled(label, text) {
  const cell = element("td", "", text);
  cell.dataset.label = label;
  return cell;
}

// What a model or a judge said runs its own way, below the label where that stands beside it.
function quoted(label, text) {
  const cell = labelled(label, ""), said = element("div", "text", text);
  said.dir = "auto";
  cell.append(said);
  return cell;
}

function preferenceRow(pair) {
  const rate = element("td"), counts = labelled("won / lost / even", [pair.wins, pair.losses, pair.ties].map(count).join(" / "));
  rate.dataset.label = "win rate";
  if (pair.win_rate === null) rate.append(element("span", "muted", "no preference yet"));
  else rate.append(...valueOf({ low: 0, high: 1 }, percent, pair.win_rate, pair.interval));
  return [`${pair.first}, ${pair.second}`, [rate, counts, labelled("not read", count(pair.unread))]];
}

function showPreferences(look) {
  byId("preferred-card").hidden = !look.preferences.length;
  if (!look.preferences.length) return;
  byId("preferences").replaceChildren(table("live pairs", ["first, second", "win rate", "won / lost / even", "not read"], look.preferences.map(preferenceRow)));
}

// Where a table goes on past its box, its edge fades.
function fade() {
  for (const box of document.querySelectorAll(".scroll")) box.classList.toggle("more", box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
}

function showFailures(look) {
  if (!look.failures.length) {
    byId("failures").replaceChildren(element("p", "muted", "None so far."));
    return;
  }
  const rows = look.failures.map((each) => [each.record, [
    labelled("candidate", each.candidate ?? "all"),
    labelled("criterion", each.criterion ?? "no result"),
    quoted("why", each.what || "no reason was given"),
  ]]);
  byId("failures").replaceChildren(table("failures", ["record", "candidate", "criterion", "why"], rows));
}

function showEnd(...parts) {
  byId("end").hidden = !parts.length;
  const text = parts.map((part) => part.textContent ?? part).join("");
  if (byId("end").textContent !== text) byId("end").replaceChildren(...parts);
}

const code = (id) => element("code", "", byId(id).content.textContent);

function show(look) {
  told("name", look.name || "A run");
  document.title = `${look.state === "running" && look.total ? `${Math.floor(100 * look.records / look.total)} % · ` : ""}${look.name || "A run"} · so far · evaldrop`;
  byId("simulated").hidden = !look.simulated;
  told("progress", progressOf(look));
  if (look.total) {
    byId("bar").max = look.total;
    byId("bar").value = look.records;
  }
  byId("trouble").hidden = !look.trouble;
  told("trouble", look.trouble ? `Not all of it can be read: ${look.trouble}` : "");
  showFacts(look);
  showEstimates(look);
  showPreferences(look);
  showFailures(look);
  fade();
  if (look.state === "ended") {
    const link = element("a", "", "Open the report");
    link.href = "/report.html";
    showEnd("The run has ended. ", link, ": ", code("report"));
  } else if (look.state === "stopped") {
    showEnd("Stopped: what was done is kept. Go on with ", code("resume"));
  } else {
    showEnd();
  }
}

for (const box of document.querySelectorAll(".scroll")) box.addEventListener("scroll", fade);
window.addEventListener("resize", fade);

const source = new EventSource("/live/events");
source.addEventListener("message", (event) => {
  const look = JSON.parse(event.data);
  // Else the browser asks again for what has come to its end.
  if (look.state === "ended") source.close();
  show(look);
});
source.addEventListener("error", () => {
  // It tries again by itself, and the next event takes this away.
  showEnd("No answer from evaldrop: it was stopped, or it has ended. If the run has not, go on with ", code("resume"));
});

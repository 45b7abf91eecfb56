// Two runs of the history, chosen and compared by what their entries hold.

// A candidate's layout, as evaldrop/report/history_rows.py writes it.
const MODEL = 0, PROMPT = 1, PROMPT_DIGEST = 2, SETTINGS = 3, MEANS = 4, LATENCY = 5, COST = 6;

// At most two runs; a third takes the place of the first.
class Choice {
  constructor(runs) {
    this.runs = [];
    const said = new URLSearchParams(location.hash.slice(1));
    for (const key of ["a", "b"]) {
      const run = runs.find((each) => each.folder === said.get(key));
      if (run && !this.runs.includes(run)) this.runs.push(run);
    }
    this.all = runs;
    if (this.runs.length === 2) this.compare(false);
    this.draw();
  }

  has(run) {
    return this.runs.includes(run);
  }

  set(run, isChosen) {
    this.runs = this.runs.filter((each) => each !== run);
    if (isChosen) this.runs.push(run);
    if (this.runs.length > 2) this.uncheck(this.runs.shift());
    this.draw();
  }

  uncheck(run) {
    for (const box of document.querySelectorAll("input[data-run]")) if (box.dataset.run === run.folder) box.checked = false;
  }

  clear() {
    this.runs.forEach((run) => this.uncheck(run));
    this.runs = [];
    byId("comparison").hidden = true;
    this.draw();
  }

  // The older one first.
  ordered() {
    return [...this.runs].sort((a, b) => (a.at < b.at ? -1 : 1));
  }

  // What runs are compared by is much, and unpacked once somebody wants to know.
  async compare(isAsked) {
    this.details ||= await unpack(byId("details").textContent);
    const [then, now] = this.ordered().map((run) => ({ ...run, ...this.details[this.all.indexOf(run)] }));
    if (now) showComparison(then, now, isAsked);
  }

  draw() {
    const bar = byId("chosen"), [then, now] = this.ordered();
    bar.hidden = !then;
    bar.replaceChildren();
    const state = new URLSearchParams(location.hash.slice(1));
    state.set("a", then ? then.folder : "");
    state.set("b", now ? now.folder : "");
    keepState(state);
    if (!then) return;
    const said = element("span", "", now ? `${then.id} and ${now.id}` : `${then.id}: choose another run to compare it with`);
    said.setAttribute("role", "status");
    const compare = button("primary", "compare", () => this.compare(true));
    compare.disabled = !now;
    bar.append(said, compare, button("", "clear", () => this.clear()));
  }
}

function showComparison(then, now, isAsked) {
  const section = byId("comparison");
  const title = element("h2", "", `${now.id} against ${then.id}`);
  title.id = "compared";
  section.replaceChildren(title);
  const obstacles = obstaclesOf(then, now);
  if (obstacles.length) {
    const note = element("div", "alarms");
    note.append(element("p", "", "A difference between these runs could come from the measure:"), listOf(obstacles));
    section.append(note);
  }
  section.append(element("p", "hint", "Means of each run by itself, with their intervals. Whether a difference is more than chance is decided record by record, and stands beside the responses."));
  section.append(...responsesOf(then, now));
  section.append(sidesOf(then, now));
  section.append(element("h3", "small", "What differs in what was run"));
  const changes = changesOf(then, now);
  section.append(changes.length ? listOf(changes) : element("p", "hint", "Candidates, their prompts and their settings are the same."));
  section.hidden = false;
  if (!isAsked) return;
  section.scrollIntoView();
  section.focus({ preventScroll: true });
}

function listOf(texts) {
  const list = element("ul", "plain");
  list.append(...texts.map((text) => element("li", "", text)));
  return list;
}

// Where records and responses are to be had: from the server of `evaldrop view`, else by a command.
function responsesOf(then, now) {
  if ("viewed" in document.documentElement.dataset) {
    const link = element("a", "", "Records and responses side by side");
    link.href = `compare?${new URLSearchParams({ a: now.folder, b: then.folder })}`;
    const line = element("p", "");
    line.append(link);
    return [line];
  }
  const command = `evaldrop diff ${quoted(placeOf(now))} ${quoted(placeOf(then))}`;
  const line = element("p", "command"), said = saying();
  line.append(element("code", "", command), " ", button("", "copy", () => copyText(command, said)), " ", said);
  return [element("p", "hint", "Records and responses side by side, on a terminal, or with --open as a page:"), line];
}

function placeOf(run) {
  if (location.protocol !== "file:") return run.folder;
  const here = decodeURIComponent(location.pathname).replace(/[^/]*$/, "");
  return here + run.folder;
}

// As a shell reads it.
function quoted(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function sidesOf(then, now) {
  const region = element("div", "scroll");
  region.tabIndex = 0;
  region.setAttribute("role", "region");
  region.setAttribute("aria-label", "Both runs");
  const table = element("table", "numbers");
  const head = element("tr");
  for (const name of ["Candidate", "criterion", "then", "now", "now − then"]) {
    const made = element("th", name === "criterion" ? "words" : "", name);
    made.scope = "col";
    head.append(made);
  }
  const top = element("thead"), body = element("tbody");
  top.append(head);
  for (const name of new Set([...Object.keys(now.candidates), ...Object.keys(then.candidates)])) body.append(...sidesOfCandidate(name, then, now));
  table.append(top, body);
  region.append(table);
  return region;
}

function sidesOfCandidate(name, then, now) {
  const [was, is] = [then, now].map((run) => run.candidates[name]);
  if (!was || !is) return [sideRow(name, `only in ${(was ? then : now).id}`, "", "", "")];
  const criteria = [...new Set([...Object.keys(is[MEANS]), ...Object.keys(was[MEANS])])];
  const rows = criteria.map((criterion) => {
    const [first, second] = [was[MEANS][criterion] || [null, null], is[MEANS][criterion] || [null, null]];
    const isSame = criterion === "overall" || then.questions[criterion] === now.questions[criterion];
    return sideRow(name, criterion, estimateOf(first), estimateOf(second), isSame ? change(first[0], second[0], 2) : "another question");
  });
  rows.push(sideRow(name, "latency p50, ms", fixed(was[LATENCY], 0), fixed(is[LATENCY], 0), change(was[LATENCY], is[LATENCY], 0)));
  rows.push(sideRow(name, "cost, USD", fixed(was[COST], 4), fixed(is[COST], 4), change(was[COST], is[COST], 4)));
  return rows;
}

function sideRow(name, criterion, ...cells) {
  const row = element("tr"), head = element("th", "", name);
  head.scope = "row";
  row.append(head, element("td", "words", criterion));
  for (const content of cells) {
    const made = element("td");
    made.append(content);
    row.append(made);
  }
  return row;
}

const fixed = (value, places) => (value === null || value === undefined ? "–" : value.toFixed(places).replace("-", "−"));

function estimateOf([mean, interval]) {
  const made = element("span", "", fixed(mean, 2));
  if (interval) made.append(element("small", "block", `${fixed(interval[0], 2)} to ${fixed(interval[1], 2)}`));
  return made;
}

function change(was, now, places) {
  if (typeof was !== "number" || typeof now !== "number") return "–";
  const text = fixed(now - was, places);
  // What rounds to nothing has no sign.
  if (!/[1-9]/.test(text)) return text.replace("−", "");
  return now > was ? `+${text}` : text;
}

// What makes two runs incomparable, as evaldrop/scorecard/baseline/comparability.py sees it; here by digests.
function obstaclesOf(then, now) {
  const found = [];
  if (then.evaluation !== now.evaluation) found.push(`the evaluation is ${now.evaluation}, was ${then.evaluation}`);
  if (then.simulated !== now.simulated) found.push(`${(now.simulated ? now : then).id} is SIMULATED, the other is not`);
  if (then.data !== now.data) found.push(`the dataset is another: ${now.dataset}, was ${then.dataset}`);
  found.push(...differing("judge", then.judges, now.judges, (was, is) => partsOf(was, is)));
  found.push(...differing("criterion", then.questions, now.questions, (was, is) => (was === is ? [] : ["another question or scale"])));
  return found;
}

function changesOf(then, now) {
  const found = differing("candidate", then.candidates, now.candidates, (was, is) => partsOf(was, is));
  if (then.workflow !== now.workflow) found.push("the workflow is another");
  return found;
}

function partsOf(was, is) {
  const found = [];
  if (was[MODEL] !== is[MODEL]) found.push(`model is ${is[MODEL]}, was ${was[MODEL]}`);
  if (was[PROMPT] !== is[PROMPT]) found.push(`prompt is ${is[PROMPT]}, was ${was[PROMPT]}`);
  else if (was[PROMPT_DIGEST] !== is[PROMPT_DIGEST]) found.push(`prompt ${is[PROMPT]} has another text${is[PROMPT].includes("+") && !is[PROMPT].startsWith("instructions+") ? ", found anew by its run" : ""}`);
  if (was[SETTINGS] !== is[SETTINGS]) found.push("other settings");
  return found;
}

function differing(kind, then, now, parts) {
  return [...new Set([...Object.keys(now), ...Object.keys(then)])].flatMap((name) => {
    if (!(name in then)) return [`${kind} ${name} is new`];
    if (!(name in now)) return [`${kind} ${name} is gone`];
    return parts(then[name], now[name]).map((said) => `${kind} ${name}: ${said}`);
  });
}

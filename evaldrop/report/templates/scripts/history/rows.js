// The runs of all evaluations: searched, filtered, sorted; the newest are shown, the others on demand.

const AT_FIRST = 20, MORE = 100;
const STANDINGS = ["regressed", "failed", "inconclusive", "passed", "no gate"];
const FILTERS = ["search", "evaluation", "label"];
const SORTED_BY = { at: (run) => run.at, standing: (run) => STANDINGS.indexOf(run.standings[0]), records: (run) => run.records, coverage: (run) => run.coverage, cost: (run) => run.cost };

const byId = (id) => document.getElementById(id);

// What a search looks through.
function wordsOfRun(run) {
  const said = [run.evaluation, run.id, run.when, run.dataset, ...run.labels, run.description, ...run.models, ...run.standings, ...run.regressed, run.simulated ? "simulated" : "", run.recommendation, run.summary];
  return said.join("\n").toLowerCase();
}

// The runs of one evaluation, as a table.
class RunTable {
  constructor(section, choose) {
    this.section = section;
    this.choose = choose;
    this.body = section.querySelector("tbody");
    this.rest = section.querySelector(".rest");
    this.sort = { key: "at", isDown: true };
    this.limit = AT_FIRST;
    this.heads = [...section.querySelectorAll("th[data-sort]")];
    for (const head of this.heads) {
      const name = head.textContent;
      head.replaceChildren(button("sorter", name, () => this.sortBy(head.dataset.sort)));
    }
    const choice = element("th", "choice", "");
    choice.scope = "col";
    choice.setAttribute("role", "columnheader");
    choice.append(element("span", "unseen", "compare"));
    section.querySelector("thead tr").prepend(choice);
  }

  sortBy(key) {
    this.sort = { key, isDown: this.sort.key === key ? !this.sort.isDown : true };
    this.draw();
  }

  show(runs, isNew) {
    if (isNew) this.limit = AT_FIRST;
    this.runs = runs;
    this.section.hidden = !runs.length;
    if (runs.length) this.draw();
  }

  draw() {
    const { key, isDown } = this.sort;
    for (const head of this.heads) head.setAttribute("aria-sort", head.dataset.sort !== key ? "none" : isDown ? "descending" : "ascending");
    const value = SORTED_BY[key], sign = isDown ? -1 : 1;
    // What is unknown comes last, whichever way; of equals the newest first, as they come.
    const sorted = key === "at" && isDown ? this.runs : [...this.runs].sort((a, b) => {
      const [one, other] = [value(a), value(b)];
      if (one === null || other === null) return (one === null) - (other === null);
      return one < other ? -sign : one > other ? sign : 0;
    });
    this.body.replaceChildren(...sorted.slice(0, this.limit).map((run) => rowOf(run, this.choose)));
    const hidden = sorted.length - this.limit;
    this.rest.replaceChildren();
    if (hidden <= 0) return;
    this.rest.append(button("more", `show ${count(Math.min(MORE, hidden))} more of ${count(hidden)}`, () => {
      const from = this.limit;
      this.limit += MORE;
      this.draw();
      this.body.children[from].querySelector("a").focus();
    }));
  }
}

function cell(kind, label, ...content) {
  const made = element(kind, "");
  made.setAttribute("role", kind === "th" ? "rowheader" : "cell");
  if (label) made.dataset.label = label;
  made.append(...content);
  return made;
}

// As the template's macro `run_row` has it.
function rowOf(run, choose) {
  const row = element("tr", run.fallen ? "fallen" : "");
  row.setAttribute("role", "row");
  const box = element("input");
  box.type = "checkbox";
  box.dataset.run = run.folder;
  box.checked = choose.has(run);
  box.setAttribute("aria-label", `compare ${run.id}`);
  box.addEventListener("change", () => choose.set(run, box.checked));
  const choice = cell("td", "", box);
  choice.className = "choice";
  const link = element("a", "", run.when);
  link.href = run.href;
  const name = cell("th", "", link, element("small", "", run.id));
  name.scope = "row";
  if (run.simulated) name.append(element("span", "badge simulated", "SIMULATED"));
  if (run.baseline) name.append(element("span", "pill none", "◆ baseline"));
  name.append(...run.labels.map((label) => element("span", "tag", label)));
  if (run.against) name.append(element("small", "", `against ${run.against}`));
  const gate = cell("td", "");
  run.pills.forEach(([kind, words]) => gate.append(element("span", `pill ${kind}`, words), " "));
  if (run.fell) gate.append(element("small", "block bad", run.fell));
  if (run.alarms) gate.append(element("small", "block lost", `▲ ${run.alarms} alarm${run.alarms === 1 ? "" : "s"}`));
  const said = cell("td", "");
  said.className = "words wide";
  if (run.recommendation) said.append(element("b", run.unanswered ? "bad" : "", run.recommendation), element("small", "block", run.summary));
  else said.append(run.summary);
  const numbers = ["records", "coverage", "cost"].map((key) => cell("td", key, run.said[key]));
  row.append(choice, name, gate, ...numbers, said);
  return row;
}

class History {
  // `names`: the evaluations, in the order of their sections. An attribute would not keep every name as it is.
  constructor(runs, names, choice) {
    this.runs = runs;
    this.tables = new Map();
    document.querySelectorAll("section.evaluation").forEach((section, place) => this.tables.set(names[place], new RunTable(section, choice)));
    const values = { evaluation: [...this.tables.keys()], label: [...new Set(runs.flatMap((run) => run.labels))].sort() };
    for (const [key, all] of Object.entries(values)) {
      byId(key).append(...all.map((value) => {
        const option = element("option", "", value);
        // Its text alone would lose double blanks.
        option.value = value;
        return option;
      }));
      byId(key).parentElement.hidden = all.length < (key === "label" ? 1 : 2);
      byId(key).addEventListener("change", () => this.show(true));
    }
    const said = new URLSearchParams(location.hash.slice(1));
    for (const key of FILTERS) {
      byId(key).value = said.get(key) || "";
      if (byId(key).selectedIndex < 0) byId(key).value = "";
    }
    this.standing = STANDINGS.includes(said.get("standing")) ? said.get("standing") : "";
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
    byId("search").addEventListener("input", () => this.show(true));
    byId("clear").addEventListener("click", () => {
      for (const key of FILTERS) byId(key).value = "";
      this.standing = "";
      this.show(true);
      byId("search").focus();
    });
    byId("filters").hidden = false;
    document.addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
      event.preventDefault();
      byId("search").focus();
    });
    this.show(true);
  }

  // `isNew`: what is asked for has changed, so that every table begins anew.
  show(isNew) {
    if (byId("search").value) this.words ||= this.runs.map(wordsOfRun);
    const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const [evaluation, label] = [byId("evaluation").value, byId("label").value];
    const near = this.runs.filter((run, place) =>
      (!evaluation || run.evaluation === evaluation) && (!label || run.labels.includes(label)) && words.every((word) => this.words[place].includes(word)));
    this.drawStandings(near);
    const shown = this.standing ? near.filter((run) => run.standings.includes(this.standing)) : near;
    const grouped = new Map([...this.tables.keys()].map((name) => [name, []]));
    for (const run of shown) grouped.get(run.evaluation).push(run);
    for (const [name, table] of this.tables) table.show(grouped.get(name), isNew);
    byId("found").textContent = shown.length === this.runs.length ? "" : `${count(shown.length)} of ${count(this.runs.length)} runs`;
    byId("clear").hidden = !this.standing && FILTERS.every((key) => !byId(key).value);
    const state = new URLSearchParams(location.hash.slice(1));
    for (const key of FILTERS) state.set(key, byId(key).value.trim());
    state.set("standing", this.standing);
    keepState(state);
  }

  // Each chip counts what it would show, given the other filters.
  drawStandings(near) {
    const isHere = byId("standings").contains(document.activeElement);
    const chips = ["", ...STANDINGS].map((standing) => {
      const n = standing ? near.filter((run) => run.standings.includes(standing)).length : near.length;
      const chip = button("chip", standing || "all", () => {
        this.standing = standing;
        this.show(true);
      });
      chip.append(element("span", "", count(n)));
      chip.setAttribute("aria-pressed", String(this.standing === standing));
      // Where there is none a chip says so, unless it is the one that is pressed.
      chip.disabled = !n && this.standing !== standing;
      return chip;
    });
    byId("standings").replaceChildren(...chips);
    if (isHere) byId("standings").querySelector("[aria-pressed=true]").focus();
  }
}

function keepState(state) {
  const kept = new URLSearchParams([...state].filter(([, value]) => value));
  history.replaceState(null, "", `#${kept}`);
}

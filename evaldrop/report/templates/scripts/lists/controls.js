// The filters' controls: what may be chosen, how many records each choice would show, and what is chosen, in words.

const KINDS = { disagree: "candidates differ", failed: "failed", unscored: "unscored", error: "error", flagged: "flagged", regressed: "regressed" };
// More values of a key than these are found by search.
const MOST_VALUES = 40, MOST_PAIRED = 4;
const VERDICTS_SAID = ["passed", "failed", UNSCORED, "not_applicable"];
const ANSWERS_OFFERED = ["given", "called", "missing", "empty", "thinking"];
const CHANGES_OFFERED = ["worse", "better", "same", "lost", "new_error", "mended"];

// What each choice offers: values and their labels. Another script may add its own.
const OFFERS = {
  category: ({ names }) => names.categories.map((value) => [value, value]),
  candidate: ({ names }) => names.candidates.map((value) => [value, value]),
  criterion: ({ names }) => [...names.criteria, ...(names.criteria.length > 1 && !names.criteria.includes(OVERALL) ? [OVERALL] : [])].map((value) => [value, value]),
  verdict: (records) => sortedAs(VERDICTS_SAID, records.valuesOf("verdict").filter((value) => value !== SCORED)).map((value) => [value, VERDICTS_SAID.includes(value) ? spoken(value) : `unscored: ${spoken(value)}`]),
  judge: ({ names }) => names.judges.map((value) => [value, value]),
  pair: ({ names }) => (names.candidates.length > MOST_PAIRED || !names.criteria.length ? [] : names.candidates.flatMap((a) => names.candidates.filter((b) => b !== a).map((b) => [listed([a, b, "first"]), `${a} better than ${b}`]))),
  preference: (records) => preferencesOffered(records).map((value) => [value, IN_WORDS.preference(value)]),
  change: (records) => sortedAs(CHANGES_OFFERED, records.valuesOf("change")).filter((value) => CHANGES_OFFERED.includes(value)).map((value) => [value, { new_error: "new error", mended: "error mended", lost: "score lost" }[value] || value]),
  error: (records) => records.valuesOf("error").map((value) => [value, value]),
  flag: (records) => records.valuesOf("flag").map((value) => [value, spoken(value)]),
  stop: (records) => records.valuesOf("stop").map((value) => [value, spoken(value)]),
  answer: (records) => sortedAs(ANSWERS_OFFERED, records.valuesOf("answer")).filter((value) => ANSWERS_OFFERED.includes(value)).map((value) => [value, ANSWER_KINDS[value]]),
  checked: (records) => ["apart", "check_failed", "judge_failed"].filter((value) => records.valuesOf("checked").includes(value)).map((value) => [value, CHECKS_AGAINST_JUDGES[value]]),
  guard: (records) => records.valuesOf("guard").filter((value) => unlisted(value)[0] !== "any" && unlisted(value)[1] !== "known").map((value) => [value, unlisted(value).join(" request, ")]),
  meta: (records) => metadataOffered(records.valuesOf("meta")),
};
const LABELS = { preference: "preferred", pair: "pair", change: "since the baseline", error: "error", flag: "flagged for", stop: "stopped by", answer: "response", checked: "check and judge", guard: "guardrail", meta: "metadata" };
// With one value they still choose something; the others do not.
const ONE_IS_ENOUGH = ["error", "flag", "answer", "change", "verdict", "checked", "guard"];

function sortedAs(order, values) {
  const place = (value) => (order.includes(value) ? order.indexOf(value) : order.length);
  return [...values].sort((a, b) => place(a) - place(b));
}

// What is the same from either side is offered once.
function preferencesOffered(records) {
  const place = (name) => records.names.candidates.indexOf(name);
  const offered = records.valuesOf("preference").filter((value) => {
    const [first, second, kind] = unlisted(value);
    return second && (kind === "won" || (["tied", "flipped"].includes(kind) && place(first) < place(second)));
  });
  return offered.length > MOST_VALUES ? [] : offered.sort();
}

function metadataOffered(values) {
  const byKey = Map.groupBy(values, (value) => unlisted(value)[0]);
  return [...byKey.values()].filter((same) => same.length > 1 && same.length <= MOST_VALUES).flat().map((value) => [value, unlisted(value).join(" = ")]);
}

class Controls {
  // onChange(): something else is chosen.
  constructor(records, selection, onChange) {
    const by = (id) => document.getElementById(id);
    [this.search, this.chips, this.active, this.fold, this.box, this.rest, this.more] = ["search", "marks", "active", "fold", "choices", "rest", "more"].map(by);
    [this.records, this.selection, this.onChange] = [records, selection, onChange];
    this.choices = new Map([...this.box.querySelectorAll("select")].map((choice) => [choice.id, choice]));
    this.marks = new Map();
    this.asking = 0;
  }

  // Once all records are there: only then it is known what there is to choose.
  fill() {
    for (const [name, offered] of Object.entries(OFFERS)) {
      const choice = this.choices.get(name) || this.addChoice(name);
      const values = offered(this.records);
      choice.replaceChildren(new Option("any", ""), ...values.map(([value, label]) => new Option(label, value)));
      for (const option of choice.options) option.dataset.label = option.label;
      choice.closest("label").hidden = values.length < (ONE_IS_ENOUGH.includes(name) ? 1 : 2);
    }
    for (const [kind, label] of Object.entries(KINDS)) {
      if (!this.records.all.some((row) => row[FLAGS] & FLAG[kind])) continue;
      const chip = button("chip", label, () => {
        this.selection.toggle(kind);
        this.onChange();
      });
      chip.dataset.kind = kind;
      chip.append(element("span"));
      this.marks.set(kind, chip);
    }
    this.chips.replaceChildren(...this.marks.values());
    const isWide = matchMedia("(min-width: 641px)").matches;
    [this.fold.open, this.rest.open] = [isWide, !isWide];
    this.rest.hidden = ![...this.more.children].some((label) => !label.hidden);
    this.listen();
  }

  addChoice(name) {
    const label = element("label", "", `${LABELS[name] || name} `);
    const choice = element("select");
    choice.id = name;
    label.append(choice);
    this.more.append(label);
    this.choices.set(name, choice);
    return choice;
  }

  listen() {
    this.search.addEventListener("input", () => this.choose("q", this.search.value.trim()));
    for (const [name, choice] of this.choices) choice.addEventListener("change", () => this.choose(name, choice.value));
    document.getElementById("clear").addEventListener("click", () => this.clear());
  }

  choose(name, value) {
    this.selection.choose(name, value);
    this.onChange();
  }

  clear() {
    this.selection.clear();
    this.onChange();
  }

  // Shows what is chosen. A value that no choice offers, as of a link, is one more.
  show() {
    if (this.search.value.trim() !== this.selection.q) this.search.value = this.selection.q;
    for (const [name, choice] of this.choices) {
      const value = this.selection[name];
      if (value && ![...choice.options].some((option) => option.value === value)) {
        const option = new Option(IN_WORDS[name] ? IN_WORDS[name](value, this.selection) : value, value);
        option.dataset.label = option.label;
        choice.append(option);
      }
      choice.value = value;
      const isUsed = value !== "" && name !== "sort";
      choice.classList.toggle("used", isUsed);
      if (isUsed && this.more.contains(choice)) this.rest.open = true;
    }
    for (const [kind, chip] of this.marks) chip.setAttribute("aria-pressed", this.selection.show.includes(kind));
    this.showActive();
  }

  showActive() {
    const used = usedInWords(this.selection);
    this.active.replaceChildren(...used.map(({ text, names }) => {
      const chip = button("chip used", text, () => {
        for (const name of names) this.selection.choose(name, "");
        this.onChange();
        (this.active.querySelector("button") || this.search).focus();
      });
      chip.append(element("span", "", "×"));
      chip.setAttribute("aria-label", `Do not ask for: ${text}`);
      return [chip];
    }).flat());
    const number = used.length + this.selection.show.length;
    this.fold.querySelector("summary").textContent = number ? `filters (${number})` : "filters";
  }

  // Says of every choice how many records it would show; the list is there before, and what is typed on goes first.
  async count(matching) {
    for (const [kind, chip] of this.marks) {
      const { show } = this.selection;
      const test = FILTERS.show(this.records, show.includes(kind) ? show : [...show, kind], this.selection);
      this.say(chip, matching.reduce((sum, row) => sum + test(row), 0));
    }
    const asking = ++this.asking;
    const started = performance.now();
    let paused = 0;
    const pause = async (ms = 0) => {
      const from = performance.now();
      await new Promise((go) => setTimeout(go, ms));
      paused += performance.now() - from;
      return asking === this.asking;
    };
    // Of somebody who types on the next letter goes first.
    if (!(await pause(120))) return;
    for (const [name, choice] of this.choices) {
      if (name === "sort" || choice.closest("label").hidden) continue;
      if (!(await pause())) return;
      const found = this.records.counts(this.selection, name, [...choice.options].map((option) => option.value), matching);
      for (const option of choice.options) {
        const n = found.get(option.value);
        option.label = `${option.dataset.label} (${count(n)})`;
        option.disabled = !n && !option.selected;
      }
    }
    document.documentElement.dataset.countedMs = (performance.now() - started - paused).toFixed(1);
    document.documentElement.dataset.counted = asking;
  }

  say(chip, n) {
    chip.querySelector("span").textContent = count(n);
    chip.classList.toggle("none", !n);
  }
}

// The filters in use as sentences, and the names that each of them clears; chips say of themselves what they are.
function usedInWords(selection) {
  const used = selection.used.filter((name) => name !== "show");
  const about = used.filter((name) => !SCOPE.includes(name));
  const scope = used.filter((name) => SCOPE.includes(name));
  const scoped = about.filter((name) => ![...OF_RECORDS, "pair", "preference"].includes(name));
  const found = about.map((name) => ({
    text: IN_WORDS[name] ? IN_WORDS[name](selection[name], selection) : `${name} ${selection[name]}`,
    names: scoped.length === 1 && scoped[0] === name ? [name, ...scope] : [name],
  }));
  if (scope.length && !scoped.length) {
    const { candidate, criterion, judge } = selection;
    const parts = [candidate, criterion && `asked of ${criterion}`, judge && `judged by ${judge}`].filter(Boolean);
    found.push({ text: parts.join(", "), names: scope });
  }
  return found;
}

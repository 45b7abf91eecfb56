// Two runs side by side: what is decided about their difference, and the responses of both.

const PAIRS_SHOWN = 20;
const DECISION_CLASSES = { improved: "good", regressed: "bad" };

VIEWS.compare = {
  title: "Two runs",
  async draw(box, { params }, signal) {
    const view = new CompareView(box, signal);
    await view.ask(params);
    return (now) => view.renew(now);
  },
};

class CompareView {
  constructor(box, signal) {
    this.box = box;
    this.signal = signal;
  }

  renew(params) {
    if (params.get("a") === this.a && params.get("b") === this.b) this.showPairs(params.get("only") || "");
    else this.ask(params).catch((error) => tellTrouble(error));
  }

  async ask(params) {
    [this.a, this.b] = [params.get("a"), params.get("b")];
    if (!this.a || !this.b) {
      this.box.replaceChildren(card("Which two?", element("p", "", "Choose two finished runs in the list of runs."), linkTo("#/runs", "Runs")));
      return;
    }
    const asked = [this.a, this.b];
    const runs = await Promise.all(asked.map((id) => ask("GET", `runs/${encodeURIComponent(id)}`, { signal: this.signal })));
    // The later one is the one that is held against the other, however they were chosen.
    const [now, then] = runs.sort((one, other) => (one.started_at < other.started_at ? 1 : -1));
    const found = await ask("GET", `compare?${new URLSearchParams({ a: now.run_id, b: then.run_id })}`, { signal: this.signal });
    if (asked[0] !== this.a || asked[1] !== this.b) return;
    this.rows = found.responses.map(pairRow);
    this.draw(found.comparison, now, then, found.records);
    this.showPairs(params.get("only") || "");
  }

  draw(comparison, now, then, records) {
    const head = element("div");
    head.append(foreign("p", "verdict", comparison.summary), facts([
      ["now", linkTo(runAddress(now.run_id), `${now.evaluation || "run"}, ${moment(now.started_at)}`)], ["then", linkTo(runAddress(then.run_id), `${then.evaluation || "run"}, ${moment(then.started_at)}`)],
      ["records in both", count(records.both)], ["only now", count(records.only_now)], ["only then", count(records.only_then)],
    ]));
    const parts = [head];
    if (comparison.obstacles.length) {
      const note = element("div", "alarms");
      note.append(element("p", "", "Nothing is decided about the difference, for it could come from the measure:"), listOfTexts(comparison.obstacles));
      parts.push(note);
    }
    const scores = card("Scores", element("p", "hint", "Then and now with their intervals, each run by itself; the difference is of the records that both have."));
    const rows = scoreRows(comparison, now, then);
    scores.append(rows.length ? table("Scores of both runs", [["candidate"], ["criterion", "words"], ["then"], ["now"], ["now − then"], ["decision", "words"]], rows, "numbers both") : element("p", "", "No candidate is in both runs."));
    scores.append(element("h3", "small", "What differs in what was run"), comparison.changes.length ? listOfTexts(comparison.changes) : element("p", "hint", "Candidates, their prompts and their settings are the same."));
    this.chips = element("div", "chips");
    this.chips.setAttribute("role", "group");
    this.chips.setAttribute("aria-label", "Show only");
    this.found = element("p", "status");
    this.found.setAttribute("role", "status");
    this.pairs = element("div");
    this.more = button("", "Show more", () => this.addPairs(true));
    const responses = card("Responses", element("p", "hint", `The ${count(this.rows.length)} that differ most, the worst first.`), this.chips, this.found, this.pairs, this.more);
    this.box.replaceChildren(...parts, scores, responses);
  }

  showPairs(only) {
    if (!this.chips) return;
    const wasHere = this.chips.contains(document.activeElement);
    const kind = KINDS.find(([name]) => name === only) || KINDS[0];
    this.chips.replaceChildren(...KINDS.map(([name, words, fits]) => {
      const chip = button("chip", words, () => go(addressOf("compare", { a: this.a, b: this.b, only: name })));
      chip.append(element("span", "", count(this.rows.filter(fits).length)));
      chip.setAttribute("aria-pressed", String(name === kind[0]));
      return chip;
    }));
    if (wasHere) this.chips.querySelector("[aria-pressed=true]").focus();
    this.shown = this.rows.filter(kind[2]);
    this.pairs.replaceChildren();
    this.addPairs(false);
  }

  addPairs(isAsked) {
    const from = this.pairs.childElementCount;
    const added = this.shown.slice(from, from + PAIRS_SHOWN).map((row) => pairOf(row));
    this.pairs.append(...added);
    this.found.textContent = `${count(from + added.length)} of ${plural(this.shown.length, "response")}`;
    this.more.hidden = from + added.length >= this.shown.length;
    if (isAsked && added.length) added[0].focus();
  }
}

function scoreRows(comparison, now, then) {
  return Object.entries(comparison.candidates).flatMap(([candidate, { criteria }]) => Object.entries(criteria).map(([criterion, found]) => {
    const [was, is] = [then, now].map((run) => meanOf(run.scorecard, candidate, criterion));
    const changed = element("span", "", signed(found.difference));
    const spread = between(found.family_interval || found.interval, 2);
    if (spread) changed.append(element("small", "block", spread));
    return [foreign("span", "", candidate), foreign("span", "", criterion), was, is, changed, element("span", DECISION_CLASSES[found.decision] || "muted", found.decision === "undecided" ? "not decided" : found.decision)];
  }));
}

function meanOf(scorecard, candidate, criterion) {
  const found = scorecard?.candidates[candidate];
  const given = criterion === "overall" ? found?.overall : found?.criteria[criterion];
  return given ? estimate(given.mean, given.interval) : UNKNOWN;
}

function signed(value) {
  const text = number(value, 2);
  if (!/[1-9]/.test(text)) return text.replace("−", "");
  return value > 0 ? `+${text}` : text;
}

// As pairs.js lays a row out.
function pairRow(found) {
  const side = ({ response, error }) => [response, error];
  const scores = found.scores.map((score) => [score.criterion, score.was, score.now, score.why_then, score.why_now, score.change]);
  const has = (change) => found.scores.some((score) => score.change === change);
  return [found.record_id, found.candidate, null, found.prompt || "", [], found.changed, has("worse"), has("better"), side(found.then), side(found.now), scores];
}

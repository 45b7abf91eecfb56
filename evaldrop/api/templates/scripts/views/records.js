// The records of a finished run: narrowed, a page at a time.

const RECORD_FILTERS = ["text", "show", "candidate", "criterion", "category", "group"];
const KINDS_SHOWN = [["", "all"], ["failed", "failed"], ["error", "without a response"], ["unscored", "unscored"], ["flagged", "flagged"], ["disagreement", "candidates differ"]];
const RECORDS_A_PAGE = 20;

VIEWS.records = {
  title: "Records",
  async draw(box, { params }, signal) {
    const view = new RecordsView(box, signal);
    await view.open(params);
    return (now) => view.renew(now);
  },
};

class RecordsView {
  constructor(box, signal) {
    this.box = box;
    this.signal = signal;
  }

  async open(params) {
    this.id = params.get("run") || "";
    const run = await ask("GET", `runs/${encodeURIComponent(this.id)}`, { signal: this.signal });
    this.criteria = run.scorecard?.criteria || {};
    this.form = this.formOf(Object.keys(run.scorecard?.candidates || {}), Object.keys(this.criteria));
    this.list = card("Records");
    const line = element("p", "verdict");
    line.append(linkTo(runAddress(this.id), run.evaluation || "run"), ` ${moment(run.started_at)}`);
    if (run.simulated) line.append(" ", element("span", "badge simulated", "SIMULATED"));
    this.box.replaceChildren(line, this.form, this.list);
    await this.show(params);
  }

  renew(params) {
    const asked = params.get("run") === this.id && this.form ? this.show(params) : this.open(params);
    asked.catch((error) => tellTrouble(error, this.form, Object.fromEntries(RECORD_FILTERS.map((name) => [name, name]))));
  }

  formOf(candidates, criteria) {
    const form = element("form", "card narrow"), fields = element("div", "filter-fields");
    form.setAttribute("role", "search");
    form.setAttribute("aria-label", "Records");
    form.noValidate = true;
    const any = (names) => [["", "any"], ...names.map((name) => [name, name])];
    fields.append(
      field("text", "Text in a prompt, a response, a rationale or an ID", input("search", { autocomplete: "off", maxLength: 1000 })),
      field("show", "Show", select(KINDS_SHOWN)), field("candidate", "Candidate", select(any(candidates))), field("criterion", "Criterion", select(any(criteria))),
      field("category", "Category", input("text", { autocomplete: "off" })), field("group", "Group", input("text", { autocomplete: "off" })),
    );
    const line = element("p", "go");
    line.append(element("button", "primary", "Show"), " ", button("", "Clear", () => go(addressOf("records", { run: this.id }))));
    form.append(fields, line);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      go(addressOf("records", { run: this.id, ...Object.fromEntries(RECORD_FILTERS.map((name) => [name, form.querySelector(`#${name}`).value])) }));
    });
    form.addEventListener("change", (event) => { if (event.target.tagName === "SELECT") form.requestSubmit(); });
    return form;
  }

  async show(params) {
    clearWrong(this.form);
    for (const name of RECORD_FILTERS) this.form.querySelector(`#${name}`).value = params.get(name) || "";
    const query = new URLSearchParams([...RECORD_FILTERS, "after"].flatMap((name) => (params.get(name) ? [[name, params.get(name)]] : [])));
    query.set("limit", RECORDS_A_PAGE);
    const asked = this.asked = String(query);
    const page = await ask("GET", `runs/${encodeURIComponent(this.id)}/records?${query}`, { signal: this.signal });
    // A later question may have been answered before.
    if (asked !== this.asked) return;
    this.draw(page, Object.fromEntries(params));
  }

  draw({ records, after, looked, of }, { after: from, ...here }) {
    const end = after === null ? "to the end of the run" : `${count(looked)} of ${count(of)} are looked through`;
    const found = element("p", "hint", `${records.length ? plural(records.length, "record") : "No record"}${from ? ` from ${count(Number(from) + 1)} on` : ""}; ${end}.`);
    const pages = element("p", "go");
    if (from) pages.append(linkTo(addressOf("records", here), "← the first"), " ");
    if (after !== null) pages.append(linkTo(addressOf("records", { ...here, after }), records.length < RECORDS_A_PAGE ? "look on →" : "more →"));
    this.list.replaceChildren(element("h2", "", "Records"), found, ...records.map((record) => this.article(record)), pages);
    say(found.textContent);
  }

  article(record) {
    const made = element("article", "pair"), head = element("h3");
    head.append(foreign("span", "", record.record_id), " ", element("small", "", `record ${count(record.ordinal + 1)}`));
    for (const tag of [record.category, record.group]) if (tag !== null) head.append(" ", foreign("span", "tag", tag));
    const answers = element("div", "answers");
    answers.append(...record.responses.map((row) => this.answer(row, record)));
    made.append(head, textOf("asked", record.prompt), answers);
    return made;
  }

  answer(row, record) {
    const made = element("div", "answer"), body = element("p", row.response === null ? "text bad" : "text", row.response === null ? row.error : row.response);
    body.dir = "auto";
    made.append(foreign("h4", "", row.candidate));
    const scores = element("ul", "moves");
    scores.append(...record.verdicts.filter(({ candidate }) => candidate === row.candidate).map((verdict) => this.verdict(verdict)));
    if (scores.childElementCount) made.append(scores);
    made.append(body);
    return fold(made, body);
  }

  verdict({ criterion, score, passed, unscored_reason: reason, rationale }) {
    const item = element("li"), head = element("span");
    const standing = passed === null ? "none" : passed ? "pass" : "fail";
    head.append(foreign("b", "", criterion), " ", element("span", `pill ${standing}`, score === null ? reason || "unscored" : String(Number(score.toFixed(2)))));
    if (!rationale) {
      item.append(head);
      return item;
    }
    const why = element("details"), summary = element("summary");
    summary.append(head);
    why.append(summary, foreign("p", "text", rationale));
    item.append(why);
    return item;
  }
}

// Runs, the newest first: narrowed, a page at a time, and two of them chosen to be compared.

const FILTER_NAMES = ["evaluation", "user", "customer", "state", "since", "until"];
const A_PAGE = 25;

VIEWS.runs = {
  title: "Runs",
  async draw(box, { params }, signal) {
    const view = new RunsView(box, signal);
    await view.show(params);
    return (now) => view.renew(now);
  },
};

class RunsView {
  constructor(box, signal) {
    this.signal = signal;
    this.form = element("form", "card narrow");
    this.form.setAttribute("role", "search");
    this.form.setAttribute("aria-label", "Runs");
    this.form.noValidate = true;
    const states = [["", "any"], ...Object.entries(STATES).map(([state, [word]]) => [state, word])];
    const fields = element("div", "filter-fields");
    fields.append(
      field("evaluation", "Evaluation", input("text", { autocomplete: "off" })), field("user", "User", input("text", { autocomplete: "off" })),
      field("customer", "Customer", input("text", { autocomplete: "off" })), field("state", "State", select(states)),
      field("since", "From", input("date")), field("until", "Until, excluded", input("date")),
    );
    const send = element("button", "primary", "Show"), line = element("p", "go");
    line.append(send, " ", button("", "Clear", () => go(addressOf("runs", this.chosen()))));
    this.form.append(fields, line);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const values = Object.fromEntries(FILTER_NAMES.map((name) => [name, this.form.querySelector(`#${name}`).value.trim()]));
      go(addressOf("runs", { ...values, ...this.chosen() }));
    });
    this.form.addEventListener("change", (event) => { if (event.target.tagName === "SELECT") this.form.requestSubmit(); });
    this.list = card("Runs");
    this.list.setAttribute("aria-live", "off");
    this.bar = element("div", "chosen");
    this.bar.setAttribute("role", "region");
    this.bar.setAttribute("aria-label", "Runs to compare");
    box.append(this.form, this.list, this.bar);
  }

  chosen() {
    return { a: this.params.get("a"), b: this.params.get("b") };
  }

  renew(params) {
    const before = this.asked;
    // Another choice of runs to compare asks for nothing.
    if (before === this.query(params)) {
      this.params = params;
      this.drawChosen();
      return;
    }
    this.show(params).catch((error) => tellTrouble(error, this.form, Object.fromEntries(FILTER_NAMES.map((name) => [name, name]))));
  }

  query(params) {
    return String(new URLSearchParams([...FILTER_NAMES, "after"].flatMap((name) => (params.get(name) ? [[name, params.get(name)]] : []))));
  }

  async show(params) {
    this.params = params;
    this.asked = this.query(params);
    clearWrong(this.form);
    for (const name of FILTER_NAMES) this.form.querySelector(`#${name}`).value = params.get(name) || "";
    const asked = this.asked;
    const query = new URLSearchParams(asked);
    query.set("limit", A_PAGE);
    let page;
    try {
      page = await ask("GET", `runs?${query}`, { signal: this.signal });
    } catch (error) {
      this.list.replaceChildren(element("h2", "", "Runs"));
      throw error;
    }
    // A later question may have been answered before.
    if (asked !== this.asked) return;
    this.draw(page);
  }

  draw({ runs, after }) {
    const found = element("p", "hint", runs.length ? `${plural(runs.length, "run")}${after || this.params.get("after") ? " on this page" : ""}, the newest first.` : "There are no such runs.");
    this.list.replaceChildren(element("h2", "", "Runs"), found);
    say(found.textContent);
    if (runs.length) this.list.append(table("Runs", [["run"], ["state", "words"], ["result", "words wide"], ["cost"], ["compare"]], runs.map((run) => this.row(run)), "numbers found"));
    const pages = element("p", "go");
    const here = Object.fromEntries([...this.params].filter(([name]) => name !== "after"));
    if (this.params.get("after")) pages.append(linkTo(addressOf("runs", here), "← the newest"), " ");
    if (after) pages.append(linkTo(addressOf("runs", { ...here, after }), "older runs →"));
    this.list.append(pages);
    this.drawChosen();
  }

  row(run) {
    const name = element("span"), by = run.user || run.key_id;
    name.append(linkTo(runAddress(run.run_id), run.evaluation || run.run_id), element("small", "", [moment(run.started_at), by, run.customer].filter(Boolean).join(" · ")));
    name.querySelector("a").dir = name.querySelector("small").dir = "auto";
    for (const label of run.labels) name.append(foreign("span", "tag", label));
    const state = [statePill(run.state), ...(run.simulated ? [" ", element("span", "badge simulated", "SIMULATED")] : [])];
    const result = [foreign("span", "clamped", run.ending?.recommendation || run.ending?.why || UNKNOWN), ...(run.choice ? [foreign("small", "block", `taken: ${run.choice.candidate}`)] : [])];
    const cost = run.ending && isKnown(run.ending.cost_usd) ? dollars(run.ending.cost_usd) : isKnown(run.estimate_usd) ? `≈ ${dollars(run.estimate_usd)}` : UNKNOWN;
    return [[name], state, result, cost, [run.state === "finished" ? this.tick(run) : UNKNOWN]];
  }

  tick(run) {
    const tick = input("checkbox", { checked: Object.values(this.chosen()).includes(run.run_id) });
    tick.dataset.run = run.run_id;
    tick.setAttribute("aria-label", `Compare ${run.evaluation || "run"} of ${moment(run.started_at)}`);
    tick.addEventListener("change", () => this.set(run.run_id, tick.checked));
    return tick;
  }

  // At most two: a third takes the place of the first. Not a step of the browser's history each.
  set(id, isChosen) {
    const kept = Object.values(this.chosen()).filter((each) => each && each !== id);
    const [a, b] = [...kept, ...(isChosen ? [id] : [])].slice(-2);
    const values = Object.fromEntries([...this.params].filter(([name]) => !["a", "b"].includes(name)));
    const address = addressOf("runs", { ...values, a, b });
    history.replaceState(null, "", address);
    this.params = parseAddress().params;
    this.drawChosen();
  }

  drawChosen() {
    const { a, b } = this.chosen();
    for (const tick of this.list.querySelectorAll("[data-run]")) tick.checked = [a, b].includes(tick.dataset.run);
    const chosen = [a, b].filter(Boolean);
    this.bar.hidden = !chosen.length;
    this.bar.replaceChildren();
    if (!chosen.length) return;
    const said = element("span", "", chosen.length === 2 ? "Two runs are chosen." : "One run is chosen: choose another to compare it with.");
    said.setAttribute("role", "status");
    const compare = button("primary", "Compare", () => go(addressOf("compare", { a, b })));
    compare.disabled = chosen.length < 2;
    this.bar.append(said, compare, button("", "Clear", () => chosen.forEach((id) => this.set(id, false))));
  }
}

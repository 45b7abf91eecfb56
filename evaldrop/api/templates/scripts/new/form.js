// A new run: what, by which models, on which criteria; its price; and only then its start.

const FIELD_OF = { article: "article", records: "file", dataset: "file", prompt: "prompt", models: "models", criteria: "criteria", evaluation: "evaluation", judge: "judge", name: "name", labels: "labels", limit: "limit", customer: "customer" };

// Whose models are offered again.
const RUNS_LOOKED_AT = 10;

VIEWS.new = {
  title: "New run",
  async draw(box, place, signal) {
    const asked = ["models", "evaluations", `runs?state=finished&limit=${RUNS_LOOKED_AT}`].map((path) => ask("GET", path, { signal }));
    const [{ models }, { evaluations, criteria }, { runs }] = await Promise.all(asked);
    box.append(new NewRun(new KnownModels(models, runs), evaluations, criteria, signal).element);
  },
};

class NewRun {
  constructor(models, evaluations, criteria, signal) {
    const draft = JSON.parse(sessionStorage.getItem(DRAFT)) || {};
    this.signal = signal;
    this.element = element("form", "new");
    this.element.noValidate = true;
    this.priced = element("div");
    const isNew = () => this.change();
    this.dataset = new Dataset(draft);
    this.models = new Models(models, draft.models || [], isNew);
    this.criteria = new Criteria(criteria, draft, isNew);
    this.how = this.howCard(evaluations, draft);
    this.send = element("button", "primary", "See the price");
    const line = element("p", "go");
    line.append(this.send, " ", element("span", "muted", "Nothing starts before you have seen it."));
    this.element.append(this.dataset.element, this.how, line);
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      busy(this.send, "Asking for the price …", () => this.plan());
    });
    for (const kind of ["input", "change"]) this.element.addEventListener(kind, isNew);
    const whole = element("div");
    whole.append(this.element, this.priced);
    this.form = this.element;
    this.element = whole;
  }

  howCard(evaluations, draft) {
    const made = card("How to evaluate it");
    this.own = element("div");
    this.own.append(this.models.element, this.criteria.element, this.judge = field("judge", "Judge", input("text", { value: draft.judge || "", autocomplete: "off", spellcheck: false }), { optional: true, hint: "The model that judges responses." }));
    this.judge.querySelector("input").setAttribute("list", "known-models");
    const named = [["", "models and criteria of my own"], ...evaluations.map((name) => [name, name])];
    this.evaluation = select(named, draft.evaluation);
    const chosen = field("evaluation", "Evaluation", this.evaluation);
    chosen.hidden = !evaluations.length;
    this.evaluation.addEventListener("change", () => { this.own.hidden = this.evaluation.value !== ""; });
    this.own.hidden = this.evaluation.value !== "";
    made.append(chosen, this.own, this.moreFields(draft));
    return made;
  }

  moreFields(draft) {
    const more = element("details");
    const text = (name) => input("text", { value: draft[name] || "", autocomplete: "off" });
    more.append(
      element("summary", "", "Name, labels, limit"),
      field("name", "Name of the evaluation", text("name"), { optional: true, hint: "Runs of one name are one history. Letters, digits, _ and -." }),
      field("labels", "Labels", text("labels"), { optional: true, hint: "What the run is to be found by, with commas between." }),
      field("limit", "Only the first records", input("number", { value: draft.limit || "", min: 1, step: 1, inputMode: "numeric" }), { optional: true }),
      field("customer", "Customer", text("customer"), { optional: true, hint: "On whose account it goes, where that is not the key's." }),
    );
    return more;
  }

  // What is priced is what starts: with any change the price is gone.
  change() {
    if (this.priced.childElementCount) {
      this.priced.replaceChildren();
      say("The price is gone with this change.");
    }
    this.keep();
  }

  value(name) {
    return this.form.querySelector(`#${name}`).value.trim();
  }

  keep() {
    const values = Object.fromEntries(["judge", "name", "labels", "limit", "customer", "evaluation"].map((name) => [name, this.value(name)]));
    const draft = { ...this.dataset.draft(), ...this.criteria.draft(), models: this.models.chosen, ...values };
    try {
      sessionStorage.setItem(DRAFT, JSON.stringify(draft));
    } catch {
      // Too long to be kept: it is here as long as the page is.
    }
  }

  faults() {
    return [...this.dataset.faults(), ...(this.evaluation.value ? [] : this.models.faults())];
  }

  async body() {
    const said = (name) => (this.value(name) ? { [name]: this.value(name) } : {});
    const own = { models: this.models.chosen, ...this.criteria.body(), ...said("judge") };
    const labels = this.value("labels").split(",").map((label) => label.trim()).filter(Boolean);
    return {
      ...(await this.dataset.body(this.signal)),
      ...(this.evaluation.value ? { evaluation: this.evaluation.value } : own),
      ...said("name"), ...said("customer"),
      ...(labels.length ? { labels } : {}),
      ...(this.value("limit") ? { limit: Number(this.value("limit")) } : {}),
    };
  }

  async plan() {
    trouble();
    this.priced.replaceChildren();
    const faults = this.faults();
    if (faults.length) {
      showWrong(this.form, faults);
      trouble(faults.length === 1 ? "One field is not right yet: it says why." : "Some fields are not right yet: each says why.");
      return;
    }
    clearWrong(this.form);
    try {
      const body = await this.body();
      const plan = await ask("POST", "plan", { body, signal: this.signal });
      this.show(plan, body);
    } catch (error) {
      tellTrouble(error, this.form, FIELD_OF);
    }
  }

  show(plan, body) {
    // However often the request is sent, such as after an answer that was lost, one run starts.
    const key = randomText();
    const made = planCard(plan, (event) => busy(event.target, "Starting …", () => this.start(body, key)));
    this.priced.replaceChildren(made);
    say(`It would likely cost ${dollars((plan.cost_usd || plan.known_cost_usd).likely)}.`);
    byId("priced").focus();
  }

  async start(body, key) {
    trouble();
    try {
      const run = await ask("POST", "runs", { body, headers: { "Idempotency-Key": key }, signal: this.signal });
      go(runAddress(run.run_id));
    } catch (error) {
      tellTrouble(error, this.form, FIELD_OF);
    }
  }
}

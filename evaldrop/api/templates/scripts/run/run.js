// A run: watched while it goes on, and read when it has ended.

VIEWS.run = {
  title: "Run",
  async draw(box, { id }, signal) {
    const run = await ask("GET", `runs/${encodeURIComponent(id)}`, { signal });
    const view = new RunView(box, id);
    view.show(run);
    if (!ENDED.includes(run.state)) watch(view, run, signal);
  },
};

async function watch(view, run, signal) {
  try {
    await follow(view.id, run, (now) => view.show(now), signal);
  } catch (error) {
    tellTrouble(error);
  }
}

class RunView {
  constructor(box, id) {
    this.id = id;
    this.head = element("div");
    this.body = element("div");
    this.state = null;
    box.append(this.head, this.body);
  }

  show(run) {
    const isNew = this.state !== run.state;
    if (isNew || !this.progress) this.showHead(run);
    if (ENDED.includes(run.state)) this.showEnd(run, isNew && this.state !== null);
    else this.showProgress(run);
    this.state = run.state;
  }

  showHead(run) {
    setTitle(run.evaluation || "Run", STATES[run.state]?.[0] || run.state);
    const line = element("p", "verdict");
    line.append(statePill(run.state));
    if (run.simulated) line.append(" ", element("span", "badge simulated", "SIMULATED"));
    for (const label of run.labels) line.append(" ", foreign("span", "tag", label));
    line.append(" ", element("code", "run-id", run.run_id));
    const by = run.user || run.key_id;
    this.head.replaceChildren(line, facts([
      ["started", moment(run.started_at)], ...(by ? [["by", foreign("span", "", by)]] : []),
      ...(run.customer ? [["customer", foreign("span", "", run.customer)]] : []),
      ["dataset", foreign("span", "", run.dataset.split("/").pop())],
      ...(run.ending ? [["cost", dollars(run.ending.cost_usd)], ["ended", moment(run.ending.ended_at)], ...(isKnown(run.ending.records) ? [["records", count(run.ending.records)]] : [])] : []),
    ]));
  }

  showProgress(run) {
    if (!this.progress) {
      this.progress = new ProgressCard(this.id);
      this.body.replaceChildren(this.progress.element);
    }
    this.progress.look(run);
  }

  showEnd(run, isTold) {
    const parts = [];
    if (run.state === "finished") parts.push(resultCard(run), choiceCard(run, (now) => this.show(now)));
    else if (run.state === "failed") parts.push(card("Why it failed", foreign("p", "text", run.ending?.why || "No reason is known.")));
    else parts.push(card("Stopped", element("p", "", "It was stopped, and has no result.")));
    const focused = this.body.contains(document.activeElement);
    this.body.replaceChildren(...parts);
    if (focused) byId("title").focus();
    if (isTold) say(run.state === "finished" ? `The run has finished. ${run.ending.recommendation || ""}` : `The run has ${run.state === "failed" ? "failed" : "been stopped"}.`);
  }
}

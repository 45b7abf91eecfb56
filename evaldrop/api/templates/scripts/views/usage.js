// What was used in a month, by whom, and what is left.

const BY = [["customer", "customer"], ["user", "user"], ["key", "API key"]];

VIEWS.usage = {
  title: "Usage",
  async draw(box, { params }, signal) {
    const view = new UsageView(box, signal);
    await view.show(params);
    return (now) => view.show(now).catch((error) => tellTrouble(error, view.form, { month: "month", by: "by" }));
  },
};

class UsageView {
  constructor(box, signal) {
    this.signal = signal;
    this.form = element("form", "card narrow");
    this.form.noValidate = true;
    const fields = element("div", "filter-fields");
    fields.append(field("month", "Month", input("month", { placeholder: "2026-11" })), field("by", "By", select(BY)));
    const line = element("p", "go");
    line.append(element("button", "primary", "Show"));
    this.form.append(fields, line);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const [month, by] = ["month", "by"].map((name) => this.form.querySelector(`#${name}`).value);
      go(addressOf("usage", { month, by }));
    });
    this.form.addEventListener("change", () => this.form.requestSubmit());
    this.result = element("div");
    box.append(this.form, this.result);
  }

  async show(params) {
    clearWrong(this.form);
    const query = new URLSearchParams(["month", "by"].flatMap((name) => (params.get(name) ? [[name, params.get(name)]] : [])));
    const found = await ask("GET", `usage?${query}`, { signal: this.signal });
    this.form.querySelector("#month").value = found.month;
    this.form.querySelector("#by").value = found.by;
    this.result.replaceChildren(ownCard(found), rowsCard(found));
    say(`Usage of ${found.month}.`);
  }
}

function ownCard({ own, month }) {
  const { limits } = own, made = card("Yours");
  if (!own.month) {
    made.append(element("p", "hint", "Nothing is counted against you by yourself; what your runs used is below."));
    return made;
  }
  const used = (usage) => usage.usd + usage.reserved_usd;
  const row = (name, is, limit, words) => [name, words(is), isKnown(limit) ? words(limit) : "no limit", isKnown(limit) ? words(Math.max(0, limit - is)) : UNKNOWN];
  made.append(table("Yours", [["what"], ["used"], ["limit"], ["left"]], [
    row(`runs in ${month}`, own.month.runs, limits.runs_per_month, count),
    row(`dollars in ${month}`, used(own.month), limits.usd_per_month, dollars),
    row("dollars today", used(own.today), limits.usd_per_day, dollars),
  ]));
  const requests = isKnown(limits.requests_per_day) ? `, ${count(limits.requests_per_day)} a day` : "";
  made.append(element("p", "hint", `Dollars are those of runs that have ended and estimates of runs that go on. Requests: ${number(limits.requests_per_second, 0)} a second${requests}.`));
  return made;
}

function rowsCard({ rows, month, by }) {
  const words = BY.find(([name]) => name === by)[1], made = card(`By ${words}, ${month}`);
  if (!rows.length) {
    made.append(element("p", "hint", "Nothing was used."));
    return made;
  }
  made.append(table(`By ${words}`, [[words], ["runs"], ["records"], ["tokens in"], ["tokens out"], ["cost"], ["estimated"], ["reserved"]], rows.map((row) => [
    foreign("span", "", row.name || "(nobody named)"), count(row.runs), count(row.records), count(row.input_tokens), count(row.output_tokens), dollars(row.usd), ...[row.estimated_usd, row.reserved_usd].map((usd) => (usd ? dollars(usd) : UNKNOWN)),
  ])));
  if (rows.some((row) => row.estimated_usd)) made.append(element("p", "hint", "Estimated is as much of the cost as nobody knows: of runs that failed or were stopped, for records without a result."));
  return made;
}

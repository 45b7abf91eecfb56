// What a column of the bench holds: a candidate's response, the baseline's to the same record, or the reference.

class AnswerView {
  // show: {text(text, how)}, which makes the element of a text. onCompare(candidate): then and now are wanted.
  constructor(records, { show, grid, onCompare }) {
    this.records = records;
    this.names = records.names;
    this.show = show;
    this.grid = grid;
    this.onCompare = onCompare;
  }

  // marked: the text already marked by what differs, or nothing. isAlone: whether its baseline is no column too.
  now(row, candidate, { marked, isWhole, isAlone }) {
    const answer = row[ANSWERS][candidate];
    const parts = [marked || this.response(answer[TEXT], answer[ERROR], { isWhole })];
    if (answer[THOUGHT]) parts.push(this.thinking(row, candidate));
    if (answer[SIGNS]) parts.push(element("p", "lost", `flagged: ${answer[SIGNS].split(",").join(", ")}`));
    const measured = this.measures(answer);
    if (measured) parts.push(element("p", "meta", measured));
    if (answer[DROPS].length) parts.push(...this.fallen(answer, candidate, isAlone));
    return [...parts, this.grid.draw(answer)];
  }

  // What the baseline's candidate answered, where the page carries it.
  then(row, candidate, { marked, isWhole }) {
    const answer = row[ANSWERS][candidate];
    const [text, error, scores] = answer[BEFORE] || [null, null, []];
    const parts = [this.isLost(answer) ? this.notCarried(answer) : marked || this.response(text, error, { isWhole })];
    if (scores.length) parts.push(this.scoresThen(answer, scores));
    return parts;
  }

  reference(row, { marked, isWhole }) {
    const text = referenceText(row);
    return [marked || (text ? this.show.text(text, { isWhole }) : element("p", "text muted", "This record has no reference."))];
  }

  response(text, error, { isWhole }) {
    if (text !== null) return this.show.text(text, { isWhole });
    const box = this.show.text(error || "no response", { isWhole: true, view: "raw" });
    box.classList.add("wrong");
    return box;
  }

  isLost(answer) {
    const [text, error] = answer[BEFORE] || [null, null];
    return text === null && error === null;
  }

  notCarried(answer) {
    const run = this.names.baseline || "the baseline";
    if (!answer[DROPS].length) return element("p", "hint", `No score fell here, and the page carries the baseline's response only where one did. ${run} has its own report.`);
    return element("p", "hint", `What was answered then cannot be told: the responses of ${run} could not be read when this page was made.`);
  }

  scoresThen(answer, scores) {
    const table = element("table", "judged");
    const head = element("tr");
    for (const word of ["criterion", "then", "now"]) {
      const cell = element("th", "", word);
      cell.scope = "col";
      head.append(cell);
    }
    const top = element("thead");
    top.append(head);
    const body = element("tbody");
    body.append(...scores.map((score) => this.rowThen(answer, score)));
    table.append(top, body);
    return table;
  }

  rowThen(answer, [criterion, was]) {
    const row = element("tr");
    const head = element("th", "", this.names.criteria[criterion]);
    head.scope = "row";
    const fell = answer[DROPS].some((drop) => drop[CRITERION] === criterion);
    const { score } = resultOn(answer, criterion) || { score: null };
    const now = score === null ? "unscored" : scoreInWords(this.names, criterion, score);
    row.append(head, element("td", "", scoreInWords(this.names, criterion, was)), element("td", fell ? "bad" : "", now));
    return row;
  }

  fallen(answer, candidate, isAlone) {
    const said = element("p", "fell", `worse than the baseline: ${answer[DROPS].map((drop) => this.dropInWords(drop)).join(", ")}`);
    if (!isAlone) return [said];
    if (this.isLost(answer)) return [said, this.notCarried(answer)];
    const box = element("div", "before");
    const head = element("div", "beforehead");
    head.append(element("span", "label", `what it answered in ${this.names.baseline}`), button("beside", "then and now", () => this.onCompare(candidate)));
    box.append(head, this.response(answer[BEFORE][0], answer[BEFORE][1], {}));
    return [said, box];
  }

  dropInWords(drop) {
    const [was, now] = [drop[WAS], drop[NOW]].map((score) => scoreInWords(this.names, drop[CRITERION], score));
    return `${this.names.criteria[drop[CRITERION]]} ${was} → ${now}`;
  }

  // Folded, and unpacked only when somebody looks: it is no part of the response, and often longer.
  thinking(row, candidate) {
    const box = element("details", "thinking");
    box.append(element("summary", "", `Thinking, ${count(row[ANSWERS][candidate][THOUGHT])} characters`));
    box.addEventListener("toggle", async () => {
      if (!box.open || box.dataset.filled) return;
      box.dataset.filled = "yes";
      const details = await this.records.detailsOf(row);
      box.append(details ? scrolling(element("pre"), "Thinking", details.thought(candidate)) : element("p", "hint", "The page does not carry it; responses.parquet does."));
    });
    return box;
  }

  measures(answer) {
    const parts = [];
    if (answer[REUSED]) parts.push("given, not called");
    if (answer[INPUT] !== null) parts.push(`${count(answer[INPUT])} + ${count(answer[OUTPUT] || 0)} tokens`);
    if (answer[MS] !== null) parts.push(`${count(Math.round(answer[MS]))} ms`);
    if (answer[USD] !== null && !answer[REUSED]) parts.push(`$${answer[USD] ? Number(answer[USD].toPrecision(2)) : 0}`);
    if (answer[STOP]) parts.push(`stopped: ${answer[STOP].replaceAll("_", " ")}`);
    if (answer[RETRIES]) parts.push(answer[RETRIES] === 1 ? "1 retry" : `${count(answer[RETRIES])} retries`);
    answer[METRICS].forEach((value, place) => {
      if (value !== null) parts.push(`${this.names.metrics[place]} ${Number(value.toFixed(value < 10 ? 2 : 0))}`);
    });
    return parts.join(" · ");
  }
}

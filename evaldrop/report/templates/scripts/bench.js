// The open record: what it asks, what every candidate answered, and what judges said of that.

class Bench {
  // onMove(step): another record is wanted. onChoose(): what is shown of this one has changed.
  constructor(pane, records, selection, { onMove, onChoose }) {
    this.pane = pane;
    this.records = records;
    this.names = records.names;
    this.selection = selection;
    this.onMove = onMove;
    this.onChoose = onChoose;
    this.open = null;
  }

  // Shows a record, the n-th (`at`) of so many, or says that there is none.
  draw(row, at, of) {
    [this.open, this.at, this.of] = [row, at, of];
    this.redraw();
  }

  redraw() {
    if (!this.open) {
      this.pane.replaceChildren(element("p", "muted", this.records.all.length ? "No record matches." : "The page carries no record."));
      return;
    }
    const head = element("h3", "", this.open[ID]);
    if (this.open[CATEGORY]) head.append(element("span", "tag", this.open[CATEGORY]));
    for (const [kind, label] of Object.entries(KINDS)) if (this.open[FLAGS] & FLAG[kind]) head.append(element("span", "tag", label));
    const answers = element("div", "answers");
    const compared = this.comparedTexts();
    this.open[ANSWERS].forEach((answer, place) => answers.append(this.drawAnswer(answer, place, compared.get(place))));
    this.pane.replaceChildren(this.tools(), head, ...this.sources(), answers, this.sentAndReceived());
    this.pane.scrollTop = 0;
  }

  tools() {
    const bar = element("div", "tools");
    const previous = button("", "← previous", () => this.onMove(-1));
    const next = button("", "next →", () => this.onMove(1));
    previous.disabled = this.at === 0;
    next.disabled = this.at === this.of - 1;
    bar.append(previous, next, element("span", "muted", `${count(this.at + 1)} of ${count(this.of)}`), element("span", "gap"));
    if (this.names.candidates.length > 1) bar.append(this.differenceChoice());
    const said = saying();
    bar.append(
      button("copy", "copy JSON", () => copyText(JSON.stringify(this.records.plain(this.open), null, 2), said)),
      button("copy", "copy link", () => copyText(location.href.split("#")[0] + this.selection.fragment(this.open[ID]), said)),
      said,
    );
    return bar;
  }

  pairs() {
    return this.names.candidates.flatMap((_, a) => this.names.candidates.map((__, b) => [a, b]).filter(([, b]) => a < b));
  }

  differenceChoice() {
    const label = element("label", "", "differences ");
    const choice = element("select");
    choice.id = "diff";
    choice.append(new Option("off", ""));
    for (const [a, b] of this.pairs()) choice.append(new Option(`${this.names.candidates[a]} → ${this.names.candidates[b]}`, `${a}-${b}`));
    choice.value = this.selection.diff;
    choice.addEventListener("change", () => {
      this.show(choice.value);
      document.getElementById("diff").focus();
    });
    label.append(choice);
    return label;
  }

  // Marks the difference of a pair of columns, as "0-2"; of none with "".
  show(pair) {
    this.selection.diff = pair;
    this.redraw();
    this.onChoose();
  }

  nextDifference() {
    const values = ["", ...this.pairs().map(([a, b]) => `${a}-${b}`)];
    this.show(values[(values.indexOf(this.selection.diff) + 1) % values.length]);
  }

  comparedTexts() {
    const [a, b] = this.selection.diff.split("-").map(Number);
    const texts = [a, b].map((place) => this.open[ANSWERS][place] && this.open[ANSWERS][place][TEXT]);
    if (!this.selection.diff || texts.some((text) => typeof text !== "string")) return new Map();
    const [first, second] = differences(...texts);
    return new Map([[a, first], [b, second]]);
  }

  sources() {
    const parts = [["system", this.open[SYSTEM]], ["context", this.open[CONTEXT]], ["prompt", this.open[PROMPT]], ["reference", this.open[REFERENCE].join("\nor: ")]];
    return parts.filter(([, text]) => text).map(([label, text]) => {
      const box = element("div", "prompt");
      box.append(element("span", "label", label), this.textOf(text));
      return box;
    });
  }

  textOf(text, className = "text") {
    const box = element("p", className);
    this.highlight(box, text);
    box.tabIndex = -1;
    return box;
  }

  // Shows a text with the searched words marked.
  highlight(box, text) {
    const lower = text.toLowerCase();
    const terms = lower.length === text.length ? termsOf(this.selection.q) : [];
    let place = 0;
    while (terms.length && place < text.length) {
      const hits = terms.map((term) => [lower.indexOf(term, place), term.length]).filter(([start]) => start >= 0);
      if (!hits.length) break;
      const [start, length] = hits.reduce((a, b) => (b[0] < a[0] ? b : a));
      box.append(text.slice(place, start), element("mark", "", text.slice(start, start + length)));
      place = start + length;
    }
    box.append(text.slice(place));
  }

  drawAnswer(answer, place, marked) {
    const box = element("section", "answer");
    const head = element("h4", "", this.names.candidates[place]);
    box.append(head);
    if (answer[TEXT] === null) box.append(this.textOf(answer[ERROR] || "no response", "text wrong"));
    else if (marked) {
      const text = element("p", "text");
      for (const [kind, words] of marked) text.append(kind === "same" ? words : element(kind === "gone" ? "del" : "ins", "", words));
      box.append(text);
    } else box.append(answer[TEXT] === "" ? element("p", "text muted", "(empty response)") : this.textOf(answer[TEXT]));
    if (answer[THOUGHT]) box.append(this.thinking(answer, place));
    if (answer[SIGNS]) box.append(element("p", "lost", `flagged: ${answer[SIGNS].split(",").join(", ")}`));
    box.append(element("p", "meta", this.measures(answer)));
    if (answer[DROPS].length) box.append(element("p", "fell", `worse than the baseline: ${answer[DROPS].map((drop) => this.dropInWords(drop)).join(", ")}`));
    for (const verdict of answer[VERDICTS]) box.append(this.drawVerdict(verdict));
    return box;
  }

  // Folded, and unpacked only when somebody looks: it is no part of the response, and often longer.
  thinking(answer, place) {
    const row = this.open;
    const box = element("details", "thinking");
    box.append(element("summary", "", `Thinking, ${count(answer[THOUGHT])} characters`));
    box.addEventListener("toggle", async () => {
      if (!box.open || box.dataset.filled) return;
      box.dataset.filled = "yes";
      const details = await this.records.detailsOf(row);
      box.append(details ? scrolled("Thinking", details.thought(place)) : element("p", "hint", "The page does not carry it; responses.parquet does."));
    });
    return box;
  }

  dropInWords(drop) {
    const shown = (score) => (this.names.scales[drop[CRITERION]][2] === "binary" && score % 1 === 0 ? (score ? "yes" : "no") : Number(score.toFixed(2)));
    return `${this.names.criteria[drop[CRITERION]]} ${shown(drop[WAS])} → ${shown(drop[NOW])}`;
  }

  measures(answer) {
    const parts = [];
    if (answer[REUSED]) parts.push("given, not called");
    if (answer[INPUT] !== null) parts.push(`${count(answer[INPUT])} + ${count(answer[OUTPUT] || 0)} tokens`);
    if (answer[MS] !== null) parts.push(`${count(Math.round(answer[MS]))} ms`);
    if (answer[USD] !== null && !answer[REUSED]) parts.push(`$${answer[USD] ? Number(answer[USD].toPrecision(2)) : 0}`);
    if (answer[STOP] && answer[STOP] !== "end_turn") parts.push(answer[STOP].replaceAll("_", " "));
    answer[METRICS].forEach((value, place) => {
      if (value !== null) parts.push(`${this.names.metrics[place]} ${Number(value.toFixed(value < 10 ? 2 : 0))}`);
    });
    return parts.join(" · ");
  }

  drawVerdict(verdict) {
    const box = element("div", "scored");
    const head = element("div");
    const who = [this.names.judges.length > 1 ? this.names.judges[verdict[JUDGE]] : "", verdict[REPEAT] ? `repeat ${verdict[REPEAT] + 1}` : ""].filter(Boolean).join(", ");
    head.append(element("span", "", `${this.names.criteria[verdict[CRITERION]]}${who ? ` (${who})` : ""} `));
    if (verdict[SCORE] === null) head.append(element("b", "lost", `unscored: ${verdict[REASON].replaceAll("_", " ")}`));
    else {
      const [, high, kind] = this.names.scales[verdict[CRITERION]];
      const shown = kind === "binary" ? (verdict[SCORE] ? "yes" : "no") : `${Number(verdict[SCORE].toFixed(2))} of ${high}`;
      head.append(element("b", verdict[PASSED] ? "good" : "bad", `${shown} ${verdict[PASSED] ? "✓ passed" : "✗ failed"}`));
    }
    box.append(head);
    if (verdict[RATIONALE]) box.append(this.textOf(verdict[RATIONALE]));
    return box;
  }

  sentAndReceived() {
    const row = this.open;
    const box = element("details", "sent");
    box.append(element("summary", "", "As sent, and the judges' raw replies"));
    box.addEventListener("toggle", async () => {
      if (!box.open || box.dataset.filled) return;
      box.dataset.filled = "yes";
      const details = await this.records.detailsOf(row);
      if (!details) {
        box.append(element("p", "hint", "The page does not carry them for this record; records.jsonl and verdicts.parquet do."));
        return;
      }
      row[ANSWERS].forEach((_, candidate) => box.append(...this.detailParts(details, candidate)));
    });
    return box;
  }

  detailParts(details, candidate) {
    const pre = (label, text) => [element("span", "label", label), scrolled(label, text)];
    const json = (value) => JSON.stringify(value, null, 2);
    const request = details.request(candidate);
    return [
      element("h4", "", this.names.candidates[candidate]),
      ...pre("sent to the candidate", request === null ? "nothing: its response was given" : json(request)),
      ...details.judged(candidate).flatMap(({ judge, repeat, text }) => pre(`sent to ${judge}${repeat ? `, repeat ${repeat + 1}` : ""}`, text)),
      ...details.replies(candidate).flatMap((reply) => pre("raw reply", json(reply))),
    ];
  }
}

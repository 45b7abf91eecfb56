// The open record: what it asks, what every candidate answered, and what judges said of that.

const LINE_PX = 23;

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
    this.saysWhy = false;
    this.columns = new Columns(this.names, selection);
    const judged = { texts: (text) => this.shown(text, { isWhole: true }), isOpen: (text) => this.saysWhy || this.isSought(text) };
    this.grid = new VerdictGrid(this.names, { ...judged, isOpen: (verdict) => judged.isOpen(verdict[RATIONALE] || "") });
    this.preferences = new PreferenceTable(this.names, judged);
    this.answers = new AnswerView(records, {
      show: { text: (text, how) => this.shown(text, how) },
      grid: this.grid,
      onCompare: (candidate) => this.compare([THEN + candidate, String(candidate)]),
    });
    const response = (answer) => this.answers.response(answer[TEXT], answer[ERROR], { isWhole: true });
    this.voting = new Voting(this.names, this.columns, { show: { response }, onChange: () => this.redraw() });
  }

  // Shows a record, the n-th (`at`) of so many, or says that there is none.
  draw(row, at, of) {
    [this.open, this.at, this.of] = [row, at, of];
    this.redraw();
    this.pane.scrollTop = 0;
  }

  redraw() {
    if (!this.open) {
      this.pane.replaceChildren(element("p", "muted", this.records.all.length ? "No record matches." : "The page carries no record."));
      return;
    }
    const held = this.focusHeld();
    if (this.voting.isOn) this.drawBlind();
    else this.drawOpenly();
    if (held) this.pane.querySelector(held)?.focus({ preventScroll: true });
  }

  // Nothing that tells whose the responses are, or what was said of them.
  drawBlind() {
    const parts = this.voting.draw(this.open);
    this.pane.replaceChildren(this.tools(), this.head(), this.sources(), this.strip(), ...parts);
    this.columns.keepInStep([...parts[1].children]);
  }

  drawOpenly() {
    const pinned = this.columns.pins.length > 0;
    const answers = element("div", pinned ? "answers pinned" : "answers");
    answers.style.setProperty("--columns", this.columns.shown.length);
    answers.append(...this.drawColumns(pinned));
    const preferences = this.preferences.draw(this.open, pinned ? this.columns.shownCandidates : []);
    this.pane.replaceChildren(this.tools(), this.head(), ...metadataTags(this.open), this.sources(), this.strip(), ...this.voting.kept(), answers, ...preferences, this.sentAndReceived());
    if (pinned) this.columns.keepInStep([...answers.children]);
  }

  // What has the focus is made anew with the rest; returns where to find it again.
  focusHeld() {
    const held = document.activeElement && this.pane.contains(document.activeElement) ? document.activeElement : null;
    const act = held && held.closest("[data-act]");
    if (act) return `[data-act="${act.dataset.act}"]`;
    const column = held && held.closest("[data-column]");
    return column && `[data-column="${column.dataset.column}"]`;
  }

  // Takes from the address what this page has. Of earlier pages: a pair to compare, as "0-2".
  adopt() {
    if (/^\d+-\d+$/.test(this.selection.diff)) this.selection.pins ||= this.names.candidates.length > 2 ? this.selection.diff : "";
    this.columns.adopt();
    if (!this.columns.pair) this.selection.diff = "";
    else if (this.selection.diff) this.selection.diff = "on";
  }

  head() {
    const head = element("h3", "", this.open[ID]);
    if (this.open[CATEGORY]) head.append(element("span", "tag", this.open[CATEGORY]));
    for (const [kind, label] of Object.entries(this.voting.isOn ? {} : KINDS)) if (this.open[FLAGS] & FLAG[kind]) head.append(element("span", "tag", label));
    return head;
  }

  tools() {
    const bar = element("div", "tools");
    const previous = button("", "← previous", () => this.onMove(-1));
    const next = button("", "next →", () => this.onMove(1));
    previous.disabled = this.at === 0;
    next.disabled = this.at === this.of - 1;
    bar.append(previous, next, element("span", "muted", `${count(this.at + 1)} of ${count(this.of)}`), element("span", "gap"));
    const said = saying();
    if (!this.voting.isOn) bar.append(
      button("copy", "copy JSON", () => copyText(JSON.stringify(this.records.plain(this.open), null, 2), said)),
      button("copy", "copy link", () => copyText(location.href.split("#")[0] + this.selection.fragment(this.open[ID]), said)),
      said,
    );
    return bar;
  }

  sources() {
    const box = element("div", "sources");
    const parts = [["prompt", this.open[PROMPT]], ["reference", referenceText(this.open)], ["system", this.open[SYSTEM]], ["context", this.open[CONTEXT]]];
    for (const [label, text] of parts) {
      if (!text) continue;
      const part = element("div", "prompt");
      part.append(element("span", "label", label), this.shown(text, { lines: label === "prompt" ? 8 : 4 }));
      box.append(part);
    }
    return box;
  }

  // The strip: what can be pinned, and how the columns are shown

  strip() {
    const strip = element("div", "strip");
    const { candidates, pins } = this.columns;
    // Only what the page carries for this record; a pinned one stays, and says that it is not there.
    const earlier = this.columns.earlier.filter((key) => pins.includes(key) || this.open[ANSWERS][this.columns.candidateOf(key)][BEFORE]);
    const isBlind = this.voting.isOn;
    if (!isBlind && (candidates.length > 1 || earlier.length)) {
      const pinning = element("div", "pins");
      pinning.setAttribute("role", "group");
      pinning.setAttribute("aria-label", "Pinned columns");
      pinning.append(element("span", "label", "pin"), ...candidates.map((key) => this.pinChip(key)));
      if (this.open[REFERENCE].length || pins.includes(REFERENCE_COLUMN)) pinning.append(this.pinChip(REFERENCE_COLUMN));
      if (earlier.length) pinning.append(element("span", "label", `in ${this.names.baseline}`), ...earlier.map((key) => this.pinChip(key)));
      if (pins.length) pinning.append(this.toggleButton("all", "show all", false, () => this.columns.pins = []));
      strip.append(pinning);
    }
    const how = element("div", "how");
    how.append(...this.voting.buttons());
    if (!isBlind && (candidates.length > 1 || pins.length > 1)) how.append(this.toggleButton("diff", "differences", Boolean(this.selection.diff), () => this.toggleDifference()));
    if (pins.length > 1) how.append(this.toggleButton("step", "scroll in step", this.columns.inStep, () => this.columns.inStep = !this.columns.inStep));
    if (!isBlind && this.hasRationale()) how.append(this.toggleButton("why", "all rationales", this.saysWhy, () => this.saysWhy = !this.saysWhy));
    const view = this.toggleButton("view", "as written", this.selection.view === "raw", () => this.selection.view = this.selection.view === "raw" ? "" : "raw");
    view.classList.add("view");
    how.append(view);
    strip.append(how);
    return strip;
  }

  hasRationale() {
    return this.open[ANSWERS].some((answer) => answer[VERDICTS].some((verdict) => verdict[RATIONALE])) || (this.open[PREFERENCES] || []).length > 0;
  }

  pinChip(key) {
    const isPinned = this.columns.pins.includes(key);
    const chip = this.toggleButton(`pin-${key}`, this.columns.isThen(key) ? this.names.candidates[this.columns.candidateOf(key)] : this.columns.nameOf(key), isPinned, () => this.columns.toggle(key));
    chip.setAttribute("aria-label", `pin ${this.columns.nameOf(key)}`);
    chip.title = this.columns.nameOf(key);
    return chip;
  }

  toggleButton(act, text, isOn, change) {
    const made = button("chip", text, () => this.change(change));
    made.dataset.act = act;
    if (act !== "all") made.setAttribute("aria-pressed", String(isOn));
    return made;
  }

  change(change) {
    change();
    if (!this.columns.pair) this.selection.diff = "";
    this.redraw();
    this.onChoose();
  }

  // Shows differences or, with "", none.
  show(difference) {
    this.change(() => this.selection.diff = difference);
  }

  toggleDifference() {
    if (!this.selection.diff) this.columns.pinPair();
    this.selection.diff = this.selection.diff ? "" : "on";
  }

  compare(keys) {
    this.change(() => {
      this.columns.pins = keys;
      this.selection.diff = "on";
    });
    this.pane.querySelector(`[data-column="${keys[0]}"]`).focus();
  }

  // Keys, where nothing is typed

  onKey(event) {
    if (this.open && this.voting.onKey(event.key)) return event.preventDefault();
    const act = {
      d: () => this.names.candidates.length > 1 && this.change(() => this.toggleDifference()),
      w: () => this.change(() => this.saysWhy = !this.saysWhy),
      p: () => this.pinFocused(),
      "[": () => this.focusColumn(-1),
      "]": () => this.focusColumn(1),
    }[event.key];
    if (!act || !this.open) return;
    event.preventDefault();
    act();
  }

  get focused() {
    const box = document.activeElement && document.activeElement.closest("[data-column]");
    return box ? box.dataset.column : null;
  }

  focusColumn(step) {
    const { shown } = this.columns;
    const at = shown.indexOf(this.focused);
    const next = shown[at < 0 ? (step > 0 ? 0 : shown.length - 1) : (at + step + shown.length) % shown.length];
    this.pane.querySelector(`[data-column="${next}"]`).focus();
  }

  pinFocused() {
    const key = this.focused ?? this.columns.shown[0];
    this.change(() => this.columns.toggle(key));
    const column = this.pane.querySelector(`[data-column="${key}"]`) || this.pane.querySelector("[data-column]");
    column.focus({ preventScroll: true });
  }

  // The columns

  drawColumns(isPinned) {
    const { shown } = this.columns;
    const differing = this.differing();
    return shown.map((key) => this.drawColumn(key, { marked: differing.get(key), isWhole: isPinned, isAlone: !shown.includes(`${THEN}${key}`) }));
  }

  drawColumn(key, how) {
    const box = element("section", "answer");
    box.tabIndex = 0;
    box.dataset.column = key;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", this.columns.nameOf(key));
    const head = element("header", "columnhead");
    head.append(element("h4", "", this.columns.nameOf(key)));
    if (this.columns.isThen(key)) head.append(element("span", "tag", this.names.baseline));
    box.append(head);
    const candidate = this.columns.candidateOf(key);
    if (candidate === null) box.append(...this.answers.reference(this.open, how));
    else if (this.columns.isThen(key)) box.append(...this.answers.then(this.open, candidate, how));
    else box.append(...this.answers.now(this.open, candidate, how));
    return box;
  }

  textIn(key) {
    const candidate = this.columns.candidateOf(key);
    if (candidate === null) return referenceText(this.open) || null;
    const answer = this.open[ANSWERS][candidate];
    return this.columns.isThen(key) ? (answer[BEFORE] || [null])[0] : answer[TEXT];
  }

  // The texts of the pair, marked by what differs; by column.
  differing() {
    const { pair } = this.columns;
    if (!this.selection.diff || !pair) return new Map();
    const texts = pair.map((key) => this.textIn(key));
    if (texts.some((text) => typeof text !== "string")) return new Map();
    const shown = shownDifference(...texts);
    return new Map(pair.map((key, place) => [key, shown[place]]));
  }

  // The texts

  // Shows a text, folded at some lines unless it is wanted whole.
  shown(text, { isWhole = false, lines = 14, view = this.selection.view || "rendered" } = {}) {
    return shownText(text, { view, terms: termsOf(this.selection.q), foldAt: isWhole ? null : lines * LINE_PX });
  }

  isSought(text) {
    const lower = text.toLowerCase();
    return termsOf(this.selection.q).some((term) => lower.includes(term));
  }

  // Word for word

  sentAndReceived() {
    const row = this.open;
    const box = element("details", "sent");
    box.append(element("summary", "", "As sent, and the judges' raw replies"));
    const candidates = this.columns.shownCandidates;
    box.addEventListener("toggle", async () => {
      if (!box.open || box.dataset.filled) return;
      box.dataset.filled = "yes";
      const details = await this.records.detailsOf(row);
      if (!details) {
        box.append(element("p", "hint", "The page does not carry them for this record; records.jsonl and verdicts.parquet do."));
        return;
      }
      for (const candidate of candidates) box.append(...this.detailParts(details, candidate));
    });
    return box;
  }

  detailParts(details, candidate) {
    const pre = (label, text) => [element("span", "label", label), scrolling(element("pre"), label, text)];
    const json = (value) => JSON.stringify(value, null, 2);
    const request = details.request(candidate);
    return [
      element("h4", "", this.names.candidates[candidate]),
      ...pre("sent to the candidate", request === null ? "nothing: its response was given" : json(request)),
      ...details.judged(candidate).flatMap(({ judge, repeat, text }) => pre(`sent to ${judge}${repeat ? `, repeat ${repeat + 1}` : ""}`, text)),
      ...details.replies(candidate).flatMap(({ reply, verdict, isFirst }) => pre(this.replyLabel(verdict, isFirst), json(reply))),
    ];
  }

  replyLabel(verdict, isFirst) {
    const repeat = verdict[REPEAT] ? `, repeat ${verdict[REPEAT] + 1}` : "";
    return `raw reply of ${this.names.judges[verdict[JUDGE]]}${repeat}${isFirst ? ", the first: asked again after it" : verdict[ASKED_AGAIN] ? ", asked again" : ""}`;
  }
}

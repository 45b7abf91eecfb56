// The voting mode of the bench: two responses without names, verdicts or a telling order, and keys to say what one thinks.

class Voting {
  // show.response(answer), show.text: how texts are shown. onChange(): draw anew.
  constructor(names, columns, { show, onChange }) {
    this.names = names;
    this.columns = columns;
    this.show = show;
    this.onChange = onChange;
    this.votes = new Votes(names);
    this.isOn = false;
    this.criterion = "";
    this.said = "";
    this.side = null;
  }

  // The two candidates that are compared, in the candidates' order: those pinned, and the first others.
  get pair() {
    const pinned = this.columns.pins.filter((key) => this.columns.candidates.includes(key));
    const others = this.columns.candidates.filter((key) => !pinned.includes(key));
    return [...pinned, ...others].slice(0, 2).map(Number).sort((a, b) => a - b);
  }

  // The pair as it is shown: turned on half of the records, the same ones every time.
  get order() {
    const turned = scattered(keyOfVote(this.names.run_id, this.row[ID], ...this.pair)) % 2;
    return turned ? [...this.pair].reverse() : this.pair;
  }

  get isTold() {
    return this.votes.tells && this.votes.preference(this.row[ID], this.pair) !== undefined;
  }

  toggle() {
    this.isOn = !this.isOn;
    this.said = "";
    document.getElementById("records").classList.toggle("voting", this.isOn);
    this.onChange();
  }

  change(change) {
    this.said = "";
    change();
    this.onChange();
  }

  // Beside the bench's own choices: begins and, where votes are kept, saves.
  buttons() {
    if (!this.names.candidates.length) return [];
    const start = button("chip", this.isOn ? "end voting" : "vote blind", () => this.toggle());
    start.dataset.act = "vote";
    start.title = "v";
    start.setAttribute("aria-pressed", String(this.isOn));
    return [start];
  }

  // What was voted, now that nothing is blind any more, and the way to save.
  kept() {
    if (!this.votes.size || this.isOn) return [];
    const bar = element("div", "votebar");
    bar.append(element("span", "", `${count(this.votes.size)} ${this.votes.size > 1 ? "votes" : "vote"} kept by this browser: ${this.votes.told()}. ${this.said}`), ...this.saveButtons());
    return [bar];
  }

  // The mode's own part of the pane, for a record.
  draw(row) {
    if (row !== this.row) this.side = null;
    this.row = row;
    const answers = element("div", "answers pinned");
    answers.style.setProperty("--columns", this.pair.length);
    answers.append(...this.order.map((place, side) => this.column(place, side)));
    return [this.bar(), answers];
  }

  column(place, side) {
    const box = element("section", side === this.activeSide ? "answer active" : "answer");
    const name = this.isTold ? this.names.candidates[place] : `Response ${side + 1}`;
    box.tabIndex = 0;
    box.dataset.column = `side${side}`;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", name);
    box.addEventListener("focusin", () => {
      this.side = side;
      for (const other of box.parentElement.children) other.classList.toggle("active", other === box);
    });
    const head = element("header", "columnhead");
    head.append(element("h4", "", name));
    const given = this.votes.preference(this.row[ID], this.pair);
    if (given && given.preferred === this.names.candidates[place]) head.append(element("span", "tag", "better"));
    if (this.criterion) head.append(this.points(place));
    box.append(head, this.show.response(this.row[ANSWERS][place]));
    return box;
  }

  // Which of the two a letter scores: where the focus is, else the first that has no score.
  get activeSide() {
    if (this.side !== null && this.side < this.pair.length) return this.side;
    if (!this.criterion) return -1;
    const open = this.order.findIndex((place) => this.canScore(place) && this.votes.score(this.row[ID], place, this.criterion) === undefined);
    return Math.max(open, 0);
  }

  canScore(place) {
    return this.row[ANSWERS][place][TEXT] !== null;
  }

  get canPrefer() {
    return this.pair.length === 2 && this.pair.every((place) => this.canScore(place));
  }

  points(place) {
    const box = element("div", "points");
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", this.criterion);
    const given = this.votes.score(this.row[ID], place, this.criterion);
    for (const [value, label, letter] of this.names.places[this.criterion]) {
      const made = button("", "", () => this.change(() => this.votes.giveScore(this.row[ID], place, this.criterion, value)));
      if (letter) made.append(element("kbd", "", letter));
      made.append(label);
      made.disabled = !this.canScore(place);
      made.setAttribute("aria-pressed", String(given === value));
      made.dataset.act = `score-${this.order.indexOf(place)}-${value}`;
      box.append(made);
    }
    return box;
  }

  bar() {
    const bar = element("div", "votebar");
    bar.append(...this.choices());
    bar.append(this.criteria(), this.rater(), this.tells());
    const undo = button("", "undo", () => this.change(() => this.votes.undo()));
    undo.prepend(element("kbd", "", "u"));
    undo.disabled = !this.votes.done.length;
    undo.dataset.act = "undo";
    bar.append(undo, ...this.saveButtons());
    const said = element("span", "muted", this.said || this.pairInWords());
    said.setAttribute("role", "status");
    bar.append(said);
    return bar;
  }

  pairInWords() {
    const kept = `${count(this.votes.size)} kept`;
    if (this.pair.length < 2) return kept;
    if (!this.canPrefer) return `${kept}; one has no response here: nothing to compare`;
    return `${this.pair.map((place) => this.names.candidates[place]).join(" and ")}, in random order; ${kept}`;
  }

  choices() {
    if (this.pair.length < 2) return [];
    const given = this.votes.preference(this.row[ID], this.pair);
    const worth = { 1: this.order[0], 2: this.order[1], t: null };
    return Object.entries({ 1: "first is better", 2: "second is better", t: "tie" }).map(([key, label]) => {
      const made = button("", "", () => this.prefer(worth[key]));
      made.append(element("kbd", "", key), label);
      made.disabled = !this.canPrefer;
      made.dataset.act = `prefer-${key}`;
      const isTie = given && given.preferred !== given.candidate && given.preferred !== given.baseline;
      made.setAttribute("aria-pressed", String(Boolean(given) && (key === "t" ? isTie : given.preferred === this.names.candidates[worth[key]])));
      return made;
    });
  }

  prefer(preferred) {
    if (this.canPrefer) this.change(() => this.votes.prefer(this.row[ID], this.pair, preferred));
  }

  criteria() {
    const box = element("label", "", "score with a letter: ");
    const choice = element("select");
    choice.dataset.act = "criterion";
    choice.append(new Option("nothing", ""), ...Object.keys(this.names.places).map((name) => new Option(name, name)));
    choice.value = this.criterion;
    choice.addEventListener("change", () => this.change(() => this.criterion = choice.value));
    box.append(choice);
    return box;
  }

  rater() {
    const input = element("input");
    input.placeholder = "Your name";
    input.maxLength = 80;
    input.value = this.votes.rater;
    input.setAttribute("aria-label", "Your name");
    input.dataset.act = "rater";
    input.addEventListener("input", () => {
      this.votes.rater = input.value;
      this.votes.keep();
    });
    return input;
  }

  tells() {
    const box = element("label");
    const input = element("input");
    input.type = "checkbox";
    input.checked = this.votes.tells;
    input.dataset.act = "tells";
    input.addEventListener("change", () => this.change(() => {
      this.votes.tells = input.checked;
      this.votes.keep();
    }));
    box.append(input, " names after each vote");
    box.title = "else they are told at the end";
    return box;
  }

  saveButtons() {
    return Votes.canSend ? [this.sendButton(), this.saveButton()] : [this.saveButton()];
  }

  sendButton() {
    const made = button("", "keep with the run", async () => {
      this.said = `${await this.votes.send()} Next, with RUN as this run's folder: evaldrop calibrate RUN.`;
      this.onChange();
    });
    made.disabled = !this.votes.size;
    made.dataset.act = "send-votes";
    return made;
  }

  saveButton() {
    const made = button("", "save votes", () => {
      const name = this.votes.save();
      this.said = `Saved as ${name}. Next, with RUN as this run's folder: evaldrop review import ${name} RUN, then evaldrop calibrate RUN.`;
      this.onChange();
    });
    made.disabled = !this.votes.size;
    made.dataset.act = "save-votes";
    return made;
  }

  // Whether a key was this mode's; while it is on, others of the bench do nothing.
  onKey(key) {
    if (key === "v") this.toggle();
    else if (!this.isOn) return false;
    else if (key === "1" || key === "2") {
      if (this.order.length > 1) this.prefer(this.order[Number(key) - 1]);
    } else if (key === "t") this.prefer(null);
    else if (key === "u") this.change(() => this.votes.undo());
    else if (key === "[" || key === "]") document.querySelector(`[data-column="side${key === "[" ? 0 : this.pair.length - 1}"]`).focus();
    else if (LETTERS.includes(key)) this.scoreBy(key);
    else return "dwp".includes(key);
    return true;
  }

  scoreBy(letter) {
    const found = (this.names.places[this.criterion] || []).find(([, , key]) => key === letter);
    const place = this.order[this.activeSide];
    if (!found || place === undefined || !this.canScore(place)) return;
    this.change(() => {
      this.votes.giveScore(this.row[ID], place, this.criterion, found[0]);
      // On to the other one, by itself.
      this.side = null;
      document.activeElement.blur();
    });
  }
}

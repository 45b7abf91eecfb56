// The page's records: its filters, its keys, and who is told when something is chosen.

const KINDS = { disagree: "candidates differ", failed: "failed", unscored: "unscored", error: "error", flagged: "flagged", regressed: "regressed" };

class Browser {
  constructor() {
    const by = (id) => document.getElementById(id);
    [this.search, this.found, this.chips, this.pane] = ["search", "found", "marks", "record"].map(by);
    this.choices = Object.fromEntries(CHOICES.map((name) => [name, by(name)]));
    const names = JSON.parse(by("names").textContent);
    this.names = names;
    this.records = new Records(names);
    this.selection = new Selection();
    this.list = new RecordList(by("list"), by("rows"), names);
    this.bench = new Bench(this.pane, this.records, this.selection, {
      onMove: (step) => this.select(this.list.at + step),
      onChoose: () => this.writeAddress(true),
    });
    this.open = null;
  }

  // Shows the records that match, and of them the wanted one: by default the one that is open.
  refresh(wanted) {
    const started = performance.now();
    const matching = this.records.matching(this.selection);
    const id = wanted === undefined ? this.open && this.open[ID] : wanted;
    const found = matching.findIndex((row) => row[ID] === id);
    this.list.show(matching, found < 0 && matching.length ? 0 : found);
    this.drawOpen();
    const all = count(this.records.all.length);
    this.found.textContent = matching.length === this.records.all.length ? `${all} records` : `${count(matching.length)} of ${all} records`;
    this.list.box.dataset.answeredMs = (performance.now() - started).toFixed(1);
  }

  drawOpen() {
    this.open = this.list.at < 0 ? null : this.list.matching[this.list.at];
    this.bench.draw(this.open, this.list.at, this.list.matching.length);
  }

  select(place, how) {
    if (!this.list.matching.length) return;
    this.list.choose(place, how);
    this.drawOpen();
    this.writeAddress(true);
  }

  // The filters

  drawChips() {
    this.chips.replaceChildren(...Object.entries(KINDS).flatMap(([kind, label]) => {
      const number = this.records.count(FLAG[kind]);
      const isShown = this.selection.show.includes(kind);
      if (!number && !isShown) return [];
      const chip = button("chip", label, () => {
        this.selection.toggle(kind);
        this.changed();
        this.chips.querySelector(`[data-kind="${kind}"]`).focus();
      });
      chip.dataset.kind = kind;
      chip.setAttribute("aria-pressed", isShown);
      chip.append(element("span", "", count(number)));
      return [chip];
    }));
  }

  changed() {
    this.list.box.scrollTop = 0;
    this.refresh();
    if (this.list.at > 0) this.select(this.list.at);
    this.drawChips();
    this.writeAddress(false);
  }

  showChoices() {
    this.search.value = this.selection.q;
    for (const [name, choice] of Object.entries(this.choices)) choice.value = this.selection[name];
    this.drawChips();
  }

  clear() {
    this.selection.clear();
    this.showChoices();
    this.changed();
  }

  // The address

  writeAddress(withRecord) {
    const fragment = this.selection.fragment(withRecord && this.open ? this.open[ID] : undefined);
    history.replaceState(null, "", fragment || location.href.split("#")[0]);
  }

  readAddress() {
    const id = this.selection.read(location.hash);
    this.bench.adopt();
    this.showChoices();
    // A choice that this page does not have filters nothing.
    for (const [name, choice] of Object.entries(this.choices)) if (choice.value !== this.selection[name]) this.selection[name] = choice.value = "";
    this.refresh(id || undefined);
    if (id === null) return;
    if (!this.open || this.open[ID] !== id) {
      // The link's filters leave the record out: the record counts.
      this.selection.clearFilters();
      this.showChoices();
      this.refresh(id);
    }
    if (this.open && this.open[ID] === id) this.select(this.list.at);
    else this.found.textContent = `The page does not carry the record ${id}.`;
    document.getElementById("records").scrollIntoView({ behavior: "instant" });
  }

  // Keys and events

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "Escape") return this.escape(event);
    if (isTyping) return;
    const isInList = this.list.box.contains(event.target);
    const page = this.list.page;
    const moves = { j: 1, k: -1, ...(isInList ? { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity } : {}) };
    if (event.key in moves) {
      event.preventDefault();
      this.select(this.list.at + moves[event.key]);
      if (!isInList) this.list.box.focus({ preventScroll: false });
    } else if (event.key === "/") {
      event.preventDefault();
      this.search.focus();
    } else this.bench.onKey(event);
  }

  escape(event) {
    if (event.target === this.search && this.selection.q) {
      this.search.value = this.selection.q = "";
      this.changed();
    } else if (this.selection.diff && event.target !== this.search) this.bench.show("");
    else this.list.box.focus();
  }

  listen() {
    document.getElementById("filters").addEventListener("submit", (event) => event.preventDefault());
    this.search.addEventListener("input", () => {
      this.selection.q = this.search.value.trim();
      this.changed();
    });
    for (const [name, choice] of Object.entries(this.choices)) {
      choice.addEventListener("change", () => {
        this.selection[name] = choice.value;
        this.changed();
      });
    }
    document.getElementById("clear").addEventListener("click", () => this.clear());
    this.list.box.addEventListener("scroll", () => requestAnimationFrame(() => this.list.draw(false)), { passive: true });
    addEventListener("resize", () => this.list.draw());
    this.list.box.addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      if (!row) return;
      this.select(Number(row.dataset.place), { scroll: false });
      if (matchMedia("(max-width: 900px)").matches) this.pane.scrollIntoView();
    });
    addEventListener("hashchange", () => {
      if (location.hash.includes("=")) this.readAddress();
    });
    addEventListener("keydown", (event) => this.onKey(event));
  }

  fill(name, values) {
    for (const value of values) this.choices[name].append(new Option(value, value));
    this.choices[name].closest("label").hidden = values.length < 2;
  }

  async start() {
    this.listen();
    this.fill("category", this.names.categories);
    this.fill("candidate", this.names.candidates);
    this.fill("criterion", this.names.criteria);
    this.choices.verdict.closest("label").hidden = !this.names.criteria.length;
    this.found.textContent = "reading …";
    await this.records.load((read) => {
      if (this.list.at < 0) this.refresh();
      this.found.textContent = `${count(read)} records read …`;
    });
    this.list.box.parentElement.classList.toggle("empty", !this.records.all.length);
    this.readAddress();
    document.documentElement.dataset.ready = performance.now().toFixed(0);
  }
}

{
  const browser = new Browser();
  browser.start().catch((error) => {
    browser.found.textContent = `The records could not be read: ${error.message}`;
  });
}

// The page's records: its keys, its address, and who is told when something is chosen.

// Filters whose values have to be known to the page; what else a link asks for is simply not found.
const KNOWN = {
  candidate: ({ names }) => names.candidates, criterion: ({ names }) => [...names.criteria, OVERALL], judge: ({ names }) => names.judges,
  category: (records) => records.valuesOf("category"), verdict: (records) => [SCORED, UNSCORED, ...records.valuesOf("verdict")],
};

class Browser {
  constructor() {
    const by = (id) => document.getElementById(id);
    [this.found, this.pane] = ["found", "record"].map(by);
    const names = JSON.parse(by("names").textContent);
    this.names = names;
    this.records = new Records(names);
    this.selection = new Selection();
    this.controls = new Controls(this.records, this.selection, () => this.changed());
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
    this.sayFound(matching);
    this.list.box.dataset.answeredMs = (performance.now() - started).toFixed(1);
  }

  // How many records match, and of how many a number on the page is, where not all of them are here.
  sayFound(matching) {
    const all = count(this.records.all.length);
    const { n, unit } = this.records.counted(this.selection, matching);
    const parts = [matching.length === this.records.all.length ? `${all} records` : `${count(matching.length)} of ${all} records`];
    if (unit !== "records") parts.push(`${count(n)} ${unit}`);
    if (Number(this.selection.n) > n) parts.push(`of ${count(Number(this.selection.n))}, the page carries ${count(n)}`);
    this.found.textContent = parts.join(" · ");
    this.list.box.dataset.counted = n;
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

  changed() {
    this.list.box.scrollTop = 0;
    this.refresh();
    if (this.list.at > 0) this.select(this.list.at);
    this.showChosen();
    this.writeAddress(false);
  }

  showChosen() {
    this.controls.show();
    this.controls.count(this.list.matching);
  }

  // The address

  writeAddress(withRecord) {
    const fragment = this.selection.fragment(withRecord && this.open ? this.open[ID] : undefined);
    history.replaceState(null, "", fragment || location.href.split("#")[0]);
  }

  readAddress() {
    const id = this.selection.read(location.hash);
    this.bench.adopt();
    // A choice that this page does not have filters nothing.
    for (const [name, offered] of Object.entries({ ...KNOWN, sort: this.sorts() })) {
      if (this.selection[name] && !offered(this.records).includes(this.selection[name])) this.selection[name] = "";
    }
    this.list.box.scrollTop = 0;
    this.refresh(id || undefined);
    if (id !== null && (!this.open || this.open[ID] !== id)) {
      // The link's filters leave the record out: the record counts.
      this.selection.clearFilters();
      this.refresh(id);
    }
    this.showChosen();
    if (id !== null) {
      if (this.open && this.open[ID] === id) this.select(this.list.at);
      else this.found.textContent = `The page does not carry the record ${id}.`;
    }
    if (location.hash.includes("=")) document.getElementById("records").scrollIntoView({ behavior: "instant" });
  }

  sorts() {
    const values = [...document.getElementById("sort").options].map((option) => option.value);
    return () => values;
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
      this.controls.search.focus();
    } else this.bench.onKey(event);
  }

  escape(event) {
    const { search } = this.controls;
    if (event.target === search && this.selection.q) {
      search.value = "";
      this.controls.choose("q", "");
    } else if (this.selection.diff && event.target !== search) this.bench.show("");
    else this.list.box.focus();
  }

  listen() {
    document.getElementById("filters").addEventListener("submit", (event) => event.preventDefault());
    this.list.box.addEventListener("scroll", () => requestAnimationFrame(() => this.list.draw(false)), { passive: true });
    addEventListener("resize", () => this.list.draw());
    this.list.box.addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      if (!row) return;
      this.select(Number(row.dataset.place), { scroll: false });
      if (matchMedia("(max-width: 900px)").matches) this.pane.scrollIntoView();
    });
    addEventListener("hashchange", () => {
      // A section's own name leaves the list as it is; back where nothing was asked, it asks for nothing.
      if (!location.hash || location.hash.includes("=")) this.readAddress();
    });
    addEventListener("keydown", (event) => this.onKey(event));
  }

  async start() {
    this.listen();
    this.found.textContent = "reading …";
    await this.records.load((read) => {
      if (this.list.at < 0) this.refresh();
      this.found.textContent = `${count(read)} records read …`;
    });
    this.list.box.parentElement.classList.toggle("empty", !this.records.all.length);
    this.controls.fill();
    addGroupTools(this.records);
    document.getElementById("take").replaceWith(takingTools(this.records, () => this.list.matching));
    this.readAddress();
    document.documentElement.dataset.ready = performance.now().toFixed(0);
  }
}

const theBrowser = new Browser();
theBrowser.start().catch((error) => {
  theBrowser.found.textContent = `The records could not be read: ${error.message}`;
});

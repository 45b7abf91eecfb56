// The responses of two runs, one below the other: searched, narrowed, walked through.

const AT_A_TIME = 20;

const byId = (id) => document.getElementById(id);

class Pairs {
  constructor(rows) {
    this.rows = rows;
    this.words = rows.map((row) => [row[RECORD], row[PROMPT], row[THEN][TEXT], row[NOW][TEXT]].join("\n").toLowerCase());
    const said = new URLSearchParams(location.hash.slice(1));
    this.only = KINDS.some(([kind]) => kind === said.get("only")) ? said.get("only") : "";
    byId("search").value = said.get("search") || "";
    byId("candidate").value = said.get("candidate") || "";
    if (byId("candidate").selectedIndex < 0) byId("candidate").value = "";
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
    byId("search").addEventListener("input", () => this.show());
    byId("candidate").addEventListener("change", () => this.show());
    byId("more").addEventListener("click", () => this.showMore(true));
    document.addEventListener("keydown", (event) => this.key(event));
    this.show();
  }

  show() {
    const search = byId("search").value.trim().toLowerCase(), candidate = byId("candidate").value;
    const near = this.rows.filter((row, place) => (!candidate || row[CANDIDATE] === candidate) && this.words[place].includes(search));
    // Each chip counts what it would show, given what is searched for.
    byId("only").replaceChildren(...KINDS.map(([kind, name, fits]) => {
      const chip = button("chip", name, () => {
        this.only = kind;
        this.show();
        byId("only").querySelector("[aria-pressed=true]").focus();
      });
      chip.append(element("span", "", count(near.filter(fits).length)));
      chip.setAttribute("aria-pressed", String(this.only === kind));
      return chip;
    }));
    this.shown = near.filter(KINDS.find(([kind]) => kind === this.only)[2]);
    byId("pairs").replaceChildren();
    this.showMore(false);
    const state = Object.entries({ only: this.only, search: byId("search").value.trim(), candidate }).filter(([, value]) => value);
    history.replaceState(null, "", `#${new URLSearchParams(state)}`);
  }

  showMore(isAsked) {
    const from = byId("pairs").childElementCount;
    const added = this.shown.slice(from, from + AT_A_TIME).map((row) => pairOf(row));
    byId("pairs").append(...added);
    const drawn = from + added.length;
    byId("more").hidden = drawn >= this.shown.length;
    byId("found").textContent = `${count(drawn)} of ${count(this.shown.length)} responses${this.shown.length < this.rows.length ? ` (${count(this.rows.length)} in all)` : ""}`;
    if (isAsked && added.length) added[0].focus();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    const step = { j: 1, k: -1 }[event.key];
    if (!step) return;
    const all = [...byId("pairs").children];
    const here = all.indexOf(document.activeElement.closest(".pair"));
    const next = all[here < 0 ? (step > 0 ? 0 : -1) : here + step];
    if (next) next.focus();
    else if (step > 0 && !byId("more").hidden) this.showMore(true);
  }
}

(async () => {
  try {
    new Pairs(await unpack(byId("packed").textContent));
  } catch (error) {
    byId("found").textContent = `The responses cannot be shown: ${error.message}`;
  }
  document.documentElement.dataset.ready = performance.now().toFixed(0);
})();

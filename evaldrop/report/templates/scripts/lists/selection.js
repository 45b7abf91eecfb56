// What a reader has chosen, and the address that holds it.

// Of how the records are shown; it filters nothing, and stays when filters go.
const VIEW = ["sort", "diff", "pins", "view"];

class Selection {
  constructor() {
    this.clear();
  }

  // Every name that a selection may hold: scripts may have added filters of their own.
  static get names() {
    return ["q", "show", ...Object.keys(FILTERS).filter((name) => name !== "show"), ...VIEW, "n"];
  }

  // Pinned columns stay: they filter nothing.
  clear() {
    const { pins } = this;
    for (const name of Selection.names) this[name] = name === "show" ? [] : "";
    this.pins = pins || "";
  }

  // Shows every record; order, columns, differences and view stay as they are.
  clearFilters() {
    const { sort, diff, view } = this;
    this.clear();
    Object.assign(this, { sort, diff, view });
  }

  // Takes one filter's value; a number's own count holds for it no more.
  choose(name, value) {
    this[name] = value;
    if (!VIEW.includes(name)) this.n = "";
  }

  // The same with some values changed.
  with(changes) {
    return Object.assign(Object.create(Selection.prototype), this, changes);
  }

  toggle(kind) {
    this.choose("show", this.show.includes(kind) ? this.show.filter((name) => name !== kind) : [...this.show, kind]);
  }

  // The filters in use, of which the search is none.
  get used() {
    return Object.keys(FILTERS).filter((name) => this[name].length);
  }

  // The address's part after the sign "#", with the open record if one is given.
  fragment(record) {
    const parts = new URLSearchParams();
    if (record !== undefined) parts.set("record", record);
    for (const name of Selection.names) {
      if (this[name].length) parts.set(name, name === "show" ? this.show.join(",") : this[name]);
    }
    const text = parts.toString();
    return text && `#${text}`;
  }

  // Takes what an address holds; returns the record it names, or null. A section's own name chooses nothing.
  read(fragment) {
    const parts = new URLSearchParams(fragment.includes("=") ? fragment.slice(1) : "");
    for (const name of Selection.names) this[name] = parts.get(name) || "";
    this.show = this.show ? this.show.split(",").filter((name) => name in FLAG) : [];
    return parts.get("record");
  }
}

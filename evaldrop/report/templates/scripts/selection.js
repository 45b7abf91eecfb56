// What a reader has chosen, and the address that holds it.

const CHOICES = ["category", "candidate", "criterion", "verdict", "sort"];
const NOTHING = Object.freeze({ q: "", show: [], category: "", candidate: "", criterion: "", verdict: "", sort: "", diff: "", pins: "", view: "" });

class Selection {
  constructor() {
    Object.assign(this, NOTHING);
  }

  // Pinned columns stay: they filter nothing.
  clear() {
    Object.assign(this, NOTHING, { pins: this.pins });
  }

  // Shows every record; order, columns, differences and view stay as they are.
  clearFilters() {
    Object.assign(this, NOTHING, { sort: this.sort, diff: this.diff, pins: this.pins, view: this.view });
  }

  toggle(kind) {
    this.show = this.show.includes(kind) ? this.show.filter((name) => name !== kind) : [...this.show, kind];
  }

  // The address's part after the sign "#", with the open record if one is given.
  fragment(record) {
    const parts = new URLSearchParams();
    if (record !== undefined) parts.set("record", record);
    for (const name of Object.keys(NOTHING)) {
      if (this[name].length) parts.set(name, name === "show" ? this.show.join(",") : this[name]);
    }
    const text = parts.toString();
    return text && `#${text}`;
  }

  // Takes what an address holds; returns the record it names, or null. A section's own name chooses nothing.
  read(fragment) {
    const parts = new URLSearchParams(fragment.includes("=") ? fragment.slice(1) : "");
    for (const name of Object.keys(NOTHING)) this[name] = parts.get(name) || "";
    this.show = this.show ? this.show.split(",").filter((name) => name in FLAG) : [];
    return parts.get("record");
  }
}

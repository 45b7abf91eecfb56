// Which columns the bench shows: every candidate, or the two or three that a reader has pinned.

const MOST_PINS = 3, REFERENCE_COLUMN = "reference", THEN = "then";

class Columns {
  constructor(names, selection) {
    this.names = names;
    this.selection = selection;
    this.inStep = true;
  }

  get candidates() {
    return this.names.candidates.map((_, place) => String(place));
  }

  // The baseline's responses, a column per candidate.
  get earlier() {
    return this.names.baseline ? this.candidates.map((place) => THEN + place) : [];
  }

  get pins() {
    return this.selection.pins ? this.selection.pins.split("-") : [];
  }

  set pins(keys) {
    this.selection.pins = keys.join("-");
  }

  get shown() {
    return this.pins.length ? this.pins : this.candidates;
  }

  // The candidates of the shown columns, each once.
  get shownCandidates() {
    return [...new Set(this.shown.map((key) => this.candidateOf(key)).filter((place) => place !== null))];
  }

  // The two columns whose difference is shown: the first two pinned, or the only two there are.
  get pair() {
    if (this.pins.length > 1) return this.pins.slice(0, 2);
    return !this.pins.length && this.candidates.length === 2 ? this.candidates : null;
  }

  candidateOf(key) {
    return key === REFERENCE_COLUMN ? null : Number(key.replace(THEN, ""));
  }

  isThen(key) {
    return key.startsWith(THEN);
  }

  nameOf(key) {
    if (key === REFERENCE_COLUMN) return "reference";
    return this.names.candidates[this.candidateOf(key)] + (this.isThen(key) ? ", then" : "");
  }

  // A fourth takes the third's place: one column stays pinned while others pass beside it.
  toggle(key) {
    const pins = this.pins;
    this.pins = pins.includes(key) ? pins.filter((one) => one !== key) : [...pins.slice(0, MOST_PINS - 1), key];
  }

  // Pins a pair to be compared where none is: what is pinned, and the first others.
  pinPair() {
    if (this.pair) return;
    this.pins = [...this.pins, ...this.candidates.filter((key) => !this.pins.includes(key))].slice(0, 2);
  }

  // Takes from an address only the columns that this page has.
  adopt() {
    const known = [...this.candidates, ...this.earlier, REFERENCE_COLUMN];
    this.pins = [...new Set(this.pins)].filter((key) => known.includes(key)).slice(0, MOST_PINS);
  }

  // Boxes of different lengths reach their ends together.
  keepInStep(boxes) {
    const led = new Map();
    const room = (box) => Math.max(0, box.scrollHeight - box.clientHeight);
    for (const box of boxes) {
      box.addEventListener("scroll", () => {
        // A box that was moved along must not move the one that moves it.
        if (!this.inStep || Math.abs((led.get(box) ?? -9) - box.scrollTop) < 2) return;
        led.delete(box);
        const share = room(box) ? box.scrollTop / room(box) : 0;
        for (const other of boxes) {
          if (other === box) continue;
          other.scrollTop = share * room(other);
          led.set(other, other.scrollTop);
        }
      }, { passive: true });
    }
  }
}

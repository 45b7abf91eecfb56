// The list of the records that match. Of its rows only those in the window exist.

const ROW_HEIGHT = 58, MOST_SIGNS = 15;
const GLYPHS = { passed: ["✓", "good"], failed: ["✗", "bad"], unscored: ["?", "lost"], not_applicable: ["·", "muted"], error: ["!", "wrong"] };

class RecordList {
  constructor(box, rows, names) {
    this.box = box;
    this.rows = rows;
    this.names = names;
    this.matching = [];
    this.at = -1;
    // The rows in the window, by their place.
    this.drawn = new Map();
  }

  show(matching, at) {
    this.matching = matching;
    this.at = at;
    this.rows.style.height = `${matching.length * ROW_HEIGHT}px`;
    // On a phone the record stands below the list, which is then no longer than its rows.
    this.box.style.setProperty("--rows", this.rows.style.height);
    this.draw();
  }

  choose(place, { scroll = true } = {}) {
    this.at = Math.max(0, Math.min(this.matching.length - 1, place));
    if (scroll) {
      const top = this.at * ROW_HEIGHT;
      if (top < this.box.scrollTop) this.box.scrollTop = top;
      else if (top + ROW_HEIGHT > this.box.scrollTop + this.box.clientHeight) this.box.scrollTop = top + ROW_HEIGHT - this.box.clientHeight;
    }
    this.draw();
  }

  // How far Page Up and Page Down go.
  get page() {
    return Math.max(1, Math.floor(this.box.clientHeight / ROW_HEIGHT) - 1);
  }

  // While the list is only scrolled (`again` is false), the rows that stay in the window are kept.
  draw(again = true) {
    const first = Math.max(0, Math.floor(this.box.scrollTop / ROW_HEIGHT) - 4);
    const last = Math.min(this.matching.length, Math.ceil((this.box.scrollTop + this.box.clientHeight) / ROW_HEIGHT) + 4);
    for (const [place, box] of this.drawn) {
      if (!again && place >= first && place < last) continue;
      box.remove();
      this.drawn.delete(place);
    }
    const after = this.rows.firstChild;
    const above = this.drawn.size ? Math.min(...this.drawn.keys()) : last;
    for (let place = first; place < last; place++) {
      if (this.drawn.has(place)) continue;
      const box = this.rowOf(this.matching[place], place);
      this.drawn.set(place, box);
      this.rows.insertBefore(box, place < above ? after : null);
    }
    if (this.drawn.has(this.at)) this.box.setAttribute("aria-activedescendant", `row-${this.at}`);
    else this.box.removeAttribute("aria-activedescendant");
  }

  rowOf(row, place) {
    const box = element("div", place === this.at ? "row here" : "row");
    box.id = `row-${place}`;
    box.dataset.place = place;
    box.setAttribute("role", "option");
    box.setAttribute("aria-selected", place === this.at);
    box.setAttribute("aria-setsize", this.matching.length);
    box.setAttribute("aria-posinset", place + 1);
    box.style.transform = `translateY(${place * ROW_HEIGHT}px)`;
    const head = element("div", "rowhead");
    head.append(element("b", "", row[ID]), this.verdictMarks(row));
    const snippet = element("div", "snippet", row[PROMPT].slice(0, 200));
    // Where it is cut off is its end, and not the left of the page's.
    snippet.dir = "auto";
    box.append(head, snippet);
    return box;
  }

  // Per candidate a sign for each criterion, or one for the worst of many; the words stand in the label.
  verdictMarks(row) {
    const { candidates, criteria } = this.names;
    const box = element("span", candidates.length > 5 ? "marks many" : "marks");
    const label = [];
    row[ANSWERS].forEach((answer, candidate) => {
      const group = element("span", "");
      const said = [];
      if (answer[TEXT] === null) {
        group.append(element("i", "wrong", "!"));
        said.push("error");
      } else {
        const shown = [];
        criteria.forEach((name, criterion) => {
          const outcomes = answer[VERDICTS].filter((verdict) => verdict[CRITERION] === criterion).map(outcome);
          if (!outcomes.length) return;
          shown.push(worstOf(outcomes));
          said.push(`${name} ${worstOf(outcomes).replace("_", " ")}`);
        });
        const many = candidates.length * criteria.length > MOST_SIGNS;
        for (const kind of many && shown.length ? [worstOf(shown)] : shown) group.append(element("i", GLYPHS[kind][1], GLYPHS[kind][0]));
      }
      label.push(`${candidates[candidate]}: ${said.join(", ") || "no verdict"}`);
      box.append(group);
    });
    box.title = label.join("\n");
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", label.join("; "));
    return box;
  }
}

function worstOf(outcomes) {
  return ["failed", "unscored", "passed"].find((kind) => outcomes.includes(kind)) || "not_applicable";
}

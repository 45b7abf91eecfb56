// Whom judges preferred on a record: a row per pair and criterion, a column per judge, both orders in a cell.

// A preference's layout: evaldrop/report/rows.py writes it. Of FIRST and PREFERRED: the pair's first, its second, a tie.
const LEFT = 0, RIGHT = 1, BY = 2, FIRST = 3, PREFERRED = 4, ASKED_ON = 5, LOST = 6, BECAUSE = 7, FIRST_SCORE = 8, SECOND_SCORE = 9, SKIPPED = 10;
const TIE = 2, MOST_PAIRS = 8;

function whomOf(preference, names) {
  if (preference[PREFERRED] === null) return null;
  return preference[PREFERRED] === TIE ? "tie" : names.candidates[preference[preference[PREFERRED]]];
}

function plainPreference(preference, names) {
  return {
    candidate: names.candidates[preference[LEFT]], baseline: names.candidates[preference[RIGHT]], judge: names.judges[preference[BY]] ?? null,
    criterion: preference[ASKED_ON], first_shown: names.candidates[preference[preference[FIRST]]], preferred: whomOf(preference, names),
    unscored_reason: preference[LOST], rationale: preference[BECAUSE], first_score: preference[FIRST_SCORE], second_score: preference[SECOND_SCORE],
  };
}

class PreferenceTable {
  // texts: shows a text of a judge. isOpen(text): whether a rationale is shown without a click.
  constructor(names, { texts, isOpen }) {
    this.names = names;
    this.texts = texts;
    this.isOpen = isOpen;
  }

  // The pairs among the pinned candidates first; of many the others are folded.
  draw(row, pinned) {
    const groups = new Map();
    for (const one of row[PREFERENCES] || []) {
      const key = JSON.stringify([one[LEFT], one[RIGHT], one[ASKED_ON]]);
      groups.set(key, [...(groups.get(key) || []), one]);
    }
    if (!groups.size) return [];
    const all = [...groups.values()];
    const isChosen = ([one]) => pinned.includes(one[LEFT]) && pinned.includes(one[RIGHT]);
    const first = pinned.length > 1 ? all.filter(isChosen) : all.length <= MOST_PAIRS ? all : [];
    const rest = all.filter((group) => !first.includes(group));
    const box = element("section", "preferences");
    box.append(element("h4", "", "Preferences"));
    const judges = [...new Set((row[PREFERENCES]).map((one) => one[BY]))];
    if (first.length) box.append(this.table(first, judges));
    if (rest.length) {
      const folded = element("details");
      folded.append(element("summary", "", `${count(rest.length)} ${first.length ? "other " : ""}comparison${rest.length > 1 ? "s" : ""}${this.flippedInWords(rest)}`));
      folded.addEventListener("toggle", () => {
        if (folded.open && folded.children.length < 2) folded.append(this.table(rest, judges));
      });
      if (rest.some((group) => group.some((one) => one[BECAUSE] && this.isOpen(one[BECAUSE])))) folded.open = true;
      box.append(folded);
    }
    return [box];
  }

  flippedInWords(groups) {
    const flips = groups.filter((group) => [...new Set(group.map((one) => one[BY]))].some((judge) => isFlipped(group.filter((one) => one[BY] === judge)))).length;
    return flips ? `, ${count(flips)} flipped` : "";
  }

  table(groups, judges) {
    const table = element("table", "judged panel");
    const head = element("tr");
    head.append(element("th", "", "pair"), ...judges.map((judge) => element("th", "judge", this.names.judges[judge] ?? "judge")));
    for (const cell of head.children) cell.scope = "col";
    const top = element("thead");
    top.append(head);
    const body = element("tbody");
    for (const group of groups) body.append(...this.rowsOf(group, judges));
    table.append(top, body);
    const box = element("div", "verdicts");
    box.append(table);
    return box;
  }

  rowsOf(group, judges) {
    const row = element("tr");
    const [one] = group;
    const head = element("th", "", `${this.names.candidates[one[LEFT]]} or ${this.names.candidates[one[RIGHT]]}`);
    head.scope = "row";
    if (one[ASKED_ON]) head.append(" ", element("small", "", one[ASKED_ON]));
    const why = element("tr", "why");
    const place = element("td");
    place.colSpan = judges.length + 1;
    why.append(place);
    row.append(head, ...judges.map((judge) => this.cell(group.filter((each) => each[BY] === judge), why, row)));
    why.hidden = !group.some((each) => each[BECAUSE] && this.isOpen(each[BECAUSE]));
    if (!why.hidden) place.append(...group.map((each) => this.reason(each)));
    return [row, why];
  }

  cell(orders, why, row) {
    const cell = element("td");
    if (!orders.length) {
      cell.append(element("span", "muted", "–"));
      return cell;
    }
    const opener = button("cell", "", () => {
      const isOpen = opener.getAttribute("aria-expanded") === "true";
      for (const other of row.querySelectorAll(".cell")) other.setAttribute("aria-expanded", "false");
      why.hidden = isOpen;
      why.firstChild.replaceChildren(...(isOpen ? [] : orders.map((one) => this.reason(one))));
      opener.setAttribute("aria-expanded", String(!isOpen));
    });
    opener.setAttribute("aria-expanded", "false");
    opener.title = "why";
    opener.append(...this.told(orders));
    cell.append(opener);
    return cell;
  }

  told(orders) {
    const [one] = orders;
    if (one[SKIPPED]) return [element("span", "muted", one[SKIPPED] === "identical" ? "tie: identical" : `not compared: ${inWords(one[SKIPPED])}`)];
    const whom = orders.map((each) => whomOf(each, this.names) ?? `unscored: ${inWords(each[LOST])}`);
    if (isFlipped(orders)) return [element("b", "lost", "flipped"), element("small", "block", whom.join(", then "))];
    const parts = [element("b", "", [...new Set(whom)].join(", then "))];
    if (orders.length === 1) parts.push(element("small", "", " one order"));
    return parts;
  }

  reason(one) {
    const box = element("div", "scored");
    const [first, second] = one[FIRST] === 0 ? [one[LEFT], one[RIGHT]] : [one[RIGHT], one[LEFT]];
    const scores = one[FIRST_SCORE] === null ? "" : ` (${one[FIRST_SCORE]} : ${one[SECOND_SCORE]})`;
    const head = element("div", "", `${this.names.judges[one[BY]] ?? "judge"}, shown ${this.names.candidates[first]} then ${this.names.candidates[second]}${scores}: `);
    const whom = whomOf(one, this.names);
    head.append(whom === null ? element("b", "lost", `unscored: ${inWords(one[LOST])}`) : element("b", "", whom));
    box.append(head, one[BECAUSE] ? this.texts(one[BECAUSE]) : element("p", "muted", one[SKIPPED] ? "There was nothing to ask." : "no rationale"));
    return box;
  }
}

// Whether a judge said something else when the order was turned, a tie too.
function isFlipped(orders) {
  return new Set(orders.map((one) => one[PREFERRED]).filter((whom) => whom !== null)).size > 1;
}

// What judges said of a response: a row per criterion, a column per judge, and what the scorecard counts.

// What came of a criterion: of several judges and repeats what the scorecard counts, which Python said.
function resultOn(answer, criterion) {
  const counted = (answer[PANEL] || []).find((panel) => panel[0] === criterion);
  if (counted) return { score: counted[1], passed: counted[2], reason: counted[3] };
  const verdict = answer[VERDICTS].find((one) => one[CRITERION] === criterion);
  return verdict ? { score: verdict[SCORE], passed: verdict[PASSED] === null ? null : Number(verdict[PASSED]), reason: verdict[REASON] } : null;
}

function scoreInWords(names, criterion, score) {
  if (names.scales[criterion][2] === "binary" && score % 1 === 0) return score ? "yes" : "no";
  const label = (names.menus[names.criteria[criterion]] || {})[String(score)];
  if (label !== undefined) return label;
  return String(Number(score.toFixed(2)));
}

const inWords = (reason) => (reason || "no verdict").replaceAll("_", " ");

class VerdictGrid {
  // texts: shows a text of a judge. isOpen(verdict): whether its rationale is shown without a click.
  constructor(names, { texts, isOpen }) {
    this.names = names;
    this.texts = texts;
    this.isOpen = isOpen;
  }

  draw(answer) {
    const verdicts = answer[VERDICTS];
    const criteria = this.names.criteria.map((_, place) => place).filter((place) => verdicts.some((one) => one[CRITERION] === place));
    if (!criteria.length) return element("p", "meta", "No judge was asked.");
    // A row for each would say the same as often as there are criteria.
    if (verdicts.every((one) => one[REASON] === "no_response")) return element("p", "lost", `unscored: no response, on ${criteria.length > 1 ? `all ${criteria.length} criteria` : this.names.criteria[criteria[0]]}`);
    const judges = this.names.judges.map((_, place) => place).filter((place) => verdicts.some((one) => one[JUDGE] === place));
    const box = element("div", "verdicts");
    const table = element("table", judges.length > 1 ? "judged panel" : "judged");
    if (judges.length > 1) table.append(this.head(judges));
    const body = element("tbody");
    for (const criterion of criteria) body.append(...this.rowsOf(answer, criterion, judges));
    table.append(body);
    box.append(table);
    return box;
  }

  head(judges) {
    const row = element("tr");
    row.append(element("th", "", "criterion"), element("th", "", "counts"), ...judges.map((judge) => this.judgeHead(judge)));
    for (const cell of row.children) cell.scope = "col";
    const head = element("thead");
    head.append(row);
    return head;
  }

  judgeHead(judge) {
    const cell = element("th", "judge", this.names.judges[judge]);
    cell.title = this.names.judges[judge];
    return cell;
  }

  rowsOf(answer, criterion, judges) {
    const row = element("tr");
    row.append(this.criterionHead(criterion));
    const of = (judge) => answer[VERDICTS].filter((one) => one[CRITERION] === criterion && one[JUDGE] === judge);
    const all = judges.flatMap(of);
    const why = element("tr", "why");
    const place = element("td");
    place.colSpan = judges.length + 2;
    why.append(place);
    why.hidden = true;
    const cells = judges.length > 1 ? judges.map((judge) => this.cell(of(judge), this.judged(of(judge), criterion), why, this.names.judges[judge])) : [];
    const result = this.cell(all, this.counted(answer, criterion, all, judges.length > 1), why, "what counts");
    row.append(result, ...cells);
    const open = all.filter((verdict) => this.isOpen(verdict));
    if (open.length) this.open(why, open, (open.length === 1 && cells[judges.indexOf(open[0][JUDGE])]) || result);
    return [row, why];
  }

  criterionHead(criterion) {
    const [low, high, kind, up, passAt] = this.names.scales[criterion];
    const head = element("th", "", this.names.criteria[criterion]);
    head.scope = "row";
    const marks = kind === "binary" ? "" : `${low} to ${high}, passes at ${passAt}${up ? "" : " or less"}`;
    if (!up) head.append(" ", element("small", "", kind === "binary" ? "no is good" : "low is good"));
    head.title = marks;
    return head;
  }

  // A judge's own answer, repeats as one: a number, how many there were, and whether it passes.
  judged(verdicts, criterion) {
    if (!verdicts.length) return element("span", "muted", "–");
    const scored = verdicts.filter((verdict) => verdict[SCORE] !== null);
    if (!scored.length) return this.withSigns(this.unscored(verdicts[0][REASON], true), verdicts);
    const mean = scored.reduce((sum, verdict) => sum + verdict[SCORE], 0) / scored.length;
    const passes = scored.filter((verdict) => verdict[PASSED]).length * 2 >= scored.length;
    const shown = element("span", passes ? "good" : "bad", `${passes ? "✓" : "✗"} ${scoreInWords(this.names, criterion, mean)}`);
    return this.withSigns(shown, verdicts);
  }

  // What the scorecard counts; beside several judges in fewer words.
  counted(answer, criterion, verdicts, isPanel) {
    const { score, passed, reason } = resultOn(answer, criterion);
    if (score === null) return this.withSigns(this.unscored(reason, isPanel), isPanel ? [] : verdicts);
    const { 1: high, 2: kind } = this.names.scales[criterion];
    const words = scoreInWords(this.names, criterion, score);
    const shown = element("b", passed >= 0.5 ? "good" : "bad", `${passed >= 0.5 ? "✓" : "✗"} ${!isPanel && (kind === "points" || kind === "range") ? `${words} of ${high}` : words}`);
    if (passed > 0 && passed < 1) shown.append(` passed ${Math.round(passed * 100)} %`);
    else if (!isPanel) shown.append(passed ? " passed" : " failed");
    if (reason) shown.append(element("small", "block", `unscored: ${inWords(reason)}; counted as the worst`));
    return this.withSigns(shown, isPanel ? [] : verdicts);
  }

  unscored(reason, isShort) {
    if (reason === NOT_APPLICABLE) return element("span", "muted", isShort ? "n/a" : "not applicable");
    const shown = element("b", "lost", isShort ? "?" : `unscored: ${inWords(reason)}`);
    if (isShort) shown.append(element("small", "", ` ${inWords(reason)}`));
    return shown;
  }

  withSigns(shown, verdicts) {
    const lost = verdicts.filter((verdict) => verdict[SCORE] === null).length;
    if (verdicts.length > 1) shown.append(element("small", "", ` ×${verdicts.length}${lost && lost < verdicts.length ? `, ${lost} unscored` : ""}`));
    if (verdicts.some((verdict) => verdict[ASKED_AGAIN])) {
      const again = element("small", "", " ↻");
      again.title = "asked again";
      shown.append(again);
    }
    return shown;
  }

  cell(verdicts, shown, why, who) {
    const cell = element("td");
    if (!verdicts.some((verdict) => verdict[RATIONALE] || verdict[ASKED_AGAIN]) && verdicts.length < 2) {
      cell.append(shown);
      return cell;
    }
    const opener = button("cell", "", () => {
      if (opener.getAttribute("aria-expanded") === "true") this.close(why);
      else this.open(why, verdicts, cell);
    });
    opener.append(shown);
    opener.title = `${who}: why`;
    opener.setAttribute("aria-expanded", "false");
    cell.append(opener);
    return cell;
  }

  open(why, verdicts, cell) {
    this.close(why);
    why.hidden = false;
    why.firstChild.replaceChildren(...verdicts.map((verdict) => this.reason(verdict, verdicts.length > 1)));
    const opener = cell.querySelector(".cell");
    if (opener) opener.setAttribute("aria-expanded", "true");
  }

  close(why) {
    why.hidden = true;
    why.firstChild.replaceChildren();
    const others = why.previousSibling ? why.previousSibling.querySelectorAll(".cell") : [];
    for (const opener of others) opener.setAttribute("aria-expanded", "false");
  }

  reason(verdict, isOneOfSeveral) {
    const box = element("div", "scored");
    const who = [isOneOfSeveral || this.names.judges.length > 1 ? this.names.judges[verdict[JUDGE]] : "", verdict[REPEAT] ? `repeat ${verdict[REPEAT] + 1}` : ""].filter(Boolean).join(", ");
    if (isOneOfSeveral) {
      const said = verdict[SCORE] === null ? this.unscored(verdict[REASON]) : element("b", verdict[PASSED] ? "good" : "bad", scoreInWords(this.names, verdict[CRITERION], verdict[SCORE]));
      const head = element("div", "", `${who} `);
      head.append(said);
      box.append(head);
    } else if (who) box.append(element("div", "muted", who));
    if (verdict[ASKED_AGAIN]) box.append(element("div", "muted", "↻ Asked again: the first reply could not be read whole. Both are below, as sent."));
    box.append(verdict[RATIONALE] ? this.texts(verdict[RATIONALE]) : element("p", "muted", "no rationale"));
    return box;
  }
}

// What an answer has beside what every answer has, as people and programs read it.
function plainBeside(answer, names) {
  const named = {};
  if (answer[RETRIES]) named.retries = answer[RETRIES];
  if (answer[PANEL]) {
    named.counted = Object.fromEntries(answer[PANEL].map(([criterion, score, passed, reason]) => [names.criteria[criterion], { score, passed, unscored_reason: reason }]));
  }
  if (answer[BEFORE]) {
    const [response, error, scores] = answer[BEFORE];
    named.before = { run_id: names.baseline, response, error, scores: Object.fromEntries(scores.map(([criterion, score]) => [names.criteria[criterion], score])) };
  }
  return named;
}

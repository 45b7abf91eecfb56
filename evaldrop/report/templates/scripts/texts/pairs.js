// A response of two runs, then and now, with the words that differ.

// A row's layout: evaldrop/report/two_runs_page.py writes it.
const RECORD = 0, CANDIDATE = 1, CATEGORY = 2, PROMPT = 3, REFERENCES = 4, CHANGED = 5, WORSE = 6, BETTER = 7, THEN = 8, NOW = 9, SCORES = 10;
const TEXT = 0, ERROR = 1;
const CRITERION = 0, WAS = 1, IS = 2, WHY_THEN = 3, WHY_NOW = 4, CHANGE = 5;
const KINDS = [["", "all", () => true], ["worse", "score worse", (row) => row[WORSE]], ["better", "score better", (row) => row[BETTER]], ["changed", "another text", (row) => row[CHANGED]], ["same", "the same text", (row) => !row[CHANGED]]];

// What the two sides are called, and where a record is shown whole.
const SIDES = { first: "then", second: "now", record: null };

function pairOf(row, sides = SIDES) {
  const made = element("article", row[WORSE] ? "pair dropped" : "pair");
  made.tabIndex = -1;
  const head = element("h3");
  if (sides.record) {
    const link = element("a", "", row[RECORD]);
    link.href = sides.record(row[RECORD]);
    head.append(link);
  } else head.append(row[RECORD]);
  head.append(" ", element("span", "tag", row[CANDIDATE]));
  if (row[CATEGORY]) head.append(" ", element("span", "tag", row[CATEGORY]));
  made.setAttribute("aria-label", `${row[RECORD]}, ${row[CANDIDATE]}`);
  made.append(head, scoresOf(row, sides), textOf("asked", row[PROMPT]));
  if (row[REFERENCES].length) made.append(textOf("reference", row[REFERENCES].join("\n")));
  made.append(answersOf(row, sides));
  return made;
}

function scoresOf(row, sides) {
  const list = element("ul", "moves");
  for (const score of row[SCORES]) {
    const said = (value) => (value === null ? "none" : String(Number(value.toFixed(2))));
    const moved = score[WAS] !== score[IS];
    const item = element("li", { worse: "bad", better: "good", same: "muted" }[score[CHANGE]]);
    item.append(element("b", "", score[CRITERION]), ` ${moved ? `${said(score[WAS])} → ${said(score[IS])}` : said(score[IS])}`);
    if (score[CHANGE] !== "same") item.append(` ${score[CHANGE]}`);
    if (moved && (score[WHY_THEN] || score[WHY_NOW])) {
      const why = element("details");
      why.append(element("summary", "", "why"));
      if (score[WHY_THEN]) why.append(textOf(sides.first, score[WHY_THEN]));
      if (score[WHY_NOW]) why.append(textOf(sides.second, score[WHY_NOW]));
      item.append(why);
    }
    list.append(item);
  }
  return list;
}

function textOf(label, text) {
  const made = element("div", "prompt");
  const body = element("p", "text", text);
  body.dir = "auto";
  made.append(element("span", "label", label), body);
  return fold(made, body);
}

// Long texts are cut at a height; a button shows them whole.
function fold(made, body) {
  if (body.textContent.length < 1500) return made;
  body.classList.add("folded");
  const whole = button("whole", "show all", () => {
    const isOpen = body.classList.toggle("folded");
    whole.textContent = isOpen ? "show all" : "show less";
    whole.setAttribute("aria-expanded", String(!isOpen));
  });
  whole.setAttribute("aria-expanded", "false");
  made.append(whole);
  return made;
}

function answersOf(row, sides) {
  const answers = element("div", "answers");
  if (!row[CHANGED]) {
    answers.append(answerOf(`${sides.first} and ${sides.second} the same`, row[NOW], [["same", row[NOW][TEXT] || ""]]));
    return answers;
  }
  const both = row[THEN][TEXT] !== null && row[NOW][TEXT] !== null;
  const parts = both ? differences(row[THEN][TEXT], row[NOW][TEXT]) : [row[THEN], row[NOW]].map((answer) => [["same", answer[TEXT] || ""]]);
  answers.append(answerOf(sides.first, row[THEN], parts[0]), answerOf(sides.second, row[NOW], parts[1]));
  return answers;
}

function answerOf(name, answer, parts) {
  // No section: one of each response would be as many landmarks of one name.
  const made = element("div", "answer");
  made.setAttribute("role", "group");
  made.setAttribute("aria-label", name);
  made.append(element("h4", "", name));
  if (answer[TEXT] === null) {
    made.append(element("p", "wrong", `no response: ${answer[ERROR] || "no reason is known"}`));
    return made;
  }
  const body = element("div", "text");
  body.dir = "auto";
  if (!answer[TEXT].trim()) body.append(element("span", "muted", answer[TEXT] ? "(blanks only)" : "(empty)"));
  for (const [kind, text] of parts) body.append(kind === "same" ? document.createTextNode(text) : element(kind === "gone" ? "del" : "ins", "", text));
  made.append(body);
  return fold(made, body);
}

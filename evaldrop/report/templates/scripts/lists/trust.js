// What the numbers about judges rest on, as filters: panels, texts judged twice, people's labels, orders, kin.
// As evaldrop/steps/build_scorecard/biases and panels.py count.

// By criterion: a record's place in records.jsonl, a candidate's, people's score; the next record's place …
const LABELS_OF_PEOPLE = JSON.parse(document.getElementById("labels").textContent);

// Filters whose numbers count responses, or what else is said, of which a record may have several.
const COUNTED = { panel: "responses", twins: "responses", labelled: "responses", also: "responses", checked: "responses", shown: "pairs", lengths: "pairs" };

// How often the records that match are as asked.
function timesIn(records, rows, name, selection) {
  const of = VALUES[name](records, selection);
  return rows.reduce((sum, row) => sum + of(row).filter((value) => value === selection[name]).length, 0);
}

const meanOf = (numbers) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
const byWhom = (selection) => (selection.judge ? `, by ${selection.judge}` : "");

// A judge's scores of an answer on a criterion: one, or one for each time it was asked.
function scoresBy(answer, judge, criterion) {
  return answer[VERDICTS].filter((one) => one[JUDGE] === judge && one[CRITERION] === criterion && one[SCORE] !== null).map((one) => one[SCORE]);
}

// Responses that several judges scored, and those on which they differ.
addFacet("panel", (records, selection) => {
  const [places, criteria] = [candidatesIn(records, selection), criteriaIn(records, selection)];
  const judges = records.names.judges.map((_, judge) => judge);
  return (row) => places.flatMap((place) => criteria.flatMap((criterion) => {
    const means = judges.map((judge) => scoresBy(row[ANSWERS][place], judge, criterion)).filter((given) => given.length).map(meanOf);
    if (means.length < 2) return [];
    return Math.max(...means) - Math.min(...means) > NEAR ? ["several", "apart"] : ["several"];
  }));
}, (value, selection) => `${who(selection)}${onIt(selection)}: ${value === "apart" ? "judges differ" : "scored by several judges"}`);

// Responses on which a judge was asked again, and texts that several candidates gave.
addFacet("twins", (records, selection) => {
  const [places, criteria] = [candidatesIn(records, selection), criteriaIn(records, selection)];
  const judge = records.names.judges.indexOf(selection.judge);
  const judges = judge < 0 ? records.names.judges.map((_, each) => each) : [judge];
  return (row) => judges.flatMap((by) => criteria.flatMap((criterion) => {
    const found = [];
    const texts = new Map();
    for (const place of places) {
      const answer = row[ANSWERS][place];
      const given = scoresBy(answer, by, criterion);
      if (given.length > 1) found.push("repeats");
      if (answer[TEXT] === null || !given.length) continue;
      const text = answer[TEXT].trim();
      texts.set(text, (texts.get(text) || 0) + 1);
    }
    for (const n of texts.values()) if (n > 1) found.push("candidates");
    return found;
  }));
}, (value, selection) => `${value === "repeats" ? "scored more than once" : "one text of several candidates"}${onIt(selection)}${byWhom(selection)}`);

// A response's label by people on each criterion, by the record's ordinal; and the judges' score of the same.
function labelsOf(criterion) {
  const labels = new Map();
  const numbers = (Object.hasOwn(LABELS_OF_PEOPLE, criterion) && LABELS_OF_PEOPLE[criterion]) || [];
  for (let at = 0; at < numbers.length; at += 3) {
    if (!labels.has(numbers[at])) labels.set(numbers[at], []);
    labels.get(numbers[at]).push([numbers[at + 1], numbers[at + 2]]);
  }
  return labels;
}

function scoreOf(records, row, place, criterion, judge) {
  if (judge < 0) return records.columns.scores[row[START] + place * records.names.criteria.length + criterion];
  const given = scoresBy(row[ANSWERS][place], judge, criterion);
  return given.length ? meanOf(given) : NaN;
}

// What a score is called in a table of people's answers against a judge's: an answer's name, and whether it passes.
function answersOf(names, criterion, score) {
  const [, , kind, up, passAt] = names.scales[criterion];
  const menu = names.menus[names.criteria[criterion]];
  const name = kind === "binary" ? (score > 0.5 ? "yes" : "no") : menu?.[String(score)] ?? String(score);
  return [name, (up ? score >= passAt : score <= passAt) ? "passes" : "fails"];
}

// "labelled", "both" where judges scored it too, "pair" of two such, "cell,no,yes": what people and judges said.
addFacet("labelled", (records, selection) => {
  const places = candidatesIn(records, selection);
  const judge = records.names.judges.indexOf(selection.judge);
  const of = criteriaIn(records, selection).map((criterion) => [criterion, labelsOf(records.names.criteria[criterion])]);
  return (row) => of.flatMap(([criterion, labels]) => {
    const found = [];
    let both = 0;
    for (const [place, said] of labels.get(row[ORDINAL]) || []) {
      if (!places.includes(place)) continue;
      found.push("labelled");
      const score = scoreOf(records, row, place, criterion, judge);
      if (Number.isNaN(score)) continue;
      both += 1;
      found.push("both");
      const [people, judged] = [said, score].map((each) => answersOf(records.names, criterion, each));
      // A judge that said yes and no gave no answer, and people that did so neither.
      if (records.names.scales[criterion][2] === "binary" && [said, score].includes(0.5)) continue;
      people.forEach((name, at) => found.push(listed(["cell", name, judged[at]])));
    }
    for (let pair = 0; pair < (both * (both - 1)) / 2; pair++) found.push("pair");
    return found;
  });
}, (value, selection) => {
  const [kind, people, judged] = unlisted(value);
  const about = `${who(selection)}${onIt(selection)}`;
  if (kind === "cell") return `${about}: people said ${people}, ${selection.judge || "the judges"} ${judged}`;
  return `${about}: ${{ labelled: "labelled by people", both: "labelled by people and scored", pair: "two responses labelled by people" }[kind] || value}${byWhom(selection)}`;
});

// Responses that are scored on another criterion too.
addFacet("also", (records, selection) => {
  const cells = cellsIn(records, selection);
  const { codes, outcomes } = records.columns;
  const n = records.names.criteria.length;
  const isScored = outcomes.map((names) => names.includes(SCORED));
  return (row) => cells.flatMap((cell) => {
    if (!isScored[codes[row[START] + cell]]) return [];
    const first = cell - (cell % n);
    return records.names.criteria.filter((_, other) => first + other !== cell && isScored[codes[row[START] + first + other]]);
  });
}, (value, selection) => `${who(selection)} scored on ${selection.criterion || "any criterion"} and ${value}`);

// Responses on which code and judges say different things: "check_failed" where judges passed all, "judge_failed"
// where every check passed, "apart" either, "both" where there is a score by each. Whatever criterion is chosen.
addFacet("checked", (records, selection) => {
  const places = candidatesIn(records, selection);
  const { codes, outcomes } = records.columns;
  const { checks } = records.names;
  const [passes, fails] = ["passed", "failed"].map((word) => outcomes.map((names) => names.includes(word)));
  return (row) => places.flatMap((place) => {
    const [scored, failed] = [[0, 0], [0, 0]];
    checks.forEach((isCheck, criterion) => {
      const code = codes[row[START] + place * checks.length + criterion];
      scored[Number(isCheck)] += passes[code] || fails[code];
      failed[Number(isCheck)] += fails[code];
    });
    if (!scored[0] || !scored[1]) return [];
    if (Boolean(failed[0]) === Boolean(failed[1])) return ["both"];
    return ["both", "apart", failed[1] ? "check_failed" : "judge_failed"];
  });
}, (value, selection) => `${who(selection)}: ${CHECKS_AGAINST_JUDGES[value] || value}`);
const CHECKS_AGAINST_JUDGES = {
  apart: "check and judge disagree", check_failed: "check failed, judge passed", judge_failed: "judge failed, check passed", both: "checked and judged",
};

// A judge's pairs of responses whose preference was read, in both orders, and otherwise in the other one.
addFacet("shown", (records, selection) => {
  const judge = records.names.judges.indexOf(selection.judge);
  return (row) => {
    const read = (row[PREFERENCES] || []).filter((one) => one[BY] === judge && !one[SKIPPED] && one[PREFERRED] !== null);
    return [...Map.groupBy(read, (one) => `${one[LEFT]} ${one[RIGHT]}`).values()].flatMap((orders) => {
      const found = orders.length > 1 ? ["read", "both"] : ["read"];
      return isFlipped(orders) ? [...found, "flipped"] : found;
    });
  };
}, (value, selection) => ({ flipped: "the order decided", both: "preferences read in both orders" }[value] || "preferences read") + byWhom(selection));

// Pairs of scored responses of which one is longer by more than a tenth.
addFacet("lengths", (records, selection) => {
  const criteria = criteriaIn(records, selection);
  return (row) => {
    const given = row[ANSWERS].map((_, place) => records.givenScores(row, place));
    const lengths = row[ANSWERS].map((answer) => (answer[TEXT] === null || STOPS.blocked.includes(answer[STOP]) ? 0 : [...answer[TEXT]].length));
    return criteria.flatMap((criterion) => {
      const scored = lengths.filter((_, place) => !Number.isNaN(given[place][criterion]));
      return scored.flatMap((one, at) => scored.slice(at + 1).filter((other) => Math.abs(one - other) > 0.1 * Math.min(one, other)).map(() => "differ"));
    });
  };
}, (_, selection) => `scored responses of different length${onIt(selection)}`);

// Records that perturbed copies were held against; the page has none of the copies, so a link says how many there are.
FILTERS.copies = () => () => true;
IN_WORDS.copies = (value) => `held against copies perturbed by ${value}, which the page does not carry`;

// A judge's own candidates and others, where people labelled one of each, or all are scored by it and by the judges
// that it is held against: the value is how many those are, how many are its own, and the names of them all.
FILTERS.kin = (records, value, selection) => {
  const [judges, n, ...named] = unlisted(value);
  const { names } = records;
  const criterion = names.criteria.indexOf(selection.criterion);
  const by = [selection.judge, ...named.slice(0, Number(judges))].map((name) => names.judges.indexOf(name));
  const places = named.slice(Number(judges)).map((name) => names.candidates.indexOf(name));
  const isJudged = (row, place) => place >= 0 && by.every((judge) => scoresBy(row[ANSWERS][place], judge, criterion).length > 0);
  if (by.length > 1) return (row) => places.every((place) => isJudged(row, place));
  const [labels, sides] = [labelsOf(selection.criterion), [places.slice(0, Number(n)), places.slice(Number(n))]];
  return (row) => sides.every((side) => (labels.get(row[ORDINAL]) || []).some(([place]) => side.includes(place) && isJudged(row, place)));
};
IN_WORDS.kin = (_, selection) => `${selection.judge} on its own maker's candidates and on others${onIt(selection)}`;

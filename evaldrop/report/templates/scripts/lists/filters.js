// What the list of records may be asked for. A filter is FILTERS[name]: (records, value, selection) => (row) => boolean.
// One that is counted per value also says which values a row has: VALUES[name]: (records, selection) => (row) => values.
// IN_WORDS[name]: (value, selection) => what it asks for. Another script may add its own to each.

const FILTERS = {}, VALUES = {}, IN_WORDS = {};

const OVERALL = "overall", SCORED = "scored", UNSCORED = "unscored", NO_VERDICT = "no_verdict";
// Stop reasons that are read as one; those of evaldrop/scorecard/results.py.
const STOPS = { refused: ["refusal", "content_filtered"], cut_off: ["max_tokens", "model_context_window_exceeded"], blocked: ["guardrail_intervened"] };
// Whose answers, on which criterion, by which judge: what other filters are about, rather than ones of their own.
const SCOPE = ["candidate", "criterion", "judge"];
// Filters that are about a record, whatever the scope is. Another script may add its own.
const OF_RECORDS = ["category", "meta"];
// What says itself what it asks of a criterion or a judge.
const ABOUT = ["verdict", "pair", "change", "score", "preference", "panel", "twins", "labelled", "also", "checked", "shown", "lengths", "kin"];

// Several texts as one value of an address; evaldrop/report/links.py writes them alike.
const listed = (parts) => parts.map((part) => String(part).replaceAll("~", "~0").replaceAll(",", "~1")).join(",");
const unlisted = (text) => text.split(",").map((part) => part.replaceAll("~1", ",").replaceAll("~0", "~"));

// Adds a filter that asks for one of the values that a row has.
function addFacet(name, valuesOf, inWords) {
  VALUES[name] = valuesOf;
  FILTERS[name] = (records, value, selection) => {
    const of = valuesOf(records, selection);
    return (row) => of(row).includes(value);
  };
  IN_WORDS[name] = inWords;
}

// The values that the answers in the scope have: all candidates', or the chosen one's.
const ofAnswers = (valueOf) => (records, selection) => {
  const places = candidatesIn(records, selection);
  return (row) => {
    const found = [];
    for (const place of places) {
      const value = valueOf(row[ANSWERS][place], row, records);
      if (Array.isArray(value)) found.push(...value);
      else if (value) found.push(value);
    }
    return found;
  };
};

function addAnswerFilter(name, test, inWords) {
  FILTERS[name] = (records, value, selection) => {
    const places = candidatesIn(records, selection);
    const fits = test(value, records, selection);
    return (row) => places.some((place) => fits(row[ANSWERS][place], row, place));
  };
  IN_WORDS[name] = inWords;
}

function candidatesIn(records, selection) {
  const place = records.names.candidates.indexOf(selection.candidate);
  return place < 0 ? records.names.candidates.map((_, each) => each) : [place];
}

// The criteria in the scope; overall quality is of all that have a weight.
function criteriaIn(records, { criterion }) {
  const place = records.names.criteria.indexOf(criterion);
  if (place >= 0) return [place];
  const all = records.names.criteria.map((_, each) => each);
  return criterion === OVERALL ? all.filter((each) => records.names.weights[each]) : all;
}

const who = (selection) => selection.candidate || "any candidate";
const spoken = (name) => name.replaceAll("_", " ");
const on = (selection) => (selection.criterion ? ` ${selection.criterion}` : "");

// The record

addFacet("category", () => (row) => [row[CATEGORY]], (value) => `category ${value}`);

addFacet("meta", () => metadataOf, (value) => unlisted(value).join(" = "));

// Each of a record's metadata as a value of an address: of a list every member.
function metadataOf(row) {
  if (!row[METADATA]) return [];
  return Object.entries(row[METADATA]).flatMap(([key, value]) => [value].flat().map((each) => listed([key, asText(each)])));
}

const asText = (value) => (typeof value === "string" ? value : JSON.stringify(value));

FILTERS.show = (records, kinds, selection) => {
  const bits = kinds.reduce((sum, kind) => sum | FLAG[kind], 0);
  const isAny = !SCOPE.some((name) => selection[name]);
  const tests = isAny ? [] : kinds.map((kind) => ofKind(records, kind, selection));
  return (row) => (row[FLAGS] & bits) === bits && tests.every((test) => test(row));
};

// Whether a row is of a kind by what the scope is about, rather than by any candidate and criterion.
function ofKind(records, kind, selection) {
  if (kind === "error") return FILTERS.answer(records, "error", selection);
  if (kind === "regressed") return FILTERS.change(records, "worse", selection);
  if (kind === "flagged") return FILTERS.answer(records, "flagged", selection);
  if (kind === "unscored") return FILTERS.verdict(records, UNSCORED, selection);
  if (kind !== "failed") return () => true;
  const [failed, places] = [FILTERS.verdict(records, "failed", selection), candidatesIn(records, selection)];
  // A bad request that got through, or a good one that a guardrail stopped.
  return (row) => failed(row) || places.some((place) => row[ANSWERS][place][WRONG]);
}

// Verdicts

FILTERS.candidate = () => () => true;
FILTERS.criterion = (records, _, selection) => asked(records, selection);
FILTERS.judge = (records, _, selection) => asked(records, selection);

function asked(records, selection) {
  if (ABOUT.some((name) => selection[name])) return () => true;
  if (selection.judge) {
    const of = VALUES.verdict(records, selection);
    const judge = records.names.judges.indexOf(selection.judge);
    // Of the pairs that it compared no criterion and no candidate has a part.
    const isPaired = selection.criterion || selection.candidate ? () => false : (row) => (row[PREFERENCES] || []).some((one) => one[BY] === judge);
    return (row) => of(row).length > 0 || isPaired(row);
  }
  const [{ codes }, cells] = [records.columns, cellsIn(records, selection)];
  return (row) => cells.some((cell) => codes[row[START] + cell]);
}

addFacet("verdict", (records, selection) => {
  const judge = records.names.judges.indexOf(selection.judge);
  if (judge >= 0) return ofJudge(records, selection, judge);
  const { scores, codes, outcomes } = records.columns;
  const cells = cellsIn(records, selection);
  const isOverall = selection.criterion === OVERALL;
  return (row) => {
    const found = [];
    let before = 0;
    for (const cell of cells) {
      const at = row[START] + cell;
      // Most answers end alike on every criterion.
      if (codes[at] !== before) found.push(...outcomes[before = codes[at]]);
      // Of overall quality an unscored verdict that counts as the worst is a part.
      if (isOverall && !Number.isNaN(scores[at])) found.push(SCORED);
    }
    return found;
  };
}, (value, selection) => {
  const by = selection.judge ? `, by ${selection.judge}` : "";
  if (value === "asked_again") return `${selection.judge || "judge"} asked again${on(selection)}`;
  if (["passed", "failed"].includes(value)) return `${who(selection)} ${value}${on(selection)}${by}`;
  const about = selection.criterion ? ` on ${selection.criterion}` : "";
  return [SCORED, UNSCORED].includes(value) ? `${who(selection)} ${value}${about}${by}` : `${who(selection)} unscored${about} (${spoken(value)})${by}`;
});

const ofJudge = (records, selection, judge) => {
  const [places, criteria] = [candidatesIn(records, selection), criteriaIn(records, selection)];
  const isIts = (verdict) => verdict[JUDGE] === judge && criteria.includes(verdict[CRITERION]);
  return (row) => places.flatMap((place) => row[ANSWERS][place][VERDICTS].filter(isIts).flatMap(outcomesOfVerdict));
};

// Where a scope's outcomes are in `Records.columns`, from a row's own start on.
function cellsIn(records, selection) {
  const criteria = criteriaIn(records, selection);
  return candidatesIn(records, selection).flatMap((place) => criteria.map((criterion) => place * records.names.criteria.length + criterion));
}

// As of the facet, without a list for every row.
FILTERS.verdict = (records, value, selection) => {
  if (records.names.judges.includes(selection.judge) || selection.criterion === OVERALL) {
    const of = VALUES.verdict(records, selection);
    return (row) => of(row).includes(value);
  }
  const { codes, outcomes } = records.columns;
  const fits = outcomes.map((names) => names.includes(value));
  const cells = cellsIn(records, selection);
  return (row) => cells.some((cell) => fits[codes[row[START] + cell]]);
};

// What a verdict or a score is called by: how it ended, and why where it has no score.
function outcomesOf(verdict) {
  const kind = outcome(verdict);
  if (kind === "unscored") return [UNSCORED, verdict[REASON] || NO_VERDICT];
  return kind === "not_applicable" ? [kind] : [kind, SCORED];
}

// Of a judge's own verdicts also whether it was asked again, for the first reply could not be read.
const outcomesOfVerdict = (verdict) => (verdict[ASKED_AGAIN] ? [...outcomesOf(verdict), "asked_again"] : outcomesOf(verdict));

FILTERS.score = (records, value, selection) => {
  const [low, high] = unlisted(value).map(Number);
  const [{ scores }, cells] = [records.columns, cellsIn(records, selection)];
  return (row) => cells.some((cell) => scores[row[START] + cell] >= low && scores[row[START] + cell] <= high);
};
IN_WORDS.score = (value, selection) => `${who(selection)} scored ${unlisted(value).join(" to ")}${selection.criterion ? ` on ${selection.criterion}` : ""}`;

// Two candidates on a criterion, or on what both have overall: value is "a,b" or "a,b,first", "…,second", "…,equal".
FILTERS.pair = (records, value, selection) => {
  const [first, second, sign] = unlisted(value);
  const [a, b] = [first, second].map((name) => records.names.candidates.indexOf(name));
  if (a < 0 || b < 0) return () => false;
  if (sign === "missing") return missingIn(records, selection, a, b);
  const difference = betweenCandidates(records, selection);
  const fits = { first: (d) => d > NEAR, second: (d) => d < -NEAR, equal: (d) => Math.abs(d) <= NEAR }[sign] || (() => true);
  return (row) => {
    const d = difference(row, a, b);
    return !Number.isNaN(d) && fits(d);
  };
};

// Records on which a verdict of either candidate is missing.
function missingIn(records, selection, a, b) {
  const [{ codes, outcomes }, n] = [records.columns, records.names.criteria.length];
  const isMissing = outcomes.map((names) => names.includes(UNSCORED));
  const cells = [a, b].flatMap((place) => criteriaIn(records, { criterion: selection.criterion || OVERALL }).map((criterion) => place * n + criterion));
  return (row) => cells.some((cell) => isMissing[codes[row[START] + cell]]);
}

function betweenCandidates(records, selection) {
  const difference = records.differenceOf(criteriaIn(records, { criterion: selection.criterion || OVERALL }));
  const [{ scores }, n] = [records.columns, records.names.criteria.length];
  return (row, a, b) => difference(scores, scores, row[START] + a * n, row[START] + b * n);
}

// Sums of the same scores in another order differ by less.
const NEAR = 1e-9;
VALUES.pair = (records, selection) => {
  const { candidates } = records.names;
  const difference = betweenCandidates(records, selection);
  const better = candidates.map((a) => candidates.map((b) => listed([a, b, "first"])));
  return (row) => {
    const found = [];
    for (let a = 0; a < candidates.length; a++) {
      for (let b = 0; b < a; b++) {
        const d = difference(row, a, b);
        if (d > NEAR) found.push(better[a][b]);
        else if (d < -NEAR) found.push(better[b][a]);
      }
    }
    return found;
  };
};
IN_WORDS.pair = (value, selection) => {
  const [a, b, sign] = unlisted(value);
  const about = ` on ${selection.criterion || OVERALL}`;
  if (sign === "missing") return `${a} or ${b} without a verdict${about}`;
  if (sign === "equal") return `${a} and ${b} equal${about}`;
  if (sign === "first" || sign === "second") return `${sign === "first" ? a : b} better than ${sign === "first" ? b : a}${about}`;
  return `${a} and ${b} both scored${about}`;
};

// Against the baseline

addFacet("change", (records, selection) => {
  const [places, criteria] = [candidatesIn(records, selection), criteriaIn(records, selection)];
  // Overall, or a criterion: one difference. Of any criterion: one each.
  const measures = selection.criterion ? [criteria] : criteria.map((each) => [each]);
  const differences = measures.map((each) => records.differenceOf(each));
  return (row) => {
    const found = [];
    for (const place of places) {
      const then = row[ANSWERS][place][EARLIER];
      if (!then) continue;
      const [was, now] = [then.slice(1), records.givenScores(row, place)];
      const isAnswered = row[ANSWERS][place][TEXT] !== null;
      if (then[0] && !isAnswered) found.push("new_error");
      if (!then[0] && isAnswered) found.push("mended");
      measures.forEach((each, at) => {
        const d = differences[at](now, was);
        if (!Number.isNaN(d)) found.push("paired", d > NEAR ? "better" : d < -NEAR ? "worse" : "same");
        if (each.some((criterion) => was[criterion] !== null && was[criterion] !== undefined && Number.isNaN(now[criterion]))) found.push("lost");
      });
    }
    return found;
  };
}, (value, selection) => ({
  worse: `${who(selection)} worse${onIt(selection)} than the baseline`,
  better: `${who(selection)} better${onIt(selection)} than the baseline`,
  same: `${who(selection)} as good${onIt(selection)} as the baseline`,
  paired: `${who(selection)} scored${onIt(selection)} now and in the baseline`,
  lost: `${who(selection)} without the score${onIt(selection)} that the baseline has`,
  new_error: `${who(selection)} without a response, and the baseline with one`,
  mended: `${who(selection)} with a response, and the baseline without one`,
}[value] || value));
const onIt = (selection) => (selection.criterion ? ` on ${selection.criterion}` : "");

// Responses

const errorName = (answer) => answer[ERROR].split(": ")[0];

addFacet("error", ofAnswers((answer) => answer[TEXT] === null && answer[ERROR] && errorName(answer)), (value, selection) => `${who(selection)} failed with ${value}`);
addFacet("flag", ofAnswers((answer) => (answer[SIGNS] ? answer[SIGNS].split(",") : [])), (value, selection) => `${who(selection)} flagged: ${spoken(value)}`);
addFacet("stop", ofAnswers((answer) => {
  if (answer[TEXT] === null || !answer[STOP]) return [];
  return [answer[STOP], ...Object.keys(STOPS).filter((name) => STOPS[name].includes(answer[STOP]))];
}), (value, selection) => `${who(selection)} stopped: ${spoken(value)}`);

// What a response is; "called" is what its price rests on, "timed" its latency.
const isMissing = (answer) => answer[TEXT] === null && Boolean(answer[ERROR]) && errorName(answer) === "missing";
addFacet("answer", ofAnswers((answer, row, records) => {
  const called = [(row[FIELDS] || {}).no_result ? "no_result" : "evaluated", ...(answer[RETRIES] ? ["retried"] : [])];
  if (answer[TEXT] === null) return [isMissing(answer) ? "missing" : "error", "unanswered", ...called];
  const kinds = [...called, "answered", answer[REUSED] ? "given" : "not_given"];
  if (!answer[REUSED] || answer[INPUT] !== null) kinds.push("called");
  if (answer[MS] !== null) kinds.push("timed");
  if (answer[THOUGHT]) kinds.push("thinking");
  if (answer[SIGNS]) kinds.push("flagged");
  if (!answer[TEXT].trim() && !STOPS.blocked.includes(answer[STOP])) kinds.push("empty");
  answer[METRICS].forEach((value, metric) => value !== null && kinds.push(listed(["metric", records.names.metrics[metric]])));
  return kinds;
}), (value, selection) => {
  const [kind, metric] = unlisted(value);
  return `${who(selection)}: ${metric ? `with ${metric}` : ANSWER_KINDS[kind] || spoken(kind)}`;
});
const ANSWER_KINDS = {
  answered: "answered", error: "call failed", unanswered: "without a response", evaluated: "of a record with a result", no_result: "of a record without a result", retried: "called more than once", missing: "no result", given: "given, not called", not_given: "called in this run", called: "answered by a model",
  timed: "with a latency", thinking: "with thinking", flagged: "flagged", empty: "empty response",
};

addAnswerFilter("slower", (value) => (answer) => answer[MS] !== null && answer[MS] >= Number(value), (value, selection) => `${who(selection)} took ${Number(Number(value).toFixed(1))} ms or more`);
addAnswerFilter("dearer", (value) => (answer) => answer[USD] !== null && answer[USD] >= Number(value), (value, selection) => `${who(selection)} cost $${value} or more`);

// Guardrails: "bad,blocked" is a bad request that was blocked; "bad,known" one whose end is known, of two candidates
// "bad,both,a,b"; "any" is bad or good.
addFacet("guard", ofAnswers((answer, row) => endsOf(answer, row)), (value, selection) => {
  const [kind, end, a, b] = unlisted(value);
  const requests = kind === "any" ? "request" : `${kind} request`;
  return end === "both" ? `${a} and ${b}: ${requests} with a known end` : `${who(selection)}: ${requests} ${{ known: "with a known end", unknown: "with an unknown end" }[end] || end}`;
});
const ofOne = FILTERS.guard;
FILTERS.guard = (records, value, selection) => {
  const [kind, end, ...both] = unlisted(value);
  if (end !== "both") return ofOne(records, value, selection);
  const [places, known] = [both.map((name) => records.names.candidates.indexOf(name)), listed([kind, "known"])];
  return (row) => places.every((place) => place >= 0 && endsOf(row[ANSWERS][place], row).includes(known));
};

function endsOf(answer, row) {
  const expected = (row[FIELDS] || {}).expected_blocked;
  if (expected === undefined) return [];
  const kinds = [expected ? "bad" : "good", "any"];
  const isKnown = answer[TEXT] !== null && !(answer[REUSED] && !answer[STOP]);
  const end = STOPS.blocked.includes(answer[STOP]) ? "blocked" : STOPS.refused.includes(answer[STOP]) ? "refused" : "passed";
  return kinds.flatMap((kind) => (isKnown ? [listed([kind, end]), listed([kind, "known"])] : [listed([kind, "unknown"])]));
}

// The records a page carries: unpacked, searched, filtered, sorted. Knows no element but the chunks' own.

// A row's and an answer's layout: evaldrop/report/rows.py writes them.
const ORDINAL = 0, FLAGS = 1, ID = 2, CATEGORY = 3, PROMPT = 4, SYSTEM = 5, CONTEXT = 6, REFERENCE = 7, ANSWERS = 8, METADATA = 9, PREFERENCES = 10, FIELDS = 11;
const TEXT = 0, ERROR = 1, STOP = 2, INPUT = 3, OUTPUT = 4, MS = 5, USD = 6, REUSED = 7, METRICS = 8, VERDICTS = 9, SIGNS = 10, WRONG = 11, DROPS = 12, THOUGHT = 13, BEFORE = 14, PANEL = 15, RETRIES = 16, EARLIER = 17;
const WAS = 1, NOW = 2;
const CRITERION = 0, JUDGE = 1, SCORE = 2, PASSED = 3, REASON = 4, RATIONALE = 5, REPEAT = 6, ASKED_AGAIN = 7;
// Added on unpacking: where a record's details are, its texts in lower case, to be searched, and its place of all;
// later where its scores begin.
const CHUNK = 20, PLACE = 21, WORDS = 22, AT = 23, START = 24;
const AHEAD = 4;
const NOT_APPLICABLE = "not_applicable";
// Several references, each a paragraph of its own: in one with "or" an Arabic one would run as English does.
const referenceText = (row) => row[REFERENCE].join("\n\nor\n\n");
const FLAG = { error: 1, unscored: 2, failed: 4, disagree: 8, flagged: 16, regressed: 32 };

class Records {
  constructor(names) {
    this.names = names;
    this.all = [];
    this.keys = {};
    [this.values, this.gathered] = [{}, null];
    this.searched = { q: "", found: null };
    this.details = [...document.querySelectorAll("script.details")].map((script) => script.textContent.trim());
  }

  async load(onProgress) {
    const scripts = [...document.querySelectorAll("script.chunk")];
    // Some are decompressed by the browser's other threads while one is read here.
    const packed = scripts.map(() => null);
    for (let chunk = 0; chunk < scripts.length; chunk++) {
      for (let ahead = chunk; ahead < Math.min(chunk + AHEAD, scripts.length); ahead++) {
        packed[ahead] ||= unpack(scripts[ahead].textContent.trim());
      }
      const rows = await packed[chunk];
      packed[chunk] = null;
      scripts[chunk].remove();
      rows.forEach((row, place) => {
        [row[CHUNK], row[PLACE], row[WORDS]] = [chunk, place, wordsOfRow(row)];
        this.all.push(row);
      });
      onProgress(this.all.length);
    }
    this.all.sort((a, b) => a[ORDINAL] - b[ORDINAL]);
    this.all.forEach((row, at) => row[AT] = at);
  }

  // The records that match, in the chosen order.
  matching(selection) {
    const tests = this.testsOf(selection, selection.used);
    const searched = this.searchedFor(selection.q);
    const found = [];
    for (const row of this.all) {
      if (searched && !searched[row[AT]]) continue;
      if (tests.every((test) => test(row))) found.push(row);
    }
    if (selection.sort) {
      const key = this.sortKey(selection.sort);
      found.sort((a, b) => key.get(b) - key.get(a) || a[ORDINAL] - b[ORDINAL]);
    }
    return found;
  }

  testsOf(selection, names) {
    return names.map((name) => FILTERS[name](this, selection[name], selection));
  }

  // By place 1 for a record that has all searched words; null where none is searched. A word that grows is looked
  // for only where its beginning was.
  searchedFor(q) {
    const terms = termsOf(q);
    if (!terms.length) return null;
    const before = this.searched;
    if (before.found && before.q === q) return before.found;
    const narrows = before.found && q.startsWith(before.q);
    const found = new Uint8Array(this.all.length);
    this.all.forEach((row, at) => {
      if (!narrows || before.found[at]) found[at] = terms.every((term) => row[WORDS].includes(term));
    });
    [this.values, this.gathered] = [{}, null];
    this.searched = { q, found };
    return found;
  }

  // How many records each of some values of a filter would show, given the search and the other filters.
  counts(selection, name, values, matching) {
    // Of what a scope is about, other filters say something else for each of its values.
    const depends = SCOPE.includes(name);
    const rows = depends || selection[name] ? this.without(selection, name, depends) : matching;
    const found = new Map(values.map((value) => [value, 0]));
    if (VALUES[name] && !depends) {
      found.set("", rows.length);
      const of = VALUES[name](this, selection);
      for (const row of rows) {
        const own = of(row);
        for (let at = 0; at < own.length; at++) {
          const n = found.get(own[at]);
          if (n !== undefined && own.indexOf(own[at]) === at) found.set(own[at], n + 1);
        }
      }
      return found;
    }
    for (const value of values) {
      const chosen = selection.with({ [name]: value });
      const names = chosen.used.filter((other) => !OF_RECORDS.includes(other) && other !== "candidate");
      const tests = this.testsOf(chosen, names);
      found.set(value, tests.length ? rows.reduce((sum, row) => sum + tests.every((test) => test(row)), 0) : rows.length);
    }
    return found;
  }

  // The records that all filters but one show; of those that depend on a scope, without them all.
  without(selection, name, depends) {
    const searched = this.searchedFor(selection.q);
    const fixed = this.testsOf(selection, selection.used.filter((other) => other !== name && (!depends || OF_RECORDS.includes(other))));
    return this.all.filter((row) => (!searched || searched[row[AT]]) && fixed.every((test) => test(row)));
  }

  // The values of a filter that any record has.
  valuesOf(name) {
    if (!this.values[name]) {
      const of = VALUES[name](this, new Selection());
      this.values[name] = [...this.all.reduce((found, row) => of(row).reduce((set, value) => set.add(value), found), new Set())];
    }
    return this.values[name];
  }

  // How many there are of what a selection asks for: several verdicts of a judge, or pairs, may be in a record.
  counted(selection, matching) {
    const { judge, verdict, preference } = selection;
    if (judge && verdict) return { n: this.verdictsIn(matching, selection), unit: "verdicts" };
    if (preference && !unlisted(preference)[1]) return { n: pairsIn(this, matching, preference), unit: "pairs" };
    if (selection.copies) return { n: Number(selection.n) || matching.length, unit: "pairs of a record and a copy" };
    const several = Object.keys(COUNTED).find((name) => selection[name]);
    if (several) return { n: timesIn(this, matching, several, selection), unit: COUNTED[several] };
    return { n: matching.length, unit: "records" };
  }

  // How many verdicts of a judge are as asked, in some records.
  verdictsIn(rows, selection) {
    const [judge, places, criteria] = [this.names.judges.indexOf(selection.judge), candidatesIn(this, selection), criteriaIn(this, selection)];
    const fits = (verdict) => verdict[JUDGE] === judge && criteria.includes(verdict[CRITERION]) && outcomesOf(verdict).includes(selection.verdict);
    return rows.reduce((sum, row) => sum + places.reduce((n, place) => n + row[ANSWERS][place][VERDICTS].filter(fits).length, 0), 0);
  }

  // What every record comes to for every candidate and criterion, row by row: a score, and its outcome by a code.
  get columns() {
    return this.gathered ??= this.gatherColumns();
  }

  gatherColumns() {
    const [candidates, criteria] = [this.names.candidates.length, this.names.criteria.length];
    const size = candidates * criteria;
    const [scores, codes] = [new Float64Array(this.all.length * size).fill(NaN), new Uint8Array(this.all.length * size)];
    const [outcomes, known] = [[[]], new Map()];
    this.all.forEach((row, at) => {
      row[START] = at * size;
      for (let place = 0; place < candidates; place++) {
        for (const score of scoresOfAnswer(row[ANSWERS][place])) {
          const name = outcome(score) + (score[REASON] || "");
          if (!known.has(name)) known.set(name, outcomes.push(outcomesOf(score)) - 1);
          const cell = at * size + place * criteria + score[CRITERION];
          codes[cell] = known.get(name);
          if (score[SCORE] !== null) scores[cell] = score[SCORE];
        }
      }
    });
    return { scores, codes, outcomes };
  }

  // The score that judges gave a candidate on each criterion; NaN where there is none, or one that counts as the worst.
  givenScores(row, place) {
    const { scores, codes, outcomes } = this.columns;
    const n = this.names.criteria.length;
    const start = row[START] + place * n;
    return Array.from(scores.subarray(start, start + n), (score, at) => (outcomes[codes[start + at]].includes(UNSCORED) ? NaN : score));
  }

  // A function of two lists of scores, each from a place on: how much better the first is, over the criteria that both have; else NaN.
  differenceOf(criteria) {
    const { weights, scales } = this.names;
    const isOne = criteria.length === 1;
    return (first, second, start = 0, other = 0) => {
      let [sum, all] = [0, 0];
      for (const criterion of criteria) {
        const [a, b] = [first[start + criterion], second[other + criterion] ?? NaN];
        if (Number.isNaN(a) || Number.isNaN(b)) continue;
        const [low, high, , up] = scales[criterion];
        const weight = isOne ? 1 : weights[criterion];
        sum += (weight * (up ? a - b : b - a)) / (high - low);
        all += weight;
      }
      return all ? sum / all : NaN;
    };
  }

  // How good an answer was judged, 0..1; null when no verdict has a score.
  goodness(answer) {
    const shares = answer[VERDICTS].filter((verdict) => verdict[SCORE] !== null).map((verdict) => {
      const [low, high, , up] = this.names.scales[verdict[CRITERION]];
      const share = (verdict[SCORE] - low) / (high - low);
      return up ? share : 1 - share;
    });
    return shares.length ? shares.reduce((a, b) => a + b, 0) / shares.length : null;
  }

  // How much of its scale a score lost against the baseline, 0..1.
  lost(drop) {
    const [low, high] = this.names.scales[drop[CRITERION]];
    return Math.abs(drop[NOW] - drop[WAS]) / (high - low);
  }

  sortKey(sort) {
    if (!this.keys[sort]) {
      const of = {
        worst: (row) => -Math.min(2, ...this.known(row)),
        apart: (row) => Math.max(0, ...this.known(row)) - Math.min(1, ...this.known(row)),
        fell: (row) => Math.max(0, ...row[ANSWERS].flatMap((answer) => answer[DROPS].map((drop) => this.lost(drop)))),
        slow: (row) => Math.max(0, ...row[ANSWERS].map((answer) => answer[MS] || 0)),
        dear: (row) => row[ANSWERS].reduce((sum, answer) => sum + (answer[USD] || 0), 0),
        long: (row) => Math.max(0, ...row[ANSWERS].map((answer) => (answer[TEXT] || "").length)),
      }[sort];
      this.keys[sort] = new Map(this.all.map((row) => [row, of(row)]));
    }
    return this.keys[sort];
  }

  known(row) {
    return row[ANSWERS].map((answer) => this.goodness(answer)).filter((value) => value !== null);
  }

  // What was sent and replied, word for word; null when the page does not carry it.
  async detailsOf(row) {
    const packed = this.details[row[CHUNK]];
    if (!packed) return null;
    if (typeof packed === "string") this.details[row[CHUNK]] = unpack(packed);
    const [requests, judgements, replies, thoughts] = (await this.details[row[CHUNK]])[row[PLACE]];
    const whole = (text, passages) =>
      text.replace(/\x01(\d+)\x01/g, (_, number) => JSON.stringify(passages[number] || "").slice(1, -1));
    const prompt = [row[PROMPT]];
    return {
      request: (candidate) => {
        const request = requests[this.names.request_keys[candidate]] ?? requests[`long/${this.names.candidates[candidate]}`];
        return request === undefined ? null : JSON.parse(whole(request, prompt));
      },
      thought: (candidate) => (thoughts ? thoughts[candidate] : null),
      judged: (candidate) =>
        judgements.map(([judge, repeat, before, after, fences]) => {
          const [open, close] = fences[this.names.candidates[candidate]] || ["", ""];
          const text = row[ANSWERS][candidate][TEXT] || "";
          return { judge, repeat, text: JSON.parse(whole(before, prompt)) + open + text + close + JSON.parse(whole(after, prompt)) };
        }),
      replies: (candidate) => {
        const verdicts = row[ANSWERS][candidate][VERDICTS];
        const rationales = verdicts.map((verdict) => verdict[RATIONALE]);
        const [texts, whose] = replies[candidate];
        return texts.map((reply, number) => {
          const place = whose.findIndex(([last, first]) => last === number || first === number);
          return { reply: JSON.parse(whole(reply, rationales)), verdict: verdicts[place], isFirst: whose[place][0] !== number };
        });
      },
    };
  }

  // A record as people and programs read it.
  plain(row) {
    const named = {
      run_id: this.names.run_id, record_id: row[ID], category: row[CATEGORY], prompt: row[PROMPT],
      system: row[SYSTEM], context: row[CONTEXT], reference: row[REFERENCE], metadata: row[METADATA] || {},
    };
    named.responses = row[ANSWERS].map((answer, place) => ({
      candidate: this.names.candidates[place], model: this.names.models[place],
      response: answer[TEXT], error: answer[ERROR], stop_reason: answer[STOP],
      input_tokens: answer[INPUT], output_tokens: answer[OUTPUT], latency_ms: answer[MS], cost_usd: answer[USD],
      reused: answer[REUSED],
      worse_than_baseline: Object.fromEntries(answer[DROPS].map((drop) => [this.names.criteria[drop[CRITERION]], { was: drop[WAS], now: drop[NOW] }])),
      metrics: Object.fromEntries(answer[METRICS].map((value, metric) => [this.names.metrics[metric], value])),
      verdicts: answer[VERDICTS].map((verdict) => ({
        criterion: this.names.criteria[verdict[CRITERION]], judge: this.names.judges[verdict[JUDGE]],
        repeat: verdict[REPEAT], score: verdict[SCORE], passed: verdict[PASSED],
        unscored_reason: verdict[REASON], rationale: verdict[RATIONALE],
      })),
      ...plainBeside(answer, this.names),
    }));
    if (row[PREFERENCES]) named.preferences = row[PREFERENCES].map((preference) => plainPreference(preference, this.names));
    return named;
  }
}

function wordsOfRow(row) {
  const parts = [row[ID], row[PROMPT], row[CONTEXT], row[SYSTEM], ...row[REFERENCE]];
  for (const [key, value] of Object.entries(row[METADATA] || {})) parts.push(`${key} ${asText(value)}`);
  for (const answer of row[ANSWERS]) {
    parts.push(answer[TEXT], answer[ERROR], answer[SIGNS]);
    for (const verdict of answer[VERDICTS]) parts.push(verdict[RATIONALE], verdict[REASON]);
  }
  return parts.filter(Boolean).join("\n").toLowerCase();
}

// An answer's score on each criterion, as a verdict is laid out: a lone verdict's own, or what several come to.
function scoresOfAnswer(answer) {
  if (!answer[PANEL]) return answer[VERDICTS];
  const apart = new Set(answer[PANEL].map(([criterion]) => criterion));
  const combined = answer[PANEL].map(([criterion, score, passed, reason]) => [criterion, null, score, passed >= 0.5, reason]);
  return [...answer[VERDICTS].filter((verdict) => !apart.has(verdict[CRITERION])), ...combined];
}

// Records as a dataset of evaldrop's, a line each; with what was answered where `responses` is true. Without those
// whose texts are too long for the run to have kept them whole.
function datasetOf(rows, names, { responses = false } = {}) {
  return rows.filter((row) => !(row[FIELDS] || {}).is_cut).map((row) => `${JSON.stringify(datasetRow(row, names, responses))}\n`).join("");
}

function datasetRow(row, names, responses) {
  const fields = row[FIELDS] || {};
  const made = { id: row[ID], ...(fields.messages ? { messages: messagesOf(row[PROMPT], fields.messages) } : { prompt: row[PROMPT] }) };
  const { expected_blocked, group, criteria, checks } = fields;
  const known = { system: row[SYSTEM], context: row[CONTEXT], category: row[CATEGORY], group, criteria, checks, expected_blocked, metadata: row[METADATA] };
  for (const [name, value] of Object.entries(known)) if (value !== null && value !== undefined) made[name] = value;
  if (row[REFERENCE].length) made.reference = row[REFERENCE];
  if (responses) made.responses = Object.fromEntries(row[ANSWERS].flatMap((answer, place) => (answer[TEXT] === null ? [] : [[names.candidates[place], answer[TEXT]]])));
  return made;
}

// A conversation out of its prompt, in which it stands as "role: content" blocks; alone as it is.
function messagesOf(prompt, turns) {
  let at = 0;
  return turns.map(([role, length]) => {
    if (turns.length > 1) at += role.length + 2;
    const content = prompt.slice(at, at + length);
    at += length + 2;
    return { role, content };
  });
}

function termsOf(query) {
  return query.toLowerCase().split(/\s+/).filter(Boolean);
}

function outcome(verdict) {
  // A score beside a reason is that of an unscored verdict that counts as the worst.
  if (verdict[SCORE] === null || verdict[REASON]) return verdict[REASON] === NOT_APPLICABLE ? NOT_APPLICABLE : "unscored";
  return verdict[PASSED] ? "passed" : "failed";
}

// The records a page carries: unpacked, searched, filtered, sorted. Knows no element but the chunks' own.

// A row's and an answer's layout: evaldrop/report/rows.py writes them.
const ORDINAL = 0, FLAGS = 1, ID = 2, CATEGORY = 3, PROMPT = 4, SYSTEM = 5, CONTEXT = 6, REFERENCE = 7, ANSWERS = 8;
const TEXT = 0, ERROR = 1, STOP = 2, INPUT = 3, OUTPUT = 4, MS = 5, USD = 6, REUSED = 7, METRICS = 8, VERDICTS = 9, SIGNS = 10, WRONG = 11, DROPS = 12, THOUGHT = 13;
const WAS = 1, NOW = 2;
const CRITERION = 0, JUDGE = 1, SCORE = 2, PASSED = 3, REASON = 4, RATIONALE = 5, REPEAT = 6;
// Added on unpacking: where a record's details are, and its texts in lower case, to be searched.
const CHUNK = 20, PLACE = 21, WORDS = 22;
const AHEAD = 4;
const FLAG = { error: 1, unscored: 2, failed: 4, disagree: 8, flagged: 16, regressed: 32 };

class Records {
  constructor(names) {
    this.names = names;
    this.all = [];
    this.keys = {};
    this.counts = {};
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
  }

  // How many records have a flag: counted once, when all of them are there.
  count(flag) {
    this.counts[flag] ??= this.all.reduce((sum, row) => sum + (row[FLAGS] & flag ? 1 : 0), 0);
    return this.counts[flag];
  }

  matching(state) {
    const terms = termsOf(state.q);
    const wanted = state.show.reduce((bits, name) => bits | (FLAG[name] || 0), 0);
    const some = state.candidate !== "" || state.criterion !== "" || state.verdict !== "";
    const found = [];
    for (const row of this.all) {
      if ((row[FLAGS] & wanted) !== wanted) continue;
      if (state.category && row[CATEGORY] !== state.category) continue;
      if (some && !this.hasVerdict(row, state)) continue;
      if (terms.length && !terms.every((term) => row[WORDS].includes(term))) continue;
      found.push(row);
    }
    if (state.sort) {
      const key = this.sortKey(state.sort);
      found.sort((a, b) => key.get(b) - key.get(a) || a[ORDINAL] - b[ORDINAL]);
    }
    return found;
  }

  // Whether the chosen candidate, or any, has what was chosen on the chosen criterion, or any.
  hasVerdict(row, state) {
    const candidate = this.names.candidates.indexOf(state.candidate);
    const criterion = this.names.criteria.indexOf(state.criterion);
    const answers = candidate < 0 ? row[ANSWERS] : [row[ANSWERS][candidate]];
    const verdicts = answers.flatMap((answer) => answer[VERDICTS]).filter((v) => criterion < 0 || v[CRITERION] === criterion);
    const fits = (verdict) => !state.verdict || outcome(verdict) === state.verdict;
    if (!verdicts.some(fits) && (state.verdict || criterion >= 0)) return false;
    return state.show.every((name) => {
      if (name === "error") return answers.some((answer) => answer[TEXT] === null);
      if (name === "regressed") return answers.some((answer) => answer[DROPS].some((drop) => criterion < 0 || drop[CRITERION] === criterion));
      if (name === "flagged") return answers.some((answer) => answer[SIGNS]);
      // A bad request that got through, or a good one that a guardrail stopped.
      if (name === "failed" && answers.some((answer) => answer[WRONG])) return true;
      if (name === "failed" || name === "unscored") return verdicts.some((verdict) => outcome(verdict) === name);
      return true;
    });
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
        const rationales = row[ANSWERS][candidate][VERDICTS].map((verdict) => verdict[RATIONALE]);
        return replies[candidate][0].map((reply) => JSON.parse(whole(reply, rationales)));
      },
    };
  }

  // A record as people and programs read it.
  plain(row) {
    const named = {
      run_id: this.names.run_id, record_id: row[ID], category: row[CATEGORY], prompt: row[PROMPT],
      system: row[SYSTEM], context: row[CONTEXT], reference: row[REFERENCE],
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
    }));
    return named;
  }
}

function wordsOfRow(row) {
  const parts = [row[ID], row[PROMPT], row[CONTEXT], row[SYSTEM], ...row[REFERENCE]];
  for (const answer of row[ANSWERS]) {
    parts.push(answer[TEXT], answer[ERROR], answer[SIGNS]);
    for (const verdict of answer[VERDICTS]) parts.push(verdict[RATIONALE], verdict[REASON]);
  }
  return parts.filter(Boolean).join("\n").toLowerCase();
}

function termsOf(query) {
  return query.toLowerCase().split(/\s+/).filter(Boolean);
}

function outcome(verdict) {
  if (verdict[SCORE] === null) return verdict[REASON] === "not_applicable" ? "not_applicable" : "unscored";
  return verdict[PASSED] ? "passed" : "failed";
}

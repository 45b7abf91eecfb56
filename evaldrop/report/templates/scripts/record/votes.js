// What a reader says of the responses, blind: which of two is better, and scores. Kept by the browser, saved as a file.

const VOTES_KIND = "evaldrop-votes", LETTERS = "abcde";
const keyOfVote = (...parts) => JSON.stringify(parts);

// A number that a text always gives and that tells nothing of it: FNV-1a, its bits mixed.
function scattered(text) {
  let hash = 0x811c9dc5;
  for (let place = 0; place < text.length; place++) hash = Math.imul(hash ^ text.charCodeAt(place), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

// The votes on a run: what the browser keeps, and what the file holds.
class Votes {
  constructor(names) {
    this.names = names;
    this.store = `evaldrop-votes-${names.run_id}`;
    this.rater = "";
    this.tells = false;
    // Key -> {record, candidate, baseline, preferred}, and key -> {record, candidate, criterion, score}.
    this.preferences = new Map();
    this.scores = new Map();
    this.done = [];
    this.restore();
  }

  get size() {
    return this.preferences.size + this.scores.size;
  }

  preference(record, pair) {
    return this.preferences.get(keyOfVote(record, ...pair.map((place) => this.names.candidates[place])));
  }

  // preferred: a candidate's place, or null for a tie. The pair stands in the candidates' order.
  prefer(record, pair, preferred) {
    const [candidate, baseline] = pair.map((place) => this.names.candidates[place]);
    // A candidate may be called "tie".
    const tie = ["tie", "draw", "equal"].find((word) => word !== candidate && word !== baseline);
    this.put(this.preferences, keyOfVote(record, candidate, baseline), { record, candidate, baseline, preferred: preferred === null ? tie : this.names.candidates[preferred] });
  }

  score(record, place, criterion) {
    const found = this.scores.get(keyOfVote(record, this.names.candidates[place], criterion));
    return found && found.score;
  }

  giveScore(record, place, criterion, score) {
    const candidate = this.names.candidates[place];
    this.put(this.scores, keyOfVote(record, candidate, criterion), { record, candidate, criterion, score });
  }

  put(votes, key, vote) {
    this.done.push({ votes, key, before: votes.get(key) });
    votes.set(key, vote);
    this.keep();
  }

  undo() {
    const last = this.done.pop();
    if (!last) return;
    if (last.before) last.votes.set(last.key, last.before);
    else last.votes.delete(last.key);
    this.keep();
  }

  content() {
    return {
      kind: VOTES_KIND, version: 1, run_id: this.names.run_id, chosen: "by_hand", rater: this.rater, saved_at: new Date().toISOString(),
      preferences: [...this.preferences.values()], scores: [...this.scores.values()],
    };
  }

  keep() {
    try {
      localStorage.setItem(this.store, JSON.stringify({ ...this.content(), tells: this.tells }));
    } catch {
      // No storage here: the file is what counts.
    }
  }

  restore() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.store));
      if (!kept || kept.kind !== VOTES_KIND || kept.run_id !== this.names.run_id) return;
      for (const one of kept.preferences) this.preferences.set(keyOfVote(one.record, one.candidate, one.baseline), one);
      for (const one of kept.scores) this.scores.set(keyOfVote(one.record, one.candidate, one.criterion), one);
      this.rater = String(kept.rater || "").slice(0, 80);
      this.tells = kept.tells === true;
    } catch {
      // Nothing kept, or nothing readable.
    }
  }

  // A vote a line, so that people and diffs can read the file.
  text() {
    const { preferences, scores, ...rest } = this.content();
    const lines = (rows) => (rows.length ? `[\n${rows.map((row) => `  ${JSON.stringify(row)}`).join(",\n")}\n ]` : "[]");
    return `${JSON.stringify(rest, null, 1).replace(/\n\}$/, "")},\n "preferences": ${lines(preferences)},\n "scores": ${lines(scores)}\n}\n`;
  }

  // Whether the page is shown by `evaldrop view`, which keeps votes with the run.
  static get canSend() {
    return "viewed" in document.documentElement.dataset;
  }

  // Returns what was said of it: that they are kept, or what is wrong.
  async send() {
    const run = encodeURIComponent(decodeURIComponent(location.pathname.replace(/[^/]*$/, "")));
    try {
      // The server's word for its own page, by which it knows who sends.
      const headers = { "Content-Type": "application/json", "X-Evaldrop-Token": document.documentElement.dataset.viewed };
      const answer = await fetch(`/votes?run=${run}`, { method: "POST", headers, body: this.text() });
      return (await answer.text()).trim();
    } catch {
      return "Nobody answers: evaldrop view has ended. The votes are kept by this browser.";
    }
  }

  save() {
    const link = element("a");
    link.href = URL.createObjectURL(new Blob([this.text()], { type: "application/json" }));
    const who = this.rater.trim().replace(/[^A-Za-z0-9]+/g, "-");
    link.download = `votes-${this.names.run_id}${who ? `-${who}` : ""}.json`.replace(/[^A-Za-z0-9._-]+/g, "-");
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    return link.download;
  }

  // Whom the votes preferred, told only when they are given: "lite 4, haiku 2, 1 tie".
  told() {
    const won = new Map();
    let ties = 0;
    for (const { candidate, baseline, preferred } of this.preferences.values()) {
      if (preferred === candidate || preferred === baseline) won.set(preferred, (won.get(preferred) || 0) + 1);
      else ties += 1;
    }
    const parts = [...won].sort((a, b) => b[1] - a[1]).map(([name, number]) => `${name} ${count(number)}`);
    if (ties) parts.push(ties > 1 ? `${count(ties)} ties` : "1 tie");
    if (this.scores.size) parts.push(this.scores.size > 1 ? `${count(this.scores.size)} scores` : "1 score");
    return parts.join(", ");
  }
}

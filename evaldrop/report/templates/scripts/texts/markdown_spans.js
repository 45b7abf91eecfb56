// Markdown inside one block: emphasis, code, links, breaks. In time linear in the text, whatever the text.
//
// The result is a flat list, so that no text makes a deep call: what opens and closes is paired, but not nested.
//   "text"                              words as they are shown
//   { code } · { math }                 shown in a fixed font; mathematics stays as it was written
//   { open: kind, source }              of "em", "strong", "s", "link" or "image"; source is how it was written
//   { close: kind, source, address }    an address is that of a link or an image

const MOST_ADDRESS = 2000, MOST_PARENTHESES = 32;
const SPECIAL = /[\\`*_~\[\]!<&\n$]/g;
const PUNCTUATION = /^[!-/:-@[-`{-~]/;
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0", copy: "©", reg: "®", trade: "™", deg: "°", euro: "€", pound: "£", times: "×", ndash: "–", mdash: "—", hellip: "…", laquo: "«", raquo: "»", lsquo: "‘", rsquo: "’", ldquo: "“", rdquo: "”", bull: "•", middot: "·", rarr: "→", larr: "←" };

function markdownSpans(text) {
  return new SpanReader(text).read();
}

class SpanReader {
  constructor(text) {
    this.text = text;
    this.at = 0;
    this.pieces = [];
    // Runs of * _ ~ that may open or close: a list with both its ends, in the text's order.
    this.first = this.last = null;
    this.runs = 0;
    this.brackets = [];
    // Brackets below this place hold a link already, and links hold none.
    this.inactive = 0;
    // What was looked for and does not come any more, so that it is looked for once.
    this.missing = new Set();
  }

  read() {
    while (this.at < this.text.length) {
      SPECIAL.lastIndex = this.at;
      const found = SPECIAL.exec(this.text);
      const next = found ? found.index : this.text.length;
      if (next > this.at) this.pieces.push(this.text.slice(this.at, next));
      this.at = next;
      if (found) this.readSpecial(found[0]);
    }
    this.pair(0);
    return this.pieces.flatMap((piece) => (piece.mark ? marksOfRun(piece) : [piece]));
  }

  say(text, length = text.length) {
    this.pieces.push(text);
    this.at += length;
  }

  readSpecial(sign) {
    if (sign === "\\") this.readEscape();
    else if (sign === "`") this.readCode();
    else if (sign === "*" || sign === "_" || sign === "~") this.readRun(sign);
    else if (sign === "[") this.openBracket(1);
    else if (sign === "!" && this.text[this.at + 1] === "[") this.openBracket(2);
    else if (sign === "]") this.closeBracket();
    else if (sign === "<") this.readAddress();
    else if (sign === "&") this.readEntity();
    else if (sign === "\n") this.readBreak(1);
    else if (!(sign === "$" && this.readMath("$$", "$$"))) this.say(sign);
  }

  readEscape() {
    const next = this.text[this.at + 1] || "";
    if (next === "(" && this.readMath("\\(", "\\)")) return;
    if (next === "[" && this.readMath("\\[", "\\]")) return;
    if (next === "\n") this.readBreak(2);
    else if (PUNCTUATION.test(next)) this.say(next, 2);
    else this.say("\\");
  }

  // A line's end stays one: what was written in lines is read in lines.
  readBreak(length) {
    const before = this.pieces.length - 1;
    if (typeof this.pieces[before] === "string") this.pieces[before] = this.pieces[before].replace(/ {1,9}$/, "");
    this.say("\n", length);
    while (this.text[this.at] === " ") this.at++;
  }

  // Mathematics is full of signs that Markdown would take for its own.
  readMath(open, close) {
    const end = this.text.startsWith(open, this.at) ? this.find(close, this.at + open.length) : -1;
    if (end < 0) return false;
    this.pieces.push({ math: this.text.slice(this.at, end + close.length) });
    this.at = end + close.length;
    return true;
  }

  find(sought, from) {
    if (this.missing.has(sought)) return -1;
    const place = this.text.indexOf(sought, from);
    if (place < 0) this.missing.add(sought);
    return place;
  }

  readCode() {
    const length = this.lengthOfRun("`");
    const end = this.endOfCode(length);
    if (end === undefined) return this.say("`".repeat(length));
    let code = this.text.slice(this.at + length, end).replaceAll("\n", " ");
    if (code.startsWith(" ") && code.endsWith(" ") && code.trim()) code = code.slice(1, -1);
    this.pieces.push({ code });
    this.at = end + length;
  }

  // Where the next run of so many backticks begins: all are found at once, and each is passed once.
  endOfCode(length) {
    if (!this.ticks) {
      this.ticks = new Map();
      for (const { 0: run, index } of this.text.matchAll(/`+/g)) {
        if (!this.ticks.has(run.length)) this.ticks.set(run.length, { places: [], next: 0 });
        this.ticks.get(run.length).places.push(index);
      }
    }
    const runs = this.ticks.get(length);
    if (!runs) return undefined;
    while (runs.places[runs.next] < this.at + length) runs.next++;
    return runs.places[runs.next];
  }

  lengthOfRun(sign) {
    let end = this.at;
    while (this.text[end] === sign) end++;
    return end - this.at;
  }

  readRun(mark) {
    const length = this.lengthOfRun(mark);
    const before = characterBefore(this.text, this.at), after = characterAt(this.text, this.at + length);
    const [blankBefore, blankAfter] = [before, after].map((sign) => !sign || /\s/.test(sign));
    const [signBefore, signAfter] = [before, after].map((sign) => /[\p{P}\p{S}]/u.test(sign));
    const left = !blankAfter && (!signAfter || blankBefore || signBefore);
    const right = !blankBefore && (!signBefore || blankAfter || signAfter);
    // An underscore inside a word, as in snake_case, is a letter of it.
    const canOpen = left && (mark !== "_" || !right || signBefore);
    const canClose = right && (mark !== "_" || !left || signAfter);
    if ((mark === "~" && length !== 2) || !(canOpen || canClose)) return this.say(mark.repeat(length));
    const run = { mark, length, left: length, canOpen, canClose, opens: [], closes: [], order: ++this.runs, before: this.last, next: null };
    if (this.last) this.last.next = run;
    else this.first = run;
    this.last = run;
    this.pieces.push(run);
    this.at += length;
  }

  // Pairs the runs above a place with one another, as CommonMark's specification says under "Inline structure".
  pair(bottom) {
    const floors = new Map();
    let closer = this.first;
    for (let run = this.last; run && run.order > bottom; run = run.before) closer = run;
    while (closer && closer.order > bottom) {
      const next = closer.next;
      if (closer.canClose) {
        const key = `${closer.mark}${closer.canOpen}${closer.length % 3}`;
        const floor = Math.max(bottom, floors.get(key) || 0);
        let opener = closer.before;
        while (opener && opener.order > floor && !fits(opener, closer)) opener = opener.before;
        if (opener && opener.order > floor) {
          this.join(opener, closer);
          if (closer.left) continue;
        } else {
          floors.set(key, closer.before ? closer.before.order : 0);
          if (!closer.canOpen) this.drop(closer);
        }
      }
      closer = next;
    }
    while (this.last && this.last.order > bottom) this.drop(this.last);
  }

  join(opener, closer) {
    const used = opener.left > 1 && closer.left > 1 ? 2 : 1;
    opener.opens.push(used);
    closer.closes.push(used);
    opener.left -= used;
    closer.left -= used;
    opener.next = closer;
    closer.before = opener;
    if (!opener.left) this.drop(opener);
    if (!closer.left) this.drop(closer);
  }

  drop(run) {
    if (run.before) run.before.next = run.next;
    else this.first = run.next;
    if (run.next) run.next.before = run.before;
    else this.last = run.before;
  }

  openBracket(length) {
    const source = this.text.slice(this.at, this.at + length);
    this.brackets.push({ place: this.pieces.length, source, after: this.last ? this.last.order : 0 });
    this.say(source);
  }

  closeBracket() {
    const bracket = this.brackets.pop();
    const isLink = bracket && bracket.source === "[";
    const isActive = bracket && !(isLink && this.brackets.length < this.inactive);
    this.inactive = Math.min(this.inactive, this.brackets.length);
    const target = isActive ? this.target() : null;
    if (!target) return this.say("]");
    const kind = isLink ? "link" : "image";
    this.pieces[bracket.place] = { open: kind, source: bracket.source };
    this.pair(bracket.after);
    this.pieces.push({ close: kind, source: this.text.slice(this.at, target.end), address: target.address });
    this.at = target.end;
    if (isLink) this.inactive = this.brackets.length;
  }

  // What stands in parentheses after a bracket: an address, perhaps with a title. Null where it is none.
  target() {
    if (this.text[this.at + 1] !== "(") return null;
    const inside = this.text.slice(this.at + 2, this.at + 2 + MOST_ADDRESS);
    let end = /^\s*/.exec(inside)[0].length;
    const start = end;
    const pointed = /^<([^<>\n]*)>/.exec(inside.slice(end));
    if (pointed) end += pointed[0].length;
    else end = endOfAddress(inside, end);
    if (end < 0) return null;
    const address = pointed ? pointed[1] : inside.slice(start, end);
    const rest = /^(?:\s+("(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*'|\((?:[^()\\]|\\[^])*\)))?\s*\)/.exec(inside.slice(end));
    if (!rest) return null;
    return { address: rest[1] ? `${address} ${rest[1]}` : address, end: this.at + 2 + end + rest[0].length };
  }

  readAddress() {
    const found = sticky(/<([a-z][a-z0-9+.-]{1,31}:[^\s<>]*|[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9.-]{1,255})>/iy, this.text, this.at);
    if (!found) return this.say("<");
    this.pieces.push({ open: "link", source: "<" }, found[1], { close: "link", source: ">", address: found[1] });
    this.at += found[0].length;
  }

  readEntity() {
    const found = sticky(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,8}));/iy, this.text, this.at);
    const code = found && !found[3] ? parseInt(found[1] || found[2], found[1] ? 10 : 16) : null;
    if (found && found[3] && Object.hasOwn(ENTITIES, found[3])) this.say(ENTITIES[found[3]], found[0].length);
    else if (code && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)) this.say(String.fromCodePoint(code), found[0].length);
    else this.say("&");
  }
}

// Where an address ends: before a blank, or the parenthesis that closes more than it opened. -1: nowhere.
function endOfAddress(text, from) {
  let depth = 0;
  let end = from;
  for (; end < text.length; end++) {
    const sign = text[end];
    if (sign <= " ") break;
    if (sign === "\\" && PUNCTUATION.test(text[end + 1] || "")) end++;
    else if (sign === "(" && ++depth > MOST_PARENTHESES) return -1;
    else if (sign === ")" && depth-- === 0) return end;
  }
  return depth ? -1 : end;
}

function fits(opener, closer) {
  if (opener.mark !== closer.mark || !opener.canOpen) return false;
  const isBoth = opener.canClose || closer.canOpen;
  return !isBoth || (opener.length + closer.length) % 3 !== 0 || (opener.length % 3 === 0 && closer.length % 3 === 0);
}

// What a run became: what it closes, what is left of it, and what it opens, from the outside in.
function marksOfRun({ mark, left, opens, closes }) {
  const kind = (used) => (mark === "~" ? "s" : used === 2 ? "strong" : "em");
  return [
    ...closes.map((used) => ({ close: kind(used), source: mark.repeat(used) })),
    ...(left ? [mark.repeat(left)] : []),
    ...opens.reverse().map((used) => ({ open: kind(used), source: mark.repeat(used) })),
  ];
}

function sticky(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function characterAt(text, at) {
  return at < text.length ? String.fromCodePoint(text.codePointAt(at)) : "";
}

function characterBefore(text, at) {
  const isPair = at > 1 && /[\udc00-\udfff]/.test(text[at - 1]) && /[\ud800-\udbff]/.test(text[at - 2]);
  return text.slice(Math.max(0, at - (isPair ? 2 : 1)), at);
}

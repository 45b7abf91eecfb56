// The words in which two texts differ. Where only blanks were moved, nothing is marked.
//
// Short texts by a longest common subsequence of their words; long ones first by lines, then by the words of what is
// left between equal lines. Memory is linear in the words, and so is time above MOST_CELLS: what is too large to
// compare is cut at words that occur once in both, and where there are none, into pieces of like length.

const MOST_CELLS = 1_000_000, LONG_TEXTS = 60_000, MOST_CUTS = 8;
// Words; scripts without blanks by character; emoji whole, with all that is joined to them.
const WORD_PATTERN = new RegExp([
  String.raw`(\s+)`,
  String.raw`[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]\p{M}*`,
  String.raw`(?:(?![\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}])[\p{L}\p{N}_]\p{M}*)+`,
  String.raw`\p{RI}\p{RI}`,
  String.raw`\p{ExtPict}[\ufe0f\p{EMod}]*(?:\u200d\p{ExtPict}[\ufe0f\p{EMod}]*)*`,
  String.raw`[^\s]\p{M}*`,
].join("|"), "gu");

// Return [[kind, text]] for the first and for the second text; kind is "same", "gone" or "new".
function differences(first, second) {
  if (first.length + second.length <= LONG_TEXTS) return wordDifferences(first, second);
  const [a, b] = [linesOf(first), linesOf(second)];
  const ids = new Map();
  const partners = align(...[a, b].map((lines) => Int32Array.from(lines, (line) => idIn(ids, line.trim().replace(/\s+/g, " ")))));
  const results = [[], []];
  let [fromA, fromB] = [0, 0];
  for (let place = 0; place <= a.length; place++) {
    if (place < a.length && partners[place] < 0) continue;
    const until = place < a.length ? partners[place] : b.length;
    const inside = wordDifferences(a.slice(fromA, place).join(""), b.slice(fromB, until).join(""));
    inside.forEach((runs, side) => results[side].push(...runs));
    if (place < a.length) {
      results[0].push(["same", a[place]]);
      results[1].push(["same", b[until]]);
    }
    [fromA, fromB] = [place + 1, until + 1];
  }
  return results.map(joined);
}

function wordDifferences(first, second) {
  if (!first && !second) return [[], []];
  const [a, b] = [wordsOf(first), wordsOf(second)];
  const ids = new Map();
  const [keysA, keysB] = [a, b].map(({ words }) => Int32Array.from(words, (word) => idIn(ids, word)));
  const partners = align(keysA, keysB);
  const back = new Int32Array(keysB.length).fill(-1);
  partners.forEach((place, own) => place >= 0 && (back[place] = own));
  dropIslands(a.words, partners, back);
  return [runsOf(a, partners, "gone"), runsOf(b, back, "new")];
}

function wordsOf(text) {
  const words = [], blanks = [];
  let lead = "";
  for (const { 0: piece, 1: blank } of text.matchAll(WORD_PATTERN)) {
    if (!blank) {
      words.push(piece);
      blanks.push("");
    } else if (words.length) blanks[blanks.length - 1] += blank;
    else lead += blank;
  }
  return { words, blanks, lead };
}

function linesOf(text) {
  return text.match(/[^\n]*\n|[^\n]+/g) || [];
}

function idIn(ids, key) {
  let id = ids.get(key);
  if (id === undefined) ids.set(key, (id = ids.size));
  return id;
}

// A comma that alone is common to two changed passages tells nothing, and tears them apart.
function dropIslands(words, partners, back) {
  for (let own = 1; own < words.length - 1; own++) {
    const other = partners[own];
    if (other < 1 || other >= back.length - 1 || partners[own - 1] >= 0 || partners[own + 1] >= 0) continue;
    if (back[other - 1] >= 0 || back[other + 1] >= 0 || /[\p{L}\p{N}]/u.test(words[own])) continue;
    partners[own] = back[other] = -1;
  }
}

function runsOf({ words, blanks, lead }, partners, kind) {
  const runs = lead ? [["same", lead]] : [];
  words.forEach((word, place) => {
    const isOther = partners[place] < 0;
    runs.push([isOther ? kind : "same", word]);
    // Blanks belong to a passage only inside it.
    if (blanks[place]) runs.push([isOther && place + 1 < words.length && partners[place + 1] < 0 ? kind : "same", blanks[place]]);
  });
  return joined(runs);
}

function joined(marked) {
  const runs = [];
  for (const [kind, word] of marked) {
    const last = runs[runs.length - 1];
    if (last && last[0] === kind) last[1] += word;
    else runs.push([kind, word]);
  }
  return runs;
}

// Return for every key of `a` the place of its partner in `b`, or -1: a common subsequence of both.
function align(a, b) {
  const partners = new Int32Array(a.length).fill(-1);
  const parts = [[0, a.length, 0, b.length, 0]];
  while (parts.length) {
    let [fromA, toA, fromB, toB, cuts] = parts.pop();
    while (fromA < toA && fromB < toB && a[fromA] === b[fromB]) partners[fromA++] = fromB++;
    while (fromA < toA && fromB < toB && a[toA - 1] === b[toB - 1]) partners[--toA] = --toB;
    if (fromA === toA || fromB === toB) continue;
    if ((toA - fromA) * (toB - fromB) <= MOST_CELLS) {
      alignWhole(a, fromA, toA, b, fromB, toB, partners);
      continue;
    }
    const anchors = cuts < MOST_CUTS ? anchorsOf(a, fromA, toA, b, fromB, toB) : [];
    for (const [placeA, placeB] of anchors.length ? anchors : seamsOf(fromA, toA, fromB, toB)) {
      parts.push([fromA, placeA, fromB, placeB, cuts + 1]);
      [fromA, fromB] = [placeA, placeB];
    }
    parts.push([fromA, toA, fromB, toB, anchors.length ? cuts + 1 : cuts]);
  }
  return partners;
}

// Hirschberg's algorithm: a longest common subsequence in linear memory.
function alignWhole(a, fromA, toA, b, fromB, toB, partners) {
  if (fromA === toA || fromB === toB) return;
  if (toA - fromA === 1) {
    const place = b.subarray(fromB, toB).indexOf(a[fromA]);
    if (place >= 0) partners[fromA] = fromB + place;
    return;
  }
  const middle = (fromA + toA) >> 1;
  const ahead = lengths(a, fromA, middle, 1, b, fromB, toB), behind = lengths(a, toA - 1, middle - 1, -1, b, fromB, toB);
  let best = 0;
  const width = toB - fromB;
  for (let place = 1; place <= width; place++) if (ahead[place] + behind[width - place] > ahead[best] + behind[width - best]) best = place;
  alignWhole(a, fromA, middle, b, fromB, fromB + best, partners);
  alignWhole(a, middle, toA, b, fromB + best, toB, partners);
}

// How long a common subsequence of `a`'s part with each beginning (backwards: each end) of `b`'s part is.
function lengths(a, from, to, step, b, fromB, toB) {
  const width = toB - fromB;
  const row = new Int32Array(width + 1);
  const start = step > 0 ? fromB : toB - 1;
  for (let i = from; i !== to; i += step) {
    const key = a[i];
    let diagonal = 0;
    for (let j = 1, place = start; j <= width; j++, place += step) {
      const above = row[j];
      if (key === b[place]) row[j] = diagonal + 1;
      else if (row[j - 1] > above) row[j] = row[j - 1];
      diagonal = above;
    }
  }
  return row;
}

// Places of keys that occur once in both parts, as many as come in the same order in both (patience).
function anchorsOf(a, fromA, toA, b, fromB, toB) {
  const placesA = onceIn(a, fromA, toA), placesB = onceIn(b, fromB, toB);
  const pairs = [];
  for (const [key, placeA] of placesA) if (placeA >= 0 && placesB.get(key) >= 0) pairs.push([placeA, placesB.get(key)]);
  return longestRise(pairs);
}

// Of pairs in the order of their first numbers, as many as rise in their second numbers too.
function longestRise(pairs) {
  // For each length of a rise its smallest end, and what that comes after.
  const ends = [], heads = [];
  for (const pair of pairs) {
    const at = firstAtLeast(ends, pair[1]);
    ends[at] = pair[1];
    heads[at] = { pair, before: heads[at - 1] };
  }
  const rise = [];
  for (let head = heads[heads.length - 1]; head; head = head.before) rise.push(head.pair);
  return rise.reverse();
}

function onceIn(keys, from, to) {
  const places = new Map();
  for (let place = from; place < to; place++) places.set(keys[place], places.has(keys[place]) ? -1 : place);
  return places;
}

// Where to cut two parts into pieces that can be compared.
function seamsOf(fromA, toA, fromB, toB) {
  const pieces = Math.ceil(Math.max(toA - fromA, toB - fromB) / Math.sqrt(MOST_CELLS));
  return Array.from({ length: pieces - 1 }, (_, place) => {
    const share = (place + 1) / pieces;
    return [fromA + Math.floor((toA - fromA) * share), fromB + Math.floor((toB - fromB) * share)];
  });
}

// The words in which two texts differ.

const MOST_CELLS = 4_000_000;

// Return [[kind, text]] for the first and for the second text; kind is "same", "gone" or "new".
function differences(first, second) {
  let pieces = [wordsOf(first), wordsOf(second)];
  if (pieces[0].length * pieces[1].length > MOST_CELLS) pieces = [linesOf(first), linesOf(second)];
  const [a, b] = pieces;
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const [keptA, keptB] = common(a.slice(start, a.length - end), b.slice(start, b.length - end));
  const marked = (words, kept, kind) =>
    joined(words.map((word, place) => {
      const inside = place >= start && place < words.length - end;
      return [inside && !kept.has(place - start) ? kind : "same", word];
    }));
  return [marked(a, keptA, "gone"), marked(b, keptB, "new")];
}

function wordsOf(text) {
  return text.match(/\s+|[\p{L}\p{N}_]+|[^\s]/gu) || [];
}

function linesOf(text) {
  return text.match(/[^\n]*\n|[^\n]+/g) || [];
}

// The places of a longest common subsequence in both lists. Lists too long for it have nothing in common.
function common(a, b) {
  const kept = [new Set(), new Set()];
  if (a.length * b.length > MOST_CELLS) return kept;
  const width = b.length + 1;
  const longest = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i * width + j] =
        a[i] === b[j] ? longest[(i + 1) * width + j + 1] + 1 : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
    }
  }
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) {
      kept[0].add(i++);
      kept[1].add(j++);
    } else if (longest[(i + 1) * width + j] >= longest[i * width + j + 1]) i++;
    else j++;
  }
  return kept;
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

// How a text is shown, and how two are compared. Texts are strangers': they go in as text, never as markup.

const FOLD_SLACK = 1.25;

// Return "json" | "markdown" | "plain" | "empty" | "blank".
function kindOf(text) {
  if (text === "") return "empty";
  if (!/\S/.test(text)) return "blank";
  if (jsonIn(text)) return "json";
  return isMarkdown(text) ? "markdown" : "plain";
}

// The JSON that a text is, alone or in a fence; null if it is none.
function jsonIn(text) {
  const fenced = /^\s*```(?:json[5lc]?)?[ \t]*\r?\n([^`]*)```\s*$/i.exec(text);
  return jsonOf(fenced ? fenced[1] : text);
}

// Whether reading a text as Markdown would show it in any other way.
function isMarkdown(text) {
  const blocks = markdownBlocks(text);
  const solid = (value) => value.replace(/\s+/g, "");
  const spans = blocks.flatMap((block) => (block.kind === "paragraph" ? markdownSpans(block.lines.join("\n")) : [block]));
  return spans.some((span) => typeof span !== "string") || solid(spans.join("")) !== solid(text);
}

// Shows a text. `terms`: searched words in lower case, to be marked. `foldAt`: the height in pixels above which it is
// folded, unless a searched word is in it; null folds nothing.
function shownText(text, { view = "rendered", terms = [], foldAt = null } = {}) {
  const box = element("div", "reading");
  const kind = kindOf(text);
  if (kind === "empty" || kind === "blank") {
    box.append(element("p", "text muted", kind === "empty" ? "(empty: not one character)" : blanksInWords(text)));
    return box;
  }
  const content = view === "raw" ? rawElement(text) : renderedElement(text, kind, terms);
  if (kind !== "json" || view === "raw") marked(content, terms);
  const isHit = placesOf(text, terms).length > 0;
  box.append(...(foldAt === null ? [content] : folded(content, foldAt, isHit)));
  const unseen = view === "raw" ? 0 : countUnseen(text);
  if (unseen) box.append(element("p", "hint unseen-note", `${count(unseen)} unseen ${unseen === 1 ? "character" : "characters"}: the raw view shows ${unseen === 1 ? "it" : "them"}.`));
  return box;
}

function renderedElement(text, kind, terms) {
  if (kind === "json") return jsonElement(jsonIn(text), terms);
  if (kind === "markdown") return markdownElement(text, terms);
  const box = element("div", "text unmarked", text);
  box.dir = "auto";
  return box;
}

function rawElement(text) {
  const box = element("div", "text raw");
  box.dir = "auto";
  appendSeen(box, text);
  return box;
}

function blanksInWords(text) {
  const lines = text.split("\n").length - 1;
  const others = text.length - lines;
  const parts = [[others, "blank"], [lines, "line end"]].filter(([number]) => number);
  return `(only blanks: ${parts.map(([number, name]) => `${count(number)} ${name}${number === 1 ? "" : "s"}`).join(", ")})`;
}

// Cuts a text at a height, if it is higher than that by more than a few lines.
function folded(content, height, isOpen) {
  const box = element("div", "fold");
  const toggle = button("unfold", "", () => set(!box.classList.contains("cut")));
  box.append(content);
  box.style.setProperty("--fold", `${height}px`);
  const set = (isCut) => {
    box.classList.toggle("cut", isCut);
    toggle.textContent = isCut ? "show all" : "show less";
    toggle.setAttribute("aria-expanded", !isCut);
  };
  set(!isOpen);
  // Whatever brings its hidden part into view (a key, a search of the browser) opens it.
  box.addEventListener("scroll", () => {
    if (!box.classList.contains("cut") || !box.scrollTop) return;
    box.scrollTop = 0;
    set(false);
  });
  new ResizeObserver(() => {
    const isLong = content.offsetHeight > height * FOLD_SLACK;
    toggle.hidden = !isLong;
    box.classList.toggle("short", !isLong);
  }).observe(content);
  return [box, toggle];
}

// Searched words

// The places at which searched words begin, in order.
function placesOf(text, terms) {
  return terms.length ? [...lowerOf(text).matchAll(patternOf(terms))].map((found) => found.index) : [];
}

function firstAtLeast(places, least) {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle] < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

// In lower case every character keeps its place: the few that would become longer stay.
function lowerOf(text) {
  const lower = text.toLowerCase();
  return lower.length === text.length ? lower : text.replace(/[^]/gu, (sign) => (sign.toLowerCase().length === sign.length ? sign.toLowerCase() : sign));
}

// Words beside one another are one mark, and a mark ends where a character with its accents does.
function patternOf(terms) {
  const words = [...terms].sort((a, b) => b.length - a.length).map((term) => term.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"));
  return new RegExp(`(?:${words.join("|")})+[\\p{M}\\u200d]*`, "gu");
}

function marked(box, terms) {
  if (!terms.length) return box;
  const pattern = patternOf(terms);
  const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (walker.nextNode()) if (!/^(?:MARK|BUTTON)$/.test(walker.currentNode.parentNode.tagName)) nodes.push(walker.currentNode);
  for (const node of nodes) {
    const text = node.data;
    const parts = [];
    let at = 0;
    for (const { 0: hit, index } of lowerOf(text).matchAll(pattern)) {
      parts.push(text.slice(at, index), element("mark", "", text.slice(index, index + hit.length)));
      at = index + hit.length;
    }
    if (parts.length) node.replaceWith(...parts, text.slice(at));
  }
  return box;
}

// Two texts compared

// Shows two texts with what differs. `view`: "words", "json" (by path; of texts that are not both JSON, words), or
// "auto": JSON where both are. Markdown is compared as it is written: a changed sign is a change.
function shownDifference(first, second, { view = "auto" } = {}) {
  const trees = view === "words" ? [null, null] : [jsonIn(first), jsonIn(second)];
  if (trees[0] && trees[1]) return jsonDifference(...trees).map((content) => inReading(content));
  const isMarked = [first, second].some((text) => kindOf(text) === "markdown");
  const runs = differences(first, second);
  const isEqual = runs.every((side) => side.every(([kind]) => kind === "same"));
  return [first, second].map((text, side) => {
    const box = inReading(comparedElement(text, runs[side]));
    if (isEqual) box.prepend(element("p", "hint", first === second ? "The texts are equal." : "The texts differ in blanks alone."));
    else if (isMarked) box.prepend(element("p", "hint", "Compared as written."));
    return box;
  });
}

function inReading(content) {
  const box = element("div", "reading");
  box.append(content);
  return box;
}

function comparedElement(text, runs) {
  if (!/\S/.test(text)) return shownText(text).firstChild;
  const box = element("div", "text raw");
  box.dir = "auto";
  for (const [kind, words] of runs) {
    if (kind === "same") appendSeen(box, words);
    else {
      const mark = element(kind === "gone" ? "del" : "ins");
      appendSeen(mark, words);
      box.append(mark);
    }
  }
  return box;
}

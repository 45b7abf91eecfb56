// How a text is shown, and how two are compared. Texts are strangers': they go in as text, never as markup.

const FOLD_SLACK = 1.25, MOST_MARKS = 1000, MOST_RUNS = 2000;

// Return "json" | "markdown" | "plain" | "empty" | "blank".
function kindOf(text) {
  if (text === "") return "empty";
  if (!/\S/.test(text)) return "blank";
  if (jsonIn(text)) return "json";
  const markup = markupOf(text);
  return markup && markup <= MOST_ELEMENTS ? "markdown" : "plain";
}

// The JSON that a text is, alone or in a fence; null if it is none.
function jsonIn(text) {
  const fenced = /^\s*```(?:json[5lc]?)?[ \t]*\r?\n([^`]*)```\s*$/i.exec(text);
  return jsonOf(fenced ? fenced[1] : text);
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
  for (const note of notesOn(text, kind, view)) box.append(element("p", "hint note-on-text", note));
  return box;
}

// What a reader does not see of a text that is shown so.
function notesOn(text, kind, view) {
  const unseen = countUnseen(text);
  if (view === "raw") return unseen.runs > MOST_UNSEEN ? [`Only the first ${count(MOST_UNSEEN)} of ${count(unseen.runs)} places with unseen characters have a sign.`] : [];
  const notes = unseen.sum ? [`${count(unseen.sum)} unseen ${unseen.sum === 1 ? "character" : "characters"}: “as written” shows where.`] : [];
  if (kind === "plain" && markupOf(text)) notes.push("Too much markup to lay out: shown as written.");
  return notes;
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
  const words = [...terms].sort((a, b) => b.length - a.length).map((term) => term.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  return new RegExp(`(?:${words.join("|")})+[\\p{M}\\u200d]*`, "gu");
}

function marked(box, terms) {
  if (!terms.length) return box;
  const pattern = patternOf(terms);
  const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
  const nodes = [];
  let room = MOST_MARKS;
  while (walker.nextNode()) if (!/^(?:MARK|BUTTON)$/.test(walker.currentNode.parentNode.tagName)) nodes.push(walker.currentNode);
  for (const node of nodes) {
    const text = node.data;
    const parts = [];
    let at = 0;
    for (const { 0: hit, index } of lowerOf(text).matchAll(pattern)) {
      if (room-- <= 0) break;
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
  const runs = differences(first, second).map(coarser);
  const isEqual = runs.every((side) => side.every(([kind]) => kind === "same"));
  return [first, second].map((text, side) => {
    const box = inReading(comparedElement(text, runs[side]));
    if (isEqual) box.prepend(element("p", "hint", first === second ? "The texts are equal." : "The texts differ in blanks alone."));
    else if (isMarked) box.prepend(element("p", "hint", "Compared as written."));
    return box;
  });
}

// Thousands of marks are none: runs beside one another become one where there are too many.
function coarser(runs) {
  const size = Math.ceil(runs.length / MOST_RUNS);
  if (size <= 1) return runs;
  const groups = [];
  for (let place = 0; place < runs.length; place += size) {
    const group = runs.slice(place, place + size);
    groups.push([(group.find(([kind]) => kind !== "same") || group[0])[0], group.map(([, text]) => text).join("")]);
  }
  return groups;
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
  const room = { left: MOST_UNSEEN };
  for (const [kind, words] of runs) {
    if (kind === "same") appendSeen(box, words, room);
    else {
      const mark = element(kind === "gone" ? "del" : "ins");
      appendSeen(mark, words, room);
      box.append(mark);
    }
  }
  return box;
}

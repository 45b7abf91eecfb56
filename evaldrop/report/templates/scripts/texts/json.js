// JSON as a tree that folds. Every scalar keeps its own characters: 12345678901234567890 and 1.10 are no numbers of
// JavaScript here. Members keep their order, and a name that comes twice is shown twice.

const MOST_LEVELS = 100, OPEN_LEVELS = 3, MOST_ITEMS = 20, MOST_MEMBERS = 100, MORE_ITEMS = 200, MOST_ROWS = 800, SHORT_JSON = 60;
const JSON_TOKEN = /"[^"\\]*(?:\\[^][^"\\]*)*"|[{}[\]]|[^\s,:{}[\]"]+/g;

// Return an object's or an array's tree, null of any other text: { kind, members: [{ key, node }], source, start, end }.
// Scalars have neither members; keys and scalars are as they were written, with their quotes.
function jsonOf(text) {
  if (!/^\s*[{[]/.test(text)) return null;
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  return treeOf(text);
}

// The text is JSON. Null if it nests too deep to be read by people, or by functions that call themselves.
function treeOf(text) {
  const root = { kind: "root", members: [] };
  const path = [root];
  let key = null;
  for (const { 0: token, index } of text.matchAll(JSON_TOKEN)) {
    const parent = path[path.length - 1];
    if (token === "}" || token === "]") {
      path.pop().end = index + 1;
      continue;
    }
    if (parent.kind === "object" && key === null) {
      key = token;
      continue;
    }
    const isOpening = token === "{" || token === "[";
    const node = { kind: isOpening ? (token === "{" ? "object" : "array") : "scalar", text, start: index, end: index + token.length };
    if (isOpening) node.members = [];
    parent.members.push({ key, node });
    key = null;
    if (isOpening && path.push(node) > MOST_LEVELS) return null;
  }
  return root.members[0].node;
}

function sourceOf(node) {
  return node.text.slice(node.start, node.end);
}

// A string's characters, where they can be shown: line breaks as line breaks.
function stringShown(source) {
  const text = JSON.parse(source);
  return text.isWellFormed && !text.isWellFormed() ? source : `"${text}"`;
}

class JsonView {
  constructor(tree, terms) {
    this.tree = tree;
    this.terms = terms;
    this.rows = 0;
    this.hits = placesOf(tree.text, terms);
  }

  // Whether a searched word is in this part: a part that holds one is open.
  isHit(node) {
    const at = firstAtLeast(this.hits, node.start);
    return at < this.hits.length && this.hits[at] < node.end;
  }

  // A member's line, or its lines.
  part({ key, node }, level, after) {
    this.rows++;
    const isSmall = node.members && node.end - node.start <= SHORT_JSON && node.members.every((member) => !member.node.members);
    if (node.members && node.members.length && !isSmall) return this.folding(key, node, level, after);
    const line = element("div", "member");
    appendKey(line, key);
    appendFlat(line, node);
    line.append(after);
    return marked(line, this.terms);
  }

  folding(key, node, level, after) {
    const isArray = node.kind === "array";
    const box = element("details", "node");
    const head = element("summary");
    appendKey(head, key);
    head.append(isArray ? "[" : "{");
    const size = node.members.length;
    head.dataset.size = isArray ? `${count(size)} ${size === 1 ? "item" : "items"} ]` : `${count(size)} ${size === 1 ? "key" : "keys"} }`;
    box.append(marked(head, this.terms));
    const fill = () => {
      if (box.children.length > 1) return;
      const members = element("div", "members");
      this.addMembers(members, node, level);
      box.append(members, element("div", "closing", (isArray ? "]" : "}") + after));
    };
    box.addEventListener("toggle", () => box.open && fill());
    if (this.isHit(node) || (level < OPEN_LEVELS && this.rows < MOST_ROWS)) {
      fill();
      box.open = true;
    }
    return box;
  }

  // What a searched word is in, is shown; the rest is offered, unless it is no longer than the offer.
  addMembers(box, node, level) {
    const size = node.members.length;
    let place = 0;
    const show = (until) => {
      for (; place < until; place++) box.append(this.part(node.members[place], level + 1, place < size - 1 ? "," : ""));
    };
    show(Math.min(size, node.kind === "array" ? MOST_ITEMS : MOST_MEMBERS));
    while (place < size) {
      let end = place;
      while (end < size && (this.rows > MOST_ROWS || !this.isHit(node.members[end].node))) end++;
      if (end - place > 2) box.append(this.more(node, level, place, end));
      else show(end);
      place = end;
      show(Math.min(size, end + 1));
    }
  }

  more(node, level, from, end) {
    const offer = button("more", `… ${count(end - from)} more`, () => {
      const until = Math.min(end, from + MORE_ITEMS);
      const parts = node.members.slice(from, until).map((member, place) => this.part(member, level + 1, from + place < node.members.length - 1 ? "," : ""));
      if (until < end) parts.push(this.more(node, level, until, end));
      const focused = parts.find((part) => part.tagName !== "DIV");
      offer.replaceWith(...parts);
      if (focused) (focused.querySelector("summary") || focused).focus();
    });
    return offer;
  }
}

function jsonElement(tree, terms) {
  const box = element("div", "text json");
  box.dir = "ltr";
  box.append(new JsonView(tree, terms).part({ key: null, node: tree }, 0, ""));
  return box;
}

function appendKey(line, key) {
  if (key !== null) line.append(element("bdi", "name", stringShown(key)), ": ");
}

function appendFlat(line, node) {
  if (!node.members) return line.append(scalarElement(node));
  line.append(node.kind === "array" ? "[" : "{");
  node.members.forEach((member, place) => {
    if (place) line.append(", ");
    appendKey(line, member.key);
    line.append(scalarElement(member.node));
  });
  line.append(node.kind === "array" ? "]" : "}");
}

function scalarElement(node) {
  const source = sourceOf(node);
  if (source[0] !== '"') return element("span", /^[tfn]/.test(source) ? "word" : "number", source);
  const box = element("bdi", "string");
  appendSeen(box, stringShown(source));
  return box;
}

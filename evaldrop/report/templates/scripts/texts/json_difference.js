// Two JSON texts compared by path: keys in whatever order, items that moved found again, what is equal folded.

// By these an item of an array is known again, though it changed.
const NAMING_KEYS = ["id", "_id", "uuid", "key", "name", "title"].map((name) => JSON.stringify(name));
const MOST_CHANGES = 200;

// Shows the first tree with what is gone from it, and the second with what is new in it.
function jsonDifference(first, second) {
  const counts = { changed: 0, removed: 0, added: 0, moved: 0 };
  const change = new JsonComparison(counts).compare(first, second, "$");
  const told = Object.entries(counts).filter(([, number]) => number).map(([kind, number]) => `${count(number)} ${kind}`);
  return [first, second].map((tree, side) => {
    const box = element("div", "text json");
    box.dir = "ltr";
    box.append(element("p", "hint", told.join(", ") || "The same JSON, whatever the order of its keys."));
    box.append(...changeElements([{ key: null, node: tree, change }], side, 0));
    return box;
  });
}

// A change is { kind, path } of "same", "changed", "removed", "added" or "inside"; inside has a list of changes per
// side, in the order of that side's members, and a moved item says from where to where.
class JsonComparison {
  constructor(counts) {
    this.counts = counts;
    this.ids = new Map();
    this.known = new Map();
  }

  // Equal values have one id: of objects whatever the order of their keys, of scalars as they are written.
  id(node) {
    if (!this.known.has(node)) this.known.set(node, idIn(this.ids, this.keyOf(node)));
    return this.known.get(node);
  }

  keyOf(node) {
    if (!node.members) return sourceOf(node);
    if (node.kind === "array") return `[${node.members.map((member) => this.id(member.node))}]`;
    const members = node.members.map((member) => [member.key, this.id(member.node)]);
    members.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${members.map(([key, id]) => `${key}:${id}`)}}`;
  }

  compare(first, second, path) {
    if (this.id(first) === this.id(second)) return { kind: "same", path };
    if (!first.members || first.kind !== second.kind) return this.counted("changed", path);
    const partners = first.kind === "array" ? this.itemPartners(first, second) : keyPartners(first, second);
    const stepOf = (member, place) => (first.kind === "array" ? `[${place}]` : `.${member.key.slice(1, -1)}`);
    const sides = [[], []];
    first.members.forEach((member, place) => {
      const own = path + stepOf(member, place);
      const partner = partners.get(place);
      const change = partner === undefined ? this.counted("removed", own) : this.compare(member.node, second.members[partner].node, own);
      if (partner !== undefined) sides[1][partner] = change;
      sides[0][place] = change;
    });
    second.members.forEach((member, place) => (sides[1][place] ??= this.counted("added", path + stepOf(member, place))));
    for (const place of partners.moved || []) {
      sides[0][place].moved = `moved: [${place}] → [${partners.get(place)}]`;
      this.counts.moved++;
    }
    return { kind: "inside", path, sides };
  }

  counted(kind, path) {
    this.counts[kind]++;
    return { kind, path };
  }

  // Items are partners that are equal and in order; else equal; else of one name; else beside one another and alike.
  itemPartners(first, second) {
    const idsOf = (node) => Int32Array.from(node.members, (member) => this.id(member.node));
    const inOrder = align(idsOf(first), idsOf(second));
    const partners = new Map();
    const taken = new Set();
    const join = (a, b) => taken.add(b) && partners.set(a, b);
    inOrder.forEach((b, a) => b >= 0 && join(a, b));
    for (const nameOf of [(node) => this.id(node), namingOf]) {
      for (const [a, b] of samePairs(first, second, partners, taken, nameOf)) join(a, b);
    }
    const pairs = [...partners].sort(([a], [b]) => a - b);
    const stayed = new Set(longestRise(pairs).map(([a]) => a));
    partners.moved = pairs.map(([a]) => a).filter((a) => !stayed.has(a));
    for (const [a, b] of neighbours(first, second, partners, taken)) join(a, b);
    return partners;
  }
}

// Equal keys; of a key that comes twice the first with the first.
function keyPartners(first, second) {
  const places = new Map();
  second.members.forEach(({ key }, place) => places.set(key, [...(places.get(key) || []), place]));
  const partners = new Map();
  first.members.forEach(({ key }, place) => {
    const found = places.get(key);
    if (found && found.length) partners.set(place, found.shift());
  });
  return partners;
}

// What an object says it is; undefined of what has no name.
function namingOf(node) {
  if (node.kind !== "object") return undefined;
  for (const key of NAMING_KEYS) {
    const member = node.members.find((one) => one.key === key);
    if (member && !member.node.members) return `${key}${sourceOf(member.node)}`;
  }
  return undefined;
}

function samePairs(first, second, partners, taken, nameOf) {
  const places = new Map();
  second.members.forEach(({ node }, place) => {
    const name = taken.has(place) ? undefined : nameOf(node);
    if (name !== undefined && !places.has(name)) places.set(name, place);
  });
  const pairs = [];
  first.members.forEach(({ node }, place) => {
    const name = partners.has(place) ? undefined : nameOf(node);
    if (name === undefined || !places.has(name)) return;
    pairs.push([place, places.get(name)]);
    places.delete(name);
  });
  return pairs;
}

// What is left between the same partners, in order, where both are of one kind.
function neighbours(first, second, partners, taken) {
  const pairs = [];
  let b = 0;
  first.members.forEach(({ node }, a) => {
    if (partners.has(a)) {
      b = partners.get(a) + 1;
      return;
    }
    if (b < second.members.length && !taken.has(b) && second.members[b].node.kind === node.kind) pairs.push([a, b++]);
  });
  const seen = new Set();
  return pairs.filter(([, place]) => !seen.has(place) && seen.add(place));
}

// The lines of one side's members: of what is equal one that unfolds, of the rest one each.
function changeElements(entries, side, level, from = 0) {
  const lines = [];
  let place = from;
  while (place < entries.length) {
    if (lines.length >= MOST_CHANGES) {
      lines.push(moreChanges(entries, side, level, place));
      break;
    }
    let end = place;
    while (end < entries.length && entries[end].change.kind === "same" && !entries[end].change.moved) end++;
    if (end > place) lines.push(equalElement(entries.slice(place, end)));
    else lines.push(changeElement(entries[end++], side, level));
    place = end;
  }
  return lines;
}

function moreChanges(entries, side, level, from) {
  const offer = button("more", `… ${count(entries.length - from)} more`, () => offer.replaceWith(...changeElements(entries, side, level, from)));
  return offer;
}

function equalElement(entries) {
  const box = element("details", "equal");
  const isNamed = entries.length === 1 && entries[0].key;
  box.append(element("summary", "", isNamed ? `${stringShown(entries[0].key)} is equal` : `${count(entries.length)} equal`));
  box.addEventListener("toggle", () => {
    if (box.children.length > 1) return;
    box.append(...entries.map((entry) => new JsonView(entry.node, []).part(entry, 1, ",")));
  });
  return box;
}

function changeElement(entry, side, level) {
  const { key, node, change } = entry;
  const line = change.kind === "inside" ? insideElement(entry, side, level) : new JsonView(node, []).part({ key, node }, 1, "");
  if (change.moved) (line.querySelector(":scope > summary") || line).append(" ", element("span", "tag", change.moved));
  if (change.kind === "inside" || change.kind === "same") return line;
  const mark = element(side ? "ins" : "del", "change");
  mark.title = `${change.path}: ${change.kind}`;
  mark.append(line);
  return mark;
}

function insideElement({ key, node, change }, side, level) {
  const isArray = node.kind === "array";
  const box = element("details", "node");
  box.open = true;
  const head = element("summary");
  appendKey(head, key);
  head.append(isArray ? "[" : "{");
  head.dataset.size = `… ${isArray ? "]" : "}"}`;
  const members = element("div", "members");
  const entries = node.members.map((member, place) => ({ ...member, change: change.sides[side][place] }));
  members.append(...changeElements(entries, side, level + 1));
  box.append(head, members, element("div", "closing", isArray ? "]" : "}"));
  return box;
}

// Markdown's elements: made one by one, with text as text. Links lead nowhere, and show where they would lead.

// Above so many a text is shown as it was written: a browser would take seconds to lay them out.
const MOST_ELEMENTS = 6000;
const CODE_AS_JSON = /^(?:json[5lc]?)?$/i;

function markdownElement(text, terms) {
  const box = element("div", "text markdown");
  appendBlocks(box, markdownBlocks(text), terms);
  return box;
}

// How many elements a text's Markdown asks for: none, if it would be shown as it is written.
function markupOf(text) {
  const blocks = markdownBlocks(text);
  const solid = (value) => value.replace(/\s+/g, "");
  const words = [];
  let sum = 0;
  const count = (text) => {
    for (const span of markdownSpans(text)) {
      if (typeof span === "string") words.push(span);
      else sum++;
    }
  };
  const parts = blocks.reverse();
  while (parts.length) {
    const block = parts.pop();
    if (block.kind !== "paragraph") sum++;
    parts.push(...(block.children || []));
    if (block.kind === "paragraph") count(block.lines.join("\n"));
    for (const cells of block.rows || []) for (const cell of cells) count(cell, sum++);
    if (sum > MOST_ELEMENTS) return sum;
  }
  return sum || (solid(words.join("")) === solid(text) ? 0 : 1);
}

function appendBlocks(box, blocks, terms) {
  for (const block of blocks) box.append(ELEMENT_OF[block.kind](block, terms));
}

const ELEMENT_OF = {
  paragraph: (block) => withSpans(element("p"), block.lines.join("\n").trimEnd()),
  // A stranger's headings look like headings, but are no part of this page's outline.
  heading: (block) => withSpans(element("div", `heading level${block.level}`), block.text),
  rule: () => element("hr"),
  code: codeElement,
  table: tableElement,
  list: listElement,
  quote: (block, terms) => {
    const box = element("blockquote");
    appendBlocks(box, block.children, terms);
    return directed(box);
  },
};

// Every paragraph runs in its own direction: Arabic beside English.
function withSpans(box, text) {
  box.dir = "auto";
  appendSpans(box, markdownSpans(text));
  return box;
}

// A list, a table and a quotation run as their first letter does; `auto` would not look into their paragraphs.
function directed(box) {
  const letter = /\p{L}/u.exec(box.textContent);
  box.dir = letter && /[\p{sc=Arab}\p{sc=Hebr}\p{sc=Syrc}\p{sc=Thaa}\p{sc=Nkoo}\p{sc=Adlm}]/u.test(letter[0]) ? "rtl" : "ltr";
  return box;
}

function codeElement(block, terms) {
  const lines = [...block.lines];
  if (!block.fence) while (lines.length && !lines[lines.length - 1].trim()) lines.pop();
  const text = lines.join("\n");
  const box = element("div", "codebox");
  if (block.language) box.append(element("span", "language", block.language));
  const tree = CODE_AS_JSON.test(block.language || "") && block.fence ? jsonOf(text) : null;
  if (tree) box.append(jsonElement(tree, terms));
  else {
    const code = scrolling(element("pre"), `code ${block.language || ""}`.trim(), element("code", "", text));
    code.dir = "ltr";
    box.append(code);
  }
  return box;
}

function tableElement({ columns, rows }) {
  const table = element("table");
  rows.forEach((cells, place) => {
    const row = element("tr");
    cells.forEach((cell, column) => {
      const align = columns[column] || "start";
      row.append(withSpans(element(place ? "td" : "th", align === "start" ? "" : align), cell));
    });
    table.append(row);
  });
  const box = scrolling(element("div", "tablebox"), `table of ${rows.length - 1} × ${columns.length}`, table);
  box.dir = directed(table).dir;
  return box;
}

// Its signs are ours: the browser's own make nested lists slow to lay out, and count where numbers were written.
function listElement(block, terms) {
  const box = element(block.isOrdered ? "ol" : "ul", block.loose ? "" : "tight");
  const numbers = block.children.map((item) => item.number);
  // "1. 1. 1." asks to be counted; other numbers are shown as they were written.
  const isCounted = numbers.every((number) => number === numbers[0]);
  block.children.forEach((item, place) => {
    const made = element("li");
    made.dataset.sign = block.isOrdered ? `${isCounted ? item.number + place : item.number}${block.sign}` : "•";
    appendTask(made, item);
    appendBlocks(made, item.children, terms);
    box.append(made);
  });
  return directed(box);
}

function appendTask(box, item) {
  const first = item.children[0];
  const found = first && first.kind === "paragraph" && /^\[([ xX])\](?=\s)/.exec(first.lines[0]);
  if (!found) return;
  const isDone = found[1] !== " ";
  first.lines[0] = first.lines[0].slice(found[0].length).trimStart();
  box.className = "task";
  const sign = element("span", isDone ? "tick done" : "tick", found[0]);
  sign.setAttribute("role", "img");
  sign.setAttribute("aria-label", isDone ? "done" : "to do");
  box.append(sign);
}

// Texts that follow one another become one node, so that a searched word is found across them.
function appendSpans(box, spans) {
  const path = [box];
  // What nests deeper than MOST_NESTED stays as it was written.
  const opened = [];
  let words = [];
  const say = (text) => words.push(text);
  const flush = () => {
    if (words.length) path[path.length - 1].append(words.join(""));
    words = [];
  };
  for (const span of spans) {
    if (typeof span === "string") say(span);
    else if (span.open) {
      const isShown = path.length <= MOST_NESTED;
      opened.push(isShown);
      if (!isShown) say(span.source);
      else {
        flush();
        const made = /^(?:link|image)$/.test(span.open) ? element("span", span.open) : element(span.open);
        path[path.length - 1].append(made);
        path.push(made);
      }
    } else if (span.close) {
      if (!opened.pop()) say(span.source);
      else {
        flush();
        const made = path.pop();
        if (span.address && made.textContent !== span.address) made.append(element("span", "address", ` (${span.address})`));
      }
    } else {
      flush();
      const made = element("code", span.math ? "math" : "", span.math || span.code);
      made.dir = "ltr";
      path[path.length - 1].append(made);
    }
  }
  flush();
}

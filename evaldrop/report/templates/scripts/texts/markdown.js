// Markdown's common subset, as models write it: CommonMark's blocks with GFM's tables, tasks and strikes.
//
// It is read here, in the page, when a record is opened, and not when the report is made: a parsed text is two to
// three times as long as the text, of which the page has 10 MB for 50,000 records; the function that makes the
// report has little room and time left; and a reader opens few of its records. No library is carried along:
// this subset is a tenth of one, and every line of it is bounded. Time is linear in the text, quotes and lists
// nest up to MOST_NESTED, and what is not understood (HTML, references, footnotes) stays as it was written.

const MOST_NESTED = 16, MOST_COLUMNS = 200;
const FENCE = /^(`{3,}|~{3,})[ \t]*(.*)$/;
const RULE = /^(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const MARKER = /^(?:[-+*]|(\d{1,9})[.)])(?=[ \t]|$)/;
const DELIMITERS = /^\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?$/;

// Return the blocks of a text: { kind, children } of root, quote, list, item; { kind, lines } of paragraph, code;
// { kind, level, text } of heading; { kind, columns, rows } of table; { kind } of rule.
function markdownBlocks(text) {
  const reader = new BlockReader();
  for (const line of text.split(/\r\n|\n|\r/)) reader.read(line);
  return reader.open[0].children;
}

class BlockReader {
  constructor() {
    this.open = [{ kind: "root", children: [] }];
  }

  get last() {
    return this.open[this.open.length - 1];
  }

  read(line) {
    [this.line, this.at] = [line, 0];
    let depth = 1;
    while (depth < this.open.length && this.open[depth].children && this.goesOn(this.open[depth])) depth++;
    const leaf = depth === this.open.length - 1 && !this.open[depth].children ? this.open[depth] : null;
    this.depth = depth;
    if (leaf && leaf.kind === "code" && this.isCode(leaf)) return;
    if (this.isBlank()) return this.readBlank();
    while (this.readStart()) if (!this.hasMore) return;
    this.readText();
  }

  // Whether a quote, a list or an item has this line too; passes the line's part that says so.
  goesOn(block) {
    if (block.kind === "list") return true;
    if (block.kind === "quote") return this.indent() < 4 && this.passQuote();
    if (this.isBlank()) return block.children.length > 0;
    const goesOn = this.indent() >= block.offset;
    if (goesOn) this.at += block.offset;
    return goesOn;
  }

  passQuote() {
    const at = this.at + this.indent();
    if (this.line[at] !== ">") return false;
    this.at = at + 1;
    if (this.indent() > 0) this.at++;
    return true;
  }

  // How many blanks come next; a tab among them is written out first, so that places are columns.
  indent() {
    let end = this.at;
    while (this.line[end] === " " || this.line[end] === "\t") {
      if (this.line[end] === "\t") this.line = `${this.line.slice(0, end)}${" ".repeat(4 - (end % 4))}${this.line.slice(end + 1)}`;
      end++;
    }
    return end - this.at;
  }

  isBlank() {
    return !/[^ \t]/.test(this.line.slice(this.at));
  }

  isCode(block) {
    if (!block.fence) {
      const isInside = this.isBlank() || this.indent() >= 4;
      if (isInside) block.lines.push(this.line.slice(this.at + 4));
      return isInside;
    }
    const bare = this.line.slice(this.at).trim();
    if (bare.length >= block.fence.length && bare === block.fence[0].repeat(bare.length) && this.indent() < 4) {
      this.open.pop();
      return true;
    }
    // Tabs stay, where no indentation has to be taken off.
    const kept = block.indent ? this.at + Math.min(block.indent, this.indent()) : this.at;
    block.lines.push(this.line.slice(kept));
    return true;
  }

  readBlank() {
    this.close();
    for (const block of this.open) block.blank = true;
  }

  // Ends what this line does not belong to.
  close() {
    this.open.length = this.depth;
  }

  push(block) {
    this.close();
    while (this.last.kind === "list" && block.kind !== "item") this.open.pop();
    const parent = this.last;
    if (parent.blank && parent.children.length) (parent.kind === "item" ? this.open[this.open.length - 2] : parent).loose = true;
    for (const open of this.open) open.blank = false;
    parent.children.push(block);
    this.open.push(block);
    this.depth = this.open.length;
  }

  pushLeaf(block) {
    this.push(block);
    if (!block.lines && !block.rows) this.open.pop();
    this.hasMore = false;
    return true;
  }

  // Begins a block, if one begins here; `hasMore` tells whether the line goes on inside it.
  readStart() {
    const isInParagraph = this.last.kind === "paragraph";
    // Only where the paragraph's containers go on does it: else the line is taken along, or begins something.
    const paragraph = isInParagraph && this.open.length - 1 === this.depth ? this.last : null;
    const indent = this.indent();
    if (indent >= 4) {
      if (isInParagraph) return false;
      return this.pushLeaf({ kind: "code", lines: [this.line.slice(this.at + 4)] });
    }
    const rest = this.line.slice(this.at + indent);
    return (
      (rest[0] === ">" && this.startQuote()) ||
      (rest[0] === "#" && this.startHeading(rest)) ||
      ((rest[0] === "`" || rest[0] === "~") && this.startFence(rest, indent)) ||
      (paragraph && this.endHeading(paragraph, rest)) ||
      (RULE.test(rest) && this.pushLeaf({ kind: "rule" })) ||
      (paragraph && this.startTable(paragraph, rest)) ||
      this.startItem(paragraph, rest, indent)
    );
  }

  get isDeep() {
    return this.depth >= MOST_NESTED;
  }

  startQuote() {
    if (this.isDeep) return false;
    this.passQuote();
    this.push({ kind: "quote", children: [] });
    return (this.hasMore = !this.isBlank()) || true;
  }

  startHeading(rest) {
    const marks = /^#{1,6}(?=[ \t]|$)/.exec(rest);
    if (!marks) return false;
    let text = rest.slice(marks[0].length).trim();
    const bare = text.slice(0, text.length - trailing(text, "#"));
    if (!bare || /[ \t]/.test(bare[bare.length - 1])) text = bare.trim();
    return this.pushLeaf({ kind: "heading", level: marks[0].length, text });
  }

  // A paragraph with === or --- under it is a heading.
  endHeading(paragraph, rest) {
    const bare = rest.trim();
    if (!bare || (bare[0] !== "=" && bare[0] !== "-") || bare !== bare[0].repeat(bare.length)) return false;
    Object.assign(paragraph, { kind: "heading", level: bare[0] === "=" ? 1 : 2, text: paragraph.lines.join("\n") });
    this.close();
    this.hasMore = false;
    return true;
  }

  startFence(rest, indent) {
    const found = FENCE.exec(rest);
    if (!found || (found[1][0] === "`" && found[2].includes("`"))) return false;
    return this.pushLeaf({ kind: "code", fence: found[1], language: found[2].trim(), indent, lines: [] });
  }

  startTable(paragraph, rest) {
    if (!rest.includes("-") || !(rest + paragraph.lines[paragraph.lines.length - 1]).includes("|") || !DELIMITERS.test(rest.trim())) return false;
    const delimiters = cellsOf(rest), header = cellsOf(paragraph.lines[paragraph.lines.length - 1]);
    if (delimiters.length !== header.length || header.length > MOST_COLUMNS) return false;
    const columns = delimiters.map((cell) => (cell.endsWith(":") ? (cell.startsWith(":") ? "center" : "end") : "start"));
    paragraph.lines.pop();
    const parent = this.open[this.depth - 1];
    if (!paragraph.lines.length) parent.children.pop();
    return this.pushLeaf({ kind: "table", columns, rows: [header] });
  }

  startItem(paragraph, rest, indent) {
    const found = MARKER.exec(rest);
    if (!found || this.isDeep) return false;
    const after = rest.slice(found[0].length);
    const isEmpty = !after.trim();
    // Inside a paragraph a number is most often one of its own: "it was in\n1986. A great year".
    if (paragraph && (isEmpty || (found[1] && Number(found[1]) !== 1))) return false;
    this.at += indent + found[0].length;
    const blanks = this.indent();
    const space = isEmpty || blanks > 4 ? 1 : blanks;
    this.close();
    const sign = found[0][found[0].length - 1];
    if (this.last.kind !== "list" || this.last.sign !== sign) {
      this.push({ kind: "list", sign, isOrdered: Boolean(found[1]), children: [] });
    }
    this.push({ kind: "item", number: found[1] && Number(found[1]), offset: indent + found[0].length + space, children: [] });
    this.at += isEmpty ? 0 : space;
    return (this.hasMore = !isEmpty) || true;
  }

  readText() {
    const text = this.line.slice(this.at).trimStart();
    if (this.last.kind === "paragraph") this.last.lines.push(text);
    else if (this.last.kind === "table" && this.open.length - 1 === this.depth) this.last.rows.push(cellsOf(text));
    else this.pushLeaf({ kind: "paragraph", lines: [text] });
  }
}

function trailing(text, sign) {
  let length = 0;
  while (length < text.length && text[text.length - 1 - length] === sign) length++;
  return length;
}

function cellsOf(line) {
  const bare = line.trim().replace(/^\|/, "");
  const cells = [""];
  for (const { 0: piece } of bare.matchAll(/\\\||\||(?:[^|\\]|\\(?!\|))+/g)) {
    if (piece === "|") cells.push("");
    else cells[cells.length - 1] += piece === "\\|" ? "|" : piece;
  }
  if (cells.length > 1 && !cells[cells.length - 1].trim()) cells.pop();
  return cells.map((cell) => cell.trim());
}

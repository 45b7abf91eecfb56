// Tables and lists of facts.

function facts(pairs) {
  const list = element("dl", "facts");
  for (const [name, value] of pairs) {
    const pair = element("div"), said = element("dd");
    said.append(isKnown(value) ? value : UNKNOWN);
    pair.append(element("dt", "", name), said);
    list.append(pair);
  }
  return list;
}

// `heads`: [[name, class]]; `rows`: [[head cell's content, ...cells' contents]]. On a phone a row is a block.
function table(caption, heads, rows, className = "numbers") {
  const region = element("div", "scroll"), made = element("table", `${className} stacked`);
  const top = element("tr"), thead = element("thead"), body = element("tbody");
  made.setAttribute("role", "table");
  made.setAttribute("aria-label", caption);
  thead.setAttribute("role", "rowgroup");
  body.setAttribute("role", "rowgroup");
  top.setAttribute("role", "row");
  for (const [name, kind] of heads) {
    const head = element("th", kind || "", name);
    head.scope = "col";
    head.setAttribute("role", "columnheader");
    top.append(head);
  }
  thead.append(top);
  body.append(...rows.map((row) => tableRow(heads, row)));
  made.append(thead, body);
  return scrolling(region, caption, made);
}

function tableRow(heads, contents) {
  const row = element("tr");
  row.setAttribute("role", "row");
  contents.forEach((content, place) => {
    const [name, kind] = heads[place];
    const cell = element(place ? "td" : "th", kind || "");
    cell.setAttribute("role", place ? "cell" : "rowheader");
    if (place) cell.dataset.label = name;
    else cell.scope = "row";
    cell.append(...(Array.isArray(content) ? content : [isKnown(content) ? content : UNKNOWN]));
    row.append(cell);
  });
  return row;
}

// A number with what is known of its spread below it.
function estimate(mean, interval, digits = 2) {
  const spread = between(interval, digits);
  return [number(mean, digits), ...(spread ? [element("small", "block", spread)] : [])];
}

function card(title, ...content) {
  const made = element("section", "card"), head = element("h2", "", title);
  made.append(head, ...content);
  return made;
}

// Tables a reader can sort and narrow. Without this script they are whole, and the best candidate is first.

// Tables that are read column by column; of others a reader may choose columns once they do not fit.
const CHOOSABLE = ".scores, .dense";
const MANY_COLUMNS = 5;

const NUMBER = /-?[0-9][0-9,]*(\.[0-9]+)?/;

// What a cell is sorted by: its first number, in milliseconds where it is a time; null where it has none.
function sortNumber(text) {
  const plain = text.trim().replaceAll("−", "-");
  const found = plain.match(NUMBER);
  // "2 of 6" and "$0.20" begin with what they say; a name that ends in a digit is no number.
  if (!found || !/^[<>$+~\s-]*$/.test(plain.slice(0, found.index))) return null;
  const value = Number(found[0].replaceAll(",", "")) * (/^-\$/.test(plain) ? -1 : 1);
  return /^ s\b/.test(plain.slice(found.index + found[0].length)) ? value * 1000 : value;
}

// Rows in the order of a column: what has no value stays last, and equals stay as they were.
function sorted(rows, place, descending) {
  const texts = rows.map((row) => row.cells[place].textContent.trim());
  const numbers = texts.map(sortNumber);
  const byNumber = place > 0 && numbers.some((value) => value !== null);
  const compare = (a, b) => {
    if (!byNumber) return (descending ? -1 : 1) * texts[a].localeCompare(texts[b], "en", { numeric: true });
    if (numbers[a] === null || numbers[b] === null) return (numbers[a] === null) - (numbers[b] === null);
    return (descending ? -1 : 1) * (numbers[a] - numbers[b]);
  };
  return rows.map((_, index) => index).sort((a, b) => compare(a, b) || a - b).map((index) => rows[index]);
}

class SortedTable {
  constructor(table) {
    this.body = table.tBodies[0];
    this.heads = [...table.tHead.rows[0].cells];
    // The order in which the page was made, to which a third click returns.
    this.given = [...this.body.rows];
    this.heads.forEach((head, place) => this.offer(head, place));
  }

  offer(head, place) {
    if (head.tagName !== "TH" || !head.textContent.trim()) return;
    const made = button("sort", "", () => this.by(place));
    while (head.firstChild && head.firstChild.nodeName !== "svg") made.append(head.firstChild);
    head.prepend(made);
  }

  by(place) {
    const before = this.heads[place].getAttribute("aria-sort");
    const firstWay = place > 0 ? "descending" : "ascending";
    const secondWay = place > 0 ? "ascending" : "descending";
    const now = before === null ? firstWay : before === firstWay ? secondWay : null;
    for (const head of this.heads) head.removeAttribute("aria-sort");
    if (now) this.heads[place].setAttribute("aria-sort", now);
    this.body.append(...(now ? sorted(this.given, place, now === "descending") : this.given));
  }
}

// Lets a reader hide columns, and says above a table when there is more of it to the right.
function offerColumns(table, region) {
  const heads = [...table.tHead.rows[0].cells];
  const box = element("div", "over-table");
  const always = table.matches(CHOOSABLE) && heads.length >= MANY_COLUMNS;
  let narrowed = false;
  if (table.caption) box.classList.add("captioned");
  box.append(element("span", "further", "more to the right →"));
  const details = element("details", "columns"), list = element("div"), summary = element("summary", "", "columns");
  heads.slice(1).forEach((head, index) => {
    const label = element("label"), tick = element("input");
    tick.type = "checkbox";
    tick.checked = true;
    tick.addEventListener("change", () => {
      for (const row of table.rows) row.cells[index + 1].hidden = !tick.checked;
      const shown = heads.slice(1).filter((each) => !each.hidden).length;
      narrowed = shown < heads.length - 1;
      summary.textContent = narrowed ? `columns, ${shown} of ${heads.length - 1}` : "columns";
    });
    const name = (head.querySelector(".sort") || head).cloneNode(true);
    for (const more of name.querySelectorAll("small, svg")) more.remove();
    label.append(tick, name.textContent.trim());
    list.append(label);
  });
  details.append(summary, list);
  box.append(details);
  addEventListener("click", (event) => { if (!details.contains(event.target)) details.open = false; });
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    details.open = false;
    summary.focus();
    event.stopPropagation();
  });
  region.before(box);
  return (more) => {
    box.classList.toggle("more", more);
    box.hidden = !(always || narrowed || more);
  };
}

function watchEdges(region, tell) {
  const look = () => {
    const more = region.scrollLeft + region.clientWidth < region.scrollWidth - 1;
    region.classList.toggle("more", more);
    region.classList.toggle("past", region.scrollLeft > 0);
    tell(more);
  };
  region.addEventListener("scroll", look, { passive: true });
  const observer = new ResizeObserver(look);
  observer.observe(region);
  observer.observe(region.firstElementChild);
}

for (const region of document.querySelectorAll(".scroll")) {
  const table = region.querySelector("table");
  const isPlain = table.tHead && !table.classList.contains("matrix");
  if (isPlain && table.tBodies[0].rows.length > 1) new SortedTable(table);
  watchEdges(region, isPlain && !region.closest("header") ? offerColumns(table, region) : () => {});
}

// Paper opens nothing: what the first screen and the gate fold is printed open, and folded again afterwards.
{
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("header details:not([open]), #gate details:not([open]), #judges details:not([open])")];
    for (const details of opened) details.open = true;
  });
  addEventListener("afterprint", () => { for (const details of opened) details.open = false; });
}

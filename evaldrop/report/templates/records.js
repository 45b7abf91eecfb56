// The list of records and the record that is open. What models or datasets wrote is shown through text nodes
// only: never as markup.
(() => {
  const names = JSON.parse(document.getElementById("names").textContent);
  const records = new Records(names);
  const rowHeight = 58, mostSigns = 15;
  const by = (id) => document.getElementById(id);
  const list = by("list"), rows = by("rows"), pane = by("record"), search = by("search"), found = by("found"), marks = by("marks");
  const choices = ["category", "candidate", "criterion", "verdict", "sort"];
  const kinds = { disagree: "candidates differ", failed: "failed", unscored: "unscored", error: "error", flagged: "flagged", regressed: "regressed" };
  const glyphs = { passed: ["✓", "good"], failed: ["✗", "bad"], unscored: ["?", "lost"], not_applicable: ["·", "muted"], error: ["!", "wrong"] };
  const state = { q: "", show: [], category: "", candidate: "", criterion: "", verdict: "", sort: "", diff: "" };
  let matching = [];
  let at = -1;
  let open = null;

  function element(kind, className, text) {
    const made = document.createElement(kind);
    if (className) made.className = className;
    if (text !== undefined && text !== null) made.textContent = text;
    return made;
  }

  function button(className, text, onClick) {
    const made = element("button", className, text);
    made.type = "button";
    made.addEventListener("click", onClick);
    return made;
  }

  const count = (number) => number.toLocaleString("en");

  // The list

  function refresh(wanted) {
    const started = performance.now();
    matching = records.matching(state);
    const id = wanted === undefined ? open && open[ID] : wanted;
    at = matching.findIndex((row) => row[ID] === id);
    if (at < 0 && matching.length) at = 0;
    rows.style.height = `${matching.length * rowHeight}px`;
    drawRows();
    drawRecord();
    found.textContent = matching.length === records.all.length ? `${count(matching.length)} records` : `${count(matching.length)} of ${count(records.all.length)} records`;
    list.dataset.answeredMs = (performance.now() - started).toFixed(1);
  }

  // The rows in the window, by their place. While the list is only scrolled, those that stay in it are kept.
  const drawn = new Map();
  function drawRows(again = true) {
    const first = Math.max(0, Math.floor(list.scrollTop / rowHeight) - 4);
    const last = Math.min(matching.length, Math.ceil((list.scrollTop + list.clientHeight) / rowHeight) + 4);
    for (const [place, box] of drawn) {
      if (!again && place >= first && place < last) continue;
      box.remove();
      drawn.delete(place);
    }
    const after = rows.firstChild;
    const above = drawn.size ? Math.min(...drawn.keys()) : last;
    for (let place = first; place < last; place++) {
      if (drawn.has(place)) continue;
      const box = rowOf(matching[place], place);
      drawn.set(place, box);
      rows.insertBefore(box, place < above ? after : null);
    }
    if (drawn.has(at)) list.setAttribute("aria-activedescendant", `row-${at}`);
    else list.removeAttribute("aria-activedescendant");
  }

  function rowOf(row, place) {
    const box = element("div", place === at ? "row here" : "row");
    box.id = `row-${place}`;
    box.dataset.place = place;
    box.setAttribute("role", "option");
    box.setAttribute("aria-selected", place === at);
    box.setAttribute("aria-setsize", matching.length);
    box.setAttribute("aria-posinset", place + 1);
    box.style.transform = `translateY(${place * rowHeight}px)`;
    const head = element("div", "rowhead");
    head.append(element("b", "", row[ID]), verdictMarks(row));
    box.append(head, element("div", "snippet", row[PROMPT].slice(0, 200)));
    return box;
  }

  // Per candidate a sign for each criterion, or one for the worst of many; the words stand in the label.
  function verdictMarks(row) {
    const box = element("span", names.candidates.length > 5 ? "marks many" : "marks");
    const label = [];
    row[ANSWERS].forEach((answer, candidate) => {
      const group = element("span", "");
      const said = [];
      if (answer[TEXT] === null) {
        group.append(element("i", "wrong", "!"));
        said.push("error");
      } else {
        const shown = [];
        names.criteria.forEach((name, criterion) => {
          const outcomes = answer[VERDICTS].filter((verdict) => verdict[CRITERION] === criterion).map(outcome);
          if (!outcomes.length) return;
          shown.push(worstOf(outcomes));
          said.push(`${name} ${worstOf(outcomes).replace("_", " ")}`);
        });
        const many = names.candidates.length * names.criteria.length > mostSigns;
        for (const kind of many && shown.length ? [worstOf(shown)] : shown) group.append(element("i", glyphs[kind][1], glyphs[kind][0]));
      }
      label.push(`${names.candidates[candidate]}: ${said.join(", ") || "no verdict"}`);
      box.append(group);
    });
    box.title = label.join("\n");
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", label.join("; "));
    return box;
  }

  function worstOf(outcomes) {
    return ["failed", "unscored", "passed"].find((kind) => outcomes.includes(kind)) || "not_applicable";
  }

  function select(place, { scroll = true } = {}) {
    if (!matching.length) return;
    at = Math.max(0, Math.min(matching.length - 1, place));
    if (scroll) {
      const top = at * rowHeight;
      if (top < list.scrollTop) list.scrollTop = top;
      else if (top + rowHeight > list.scrollTop + list.clientHeight) list.scrollTop = top + rowHeight - list.clientHeight;
    }
    drawRows();
    drawRecord();
    writeFragment(true);
  }

  // The open record

  function drawRecord() {
    open = at < 0 ? null : matching[at];
    if (!open) {
      pane.replaceChildren(element("p", "muted", records.all.length ? "No record matches." : "The page carries no record."));
      return;
    }
    const head = element("h3", "", open[ID]);
    if (open[CATEGORY]) head.append(element("span", "tag", open[CATEGORY]));
    for (const [kind, label] of Object.entries(kinds)) if (open[FLAGS] & FLAG[kind]) head.append(element("span", "tag", label));
    const answers = element("div", "answers");
    const compared = comparedTexts();
    open[ANSWERS].forEach((answer, place) => answers.append(drawAnswer(answer, place, compared.get(place))));
    pane.replaceChildren(tools(), head, ...sources(), answers, sentAndReceived());
    pane.scrollTop = 0;
  }

  function tools() {
    const bar = element("div", "tools");
    const previous = button("", "← previous", () => select(at - 1));
    const next = button("", "next →", () => select(at + 1));
    previous.disabled = at === 0;
    next.disabled = at === matching.length - 1;
    bar.append(previous, next, element("span", "muted", `${count(at + 1)} of ${count(matching.length)}`), element("span", "gap"));
    if (names.candidates.length > 1) bar.append(differenceChoice());
    const said = element("span", "muted said");
    said.setAttribute("role", "status");
    bar.append(
      button("copy", "copy JSON", () => copy(JSON.stringify(records.plain(open), null, 2), said)),
      button("copy", "copy link", () => copy(location.href.split("#")[0] + fragment(true), said)),
      said,
    );
    return bar;
  }

  function pairs() {
    return names.candidates.flatMap((_, a) => names.candidates.map((__, b) => [a, b]).filter(([, b]) => a < b));
  }

  function differenceChoice() {
    const label = element("label", "", "differences ");
    const choice = element("select");
    choice.id = "diff";
    choice.append(new Option("off", ""));
    for (const [a, b] of pairs()) choice.append(new Option(`${names.candidates[a]} → ${names.candidates[b]}`, `${a}-${b}`));
    choice.value = state.diff;
    choice.addEventListener("change", () => {
      state.diff = choice.value;
      drawRecord();
      writeFragment(true);
      by("diff").focus();
    });
    label.append(choice);
    return label;
  }

  function comparedTexts() {
    const [a, b] = state.diff.split("-").map(Number);
    const texts = [a, b].map((place) => open[ANSWERS][place] && open[ANSWERS][place][TEXT]);
    if (!state.diff || texts.some((text) => typeof text !== "string")) return new Map();
    const [first, second] = differences(...texts);
    return new Map([[a, first], [b, second]]);
  }

  async function copy(text, said) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Pages opened from disk may have no clipboard of their own.
      const area = element("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    said.textContent = "copied";
    setTimeout(() => said.textContent = "", 1500);
  }

  function sources() {
    const parts = [["system", open[SYSTEM]], ["context", open[CONTEXT]], ["prompt", open[PROMPT]], ["reference", open[REFERENCE].join("\nor: ")]];
    return parts.filter(([, text]) => text).map(([label, text]) => {
      const box = element("div", "prompt");
      box.append(element("span", "label", label), textOf(text));
      return box;
    });
  }

  function textOf(text, className = "text") {
    const box = element("p", className);
    highlight(box, text);
    box.tabIndex = -1;
    return box;
  }

  // Shows a text with the searched words marked.
  function highlight(box, text) {
    const lower = text.toLowerCase();
    const terms = lower.length === text.length ? termsOf(state.q) : [];
    let place = 0;
    while (terms.length && place < text.length) {
      const hits = terms.map((term) => [lower.indexOf(term, place), term.length]).filter(([start]) => start >= 0);
      if (!hits.length) break;
      const [start, length] = hits.reduce((a, b) => (b[0] < a[0] ? b : a));
      box.append(text.slice(place, start), element("mark", "", text.slice(start, start + length)));
      place = start + length;
    }
    box.append(text.slice(place));
  }

  function drawAnswer(answer, place, marked) {
    const box = element("section", "answer");
    const head = element("h4", "", names.candidates[place]);
    box.append(head);
    if (answer[TEXT] === null) box.append(textOf(answer[ERROR] || "no response", "text wrong"));
    else if (marked) {
      const text = element("p", "text");
      for (const [kind, words] of marked) text.append(kind === "same" ? words : element(kind === "gone" ? "del" : "ins", "", words));
      box.append(text);
    } else box.append(answer[TEXT] === "" ? element("p", "text muted", "(empty response)") : textOf(answer[TEXT]));
    if (answer[THOUGHT]) box.append(thinking(answer, place));
    if (answer[SIGNS]) box.append(element("p", "lost", `flagged: ${answer[SIGNS].split(",").join(", ")}`));
    box.append(element("p", "meta", measures(answer)));
    if (answer[DROPS].length) box.append(element("p", "fell", `worse than the baseline: ${answer[DROPS].map(dropInWords).join(", ")}`));
    for (const verdict of answer[VERDICTS]) box.append(drawVerdict(verdict));
    return box;
  }

  // Folded, and unpacked only when somebody looks: it is no part of the response, and often longer.
  function thinking(answer, place) {
    const row = open;
    const box = element("details", "thinking");
    box.append(element("summary", "", `Thinking, ${count(answer[THOUGHT])} characters`));
    box.addEventListener("toggle", async () => {
      if (!box.open || box.dataset.filled) return;
      box.dataset.filled = "yes";
      const details = await records.detailsOf(row);
      box.append(details ? element("pre", "", details.thought(place)) : element("p", "hint", "The page does not carry it; responses.parquet does."));
    });
    return box;
  }

  function dropInWords(drop) {
    const shown = (score) => (names.scales[drop[CRITERION]][2] === "binary" && score % 1 === 0 ? (score ? "yes" : "no") : Number(score.toFixed(2)));
    return `${names.criteria[drop[CRITERION]]} ${shown(drop[WAS])} → ${shown(drop[NOW])}`;
  }

  function measures(answer) {
    const parts = [];
    if (answer[REUSED]) parts.push("given, not called");
    if (answer[INPUT] !== null) parts.push(`${count(answer[INPUT])} + ${count(answer[OUTPUT] || 0)} tokens`);
    if (answer[MS] !== null) parts.push(`${count(Math.round(answer[MS]))} ms`);
    if (answer[USD] !== null && !answer[REUSED]) parts.push(`$${answer[USD] ? Number(answer[USD].toPrecision(2)) : 0}`);
    if (answer[STOP] && answer[STOP] !== "end_turn") parts.push(answer[STOP].replaceAll("_", " "));
    answer[METRICS].forEach((value, place) => {
      if (value !== null) parts.push(`${names.metrics[place]} ${Number(value.toFixed(value < 10 ? 2 : 0))}`);
    });
    return parts.join(" · ");
  }

  function drawVerdict(verdict) {
    const box = element("div", "scored");
    const head = element("div");
    const who = [names.judges.length > 1 ? names.judges[verdict[JUDGE]] : "", verdict[REPEAT] ? `repeat ${verdict[REPEAT] + 1}` : ""].filter(Boolean).join(", ");
    head.append(element("span", "", `${names.criteria[verdict[CRITERION]]}${who ? ` (${who})` : ""} `));
    if (verdict[SCORE] === null) head.append(element("b", "lost", `unscored: ${verdict[REASON].replaceAll("_", " ")}`));
    else {
      const [, high, kind] = names.scales[verdict[CRITERION]];
      const shown = kind === "binary" ? (verdict[SCORE] ? "yes" : "no") : `${Number(verdict[SCORE].toFixed(2))} of ${high}`;
      head.append(element("b", verdict[PASSED] ? "good" : "bad", `${shown} ${verdict[PASSED] ? "✓ passed" : "✗ failed"}`));
    }
    box.append(head);
    if (verdict[RATIONALE]) box.append(textOf(verdict[RATIONALE]));
    return box;
  }

  function sentAndReceived() {
    const row = open;
    const box = element("details", "sent");
    box.append(element("summary", "", "As sent, and the judges' raw replies"));
    box.addEventListener("toggle", async () => {
      if (!box.open || box.dataset.filled) return;
      box.dataset.filled = "yes";
      const details = await records.detailsOf(row);
      if (!details) {
        box.append(element("p", "hint", "The page does not carry them for this record; records.jsonl and verdicts.parquet do."));
        return;
      }
      row[ANSWERS].forEach((_, candidate) => box.append(...detailParts(details, candidate)));
    });
    return box;
  }

  function detailParts(details, candidate) {
    const pre = (label, text) => [element("span", "label", label), element("pre", "", text)];
    const json = (value) => JSON.stringify(value, null, 2);
    const request = details.request(candidate);
    return [
      element("h4", "", names.candidates[candidate]),
      ...pre("sent to the candidate", request === null ? "nothing: its response was given" : json(request)),
      ...details.judged(candidate).flatMap(({ judge, repeat, text }) => pre(`sent to ${judge}${repeat ? `, repeat ${repeat + 1}` : ""}`, text)),
      ...details.replies(candidate).flatMap((reply) => pre("raw reply", json(reply))),
    ];
  }

  // The filters, and the fragment that holds their state

  function drawChips() {
    marks.replaceChildren(...Object.entries(kinds).flatMap(([kind, label]) => {
      const number = records.count(FLAG[kind]);
      if (!number && !state.show.includes(kind)) return [];
      const chip = button("chip", label, () => {
        state.show = state.show.includes(kind) ? state.show.filter((name) => name !== kind) : [...state.show, kind];
        changed();
        marks.querySelector(`[data-kind="${kind}"]`).focus();
      });
      chip.dataset.kind = kind;
      chip.setAttribute("aria-pressed", state.show.includes(kind));
      chip.append(element("span", "", count(number)));
      return [chip];
    }));
  }

  function changed() {
    list.scrollTop = 0;
    refresh();
    if (at > 0) select(at);
    drawChips();
    writeFragment(false);
  }

  function showState() {
    search.value = state.q;
    for (const name of choices) by(name).value = state[name];
    drawChips();
  }

  function fragment(withRecord) {
    const parts = new URLSearchParams();
    if (withRecord && open) parts.set("record", open[ID]);
    for (const [name, value] of Object.entries(state)) if (value.length) parts.set(name, name === "show" ? value.join(",") : value);
    const text = parts.toString();
    return text && `#${text}`;
  }

  function writeFragment(withRecord) {
    history.replaceState(null, "", fragment(withRecord) || location.href.split("#")[0]);
  }

  function readFragment() {
    const parts = new URLSearchParams(location.hash.slice(1));
    const known = location.hash.includes("=") ? parts : new URLSearchParams();
    for (const name of Object.keys(state)) state[name] = known.get(name) || "";
    state.show = state.show ? state.show.split(",").filter((name) => name in FLAG) : [];
    if (!pairs().some(([a, b]) => `${a}-${b}` === state.diff)) state.diff = "";
    showState();
    // A choice that this page does not have filters nothing.
    for (const name of choices) if (by(name).value !== state[name]) state[name] = by(name).value = "";
    const id = known.get("record");
    refresh(id || undefined);
    if (id === null) return;
    if (!open || open[ID] !== id) {
      // The link's filters leave the record out: the record counts.
      Object.assign(state, { q: "", show: [], category: "", candidate: "", criterion: "", verdict: "" });
      showState();
      refresh(id);
    }
    if (open && open[ID] === id) select(at);
    else found.textContent = `The page does not carry the record ${id}.`;
    by("records").scrollIntoView({ behavior: "instant" });
  }

  function clear() {
    Object.assign(state, { q: "", show: [], category: "", candidate: "", criterion: "", verdict: "", sort: "", diff: "" });
    showState();
    changed();
  }

  // Keys and events

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "Escape") return escape(event);
    if (typing) return;
    const inList = list.contains(event.target);
    const page = Math.max(1, Math.floor(list.clientHeight / rowHeight) - 1);
    const moves = { j: 1, k: -1, ...(inList ? { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity } : {}) };
    if (event.key in moves) {
      event.preventDefault();
      select(at + moves[event.key]);
      if (!inList) list.focus({ preventScroll: false });
    } else if (event.key === "/") {
      event.preventDefault();
      search.focus();
    } else if (event.key === "d" && names.candidates.length > 1) {
      const values = ["", ...pairs().map(([a, b]) => `${a}-${b}`)];
      state.diff = values[(values.indexOf(state.diff) + 1) % values.length];
      drawRecord();
      writeFragment(true);
    }
  }

  function escape(event) {
    if (event.target === search && state.q) {
      search.value = state.q = "";
      changed();
    } else if (event.target === search) list.focus();
    else if (state.diff) {
      state.diff = "";
      drawRecord();
      writeFragment(true);
    } else list.focus();
  }

  function fill(id, values) {
    for (const value of values) by(id).append(new Option(value, value));
    by(id).closest("label").hidden = values.length < 2;
  }

  async function start() {
    fill("category", names.categories);
    fill("candidate", names.candidates);
    fill("criterion", names.criteria);
    by("verdict").closest("label").hidden = !names.criteria.length;
    found.textContent = "reading …";
    await records.load((read) => {
      if (at < 0) refresh();
      found.textContent = `${count(read)} records read …`;
    });
    list.parentElement.classList.toggle("empty", !records.all.length);
    readFragment();
    document.documentElement.dataset.ready = performance.now().toFixed(0);
  }

  by("filters").addEventListener("submit", (event) => event.preventDefault());
  search.addEventListener("input", () => {
    state.q = search.value.trim();
    changed();
  });
  for (const name of choices) {
    by(name).addEventListener("change", (event) => {
      state[name] = event.target.value;
      changed();
    });
  }
  by("clear").addEventListener("click", clear);
  list.addEventListener("scroll", () => requestAnimationFrame(() => drawRows(false)), { passive: true });
  addEventListener("resize", () => drawRows());
  list.addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    if (!row) return;
    select(Number(row.dataset.place), { scroll: false });
    if (matchMedia("(max-width: 900px)").matches) pane.scrollIntoView();
  });
  addEventListener("hashchange", () => {
    if (location.hash.includes("=")) readFragment();
  });
  addEventListener("keydown", onKey);
  start().catch((error) => {
    found.textContent = `The records could not be read: ${error.message}`;
  });
})();

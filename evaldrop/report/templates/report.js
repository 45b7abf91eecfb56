"use strict";
// The records of the report. Everything models or datasets wrote is shown through textContent: never as markup.
(() => {
  const names = JSON.parse(document.getElementById("names").textContent);
  const flag = { error: 1, unscored: 2, failed: 4, disagree: 8 };
  const perPage = 20;
  const list = document.getElementById("list");
  const form = document.getElementById("filters");
  const search = document.getElementById("search");
  const show = document.getElementById("show");
  const category = document.getElementById("category");
  const found = document.getElementById("found");
  const pageText = document.getElementById("page");
  const previous = document.getElementById("previous");
  const next = document.getElementById("next");
  let records = [];
  let matching = [];
  let page = 0;
  let focused = null;

  function element(kind, className, text) {
    const made = document.createElement(kind);
    if (className) made.className = className;
    if (text !== undefined && text !== null) made.textContent = text;
    return made;
  }

  async function unpack(script) {
    const bytes = Uint8Array.from(atob(script.textContent.trim()), (character) => character.charCodeAt(0));
    script.remove();
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }

  async function load() {
    for (const script of [...document.querySelectorAll("script.chunk")]) {
      records = records.concat(await unpack(script));
      found.textContent = `${records.length.toLocaleString("en")} records read …`;
    }
    records.sort((a, b) => a.n - b.n);
    for (const name of names.categories) {
      const option = element("option", "", name);
      option.value = name;
      category.append(option);
    }
    readFragment();
  }

  function haystack(record) {
    // Made once, when first searched.
    if (record.words === undefined) {
      const parts = [record.id, record.prompt, record.context, record.system, ...(record.reference || [])];
      for (const answer of record.answers) {
        parts.push(answer.text, answer.error);
        for (const verdict of answer.verdicts) parts.push(verdict[5], verdict[4]);
      }
      record.words = parts.filter(Boolean).join("\n").toLowerCase();
    }
    return record.words;
  }

  function refresh(keepPage) {
    const words = search.value.trim().toLowerCase();
    const wanted = flag[show.value] || 0;
    matching = records.filter(
      (record) =>
        (!wanted || record.flags & wanted) &&
        (!category.value || record.category === category.value) &&
        (!words || haystack(record).includes(words)),
    );
    if (!keepPage) page = 0;
    draw();
  }

  function draw() {
    const pages = Math.max(1, Math.ceil(matching.length / perPage));
    page = Math.min(page, pages - 1);
    list.replaceChildren(...matching.slice(page * perPage, (page + 1) * perPage).map(drawRecord));
    found.textContent = `${matching.length.toLocaleString("en")} of ${records.length.toLocaleString("en")}`;
    pageText.textContent = `page ${page + 1} of ${pages}`;
    previous.disabled = page === 0;
    next.disabled = page >= pages - 1;
  }

  function drawRecord(record) {
    const box = element("article", record.id === focused ? "record here" : "record");
    box.dataset.id = record.id;
    const head = element("h3");
    const link = element("a", "", record.id);
    link.href = `#record=${encodeURIComponent(record.id)}`;
    head.append(link);
    if (record.category) head.append(element("span", "tag", record.category));
    if (record.flags & flag.disagree) head.append(element("span", "tag", "candidates differ"));
    box.append(head);
    for (const [label, text] of [["system", record.system], ["context", record.context], ["prompt", record.prompt]]) {
      if (text) box.append(labelled(label, text));
    }
    if (record.reference && record.reference.length) box.append(labelled("reference", record.reference.join("\nor: ")));
    const answers = element("div", "answers");
    record.answers.forEach((answer, place) => answers.append(drawAnswer(answer, place)));
    box.append(answers);
    return box;
  }

  function labelled(label, text) {
    const box = element("div", "prompt");
    box.append(element("span", "label", label), element("p", "text", text));
    return box;
  }

  function drawAnswer(answer, place) {
    const box = element("section", "answer");
    box.append(element("h4", "", names.candidates[place]));
    if (answer.error) box.append(element("p", "text wrong", answer.error));
    else box.append(element("p", "text", answer.text === "" ? "(empty response)" : answer.text));
    box.append(element("p", "meta", measures(answer)));
    for (const verdict of answer.verdicts) box.append(drawVerdict(verdict));
    return box;
  }

  function measures(answer) {
    const parts = [];
    if (answer.reused) parts.push("given, not called");
    if (answer.tokens[0] !== null) parts.push(`${answer.tokens[0]} + ${answer.tokens[1]} tokens`);
    if (answer.ms !== null) parts.push(`${Math.round(answer.ms)} ms`);
    if (answer.usd !== null && !answer.reused) parts.push(`$${answer.usd.toPrecision(2)}`);
    if (answer.stop && answer.stop !== "end_turn") parts.push(answer.stop);
    if (answer.flags.length) parts.push(`flagged: ${answer.flags.join(", ")}`);
    answer.metrics.forEach((value, place) => {
      if (value !== null) parts.push(`${names.metrics[place]} ${Number(value.toFixed(3))}`);
    });
    return parts.join(" · ");
  }

  function drawVerdict([criterion, judge, score, passed, reason, rationale]) {
    const box = element("div", "scored");
    const head = element("div");
    const label = names.judges.length > 1 ? `${names.criteria[criterion]} (${names.judges[judge]}) ` : `${names.criteria[criterion]} `;
    head.append(element("span", "", label));
    if (score === null) head.append(element("b", "lost", `unscored: ${reason}`));
    else {
      const [, high, kind] = names.scales[criterion];
      const shown = kind === "binary" ? (score ? "yes" : "no") : `${score} of ${high}`;
      head.append(element("b", passed ? "good" : "bad", `${shown} ${passed ? "✓" : "✗"}`));
    }
    box.append(head);
    if (rationale) box.append(element("p", "text", rationale));
    return box;
  }

  function readFragment() {
    const state = new URLSearchParams(location.hash.slice(1));
    if (state.has("q")) search.value = state.get("q");
    if (state.has("show")) show.value = state.get("show");
    if (state.has("category")) category.value = state.get("category");
    const id = state.get("record");
    if (id === null) return refresh();
    focused = id;
    refresh(true);
    let place = matching.findIndex((record) => record.id === id);
    if (place < 0) {
      search.value = category.value = "";
      show.value = "all";
      refresh(true);
      place = matching.findIndex((record) => record.id === id);
    }
    page = Math.max(0, Math.floor(place / perPage));
    draw();
    const box = [...list.children].find((child) => child.dataset.id === id);
    if (box) box.scrollIntoView();
  }

  function writeFragment() {
    const state = new URLSearchParams();
    if (search.value) state.set("q", search.value);
    if (show.value !== "all") state.set("show", show.value);
    if (category.value) state.set("category", category.value);
    const text = state.toString();
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  }

  function turn(step) {
    page += step;
    draw();
    form.scrollIntoView();
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    focused = null;
    refresh();
    writeFragment();
  });
  previous.addEventListener("click", () => turn(-1));
  next.addEventListener("click", () => turn(1));
  addEventListener("hashchange", () => {
    if (location.hash.includes("=")) readFragment();
  });
  addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
      event.preventDefault();
      search.focus();
    }
    if (event.key === "Escape" && event.target === search) {
      search.value = "";
      refresh();
      writeFragment();
      search.blur();
    }
  });
  load().catch((error) => {
    list.textContent = `The records could not be read: ${error.message}`;
  });
})();

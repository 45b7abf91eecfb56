"use strict";
// Scores of one person on the responses of a review. What models or datasets wrote is shown through textContent.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const shown = document.getElementById("item");
  const questions = document.getElementById("questions");
  const rater = document.getElementById("rater");
  const message = document.getElementById("message");
  const store = `evaldrop-review-${data.review_id}`;
  const goesOn = document.getElementById("goes-on");
  const goesOnStore = "evaldrop-review-goes-on";
  const PAUSE_MS = 900;
  const skipWords = { cannot_tell: "Cannot tell", not_applicable: "Does not apply" };
  // "item criterion" -> {score} or {score: null, reason}
  let answers = new Map();
  let undone = [];
  let place = 0;
  let active = 0;
  // The way to the next open response, while it can still be stopped.
  let going = null;

  function element(kind, className, text) {
    const made = document.createElement(kind);
    if (className) made.className = className;
    if (text !== undefined && text !== null) made.textContent = text;
    return made;
  }

  const current = () => data.items[place];
  const keyOf = (item, criterion) => `${item.item} ${criterion.name}`;
  const criteriaOf = (item) => item.criteria.map((number) => data.criteria[number]);
  const isDone = (item) => criteriaOf(item).every((criterion) => answers.has(keyOf(item, criterion)));

  function part(title, text, className) {
    const box = element("div", `part ${className}`);
    const body = element("p", "text", text === "" ? "(an empty response)" : text);
    body.dir = "auto";
    box.append(element("span", "label", title), body);
    return box;
  }

  // Long texts that were given are folded, so that response and question are seen at once.
  function fold() {
    for (const box of shown.querySelectorAll(".given")) {
      const body = box.querySelector(".text");
      body.classList.add("folded");
      if (body.scrollHeight <= body.clientHeight + 4) {
        body.classList.remove("folded");
        continue;
      }
      const more = element("button", "more");
      more.type = "button";
      more.addEventListener("click", () => unfold(body, more, !body.classList.contains("folded")));
      box.append(more);
      unfold(body, more, true);
    }
  }

  function unfold(body, more, isFolded) {
    body.classList.toggle("folded", isFolded);
    more.textContent = isFolded ? `show all ${body.textContent.length.toLocaleString("en")} characters` : "fold";
    more.setAttribute("aria-expanded", String(!isFolded));
  }

  function foldAll() {
    const bodies = [...shown.querySelectorAll(".more")].map((more) => [more.parentElement.querySelector(".text"), more]);
    const isFolded = bodies.every(([body]) => !body.classList.contains("folded"));
    for (const [body, more] of bodies) unfold(body, more, isFolded);
  }

  function showItem() {
    const item = current();
    shown.replaceChildren();
    if (item.system) shown.append(part("System prompt", item.system, "given aside"));
    shown.append(part("Prompt", item.prompt, "given"));
    if (item.context) shown.append(part("Context", item.context, "given aside"));
    item.reference.forEach((text) => shown.append(part("A right answer", text, "given aside")));
    shown.append(part("Response", item.response, "response"));
    fold();
  }

  // The key that gives an answer: a one-digit value itself, else the place in the list.
  function keyFor(criterion, answer, index) {
    if (criterion.kind === "binary") return answer.value ? "y" : "n";
    const values = criterion.answers.map((one) => one.value);
    const byValue = criterion.kind === "points" && values.every((value) => value >= 0 && value <= 9);
    if (byValue) return Number.isInteger(answer.value) ? String(answer.value) : "";
    return index < 9 ? String(index + 1) : index === 9 ? "0" : "";
  }

  function choice(criterion, answer, index) {
    const button = element("button");
    button.type = "button";
    const key = keyFor(criterion, answer, index);
    if (key) button.append(element("kbd", "", key));
    // The key says the number already when it is the number.
    const number = criterion.kind === "points" && key !== String(answer.value) ? String(answer.value) : "";
    button.append([number, answer.label].filter(Boolean).join(" · "));
    if (answer.definition) button.append(element("small", "", `: ${answer.definition}`));
    button.addEventListener("click", () => give(criterion, { score: answer.value }));
    button.dataset.value = String(answer.value);
    return button;
  }

  function skip(criterion, reason) {
    const button = element("button", "pass", skipWords[reason]);
    button.type = "button";
    if (reason === "cannot_tell") button.prepend(element("kbd", "", "x"));
    button.addEventListener("click", () => give(criterion, { score: null, reason }));
    button.dataset.reason = reason;
    return button;
  }

  function range(criterion) {
    const input = element("input");
    input.type = "number";
    input.min = criterion.low;
    input.max = criterion.high;
    input.step = "any";
    input.placeholder = `${criterion.low} to ${criterion.high}`;
    input.setAttribute("aria-label", `${criterion.name}: a number from ${criterion.low} to ${criterion.high}`);
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") input.blur();
    });
    input.addEventListener("change", () => {
      const score = input.valueAsNumber;
      if (score >= criterion.low && score <= criterion.high) give(criterion, { score });
      else if (input.value === "") take(criterion);
      else {
        tell(`${criterion.name}: a number from ${criterion.low} to ${criterion.high}, please.`);
        mark();
      }
    });
    return input;
  }

  function question(criterion) {
    const box = element("div", "question");
    // On a phone one question is there at a time: its name leads to the next one.
    const name = element("h2", "", criterion.name);
    const criteria = criteriaOf(current());
    if (criteria.length > 1) {
      const other = element("button", "other", `${criteria.indexOf(criterion) + 1} of ${criteria.length} ›`);
      other.type = "button";
      other.setAttribute("aria-label", "Next question");
      other.addEventListener("click", () => move(1));
      name.append(other);
    }
    const asked = element("p", "", criterion.question);
    asked.dir = "auto";
    box.append(name, asked);
    const isWorded = criterion.answers.some((answer) => answer.definition);
    const choices = element("div", isWorded ? "choices worded" : "choices");
    choices.setAttribute("role", "group");
    choices.setAttribute("aria-label", criterion.name);
    // Yes before no, as people say it; points from low to high.
    const order = criterion.kind === "binary" ? [...criterion.answers].reverse() : criterion.answers;
    if (criterion.kind === "range") choices.append(range(criterion));
    order.forEach((answer, index) => choices.append(choice(criterion, answer, index)));
    criterion.skips.forEach((reason) => choices.append(skip(criterion, reason)));
    box.append(choices);
    return box;
  }

  function showQuestions() {
    questions.replaceChildren(...criteriaOf(current()).map(question));
    questions.scrollTop = 0;
    mark();
  }

  // Shows what has been answered; the elements stay, so that focus does.
  function mark() {
    criteriaOf(current()).forEach((criterion, index) => {
      const box = questions.children[index];
      const answer = answers.get(keyOf(current(), criterion));
      box.classList.toggle("here", index === active);
      for (const button of box.querySelectorAll(".choices button")) {
        const isScore = button.dataset.value !== undefined;
        const isGiven = answer && (isScore ? answer.score !== null && String(answer.score) === button.dataset.value : answer.reason === button.dataset.reason);
        button.setAttribute("aria-pressed", String(Boolean(isGiven)));
      }
      const input = box.querySelector("input");
      if (input) input.value = answer && answer.score !== null ? String(answer.score) : "";
    });
    const done = data.items.filter(isDone).length;
    document.getElementById("progress").value = done / data.items.length;
    document.getElementById("counted").textContent = `${done} of ${data.items.length} done`;
    document.getElementById("place").textContent = `${place + 1}`;
    document.getElementById("undo").disabled = undone.length === 0;
    document.getElementById("previous").disabled = place === 0;
    document.getElementById("next").disabled = place === data.items.length - 1;
  }

  function show(number) {
    stop();
    place = Math.min(Math.max(number, 0), data.items.length - 1);
    active = Math.max(firstOpen(), 0);
    showItem();
    showQuestions();
    window.scrollTo({ top: 0, behavior: "instant" });
  }

  const firstOpen = () => criteriaOf(current()).findIndex((criterion) => !answers.has(keyOf(current(), criterion)));

  function give(criterion, answer) {
    stop();
    const wasOpen = firstOpen() >= 0;
    const key = keyOf(current(), criterion);
    undone.push({ place, key, before: answers.get(key) });
    answers.set(key, answer);
    changed();
    const open = firstOpen();
    active = open >= 0 ? open : criteriaOf(current()).indexOf(criterion);
    mark();
    if (open >= 0) questions.children[active].scrollIntoView({ block: "nearest" });
    else if (data.items.every(isDone)) tell("All done. Save to a file and send that back.");
    // Who changes an answer stays where it is.
    else if (wasOpen && goesOn.checked) go();
  }

  function go() {
    tell("Going on … u takes the answer back.");
    going = setTimeout(() => {
      tell("");
      nextOpen();
    }, PAUSE_MS);
  }

  function stop() {
    if (going !== null) tell("");
    clearTimeout(going);
    going = null;
  }

  function take(criterion) {
    const key = keyOf(current(), criterion);
    if (!answers.has(key)) return;
    undone.push({ place, key, before: answers.get(key) });
    answers.delete(key);
    changed();
    mark();
  }

  function undo() {
    const last = undone.pop();
    if (!last) return;
    if (last.before === undefined) answers.delete(last.key);
    else answers.set(last.key, last.before);
    changed();
    show(last.place);
  }

  function nextOpen() {
    // From here on, then from the start.
    const order = [...data.items.keys()].map((step) => (place + step + (isDone(current()) ? 1 : 0)) % data.items.length);
    const found = order.find((number) => !isDone(data.items[number]));
    if (found === undefined) tell("All done. Save to a file and send that back.");
    else show(found);
  }

  function tell(text) {
    message.textContent = text;
  }

  const content = () => ({
    kind: "evaldrop-review",
    version: 1,
    review_id: data.review_id,
    run_id: data.run_id,
    simulated: data.simulated,
    sampling: data.sampling,
    rater: rater.value.trim(),
    saved_at: new Date().toISOString(),
    answers: data.items.flatMap((item) =>
      criteriaOf(item)
        .filter((criterion) => answers.has(keyOf(item, criterion)))
        .map((criterion) => ({ item: item.item, criterion: criterion.name, ...answers.get(keyOf(item, criterion)) })),
    ),
  });

  function changed() {
    try {
      localStorage.setItem(store, JSON.stringify(content()));
    } catch {
      // No storage here: the file is what counts.
    }
  }

  function save() {
    // An answer a line, so that people and diffs can read the file.
    const { answers: rows, ...rest } = content();
    const lines = rows.map((row) => `  ${JSON.stringify(row)}`).join(",\n");
    const head = JSON.stringify(rest, null, 1).replace(/\n\}$/, "");
    const text = `${head},\n "answers": [\n${lines}\n ]\n}\n`;
    const link = element("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    const who = rater.value.trim().replace(/[^A-Za-z0-9]+/g, "-");
    link.download = `review-${data.review_id}${who ? `-${who}` : ""}.json`;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    tell(`Saved ${rows.length} answers as ${link.download}.`);
  }

  // What a file or an earlier visit holds, as far as it is about this page.
  function restore(saved) {
    if (saved.kind !== "evaldrop-review" || saved.review_id !== data.review_id) return -1;
    const known = new Map();
    data.items.forEach((item) => criteriaOf(item).forEach((criterion) => known.set(keyOf(item, criterion), criterion)));
    const found = new Map();
    for (const row of saved.answers) {
      const key = `${row.item} ${row.criterion}`;
      const criterion = known.get(key);
      if (!criterion) continue;
      if (row.score === null) {
        if (criterion.skips.includes(row.reason)) found.set(key, { score: null, reason: row.reason });
      } else if (criterion.kind === "range" ? row.score >= criterion.low && row.score <= criterion.high : criterion.answers.some((answer) => answer.value === row.score)) {
        found.set(key, { score: row.score });
      }
    }
    answers = found;
    undone = [];
    if (saved.rater) rater.value = String(saved.rater).slice(0, 80);
    return found.size;
  }

  async function open(file) {
    try {
      const size = restore(JSON.parse(await file.text()));
      if (size < 0) tell(`${file.name} belongs to another review; nothing was changed.`);
      else {
        changed();
        tell(`${size} answers from ${file.name}.`);
        start();
      }
    } catch {
      tell(`${file.name} is no saved review; nothing was changed.`);
    }
  }

  function start() {
    const open = data.items.findIndex((item) => !isDone(item));
    show(open < 0 ? 0 : open);
  }

  function answerByKey(key) {
    const criterion = criteriaOf(current())[active];
    if (key === "x") {
      give(criterion, { score: null, reason: "cannot_tell" });
      return true;
    }
    const order = criterion.kind === "binary" ? [...criterion.answers].reverse() : criterion.answers;
    const found = order.find((answer, index) => keyFor(criterion, answer, index) === key || (criterion.kind === "binary" && String(answer.value) === key));
    if (found) give(criterion, { score: found.value });
    return Boolean(found);
  }

  // On a range the first digit goes where the others will.
  function typeInto(key) {
    const input = questions.children[active].querySelector("input");
    if (!input || !/^[-.,0-9]$/.test(key)) return false;
    input.focus();
    input.select();
    return true;
  }

  function move(step) {
    stop();
    const count = criteriaOf(current()).length;
    active = (active + step + count) % count;
    mark();
    questions.children[active].scrollIntoView({ block: "nearest" });
  }

  const map = document.getElementById("keymap");

  function openMap() {
    stop();
    map.showModal();
  }

  const commands = {
    j: () => show(place + 1),
    k: () => show(place - 1),
    " ": nextOpen,
    u: undo,
    s: save,
    f: foldAll,
    "?": openMap,
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
  };

  document.addEventListener("keydown", (event) => {
    if (map.open) {
      if (event.key === "?") map.close();
      return;
    }
    const isTyping = event.target.matches("input:not([type=checkbox]), textarea, select");
    if ((event.ctrlKey || event.metaKey) && event.key === "z" && !isTyping) {
      event.preventDefault();
      undo();
      return;
    }
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    // Space turns a box that has the focus, as everywhere.
    if (event.key === " " && event.target === goesOn) return;
    // Space on a button would press it again; here it always goes on.
    if (typeInto(event.key)) return;
    const command = commands[event.key];
    if (command) command();
    else if (!answerByKey(event.key.toLowerCase())) return;
    event.preventDefault();
  });
  document.addEventListener("keyup", (event) => {
    if (event.key === " " && !event.target.matches("input, dialog *")) event.preventDefault();
  });
  document.getElementById("previous").addEventListener("click", commands.k);
  document.getElementById("next").addEventListener("click", commands.j);
  document.getElementById("undo").addEventListener("click", undo);
  document.getElementById("keys").addEventListener("click", openMap);
  goesOn.addEventListener("change", () => {
    stop();
    try {
      localStorage.setItem(goesOnStore, goesOn.checked ? "yes" : "no");
    } catch {
      // No storage here: it holds for this visit.
    }
  });
  document.getElementById("save").addEventListener("click", save);
  document.getElementById("open").addEventListener("change", (event) => {
    if (event.target.files.length) open(event.target.files[0]);
    event.target.value = "";
  });
  rater.addEventListener("change", changed);

  goesOn.checked = true;
  try {
    goesOn.checked = localStorage.getItem(goesOnStore) !== "no";
    const kept = localStorage.getItem(store);
    if (kept && restore(JSON.parse(kept)) > 0) tell("Your answers up to now were kept by this browser.");
  } catch {
    // Nothing kept, or nothing readable.
  }
  start();
})();

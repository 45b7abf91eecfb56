// The texts of a page of prompts: what differs in two of them by words, and the records that turned better or worse.

const sideOf = (name, runs) => {
  const made = element("div", "answer");
  made.setAttribute("role", "group");
  made.setAttribute("aria-label", name);
  made.append(element("h4", "", name));
  const body = element("div", "text");
  body.dir = "auto";
  const room = { left: MOST_UNSEEN };
  for (const [kind, text] of runs) {
    const part = kind === "same" ? body : element(kind === "gone" ? "del" : "ins");
    appendSeen(part, text, room);
    if (part !== body) body.append(part);
  }
  made.append(body);
  return fold(made, body);
};

function wordsOfPrompts(search, from, to) {
  const made = element("div", "answers");
  const own = search.prompts[to];
  if (from === undefined) made.append(sideOf(to, [["same", own]]));
  else {
    const [first, second] = differences(search.prompts[from], own);
    made.append(sideOf(from, first), sideOf(to, second));
  }
  return made;
}

function showWords(searches) {
  for (const box of document.querySelectorAll("[data-to]")) {
    const search = searches[box.dataset.search];
    const show = () => wordsOfPrompts(search, box.dataset.from, box.dataset.to);
    if (box.tagName !== "DETAILS") box.replaceChildren(show());
    // Not before it is asked for: dozens of long prompts would be compared.
    else box.addEventListener("toggle", () => box.childElementCount > 1 || box.append(show()));
  }
}

function showRecords(searches) {
  for (const box of document.querySelectorAll("[data-kind]")) {
    const search = searches[box.dataset.search];
    const sides = { first: search.original, second: search.candidate, record: (id) => `report.html#record=${encodeURIComponent(id)}` };
    box.replaceChildren(...search[box.dataset.kind].map((row) => pairOf(row, sides)));
  }
}

(async () => {
  try {
    const searches = await unpack(document.getElementById("packed").textContent);
    showWords(searches);
    showRecords(searches);
  } catch (error) {
    const said = element("p", "notice", `The texts cannot be shown: ${error.message}`);
    document.querySelector("main .wrap").prepend(said);
  }
  document.documentElement.dataset.ready = performance.now().toFixed(0);
})();

// Controls with their labels, hints and what is wrong with them.

// `name` is the control's ID; what is wrong is told at `name`-wrong.
function field(name, label, control, { hint, optional } = {}) {
  const made = element("div", "field"), head = element("label", "", label);
  head.htmlFor = name;
  control.id = name;
  control.name = name;
  if (optional) head.append(" ", element("small", "", "optional"));
  made.append(head);
  described(made, name, control, hint);
  return made;
}

// Several controls under one name, which `fieldset` has.
function fieldGroup(name, legend, hint, ...content) {
  const made = element("fieldset", "field");
  made.id = name;
  made.append(element("legend", "", legend), wrongPlace(name, made));
  if (hint) made.append(hintOf(name, made, hint));
  made.append(...content);
  return made;
}

function described(box, name, control, hint) {
  if (hint) box.append(hintOf(name, control, hint));
  box.append(control, wrongPlace(name, control));
}

function hintOf(name, control, text) {
  const hint = element("p", "hint", text);
  hint.id = `${name}-hint`;
  describe(control, hint.id);
  return hint;
}

function wrongPlace(name, control) {
  const wrong = element("p", "wrong");
  wrong.id = `${name}-wrong`;
  wrong.hidden = true;
  describe(control, wrong.id);
  return wrong;
}

function describe(control, id) {
  control.setAttribute("aria-describedby", [control.getAttribute("aria-describedby"), id].filter(Boolean).join(" "));
}

function input(type, options = {}) {
  return Object.assign(element("input"), { type, ...options });
}

function area(rows, options = {}) {
  const made = Object.assign(element("textarea"), { rows, ...options });
  made.dir = "auto";
  return made;
}

function select(pairs, value) {
  const made = element("select");
  made.append(...pairs.map(([each, words]) => Object.assign(element("option", "", words), { value: each })));
  made.value = value || "";
  if (made.selectedIndex < 0) made.selectedIndex = 0;
  return made;
}

// A radio button or a tick with its words behind it.
function choice(type, name, value, words, isChosen) {
  const made = element("label", "choice"), control = input(type, { name, value, checked: isChosen });
  made.append(control, " ", words);
  return made;
}

function datalist(id, values) {
  const made = element("datalist");
  made.id = id;
  made.append(...values.map(([value, label]) => Object.assign(element("option"), { value, label: label || value })));
  return made;
}

// Tells what is wrong at the fields, and returns what has no field here; the first field gets the focus.
function showWrong(form, faults) {
  clearWrong(form);
  const elsewhere = [];
  let first = null;
  for (const { name, detail } of faults) {
    const place = name && form.querySelector(`#${name}-wrong`);
    if (!place) {
      elsewhere.push(detail);
      continue;
    }
    place.hidden = false;
    place.append(place.textContent ? element("br") : "", detail);
    const control = form.querySelector(`#${name}`);
    if (control.tagName !== "FIELDSET") control.setAttribute("aria-invalid", "true");
    const details = control.closest("details");
    if (details) details.open = true;
    first ||= control.tagName === "FIELDSET" ? control.querySelector("input, select, textarea, button") : control;
  }
  if (first) first.focus();
  return elsewhere;
}

function clearWrong(form) {
  for (const place of form.querySelectorAll(".wrong")) {
    place.hidden = true;
    place.replaceChildren();
  }
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
}

// Does what a button is for, once at a time, and says meanwhile that it is under way.
async function busy(made, words, doing) {
  if (made.getAttribute("aria-disabled") === "true") return;
  const before = made.textContent;
  // Not disabled: that would take the focus away.
  made.setAttribute("aria-disabled", "true");
  made.textContent = words;
  say(words);
  try {
    await doing();
  } finally {
    made.removeAttribute("aria-disabled");
    made.textContent = before;
  }
}

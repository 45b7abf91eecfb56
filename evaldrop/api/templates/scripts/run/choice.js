// Which candidate was taken in the end, and why.

function choiceCard(run, renew) {
  const made = card("Your choice"), form = element("form");
  form.noValidate = true;
  if (run.choice) made.append(chosenLine(run.choice));
  const names = run.ending.candidates.map((each) => each.name);
  const choices = element("div", "presets");
  choices.append(...names.map((name) => choice("radio", "candidate-of-run", name, foreign("b", "", name), run.choice ? run.choice.candidate === name : false)));
  const group = fieldGroup("candidate", "Which candidate do you take?", null, choices);
  const note = field("note", "Why", area(2, { maxLength: 1000, value: run.choice?.note || "" }), { optional: true });
  const send = element("button", "primary", run.choice ? "Change the choice" : "Note the choice");
  form.append(group, note, send);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(send, "Noting …", () => choose(run, form, renew));
  });
  made.append(form);
  return made;
}

function chosenLine({ candidate, chosen_by: by, chosen_at: at, note }) {
  const line = element("p", "chosen-line");
  line.append("Taken: ", foreign("b", "", candidate), ` ${by ? `by ${by} ` : ""}on ${moment(at)}`);
  if (note) line.append(": ", foreign("span", "", note));
  return line;
}

async function choose(run, form, renew) {
  trouble();
  const chosen = form.querySelector("[name=candidate-of-run]:checked");
  if (!chosen) {
    showWrong(form, [{ name: "candidate", detail: "Choose a candidate." }]);
    return;
  }
  const note = form.querySelector("#note").value.trim();
  try {
    const body = { candidate: chosen.value, ...(note ? { note } : {}) };
    renew(await ask("POST", `runs/${encodeURIComponent(run.run_id)}/choice`, { body }));
    say(`Noted: ${chosen.value} is taken.`);
  } catch (error) {
    tellTrouble(error, form, { candidate: "candidate", note: "note" });
  }
}

// What responses are judged on: built-in criteria, and questions of one's own.

const FIRST_CRITERIA = 9;

class Criteria {
  constructor(builtIn, draft, isNew) {
    this.isNew = isNew;
    this.own = element("div");
    const taken = new Set(draft.criteria || []);
    const ticks = builtIn.map(({ name, question }) => {
      const words = element("span");
      words.append(element("b", "", name.replaceAll("_", " ")), element("small", "block", question));
      return choice("checkbox", "criterion", name, words, taken.has(name));
    });
    const presets = element("div", "presets"), others = element("div", "presets"), more = element("details");
    presets.append(...ticks.slice(0, FIRST_CRITERIA));
    others.append(...ticks.slice(FIRST_CRITERIA));
    more.append(element("summary", "", `${ticks.length - FIRST_CRITERIA} more`), others);
    more.open = ticks.slice(FIRST_CRITERIA).some((tick) => tick.firstChild.checked);
    more.hidden = ticks.length <= FIRST_CRITERIA;
    const add = button("", "Add a question of your own", () => {
      this.addOwn("", "").querySelector("input").focus();
      this.isNew();
    });
    this.element = fieldGroup("criteria", "Criteria", "None chosen: correctness where records have a reference, else helpfulness, and faithfulness to the text.", presets, more, this.own, add);
    for (const { name, question } of draft.own || []) this.addOwn(name, question);
  }

  addOwn(name, question) {
    const number = this.own.childElementCount + 1, row = element("div", "own");
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", `Own criterion ${number}`);
    const id = `own-${Date.now()}-${number}`;
    const remove = button("remove", "✕", () => {
      row.remove();
      this.element.querySelector(":scope > button").focus();
      this.isNew();
    });
    remove.setAttribute("aria-label", `Remove own criterion ${number}`);
    row.append(field(`${id}-name`, "Name", input("text", { value: name, placeholder: "politeness", autocomplete: "off" })), field(`${id}-question`, "Question", input("text", { value: question, placeholder: "Is the response polite?" })), remove);
    this.own.append(row);
    return row;
  }

  get names() {
    return [...this.element.querySelectorAll("[name=criterion]:checked")].map((tick) => tick.value);
  }

  get questions() {
    return [...this.own.children].map((row) => {
      const [name, question] = [...row.querySelectorAll("input")].map((box) => box.value.trim());
      return { name, question };
    }).filter(({ name, question }) => name || question);
  }

  // Undefined: the usual ones.
  body() {
    const chosen = [...this.names, ...this.questions];
    return chosen.length ? { criteria: chosen } : {};
  }

  draft() {
    return { criteria: this.names, own: this.questions };
  }
}

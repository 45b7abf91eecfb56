// Which models are compared: chosen one by one, with what they cost where that is known.

const MOST_MODELS = 40;

class Models {
  // `known`: KnownModels.
  constructor(known, chosen, isNew) {
    this.known = known;
    this.chosen = [];
    this.isNew = isNew;
    this.list = element("ul", "taken");
    this.list.setAttribute("aria-label", "Models that are compared");
    this.box = input("text", { autocomplete: "off", spellcheck: false });
    this.box.setAttribute("list", "known-models");
    this.box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.take();
    });
    this.box.addEventListener("paste", (event) => {
      const pasted = event.clipboardData.getData("text");
      if (!/\n/.test(pasted.trim())) return;
      // A column of names: a box of one line would make one of them.
      event.preventDefault();
      this.box.setRangeText(pasted.trim().replace(/\s+/g, " "), this.box.selectionStart, this.box.selectionEnd, "end");
      this.take();
    });
    const line = element("div", "with-button");
    this.element = field("models", "Models", this.box, { hint: "A model's ID as Amazon Bedrock has it, such as amazon.nova-lite-v1:0, or geo. before it for the inference profile at hand. Two or more are compared." });
    this.box.before(line);
    line.append(this.box, button("", "Add", () => this.take()));
    this.element.append(this.list, datalist("known-models", known.offered));
    for (const model of chosen) this.add(model);
  }

  take() {
    const names = this.box.value.split(/[\s,]+/).filter(Boolean);
    for (const name of names) this.add(name);
    this.box.value = "";
    if (names.length) say(`${names.join(", ")}: added. ${plural(this.chosen.length, "model")}.`);
    this.box.focus();
    this.isNew();
  }

  add(model) {
    if (this.chosen.includes(model) || this.chosen.length >= MOST_MODELS) return;
    this.chosen.push(model);
    const item = element("li");
    const remove = button("remove", "✕", () => this.remove(model, item));
    remove.setAttribute("aria-label", `Remove ${model}`);
    item.append(element("code", "", model), " ", element("small", "", this.known.price(model)), " ", remove);
    this.list.append(item);
  }

  remove(model, item) {
    this.chosen = this.chosen.filter((each) => each !== model);
    item.remove();
    say(`${model}: removed.`);
    this.box.focus();
    this.isNew();
  }

  faults() {
    // What was typed and not added is meant, too.
    if (this.box.value.trim()) this.take();
    return this.chosen.length ? [] : [{ name: "models", detail: "Add the models to compare." }];
  }
}

// The models with a known price, and those of earlier runs, by the IDs that they were called by.
class KnownModels {
  constructor(priced, runs) {
    this.priced = priced;
    const called = new Set(runs.flatMap((run) => run.ending.candidates.map((each) => each.model)));
    const names = [...called, ...priced.map((each) => each.model).filter((name) => ![...called].some((model) => model.includes(name)))];
    this.offered = names.map((name) => [name, `${name}: ${this.price(name)}`]);
  }

  // Prices are by a model's name without its version and geography; the plan says what holds.
  price(model) {
    const [found] = this.priced.filter((each) => model.includes(each.model)).sort((a, b) => b.model.length - a.model.length);
    return found && found.input_usd !== null ? `$${found.input_usd} in, $${found.output_usd} out per 1,000,000 tokens` : "price unknown";
  }
}

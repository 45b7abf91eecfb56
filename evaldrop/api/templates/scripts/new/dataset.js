// What is evaluated: a pasted text, or a file that is dropped.

const SOURCES = [["text", "A text"], ["file", "A file of records"]];

class Dataset {
  constructor(draft) {
    this.file = null;
    this.rows = null;
    this.uploaded = null;
    this.article = area(7, { value: draft.article || "" });
    this.prompt = area(2, { value: draft.prompt || "" });
    this.picked = input("file", { accept: SETTINGS.endings.join(","), className: "unseen" });
    this.element = card("What to evaluate");
    const isFile = draft.source === "file";
    const sources = element("div", "choices");
    sources.setAttribute("role", "radiogroup");
    sources.setAttribute("aria-label", "Where it comes from");
    sources.append(...SOURCES.map(([value, words]) => choice("radio", "source", value, words, (value === "file") === isFile)));
    sources.addEventListener("change", () => this.showSource(true));
    this.text = field("article", "Text", this.article, { hint: "The models read it as it is." });
    this.drop = this.dropZone();
    this.asked = field("prompt", "What to do with it", this.prompt, { hint: "Such as: Summarise this article in one sentence." });
    this.element.append(sources, this.text, this.drop, this.asked);
    this.showSource(false);
  }

  get isFile() {
    return this.element.querySelector("[name=source]:checked").value === "file";
  }

  dropZone() {
    const made = field("file", "File", this.picked, { hint: `${SETTINGS.endings_in_words}. Its fields are described in the documentation of datasets.` });
    const zone = element("div", "drop");
    this.about = element("p", "about", "No file yet.");
    this.about.setAttribute("role", "status");
    // The control itself is not seen, and is there for keyboards and screen readers; a click on the zone is one on it.
    zone.append(this.picked, button("", "Choose a file", () => this.picked.click()), element("span", "muted", " or drop it here"), this.about);
    zone.querySelector("button").tabIndex = -1;
    zone.querySelector("button").setAttribute("aria-hidden", "true");
    made.querySelector(".wrong").before(zone);
    this.picked.addEventListener("change", () => this.take(this.picked.files[0]));
    for (const kind of ["dragover", "dragleave", "drop"]) {
      zone.addEventListener(kind, (event) => {
        event.preventDefault();
        zone.classList.toggle("over", kind === "dragover");
        if (kind === "drop") this.take(event.dataTransfer.files[0]);
      });
    }
    return made;
  }

  showSource(isAsked) {
    this.text.hidden = this.isFile;
    this.drop.hidden = !this.isFile;
    const label = this.asked.querySelector("label");
    label.replaceChildren(this.isFile ? "What to do with each record" : "What to do with it", ...(this.isFile ? [" ", element("small", "", "optional")] : []));
    byTextOf(this.asked, this.isFile ? "Only where records have no prompt of their own, and are 100 at most." : "Such as: Summarise this article in one sentence.");
    if (isAsked) (this.isFile ? this.picked : this.article).focus();
  }

  async take(file) {
    if (!file) return;
    [this.file, this.rows, this.uploaded] = [file, null, null];
    const form = this.element.closest("form");
    clearWrong(form);
    form.dispatchEvent(new Event("change"));
    try {
      this.rows = await rowsOfFile(file);
    } catch (error) {
      this.about.textContent = `${file.name}, ${sizeOf(file.size)}`;
      showWrong(form, [{ name: "file", detail: error.message }]);
      return;
    }
    this.about.textContent = `${file.name}, ${sizeOf(file.size)}: ${this.rows ? plural(this.rows.length, "record") : "it is uploaded when its price is asked for"}`;
  }

  faults() {
    if (this.isFile) return this.file ? [] : [{ name: "file", detail: "Choose a file, or drop one here." }];
    const found = [];
    if (!this.article.value.trim()) found.push({ name: "article", detail: "Paste a text." });
    if (!this.prompt.value.trim()) found.push({ name: "prompt", detail: "Say what the models are to do with the text." });
    return found;
  }

  // The part of a request that says what is evaluated; a file that is too large for it is uploaded first.
  async body(signal) {
    const prompt = this.prompt.value.trim() ? { prompt: this.prompt.value } : {};
    if (!this.isFile) return { article: this.article.value, ...prompt };
    if (this.rows) return { records: this.rows, ...prompt };
    this.uploaded ||= await upload(this.file, signal);
    return { dataset: this.uploaded, ...prompt };
  }

  draft() {
    return { source: this.isFile ? "file" : "text", article: this.article.value, prompt: this.prompt.value };
  }
}

function byTextOf(box, text) {
  box.querySelector(".hint").textContent = text;
}

// The rows of a small file of JSON; null where the file goes as it is, to be read where it is evaluated: a table's
// columns, or a large file's lines, are read by one reader only.
async function rowsOfFile(file) {
  const name = file.name.toLowerCase();
  if (!SETTINGS.endings.some((ending) => name.endsWith(ending))) throw new Error(`${file.name} is no dataset: its name has to end in ${SETTINGS.endings_in_words}.`);
  if (!file.size) throw new Error(`${file.name} is empty.`);
  if (!/\.(json|jsonl|ndjson)$/.test(name) || file.size > SETTINGS.most_inline_bytes) return null;
  const text = (await file.text()).replace(/^\ufeff/, "");
  const rows = name.endsWith(".json") ? rowsOfJson(text, file.name) : rowsOfLines(text);
  return rows && rows.length && rows.length <= SETTINGS.most_records && rows.every((row) => row && typeof row === "object" && !Array.isArray(row)) ? rows : null;
}

function rowsOfJson(text, name) {
  try {
    const content = JSON.parse(text);
    return Array.isArray(content) ? content : null;
  } catch (error) {
    throw new Error(`${name} is not JSON: ${error.message}`);
  }
}

function rowsOfLines(text) {
  const rows = [];
  text.split("\n").forEach((line, place) => {
    if (!line.trim()) return;
    try {
      rows.push(JSON.parse(line));
    } catch (error) {
      throw new Error(`line ${place + 1} is not JSON: ${error.message}`);
    }
  });
  return rows;
}

async function upload(file, signal) {
  const name = file.name.replace(/[^A-Za-z0-9_.-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "").slice(-100) || "dataset.jsonl";
  const { url, dataset, headers } = await ask("POST", "uploads", { body: { name: name.toLowerCase() }, signal });
  say(`Uploading ${sizeOf(file.size)} …`);
  await put(url, file, headers);
  return dataset;
}

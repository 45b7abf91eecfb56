// Why responses failed: the filter of a group, and its records as a dataset.

const GROUPS = JSON.parse(document.getElementById("groups").textContent);

// A group's responses: places of candidates by the record's ordinal. Its value is "criterion,place".
function membersOf(value) {
  const [criterion, place] = unlisted(value);
  const numbers = (Object.hasOwn(GROUPS, criterion) && GROUPS[criterion][Number(place)]) || [];
  const members = new Map();
  for (let at = 0; at < numbers.length; at += 2) {
    if (!members.has(numbers[at])) members.set(numbers[at], []);
    members.get(numbers[at]).push(numbers[at + 1]);
  }
  return members;
}

const nameOfGroup = (value) => document.querySelector(`[data-group="${CSS.escape(value)}"] .because`);

FILTERS.group = (records, value, selection) => {
  const members = membersOf(value);
  const places = candidatesIn(records, selection);
  return (row) => (members.get(row[ORDINAL]) || []).some((place) => places.includes(place));
};

IN_WORDS.group = (value) => {
  const [criterion] = unlisted(value);
  const name = nameOfGroup(value);
  return `failed ${criterion}: ${name ? name.textContent : "an unknown group"}`;
};

// Once the records are there: below each group a button for its records.
function addGroupTools(records) {
  for (const item of document.querySelectorAll("[data-group]")) {
    const fits = FILTERS.group(records, item.dataset.group, { candidate: "" });
    const said = saying();
    const copy = button("copy-dataset", "copy as dataset", () => copyText(datasetOf(records.all.filter(fits), records.names), said));
    copy.setAttribute("aria-label", `Copy as dataset: ${nameOfGroup(item.dataset.group).textContent}`);
    const box = element("span", "take");
    box.append(said, copy);
    item.querySelector(".about").append(box);
  }
}

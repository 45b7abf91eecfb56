// What a dataset says of records: its metadata shown, and the records taken along as a dataset that evaldrop reads.

// A record's metadata; each opens the records that have it too.
function metadataTags(row) {
  const box = element("div", "metadata");
  for (const value of metadataOf(row)) {
    const [key, said] = unlisted(value);
    const tag = element("a", "tag to");
    tag.href = new Selection().with({ meta: value }).fragment();
    tag.append(element("b", "", key), ` ${said}`);
    box.append(tag);
  }
  return box.children.length ? [box] : [];
}

// Buttons that take the records which `rows()` returns.
function takingTools(records, rows) {
  const { names } = records;
  const box = element("span", "take");
  const label = element("label", "", "with responses ");
  const withResponses = element("input");
  withResponses.type = "checkbox";
  label.prepend(withResponses);
  const said = saying();
  said.className = "muted";
  const text = () => datasetOf(rows(), names, { responses: withResponses.checked });
  const take = async (how) => {
    await how(text());
    const cut = rows().filter((row) => (row[FIELDS] || {}).is_cut).length;
    if (cut) said.textContent = `without ${count(cut)} too long for a page`;
  };
  box.append(
    button("copy-dataset", "copy as dataset", () => take((made) => copyText(made, said))),
    button("download-dataset", "download", () => take((made) => download(made, `${names.run_id}-${rows().length}-records.jsonl`))),
    label,
    said,
  );
  return box;
}

function download(text, name) {
  const link = element("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/jsonl" }));
  link.download = name.replace(/[^\w.-]+/g, "-");
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

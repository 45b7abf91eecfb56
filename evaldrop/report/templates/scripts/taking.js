// Records taken along: as a dataset that evaldrop reads, to the clipboard or as a file.

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
  box.append(
    button("copy-dataset", "copy as dataset", () => copyText(text(), said)),
    button("download-dataset", "download", () => download(text(), `${names.run_id}-${rows().length}-records.jsonl`)),
    label,
    said,
  );
  return box;
}

function download(text, name) {
  const link = element("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/jsonl" }));
  link.download = name.replace(/[^\w.-]+/g, "-");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

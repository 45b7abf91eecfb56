// A legend's entry hides its line in all charts of its group, so that of a dozen candidates two can be read.
function letLinesBeHidden() {
  for (const group of document.querySelectorAll(".chartgroup")) {
    const keys = [...group.querySelectorAll(".series-keys button")];
    const draw = (key, isDrawn) => {
      key.setAttribute("aria-pressed", String(isDrawn));
      for (const line of group.querySelectorAll(`.series[data-series="${key.dataset.series}"]`)) line.classList.toggle("off", !isDrawn);
    };
    for (const key of keys) key.addEventListener("click", () => draw(key, key.getAttribute("aria-pressed") !== "true"));
    if (keys.length < 4) continue;
    const areDrawn = () => keys.some((key) => key.getAttribute("aria-pressed") === "true");
    const all = button("all", "hide all", () => {
      const isDrawn = !areDrawn();
      keys.forEach((key) => draw(key, isDrawn));
      all.textContent = isDrawn ? "hide all" : "show all";
    });
    keys[0].parentElement.append(all);
    for (const key of keys) key.addEventListener("click", () => { all.textContent = areDrawn() ? "hide all" : "show all"; });
  }
}

(async () => {
  if (byId("filters")) {
    letLinesBeHidden();
    const [runs, names] = await Promise.all(["packed", "names"].map((id) => unpack(byId(id).textContent)));
    new History(runs, names, new Choice(runs));
  }
  document.documentElement.dataset.ready = performance.now().toFixed(0);
})();

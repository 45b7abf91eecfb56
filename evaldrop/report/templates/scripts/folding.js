// Long texts, folded at a height with a button that shows all of them.

function folded(box, lines) {
  const fold = element("div", "fold");
  fold.style.setProperty("--lines", lines);
  fold.append(box);
  return fold;
}

// Called once they are in the page: only then it is known which are longer than their height.
function settleFolds(pane) {
  const folds = [...pane.querySelectorAll(".fold")];
  const sizes = folds.map((fold) => {
    const hit = fold.querySelector("mark");
    return { hidden: fold.scrollHeight - fold.clientHeight, hit: hit ? hit.offsetTop - fold.offsetTop : 0, height: fold.clientHeight };
  });
  folds.forEach((fold, place) => {
    const { hidden, hit, height } = sizes[place];
    // A searched word that is folded away could not be found.
    if (hidden < 30 || hit > height) fold.classList.add("whole");
    else fold.after(unfolding(fold));
  });
}

function unfolding(fold) {
  const opener = button("unfold", `show all ${count(fold.textContent.length)} characters`, () => {
    const isWhole = fold.classList.toggle("whole");
    opener.textContent = isWhole ? "show less" : `show all ${count(fold.textContent.length)} characters`;
    opener.setAttribute("aria-expanded", String(isWhole));
  });
  opener.setAttribute("aria-expanded", "false");
  return opener;
}

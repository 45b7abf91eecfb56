"use strict";
// Elements made in the page. What models or datasets wrote goes in as text alone: never as markup.

function element(kind, className, text) {
  const made = document.createElement(kind);
  if (className) made.className = className;
  if (text !== undefined && text !== null) made.textContent = text;
  return made;
}

// What is wider or higher than its box scrolls in it: who has no mouse does so by its focus.
function scrolling(box, label, content) {
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", label);
  box.append(content);
  return box;
}

function button(className, text, onClick) {
  const made = element("button", className, text);
  made.type = "button";
  made.addEventListener("click", onClick);
  return made;
}

// What happens beside a button, told to those who do not see it too.
function saying() {
  const said = element("span", "muted said");
  said.setAttribute("role", "status");
  return said;
}

const count = (number) => number.toLocaleString("en");

async function copyText(text, said) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Pages opened from disk may have no clipboard of their own.
    const area = element("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  said.textContent = "copied";
  setTimeout(() => said.textContent = "", 1500);
}

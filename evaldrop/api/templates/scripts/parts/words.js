// How values read.

const byId = (id) => document.getElementById(id);
const SETTINGS = JSON.parse(byId("settings").textContent);
const STATES = { admitted: ["waiting", "none"], running: ["running", "inconclusive"], finished: ["finished", "pass"], failed: ["failed", "fail"], stopped: ["stopped", "none"] };
const UNKNOWN = "–";

const isKnown = (value) => value !== null && value !== undefined;
const number = (value, digits) => (isKnown(value) ? value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits }).replace("-", "−") : UNKNOWN);
const percent = (share) => (isKnown(share) ? `${number(100 * share, 0)} %` : UNKNOWN);
const plural = (n, word) => `${count(n)} ${word}${n === 1 ? "" : "s"}`;
const between = (interval, digits) => (interval && isKnown(interval[0]) ? `${number(interval[0], digits)} to ${number(interval[1], digits)}` : "");

// What is far below a cent keeps two figures: a run of one text costs no nothing.
function dollars(value) {
  if (!isKnown(value)) return UNKNOWN;
  if (value === 0) return "$0";
  const digits = value >= 1 ? 2 : Math.min(8, Math.max(4, 1 - Math.floor(Math.log10(value))));
  return `$${number(value, digits)}`;
}

function moment(text) {
  return `${text.slice(0, 10)} ${text.slice(11, 16)} UTC`;
}

function lasting(seconds) {
  if (seconds < 90) return plural(Math.max(1, Math.round(seconds)), "second");
  return seconds < 5400 ? plural(Math.round(seconds / 60), "minute") : `${number(seconds / 3600, 1)} hours`;
}

function sizeOf(bytes) {
  return bytes < 1 << 20 ? `${count(Math.ceil(bytes / 1024))} KiB` : `${number(bytes / (1 << 20), 1)} MiB`;
}

function statePill(state) {
  const [word, kind] = STATES[state] || [state, "none"];
  return element("span", `pill ${kind}`, word);
}

// Text of unknown origin in a line of our own: its direction stays its own.
function foreign(kind, className, text) {
  const made = element(kind, className, text);
  made.dir = "auto";
  return made;
}

function linkTo(address, text, className) {
  const made = element("a", className || "", text);
  made.href = address;
  return made;
}

function say(text) {
  // Only what is new: a status that is written again is read out again.
  if (byId("said").textContent !== text) byId("said").textContent = text;
}

function trouble(...parts) {
  const box = byId("trouble");
  box.hidden = !parts.length;
  box.replaceChildren(...parts);
}

// Requests to the API. What goes wrong is a Trouble: in words, with the fields it belongs to.

class Trouble extends Error {
  constructor(status, detail, { errors = [], againAt = null } = {}) {
    super(detail);
    this.status = status;
    this.errors = errors;
    this.againAt = againAt;
  }
}

const AGAIN = "Nobody answers. Try again in a moment.";

// `body` goes as JSON. `signal` ends it, of which nobody is told.
async function ask(method, path, { body, headers = {}, signal } = {}) {
  const asked = { method, headers: { ...(await session.headers()), ...headers }, credentials: "omit", cache: "no-store", signal };
  if (body !== undefined) {
    asked.headers["content-type"] = "application/json";
    asked.body = JSON.stringify(body);
  }
  const answer = await fetched(BASE + path, asked);
  if (!answer.ok) throw await troubleOf(answer);
  return answer.json();
}

async function fetched(address, asked) {
  try {
    return await fetch(address, asked);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Trouble(0, AGAIN);
  }
}

async function troubleOf(answer) {
  let problem = {};
  try {
    problem = await answer.json();
  } catch {
    // Something between said it, and no problem document.
  }
  const detail = String(problem.detail || problem.message || `The API answered ${answer.status} ${answer.statusText}.`);
  const errors = Array.isArray(problem.errors) ? problem.errors : [];
  const seconds = Number(answer.headers.get("Retry-After"));
  if (answer.status !== 429 || !(seconds > 0)) return new Trouble(answer.status, detail, { errors });
  const againAt = new Date(Date.now() + 1000 * seconds);
  return new Trouble(429, `${detail} Again ${whenAgain(seconds, againAt)}.`, { errors, againAt });
}

function whenAgain(seconds, at) {
  if (seconds < 3600) return `in ${lasting(seconds)}`;
  return `from ${moment(at.toISOString())} on, in ${lasting(seconds)}`;
}

// Puts a file at an address that POST /uploads gave; no key goes there.
async function put(address, file, headers) {
  const answer = await fetched(ownAddress(address), { method: "PUT", body: file, headers, credentials: "omit" });
  if (!answer.ok) throw answer.headers.get("content-type")?.includes("json") ? await troubleOf(answer) : new Trouble(answer.status, "The upload was not taken. Try again.");
}

// A server on this machine has several names, and names itself by one of them: asked by another it is another site.
function ownAddress(address) {
  const [own, given] = [new URL(BASE), new URL(address)];
  const isHere = ({ hostname }) => ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
  return isHere(own) && isHere(given) && own.port === given.port ? own.origin + given.pathname + given.search : given.href;
}

// What is wrong, at the fields of a form: `fieldOf` names the field of a JSON Pointer's first step.
function tellTrouble(error, form, fieldOf = {}) {
  if (error.name === "AbortError") return;
  if (!(error instanceof Trouble)) throw error;
  if (error.status === 401) {
    session.keep(null);
    openView();
    trouble(error.message);
    return;
  }
  const faults = form ? error.errors.map((fault) => faultAt(fault, fieldOf)) : error.errors.map(({ pointer, detail }) => ({ detail: `${pointer} ${detail}` }));
  const elsewhere = form ? showWrong(form, faults) : faults.map(({ detail }) => detail);
  const isTold = faults.length > 0 && !elsewhere.length;
  if (isTold) trouble(faults.length === 1 ? "One field is not right yet: it says why." : "Some fields are not right yet: each says why.");
  else trouble(error.message, ...(elsewhere.length && !(elsewhere.length === 1 && elsewhere[0] === error.message) ? [listOfTexts(elsewhere)] : []));
}

function faultAt({ pointer, detail }, fieldOf) {
  const [, first, second] = pointer.startsWith("#") ? ["", pointer.slice(1)] : pointer.split("/");
  const name = fieldOf[first];
  if (!name) return { name: null, detail: pointer ? `${pointer.replace(/^\//, "")}: ${detail}` : detail };
  return { name, detail: /^\d+$/.test(second || "") ? `${first === "records" ? "record" : first.replace(/s$/, "")} ${Number(second) + 1}: ${detail}` : detail };
}

function listOfTexts(texts) {
  const list = element("ul", "plain");
  list.append(...texts.map((text) => element("li", "", text)));
  return list;
}

// The address bar says which view is open, and on what: #/runs/ID, #/runs?state=failed.

const VIEWS = {};

function parseAddress() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...rest] = path.split("/").map(decodeURIComponentSafely);
  const params = new URLSearchParams(query || "");
  if (name === "runs" && rest[0]) return { name: "run", id: rest[0], params };
  return { name: VIEWS[name] && name !== "run" ? name : "new", id: null, params };
}

function decodeURIComponentSafely(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function addressOf(path, params = {}) {
  const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value));
  return `#/${path}${query.size ? `?${query}` : ""}`;
}

const runAddress = (id) => addressOf(`runs/${encodeURIComponent(id)}`);

function go(address) {
  if (location.hash === address) openView();
  else location.hash = address;
}

let shown = null;

// Shows what the address says. A view that is open on the same thing is told what is new, and keeps its place.
async function openView() {
  const place = session.who ? parseAddress() : { name: "signIn", id: null, params: new URLSearchParams() };
  const isFirst = shown === null;
  trouble();
  if (shown && shown.name === place.name && shown.id === place.id && shown.renew) {
    shown.renew(place.params);
    return;
  }
  if (shown) shown.leaving.abort();
  const leaving = new AbortController();
  shown = { ...place, leaving, renew: null };
  const mine = shown;
  showFrame(place);
  const { title, draw } = VIEWS[place.name];
  setTitle(title);
  if (!isFirst) byId("title").focus();
  const box = element("div");
  byId("view").replaceChildren(box);
  try {
    mine.renew = await draw(box, place, leaving.signal) || null;
  } catch (error) {
    if (mine === shown) tellTrouble(error);
  }
}

function setTitle(text, more) {
  byId("title").textContent = text;
  document.title = `${more ? `${more} · ` : ""}${text} · evaldrop`;
}

function showFrame({ name }) {
  byId("pages").hidden = byId("who").hidden = !session.who;
  if (session.who) byId("as").textContent = nameOfSession();
  for (const link of byId("pages").children) {
    const page = link.getAttribute("href").slice(2);
    if (page === name || (page === "runs" && ["run", "compare", "records"].includes(name))) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

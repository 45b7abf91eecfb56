// Who asks: an API key, or the tokens of a sign-in. Kept for this tab alone, and as long as it is open.

const BASE = location.origin + location.pathname.replace(/\/?$/, "/");
const KEPT = "evaldrop", UNDER_WAY = "evaldrop-sign-in", DRAFT = "evaldrop-draft";
const RENEWED_BEFORE_MS = 60_000;

const session = {
  who: JSON.parse(sessionStorage.getItem(KEPT)),

  keep(who) {
    this.who = who;
    if (who) sessionStorage.setItem(KEPT, JSON.stringify(who));
    else sessionStorage.removeItem(KEPT);
  },

  // Where the sign-in leads back to is fixed: an address that it does not know has keys alone.
  get canSignIn() {
    const { sign_in: told } = SETTINGS;
    return told !== null && (!told.addresses.length || told.addresses.includes(BASE));
  },

  // Where people sign in the API takes no keys: it has another address for them.
  get takesKeys() {
    return !this.canSignIn || !SETTINGS.sign_in.addresses.length;
  },

  async headers() {
    if (!this.who) return {};
    if (this.who.key) return { "x-api-key": this.who.key };
    if (Date.now() > this.who.until - RENEWED_BEFORE_MS) await this.renew();
    return { Authorization: `Bearer ${this.who.id_token}` };
  },

  async renew() {
    const { refresh_token } = this.who;
    this.renewing ||= tokens({ grant_type: "refresh_token", refresh_token }).finally(() => { this.renewing = null; });
    const found = await this.renewing;
    this.keep({ refresh_token, ...found });
  },
};

// The authorisation code flow with a proof of its own (PKCE, RFC 7636): the code alone is worth nothing.
async function beginSignIn() {
  const [verifier, state] = [randomText(), randomText()];
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  sessionStorage.setItem(UNDER_WAY, JSON.stringify({ verifier, state, hash: location.hash }));
  location.assign(`${SETTINGS.sign_in.sign_in}/oauth2/authorize?${new URLSearchParams({
    response_type: "code", client_id: SETTINGS.sign_in.client_id, redirect_uri: BASE, scope: "openid email",
    state, code_challenge: base64url(new Uint8Array(digest)), code_challenge_method: "S256",
  })}`);
}

// Whoever comes back from the sign-in has a code in the address, which is taken out of it at once.
async function endSignIn() {
  const said = new URLSearchParams(location.search);
  const begun = JSON.parse(sessionStorage.getItem(UNDER_WAY));
  if (!said.has("state") || !(said.has("code") || said.has("error"))) return;
  sessionStorage.removeItem(UNDER_WAY);
  history.replaceState(null, "", BASE + (begun ? begun.hash : ""));
  // Another page may have sent somebody here with a code of its own.
  if (!begun || begun.state !== said.get("state")) throw new Trouble(0, "This sign-in was not begun here. Sign in again.");
  if (said.has("error")) throw new Trouble(0, `The sign-in said: ${said.get("error_description") || said.get("error")}`);
  session.keep(await tokens({ grant_type: "authorization_code", code: said.get("code"), redirect_uri: BASE, code_verifier: begun.verifier }));
}

async function tokens(fields) {
  const { sign_in, client_id } = SETTINGS.sign_in;
  let answer;
  try {
    answer = await fetch(`${sign_in}/oauth2/token`, { method: "POST", body: new URLSearchParams({ client_id, ...fields }), credentials: "omit", referrerPolicy: "no-referrer" });
  } catch {
    throw new Trouble(0, "The sign-in does not answer. Try again in a moment.");
  }
  if (!answer.ok) throw new Trouble(401, "Your sign-in has ended. Sign in again.");
  const { id_token, refresh_token, expires_in } = await answer.json();
  return { id_token, until: Date.now() + 1000 * expires_in, ...(refresh_token ? { refresh_token } : {}) };
}

function signOut() {
  const isKey = !session.who || session.who.key;
  session.keep(null);
  sessionStorage.removeItem(DRAFT);
  if (isKey || !session.canSignIn) {
    openView();
    return;
  }
  const { sign_in, client_id } = SETTINGS.sign_in;
  location.assign(`${sign_in}/logout?${new URLSearchParams({ client_id, logout_uri: BASE })}`);
}

// The name in a token is shown and no more: the API decides by the token's signature, which it checks.
function nameOfSession() {
  if (session.who.key) return "by API key";
  try {
    const content = session.who.id_token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)).email || "signed in";
  } catch {
    return "signed in";
  }
}

const randomText = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

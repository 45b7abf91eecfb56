// Signing in: by the hosted sign-in where there is one, or by an API key.

VIEWS.signIn = {
  title: "Sign in",
  draw(box) {
    if (session.canSignIn) {
      const hosted = card("With your account");
      hosted.append(button("primary", "Sign in", (event) => busy(event.target, "Going to the sign-in …", beginSignIn)));
      box.append(hosted);
    }
    if (session.takesKeys) box.append(keyCard());
    (session.canSignIn ? box.querySelector("button") : byId("key")).focus();
  },
};

function keyCard() {
  const made = card(session.canSignIn ? "Or with an API key" : "With an API key"), form = element("form");
  const key = input("password", { autocomplete: "off", spellcheck: false });
  const send = element("button", "primary", "Use this key");
  form.noValidate = true;
  form.append(field("key", "API key", key, { hint: "evaldrop serve prints one when it starts; evaldrop keys makes others. It is kept in this tab, until you sign out or close it." }), send);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(send, "Asking …", () => useKey(form, key.value.trim()));
  });
  made.append(form);
  return made;
}

// A key is asked about before it is kept: whoever mistypes it is told here.
async function useKey(form, key) {
  trouble();
  if (!/^[\x21-\x7e]+$/.test(key)) {
    showWrong(form, [{ name: "key", detail: key ? "A key has no blanks, and no letters beyond ASCII." : "Give a key." }]);
    return;
  }
  session.who = { key };
  try {
    await ask("GET", "usage");
  } catch (error) {
    session.who = null;
    if (error.status === 401 || error.status === 403) showWrong(form, [{ name: "key", detail: error.status === 401 ? "There is no such key here." : error.message }]);
    else tellTrouble(error);
    return;
  }
  session.keep({ key });
  openView();
}

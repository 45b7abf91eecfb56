// The page begins: with a sign-in that has just come back, or with what this tab keeps.

byId("leave").addEventListener("click", signOut);
byId("skip").addEventListener("click", () => byId("main").focus());
addEventListener("hashchange", openView);

(async () => {
  let wrong = null;
  if (session.canSignIn) {
    try {
      await endSignIn();
    } catch (error) {
      wrong = error;
    }
  }
  await openView();
  if (wrong) tellTrouble(wrong);
  document.documentElement.dataset.ready = "true";
})();

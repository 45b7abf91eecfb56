// A run that goes on: how far it is, and a way to stop it.

// The first look is soon, for a short run; the later ones are rare: a key has 500 requests a day.
const FIRST_LOOK_S = 1, SLOWER = 1.3, LAST_LOOK_S = 20, AFTER_TROUBLE_S = 5, MOST_TROUBLE_S = 120;
const ENDED = ["finished", "failed", "stopped"];

// Calls `look` with the run as it is now until it has ended; whoever is not looking asks for nothing.
async function follow(id, run, look, signal) {
  let pause = FIRST_LOOK_S, wrong = AFTER_TROUBLE_S;
  while (!ENDED.includes(run.state)) {
    await sleep(pause, signal);
    try {
      run = await ask("GET", `runs/${encodeURIComponent(id)}`, { signal });
      look(run);
      [pause, wrong] = [Math.min(LAST_LOOK_S, pause * SLOWER), AFTER_TROUBLE_S];
    } catch (error) {
      if (!(error instanceof Trouble) || ![0, 429, 500, 502, 503, 504].includes(error.status)) throw error;
      trouble(`${error.message} The run goes on meanwhile.`);
      pause = error.againAt ? (error.againAt - Date.now()) / 1000 : wrong;
      wrong = Math.min(MOST_TROUBLE_S, wrong * 2);
      continue;
    }
    trouble();
  }
}

async function sleep(seconds, signal) {
  await new Promise((done, ended) => {
    const leave = () => {
      clearTimeout(timer);
      ended(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", leave);
      done();
    }, 1000 * seconds);
    signal.addEventListener("abort", leave, { once: true });
  });
  if (document.hidden) await new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));
}

class ProgressCard {
  constructor(id) {
    this.id = id;
    this.bar = element("progress");
    this.bar.id = "bar";
    this.bar.setAttribute("aria-label", "Records that have ended");
    this.words = element("p", "", "");
    this.words.setAttribute("role", "status");
    this.facts = element("div");
    this.stops = element("p", "go");
    this.element = card("Progress", this.words, this.bar, this.facts, this.stops);
    this.offerStop();
  }

  look(run) {
    const { done, total, failed, cost_usd: cost } = run.progress || {};
    const words = isKnown(total) && isKnown(done) ? `${count(done)} of ${plural(total, "record")} ${total === 1 ? "has" : "have"} ended${failed ? `, ${count(failed)} without a result` : ""}.` : run.state === "admitted" ? "It waits for its turn." : "It is being prepared.";
    if (this.words.textContent !== words) this.words.textContent = words;
    if (isKnown(total) && total) {
      this.bar.max = total;
      this.bar.value = done || 0;
    }
    this.facts.replaceChildren(facts([["cost so far", isKnown(cost) ? dollars(cost) : "not known yet"], ["likely in all", dollars(run.estimate_usd)]]));
  }

  offerStop(isAsked) {
    const stop = button("", "Stop the run", () => {
      const really = button("primary", "Stop it", (event) => busy(event.target, "Stopping …", () => this.stop()));
      this.stops.replaceChildren("Calls under way are paid for, and the run has no result. ", really, " ", button("", "Go on", () => this.offerStop(true)));
      really.focus();
    });
    this.stops.replaceChildren(stop);
    if (isAsked) stop.focus();
  }

  async stop() {
    try {
      await ask("DELETE", `runs/${encodeURIComponent(this.id)}`);
      this.stops.replaceChildren("It is being stopped.");
      byId("title").focus();
    } catch (error) {
      tellTrouble(error);
    }
  }
}

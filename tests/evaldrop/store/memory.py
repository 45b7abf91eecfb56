"""The store's protocol in its plainest words: a dict of runs, added up anew whenever somebody asks."""

from fractions import Fraction

from evaldrop.errors import Conflict, LimitReached


class Memory:
    """Runs by ID: whose they are, what they were to cost, when they were admitted, how they ended."""

    def __init__(self):
        self.runs = {}

    def admit(self, run, limits, now):
        if known := self.runs.get(run.run_id):
            if known["digest"] != run.request_sha256:
                raise Conflict("another request")
            return False
        estimate = _dollars(run.estimate_usd)
        key, day, month = run.owner.key_id, now[:10], now[:7]
        spent_on_day, spent_in_month = self.dollars(key, day), self.dollars(key, month)
        if self.count(key, month) >= limits.runs_per_month:
            raise LimitReached("runs", retry_after_s=0)
        if estimate and spent_on_day + estimate > _dollars(limits.usd_per_day):
            raise LimitReached("day", retry_after_s=0)
        if estimate and spent_in_month + estimate > _dollars(limits.usd_per_month):
            raise LimitReached("month", retry_after_s=0)
        self.runs[run.run_id] = {
            "key": key,
            "customer": run.owner.customer,
            "estimate": estimate,
            "at": now,
            "digest": run.request_sha256,
            "state": "admitted",
            "cost": None,
            "choice": None,
            "admitted": True,
        }
        return True

    def withdraw(self, run_id):
        if self.runs.get(run_id, {}).get("state") == "admitted":
            del self.runs[run_id]

    def begin(self, run):
        known = self.runs.setdefault(
            run.run_id,
            {
                "key": run.owner.key_id,
                "customer": run.owner.customer,
                "estimate": _dollars(run.estimate_usd),
                "at": run.started_at,
                "digest": run.request_sha256,
                "state": "running",
                "cost": None,
                "choice": None,
                "admitted": False,
            },
        )
        if known["state"] == "admitted":
            known["state"] = "running"

    def end(self, run, ending):
        if run.run_id not in self.runs:
            self.begin(run)
        cost = None if ending.cost_usd is None else _dollars(ending.cost_usd)
        self.runs[run.run_id].update(state=ending.state, cost=cost)

    def choose(self, run_id, choice):
        self.runs[run_id]["choice"] = choice.candidate

    def dollars(self, key, period):
        counted = [run for run in self.runs.values() if run["key"] == key and run["at"].startswith(period)]
        return sum((run["estimate"] if run["cost"] is None else run["cost"]) for run in counted)

    def count(self, key, period):
        return sum(run["key"] == key and run["at"].startswith(period) for run in self.runs.values())


def _dollars(usd):
    return Fraction(str(usd))

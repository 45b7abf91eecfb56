"""
The DynamoDB table's layout: the one place that names keys and indexes. Needs no package.

    pk                          sk              what
    RUN#<run id>                RUN             a run; its index attributes are below
    USAGE#<by>#<2026-11>        <name>          what a customer, key or user has used in a month
    USAGE#<by>#<2026-11-29>     <name>          ... on a day; expires
    REQUESTS#<2026-11-29>       <key id>        requests of a key on a day; expires
    KEYS                        <key id>        a key
    DIGEST#<SHA-256>            KEY             which key has this secret
    BUDGET#<run id>             BUDGET          what a run has reserved and spent of its budget; expires

All keys are strings. Every index is sparse, has all attributes and sorts by `sorted`, `<started_at>#<run
id>`. A stack has some 10,000 runs a month, a few writes each: no partition comes near its 1,000 writes a
second, so that all runs need no parts by month, which a page would have to go through one by one.
"""

PK, SK = "pk", "sk"
BUDGET_ITEM = "BUDGET#"
"""How keys of runs' budgets begin: the workflow's own items, which no function reads."""
SORTED = "sorted"
EXPIRES = "expires"
"""The attribute of time to live, in seconds since 1970; only what counts days has it."""

INDEXES = {
    "key_id": "by_key",
    "user": "by_user",
    "customer": "by_customer",
    "evaluation": "by_evaluation",
    "state": "by_state",
    "all": "by_time",
}
"""
What is asked for: the index, whose partition key is the attribute of the same name. The first that a query
names is used, and what else it names filters.
"""
ALL = "ALL"
"""The one partition of `by_time`."""

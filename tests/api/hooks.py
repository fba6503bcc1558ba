"""What data has to agree on, and a JSON Schema cannot say: loaded by schemathesis (schemathesis.toml).

Data that is meant to be refused is left as it is, in the parts that are."""

import datetime
import os
import random

import schemathesis

LEADS = os.environ["ASHIATO_LEADS"].split(",")
# So that a run is the same each time.
chance = random.Random(20261127)


def in_order(first, last, most):
    """Two days, the earlier first, and not too far apart."""
    first, last = sorted([first, last])
    begin, end = datetime.date.fromisoformat(first), datetime.date.fromisoformat(last)
    if (end - begin).days >= most:
        end = begin + datetime.timedelta(days=most - 1)
    return begin.isoformat(), end.isoformat()


def person():
    """Somebody whom the shop's form takes."""
    return {
        "name": "足跡 花子",
        "email": f"hanako{chance.randrange(10**9)}@example.jp",
        "message": "展示会で名刺を交換",
    }


def texts(value):
    """How many texts stand anywhere in it."""
    if isinstance(value, list):
        return sum(map(texts, value))
    return isinstance(value, str)


def of_query(case):
    body = case.body
    # No more than 500 values in all of them.
    if texts(body.get("filters") or []) > 500:
        body["filters"] = []
    body["date_range"] = list(in_order(*body["date_range"], 800))


def of_refusals(case):
    query = case.query
    if "from" in query and "to" in query:
        most = 31 if query.get("by") == "hour" else 800
        query["from"], query["to"] = in_order(query["from"], query["to"], most)
    else:
        # The other end is today, or a week away.
        query.pop("from", None)
        query.pop("to", None)


def of_giving(case):
    body = case.body
    body["since"] = min(body.get("since") or 0, 1_795_000_000_000)
    if body.get("id"):
        # One of them names the call.
        (case.headers or {}).pop("Idempotency-Key", None)
    if chance.random() < 0.7:
        body["form"], body["fields"] = "contact", person()


def of_amending(case):
    case.headers["If-Match"] = chance.choice(["*", case.headers["If-Match"]])
    if chance.random() < 0.7:
        case.body["fields"] = chance.choice([{"company": "例の会社"}, person(), {"telephone": None}])


def of_listing(case):
    # A cursor is one of its own listing, as the answer before had it.
    (case.query or {}).pop("after", None)


def of_export(case):
    case.body["date_range"] = list(in_order(*case.body["date_range"], 800))


AGREED = {
    "exportEvents": of_export,
    "query": of_query,
    "listRefusals": of_refusals,
    "giveLead": of_giving,
    "amendLead": of_amending,
    "listLeads": of_listing,
}


@schemathesis.hook
def before_call(context, case, **kwargs):
    meta = case.meta
    if meta is None or not meta.generation.mode.is_positive:
        return
    if "site" in (case.query or {}):
        case.query["site"] = "shop"
    if isinstance(case.body, dict) and "site" in case.body:
        case.body["site"] = "shop"
    # Erasing what others are to be called with would leave them nothing; and what follows from an answer is called so.
    free = case.method != "DELETE" and meta.phase.name.value != "stateful"
    if free and "lead" in (case.path_parameters or {}) and chance.random() < 0.8:
        case.path_parameters["lead"] = chance.choice(LEADS)
    agree = AGREED.get(case.operation.definition.raw["operationId"])
    if agree is not None:
        agree(case)

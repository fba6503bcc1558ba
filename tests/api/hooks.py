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
    of_a_segment(body)


def of_a_segment(body):
    """One that the test has kept, or none."""
    if body.get("segment") is not None:
        body["segment"] = "buyers"


def conditions(filters):
    """How many of them ask about an event."""
    of = {"and": lambda parts: conditions(parts[0]), "or": lambda parts: conditions(parts[0]), "not": conditions}
    return sum(of.get(operator, lambda parts: 1)(parts) for operator, *parts in filters)


def plain(all_filters):
    """No more than 60 conditions in one analysis, and 500 values in one list."""
    many = sum(conditions(filters) for filters in all_filters) > 60
    for filters in all_filters:
        if many or texts(filters) > 500:
            filters[:] = [["is", "page", ["/"]]]


def of_analysis(case, *all_filters):
    body = case.body
    body["date_range"] = list(in_order(*body["date_range"], 400))
    plain([filters for filters in all_filters if filters])
    of_a_segment(body)


def of_funnel(case):
    of_analysis(case, *[step["filters"] for step in case.body["steps"]])


def of_cohorts(case):
    of_analysis(case, *[case.body.get(name, {}).get("filters") for name in ("first", "again")])


def of_paths(case):
    body = case.body
    of_analysis(case, body["from"]["filters"])
    if body.get("width", 5) ** body.get("depth", 3) > 5_000:
        body["width"] = 5


def leaves(definition):
    """The conditions of a segment, by their kind."""
    ((kind, of),) = definition.items()
    return [leaf for part in of for leaf in leaves(part)] if kind in ("all", "any") else [(kind, of)]


def of_definition(body):
    all_of = leaves(body["definition"])
    if len(all_of) > 10:
        body["definition"] = {"lead": {}}
        return
    doings = [of for kind, of in all_of if kind != "lead"]
    plain([of["filters"] for of in doings if of.get("filters")])
    for of in doings:
        if of.get("date_range"):
            of["date_range"] = list(in_order(*of["date_range"], 400))
            of.pop("in_last_days", None)
    for of in [of for kind, of in all_of if kind == "lead"]:
        # A field of the shop's form, in which people write freely.
        if (of.get("field") or "").startswith("field:"):
            of.update(field="field:message", filled=True)
            of.pop("is", None)


def of_keeping(case):
    of_definition(case.body)
    case.body["name"] = case.body["name"][:50] + str(chance.randrange(10**9))


def of_size(case):
    body = case.body
    if body.get("segment") is not None or body.get("definition") is None:
        body.pop("definition", None)
        body["segment"] = "buyers"
    else:
        of_definition(body)
    of_analysis(case)


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
    of_a_segment(case.body)


AGREED = {
    "exportEvents": of_export,
    "query": of_query,
    "funnel": of_funnel,
    "cohorts": of_cohorts,
    "paths": of_paths,
    "keepSegment": of_keeping,
    "sizeSegment": of_size,
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

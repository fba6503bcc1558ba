//! The calls about leads, as `/api/openapi.json` describes them.

use schemars::json_schema;
use serde_json::{Value, json};

use super::{
    change::Changing,
    give::Giving,
    parameters::{MOST, USUAL},
    shown::{Lead, Outcome, Page},
};
use crate::{
    openapi::{Method, Operation, Schemas, shape},
    routes::api,
    store::tokens::Scope,
};

const LEADS: &str = "leads";

/// A call about one lead.
fn of_one(method: Method, id: &str, summary: &str, scope: Scope) -> Operation {
    Operation::new(method, (LEADS, id), summary, scope)
        .at(
            "lead",
            "The lead's id, or the UUIDv7 under which it was given",
            shape::lead_or_uuid7().to_value(),
        )
        .of_site()
        .refuses(404, "unknown_lead", "the site has no such lead")
}

fn etag() -> Value {
    json!({ "type": "string", "pattern": "^\"[0-9]+\"$" })
}

fn language(operation: Operation) -> Operation {
    let about = "The language in which faults of fields are said, of those that the site has";
    operation.header("Accept-Language", false, about, json!({ "type": "string" }))
}

pub(in crate::routes) fn list(schemas: &mut Schemas) -> Operation {
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL });
    Operation::new(Method::Get, (LEADS, "listLeads"), "Leads, page by page", Scope::Leads)
        .about(
            "The newest first; with `changed_since` the one whose change lies longest back. No lead comes twice or is \
             left out because others are added or erased between two pages. Each page stands in the audit trail.",
        )
        .of_site()
        .may("limit", "Leads of a page, at most", limit)
        .may("after", "`next` of the page before, as it is", json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{56}$" }))
        .may(
            "usable",
            "`true`: those whose persons may be contacted; `false`: those that are locked; left out: all",
            json!({ "type": "boolean" }),
        )
        .may(
            "changed_since",
            "Those that came, were corrected, or were given or lost their ground from then on",
            shape::moment().to_value(),
        )
        .answers::<Page<'_>>(schemas, 200, "A page of leads")
        .refuses(500, "sealed", "a lead cannot be read: the collector's log says why")
}

pub(in crate::routes) fn give(schemas: &mut Schemas) -> Operation {
    let ways =
        json!({ "type": "string", "enum": ["refuse", "add", "update"], "default": "refuse" });
    let example = json!({
        "site": "shop",
        "form": "contact",
        "fields": { "name": "足跡 花子", "email": "hanako@example.jp", "message": "展示会で名刺を交換" },
        "ground": "card_exchanged",
        "proof": "Kyoto fair, 2026-11-20",
        "since": 1_795_132_800_000_i64,
        "by": "crm.example.com",
    });
    let key = json!({ "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$" });
    let operation = Operation::new(Method::Post, (LEADS, "giveLead"), "Give a lead", Scope::LeadsWrite)
        .about(
            "What is given is judged and spelled by the rules of the site's form. Sent again under the same id or \
             `Idempotency-Key`, it counts once.",
        )
        .may("on_duplicate", "What becomes of somebody who is a lead already", ways)
        .header("Idempotency-Key", false, "What names this call: not together with `id`", key)
        .takes::<Giving>(schemas, &example)
        .answers::<Outcome>(schemas, 200, "The known lead was updated")
        .answers::<Outcome>(schemas, 201, "The lead was added")
        .refuses(400, "idempotency_key", "there are two, or it is not 1 to 255 visible characters")
        .refuses(409, "duplicate", "the person is a lead already: `leads` has the ids")
        .refuses(409, "several_duplicates", "the address and the number are of several leads")
        .refuses(409, "duplicate_of_other_form", "the known lead came by another form")
        .refuses(409, "other_content", "something else was given under this id")
        .refuses(500, "sealed", "a lead cannot be read: the collector's log says why");
    named(language(operation), &[200, 201])
}

/// Where the lead is, and its version.
fn named(operation: Operation, statuses: &[u16]) -> Operation {
    statuses.iter().fold(operation, |operation, status| {
        let place = json!({ "type": "string", "format": "uri-reference" });
        operation.answers_header(*status, "ETag", "Its version", etag()).answers_header(
            *status,
            "Location",
            "Its address",
            place,
        )
    })
}

pub(in crate::routes) fn show(schemas: &mut Schemas) -> Operation {
    of_one(Method::Get, "showLead", "A lead, locked or not", Scope::Leads)
        .answers::<Lead<'_>>(schemas, 200, "The lead")
        .answers_header(200, "ETag", "Its version", etag())
        .refuses(500, "sealed", "the lead cannot be read: the collector's log says why")
}

pub(in crate::routes) fn amend(schemas: &mut Schemas) -> Operation {
    let example = json!({ "fields": { "company": "例の会社", "telephone": null } });
    let tags = json_schema!({
        "type": "string",
        "pattern": "^(\\*|(W/)?\"[!#-+\\--~]*\")(, ?(\\*|(W/)?\"[!#-+\\--~]*\"))*$",
        "examples": ["\"1\""],
    });
    let operation =
        of_one(Method::Patch, "amendLead", "Change fields of a lead", Scope::LeadsWrite)
            .about("A value of null takes the field away. What is not named stays.")
            .header(
                "If-Match",
                true,
                "The version that is to be changed, as `ETag` says it, or `*`",
                tags.to_value(),
            )
            .takes::<Changing>(schemas, &example)
            .answers::<Outcome>(schemas, 200, "The lead holds what was said")
            .refuses(400, "if_match", "`If-Match` has no entity tags")
            .refuses(
                409,
                "form_gone",
                "the site file has not the form any more by which the lead came",
            )
            .refuses(412, "another_version", "the lead was changed since, or erased")
            .refuses(428, "precondition_required", "`If-Match` is missing")
            .refuses(500, "sealed", "the lead cannot be read: the collector's log says why");
    named(language(operation), &[200])
}

pub(in crate::routes) fn erase(_: &mut Schemas) -> Operation {
    of_one(Method::Delete, "eraseLead", "Erase a lead for good", Scope::LeadsWrite)
        .about("Of a lead that was erased before it is answered the same.")
        .answers_with(204, json!({ "description": "The lead is erased" }))
        .refuses(
            503,
            "log_not_emptied",
            "the lead is erased, but the database's log still has copies: send the same again",
        )
}

pub(in crate::routes) fn timeline(schemas: &mut Schemas) -> Operation {
    of_one(Method::Get, "showTimeline", "What the person of a lead did", Scope::Leads)
        .about(
            "From the moment on at which the visitor agreed to be tied to the lead, and only as long as that consent \
             holds.",
        )
        .answers::<api::Course<'_>>(schemas, 200, "The timeline")
}

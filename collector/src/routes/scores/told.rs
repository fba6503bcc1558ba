//! The calls of scores, as `/api/openapi.json` describes them.

use serde_json::json;

use super::{LIMITS, List, New, Ranked, Shown, Standing};
use crate::{
    analysis::asked,
    openapi::{Method, Operation, Schemas, shape},
    store::tokens::Scope,
};

const LEADS: &str = "leads";

pub(in crate::routes) fn rules(schemas: &mut Schemas) -> Operation {
    let about = "Rules by which leads get points";
    Operation::new(Method::Get, (LEADS, "listScoreRules"), about, Scope::Leads)
        .of_site()
        .answers::<List>(schemas, 200, "The site's rules")
}

pub(in crate::routes) fn keep(schemas: &mut Schemas) -> Operation {
    let did = json!({ "filters": [["is", "page", ["/cart"]]], "in_last_days": 30 });
    let rule = json!({ "did": did, "up_to": 3 });
    let example = json!({ "site": "shop", "name": "Near to buying", "points": 5, "rule": rule });
    Operation::new(Method::Post, (LEADS, "keepScoreRule"), "Keep a rule of scores", Scope::Leads)
        .takes::<New>(schemas, &example)
        .answers::<Shown>(schemas, 201, "It is kept")
        .refuses(409, "name_taken", "there is one of that name already")
}

pub(in crate::routes) fn remove(_: &mut Schemas) -> Operation {
    let about = "Remove a rule of scores";
    Operation::new(Method::Delete, (LEADS, "removeScoreRule"), about, Scope::Leads)
        .at("rule", "Its name", asked::name_schema())
        .of_site()
        .answers_with(204, json!({ "description": "There is none of that name any more" }))
        .refuses(404, "unknown_rule", "the site has no such rule")
}

pub(in crate::routes) fn list(schemas: &mut Schemas) -> Operation {
    let limit =
        json!({ "type": "integer", "minimum": 1, "maximum": LIMITS.0, "default": LIMITS.1 });
    Operation::new(Method::Get, (LEADS, "listScores"), "Scores of leads, the highest first", Scope::Leads)
        .about("Of leads that are linked by a consent that holds and may be used. It stands in the audit trail.")
        .of_site()
        .may("limit", "Leads, at most", limit)
        .answers::<Ranked>(schemas, 200, "The scores")
}

pub(in crate::routes) fn one(schemas: &mut Schemas) -> Operation {
    Operation::new(
        Method::Get,
        (LEADS, "scoreLead"),
        "The score of a lead, with its reasons",
        Scope::Leads,
    )
    .about("It is null without a link or a ground. One that is told stands in the audit trail.")
    .at("lead", "The lead", shape::lead_or_uuid7().to_value())
    .of_site()
    .answers::<Standing>(schemas, 200, "How it stands")
    .refuses(404, "unknown_lead", "the site has no such lead")
}

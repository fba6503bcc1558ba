//! The calls of analysis, as `/api/openapi.json` describes them.

use serde_json::{Value, json};

use super::{List, New, Shown, Sized};
use crate::{
    analysis::{
        answer::Size,
        asked::{self, cohorts, funnel, paths},
    },
    openapi::{Method, Operation, Schemas},
    store::tokens::Scope,
};

const FIGURES: &str = "figures";

fn page(path: &str) -> Value {
    json!({ "filters": [["is", "page", [path]]] })
}

/// A question, of all visitors or of a segment's.
fn question(id: &str, summary: &str, about: &str) -> Operation {
    let about = format!(
        "{about} Of a segment that looks at leads it is answered to a token that has the scope `leads` too. Where the \
         site protects small groups, what stands for too few visitors is null, and `withheld` is there."
    );
    Operation::new(Method::Post, (FIGURES, id), summary, Scope::Query).about(&about)
}

pub(in crate::routes) fn funnel(schemas: &mut Schemas) -> Operation {
    let example = json!({
        "site": "shop",
        "steps": [page("/products"), page("/cart")],
        "window_minutes": 1_440,
        "breakdown": "referrer",
        "date_range": ["2026-11-01", "2026-11-22"],
    });
    question(
        "funnel",
        "How many visitors took one step after the other",
        "Other events may come between. 60 conditions at most in all steps.",
    )
    .takes::<funnel::Asked>(schemas, &example)
    .answers::<funnel::Answer>(schemas, 200, "Every step")
}

pub(in crate::routes) fn cohorts(schemas: &mut Schemas) -> Operation {
    let example = json!({
        "site": "shop", "unit": "week", "periods": 8, "date_range": ["2026-09-01", "2026-11-22"],
    });
    question(
        "cohorts",
        "How many of those who first came in one period came again in the next",
        "What was done more than 400 days before is not looked at.",
    )
    .takes::<cohorts::Asked>(schemas, &example)
    .answers::<cohorts::Answer>(schemas, 200, "A row for each period")
}

pub(in crate::routes) fn paths(schemas: &mut Schemas) -> Operation {
    let example = json!({
        "site": "shop", "from": page("/products"), "depth": 3, "width": 5,
        "date_range": ["2026-11-01", "2026-11-22"],
    });
    question(
        "paths",
        "What was done in a visit before or after something",
        "`width` to the power of `depth` is 5,000 at most.",
    )
    .takes::<paths::Asked>(schemas, &example)
    .answers::<paths::Answer>(schemas, 200, "Where visits went")
}

pub(in crate::routes) fn segments(schemas: &mut Schemas) -> Operation {
    Operation::new(Method::Get, (FIGURES, "listSegments"), "Segments by their names", Scope::Query)
        .of_site()
        .answers::<List>(schemas, 200, "The site's segments")
}

pub(in crate::routes) fn keep_segment(schemas: &mut Schemas) -> Operation {
    let definition = json!({ "all": [
        { "did": { "filters": [["is", "page", ["/products"]]], "at_least": 2, "in_last_days": 30 } },
        { "did_not": { "filters": [["is", "event", ["purchase"]]] } },
    ] });
    let example = json!({ "site": "shop", "name": "May buy", "definition": definition });
    Operation::new(Method::Post, (FIGURES, "keepSegment"), "Keep a segment", Scope::Query)
        .about("One that looks at leads is kept by a token that has the scope `leads` too.")
        .takes::<New>(schemas, &example)
        .answers::<Shown>(schemas, 201, "It is kept")
        .refuses(409, "name_taken", "there is one of that name already")
}

pub(in crate::routes) fn remove_segment(_: &mut Schemas) -> Operation {
    Operation::new(Method::Delete, (FIGURES, "removeSegment"), "Remove a segment", Scope::Query)
        .at("segment", "Its name", asked::name_schema())
        .of_site()
        .answers_with(204, json!({ "description": "There is none of that name any more" }))
        .refuses(404, "unknown_segment", "the site has no such segment")
}

pub(in crate::routes) fn size(schemas: &mut Schemas) -> Operation {
    let example = json!({
        "site": "shop",
        "definition": { "did": { "filters": [["is", "page", ["/products"]]] } },
        "date_range": ["2026-11-01", "2026-11-22"],
    });
    question(
        "sizeSegment",
        "How many visitors are in a segment",
        "Name one that is kept, or give a definition: one of the two.",
    )
    .takes::<Sized>(schemas, &example)
    .answers::<Size>(schemas, 200, "How many, and of how many")
}

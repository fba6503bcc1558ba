//! Leads that another system gives (scope `leads:write`).

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::Response,
};
use consent_core::{
    form::Submission,
    ids::{FormKey, LeadId, Uuid7},
    lead::Ground,
    time::Millis,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::{
    change::{answer, as_it_was, conflict, put, seen, told},
    parameters::Parameters,
    sealed,
};
use crate::{
    clock,
    error::{FieldError, Problem},
    intake::{
        crm::{Act, Done, Lead},
        import::{self, OnDuplicate},
    },
    keys,
    openapi::{shape, whole},
    routes::{App, api::bearer_with},
    site::LeadForm,
    sites::Site,
    store::{leads::calls::Call, tokens::Scope},
};

/// Times that a lead is read anew that somebody else changes meanwhile.
const TRIES: u32 = 4;
/// Characters of a proof, and of who says so, at most.
const MAX_PROOF: usize = 1_000;
const MAX_BY: usize = 64;

/// A lead as another system gives it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "GivenLead")]
pub(super) struct Giving {
    /// The site's key.
    #[schemars(schema_with = "shape::site_key")]
    site: String,
    /// The key of a form in the site file.
    #[schemars(regex(pattern = "^[a-z0-9_]{1,32}$"))]
    form: String,
    /// What names the lead from now on, and this call.
    #[schemars(schema_with = "shape::maybe_uuid7")]
    id: Option<Uuid7>,
    /// Values by the keys of the form's fields, judged as if its person had filled the form in.
    fields: BTreeMap<String, String>,
    /// On what ground the person may be contacted.
    #[schemars(schema_with = "grounds")]
    ground: String,
    /// What proves it. It is sealed with the lead.
    #[schemars(length(min = 1, max = MAX_PROOF), regex(pattern = shape::PLAIN))]
    proof: String,
    /// Since when the ground holds, not in the future; now, unless given.
    #[serde(default, deserialize_with = "whole::maybe")]
    #[schemars(schema_with = "shape::maybe_millis")]
    since: Option<i64>,
    /// Which system or office says so.
    #[schemars(length(min = 1, max = MAX_BY), regex(pattern = shape::PLAIN))]
    by: String,
}

/// The grounds that another system may name.
fn grounds(_: &mut SchemaGenerator) -> Schema {
    let names = Ground::ALL.map(Ground::as_str);
    let names: Vec<_> = names.into_iter().filter(|name| import::ground(name).is_ok()).collect();
    json_schema!({ "type": "string", "enum": names })
}

/// `POST /api/v1/leads`.
pub(in crate::routes) async fn give(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let (bearer, giving): (_, Giving) = bearer_with(&app, &headers, body).await?;
    let mut parameters = Parameters::of(&uri);
    let values =
        [("refuse", OnDuplicate::Skip), ("add", OnDuplicate::Add), ("update", OnDuplicate::Update)];
    let on_duplicate = parameters.one_of("on_duplicate", &values).unwrap_or(OnDuplicate::Skip);
    parameters.end("on_duplicate")?;
    let (site, by) = bearer.at(&app, &giving.site, Scope::LeadsWrite)?;
    let key = giving.form.parse::<FormKey>().ok();
    let form = key.and_then(|key| site.file.lead_form(&key));
    let form = form
        .ok_or_else(|| Problem::field("form", "unknown_form", "the site has no such form"))?
        .clone();
    let now = clock::now();
    let (submission, ground) = judged(&site, &form, &giving, &headers, now)?;
    let since = giving.since.map_or(now, Millis);
    let call = call(&app, &site, &giving, &headers, (on_duplicate, &submission))?;
    let random: [u8; 32] = drawn()?;
    let lead = match (giving.id, call) {
        (Some(id), _) => LeadId::from_bytes(*id.as_bytes()),
        _ => LeadId::from_bytes(drawn()?),
    };
    let values = submission.fields.clone();
    let given = Lead {
        site: Arc::clone(&site),
        form: form.core(),
        submission,
        ground: (ground, since),
        proof: (giving.proof, giving.by.trim().to_owned()),
        id: (lead, call.map_or(random, |call| call.call)),
        call,
        on_duplicate,
        own_id: giving.id.is_some(),
    };
    let given = Box::new(given.seal(&app.keys, now).map_err(|error| sealed(&error))?);
    for _ in 0..TRIES {
        let known = match app.writer.crm(Act::Give(given.clone()), by.clone()).await? {
            Done::Made(made) => return Ok(answer(&made)),
            Done::OtherContent => return Err(other_content()),
            Done::Known(known) => known,
            Done::Changed | Done::Erased(_) => continue,
        };
        let lead = match known.as_slice() {
            [lead] if on_duplicate == OnDuplicate::Update => *lead,
            _ => return Err(duplicate(known, on_duplicate)),
        };
        // Between two steps somebody else may have changed or erased it: then it is looked at again.
        let Some(stored) = seen(&app, &site, lead).await? else { continue };
        if stored.lead.form != form.key.as_str() {
            let detail = "the person is a lead that came by another form, so that it cannot be updated by this one: \
                change it by PATCH, or add another by ?on_duplicate=add";
            return Err(conflict("duplicate_of_other_form", detail, vec![lead]));
        }
        let done = put(&app, &site, (&stored, &form, &values), call, by.clone()).await?;
        match done {
            Some(Done::Made(made)) => return Ok(answer(&made)),
            Some(Done::OtherContent) => return Err(other_content()),
            // Nothing is changed by it, but sent again it is answered so, whatever becomes of the lead.
            None => {
                let Some(call) = call else { return Ok(answer(&as_it_was(&stored))) };
                let act = Act::Same(site.id, call, as_it_was(&stored));
                match app.writer.crm(act, by.clone()).await? {
                    Done::Made(made) => return Ok(answer(&made)),
                    Done::OtherContent => return Err(other_content()),
                    _ => {}
                }
            }
            Some(_) => {}
        }
    }
    Err(Problem::busy())
}

/// What is said of a lead that is given, judged: all that is wrong with it at once.
fn judged(
    site: &Site,
    form: &LeadForm,
    giving: &Giving,
    headers: &HeaderMap,
    now: Millis,
) -> Result<(Submission, Ground), Problem> {
    let mut wrong = Vec::new();
    let mut refuse = |field: &str, code, message: String| {
        wrong.push(FieldError { field: field.to_owned(), code, message });
    };
    let ground = import::ground(&giving.ground);
    if let Err(why) = &ground {
        refuse("ground", if giving.ground == "opt_in" { "opt_in" } else { "ground" }, why.clone());
    }
    let plain = |text: &str, most: usize| {
        let right = !text.trim().is_empty() && !text.contains(char::is_control);
        right && text.chars().count() <= most
    };
    if !plain(&giving.proof, MAX_PROOF) {
        let what = format!(
            "say in up to {MAX_PROOF} characters, on one line, what proves the ground; it is sealed with the lead"
        );
        refuse("proof", "length", what);
    }
    if !plain(&giving.by, MAX_BY) {
        let what = format!("say in up to {MAX_BY} characters which system or office says so");
        refuse("by", "length", what);
    }
    if giving.since.is_some_and(|since| since < 0 || since > now.0) {
        refuse("since", "range", "milliseconds since 1970, not in the future".to_owned());
    }
    let sent = Submission { fields: giving.fields.clone(), agreements: BTreeMap::new() };
    let accepted = form.core().accept(&sent);
    if let Err(faults) = &accepted {
        wrong.extend(faults.iter().map(|(field, fault)| told(site, form, headers, field, *fault)));
    }
    match (accepted, ground) {
        (Ok(submission), Ok(ground)) if wrong.is_empty() => Ok((submission, ground)),
        _ => Err(Problem::content(wrong)),
    }
}

/// Which call it is, where it says so, and what it says, by keyed hashes.
fn call(
    app: &App,
    site: &Site,
    giving: &Giving,
    headers: &HeaderMap,
    (on_duplicate, submission): (OnDuplicate, &Submission),
) -> Result<Option<Call>, Problem> {
    let mut keys = headers.get_all("idempotency-key").iter();
    let key =
        match (keys.next(), keys.next()) {
            (None, _) => None,
            (Some(key), None) => {
                let key = key.to_str().ok().map(str::trim);
                let key = key.filter(|key| (1..=255).contains(&key.len()));
                let detail = "an Idempotency-Key has 1 to 255 visible ASCII characters";
                Some(key.ok_or_else(|| {
                    Problem::new(StatusCode::BAD_REQUEST, "idempotency_key", detail)
                })?)
            }
            (Some(_), Some(_)) => {
                let detail = "give one Idempotency-Key";
                return Err(Problem::new(StatusCode::BAD_REQUEST, "idempotency_key", detail));
            }
        };
    let by = match (giving.id, key) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            let what = "give an id or an Idempotency-Key, not both";
            return Err(Problem::field("id", "twice", what));
        }
        (Some(id), None) => ("id", id.to_text()),
        (None, Some(key)) => ("key", key.to_owned()),
    };
    let call = app.keys.lead_call(&site.key, &[by.0, &by.1]);
    let since = giving.since.map_or_else(String::new, |since| since.to_string());
    let how = format!("{on_duplicate:?}");
    let mut said = vec!["content", &how, &giving.form, &giving.ground, &giving.proof, &giving.by];
    said.push(&since);
    for (field, value) in &submission.fields {
        said.extend([field.as_str(), value.as_str()]);
    }
    Ok(Some(Call { call, content: app.keys.lead_call(&site.key, &said) }))
}

fn drawn<const N: usize>() -> Result<[u8; N], Problem> {
    keys::random().map_err(|error| {
        tracing::error!(%error, "no lead can be taken");
        Problem::busy()
    })
}

fn other_content() -> Problem {
    let detail = "another lead was given under this id: give each lead an id of its own, and the same one only where the \
        same is sent again";
    conflict("other_content", detail, Vec::new())
}

fn duplicate(known: Vec<LeadId>, asked: OnDuplicate) -> Problem {
    if asked == OnDuplicate::Update {
        let detail = "the e-mail address and the telephone number are of several leads: change the one by PATCH, or add \
            another by ?on_duplicate=add";
        return conflict("several_duplicates", detail, known);
    }
    let detail = "the person is a lead already, by e-mail address or telephone number: `leads` has the ids; \
        ?on_duplicate=update puts what is said over it, ?on_duplicate=add makes a lead beside it";
    conflict("duplicate", detail, known)
}

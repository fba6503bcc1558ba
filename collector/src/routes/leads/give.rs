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
    routes::{App, api::known, body},
    site::LeadForm,
    sites::Site,
    store::{leads::calls::Call, tokens::Scope},
};

/// Times that a lead is read anew that somebody else changes meanwhile.
const TRIES: u32 = 4;

/// A lead as another system gives it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Giving {
    site: String,
    form: String,
    id: Option<Uuid7>,
    fields: BTreeMap<String, String>,
    ground: String,
    proof: String,
    since: Option<i64>,
    by: String,
}

/// `POST /api/v1/leads`.
pub(in crate::routes) async fn give(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let mut parameters = Parameters::of(&uri);
    let values =
        [("refuse", OnDuplicate::Skip), ("add", OnDuplicate::Add), ("update", OnDuplicate::Update)];
    let on_duplicate = parameters.one_of("on_duplicate", &values).unwrap_or(OnDuplicate::Skip);
    parameters.end("on_duplicate")?;
    let text = body::text(&headers, body, "application/json").await?;
    let giving: Giving = body::json(&text)?;
    let (site, by) = known(&app, &headers, &giving.site, Scope::LeadsWrite).await?;
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
    if giving.proof.trim().is_empty() || giving.proof.len() > 1_000 {
        let what = "say in up to 1,000 bytes what proves the ground; it is sealed with the lead";
        refuse("proof", "length", what.to_owned());
    }
    let by = giving.by.trim();
    if by.is_empty() || by.chars().count() > 64 || by.chars().any(char::is_control) {
        let what = "say in up to 64 characters which system or office says so";
        refuse("by", "length", what.to_owned());
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

//! From where a role may be used.
//!
//! What is kept of a refusal is that there was one: the address stands in no record.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::HeaderMap,
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{
    super::{App, limit},
    cookie,
};
use crate::{
    clock,
    error::Problem,
    office,
    sites::Site,
    store::{
        SiteId,
        accounts::{self, Account, Role},
        audit::{Actor, Entry},
        log_ins,
    },
};

/// Lets a call pass whose account has a role that may be used from where it comes from: on the site that it is for,
/// or else on any.
pub(super) async fn by_role(State(app): State<App>, request: Request, next: Next) -> Response {
    if app.access.allowed.is_everywhere() {
        return next.run(request).await;
    }
    let (path, headers) = (request.uri().path().to_owned(), request.headers().clone());
    let from = limit::caller_of(&app, &request);
    match look(&app, from, &path, &headers).await {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

async fn look(
    app: &App,
    from: Option<IpAddr>,
    path: &str,
    headers: &HeaderMap,
) -> Result<(), Problem> {
    let Some(from) = from else { return Ok(()) };
    let Some((account, roles)) = who(app, headers).await? else { return Ok(()) };
    let sites = app.sites.all();
    let of = |site: &Arc<Site>| roles.get(&site.id).copied().or(account.everywhere);
    let named = path.strip_prefix("/office/sites/");
    let named = named.map(|rest| rest.split('/').next().unwrap_or_default());
    let concerned: Vec<(Arc<Site>, Role)> = sites
        .iter()
        .filter(|site| named.is_none_or(|key| site.key.as_str() == key))
        .filter_map(|site| Some((Arc::clone(site), of(site)?)))
        .collect();
    // Where there is no site yet, what somebody is everywhere counts.
    let any = concerned.iter().map(|(_, role)| *role).chain(account.everywhere);
    let roles: Vec<Role> = any.collect();
    if roles.is_empty() || roles.iter().any(|role| app.access.allowed.may(*role, from)) {
        return Ok(());
    }
    for (site, role) in &concerned {
        app.writer.audit(site.id, refusal(&account, *role)).await?;
    }
    Err(Problem::forbidden("address", "the account's role may not be used from there"))
}

fn refusal(account: &Account, role: Role) -> Entry {
    Entry {
        at: clock::now(),
        by: Actor::Account(account.id.0.to_string()),
        action: "account.kept_out",
        object: ("account", account.id.0.to_string()),
        details: json!({ "role": role.as_str() }),
    }
}

/// Whose session a call comes with.
async fn who(
    app: &App,
    headers: &HeaderMap,
) -> Result<Option<(Account, BTreeMap<SiteId, Role>)>, Problem> {
    let Some(token) = cookie(app, headers) else { return Ok(None) };
    let mut db = app.readers.acquire().await?;
    let session = log_ins::find(&mut db, &office::hash(token), clock::now()).await?;
    let Some(session) = session else { return Ok(None) };
    let Some(account) = accounts::by_id(&mut db, session.account).await? else { return Ok(None) };
    let roles = accounts::roles(&mut db, account.id).await?;
    Ok(Some((account, roles)))
}

//! From where a role may be used.
//!
//! What is kept of a refusal is that there was one: the address stands in no record.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    extract::{RawPathParams, Request, State, rejection::RawPathParamsRejection},
    http::HeaderMap,
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{
    super::{App, limit},
    cookie,
    face::LogOut,
};
use crate::{
    clock,
    error::Problem,
    office,
    store::{
        SiteId,
        accounts::{self, Account, Role},
        audit::{Actor, Entry},
        log_ins::{self, Session},
    },
};

tokio::task_local! {
    /// Where the call comes from that is answered; nothing where it came by no connection, as in a test.
    static FROM: Option<IpAddr>;
}

/// Whether that role may be used from where the call comes from that is answered.
pub(super) fn may(app: &App, role: Role) -> bool {
    let allowed = &app.access.allowed;
    let here = |from: &Option<IpAddr>| from.is_none_or(|from| allowed.may(role, from));
    // Who asks outside of a call comes from nowhere.
    allowed.is_everywhere() || FROM.try_with(here).unwrap_or(false)
}

/// Lets a call pass whose account has a role that may be used from where it comes from, for what it is about. What
/// else is done in the call rests on such roles alone ([`may`]).
pub(super) async fn by_role(
    State(app): State<App>,
    params: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Response {
    if app.access.allowed.is_everywhere() {
        return next.run(request).await;
    }
    let from = limit::caller_of(&app, &request);
    let (path, headers) = (request.uri().path().to_owned(), request.headers().clone());
    // As the handlers read it: without what is written by percent signs.
    let site = params.ok().and_then(|params| {
        let found = params.iter().find(|(name, _)| *name == "site");
        found.map(|(_, key)| key.to_owned())
    });
    if let Some(from) = from
        && !is_door(&path)
        && let Err(problem) = look(&app, from, About::of(&path, site.as_deref()), &headers).await
    {
        let kept_out = problem.code == KEPT_OUT;
        let mut response = problem.into_response();
        if let Some(token) = cookie(&app, &headers).filter(|_| kept_out) {
            response.extensions_mut().insert(LogOut(office::form_token(token)));
        }
        return response;
    }
    FROM.scope(from, next.run(request)).await
}

/// The code of the refusal.
const KEPT_OUT: &str = "address";

/// Whether it is a way in or out, or what its page loads: whoever is kept out goes, or comes in as somebody else.
fn is_door(path: &str) -> bool {
    let door = matches!(
        path,
        "/office/login"
            | "/office/logout"
            | "/office/oidc"
            | "/office/oidc/return"
            | "/office/language"
            | "/office/office.css"
            | "/office/passkeys.js"
    );
    door || path.starts_with("/office/login/") || path.starts_with("/office/link/")
}

/// What a call is about.
#[derive(Clone, Copy)]
enum About<'c> {
    /// The site of that key.
    Site(&'c str),
    /// A site that is set up: there what somebody is everywhere counts.
    SetUp,
    /// No site in particular.
    Any,
}

impl<'c> About<'c> {
    fn of(path: &str, site: Option<&'c str>) -> Self {
        match site {
            Some(key) => Self::Site(key),
            None if path == "/office/setup" || path.starts_with("/office/setup/") => Self::SetUp,
            None => Self::Any,
        }
    }
}

async fn look(
    app: &App,
    from: IpAddr,
    about: About<'_>,
    headers: &HeaderMap,
) -> Result<(), Problem> {
    let Some((session, account, roles)) = who(app, headers).await? else { return Ok(()) };
    let mut concerned: Vec<(SiteId, Role)> = Vec::new();
    for site in app.sites.all() {
        let own = roles.get(&site.id).copied();
        let role = match about {
            About::Site(key) if site.key.as_str() != key => None,
            About::SetUp if own.is_some() => None,
            _ => own.or(account.everywhere),
        };
        concerned.extend(role.map(|role| (site.id, role)));
    }
    // Where there is no site yet, what somebody is everywhere counts.
    let beyond = account.everywhere.filter(|_| !matches!(about, About::Site(_)));
    let asked: Vec<Role> = concerned.iter().map(|(_, role)| *role).chain(beyond).collect();
    if asked.is_empty() || asked.iter().any(|role| app.access.allowed.may(*role, from)) {
        return Ok(());
    }
    for (site, role) in concerned {
        tell(app, &session, &account, (site, role)).await?;
    }
    Err(Problem::forbidden(KEPT_OUT, "the account's role may not be used from there"))
}

/// Tells a site's trail, once an hour for each session: not as often as somebody calls.
async fn tell(
    app: &App,
    session: &Session,
    account: &Account,
    (site, role): (SiteId, Role),
) -> Result<(), Problem> {
    let of = (session.hash.clone(), site);
    if !told().is_due(&of, clock::uptime()) {
        return Ok(());
    }
    let done = app.writer.audit(site, refusal(account, role)).await;
    if done.is_err() {
        told().0.remove(&of);
    }
    done
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

/// When the trail of a site was told of a session last, in the last hour. It does not grow beyond [`MOST`].
struct Told(BTreeMap<(Vec<u8>, SiteId), Duration>);

const HOUR: Duration = Duration::from_secs(3_600);
const MOST: usize = 4_096;

fn told() -> MutexGuard<'static, Told> {
    static TOLD: Mutex<Told> = Mutex::new(Told(BTreeMap::new()));
    TOLD.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Told {
    /// Whether that is to be told at `now`, a time since some fixed moment; from then on it is told.
    fn is_due(&mut self, of: &(Vec<u8>, SiteId), now: Duration) -> bool {
        self.0.retain(|_, at| now.saturating_sub(*at) < HOUR);
        if self.0.contains_key(of) {
            return false;
        }
        if self.0.len() >= MOST {
            let oldest = self.0.iter().min_by_key(|(_, at)| **at).map(|(of, _)| of.clone());
            if let Some(oldest) = oldest {
                self.0.remove(&oldest);
            }
        }
        self.0.insert(of.clone(), now);
        true
    }
}

/// Whose session a call comes with.
async fn who(
    app: &App,
    headers: &HeaderMap,
) -> Result<Option<(Session, Account, BTreeMap<SiteId, Role>)>, Problem> {
    let Some(token) = cookie(app, headers) else { return Ok(None) };
    let mut db = app.readers.acquire().await?;
    let session = log_ins::find(&mut db, &office::hash(token), clock::now()).await?;
    let Some(session) = session else { return Ok(None) };
    let Some(account) = accounts::by_id(&mut db, session.account).await? else { return Ok(None) };
    let roles = accounts::roles(&mut db, account.id).await?;
    Ok(Some((session, account, roles)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_told_of_once_an_hour_on_each_site_and_the_oldest_makes_room() {
        let mut told = Told(BTreeMap::new());
        let of = |session: usize, site| (session.to_be_bytes().to_vec(), SiteId(site));
        assert!(told.is_due(&of(0, 1), Duration::ZERO));
        let soon = HOUR.saturating_sub(Duration::from_millis(1));
        assert!(!told.is_due(&of(0, 1), soon), "within the hour");
        assert!(told.is_due(&of(0, 2), soon) && told.is_due(&of(1, 1), soon));
        assert!(told.is_due(&of(0, 1), HOUR), "an hour later");
        for session in 2..=MOST {
            assert!(told.is_due(&of(session, 1), HOUR));
        }
        assert_eq!(told.0.len(), MOST);
        assert!(!told.is_due(&of(MOST, 1), HOUR), "the newest is known");
    }

    #[test]
    fn ways_in_and_out_are_open_and_nothing_beside_them() {
        for door in ["/office/logout", "/office/login/second/passkey", "/office/link/abc"] {
            assert!(is_door(door), "{door}");
        }
        for other in ["/office", "/office/loginx", "/office/account", "/office/sites/login/"] {
            assert!(!is_door(other), "{other}");
        }
    }
}

//! The back office (`/office/…`): who calls, what they may see, and what their forms send.
//!
//! Whatever is refused is a page here, in the language of who reads it. Nothing is kept by browsers or by what
//! stands between; no page of another site can send a form, or show one of these in a frame.

mod account;
mod allow;
mod analysis;
mod approvals;
mod chosen;
mod doors;
mod export;
mod face;
mod factors;
mod now;
mod overview;
mod pages;
mod passkeys;
mod people;
mod requests;
mod scores;
mod second;
mod setup;
mod sign_on;
mod table;
mod tokens;
mod trail;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    http::{HeaderMap, StatusCode, Uri, header},
    middleware,
    routing::{get, post},
};

use super::{App, extract::accepted_languages, in_time, limit};
use crate::{
    clock,
    error::Problem,
    office::{
        self, agent,
        may::{Action, may},
        tongue::Tongue,
        view::{Frame, Place},
    },
    sites::Site,
    store::{
        SiteId,
        accounts::{self, Account, Role},
        factors as factors_of,
        log_ins::{self, Session},
    },
};
use face::{face, html, scripted, style};
use pages::read_by as told;

/// The back office's addresses.
pub(super) fn router(app: &App) -> Router<App> {
    Router::new()
        .route("/office", get(pages::first))
        .route("/office/office.css", get(style))
        .route("/office/login", get(doors::log_in).post(doors::try_log_in))
        .route("/office/passkeys.js", get(passkeys::script))
        .route("/office/login/passkey", post(passkeys::log_in))
        .route("/office/login/second/passkey", post(passkeys::go_on))
        .route("/office/login/second", get(second::page).post(second::go_on))
        .route("/office/oidc", get(sign_on::begin))
        .route("/office/oidc/return", get(sign_on::end))
        .route("/office/link/{token}", get(doors::link).post(doors::use_link))
        .route("/office/setup", get(setup::begin).post(setup::check))
        .route("/office/setup/apply", post(setup::apply))
        .route("/office/setup/template", post(setup::start))
        .route("/office/sites/{site}/setup", get(setup::tag))
        .route("/office/logout", post(doors::log_out))
        .route("/office/language", post(doors::speak))
        .route("/office/account", get(account::page))
        .route("/office/account/end", post(account::end))
        .route("/office/account/password", post(account::change))
        .route("/office/account/totp", get(factors::set_up).post(factors::begin))
        .route("/office/account/totp/confirm", post(factors::confirm))
        .route("/office/account/totp/off", post(factors::remove))
        .route("/office/account/passkeys", post(passkeys::add))
        .route("/office/account/passkeys/remove", post(passkeys::remove))
        .route("/office/account/codes", post(factors::renew))
        .route("/office/sites/{site}", get(overview::overview))
        .route("/office/sites/{site}/now", get(now::now))
        .route("/office/sites/{site}/events", get(now::events))
        .route("/office/sites/{site}/analysis", get(analysis::funnel))
        .route("/office/sites/{site}/analysis/cohorts", get(analysis::cohorts))
        .route("/office/sites/{site}/analysis/paths", get(analysis::paths))
        .route("/office/sites/{site}/analysis/segments", get(analysis::segments))
        .route("/office/sites/{site}/analysis/segments/keep", post(analysis::keep))
        .route("/office/sites/{site}/analysis/segments/remove", post(analysis::remove))
        .route("/office/sites/{site}/analysis/scores", get(scores::page))
        .route("/office/sites/{site}/analysis/scores/keep", post(scores::keep))
        .route("/office/sites/{site}/analysis/scores/remove", post(scores::remove))
        .route("/office/sites/{site}/consent", get(pages::consent))
        .route("/office/sites/{site}/leads", get(pages::leads))
        .route("/office/sites/{site}/leads/{lead}", get(pages::lead))
        .route("/office/sites/{site}/settings", get(pages::settings))
        .route("/office/sites/{site}/leads/export", post(export::leads))
        .route("/office/sites/{site}/leads/{lead}/erase", post(export::lead_erase))
        .route("/office/sites/{site}/requests", get(requests::list).post(requests::receive))
        .route("/office/sites/{site}/requests/{request}", get(requests::one))
        .route("/office/sites/{site}/requests/{request}/{act}", post(requests::act))
        .route("/office/sites/{site}/approvals", get(approvals::list).post(approvals::add))
        .route("/office/sites/{site}/approvals/{id}", get(approvals::one))
        .route("/office/sites/{site}/approvals/{id}/{act}", post(approvals::act))
        .route("/office/sites/{site}/people", get(people::page).post(people::add))
        .route("/office/sites/{site}/people/{account}/{act}", post(people::act))
        .route("/office/sites/{site}/tokens", get(tokens::page).post(tokens::add))
        .route("/office/sites/{site}/tokens/{token}/revoke", post(tokens::revoke))
        .route("/office/sites/{site}/trail", get(trail::page))
        .route("/office/sites/{site}/trail.csv", get(trail::export))
        .route("/office/sites/{site}/trail/verify", post(trail::verify))
        .route("/office/{*other}", get(super::unknown))
        .route_layer(middleware::from_fn_with_state(app.clone(), allow::by_role))
        .route_layer(middleware::from_fn(in_time))
        .route_layer(middleware::from_fn_with_state(app.clone(), limit::by_address))
        .route_layer(middleware::from_fn(face))
}

/// The language that an address, or else the browser, asks for.
fn asked_tongue(headers: &HeaderMap, uri: &Uri) -> Tongue {
    let named =
        uri.query().and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("lang=")));
    let wanted = named.into_iter().chain(accepted_languages(headers));
    wanted.filter_map(Tongue::of).next().unwrap_or(Tongue::En)
}

/// The code of a refusal that sends to the log-in.
const LOGGED_OUT: &str = "logged_out";

/// The code of a refusal that sends to where a second factor is set up.
const NO_SECOND: &str = "no_second_factor";

/// Somebody who is logged in.
#[derive(Clone)]
struct Caller {
    account: Account,
    session: Session,
    /// What they are on sites of a role of their own: nothing where that may not be used from here.
    roles: BTreeMap<SiteId, Option<Role>>,
    form_token: String,
    t: Tongue,
    here: String,
    /// Whether their role asks for a second factor that they have not set up.
    owes_second: bool,
}

/// Who calls; refused where nobody is logged in, or a second factor is to be set up first.
async fn enter(app: &App, headers: &HeaderMap, uri: &Uri) -> Result<Caller, Problem> {
    let caller = enter_account(app, headers, uri).await?;
    if caller.owes_second {
        return Err(Problem::forbidden(NO_SECOND, "the role asks for a second factor"));
    }
    Ok(caller)
}

/// Who calls, at the pages of their own account.
async fn enter_account(app: &App, headers: &HeaderMap, uri: &Uri) -> Result<Caller, Problem> {
    let nobody = || Problem::unauthorized(LOGGED_OUT, "nobody is logged in");
    let token = cookie(app, headers).ok_or_else(nobody)?;
    let (hash, now) = (office::hash(token), clock::now());
    let mut db = app.readers.acquire().await?;
    let session = log_ins::find(&mut db, &hash, now).await?.ok_or_else(nobody)?;
    let account = accounts::by_id(&mut db, session.account).await?;
    let mut account = account.filter(|account| !account.disabled).ok_or_else(nobody)?;
    let roles = accounts::roles(&mut db, account.id).await?;
    let asked = account.everywhere.iter().chain(roles.values());
    // Whoever has no password comes by a provider, whose second factor it is, or by a passkey.
    let owes_second = account.password.is_some()
        && asked.into_iter().any(|role| app.second_factor.contains(role))
        && !factors_of::has_second(&mut db, account.id).await?;
    drop(db);
    // Nothing after this sees a role that may not be used from here. One of a site is not replaced by another.
    let here = |role: &Role| allow::may(app, *role);
    account.everywhere = account.everywhere.filter(here);
    let roles = roles.into_iter().map(|(site, role)| (site, Some(role).filter(here))).collect();
    if session.is_stale(now) {
        let mut db = app.desk.hold().await?;
        log_ins::seen(&mut db, &hash, now).await?;
        db.keep();
    }
    let t = Tongue::of(&session.language).unwrap_or_else(|| asked_tongue(headers, uri));
    let here = uri.path_and_query().map_or("/office", |it| it.as_str()).to_owned();
    let form_token = office::form_token(token);
    Ok(Caller { account, session, roles, form_token, t, here, owes_second })
}

impl Caller {
    fn role(&self, site: &Site) -> Option<Role> {
        self.roles.get(&site.id).copied().unwrap_or(self.account.everywhere)
    }

    /// The sites that may be seen: keys and names.
    fn sites(&self, app: &App) -> Vec<(String, String)> {
        let all = app.sites.all();
        let own = all.iter().filter(|site| self.role(site).is_some());
        let name = |site: &Arc<Site>| {
            let name = site.file.speech(self.t.code()).say(&site.file.name).to_owned();
            (site.key.to_string(), name)
        };
        own.map(name).collect()
    }

    /// The site of that key, where that may be done there. Of others nobody learns whether they are there.
    fn site(&self, app: &App, key: &str, action: Action) -> Result<(Arc<Site>, Role), Problem> {
        let found = app.sites.get(key).and_then(|site| self.role(&site).map(|role| (site, role)));
        let (site, role) = found.ok_or_else(|| {
            Problem::new(StatusCode::NOT_FOUND, "not_found", "there is no such site")
        })?;
        if may(role, action) {
            Ok((site, role))
        } else {
            Err(Problem::forbidden("role", "the account's role does not reach that far"))
        }
    }

    fn frame<'a>(
        &'a self,
        sites: &'a [(String, String)],
        site: Option<(&'a str, Role)>,
        place: Place,
    ) -> Frame<'a> {
        Frame {
            t: self.t,
            email: &self.account.email,
            form_token: &self.form_token,
            sites,
            site,
            place,
            here: &self.here,
            segment: None,
        }
    }
}

/// Whether browsers are told to send the cookie over TLS only.
fn is_secure(app: &App) -> bool {
    app.tls || app.access.url.starts_with("https://")
}

/// The names of the two cookies: of a session, and of a log-in whose second step is still to come.
const SESSION: &str = "ashiato_office";
const WAITING: &str = "ashiato_office_second";

fn cookie_name(app: &App, name: &str) -> String {
    if is_secure(app) { format!("__Host-{name}") } else { name.to_owned() }
}

fn cookie<'h>(app: &App, headers: &'h HeaderMap) -> Option<&'h str> {
    named_cookie(app, headers, SESSION)
}

fn named_cookie<'h>(app: &App, headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let own = cookie_name(app, name);
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs =
        lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == own).map(|(_, value)| value)
}

/// The `Set-Cookie` line of a session's token; without one it is taken back. It ends with the browser, and with the
/// session itself before that.
fn set_cookie(app: &App, token: Option<&str>) -> (header::HeaderName, String) {
    set_named_cookie(app, SESSION, token)
}

fn set_named_cookie(app: &App, name: &str, token: Option<&str>) -> (header::HeaderName, String) {
    let secure = if is_secure(app) { "; Secure" } else { "" };
    let ends = if token.is_some() { "" } else { "; Max-Age=0" };
    let (name, token) = (cookie_name(app, name), token.unwrap_or_default());
    (header::SET_COOKIE, format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax{secure}{ends}"))
}

/// What a form sent, by the name of its field; the first of each.
struct Sent(Vec<(String, String)>);

impl Sent {
    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }
}

/// Reads a form of our own pages: of this origin, as the browser itself says.
async fn form(app: &App, headers: &HeaderMap, body: axum::body::Body) -> Result<Sent, Problem> {
    let text = super::body::text(headers, body, "application/x-www-form-urlencoded").await?;
    own_page(app, headers)?;
    let malformed = || Problem::malformed("the form cannot be read");
    let uri: Uri = format!("/?{text}").parse().map_err(|_| malformed())?;
    let read = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri);
    read.map(|read| Sent(read.0)).map_err(|_| malformed())
}

/// The same of somebody who is logged in: it carries what only their own pages know.
async fn own_form(
    app: &App,
    headers: &HeaderMap,
    caller: &Caller,
    body: axum::body::Body,
) -> Result<Sent, Problem> {
    use subtle::ConstantTimeEq as _;
    let sent = form(app, headers, body).await?;
    let same = sent.get("token").as_bytes().ct_eq(caller.form_token.as_bytes());
    if bool::from(same) { Ok(sent) } else { Err(forged()) }
}

fn forged() -> Problem {
    Problem::forbidden("csrf", "this was not sent by a page of the back office")
}

fn own_page(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let one = |name: &str| {
        let mut values = headers.get_all(name).iter();
        let value = values.next().and_then(|value| value.to_str().ok());
        value.filter(|_| values.next().is_none())
    };
    if one("sec-fetch-site").is_some_and(|from| from != "same-origin") {
        return Err(forged());
    }
    let origin = one("origin").ok_or_else(forged)?;
    let host = origin.split_once("://").map(|(_, host)| host);
    // A proxy may have put another host into the call than the browser did.
    let own = origin == &*app.access.url || host.is_some_and(|host| Some(host) == one("host"));
    if own { Ok(()) } else { Err(forged()) }
}

/// An address of the back office, or its beginning: nobody is sent elsewhere.
fn own_address(address: &str) -> &str {
    let own =
        address == "/office" || address.starts_with("/office/") || address.starts_with("/office?");
    let plain = address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if own && plain { address } else { "/office" }
}

fn agent_of(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    agent::of(agent.unwrap_or(""))
}

impl From<office::log_in::Failure> for Problem {
    fn from(failure: office::log_in::Failure) -> Self {
        match failure {
            office::log_in::Failure::Database(error) => Self::unavailable(&error),
            other => {
                tracing::error!(error = %other, "nobody can log in just now");
                Self::busy()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::own_address;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for own in ["/office", "/office/sites/shop?period=7", "/office?x"] {
            assert_eq!(own_address(own), own);
        }
        for other in [
            "",
            "//evil.example",
            "https://evil.example/office",
            "/officer",
            "/office/\\evil",
            "/office/ x",
            "/office/\n",
        ] {
            assert_eq!(own_address(other), "/office");
        }
    }
}

//! The guided set-up: a site file, the tag, and whether it was seen. Where somebody stopped is seen from what is
//! there: the draft, the site, and what was asked.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    super::{App, extract::At},
    Caller, Sent, Tongue, enter, forged, html, own_form, own_page,
};
use crate::{
    clock,
    error::Problem,
    office::{
        may::Action,
        template::{self, Answers},
        view::{
            Place,
            settings::tag as tag_of,
            setup::{self as view, Checked},
        },
    },
    site::{self, SiteFile},
    store::{accounts::Role, audit::Actor, drafts, reports, sites},
};

/// Whether somebody may put a new site in force.
pub(super) fn may(caller: &Caller) -> bool {
    matches!(caller.account.everywhere, Some(Role::Owner | Role::Administrator))
}

/// Whether somebody may put that file in force: of a site that is there, who runs that one, too.
fn may_apply(app: &App, caller: &Caller, file: &SiteFile) -> bool {
    match app.sites.get(file.key.as_str()) {
        Some(site) => matches!(caller.role(&site), Some(Role::Owner | Role::Administrator)),
        None => may(caller),
    }
}

/// Whoever sets up is one person: they do not take the second one away.
fn takes_second_away() -> Problem {
    let said =
        "what waits for a second person is given up on the command line: `ashiato site apply`";
    Problem::forbidden("approval_dropped", said)
}

async fn entered(app: &App, headers: &HeaderMap, uri: &Uri) -> Result<Caller, Problem> {
    let caller = enter(app, headers, uri).await?;
    if may(&caller) {
        Ok(caller)
    } else {
        Err(Problem::forbidden("role", "an owner sets up sites"))
    }
}

fn answers(given: &Sent, t: Tongue) -> Answers {
    let find = |name: &str| given.get(name).trim().to_owned();
    let languages = match find("languages").as_str() {
        "ja" => vec![Tongue::Ja],
        "en" => vec![Tongue::En],
        "en,ja" => vec![Tongue::En, Tongue::Ja],
        "ja,en" => vec![Tongue::Ja, Tongue::En],
        _ => vec![t],
    };
    Answers {
        key: find("key"),
        origin: find("origin"),
        name: find("name"),
        company: find("company"),
        representative: find("representative"),
        address: find("address"),
        contact: find("contact"),
        timezone: find("timezone"),
        languages,
    }
}

/// `GET /office/setup`: the file that is being written.
pub(super) async fn begin(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let caller = entered(&app, &headers, &uri).await?;
    let text = drafts::find(&mut app.readers.acquire().await?, caller.account.id).await?;
    let caller = Caller { here: "/office/setup".to_owned(), ..caller };
    Ok(shown(&app, &caller, text.as_deref().unwrap_or_default(), None))
}

/// `POST /office/setup/template`: a file to start from, of answers. They name people: no address holds them.
pub(super) async fn start(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let caller = entered(&app, &headers, &uri).await?;
    let sent = own_form(&app, &headers, &caller, body).await?;
    let text = template::site_file(&answers(&sent, caller.t));
    let caller = Caller { here: "/office/setup".to_owned(), ..caller };
    Ok(shown(&app, &caller, &text, None))
}

fn shown(app: &App, caller: &Caller, text: &str, checked: Option<&Checked>) -> Response {
    let sites = caller.sites(app);
    let frame = caller.frame(&sites, None, Place::Account);
    html(&view::file(&frame, text, checked))
}

/// Reads `token=…`, `text=…` as a browser writes `text/plain`: a file has lines and quotes, which would grow
/// threefold in the other way.
async fn sent(
    app: &App,
    headers: &HeaderMap,
    caller: &Caller,
    body: Body,
) -> Result<String, Problem> {
    use subtle::ConstantTimeEq as _;
    let body = super::super::body::text(headers, body, "text/plain").await?;
    own_page(app, headers)?;
    let rest = body.strip_prefix("token=").and_then(|rest| rest.split_once("\r\ntext="));
    let (token, text) = rest.ok_or_else(|| Problem::malformed("the form cannot be read"))?;
    if !bool::from(token.as_bytes().ct_eq(caller.form_token.as_bytes())) {
        return Err(forged());
    }
    let text = text.replace("\r\n", "\n").replace('\0', "");
    Ok(format!("{}\n", text.trim_end()))
}

/// `POST /office/setup`: says what is wrong with a file, and keeps it.
pub(super) async fn check(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let caller = entered(&app, &headers, &uri).await?;
    let text = sent(&app, &headers, &caller, body).await?;
    let checked = judge(&app, &caller, &text).await?;
    Ok(said(&app, &caller, &text, &checked))
}

async fn judge(app: &App, caller: &Caller, text: &str) -> Result<Checked, Problem> {
    let mut db = app.desk.hold().await?;
    drafts::keep(&mut db, caller.account.id, text, clock::now()).await?;
    db.keep();
    let file = match site::parse(text) {
        Ok(file) => file,
        Err(complaints) => return Ok(Checked::Wrong(complaints)),
    };
    if !may_apply(app, caller, &file) {
        return Err(Problem::forbidden("role", "the site is somebody else's"));
    }
    let site = app.sites.get(file.key.as_str());
    if site.as_ref().is_some_and(|site| file.approval.drops(site.file.approval)) {
        return Err(takes_second_away());
    }
    let asks = site.map(|site| file.asks_again(&site.file));
    Ok(Checked::Good { file: Box::new(file), asks })
}

fn said(app: &App, caller: &Caller, text: &str, checked: &Checked) -> Response {
    let status = match checked {
        Checked::Wrong(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Checked::Good { .. } => StatusCode::OK,
    };
    let caller = Caller { here: "/office/setup".to_owned(), ..caller.clone() };
    (status, shown(app, &caller, text, Some(checked))).into_response()
}

/// `POST /office/setup/apply`: puts a file in force.
pub(super) async fn apply(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let caller = entered(&app, &headers, &uri).await?;
    let text = sent(&app, &headers, &caller, body).await?;
    let checked = judge(&app, &caller, &text).await?;
    let Checked::Good { file, .. } = &checked else {
        return Ok(said(&app, &caller, &text, &checked));
    };
    let by = Actor::Account(caller.account.id.0.to_string());
    let mut db = app.desk.hold().await?;
    // Another file may have come into force since.
    if sites::apply_alone(&mut db, &file.key, file, &by, clock::now()).await?.is_none() {
        db.keep();
        return Err(takes_second_away());
    }
    drafts::forget(&mut db, caller.account.id).await?;
    db.keep();
    app.sites.refresh(&app.readers).await?;
    Ok(Redirect::to(&format!("/office/sites/{}/setup", file.key)).into_response())
}

/// `GET /office/sites/SITE/setup`: the tag, and whether it was seen.
pub(super) async fn tag(
    State(app): State<App>,
    At(key): At<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, role) = caller.site(&app, &key, Action::Settings)?;
    let today = site.day(clock::now());
    let week =
        reports::share(&mut app.readers.acquire().await?, site.id, (today - 6, today)).await?;
    let sites = caller.sites(&app);
    let frame = caller.frame(&sites, Some((&key, role)), Place::Settings);
    Ok(html(&view::tag(&frame, &site, &tag_of(&app.public_url, &key), &week)))
}

//! The guided set-up: a site file, the tag, and whether it was seen. Where somebody stopped is seen from what is
//! there: the draft, the site, and what was asked.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    super::{
        App,
        extract::{At, With},
    },
    Caller, Tongue, enter, forged, html, own_page,
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
    let own = app.sites.get(file.key.as_str()).and_then(|site| caller.role(&site));
    match own {
        Some(role) => matches!(role, Role::Owner | Role::Administrator),
        None => may(caller),
    }
}

async fn entered(app: &App, headers: &HeaderMap, uri: &Uri) -> Result<Caller, Problem> {
    let caller = enter(app, headers, uri).await?;
    if may(&caller) {
        Ok(caller)
    } else {
        Err(Problem::forbidden("role", "an owner sets up sites"))
    }
}

fn answers(given: &[(String, String)], t: Tongue) -> Answers {
    let find = |name: &str| {
        let found = given.iter().find(|(other, _)| other == name);
        found.map_or("", |(_, value)| value.trim()).to_owned()
    };
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

/// `GET /office/setup`: the file that is being written, or with answers one to start from.
pub(super) async fn begin(
    State(app): State<App>,
    With(given): With<Vec<(String, String)>>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let caller = entered(&app, &headers, &uri).await?;
    let text = if given.iter().any(|(name, _)| name == "key") {
        Some(template::site_file(&answers(&given, caller.t)))
    } else {
        drafts::find(&mut app.readers.acquire().await?, caller.account.id).await?
    };
    // Where the answers stand in the address, the language's form would send them again.
    let caller = Caller { here: "/office/setup".to_owned(), ..caller };
    Ok(shown(&app, &caller, text.as_deref().unwrap_or_default(), None))
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
    let asks = app.sites.get(file.key.as_str()).map(|site| file.asks_again(&site.file));
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
    sites::apply(&mut db, &file.key, file, &by, clock::now()).await?;
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

//! The pages of analysis.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};
use serde_json::json;

use super::{
    super::{
        App,
        analysis::{asker, settle},
        extract::{At, With},
    },
    Caller,
    chosen::{offered, out_of_reach},
    enter, html, own_form,
};
use crate::{
    analysis::{kept, segment::Definition},
    clock,
    error::Problem,
    office::{
        asked::Asked,
        may::{Action, may},
        view::{
            self, Place,
            analysis::{Data, segments::Segments},
        },
    },
    sites::Site,
    store::{
        accounts::Role,
        audit::{Actor, Entry},
        segments::Kept,
    },
};

/// The parameters of a page, as they are.
pub(super) type Given = With<Vec<(String, String)>>;

/// Who looks at what.
pub(super) struct Look {
    pub(super) caller: Caller,
    pub(super) site: Arc<Site>,
    pub(super) role: Role,
    asked: Asked,
    today: i64,
    kept: Vec<Kept>,
    names: Vec<String>,
    events: Vec<String>,
}

impl Look {
    pub(super) async fn begin(
        app: &App,
        key: &str,
        given: Vec<(String, String)>,
        (headers, uri): (&HeaderMap, &Uri),
    ) -> Result<Self, Problem> {
        let caller = enter(app, headers, uri).await?;
        let (site, role) = caller.site(app, key, Action::Figures)?;
        let mut db = app.readers.acquire().await?;
        let kept = offered(&mut db, site.id, role).await?;
        drop(db);
        let names = kept.iter().map(|kept| kept.name.clone()).collect();
        let services = site.file.purposes.iter().flat_map(|purpose| &purpose.services);
        let mut events: Vec<_> =
            services.flat_map(|service| &service.events).map(ToString::to_string).collect();
        events.sort_unstable();
        events.dedup();
        let today = site.day(clock::now());
        let asked = Asked::read(uri.path().to_owned(), given);
        Ok(Self { caller, site, role, asked, today, kept, names, events })
    }

    /// The segment that is chosen; what is read of what people wrote is in the trail before anything is shown.
    async fn of(&self, app: &App) -> Result<Option<Definition>, Problem> {
        let Some(name) = self.asked.segment() else { return Ok(None) };
        let mut db = app.readers.acquire().await?;
        let of = kept::find(&mut db, self.site.id, &name).await?;
        drop(db);
        self.may_look(app, &name, &of).await?;
        Ok(Some(of))
    }

    async fn may_look(&self, app: &App, name: &str, of: &Definition) -> Result<(), Problem> {
        if !reaches(self.role, of) {
            return Err(out_of_reach());
        }
        if of.looks_at().1 {
            let by = Actor::Account(self.caller.account.id.0.to_string());
            let object = ("segment", name.to_owned());
            let entry =
                Entry { at: clock::now(), by, action: "lead.segment", object, details: json!({}) };
            app.writer.audit(self.site.id, entry).await?;
        }
        Ok(())
    }

    fn data<'a>(&'a self, problem: Option<&'a Problem>) -> Data<'a> {
        let (segments, events) = (&self.names, &self.events);
        Data { asked: &self.asked, today: self.today, segments, events, problem }
    }

    /// Shows a page; a fault in what is asked is told on it, anything else is a page of its own.
    pub(super) fn show<T>(
        &self,
        app: &App,
        answer: Option<Result<T, Problem>>,
        page: impl FnOnce(&view::Frame<'_>, &Data<'_>, Option<&T>) -> maud::Markup,
    ) -> Result<Response, Problem> {
        let (answer, problem) = match answer {
            Some(Ok(answer)) => (Some(answer), None),
            Some(Err(problem)) if is_told(&problem) => (None, Some(problem)),
            Some(Err(problem)) => return Err(problem),
            None => (None, None),
        };
        let sites = self.caller.sites(app);
        let site = Some((self.site.key.as_str(), self.role));
        let frame = self.caller.frame(&sites, site, Place::Analysis);
        let segment = self.asked.segment();
        let frame = view::Frame { segment: segment.as_deref(), ..frame };
        let shown = html(&page(&frame, &self.data(problem.as_ref()), answer.as_ref()));
        let status = problem.map_or(StatusCode::OK, |problem| problem.status);
        Ok((status, shown).into_response())
    }
}

pub(super) fn is_told(problem: &Problem) -> bool {
    matches!(problem.status, StatusCode::UNPROCESSABLE_ENTITY | StatusCode::CONFLICT)
        || problem.code == "role"
}

/// Whether somebody of that role may ask about such visitors.
pub(super) fn reaches(role: Role, definition: &Definition) -> bool {
    let (leads, fields) = definition.looks_at();
    (!leads || may(role, Action::Leads)) && (!fields || may(role, Action::Persons))
}

/// `GET /office/sites/SITE/analysis`.
pub(super) async fn funnel(
    State(app): State<App>,
    At(key): At<String>,
    With(given): Given,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let look = Look::begin(&app, &key, given, (&headers, &uri)).await?;
    let asked = look.asked.funnel(&key, look.today);
    let answer = async {
        let of = look.of(&app).await?;
        let asker = asker(&app, &look.site).await?;
        let mut db = app.readers.acquire().await?;
        asker.funnel(&mut db, &asked, of.as_ref()).await
    };
    let answer = if asked.steps.is_empty() { None } else { Some(answer.await) };
    look.show(&app, answer, view::analysis::funnel::show)
}

/// `GET /office/sites/SITE/analysis/cohorts`.
pub(super) async fn cohorts(
    State(app): State<App>,
    At(key): At<String>,
    With(given): Given,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let look = Look::begin(&app, &key, given, (&headers, &uri)).await?;
    let asked = look.asked.cohorts(&key, look.today);
    let answer = async {
        let of = look.of(&app).await?;
        let asker = asker(&app, &look.site).await?;
        let mut db = app.readers.acquire().await?;
        asker.cohorts(&mut db, &asked, of.as_ref()).await
    };
    let answer = answer.await;
    look.show(&app, Some(answer), view::analysis::cohorts::show)
}

/// `GET /office/sites/SITE/analysis/paths`.
pub(super) async fn paths(
    State(app): State<App>,
    At(key): At<String>,
    With(given): Given,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let look = Look::begin(&app, &key, given, (&headers, &uri)).await?;
    let asked = look.asked.paths(&key, look.today);
    let answer = async {
        let of = look.of(&app).await?;
        let asker = asker(&app, &look.site).await?;
        let mut db = app.readers.acquire().await?;
        asker.paths(&mut db, &asked, of.as_ref()).await
    };
    let answer = if look.asked.others().next().is_none() { None } else { Some(answer.await) };
    look.show(&app, answer, view::analysis::paths::show)
}

/// `GET /office/sites/SITE/analysis/segments`.
pub(super) async fn segments(
    State(app): State<App>,
    At(key): At<String>,
    With(given): Given,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let look = Look::begin(&app, &key, given, (&headers, &uri)).await?;
    look.segments(&app, None).await
}

impl Look {
    /// The page of segments, with what is wrong with one that was to be kept.
    async fn segments(&self, app: &App, refused: Option<Problem>) -> Result<Response, Problem> {
        let definition = self.asked.definition();
        let size = match (&definition, refused) {
            (_, Some(refused)) => Some(Err(refused)),
            (None, None) => None,
            (Some(of), None) => Some(self.size(app, of).await),
        };
        let leads = may(self.role, Action::Leads);
        let speech = self.site.file.speech(self.caller.t.code());
        let forms = self.site.file.forms.iter().filter(|_| leads);
        let forms: Vec<_> =
            forms.map(|form| (form.key.to_string(), speech.say(&form.name).to_owned())).collect();
        let may_keep = may(self.role, Action::Keep);
        self.show(app, size, |frame, data, size| {
            let size = definition.as_ref().zip(size);
            let of = Segments { kept: &self.kept, size, forms: &forms, leads, may_keep };
            view::analysis::segments::show(frame, data, &of)
        })
    }

    async fn size(
        &self,
        app: &App,
        of: &Definition,
    ) -> Result<crate::analysis::answer::Size, Problem> {
        self.may_look(app, "", of).await?;
        let asker = asker(app, &self.site).await?;
        let mut db = app.readers.acquire().await?;
        asker.size(&mut db, &self.asked.range(self.today), of).await
    }
}

/// `POST /office/sites/SITE/analysis/segments/keep`.
pub(super) async fn keep(
    State(app): State<App>,
    At(key): At<String>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, role) = caller.site(&app, &key, Action::Keep)?;
    let sent = own_form(&app, &headers, &caller, body).await?;
    let place = format!("/office/sites/{key}/analysis/segments");
    let mut given = sent.0.clone();
    given.retain(|(name, _)| !["token", "name"].contains(&name.as_str()));
    let asked = Asked::read(place.clone(), given.clone());
    let definition = asked.definition().ok_or_else(|| {
        Problem::field("definition", "missing", "a segment has one condition or more")
    })?;
    if !reaches(role, &definition) {
        return Err(out_of_reach());
    }
    let by = Actor::Account(caller.account.id.0.to_string());
    let mut db = app.desk.hold().await?;
    let kept = (sent.get("name"), &definition);
    let kept = kept::keep(&mut db, (site.id, &site.file), (clock::now(), by), kept).await;
    match settle(db, kept) {
        Ok(_) => Ok(Redirect::to(&place).into_response()),
        Err(problem) if is_told(&problem) => {
            let there: Uri = place.parse().map_err(|_| Problem::malformed("no address"))?;
            let look = Look::begin(&app, &key, given, (&headers, &there)).await?;
            look.segments(&app, Some(problem)).await
        }
        Err(problem) => Err(problem),
    }
}

/// `POST /office/sites/SITE/analysis/segments/remove`.
pub(super) async fn remove(
    State(app): State<App>,
    At(key): At<String>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, _) = caller.site(&app, &key, Action::Keep)?;
    let sent = own_form(&app, &headers, &caller, body).await?;
    let by = Actor::Account(caller.account.id.0.to_string());
    let mut db = app.desk.hold().await?;
    let removed = kept::remove(&mut db, site.id, (clock::now(), by), sent.get("name")).await;
    settle(db, removed)?;
    Ok(Redirect::to(&format!("/office/sites/{key}/analysis/segments")).into_response())
}

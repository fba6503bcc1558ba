//! The form by which people ask about their own data (`/s/SITE/request`), and what the links of its mail lead to.
//! `GET` changes nothing: scanners and browsers that look ahead open every link. Whoever sends the form gets one answer,
//! whatever is held about the address: nothing here asks.
//!
//! The form has no cookie and needs no script. That the page itself was filled in, browsers say (`Origin`); how long
//! that took, a signed time in it.

mod answer;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use consent_core::{
    contact::Contact,
    form::{Field, FieldFault, FieldKind, Spam},
    ids::LeadId,
    time::{DAY, Millis},
};
use serde::Deserialize;

pub(super) use answer::{hand_out, take};

use super::{
    App, asked, body,
    extract::{At, With, accepted_languages, is_own_page},
    limit::{self, Peer},
};
use crate::{
    clock,
    error::Problem,
    intake::{
        asking::{self, Act, Asked, Done, Standing},
        subject::Kind,
    },
    keys::mail::requests::Use,
    site::{RequestForm, RequestPage},
    sites::Site,
    store::subjects::{Request as Queued, asking::Asking},
};

const FORM: &str = "application/x-www-form-urlencoded";
/// What the pages may load and do: their style sheets, the empty icon, and their own form.
const STRICT: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";
/// How long a form may lie open, in milliseconds.
const OPEN: i64 = DAY;

/// The parameters of a page.
#[derive(Debug, Deserialize)]
pub(super) struct Parameters {
    lang: Option<String>,
}

/// The site, and in which of its languages it speaks here.
struct Here {
    app: App,
    site: Arc<Site>,
    language: String,
}

impl Here {
    fn new(app: App, key: &str, given: &Parameters, headers: &HeaderMap) -> Result<Self, Problem> {
        let site = app.sites.get(key).ok_or_else(|| Problem::unknown_site(key))?;
        let wanted = given.lang.as_deref().into_iter().chain(accepted_languages(headers));
        let language = site.file.language_of(wanted).to_owned();
        Ok(Self { app, site, language })
    }

    /// A page, which nobody keeps. A page with a token in its address tells no other page of itself; the form says
    /// where it comes from to the collector alone.
    fn shown(status: StatusCode, page: maud::Markup, referrer: &'static str) -> Response {
        let mut response = (status, page.into_string()).into_response();
        let headers = response.headers_mut();
        for (name, value) in [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, referrer),
            (header::VARY, "Accept-Language"),
            (header::CONTENT_SECURITY_POLICY, STRICT),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow"));
        response
    }

    fn form(&self, status: StatusCode, form: &RequestForm) -> Response {
        Self::shown(status, self.site.file.request_form(&self.language, form), "same-origin")
    }

    /// A page of the form's own folder.
    fn beside(&self, status: StatusCode, page: RequestPage<'_>) -> Response {
        let page = self.site.file.request_page(&self.language, "", page);
        Self::shown(status, page, "same-origin")
    }

    /// A page that a link leads to.
    fn page(&self, status: StatusCode, page: RequestPage<'_>) -> Response {
        let page = self.site.file.request_page(&self.language, "../", page);
        Self::shown(status, page, "no-referrer")
    }

    fn began(&self, now: Millis) -> String {
        self.app.keys.began(&self.site.key, now)
    }

    /// Without an address to send from there is no form; who is to be asked instead stands on the page.
    fn no_form(&self) -> Option<Response> {
        let none = self.site.file.mail.is_none();
        none.then(|| self.beside(StatusCode::NOT_FOUND, RequestPage::None))
    }

    fn word(&self, name: &str) -> String {
        self.site.file.request_word(&self.language, name)
    }
}

/// `GET /s/SITE/request`.
pub(super) async fn form(
    State(app): State<App>,
    At(key): At<String>,
    With(given): With<Parameters>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let here = Here::new(app, &key, &given, &headers)?;
    if let Some(none) = here.no_form() {
        return Ok(none);
    }
    let form = RequestForm { began: here.began(clock::now()), ..RequestForm::default() };
    Ok(here.form(StatusCode::OK, &form))
}

/// `POST /s/SITE/request`.
pub(super) async fn ask(
    State(app): State<App>,
    At(key): At<String>,
    With(given): With<Parameters>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let here = Here::new(app, &key, &given, &parts.headers)?;
    if let Some(none) = here.no_form() {
        body::drain(&parts.headers, body).await;
        return Ok(none);
    }
    let text = body::text(&parts.headers, body, FORM).await;
    let peer = parts.extensions.get::<Peer>().copied();
    Ok(here.ask(text, peer, &parts.headers).await)
}

/// Why a form was not taken: the status, what is wrong, and in how many seconds to try again.
struct Refused {
    status: StatusCode,
    faults: Vec<(&'static str, String)>,
    wait: Option<u64>,
}

impl Here {
    async fn ask(
        &self,
        text: Result<String, Problem>,
        peer: Option<Peer>,
        headers: &HeaderMap,
    ) -> Response {
        let mut given: BTreeMap<String, String> = text.as_ref().map_or_else(
            |_| BTreeMap::new(),
            |text| form_urlencoded::parse(text.as_bytes()).into_owned().collect(),
        );
        let mut part = |name: &str| given.remove(name).unwrap_or_default();
        let mut form = RequestForm {
            kind: part("kind"),
            email: part("email"),
            message: part("message"),
            began: part("began"),
            faults: Vec::new(),
        };
        let now = clock::now();
        let done = match text {
            Ok(_) => self.take_in(&mut form, (given, peer, headers), now).await,
            Err(problem) => {
                let name = match problem.status {
                    StatusCode::PAYLOAD_TOO_LARGE => "too_large",
                    _ => "unreadable",
                };
                Err(self.refused(problem.status, name))
            }
        };
        match done {
            Ok(()) => self.beside(StatusCode::OK, RequestPage::Sent),
            Err(Refused { status, faults, wait }) => {
                form.faults = faults;
                if self.app.keys.read_began(&self.site.key, &form.began).is_none() {
                    form.began = self.began(now);
                }
                let mut response = self.form(status, &form);
                if let Some(wait) = wait {
                    response.headers_mut().insert(header::RETRY_AFTER, wait.into());
                }
                response
            }
        }
    }

    /// Something that is wrong with the whole.
    fn refused(&self, status: StatusCode, name: &str) -> Refused {
        Refused { status, faults: vec![("", self.word(name))], wait: None }
    }

    async fn take_in(
        &self,
        form: &mut RequestForm,
        (mut more, peer, headers): (BTreeMap<String, String>, Option<Peer>, &HeaderMap),
        now: Millis,
    ) -> Result<(), Refused> {
        if !is_own_page(&self.app, headers) {
            let button = self.word("send");
            let said = self.word("elsewhere").replace("{button}", &button);
            let faults = vec![("", said)];
            return Err(Refused { status: StatusCode::FORBIDDEN, faults, wait: None });
        }
        let (kind, contact, email, message) = self.checked(form)?;
        let began = self.app.keys.read_began(&self.site.key, &form.began);
        let took = began.map(|began| now.0.saturating_sub(began.0).max(0));
        let Some(took) = took.filter(|took| *took <= OPEN) else {
            form.began = self.began(now);
            return Err(self.refused(StatusCode::UNPROCESSABLE_ENTITY, "too_old"));
        };
        more.insert(consent_core::form::TOOK.to_owned(), took.to_string());
        if let Some(spam) = Spam::take(&mut more) {
            let faults = vec![("", self.site.file.spam(&self.language, spam))];
            return Err(Refused { status: StatusCode::UNPROCESSABLE_ENTITY, faults, wait: None });
        }
        if let Err(wait) = limit::of_asking(&self.app, &self.site, peer, headers) {
            let minutes = wait.as_secs().div_ceil(60).max(1);
            let said = self.word("too_often").replace("{n}", &minutes.to_string());
            return Err(Refused {
                status: StatusCode::TOO_MANY_REQUESTS,
                faults: vec![("", said)],
                wait: Some(wait.as_secs().max(1)),
            });
        }
        let busy = |problem: Problem| Refused {
            wait: problem.retry_after,
            ..self.refused(StatusCode::SERVICE_UNAVAILABLE, "busy")
        };
        let written = (&contact, email, message);
        let by = (self.language.as_str(), now);
        let sealed = Asked::seal(&self.app.keys, Arc::clone(&self.site), kind, written, by);
        let sealed = sealed.map_err(|error| {
            tracing::error!(%error, "a request cannot be sealed");
            busy(Problem::busy())
        })?;
        self.app.writer.asking(Act::Ask(sealed)).await.map_err(busy).map(drop)
    }

    /// What was filled in, in its one spelling.
    fn checked(&self, form: &RequestForm) -> Result<(Kind, Contact, String, String), Refused> {
        let mut faults = Vec::new();
        let kind = Kind::parse(&form.kind);
        if kind.is_none() {
            let name = if form.kind.is_empty() { "kind_missing" } else { "kind_unknown" };
            faults.push(("kind", self.word(name)));
        }
        let mut fault = |field: &'static str, of: &Field, fault: FieldFault| {
            let said = match fault {
                FieldFault::Required if field == "message" => self.word("message_needed"),
                fault => self.site.file.request_fault(&self.language, field, of, fault),
            };
            faults.push((field, said));
        };
        let email = field("email", FieldKind::Email, true);
        let address = email.as_ref().and_then(|of| match of.accept(&form.email) {
            Ok(value) => Contact::email(&value).map(|contact| (contact, value)),
            Err(found) => {
                fault("email", of, found);
                None
            }
        });
        let needed = kind == Some(Kind::Correct);
        let message = field("message", FieldKind::LongText, needed);
        let message = message.as_ref().and_then(|of| match of.accept(&form.message) {
            Ok(value) => Some(value),
            Err(found) => {
                fault("message", of, found);
                None
            }
        });
        match (kind, address, message) {
            (Some(kind), Some((contact, email)), Some(message)) => {
                Ok((kind, contact, email, message))
            }
            _ => Err(Refused { status: StatusCode::UNPROCESSABLE_ENTITY, faults, wait: None }),
        }
    }

    /// What a link confirms, where it still does; else the page that says why not.
    async fn standing(&self, token: &str) -> Result<Result<Asking, Response>, Problem> {
        let read = self.app.keys.read_request(Use::Confirm, &self.site.key, token);
        let Some((id, _)) = read else {
            return Ok(Err(self.page(StatusCode::NOT_FOUND, RequestPage::Invalid)));
        };
        let id = LeadId::from_bytes(id);
        let found = asked(async {
            let mut db = self.app.readers.acquire().await?;
            asking::standing(&mut db, self.site.id, id, clock::now()).await
        });
        Ok(match found.await? {
            Standing::Waiting(asking) => Ok(asking),
            Standing::Known(request) => Err(self.known(&request)),
            Standing::Gone => Err(self.page(StatusCode::GONE, RequestPage::Expired)),
        })
    }

    /// What was confirmed before.
    fn known(&self, request: &Queued) -> Response {
        let date = |at| self.site.date(at, &self.language);
        if let Some(at) = request.closed_at {
            return self.page(StatusCode::OK, RequestPage::Answered { date: &date(at) });
        }
        let (since, due) = (date(request.received_at), date(request.due_at));
        let kind = request.kind.as_str();
        self.page(StatusCode::OK, RequestPage::Received { kind, due: &due, since: Some(&since) })
    }
}

fn field(key: &str, kind: FieldKind, required: bool) -> Option<Field> {
    Some(Field { required, ..Field::new(key.parse().ok()?, kind) })
}

/// `GET /s/SITE/request/TOKEN`.
pub(super) async fn confirm_page(
    State(app): State<App>,
    At((key, token)): At<(String, String)>,
    With(given): With<Parameters>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let here = Here::new(app, &key, &given, &headers)?;
    Ok(match here.standing(&token).await? {
        Ok(asking) => here.page(StatusCode::OK, RequestPage::Confirm { kind: &asking.kind }),
        Err(told) => told,
    })
}

/// `POST /s/SITE/request/TOKEN`.
pub(super) async fn confirm(
    State(app): State<App>,
    At((key, token)): At<(String, String)>,
    With(given): With<Parameters>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    body::drain(&headers, body).await;
    let here = Here::new(app, &key, &given, &headers)?;
    let id = match here.standing(&token).await? {
        Ok(asking) => asking.id,
        Err(told) => return Ok(told),
    };
    let act = Act::Confirm(Arc::clone(&here.site), id);
    Ok(match here.app.writer.asking(act).await? {
        Done::Confirmed(request) => {
            let due = here.site.date(request.due_at, &here.language);
            let page = RequestPage::Received { kind: &request.kind, due: &due, since: None };
            here.page(StatusCode::OK, page)
        }
        Done::Known(request) => here.known(&request),
        _ => here.page(StatusCode::GONE, RequestPage::Expired),
    })
}

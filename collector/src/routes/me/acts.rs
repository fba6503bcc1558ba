//! Opening the page, and what its forms do.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use consent_core::{
    choices::Method,
    ids::{Uuid7, VisitorHash},
    time::{Millis, SECOND},
    wire::ConsentRequest,
};

use serde::Deserialize;

use super::{
    App, Asked, At, CODE_LIFETIME, Here, Problem, With, asked, body, clock, data, is_own_page,
    limit,
};
use crate::{
    intake::{check, consents::Decide, own::Code, verify},
    routes::cookies::{self, Cookies},
    session::Session,
    site::switch_name,
    store::visitors,
};

const FORM: &str = "application/x-www-form-urlencoded";
/// What a receipt says of where its decision was made, in place of a banner's version.
const BANNER: &str = "own_page";

/// What a form says: names and values.
type Form = BTreeMap<String, String>;

async fn form(headers: &HeaderMap, body: Body) -> Result<Form, Problem> {
    let text = body::text(headers, body, FORM).await?;
    Ok(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
}

/// What is signed to open the page.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opening {
    site: String,
    /// `me`, and nothing else: no other signed body opens the page.
    open: String,
    /// What tells one click from the next.
    #[serde(rename = "nonce")]
    _nonce: String,
}

/// `POST /s/SITE/me`: `signature` and `payload` are what stands before and after the line feed of a signed body, of a
/// session that acts for a visitor.
pub(in crate::routes) async fn open(
    State(app): State<App>,
    At(key): At<String>,
    With(given): With<Asked>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let here = Here::new(app, &key, given.lang.as_deref(), &headers)?;
    let form = form(&headers, body).await?;
    here.open(&headers, &form).await
}

/// `POST /s/SITE/me/ACT`: what the page's forms do. Only the page itself may send them.
pub(in crate::routes) async fn act(
    State(app): State<App>,
    At((key, act)): At<(String, String)>,
    With(given): With<Asked>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let here = Here::new(app, &key, given.lang.as_deref(), &headers)?;
    let form = form(&headers, body).await?;
    here.act(&headers, &act, &form).await
}

/// Whether the page itself sends the form: browsers say where a form comes from.
fn own_form(here: &Here, headers: &HeaderMap) -> Result<(), Problem> {
    if is_own_page(&here.app, headers) {
        return Ok(());
    }
    Err(Problem::forbidden("origin", "only the page itself may send its forms"))
}

impl Here {
    async fn open(&self, headers: &HeaderMap, form: &Form) -> Result<Response, Problem> {
        let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
        // A page without a referrer sends its forms from nowhere. Whose page it is, the signature says; that a
        // foreign page shows somebody else's records here is kept from happening as far as browsers tell.
        if origin.is_some_and(|origin| origin != "null" && !self.site.file.allows_origin(origin)) {
            return Err(Problem::forbidden(
                "origin",
                "pages of this origin may not open this page",
            ));
        }
        let part = |name: &str| form.get(name).map_or("", String::as_str);
        let text = format!("{}\n{}", part("signature"), part("payload"));
        let now = clock::now();
        let late = || Ok(self.page(StatusCode::UNAUTHORIZED, Some("me_late"), None));
        let verified = match verify::open(&self.app.keys, &text, now) {
            Ok(verified) => verified,
            Err(problem) if problem.code.ends_with("_expired") => return late(),
            Err(problem) => return Err(problem),
        };
        verified.for_site(self.site.key.as_str())?;
        let opening: Opening = body::json(verified.payload)?;
        verified.for_site(&opening.site)?;
        if opening.open != "me" {
            return Err(Problem::field("open", "invalid", "this opens nothing here"));
        }
        limit::of_site(&self.app, &self.site, Some(&verified.session_text))?;
        let Some(visitor) = verified.session.visitor else {
            return Ok(self.page(StatusCode::OK, Some("me_gone"), None));
        };
        // It lies in a form of a page, so it is good for less time than other calls.
        if now.0.saturating_sub(verified.signed_at.0).saturating_abs() > CODE_LIFETIME {
            return late();
        }
        if !self.app.writer.open(Code::of(self.site.id, &verified.signature)).await? {
            return Ok(self.page(StatusCode::GONE, Some("me_used"), None));
        }
        let mut response = self.back("me", "");
        response.headers_mut().append(header::SET_COOKIE, self.begin(visitor, now)?);
        Ok(response)
    }

    async fn act(&self, headers: &HeaderMap, act: &str, form: &Form) -> Result<Response, Problem> {
        own_form(self, headers)?;
        limit::of_site(&self.app, &self.site, None)?;
        let now = clock::now();
        let Some(visitor) = self.visitor(headers, now) else {
            return Ok(self.back("../me", "me_ended"));
        };
        match act {
            // What was seen is what is agreed to.
            "choice" if form.get("revision") != Some(&self.site.policy.revision().to_string()) => {
                Ok(self.back("../me", "me_changed"))
            }
            "choice" => self.decide(headers, visitor, Some(form), now).await,
            "withdraw" => self.decide(headers, visitor, None, now).await,
            "download" => self.download(visitor, now).await,
            "erase" if form.contains_key("sure") => self.erase(headers, visitor).await,
            "erase" => Ok(self.back("../me", "me_unsure")),
            _ => {
                let detail = "there is nothing at this address";
                Err(Problem::new(StatusCode::NOT_FOUND, "not_found", detail))
            }
        }
    }

    /// Records a decision made on the page: of its switches, or a no to everything.
    async fn decide(
        &self,
        headers: &HeaderMap,
        visitor: VisitorHash,
        form: Option<&Form>,
        now: Millis,
    ) -> Result<Response, Problem> {
        let site = &self.site;
        let found = asked(async {
            visitors::find(&mut self.app.readers.acquire().await?, site.id, &[visitor]).await
        });
        let found = found.await?;
        let Some(before) = found.get(&visitor) else {
            return Ok(self.back("../me", "me_gone"));
        };
        let is_on = |name: &str| form.is_some_and(|form| form.contains_key(name));
        let mut purposes = BTreeMap::new();
        let mut services = BTreeMap::new();
        for slot in site.policy.slots() {
            let on = is_on(&switch_name(slot.purpose, slot.service));
            *purposes.entry(slot.purpose.clone()).or_insert(false) |= on;
            if let Some(service) = slot.service {
                services.insert(service.clone(), on);
            }
        }
        let anything = purposes.values().any(|on| *on);
        // A service follows its purpose where nothing is said of it.
        services.retain(|_, on| !*on && anything);
        let request = ConsentRequest {
            id: Uuid7::new(now, &self.random()?),
            site: site.key.to_string(),
            revision: site.policy.revision(),
            language: self.language.clone(),
            page: format!("{}/s/{}/me", self.app.public_url, site.key),
            banner: BANNER.to_owned(),
            method: if anything { Method::Custom } else { Method::Withdraw },
            // Later than what it replaces, by whichever clock that was made.
            decided_at: now.max(before.times.decided.plus(1)).min(now.plus(60 * SECOND)),
            previous: before.standing.receipt(),
            purposes,
            services,
        };
        check::decision(site, &request, now)?;
        let session =
            Session { site: site.key.clone(), expires: now.plus(SECOND), visitor: Some(visitor) };
        let random: [u8; 16] = self.random()?;
        let (session_text, _) = self.app.keys.open_session(&session, &random, now);
        let decide = Decide {
            site: Arc::clone(site),
            session,
            session_text,
            request,
            device: body::device(headers),
            public_url: Arc::clone(&self.app.public_url),
            random: (self.random()?, self.random()?, self.random()?),
        };
        let jar = self.jar(headers, visitor);
        let jar = jar.and_then(|origin| Cookies::of(&decide, origin, cookies::signal(headers)));
        let decided = self.app.writer.decide(decide).await?;
        let mut response = self.back("../me", if anything { "me_saved" } else { "me_done" });
        for line in jar.map_or_else(Vec::new, |jar| jar.lines(&decided)) {
            append(&mut response, &line);
        }
        Ok(response)
    }

    /// Where the browser sends the visitor's own number along, the site's pages keep their cookies where the collector
    /// sets them, and learn at once what was decided here. By that number: another browser's choice is not touched.
    fn jar(&self, headers: &HeaderMap, visitor: VisitorHash) -> Option<&str> {
        let own = self.seen(headers) == Some(visitor);
        let mut origins = self.site.file.origins.iter().filter(|_| own);
        origins.find(|origin| self.site.jar(origin).is_some()).map(String::as_str)
    }

    async fn download(&self, visitor: VisitorHash, now: Millis) -> Result<Response, Problem> {
        let file = asked(data::file(&self.app.readers, &self.site, visitor, now)).await?;
        let Some(file) = file else { return Ok(self.back("../me", "me_gone")) };
        let mut response = axum::Json(file).into_response();
        let name = format!("attachment; filename=\"{}-records.json\"", self.site.key);
        let headers = response.headers_mut();
        if let Ok(name) = HeaderValue::try_from(name) {
            headers.insert(header::CONTENT_DISPOSITION, name);
        }
        super::private(headers);
        Ok(response)
    }

    async fn erase(&self, headers: &HeaderMap, visitor: VisitorHash) -> Result<Response, Problem> {
        let there = self.app.writer.erase(self.site.id, visitor).await?;
        let mut response = self.back("../me", if there { "me_erased" } else { "me_gone" });
        response.headers_mut().append(header::SET_COOKIE, self.set(super::SESSION, "", 0));
        let jar = self.jar(headers, visitor).and_then(|origin| self.site.jar(origin));
        if let Some(jar) = jar {
            for line in cookies::gone(&jar) {
                append(&mut response, &line);
            }
        }
        Ok(response)
    }
}

fn append(response: &mut Response, line: &str) {
    if let Ok(line) = HeaderValue::try_from(line) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
}

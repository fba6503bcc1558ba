//! A visitor's own page (`/s/SITE/me`): what is held about their browser, and what they may do about it.
//!
//! It is opened from a page of the site by a signed body of the visitor's own session, sent as a form, which is good
//! once and for two minutes; so it works where the collector sees no cookie of the site. Where it sees the
//! visitor's, that opens it too. What follows rests on a session of the page's own, in a cookie that no script reads
//! and that no other site's form carries along.

mod acts;
mod data;

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use consent_core::{
    cookie::VISITOR_COOKIE,
    ids::{VisitorHash, VisitorId, base64url},
    time::{Millis, SECOND},
};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

pub(super) use acts::{act, open};

use super::{
    App, asked, body,
    extract::{At, With, accepted_languages, is_own_page},
    limit,
};
use crate::{
    clock,
    error::{PROBLEM, Problem},
    intake::own::CODE_LIFETIME,
    keys,
    session::Session,
    site::{Held, OwnShown},
    sites::Site,
};

/// How long the page's session lasts, in milliseconds.
const LIFETIME: i64 = 15 * 60 * SECOND;
/// The cookies of the page's session, and of what it is to say next.
const SESSION: &str = "ashiato_me";
const NOTICE: &str = "ashiato_me_notice";
/// What stands in a session of the page for the key: no session of the wire rests on one of that name.
const KEY: &str = "own";
/// Events on one page.
const PIECE: u32 = 50;

/// What the page may load and do: its style sheets, the empty icon that it carries, and its own forms.
const STRICT: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";

/// What the page may say of what was just done.
const SAID: [&str; 7] =
    ["me_saved", "me_done", "me_erased", "me_unsure", "me_ended", "me_gone", "me_changed"];

/// The parameters of the page.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    lang: Option<String>,
    #[serde(default)]
    piece: u32,
}

/// The site, and in which of its languages it speaks here.
struct Here {
    app: App,
    site: Arc<Site>,
    language: String,
}

impl Here {
    fn new(app: App, key: &str, lang: Option<&str>, headers: &HeaderMap) -> Result<Self, Problem> {
        let site = app.sites.get(key).ok_or_else(|| Problem::unknown_site(key))?;
        let wanted = lang.into_iter().chain(accepted_languages(headers));
        let language = site.file.language_of(wanted).to_owned();
        Ok(Self { app, site, language })
    }

    /// The line that sets a cookie of the page, or takes it away. Of other sites' making no request carries it but
    /// one that leads here (Lax): a stricter one would not come along where a page of the site opens this one.
    fn set(&self, cookie: &str, value: &str, seconds: i64) -> HeaderValue {
        let secure = if self.has_tls() { "; Secure" } else { "" };
        let name = self.name(cookie);
        let line =
            format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
        HeaderValue::try_from(line).unwrap_or(HeaderValue::from_static(""))
    }

    fn has_tls(&self) -> bool {
        self.app.public_url.starts_with("https:")
    }

    /// The name of a cookie. Without TLS only this machine itself may keep one.
    fn name(&self, cookie: &str) -> String {
        if self.has_tls() { format!("__Host-{cookie}") } else { cookie.to_owned() }
    }

    /// A session of the page for that visitor.
    fn begin(&self, visitor: VisitorHash, now: Millis) -> Result<HeaderValue, Problem> {
        let site = self.site.key.clone();
        let session = Session { site, expires: now.plus(LIFETIME), visitor: Some(visitor) };
        let text = session.to_text(KEY, &self.random()?);
        let proof = base64url(&self.app.keys.own_page(&text));
        Ok(self.set(SESSION, &format!("{text}~{proof}"), LIFETIME / SECOND))
    }

    fn random<const N: usize>(&self) -> Result<[u8; N], Problem> {
        keys::random().map_err(|error| {
            tracing::error!(%error, "no random numbers");
            Problem::busy()
        })
    }

    /// The visitor whose session the browser holds.
    fn visitor(&self, headers: &HeaderMap, now: Millis) -> Option<VisitorHash> {
        let held = cookie(headers, &self.name(SESSION))?;
        let (text, proof) = held.split_once('~')?;
        let session = Session::parse(text)?;
        let own = base64url(&self.app.keys.own_page(text));
        let own = bool::from(own.as_bytes().ct_eq(proof.as_bytes()));
        // One that ends later was opened by a clock that has been set back since.
        let in_time = now < session.expires && session.expires <= now.plus(LIFETIME);
        session.visitor.filter(|_| own && in_time && session.site == self.site.key)
    }

    /// The visitor whose number the browser sends along.
    fn seen(&self, headers: &HeaderMap) -> Option<VisitorHash> {
        let visitor: VisitorId = cookie(headers, VISITOR_COOKIE)?.parse().ok()?;
        Some(self.app.keys.visitor_hash(&self.site.key, visitor))
    }

    /// The page.
    fn page(
        &self,
        status: StatusCode,
        said: Option<&'static str>,
        held: Option<&Held>,
    ) -> Response {
        let shown = OwnShown { language: &self.language, zone: self.site.zone(), said };
        let page = self.site.file.own_page(shown, held).into_string();
        let mut response = (status, page).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(STRICT));
        private(headers);
        response
    }

    /// Leads back to the page, which says what was done.
    fn back(&self, to: &str, said: &str) -> Response {
        let to = format!("{to}?lang={}", self.language);
        let mut response = StatusCode::SEE_OTHER.into_response();
        let headers = response.headers_mut();
        if let Ok(to) = HeaderValue::try_from(to) {
            headers.insert(header::LOCATION, to);
        }
        if !said.is_empty() {
            headers.append(header::SET_COOKIE, self.set(NOTICE, said, 60));
        }
        private(headers);
        response
    }

    /// The page that says that something went wrong, in place of a problem.
    fn told(&self, mut problem: Response) -> Response {
        let said = match problem.status() {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => "me_busy",
            _ => "me_wrong",
        };
        let mut page = self.page(problem.status(), Some(said), None);
        if let Some(wait) = problem.headers_mut().remove(header::RETRY_AFTER) {
            page.headers_mut().insert(header::RETRY_AFTER, wait);
        }
        std::mem::swap(page.extensions_mut(), problem.extensions_mut());
        page
    }
}

/// A person sees a page, whatever is wrong and wherever that is found: who calls too much, too, or what comes too late.
pub(super) async fn speak(State(app): State<App>, request: Request, next: Next) -> Response {
    let uri = request.uri();
    let key = uri.path().split('/').nth(2).unwrap_or_default();
    let mut query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let lang = query.find_map(|(name, value)| (name == "lang").then_some(value));
    let here = Here::new(app, key, lang.as_deref(), request.headers());
    let answer = next.run(request).await;
    let is_problem = answer.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM);
    match here {
        Ok(here) if is_problem => here.told(answer),
        _ => answer,
    }
}

/// Nobody keeps what is shown here, and no other site learns that it was.
fn private(headers: &mut HeaderMap) {
    const ALL: [(HeaderName, &str); 3] = [
        (header::CACHE_CONTROL, "no-store"),
        // `no-referrer` would have the page's own forms come from nowhere.
        (header::REFERRER_POLICY, "same-origin"),
        (header::VARY, "Accept-Language, Cookie"),
    ];
    for (name, value) in ALL {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split("; "));
    pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// `GET /s/SITE/me`.
pub(super) async fn page(
    State(app): State<App>,
    At(key): At<String>,
    With(given): With<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let here = Here::new(app, &key, given.lang.as_deref(), &headers)?;
    here.show(&headers, given.piece).await
}

impl Here {
    async fn show(&self, headers: &HeaderMap, piece: u32) -> Result<Response, Problem> {
        limit::of_site(&self.app, &self.site, None)?;
        let now = clock::now();
        let noted = cookie(headers, &self.name(NOTICE));
        let said = SAID.into_iter().find(|known| noted == Some(known));
        let known = self.visitor(headers, now);
        let held = match known.or_else(|| self.seen(headers)) {
            None => None,
            Some(visitor) => {
                let (readers, site) = (&self.app.readers, &self.site);
                let held = asked(data::held(readers, site, visitor, (piece, PIECE))).await?;
                Some((visitor, held))
            }
        };
        let mut response = match &held {
            None => self.page(StatusCode::OK, said, None),
            Some((_, None)) => self.page(StatusCode::OK, said.or(Some("me_gone")), None),
            Some((_, held)) => self.page(StatusCode::OK, said, held.as_ref()),
        };
        let set = response.headers_mut();
        if let (None, Some((visitor, Some(_)))) = (known, held) {
            set.append(header::SET_COOKIE, self.begin(visitor, now)?);
        }
        if noted.is_some() {
            set.append(header::SET_COOKIE, self.set(NOTICE, "", 0));
        }
        Ok(response)
    }
}

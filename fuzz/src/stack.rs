//! The collector without its listener: its router, on a real database.

use std::sync::Arc;

use ashiato::{
    client::{Asset, Client},
    clock,
    intake::writer::Writer,
    keys::Keys,
    limits::Limits,
    metrics::Metrics,
    office::{
        access::{Access, Allowed},
        desk::Desk,
    },
    proxy::{Header, Proxies},
    refusals::Pending,
    routes::{self, App, Health, Parts},
    site,
    sites::Sites,
    store::{Database, sites as rows, tokens},
    transparency,
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, Uri},
};
use consent_core::{
    ids::{Uuid7, from_base64url},
    jws,
    time::Millis,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

const SHOP: &str = include_str!("../../demo-site/shop.toml");

/// The origin of the shop's pages in its site file.
const ORIGIN: &str = "http://localhost:8081";
const TOKEN: &str = "a token";

/// A router with one visitor who has granted something, and a token that may do everything.
pub(crate) struct Stack {
    runtime: Runtime,
    router: Router,
    session: String,
    key: [u8; 32],
    visitor: String,
    _folder: tempfile::TempDir,
}

impl Stack {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("a.db").display());
        let router = runtime.block_on(router(&url));
        let (session, key) = (String::new(), [0; 32]);
        let mut stack =
            Self { runtime, router, session, key, visitor: String::new(), _folder: folder };
        let opened = json!({"site": "shop", "visitor": null}).to_string();
        let opened = stack.post("/v1/sessions", opened.into_bytes());
        stack.continued(&opened);
        let now = clock::now();
        let decision = json!({"id": Uuid7::new(now, &[7; 10]), "site": "shop", "revision": 1,
            "language": "ja", "page": format!("{ORIGIN}/"), "banner": "default",
            "method": "custom", "decided_at": now, "previous": null, "services": {},
            "purposes": {"functional": false, "analytics": true, "marketing": false,
                "lead_link": true}});
        let decision = stack.sign(&decision.to_string());
        let decided = stack.post("/v1/consents", decision.into_bytes());
        let answer = stack.continued(&decided);
        stack.visitor = answer["visitor"].as_str().unwrap().to_owned();
        stack
    }

    /// Takes the session of an answer.
    fn continued(&mut self, (status, body): &(StatusCode, String)) -> Value {
        assert!(status.is_success(), "{status} {body}");
        let answer: Value = serde_json::from_str(body).unwrap();
        answer["session"].as_str().unwrap().clone_into(&mut self.session);
        let key = from_base64url(answer["key"].as_str().unwrap()).unwrap();
        self.key = key.try_into().unwrap();
        answer
    }

    /// The session that signs.
    pub(crate) fn session(&self) -> &str {
        &self.session
    }

    /// Its key.
    pub(crate) fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// The collector's clock.
    pub(crate) fn now(&self) -> Millis {
        clock::now()
    }

    /// An input as text, with what is only known now in its places.
    pub(crate) fn filled_in(&self, input: &[u8]) -> String {
        let text = String::from_utf8_lossy(input);
        let text = text.replace("$SESSION", &self.session).replace("$VISITOR", &self.visitor);
        let now = self.now();
        text.replace("$SECONDS", &now.seconds().to_string()).replace("$NOW", &now.0.to_string())
    }

    /// A payload, signed well.
    pub(crate) fn sign(&self, payload: &str) -> String {
        jws::sign(&self.key, &self.session, clock::now(), payload)
    }

    fn send(&self, request: Request<Body>) -> (StatusCode, String) {
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let status = response.status();
            let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
            (status, String::from_utf8_lossy(&body).into_owned())
        })
    }

    /// A call as a page of the shop makes it.
    pub(crate) fn post(&self, path: &str, body: Vec<u8>) -> (StatusCode, String) {
        let request = Request::post(path).header("content-type", "text/plain");
        self.send(request.header("origin", ORIGIN).body(body.into()).unwrap())
    }

    /// `POST /api/v1/query`.
    pub(crate) fn query(&self, body: Vec<u8>) -> (StatusCode, String) {
        let request = Request::post("/api/v1/query").header("content-type", "application/json");
        let request = request.header("authorization", format!("Bearer {TOKEN}"));
        self.send(request.body(body.into()).unwrap())
    }

    /// `GET`, where an address can be that.
    pub(crate) fn get(&self, address: &[u8]) -> Option<(StatusCode, String)> {
        let uri = Uri::try_from(address).ok()?;
        let request = Request::get(uri).header("authorization", format!("Bearer {TOKEN}"));
        Some(self.send(request.body(Body::empty()).ok()?))
    }
}

async fn router(url: &str) -> Router {
    let database = Database::at(url).unwrap();
    let mut db = database.create().await.unwrap();
    let file = site::parse(SHOP).unwrap();
    transparency::found(&mut db, None, "localhost/log").await.unwrap();
    rows::apply(
        &mut db,
        &file.key,
        &file,
        &ashiato::store::audit::Actor::Job("fuzz"),
        clock::now(),
    )
    .await
    .unwrap();
    let site = rows::find(&mut db, "shop").await.unwrap().unwrap();
    let scopes = [tokens::Scope::Query, tokens::Scope::Leads];
    let hash = Sha256::digest(TOKEN);
    let new = tokens::New { scopes: &scopes, name: "fuzz", made_by: "job fuzz", expires: None };
    tokens::insert(&mut db, &hash, site.id, new, clock::now()).await.unwrap();
    let readers = database.readers().await.unwrap();
    let types = Arc::new(Asset::new("text/plain", vec![]));
    let client =
        Arc::new(Client { loader: String::new(), ui: String::new(), parts: [].into(), types });
    let public_url: Arc<str> = "http://localhost:8080".into();
    let sites = Sites::new(Arc::clone(&client), Arc::clone(&public_url));
    sites.refresh(&readers).await.unwrap();
    let keys = Arc::new(Keys::of([1; 32], [2; 32], [3; 32]));
    let metrics = Metrics::default();
    let (writer, mut tasks) = Writer::start(&database, db, &keys, &metrics);
    // They end with the router.
    tasks.detach_all();
    let (refusals, health) = (Pending::default(), Arc::new(Health::default()));
    let (desk, tls) = (Desk::new(database), false);
    let access = Access {
        sign_on: None,
        password: true,
        allowed: Allowed::default(),
        url: Arc::clone(&public_url),
        apart: false,
    };
    routes::router(App::new(Parts {
        keys,
        sites,
        writer,
        readers,
        desk,
        client,
        // As much as a fuzzer calls.
        limits: Arc::new(Limits::new(0, 0, 0)),
        proxies: Arc::new(Proxies { trusted: Vec::new(), header: Header::XForwardedFor }),
        public_url,
        metrics,
        refusals,
        health,
        tls,
        access,
        second_factor: Vec::new(),
    }))
}

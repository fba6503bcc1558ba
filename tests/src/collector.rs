//! A running collector and the calls it takes.

use std::process::Command;

use serde_json::Value;
use ureq::{
    Agent,
    http::{Request, request::Builder},
};

use crate::{
    Answer, Data, SHOP,
    http::{agent, send},
    process::{Server, program},
};

/// A collector process on some [`Data`].
#[derive(Debug)]
pub struct Collector {
    server: Server,
    agent: Agent,
}

impl Collector {
    /// Starts one.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn start(data: &Data) -> Self {
        Self::start_as(data, "http://localhost:8080")
    }

    /// Starts one that browsers are told to reach at that address.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn start_as(data: &Data, public_url: &str) -> Self {
        let mut serve = Command::new(program("ASHIATO_BIN", "ashiato"));
        serve
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(["--public-url", public_url])
            .args(["--database-url", &data.database_url()])
            .arg("--keys-file")
            .arg(data.path("keys"));
        Self { server: Server::start(&mut serve, &data.path("stderr.log")), agent: agent() }
    }

    /// What it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        self.server.log()
    }

    /// `kill -9`.
    pub fn kill(&self) {
        self.server.kill();
    }

    /// Asks it to stop.
    pub fn tell_to_stop(&self) {
        self.server.terminate();
    }

    /// Asks it to stop and waits until it has.
    ///
    /// # Panics
    /// Where it does not, or fails.
    pub fn stop(&mut self) {
        self.server.terminate();
        let status = self.server.wait();
        assert!(status.success(), "{status}: {}", self.log());
    }

    /// The address of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url())
    }

    /// A call as a page of the shop makes it.
    ///
    /// # Panics
    /// Where no answer comes.
    pub fn post(&self, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        self.try_post(path, body).expect("the collector answers")
    }

    /// The same, where the collector may be gone.
    ///
    /// # Errors
    /// Where no answer comes.
    pub fn try_post(&self, path: &str, body: impl Into<Vec<u8>>) -> Result<Answer, ureq::Error> {
        let request = self.request("POST", path);
        let request = request.header("content-type", "text/plain").header("origin", SHOP);
        self.send(request, body)
    }

    /// `GET`, as anybody may.
    ///
    /// # Panics
    /// Where no answer comes.
    pub fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path), []).expect("the collector answers")
    }

    /// The bytes of what anybody may `GET`.
    ///
    /// # Panics
    /// Where it is not answered with 200.
    #[must_use]
    pub fn bytes(&self, path: &str) -> Vec<u8> {
        let request = self.request("GET", path).body(Vec::new()).expect("an address");
        let mut answer = self.agent.run(request).expect("the collector answers");
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        answer.body_mut().read_to_vec().expect("the answer has an end")
    }

    /// `GET` with a bearer token.
    ///
    /// # Panics
    /// Where no answer comes.
    pub fn get_as(&self, token: &str, path: &str) -> Answer {
        let request = self.request("GET", path);
        let request = request.header("authorization", format!("Bearer {token}"));
        self.send(request, []).expect("the collector answers")
    }

    /// `POST /api/v1/query` with a bearer token.
    ///
    /// # Panics
    /// Where no answer comes.
    pub fn query(&self, token: &str, query: &Value) -> Answer {
        let request = self.request("POST", "/api/v1/query");
        let request = request
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json");
        self.send(request, query.to_string()).expect("the collector answers")
    }

    /// A request of any make.
    #[must_use]
    pub fn request(&self, method: &str, path: &str) -> Builder {
        Request::builder().method(method).uri(self.url(path))
    }

    /// Sends what [`Collector::request`] began.
    ///
    /// # Errors
    /// Where no answer comes.
    pub fn send(&self, request: Builder, body: impl Into<Vec<u8>>) -> Result<Answer, ureq::Error> {
        send(&self.agent, request.body(body.into())?)
    }
}

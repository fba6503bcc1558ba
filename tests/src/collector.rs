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

/// The flags of a collector for whom one address and one session may be everybody at once.
pub const UNLIMITED: [&str; 6] =
    ["--rate-per-address", "0", "--rate-per-session", "0", "--rate-per-site", "0"];

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
        Self::start_with(data, &["--public-url", public_url])
    }

    /// Starts one with these flags, at [`Data`]'s database and keys.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn start_with(data: &Data, flags: &[&str]) -> Self {
        Self::start_in(data, flags, &[])
    }

    /// Starts one with these flags and environment variables.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn start_in(data: &Data, flags: &[&str], environment: &[(&str, &str)]) -> Self {
        let serve = Command::new(program("ASHIATO_BIN", "ashiato"));
        Self::serve(serve, data, flags, environment)
    }

    /// Starts one that is told, and not killed, when it may write to files no more: see
    /// [`Collector::let_write`].
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn start_on_a_small_disk(data: &Data, flags: &[&str]) -> Self {
        // What a shell ignores, the program that takes its place ignores.
        let mut serve = Command::new("sh");
        serve
            .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
            .arg(program("ASHIATO_BIN", "ashiato"));
        Self::serve(serve, data, flags, &[])
    }

    fn serve(
        mut serve: Command,
        data: &Data,
        flags: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        serve
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(flags)
            .envs(environment.iter().copied())
            .args(["--database-url", &data.database_url()])
            .arg("--keys-file")
            .arg(data.path("keys"));
        Self { server: Server::start(&mut serve, &data.path("stderr.log")), agent: agent() }
    }

    /// The next line that it prints, after where it listens.
    pub fn next_line(&mut self) -> String {
        self.server.next_line()
    }

    /// What it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        self.server.log()
    }

    /// The memory that it holds at most until now, in KiB, where the system tells.
    #[must_use]
    pub fn peak_memory(&self) -> Option<u64> {
        self.server.peak_memory()
    }

    /// `HOST:PORT`, for connections of the test's own.
    #[must_use]
    pub fn authority(&self) -> &str {
        let url = self.server.url();
        url.split_once("://").map_or(url, |(_, authority)| authority)
    }

    /// `kill -9`.
    pub fn kill(&self) {
        self.server.kill();
    }

    /// Lets it write to files, or to none: its database and its log.
    ///
    /// # Panics
    /// Where the system does not set the limit.
    pub fn let_write(&self, may: bool) {
        self.server.let_write(may);
    }

    /// `SIGSTOP`: it does nothing any more, with all its connections open.
    pub fn freeze(&self) {
        self.server.freeze();
    }

    /// `SIGCONT`: it goes on.
    pub fn thaw(&self) {
        self.server.thaw();
    }

    /// Asks it to stop.
    pub fn tell_to_stop(&self) {
        self.server.terminate();
    }

    /// Asks it to read its certificate again.
    pub fn hang_up(&self) {
        self.server.hang_up();
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

    /// The status that answers what [`Collector::request`] began; what comes with it is no text.
    ///
    /// # Errors
    /// Where no answer comes.
    pub fn status(&self, request: Builder) -> Result<u16, ureq::Error> {
        Ok(self.agent.run(request.body(())?)?.status().as_u16())
    }

    /// Sends what [`Collector::request`] began.
    ///
    /// # Errors
    /// Where no answer comes.
    pub fn send(&self, request: Builder, body: impl Into<Vec<u8>>) -> Result<Answer, ureq::Error> {
        send(&self.agent, request.body(body.into())?)
    }
}

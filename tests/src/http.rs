//! Calls by HTTP, and what they answer.

use std::time::Duration;

use serde_json::Value;
use ureq::{
    Agent,
    http::{Request, Response},
};

/// Bytes of an answer, at most.
const MOST: u64 = 1 << 30;

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, as text.
    pub body: String,
    /// The body as it came.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// Where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| crate::process::panic_with(&format!("{error} in {self:?}")))
    }

    /// A header's value, or an empty text.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map_or("", |(_, value)| value)
    }

    /// The cookies that it sets: name and value, and the attributes in their order.
    #[must_use]
    pub fn cookies(&self) -> Vec<(&str, Vec<&str>)> {
        let set = self.headers.iter().filter(|(header, _)| header == "set-cookie");
        set.map(|(_, line)| {
            let mut parts = line.split("; ");
            (parts.next().unwrap_or_default(), parts.collect())
        })
        .collect()
    }

    /// The JSON of an answer that must have this status.
    ///
    /// # Panics
    /// Where it has another.
    #[must_use]
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        self.json()
    }

    /// The `code` of an RFC 9457 problem of this status.
    ///
    /// # Panics
    /// Where it is no problem, or another status.
    #[must_use]
    #[track_caller]
    pub fn problem(&self, status: u16) -> String {
        let json = self.expect(status);
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        assert_eq!(json["status"], status, "{self:?}");
        let detail = json["detail"].as_str().unwrap_or_default();
        assert!(!detail.is_empty(), "a problem says what to do: {self:?}");
        json["code"].as_str().expect("a problem has a code").to_owned()
    }
}

/// A client that follows no redirect, takes any status for an answer, and asks nobody but whom it
/// is told to.
#[must_use]
pub fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .timeout_global(Some(Duration::from_secs(30)))
        .build()
        .into()
}

/// Sends a request and reads the answer.
///
/// # Errors
/// Where none comes.
pub fn send(agent: &Agent, request: Request<Vec<u8>>) -> Result<Answer, ureq::Error> {
    let response = agent.run(request)?;
    read(response)
}

fn read(mut response: Response<ureq::Body>) -> Result<Answer, ureq::Error> {
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let bytes = response.body_mut().with_config().limit(MOST).read_to_vec()?;
    let body = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Answer { status: response.status().as_u16(), headers, body, bytes })
}

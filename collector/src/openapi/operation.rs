//! One call: what it takes, what it answers, and what it refuses.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::{SCHEMAS, Schemas, TOKEN};
use crate::{error::PROBLEM, store::tokens::Scope};

/// The methods of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Asks by a body, or gives.
    Post,
    /// Changes.
    Patch,
    /// Erases.
    Delete,
}

impl Method {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }
}

/// A call.
#[derive(Debug)]
pub struct Operation {
    method: Method,
    /// What it is known by, `summary`, and the rest that is told at once.
    told: Map<String, Value>,
    parameters: Vec<Value>,
    body: Option<Value>,
    answers: BTreeMap<u16, Value>,
    /// By status: codes, with what each means.
    refused: BTreeMap<u16, Vec<(&'static str, String)>>,
}

impl Operation {
    /// A call of `id` (unique, `lowerCamelCase`), which needs a token with that scope.
    #[must_use]
    pub fn new(method: Method, (tag, id): (&str, &str), summary: &str, scope: Scope) -> Self {
        let scope = scope.as_str();
        let told = [
            ("operationId", id.into()),
            ("tags", json!([tag])),
            ("summary", summary.into()),
            // OpenAPI 3.1 lets every kind of scheme list what a caller needs.
            ("security", json!([{ TOKEN: [scope] }])),
        ];
        let told =
            told.into_iter().map(|(name, value): (&str, Value)| (name.to_owned(), value)).collect();
        let mut call = Self {
            method,
            told,
            parameters: Vec::new(),
            body: None,
            answers: BTreeMap::new(),
            refused: BTreeMap::new(),
        };
        call.refuse(401, "token", "no token, one that is not known, or one that has ended");
        call.refuse(403, "site", "the token is not one of this site");
        call.refuse(403, "scope", &format!("the token has not the scope `{scope}`"));
        call.refuse(
            429,
            "rate_limited",
            "too many calls of this address: wait as `Retry-After` says",
        );
        call.refuse(
            503,
            "unavailable",
            "the database does not answer, or has no room: send the same again",
        );
        call
    }

    pub(super) const fn method(&self) -> Method {
        self.method
    }

    /// More about it.
    #[must_use]
    pub fn about(mut self, text: &str) -> Self {
        self.told.insert("description".to_owned(), text.into());
        self
    }

    fn parameter(
        mut self,
        place: &str,
        name: &str,
        required: bool,
        about: &str,
        schema: impl Into<Value>,
    ) -> Self {
        let schema: Value = schema.into();
        self.parameters.push(json!({
            "name": name, "in": place, "required": required, "description": about, "schema": schema,
        }));
        self
    }

    /// The site, which calls without a body name behind the question mark.
    #[must_use]
    pub fn of_site(self) -> Self {
        self.parameter("query", "site", true, "The site's key", super::shape::site().to_value())
            .unprocessable()
    }

    /// A part of the path.
    #[must_use]
    pub fn at(self, name: &str, about: &str, schema: impl Into<Value>) -> Self {
        self.parameter("path", name, true, about, schema)
    }

    /// A parameter that may be left out.
    #[must_use]
    pub fn may(self, name: &str, about: &str, schema: impl Into<Value>) -> Self {
        self.parameter("query", name, false, about, schema).unprocessable()
    }

    /// A header.
    #[must_use]
    pub fn header(self, name: &str, required: bool, about: &str, schema: impl Into<Value>) -> Self {
        self.parameter("header", name, required, about, schema)
    }

    /// What a JSON body holds, with examples.
    #[must_use]
    pub fn takes<T: JsonSchema>(mut self, schemas: &mut Schemas, example: &Value) -> Self {
        let schema = schemas.read::<T>();
        let media = json!({ "schema": schema, "example": example });
        self.body = Some(json!({ "required": true, "content": { "application/json": media } }));
        self.refuse(400, "malformed", "the body is not UTF-8, or not JSON");
        self.refuse(408, "timeout", "the body took too long");
        self.refuse(413, "too_large", "the body has more than 64 KiB");
        self.refuse(415, "content_type", "the body is not `application/json`");
        self.unprocessable()
    }

    fn unprocessable(mut self) -> Self {
        self.refuse(422, "content", "`errors` names each field that cannot be taken, and why");
        self
    }

    /// An answer in JSON.
    #[must_use]
    pub fn answers<T: JsonSchema>(self, schemas: &mut Schemas, status: u16, about: &str) -> Self {
        let content = json!({ "application/json": { "schema": schemas.written::<T>() } });
        self.answers_with(status, json!({ "description": about, "content": content }))
    }

    /// An answer of another make: a Response Object.
    #[must_use]
    pub fn answers_with(mut self, status: u16, response: Value) -> Self {
        self.answers.insert(status, response);
        self
    }

    /// Other media types of an answer that was described before: a map of Media Type Objects.
    #[must_use]
    pub fn answers_also(mut self, status: u16, about: &str, content: Map<String, Value>) -> Self {
        let answer = self.answers.entry(status).or_insert_with(|| json!({ "description": about }));
        for (media, schema) in content {
            answer["content"][media] = schema;
        }
        self
    }

    /// A header of an answer that was described before.
    #[must_use]
    pub fn answers_header(
        mut self,
        status: u16,
        name: &str,
        about: &str,
        schema: impl Into<Value>,
    ) -> Self {
        let schema: Value = schema.into();
        if let Some(answer) = self.answers.get_mut(&status) {
            answer["headers"][name] =
                json!({ "description": about, "required": true, "schema": schema });
        }
        self
    }

    /// A refusal by its code.
    #[must_use]
    pub fn refuses(mut self, status: u16, code: &'static str, about: &str) -> Self {
        self.refuse(status, code, about);
        self
    }

    fn refuse(&mut self, status: u16, code: &'static str, about: &str) {
        let codes = self.refused.entry(status).or_default();
        if codes.iter().all(|(known, _)| *known != code) {
            codes.push((code, about.to_owned()));
        }
    }

    /// The Operation Object.
    pub(super) fn into_value(self) -> Value {
        let mut told = self.told;
        if !self.parameters.is_empty() {
            told.insert("parameters".to_owned(), self.parameters.into());
        }
        if let Some(body) = self.body {
            told.insert("requestBody".to_owned(), body);
        }
        let refused =
            self.refused.into_iter().map(|(status, codes)| (status, refusal(status, &codes)));
        let responses: Map<String, Value> = self
            .answers
            .into_iter()
            .chain(refused)
            .map(|(status, response)| (status.to_string(), response))
            .collect();
        told.insert("responses".to_owned(), responses.into());
        told.into()
    }
}

/// The Response Object of a status: a problem with one of these codes.
fn refusal(status: u16, codes: &[(&'static str, String)]) -> Value {
    let names: Vec<_> = codes.iter().map(|(code, _)| *code).collect();
    let about: Vec<_> = codes.iter().map(|(code, about)| format!("`{code}`: {about}")).collect();
    let schema = json!({
        "allOf": [
            { "$ref": format!("#{SCHEMAS}/Problem") },
            { "type": "object", "properties": { "status": { "const": status }, "code": { "enum": names } } },
        ],
    });
    let mut response = json!({
        "description": about.join("\n\n"),
        "content": { PROBLEM: { "schema": schema } },
    });
    let header = match status {
        401 => Some(("WWW-Authenticate", json!({ "type": "string", "const": "Bearer" }))),
        429 | 503 => Some(("Retry-After", json!({ "type": "integer", "minimum": 1 }))),
        _ => None,
    };
    if let Some((name, schema)) = header {
        response["headers"] = json!({ name: { "required": true, "schema": schema } });
    }
    response
}

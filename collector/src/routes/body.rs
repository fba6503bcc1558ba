//! Reading what a caller sent, step by step, each with its own refusal.

use std::error::Error;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use consent_core::wire::MAX_BODY;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::{Deserialize, de::IgnoredAny};

use super::slow::TooSlow;
use crate::{
    bots,
    device::Device,
    error::{FieldError, Problem},
    sites::Site,
};

/// Bytes of a body that are read to be dropped, at most. Who declares more is answered at once.
const DRAINED: usize = 16 * MAX_BODY;

/// The body as text: of the right type, small enough, and UTF-8.
pub(super) async fn text(headers: &HeaderMap, body: Body, media: &str) -> Result<String, Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = given.map(|given| given.split(';').next().unwrap_or("").trim());
    if !essence.is_some_and(|essence| essence.eq_ignore_ascii_case(media)) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "content_type",
            format!("send Content-Type: {media}"),
        ));
    }
    let bytes = whole(headers, body).await?;
    String::from_utf8(bytes).map_err(|_| Problem::malformed("the body is not UTF-8"))
}

/// The whole body, if it is small enough.
pub(super) async fn whole(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Problem> {
    let too_large = || {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            format!("a body has {MAX_BODY} bytes at most"),
        )
    };
    if declared(headers).is_some_and(|length| length > MAX_BODY) {
        drain(headers, body).await;
        return Err(too_large());
    }
    let failed = |error: Box<dyn Error + Send + Sync>| {
        let mut causes =
            std::iter::successors(Some(&*error as &dyn Error), |&cause| cause.source());
        if let Some(slow) = causes.find_map(|cause| cause.downcast_ref::<TooSlow>()) {
            return Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", slow.to_string());
        }
        if error.is::<LengthLimitError>() {
            return too_large();
        }
        Problem::malformed("the body ended before it was whole")
    };
    // Copied: a piece as it comes, though it be a byte, holds the 8 KiB that it was read into.
    let (mut body, mut bytes) = (Limited::new(body, MAX_BODY), Vec::new());
    while let Some(frame) = body.frame().await {
        if let Ok(piece) = frame.map_err(failed)?.into_data() {
            bytes.extend_from_slice(&piece);
        }
    }
    Ok(bytes)
}

/// The bytes that a body is said to have.
fn declared(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Reads a body and keeps nothing of it, where it is not too long for that. A connection that is closed over what
/// was not read yet may take the answer with it, so that its caller never hears why, or the next call.
pub(super) async fn drain(headers: &HeaderMap, mut body: Body) {
    if declared(headers).is_some_and(|length| length <= DRAINED) {
        while let Some(Ok(_)) = body.frame().await {}
    }
}

/// JSON of a known shape: 400 where it is not JSON, 422 with the field where it is JSON of another
/// shape.
pub(super) fn json<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Problem> {
    // Keeping account of the field costs as much as reading does: only where somebody has to be told.
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    let mut from = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut from).map_err(|error| {
        let field = error.path().to_string();
        let error = error.into_inner();
        let other_shape = error.is_data() && serde_json::from_str::<IgnoredAny>(text).is_ok();
        if !other_shape {
            return not_json(&error);
        }
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or("").to_owned();
        let field = if field == "." { String::new() } else { field };
        Problem::content(vec![FieldError { field, code: "invalid", message }])
    })?;
    from.end().map_err(|error| not_json(&error))?;
    Ok(value)
}

fn not_json(error: &serde_json::Error) -> Problem {
    Problem::malformed(format!("the body is not JSON: {error}"))
}

/// Checks that a page of that site is calling; answers its origin.
pub(super) fn own_origin<'a>(site: &Site, headers: &'a HeaderMap) -> Result<&'a str, Problem> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let origin = origins.next().and_then(|origin| origin.to_str().ok());
    match (origin, origins.next()) {
        (Some(origin), None) if site.file.allows_origin(origin) => Ok(origin),
        (Some(_), _) => Err(Problem::forbidden(
            "origin",
            "pages of this origin may not call for this site; its site file lists `origins`",
        )),
        (None, _) => Err(Problem::forbidden("origin", "the call has no Origin header")),
    }
}

/// What kind of device calls.
pub(super) fn device(headers: &HeaderMap) -> Device {
    let said = |name: &str| headers.get(name).map(HeaderValue::as_bytes);
    Device::of(said("sec-ch-ua-mobile"), said("user-agent"))
}

/// Whether the caller says of itself that it is a bot.
pub(super) fn is_bot(headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    agent.is_some_and(bots::is_known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Shape {
        site: String,
        purposes: std::collections::BTreeMap<String, bool>,
    }

    #[test]
    fn what_is_not_json_is_malformed_and_what_is_other_json_names_its_field() {
        let good: Shape = json(r#"{"site":"a","purposes":{"b":true}}"#).unwrap();
        assert_eq!(good.site, "a");
        for text in ["", "{", "{}x", r#"{"site":"a","purposes":{}} 1"#, &"[".repeat(100_000)] {
            let problem = json::<Shape>(text).unwrap_err();
            assert_eq!((problem.status.as_u16(), problem.code), (400, "malformed"), "{text:.40}");
        }
        let field = |text: &str| json::<Shape>(text).unwrap_err().errors[0].field.clone();
        assert_eq!(field(r#"{"site":1,"purposes":{}}"#), "site");
        assert_eq!(field(r#"{"site":"a","purposes":{"b":"yes"}}"#), "purposes.b");
        assert_eq!(field(r#"{"site":"a","purposes":{},"more":1}"#), "more");
    }

    #[tokio::test]
    async fn a_body_is_of_its_type_bounded_and_utf_8() {
        let headers = |media: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, media.parse().unwrap());
            headers
        };
        let read = async |media: &str, body: Vec<u8>| {
            text(&headers(media), Body::from(body), "text/plain")
                .await
                .map_err(|problem| problem.code)
        };
        assert_eq!(read("text/plain;charset=UTF-8", b"a".to_vec()).await, Ok("a".to_owned()));
        assert_eq!(read("application/json", b"a".to_vec()).await, Err("content_type"));
        assert_eq!(read("text/plain", vec![b'a'; MAX_BODY + 1]).await, Err("too_large"));
        assert_eq!(read("text/plain", vec![0xff]).await, Err("malformed"));
    }
}

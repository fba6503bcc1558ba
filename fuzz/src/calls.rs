//! What is called over HTTP, by its router: every answer is one of the wire's, and what is sent twice counts once.

use axum::http::StatusCode;
use consent_core::{
    ids::base64url,
    jws::{self, Signed},
    time::Millis,
    wire::{ConsentAnswer, EventsAnswer, LeadAnswer, SessionAnswer},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Target, stack::Stack};

/// What visitors' calls answer to what they cannot take, or can.
const ANSWERS: [u16; 9] = [200, 201, 400, 401, 403, 404, 413, 415, 422];
/// Seconds that a signature may be off, as the wire says.
const TOLERANCE: i64 = 300;

type Answer = (StatusCode, String);

/// The answer is one of the table's, no longer than what it answers can account for; what it says where it is a yes.
fn yes<T: DeserializeOwned>(sent: usize, (status, body): &Answer) -> Option<T> {
    assert!(ANSWERS.contains(&status.as_u16()), "{status} {body}");
    assert!(body.len() <= 4_096 + 8 * sent, "{sent} bytes are answered by {}", body.len());
    if status.is_success() {
        return Some(serde_json::from_str(body).expect(body));
    }
    let problem: Value = serde_json::from_str(body).expect(body);
    assert_eq!(problem["status"], status.as_u16(), "{body}");
    assert!(problem["code"].is_string() && problem["detail"].is_string(), "{body}");
    None
}

/// Whether it is a yes, of any shape.
fn is_yes(sent: usize, answer: &Answer) -> bool {
    yes::<Value>(sent, answer).is_some()
}

/// Nothing is taken that is not signed, whatever it is.
pub(crate) fn bodies() -> Target {
    let stack = Stack::start();
    Box::new(move |input| {
        for path in ["/v1/consents", "/v1/events", "/v1/leads"] {
            let answer = stack.post(path, input.to_vec());
            assert!(!is_yes(input.len(), &answer), "{path}: {answer:?}");
        }
    })
}

/// A session that is opened is of the site that was asked for, and signs.
pub(crate) fn sessions() -> Target {
    let stack = Stack::start();
    Box::new(move |input| {
        let body = stack.filled_in(input);
        let answer = stack.post("/v1/sessions", body.clone().into_bytes());
        if let Some(opened) = yes::<SessionAnswer>(body.len(), &answer) {
            assert!(opened.session.contains(".shop."), "{answer:?}");
            assert!(opened.expires > opened.now, "{answer:?}");
        }
    })
}

/// A body, signed well and sent twice.
fn twice(stack: &Stack, path: &str, input: &[u8]) -> (usize, [Answer; 2]) {
    let body = stack.sign(&stack.filled_in(input));
    let post = || stack.post(path, body.clone().into_bytes());
    (body.len(), [post(), post()])
}

/// A decision sent again is the same decision.
pub(crate) fn consents() -> Target {
    let stack = Stack::start();
    Box::new(move |input| {
        let (sent, [first, again]) = twice(&stack, "/v1/consents", input);
        if let Some(taken) = yes::<ConsentAnswer>(sent, &first) {
            let known = yes::<ConsentAnswer>(sent, &again).expect(&again.1);
            assert_eq!(known.receipt_id, taken.receipt_id);
            assert_eq!(known.visitor, taken.visitor);
            assert_eq!(known.receipt, taken.receipt);
        } else {
            assert_eq!(first, again);
        }
    })
}

/// Every event of a batch is stored, a duplicate or refused; sent again none is stored.
pub(crate) fn events() -> Target {
    let stack = Stack::start();
    Box::new(move |input| {
        let (sent, [first, again]) = twice(&stack, "/v1/events", input);
        let Some(taken) = yes::<EventsAnswer>(sent, &first) else {
            assert_eq!(first, again);
            return;
        };
        let again = yes::<EventsAnswer>(sent, &again).expect(&again.1);
        let request: Value = serde_json::from_str(&stack.filled_in(input)).unwrap();
        let events = request["events"].as_array().unwrap().len();
        let whole = taken.stored + taken.duplicate + taken.refused.len();
        assert_eq!(whole, events, "each is told of once: {taken:?}");
        assert_eq!((again.stored, again.duplicate), (0, taken.stored + taken.duplicate));
        assert_eq!(again.refused, taken.refused);
        assert!(taken.refused.iter().all(|refused| refused.index < events), "{taken:?}");
    })
}

/// A form sent again is the same lead.
pub(crate) fn leads() -> Target {
    let stack = Stack::start();
    Box::new(move |input| {
        let (sent, [first, again]) = twice(&stack, "/v1/leads", input);
        if let Some(taken) = yes::<LeadAnswer>(sent, &first) {
            assert_eq!(yes::<LeadAnswer>(sent, &again).expect(&again.1).lead, taken.lead);
        } else {
            assert_eq!(first, again);
        }
    })
}

/// A header that is not exactly what the wire asks for opens nothing, though it be signed by the session's own key;
/// and no header opens what was signed under another.
pub(crate) fn headers() -> Target {
    let stack = Stack::start();
    let payload = stack.filled_in(br#"{"site":"shop","visitor":"$VISITOR","events":[]}"#);
    let taken = move |stack: &Stack, body: String| {
        is_yes(body.len(), &stack.post("/v1/events", body.into_bytes()))
    };
    let good = stack.sign(&payload);
    let (protected, signature) = good.lines().next().unwrap().split_once("..").unwrap();
    let (protected, signature) = (protected.to_owned(), signature.to_owned());
    Box::new(move |input| {
        let header = stack.filled_in(input);
        let encoded = base64url(header.as_bytes());
        let tag = jws::mac(stack.key(), &[encoded.as_bytes(), b".", payload.as_bytes()]);
        let signed = format!("{encoded}..{}\n{payload}", base64url(&tag));
        if let Ok(parsed) = Signed::parse(&signed) {
            let at = Millis(parsed.iat.saturating_mul(1_000));
            let printed = jws::sign(stack.key(), &parsed.session, at, &payload);
            let again = Signed::parse(&printed).unwrap();
            assert_eq!(again.session, parsed.session);
            assert!(again.iat == parsed.iat || at.seconds() != parsed.iat, "{header}");
            assert_eq!(again.verify(stack.key()), Some(payload.as_str()));
        }
        if taken(&stack, signed) {
            let header: Value = serde_json::from_str(&header).unwrap();
            let off = header["iat"].as_i64().unwrap() - stack.now().seconds();
            assert!(off.abs() <= TOLERANCE, "{header}");
            let mut wanted = serde_json::json!({"alg": "HS256", "b64": false, "crit": ["b64"]});
            wanted["kid"] = stack.session().into();
            wanted["iat"] = header["iat"].clone();
            assert_eq!(header, wanted);
        }
        let forged = format!("{encoded}..{signature}\n{payload}");
        assert!(encoded == protected || !taken(&stack, forged), "every byte of it is signed");
        assert!(!taken(&stack, format!("{header}\n{payload}")), "{header}");
    })
}

/// An answer has no more rows than were asked for, each with all its columns.
pub(crate) fn queries() -> Target {
    let stack = Stack::start();
    Box::new(move |input| {
        let answer = stack.query(input.to_vec());
        assert!(answer.0 != StatusCode::INTERNAL_SERVER_ERROR, "{answer:?}");
        if let Some(found) = yes::<Value>(input.len().max(1_000), &answer) {
            let asked: Value = serde_json::from_slice(input).unwrap();
            let count = |value: &Value| value.as_array().map_or(0, Vec::len);
            let rows = found["results"].as_array().unwrap();
            assert!(rows.len() as u64 <= asked["limit"].as_u64().unwrap_or(100), "{answer:?}");
            for row in rows {
                assert_eq!(count(&row["metrics"]), count(&asked["metrics"]));
                assert_eq!(count(&row["dimensions"]), count(&asked["dimensions"]));
            }
        }
    })
}

/// Whatever is asked for by `GET` is no fault of the collector's.
pub(crate) fn addresses() -> Target {
    let stack = Stack::start();
    Box::new(move |input| {
        if let Some((status, body)) = stack.get(input) {
            assert!(status.as_u16() < 500, "{status} {body}");
        }
    })
}

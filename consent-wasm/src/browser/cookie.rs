//! Cookies, and the one entry of local storage.

use alloc::{borrow::ToOwned, string::String};

use consent_core::{
    cookie::{CONSENT_COOKIE, ConsentCookie, VISITOR_COOKIE},
    ids::VisitorId,
};
use wasm_bindgen::JsCast;
use web_sys::{HtmlDocument, window};

use crate::settings::Settings;

/// What the collector has to be told of a withdrawal, kept from the click until its answer. It is
/// the only thing that is ever stored outside the two cookies.
const PENDING: &str = "ashiato_pending";

fn document() -> Option<HtmlDocument> {
    window()?.document()?.dyn_into().ok()
}

/// Every cookie that can be read, as `name=value; …`.
fn all() -> String {
    document().and_then(|document| document.cookie().ok()).unwrap_or_default()
}

fn read(name: &str) -> Option<String> {
    let all = all();
    let mut pairs = all.split("; ").filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(own, _)| *own == name)?;
    Some(value.to_owned())
}

/// The decision that the browser holds.
pub(super) fn decision() -> Option<ConsentCookie> {
    read(CONSENT_COOKIE)?.parse().ok()
}

/// The visitor's number that the browser holds.
pub(super) fn visitor() -> Option<VisitorId> {
    read(VISITOR_COOKIE)?.parse().ok()
}

fn write(name: &str, value: &str, days: u32, domain: &str) {
    let Some(document) = document() else {
        return;
    };
    let mut text = [name, "=", value, "; path=/; samesite=lax; max-age="].concat();
    consent_core::json::push_digits(&mut text, u64::from(days) * 86_400, 10);
    if !domain.is_empty() {
        text.push_str("; domain=");
        text.push_str(domain);
    }
    let location = document.location();
    if location.is_some_and(|location| location.protocol().is_ok_and(|scheme| scheme == "https:")) {
        text.push_str("; secure");
    }
    // Where cookies are refused nothing is kept, and so nothing is granted.
    let _ = document.set_cookie(&text);
}

/// Keeps the decision; whether the browser let it.
pub(super) fn keep(value: &str, settings: &Settings) -> bool {
    write(CONSENT_COOKIE, value, settings.consent_days, "");
    read(CONSENT_COOKIE).is_some_and(|kept| kept == value)
}

/// Holds the visitor's number.
pub(super) fn hold(visitor: &str, settings: &Settings) {
    write(VISITOR_COOKIE, visitor, settings.visitor_days, "");
}

/// Deletes the decision.
pub(super) fn undecide() {
    write(CONSENT_COOKIE, "", 0, "");
}

/// Deletes cookies by name, or by a pattern with `*`, on the host and every domain above it: a
/// script may have set them on any.
pub(super) fn erase(visitor: bool, patterns: &[String]) {
    if visitor {
        write(VISITOR_COOKIE, "", 0, "");
    }
    if patterns.is_empty() {
        return;
    }
    let host = window().and_then(|window| window.location().hostname().ok());
    let host = host.unwrap_or_default();
    for name in all().split("; ").filter_map(|pair| pair.split('=').next()) {
        if patterns.iter().any(|pattern| matches(pattern, name)) {
            write(name, "", 0, "");
            let mut domain = host.as_str();
            while !domain.is_empty() {
                write(name, "", 0, domain);
                domain = domain.split_once('.').map_or("", |(_, above)| above);
            }
        }
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => {
            name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        }
        None => pattern == name,
    }
}

/// Leaves what has to be told of a withdrawal, or removes it.
pub(super) fn leave(text: Option<&str>) {
    let storage = window().and_then(|window| window.local_storage().ok().flatten());
    if let Some(storage) = storage {
        // Where storage is refused the next page cannot tell; this one still tries.
        let _ = match text {
            Some(text) => storage.set_item(PENDING, text),
            None => storage.remove_item(PENDING),
        };
    }
}

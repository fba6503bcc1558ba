//! The part that checks lead forms: what its script calls of it, and what it borrows of the script (`form.js`).
//!
//! Nothing is decided here: a value is judged by the rules that the collector judges it by.

use consent_core::{form::Field, ids::FieldKey};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Says what is wrong with the value.
    fn found(code: &str);
}

/// Holds a value against a field's rule ([`Field::rule`]), which comes before it and ends with a NUL, and says what is
/// wrong with it, if anything is. A rule that cannot be read holds nothing back.
#[wasm_bindgen]
pub fn judge(rule_and_value: &str) {
    let Some((rule, value)) = rule_and_value.split_once('\0') else { return };
    // Of which field it is, the script knows.
    let key = "value".parse::<FieldKey>().ok();
    let field = key.and_then(|key| Field::of_rule(key, rule));
    if let Some(Err(fault)) = field.map(|field| field.accept(value)) {
        found(fault.as_str());
    }
}

//! What a page says of its own event: plain values within the limits, as JSON.

use alloc::{string::String, vec::Vec};

use consent_core::{
    event::{MAX_PROPERTIES, MAX_PROPERTY_NAME, MAX_VALUE},
    json::Json,
};

/// The value of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plain {
    /// Yes or no.
    Flag(bool),
    /// A number as JSON writes it: the browser's own digits, for those of Rust are 20 kB of code.
    Number(String),
    /// A text.
    Text(String),
}

/// Properties as a JSON object; nothing where there are none.
///
/// # Errors
/// Why the event cannot be taken: the collector would refuse it too, but tell nobody who can mend it.
pub fn written(properties: &[(String, Plain)]) -> Result<Option<String>, &'static str> {
    if properties.len() > MAX_PROPERTIES {
        return Err("an event has 32 properties at most");
    }
    for (name, value) in properties {
        if name.len() > MAX_PROPERTY_NAME {
            return Err("a property's name has 64 bytes at most");
        }
        if matches!(value, Plain::Text(text) if text.len() > MAX_VALUE) {
            return Err("a property's text has 1024 bytes at most");
        }
    }
    if properties.is_empty() {
        return Ok(None);
    }
    Ok(Some(Json::object(|json| {
        for (name, value) in properties {
            match value {
                Plain::Flag(yes) => json.flag(name, *yes),
                Plain::Number(digits) => json.raw(name, digits),
                Plain::Text(text) => json.text(name, text),
            }
        }
    })))
}

/// What a page knows about its user, for the next form that is sent: texts by the names of fields.
#[must_use]
pub fn fields(properties: Vec<(String, Plain)>) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    for (name, value) in properties {
        if let Plain::Text(text) = value {
            fields.push((name, text));
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn text(bytes: usize) -> Plain {
        Plain::Text("x".repeat(bytes))
    }

    #[test]
    fn plain_values_are_written_as_they_are() {
        let properties = [
            ("yes".to_owned(), Plain::Flag(true)),
            ("n".to_owned(), Plain::Number("1e+21".to_owned())),
            ("plan".to_owned(), Plain::Text("p\"ro".to_owned())),
        ];
        let json = written(&properties).unwrap().unwrap();
        let read: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read, json!({"yes": true, "n": 1e21, "plan": "p\"ro"}));
        assert_eq!(written(&[]), Ok(None));
    }

    #[test]
    fn limits_are_those_of_the_collector() {
        let many = |count| {
            let named = (0..count).map(|at: usize| (at.to_string(), Plain::Flag(true)));
            written(&named.collect::<Vec<_>>()).is_ok()
        };
        assert!(many(MAX_PROPERTIES) && !many(MAX_PROPERTIES + 1));
        let long = |name: usize, value: usize| written(&[("n".repeat(name), text(value))]).is_ok();
        assert!(long(MAX_PROPERTY_NAME, MAX_VALUE));
        assert!(!long(MAX_PROPERTY_NAME + 1, 0) && !long(1, MAX_VALUE + 1));
    }

    #[test]
    fn only_texts_stand_for_fields() {
        let known = [("email".to_owned(), text(2)), ("age".to_owned(), Plain::Flag(true))];
        assert_eq!(fields(known.to_vec()), [("email".to_owned(), "xx".to_owned())]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_what_was_given(name in "\\PC{0,16}", value in any::<String>()) {
            let json = written(&[(name.clone(), Plain::Text(value.clone()))]).unwrap().unwrap();
            let read: Value = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(read[&name].as_str(), Some(value.as_str()));
        }
    }
}

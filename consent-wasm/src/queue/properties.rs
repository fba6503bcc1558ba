//! What an event says beside its page: plain values within the limits, as JSON.

use alloc::string::String;

use consent_core::{
    event::{MAX_PROPERTIES, MAX_PROPERTY_NAME, MAX_VALUE},
    json::Json,
};

/// The properties of one event, in the making.
#[derive(Debug, Default)]
pub struct Properties {
    json: Json,
    count: usize,
    fault: Option<&'static str>,
}

impl Properties {
    /// Adds one of the page's own, by the name of its type in a browser and its value as text.
    pub fn add(&mut self, name: &str, kind: &str, value: &str) {
        if name.len() > MAX_PROPERTY_NAME {
            self.fault = Some("a property's name has 64 bytes at most");
        }
        match kind {
            "string" => {
                if value.len() > MAX_VALUE {
                    self.fault = Some("a property's text has 1024 bytes at most");
                }
                self.text(name, value);
            }
            // The browser's own digits, for those of Rust are 20 kB of code; what is no number ends
            // in a letter.
            "boolean" | "number" if kind == "boolean" || !ends_in_a_letter(value) => {
                self.count += 1;
                self.json.raw(name, value);
            }
            _ => self.fault = Some("a property is a text, a number or a boolean"),
        }
    }

    /// Adds a text that keeps the limits.
    pub fn text(&mut self, name: &str, value: &str) {
        self.count += 1;
        self.json.text(name, value);
    }

    /// Adds a whole number.
    pub fn number(&mut self, name: &str, value: i64) {
        self.count += 1;
        self.json.number(name, value);
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Properties as a JSON object; empty where there are none.
    ///
    /// # Errors
    /// Why the event cannot be taken: the collector would refuse it too, but tell nobody who can mend it.
    pub fn written(self) -> Result<String, &'static str> {
        if self.count > MAX_PROPERTIES {
            return Err("an event has 32 properties at most");
        }
        match self.fault {
            Some(fault) => Err(fault),
            None if self.count == 0 => Ok(String::new()),
            None => Ok(self.json.enclosed()),
        }
    }
}

fn ends_in_a_letter(value: &str) -> bool {
    value.bytes().last().is_some_and(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn written(given: &[(&str, &str, &str)]) -> Result<String, &'static str> {
        let mut properties = Properties::default();
        for (name, kind, value) in given {
            properties.add(name, kind, value);
        }
        properties.written()
    }

    #[test]
    fn plain_values_are_written_as_they_are() {
        let given = [
            ("yes", "boolean", "true"),
            ("n", "number", "1e+21"),
            ("m", "number", "-0.5"),
            ("plan", "string", "p\"ro"),
        ];
        let json = written(&given).unwrap();
        let read: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read, json!({"yes": true, "n": 1e21, "m": -0.5, "plan": "p\"ro"}));
        assert_eq!(written(&[]), Ok(String::new()));
    }

    #[test]
    fn what_is_no_plain_value_is_a_fault_wherever_it_stands() {
        let kinds = ["object", "function", "symbol", "undefined", "bigint"];
        for (kind, value) in kinds
            .map(|kind| (kind, "1"))
            .into_iter()
            .chain(["NaN", "Infinity", "-Infinity"].map(|value| ("number", value)))
        {
            let given = [("good", "number", "1"), ("bad", kind, value), ("last", "string", "y")];
            assert!(written(&given).is_err(), "{kind} {value}");
        }
    }

    #[test]
    fn limits_are_those_of_the_collector() {
        let many = |count| {
            let names: Vec<_> = (0..count).map(|at: usize| at.to_string()).collect();
            let given = names.iter().map(|name| (name.as_str(), "boolean", "true"));
            written(&given.collect::<Vec<_>>()).is_ok()
        };
        assert!(many(MAX_PROPERTIES) && !many(MAX_PROPERTIES + 1));
        let long = |name: usize, value: usize| {
            written(&[(&"n".repeat(name), "string", &"x".repeat(value))]).is_ok()
        };
        assert!(long(MAX_PROPERTY_NAME, MAX_VALUE));
        assert!(!long(MAX_PROPERTY_NAME + 1, 0) && !long(1, MAX_VALUE + 1));
    }

    proptest! {
        #[test]
        fn what_is_written_is_what_was_given(name in "\\PC{0,16}", value in any::<String>()) {
            let json = written(&[(&name, "string", &value)]).unwrap();
            let read: Value = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(read[&name].as_str(), Some(value.as_str()));
        }
    }
}

//! A writer of JSON without the machinery of a serialiser: in a browser module `serde_json` costs
//! more bytes than everything else together, and only the collector ever needs to read.

use alloc::string::String;

/// JSON under construction. Objects and arrays are closed by dropping out of their call.
#[derive(Debug, Default)]
pub struct Json {
    text: String,
}

impl Json {
    /// One object as text; `fill` writes its members.
    pub fn object(fill: impl FnOnce(&mut Self)) -> String {
        let mut json = Self::default();
        json.braced(fill);
        json.text
    }

    /// The members that were written without an object around them, as one.
    #[must_use]
    pub fn enclosed(&self) -> String {
        Self::object(|json| json.text.push_str(&self.text))
    }

    /// A member whose value is a text.
    pub fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        self.quoted(value);
    }

    /// A member whose value is a text or null.
    pub fn maybe(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.text(name, value),
            None => self.raw(name, "null"),
        }
    }

    /// A member whose value is a whole number.
    pub fn number(&mut self, name: &str, value: i64) {
        self.name(name);
        self.digits(value);
    }

    /// A member whose value is true or false.
    pub fn flag(&mut self, name: &str, value: bool) {
        self.raw(name, if value { "true" } else { "false" });
    }

    /// A member whose value is JSON already.
    pub fn raw(&mut self, name: &str, json: &str) {
        self.name(name);
        self.text.push_str(json);
    }

    /// A member whose value is an object.
    pub fn nested(&mut self, name: &str, fill: impl FnOnce(&mut Self)) {
        self.name(name);
        self.braced(fill);
    }

    /// A member whose value is an array of values that are JSON already.
    pub fn list<T: AsRef<str>>(&mut self, name: &str, values: impl IntoIterator<Item = T>) {
        self.name(name);
        self.text.push('[');
        for value in values {
            self.comma();
            self.text.push_str(value.as_ref());
        }
        self.text.push(']');
    }

    fn braced(&mut self, fill: impl FnOnce(&mut Self)) {
        self.text.push('{');
        fill(self);
        self.text.push('}');
    }

    fn comma(&mut self) {
        if !matches!(self.text.as_bytes().last(), None | Some(b'{' | b'[')) {
            self.text.push(',');
        }
    }

    fn name(&mut self, name: &str) {
        self.comma();
        self.quoted(name);
        self.text.push(':');
    }

    fn quoted(&mut self, value: &str) {
        self.text.push('"');
        let mut rest = 0;
        // Every mark is one byte, so that what stands before and after it is text. None of this panics, for the
        // words of that are bytes too.
        for (at, byte) in value.bytes().enumerate() {
            if matches!(byte, b'"' | b'\\' | 0..b' ') {
                self.text.push_str(value.get(rest..at).unwrap_or_default());
                self.text.push('\\');
                rest = at;
            }
            if byte < b' ' {
                self.text.push_str("u00");
                push_digits(&mut self.text, u64::from(byte >> 4), 16);
                push_digits(&mut self.text, u64::from(byte & 15), 16);
                rest = at + 1;
            }
        }
        self.text.push_str(value.get(rest..).unwrap_or_default());
        self.text.push('"');
    }

    fn digits(&mut self, value: i64) {
        if value < 0 {
            self.text.push('-');
        }
        push_digits(&mut self.text, value.unsigned_abs(), 10);
    }
}

/// Appends `value` in `radix` (2 to 36), lower case.
pub fn push_digits(text: &mut String, value: u64, radix: u8) {
    let radix = u64::from(radix.max(2));
    if value >= radix {
        push_digits(text, value / radix, u8::try_from(radix).unwrap_or(36));
    }
    let digit = u8::try_from(value % radix).unwrap_or(0);
    text.push(ascii(if digit < 10 { b'0' + digit } else { b'a' - 10 + digit }));
}

/// A character of ASCII. A compiler sees that it has seven bits, and leaves out how longer ones are encoded.
#[must_use]
pub const fn ascii(byte: u8) -> char {
    (byte & 0x7f) as char
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn commas_stand_between_members_only() {
        let json = Json::object(|json| {
            json.nested("a", |_| {});
            json.list("b", [""; 0]);
            json.list("c", ["1", "{}"]);
            json.maybe("d", None);
            json.flag("e", true);
        });
        assert_eq!(json, r#"{"a":{},"b":[],"c":[1,{}],"d":null,"e":true}"#);
    }

    #[test]
    fn members_written_one_by_one_make_an_object() {
        let mut json = Json::default();
        json.flag("a", true);
        json.number("b", -1);
        assert_eq!(json.enclosed(), r#"{"a":true,"b":-1}"#);
        assert_eq!(Json::default().enclosed(), "{}");
    }

    proptest! {
        #[test]
        fn a_reader_finds_what_was_written(name in any::<String>(), text in any::<String>(), number: i64) {
            let json = Json::object(|json| {
                json.text(&name, &text);
                json.nested("n\n", |json| json.number("number", number));
            });
            let read: serde_json::Value = serde_json::from_str(&json).unwrap();
            if name != "n\n" {
                prop_assert_eq!(&read[&name], &serde_json::Value::String(text));
            }
            prop_assert_eq!(&read["n\n"]["number"], &serde_json::Value::from(number));
        }

        #[test]
        fn digits_are_those_of_the_radix(value: u64, radix in 2_u8..=36) {
            let mut text = String::new();
            push_digits(&mut text, value, radix);
            prop_assert_eq!(u64::from_str_radix(&text, u32::from(radix)), Ok(value));
        }
    }
}

//! Whole numbers as JSON Schema has them: `1.0` and `1e3` are whole too (JSON Schema 2020-12 validation, section 6.1.1).

use serde::{Deserialize as _, Deserializer, de::Error as _};
use serde_json::Number;

/// The largest number up to which every whole one has a `f64` of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

fn whole(number: &Number) -> Option<i64> {
    let written = number.as_f64().filter(|it| it.fract() == 0.0 && it.abs() <= EXACT);
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and far below 2^63")]
    number.as_i64().or_else(|| written.map(|it| it as i64))
}

/// Reads one.
///
/// # Errors
/// Where it is none of that type.
pub fn number<'de, D: Deserializer<'de>, T: TryFrom<i64>>(from: D) -> Result<T, D::Error> {
    let given = Number::deserialize(from)?;
    let read = whole(&given).and_then(|whole| T::try_from(whole).ok());
    read.ok_or_else(|| D::Error::custom(format!("{given} is not a whole number of this range")))
}

/// Reads one, or null.
///
/// # Errors
/// Where it is neither.
pub fn maybe<'de, D: Deserializer<'de>, T: TryFrom<i64>>(from: D) -> Result<Option<T>, D::Error> {
    let Some(given) = Option::<Number>::deserialize(from)? else { return Ok(None) };
    number(given).map(Some).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Shape {
        #[serde(deserialize_with = "super::number")]
        limit: u32,
        #[serde(default, deserialize_with = "super::maybe")]
        since: Option<i64>,
    }

    #[test]
    fn a_whole_number_may_be_written_with_a_point() {
        let read = |text: &str| serde_json::from_str::<Shape>(text);
        let shape = Shape { limit: 100, since: Some(1_795_687_200_000) };
        assert_eq!(read(r#"{"limit":1e2,"since":1795687200000.0}"#).unwrap(), shape);
        assert_eq!(read(r#"{"limit":100,"since":null}"#).unwrap(), Shape { since: None, ..shape });
        for text in ["1.5", "-1", "4294967296", "1e30", "\"1\"", "null", "true"] {
            let error = read(&format!("{{\"limit\":{text}}}")).unwrap_err();
            assert!(error.is_data(), "{text}: {error}");
        }
    }
}

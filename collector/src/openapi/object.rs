//! Objects as JSON Schema has them: `serde` would read a list of their values in the place of one.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

/// Reads one.
///
/// # Errors
/// Where it is no object, or not such a one.
pub fn one<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    from.deserialize_map(Only(PhantomData))
}

/// Reads a list of them.
///
/// # Errors
/// Where it is no list, or something else than such objects is in it.
pub fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    let all = Vec::<Object<T>>::deserialize(from)?;
    Ok(all.into_iter().map(|Object(one)| one).collect())
}

struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        one(from).map(Self)
    }
}

struct Only<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Only<T> {
    type Value = T;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Inner {
        #[serde(default)]
        n: u32,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Shape {
        #[serde(deserialize_with = "super::one")]
        one: Inner,
        #[serde(default, deserialize_with = "super::list")]
        all: Vec<Inner>,
    }

    #[test]
    fn a_list_is_no_object() {
        let read = |text: &str| serde_json::from_str::<Shape>(text);
        let shape = Shape { one: Inner { n: 1 }, all: vec![Inner { n: 2 }, Inner { n: 0 }] };
        assert_eq!(read(r#"{"one":{"n":1},"all":[{"n":2},{}]}"#).unwrap(), shape);
        for text in [
            r#"{"one":[1]}"#,
            r#"{"one":[]}"#,
            r#"{"one":{},"all":[[2]]}"#,
            r#"{"one":{},"all":{}}"#,
        ] {
            assert!(read(text).unwrap_err().is_data(), "{text}");
        }
    }
}

//! Lists of tags, as records of DKIM and DMARC are written (RFC 6376, section 3.2).

/// Tags in their order, names and values without the white space around them; a value may hold `=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tags<'a>(pub(super) Vec<(&'a str, &'a str)>);

impl<'a> Tags<'a> {
    /// Reads a list; a `;` at its end may be there or not.
    ///
    /// # Errors
    /// What is wrong, in words that follow "the record".
    pub(super) fn parse(text: &'a str) -> Result<Self, String> {
        let mut tags: Vec<(&str, &str)> = Vec::new();
        let mut parts: Vec<_> = text.split(';').collect();
        if parts.last().is_some_and(|last| last.trim().is_empty()) {
            parts.pop();
        }
        for part in parts {
            let Some((name, value)) = part.split_once('=') else {
                return Err(format!("has {:?}, which is no tag: NAME=VALUE", part.trim()));
            };
            let (name, value) = (name.trim(), value.trim());
            let named = name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !named {
                return Err(format!("has {name:?}, which is no name of a tag"));
            }
            if tags.iter().any(|(other, _)| *other == name) {
                return Err(format!("has the tag {name} twice"));
            }
            tags.push((name, value));
        }
        Ok(Self(tags))
    }

    /// The value of a tag.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
    }
}

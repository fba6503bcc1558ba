//! The shop's two languages and the addresses that go with them.

/// A language the shop is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Japanese, at the root.
    Ja,
    /// English, under `/en`.
    En,
}

/// The same text in both languages.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// Japanese.
    pub ja: &'static str,
    /// English.
    pub en: &'static str,
}

impl Text {
    /// The text in one language.
    #[must_use]
    pub fn of(self, language: Language) -> &'static str {
        language.pick(self.ja, self.en)
    }
}

impl Language {
    /// Splits an address of this server into its language and the path that both languages share.
    #[must_use]
    pub fn split(path: &str) -> (Self, &str) {
        match path.strip_prefix("/en") {
            Some("") => (Self::En, "/"),
            Some(rest) if rest.starts_with('/') => (Self::En, rest),
            _ => (Self::Ja, path),
        }
    }

    /// The address of a shared path in this language.
    #[must_use]
    pub fn address(self, path: &str) -> String {
        match self {
            Self::Ja => path.to_owned(),
            Self::En => format!("/en{path}"),
        }
    }

    /// The BCP 47 tag.
    #[must_use]
    pub fn tag(self) -> &'static str {
        self.pick("ja", "en")
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        self.pick(Self::En, Self::Ja)
    }

    /// The first in Japanese, the second in English.
    #[must_use]
    pub fn pick<T>(self, ja: T, en: T) -> T {
        match self {
            Self::Ja => ja,
            Self::En => en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_page_across_languages() {
        for path in ["/", "/products", "/products/kyusu", "/contact"] {
            let english = Language::En.address(path);
            assert_eq!(Language::split(&english), (Language::En, path));
            assert_eq!(Language::split(path), (Language::Ja, path));
        }
    }

    #[test]
    fn a_path_that_only_begins_like_english_is_japanese() {
        assert_eq!(Language::split("/enough"), (Language::Ja, "/enough"));
        assert_eq!(Language::split("/en"), (Language::En, "/"));
    }
}

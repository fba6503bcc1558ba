//! A site speaking one language.

use super::{country, en, ja};
use crate::site::file::{Provider, SiteFile, Words};

/// Subtags of languages and scripts that are written from right to left.
const RIGHT_TO_LEFT: [&str; 12] =
    ["ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi", "Arab", "Hebr"];

/// A site speaking one of its languages.
#[derive(Clone, Copy)]
pub(crate) struct Speech<'a> {
    file: &'a SiteFile,
    language: &'a str,
}

impl SiteFile {
    /// This site speaking `language`, or the nearest to it that it has, or its default.
    pub(crate) fn speech<'a>(&'a self, language: &str) -> Speech<'a> {
        let exact = |own: &&String| own.eq_ignore_ascii_case(language);
        let near = |own: &&String| same_language(own, language);
        let languages = &self.languages;
        let found = languages
            .iter()
            .find(exact)
            .or_else(|| languages.iter().find(near))
            .or_else(|| languages.first());
        Speech { file: self, language: found.map_or("en", String::as_str) }
    }
}

/// Whether two tags name one language, whatever its script and region.
pub(crate) fn same_language(one: &str, other: &str) -> bool {
    primary(one).eq_ignore_ascii_case(primary(other))
}

fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

impl<'a> Speech<'a> {
    /// The language's tag.
    pub(crate) fn language(&self) -> &'a str {
        self.language
    }

    /// Whether it is this language, in any script and region.
    pub(crate) fn is(&self, language: &str) -> bool {
        same_language(self.language, language)
    }

    /// `ltr` or `rtl`.
    pub(crate) fn direction(&self) -> &'static str {
        let leftward = self.language.split('-').any(|subtag| RIGHT_TO_LEFT.contains(&subtag));
        if leftward { "rtl" } else { "ltr" }
    }

    /// One of the site's texts.
    pub(crate) fn say<'w>(&self, words: &'w Words) -> &'w str {
        let default = || words.get(self.file.languages.first()?);
        // An earlier file may have spoken neither.
        let any = || words.values().next();
        words.get(self.language).or_else(default).or_else(any).map_or("", String::as_str)
    }

    /// The site's own word in place of a built-in one.
    pub(crate) fn own(&self, name: &str) -> Option<&'a str> {
        let own = self.file.banner.text.get(self.language)?;
        own.get(name).map(String::as_str)
    }

    /// A built-in word, or the site's own in its place; English where there is neither.
    pub(crate) fn word(&self, name: &str) -> &'a str {
        let built_in = if self.is("ja") { ja::WORDS } else { en::WORDS };
        let find = || built_in.iter().find(|(known, _)| *known == name);
        self.own(name).or_else(|| find().map(|(_, word)| *word)).unwrap_or_default()
    }

    /// `text (aside)`.
    pub(crate) fn bracketed(&self, text: &str, aside: &str) -> String {
        if self.is("ja") || self.is("zh") {
            format!("{text}（{aside}）")
        } else {
            format!("{text} ({aside})")
        }
    }

    /// `label: text`.
    pub(crate) fn labelled(&self, label: &str, text: &str) -> String {
        if self.is("ja") || self.is("zh") {
            format!("{label}：{text}")
        } else {
            format!("{label}: {text}")
        }
    }

    /// Texts one after another, as the language parts them.
    pub(crate) fn listed(&self, texts: &[&str]) -> String {
        let comma = match primary(self.language) {
            "ja" | "zh" => "、",
            "ar" | "fa" | "ur" => "، ",
            _ => ", ",
        };
        texts.join(comma)
    }

    /// A country by its code.
    pub(crate) fn country<'w>(&self, code: &'w str) -> &'w str {
        match country::names(code) {
            Some((japanese, _)) if self.is("ja") => japanese,
            Some((_, english)) => english,
            None => code,
        }
    }

    /// Who provides a service; the controller in the language's own words.
    pub(crate) fn company<'w>(&'w self, provider: &'w Provider) -> &'w str {
        let controller = &self.file.controller.name;
        let own = controller.values().any(|name| *name == provider.name);
        if own { self.say(controller) } else { &provider.name }
    }

    /// The same with the country.
    pub(crate) fn provider(&self, provider: &Provider) -> String {
        self.bracketed(self.company(provider), self.country(&provider.country))
    }
}

/// A text with values in its places: `{name}`. A place without a value stays, and what is filled in is not
/// looked at again.
pub(crate) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled += before;
        let place = after.split_once('}');
        let value = place.and_then(|(name, _)| values.iter().find(|(known, _)| *known == name));
        match (place, value) {
            (Some((_, after)), Some((_, value))) => {
                filled += value;
                rest = after;
            }
            _ => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled + rest
}

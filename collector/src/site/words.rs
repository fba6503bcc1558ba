//! The checks of texts: every language there, short, plain, and saying something.

use toml::de::{DeTable, DeValue};

use super::{
    nearest::nearest,
    shape::Rule,
    texts::{names, same_language},
    vague::{Need, example, is_vague},
    value::{Verdict, Wrong, plain},
    walk::Walk,
};

/// What stands in built-in words for values.
const PLACES: [&str; 11] = [
    "{name}",
    "{names}",
    "{n}",
    "{time}",
    "{date}",
    "{site}",
    "{reopen}",
    "{from}",
    "{to}",
    "{item}",
    "{provider}",
];

/// The longest `use` and `sends`.
const LINE: usize = 400;

impl Walk<'_> {
    /// A text in each language of the site.
    pub(super) fn words(&mut self, rule: &Rule, what: &str, words: &DeTable<'_>, at: usize) {
        for (language, text) in words {
            let at = language.span().start;
            let language = language.get_ref().as_ref();
            let what = format!("{what} in {language}");
            if !self.speaks(language) {
                self.foreign(at, language);
                continue;
            }
            match text.get_ref() {
                DeValue::String(text) => self.hold(at, &what, text_holds(rule, language, text)),
                _ => self.not_a_text(at, &what),
            }
        }
        for language in self.languages.clone() {
            if !words.contains_key(language.as_str()) {
                let remedy = format!("add `{language} = \"…\"`: the site speaks {language}");
                self.complain(at, format!("{what} is missing in {language}"), remedy);
            }
        }
    }

    /// `[banner.text.LANGUAGE]`: single words of a language that has built-in ones, all of another.
    pub(super) fn overrides(&mut self, table: &DeTable<'_>) {
        for (language, words) in table {
            let at = language.span().start;
            let language = language.get_ref().as_ref();
            if !self.speaks(language) {
                self.foreign(at, language);
            }
            match words.get_ref() {
                DeValue::Table(words) => self.own_words(language, words),
                _ => self.complain(
                    at,
                    format!("`banner.text.{language}` is not a table"),
                    format!("write [banner.text.{language}] and a line for each text"),
                ),
            }
        }
    }

    /// Languages without built-in words need all of their own.
    pub(super) fn untranslated(&mut self, root: &DeTable<'_>) {
        let Some(languages) = root.get("languages").and_then(|value| value.get_ref().as_array())
        else {
            return;
        };
        let text = root
            .get("banner")
            .and_then(|banner| banner.get_ref().as_table()?.get("text"))
            .and_then(|text| text.get_ref().as_table());
        for item in languages {
            let Some(language) = item.get_ref().as_str() else {
                continue;
            };
            if ["ja", "en"].iter().any(|own| same_language(own, language)) {
                continue;
            }
            let own = text.and_then(|text| text.get_key_value(language));
            let words = own.and_then(|(_, words)| words.get_ref().as_table());
            let lacks = |name: &&str| words.is_none_or(|words| !words.contains_key(*name));
            let missing: Vec<_> = names().map(|(name, _)| name).filter(lacks).collect();
            if !missing.is_empty() {
                self.complain(
                    own.map_or(item.span().start, |(key, _)| key.span().start),
                    format!("there are no built-in words in {language}"),
                    format!("add to [banner.text.{language}]: {}", missing.join(", ")),
                );
            }
        }
    }

    fn own_words(&mut self, language: &str, words: &DeTable<'_>) {
        for (name, text) in words {
            let at = name.span().start;
            let name = name.get_ref().as_ref();
            let what = format!("banner text `{name}` in {language}");
            let Some((_, english)) = names().find(|(known, _)| *known == name) else {
                let remedy = nearest(name, names().map(|(known, _)| known));
                self.complain(at, format!("unknown {what}"), remedy);
                continue;
            };
            match text.get_ref() {
                DeValue::String(text) => self.hold(at, &what, own_word(name, english, text)),
                _ => self.not_a_text(at, &what),
            }
        }
    }

    fn not_a_text(&mut self, at: usize, what: &str) {
        self.complain(at, format!("{what} is not a text"), "write it in quotes: \"…\"");
    }

    fn speaks(&self, language: &str) -> bool {
        self.languages.iter().any(|own| own == language)
    }

    fn foreign(&mut self, at: usize, language: &str) {
        let message = format!("`{language}` is not among the site's languages");
        self.complain(at, message, format!("add \"{language}\" to languages, or leave this out"));
    }
}

fn text_holds(rule: &Rule, language: &str, text: &str) -> Verdict {
    let max = if let Rule::Words(max) = rule { *max } else { LINE };
    plain(text, max)?;
    match rule {
        Rule::Use(need) if is_vague(language, text, *need) => Err(Wrong {
            message: format!("“{text}” names no specific purpose"),
            remedy: format!(
                "say what is done with the data and for what result (APPI art. 17), as in “{}”",
                example(language)
            ),
        }),
        Rule::Sends if is_vague(language, text, Need::Brief) => Err(Wrong {
            message: format!("“{text}” does not say what is sent"),
            remedy: "name each item, such as IP address, page address, visitor number".to_owned(),
        }),
        _ => Ok(()),
    }
}

/// `{n}` and the like stand for what is filled in; a text that drops one would lose it.
fn own_word(name: &str, english: &str, text: &str) -> Verdict {
    let max = match name {
        "title" => 80,
        "body" => 600,
        _ if name.starts_with("page_") => 600,
        _ => 200,
    };
    plain(text, max)?;
    let lost = PLACES.into_iter().find(|place| english.contains(place) && !text.contains(place));
    match lost {
        Some(placeholder) => Err(Wrong {
            message: format!("has no {placeholder}"),
            remedy: format!("put {placeholder} where its value goes, as in “{english}”"),
        }),
        None => Ok(()),
    }
}

//! The checks of texts: every language there, short, plain, and saying something.

use toml::de::{DeTable, DeValue};

use super::{
    complaint::{Said, both, said},
    nearest::nearest,
    shape::Rule,
    texts::{names, same_language},
    vague::{Need, example, is_vague},
    value::{Verdict, Wrong, plain},
    walk::{QUOTED, Walk},
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
    pub(super) fn words(&mut self, rule: &Rule, what: &Said, words: &DeTable<'_>, at: usize) {
        for (language, text) in words {
            let at = language.span().start;
            let language = language.get_ref().as_ref();
            let what = said!(what; "{what}（{language}）", "{what} in {language}");
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
                let message = said!(what; "{what} に {language} の文がありません", "{what} is missing in {language}");
                let remedy = said!(
                    "`{language} = \"…\"` を書いてください。サイトの言語に {language} があります",
                    "add `{language} = \"…\"`: the site speaks {language}"
                );
                self.complain(at, message, remedy);
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
                    said!(
                        "`banner.text.{language}` はテーブルではありません",
                        "`banner.text.{language}` is not a table"
                    ),
                    said!(
                        "[banner.text.{language}] と書き、その下に1行ずつ文を書いてください",
                        "write [banner.text.{language}] and a line for each text"
                    ),
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
                let missing = missing.join(", ");
                self.complain(
                    own.map_or(item.span().start, |(key, _)| key.span().start),
                    said!(
                        "{language} の組み込みの文言はありません",
                        "there are no built-in words in {language}"
                    ),
                    said!(
                        "[banner.text.{language}] に次のものを書いてください：{missing}",
                        "add to [banner.text.{language}]: {missing}"
                    ),
                );
            }
        }
    }

    fn own_words(&mut self, language: &str, words: &DeTable<'_>) {
        for (name, text) in words {
            let at = name.span().start;
            let name = name.get_ref().as_ref();
            let what =
                said!("バナーの文言 `{name}`（{language}）", "banner text `{name}` in {language}");
            let Some((_, english)) = names().find(|(known, _)| *known == name) else {
                let remedy = nearest(name, names().map(|(known, _)| known));
                self.complain(
                    at,
                    said!(what; "{what} というものはありません", "unknown {what}"),
                    remedy,
                );
                continue;
            };
            match text.get_ref() {
                DeValue::String(text) => self.hold(at, &what, own_word(name, english, text)),
                _ => self.not_a_text(at, &what),
            }
        }
    }

    fn not_a_text(&mut self, at: usize, what: &Said) {
        self.complain(
            at,
            said!(what; "{what} は文字列ではありません", "{what} is not a text"),
            QUOTED,
        );
    }

    fn speaks(&self, language: &str) -> bool {
        self.languages.iter().any(|own| own == language)
    }

    fn foreign(&mut self, at: usize, language: &str) {
        let message = said!(
            "`{language}` はサイトの言語に含まれていません",
            "`{language}` is not among the site's languages"
        );
        let remedy = said!(
            "languages に \"{language}\" を加えるか、これを消してください",
            "add \"{language}\" to languages, or leave this out"
        );
        self.complain(at, message, remedy);
    }
}

fn text_holds(rule: &Rule, language: &str, text: &str) -> Verdict {
    let max = if let Rule::Words(max) = rule { *max } else { LINE };
    plain(text, max)?;
    match rule {
        Rule::Use(need) if is_vague(language, text, *need) => {
            let example = example(language);
            Err(Wrong {
                message: said!(
                    "「{text}」では、利用目的が具体的に分かりません",
                    "“{text}” names no specific purpose"
                ),
                remedy: said!(
                    "データをどう使い、何のためになるのかを書いてください（個人情報保護法17条）。例：「{example}」",
                    "say what is done with the data and for what result (APPI art. 17), as in “{example}”"
                ),
            })
        }
        Rule::Sends if is_vague(language, text, Need::Brief) => Err(Wrong {
            message: said!(
                "「{text}」では、何が送信されるのか分かりません",
                "“{text}” does not say what is sent"
            ),
            remedy: both(
                "IPアドレス、ページのURL、訪問者の番号のように、項目を1つずつ書いてください",
                "name each item, such as IP address, page address, visitor number",
            )
            .into(),
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
            message: said!("{placeholder} がありません", "has no {placeholder}"),
            remedy: said!(
                "値が入る場所に {placeholder} を書いてください。例：「{english}」",
                "put {placeholder} where its value goes, as in “{english}”"
            ),
        }),
        None => Ok(()),
    }
}

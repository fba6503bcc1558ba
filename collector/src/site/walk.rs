//! Holds a file against [`shape`](super::shape): every key that is unknown, missing or wrong by
//! itself, at once.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    Complaint,
    complaint::{Both, Said, both, said},
    nearest::{meant, nearest},
    place::Lines,
    shape::{Key, Rule, SITE, Shape},
    value::{Verdict, Wrong},
};

/// Everything that is wrong with the keys of a file, one by one.
pub(super) fn walk(lines: &Lines, root: &Spanned<DeTable<'_>>) -> Vec<Complaint> {
    let mut walk = Walk { lines, languages: languages(root.get_ref()), complaints: Vec::new() };
    walk.table(&SITE, &both("", "").into(), root.get_ref(), 0);
    walk.untranslated(root.get_ref());
    walk.complaints
}

/// The languages that every text must be in, as far as they can be read.
fn languages(root: &DeTable<'_>) -> Vec<String> {
    let items = root.get("languages").and_then(|value| value.get_ref().as_array());
    let tags = items.into_iter().flatten().filter_map(|item| item.get_ref().as_str());
    tags.map(str::to_owned).collect()
}

pub(super) struct Walk<'a> {
    lines: &'a Lines,
    pub(super) languages: Vec<String>,
    complaints: Vec<Complaint>,
}

impl Walk<'_> {
    pub(super) fn complain(&mut self, at: usize, message: Said, remedy: impl Into<Said>) {
        self.complaints.push(Complaint {
            line: self.lines.line(at),
            message,
            remedy: remedy.into(),
        });
    }

    pub(super) fn hold(&mut self, at: usize, what: &Said, verdict: Verdict) {
        if let Err(Wrong { message, remedy }) = verdict {
            self.complain(
                at,
                said!(what, message; "{what}：{message}", "{what}: {message}"),
                remedy,
            );
        }
    }

    /// `around` names what the table is in, as in "purpose `analytics`: ".
    fn table(&mut self, shape: &Shape, around: &Said, table: &DeTable<'_>, at: usize) {
        let label = label(shape, around, table);
        let known = shape.keys.iter().map(|known| known.name);
        let mut misspelt = Vec::new();
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            match shape.keys.iter().find(|known| known.name == name) {
                Some(known) => self.value(known, &label, key.span().start, value),
                None => {
                    misspelt.extend(meant(name, known.clone()));
                    let message = said!(label; "{label}`{name}` というキーはありません", "{label}unknown key `{name}`");
                    self.complain(key.span().start, message, nearest(name, known.clone()));
                }
            }
        }
        for key in shape.keys {
            if let Some(remedy) = key.needed
                && !table.contains_key(key.name)
                && !misspelt.contains(&key.name)
            {
                let name = key.name;
                self.complain(
                    at,
                    said!(label; "{label}`{name}` がありません", "{label}`{name}` is missing"),
                    remedy,
                );
            }
        }
    }

    fn value(&mut self, key: &Key, label: &Said, at: usize, value: &Spanned<DeValue<'_>>) {
        let name = key.name;
        let what = &said!(label; "{label}`{name}`", "{label}`{name}`");
        match (&key.rule, value.get_ref()) {
            (Rule::One(check), DeValue::String(text)) => self.hold(at, what, check(text)),
            (Rule::Of(known), DeValue::String(text)) => self.one_of(at, what, known, text),
            (Rule::Many(check), DeValue::Array(items)) => {
                self.not_empty(items, (at, what), key);
                self.items(items, what, |walk, at, text| walk.hold(at, what, check(text)));
            }
            (Rule::SomeOf(known), DeValue::Array(items)) => {
                self.items(items, what, |walk, at, text| walk.one_of(at, what, known, text));
            }
            (Rule::Number(least, most), DeValue::Integer(number)) => {
                let number = i64::from_str_radix(number.as_str(), number.radix());
                if !number.is_ok_and(|number| (*least..=*most).contains(&number)) {
                    let message = said!(what; "{what} は{least}から{most}までの値ではありません", "{what} is not between {least} and {most}");
                    let remedy = said!(
                        "{least}から{most}までの整数で書いてください",
                        "write a whole number from {least} to {most}"
                    );
                    self.complain(at, message, remedy);
                }
            }
            (Rule::Flag, DeValue::Boolean(_)) => {}
            (Rule::Words(_) | Rule::Use(_) | Rule::Sends, DeValue::Table(words)) => {
                self.words(&key.rule, what, words, at);
            }
            (Rule::Table(shape), DeValue::Table(table)) => self.table(shape, label, table, at),
            (Rule::Tables(shape), DeValue::Array(items)) => {
                self.not_empty(items, (at, what), key);
                for item in items {
                    match item.get_ref() {
                        DeValue::Table(table) => {
                            self.table(shape, label, table, item.span().start);
                        }
                        _ => self.wrong_kind(item.span().start, what, &key.rule),
                    }
                }
            }
            (Rule::Overrides, DeValue::Table(table)) => self.overrides(table),
            _ => self.wrong_kind(at, what, &key.rule),
        }
    }

    fn not_empty(&mut self, items: &[Spanned<DeValue<'_>>], (at, what): (usize, &Said), key: &Key) {
        if let Some(remedy) = key.needed.filter(|_| items.is_empty()) {
            self.complain(at, said!(what; "{what} が空です", "{what} is empty"), remedy);
        }
    }

    fn items(
        &mut self,
        items: &[Spanned<DeValue<'_>>],
        what: &Said,
        mut check: impl FnMut(&mut Self, usize, &str),
    ) {
        let mut seen = Vec::new();
        for item in items {
            let at = item.span().start;
            let Some(text) = item.get_ref().as_str() else {
                self.wrong_kind(at, what, &Rule::One(|_| Ok(())));
                continue;
            };
            if seen.contains(&text) {
                let message =
                    said!(what; "{what} に `{text}` が2回あります", "{what} has `{text}` twice");
                self.complain(
                    at,
                    message,
                    both("どちらか1つを消してください", "leave one of them out"),
                );
            }
            seen.push(text);
            check(self, at, text);
        }
    }

    fn one_of(&mut self, at: usize, what: &Said, known: &[&str], text: &str) {
        if !known.contains(&text) {
            let message =
                said!(what; "{what} に `{text}` は使えません", "{what} cannot be `{text}`");
            self.complain(at, message, nearest(text, known.iter().copied()));
        }
    }

    fn wrong_kind(&mut self, at: usize, what: &Said, rule: &Rule) {
        let (kind, remedy) = match rule {
            Rule::One(_) | Rule::Of(_) => (both("文字列", "a text"), QUOTED),
            Rule::Many(_) | Rule::SomeOf(_) => (
                both("文字列のリスト", "a list of texts"),
                both("[\"…\", \"…\"] と書いてください", "write [\"…\", \"…\"]"),
            ),
            Rule::Number(..) => (
                both("整数", "a whole number"),
                both("引用符なしの数字で書いてください", "write the number without quotes"),
            ),
            Rule::Flag => (
                both("trueまたはfalse", "true or false"),
                both(
                    "引用符なしで true か false と書いてください",
                    "write true or false, without quotes",
                ),
            ),
            Rule::Words(_) | Rule::Use(_) | Rule::Sends => (
                both("言語ごとの文", "a text for each language"),
                both(
                    "サイトの言語それぞれについて { ja = \"…\", en = \"…\" } と書いてください",
                    "write { ja = \"…\", en = \"…\" } with the site's languages",
                ),
            ),
            Rule::Table(_) => (
                both("テーブル", "a table"),
                both(
                    "{ キー = 値, … } または [セクション] と書いてください",
                    "write { key = value, … } or a [section]",
                ),
            ),
            Rule::Tables(_) => (
                both("テーブルのリスト", "a list of tables"),
                both(
                    "1つずつ [[セクション]] と書くか、[{ … }, { … }] と書いてください",
                    "write [[section]] for each, or [{ … }, { … }]",
                ),
            ),
            Rule::Overrides => (
                both("言語ごとのテーブル", "a table for each language"),
                both("[banner.text.fr] のように書いてください", "write [banner.text.fr] and so on"),
            ),
        };
        let kind = &Said::from(kind);
        self.complain(
            at,
            said!(what, kind; "{what} は{kind}ではありません", "{what} is not {kind}"),
            remedy,
        );
    }
}

/// What to do where a text is no text.
pub(super) const QUOTED: Both = both("引用符で囲んでください：\"…\"", "write it in quotes: \"…\"");

/// How a table is called in messages, ending in a colon or empty.
fn label(shape: &Shape, around: &Said, table: &DeTable<'_>) -> Said {
    if shape.noun.parts() == SITE.noun.parts() {
        return both("", "").into();
    }
    let name = table.get(shape.named_by).and_then(|name| name.get_ref().as_str());
    let name = name.map(|name| format!(" `{name}`")).unwrap_or_default();
    let within = |around: &str, colon: &str, comma: &str| {
        around.strip_suffix(colon).map(|around| format!("{around}{comma}")).unwrap_or_default()
    };
    let (ja, en) = shape.noun.parts();
    Said {
        ja: format!("{}{ja}{name}：", within(&around.ja, "：", "、")),
        en: format!("{}{en}{name}: ", within(&around.en, ": ", ", ")),
    }
}

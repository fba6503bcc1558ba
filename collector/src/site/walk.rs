//! Holds a file against [`shape`](super::shape): every key that is unknown, missing or wrong by
//! itself, at once.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    Complaint,
    nearest::{meant, nearest},
    place::Lines,
    shape::{Key, Rule, SITE, Shape},
    value::Verdict,
};

/// Everything that is wrong with the keys of a file, one by one.
pub(super) fn walk(lines: &Lines, root: &Spanned<DeTable<'_>>) -> Vec<Complaint> {
    let mut walk = Walk { lines, languages: languages(root.get_ref()), complaints: Vec::new() };
    walk.table(&SITE, "", root.get_ref(), 0);
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
    pub(super) fn complain(&mut self, at: usize, message: String, remedy: impl Into<String>) {
        self.complaints.push(Complaint {
            line: self.lines.line(at),
            message,
            remedy: remedy.into(),
        });
    }

    pub(super) fn hold(&mut self, at: usize, what: &str, verdict: Verdict) {
        if let Err(wrong) = verdict {
            self.complain(at, format!("{what}: {}", wrong.message), wrong.remedy);
        }
    }

    /// `around` names what the table is in, as in "purpose `analytics`, ".
    fn table(&mut self, shape: &Shape, around: &str, table: &DeTable<'_>, at: usize) {
        let label = label(shape, around, table);
        let known = shape.keys.iter().map(|known| known.name);
        let mut misspelt = Vec::new();
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            match shape.keys.iter().find(|known| known.name == name) {
                Some(known) => self.value(known, &label, key.span().start, value),
                None => {
                    misspelt.extend(meant(name, known.clone()));
                    let message = format!("{label}unknown key `{name}`");
                    self.complain(key.span().start, message, nearest(name, known.clone()));
                }
            }
        }
        for key in shape.keys {
            if let Some(remedy) = key.needed
                && !table.contains_key(key.name)
                && !misspelt.contains(&key.name)
            {
                self.complain(at, format!("{label}`{}` is missing", key.name), remedy);
            }
        }
    }

    fn value(&mut self, key: &Key, label: &str, at: usize, value: &Spanned<DeValue<'_>>) {
        let what = format!("{label}`{}`", key.name);
        match (&key.rule, value.get_ref()) {
            (Rule::One(check), DeValue::String(text)) => self.hold(at, &what, check(text)),
            (Rule::Of(known), DeValue::String(text)) => self.one_of(at, &what, known, text),
            (Rule::Many(check), DeValue::Array(items)) => {
                if items.is_empty() && key.needed.is_some() {
                    self.complain(at, format!("{what} is empty"), key.needed.unwrap_or_default());
                }
                self.items(items, &what, |walk, at, text| walk.hold(at, &what, check(text)));
            }
            (Rule::SomeOf(known), DeValue::Array(items)) => {
                self.items(items, &what, |walk, at, text| walk.one_of(at, &what, known, text));
            }
            (Rule::Number(least, most), DeValue::Integer(number)) => {
                let number = i64::from_str_radix(number.as_str(), number.radix());
                if !number.is_ok_and(|number| (*least..=*most).contains(&number)) {
                    let message = format!("{what} is not between {least} and {most}");
                    self.complain(
                        at,
                        message,
                        format!("write a whole number from {least} to {most}"),
                    );
                }
            }
            (Rule::Flag, DeValue::Boolean(_)) => {}
            (Rule::Words(_) | Rule::Use(_) | Rule::Sends, DeValue::Table(words)) => {
                self.words(&key.rule, &what, words, at);
            }
            (Rule::Table(shape), DeValue::Table(table)) => self.table(shape, label, table, at),
            (Rule::Tables(shape), DeValue::Array(items)) => {
                if items.is_empty() && key.needed.is_some() {
                    self.complain(at, format!("{what} is empty"), key.needed.unwrap_or_default());
                }
                for item in items {
                    match item.get_ref() {
                        DeValue::Table(table) => {
                            self.table(shape, label, table, item.span().start);
                        }
                        _ => self.wrong_kind(item.span().start, &what, &key.rule),
                    }
                }
            }
            (Rule::Overrides, DeValue::Table(table)) => self.overrides(table),
            _ => self.wrong_kind(at, &what, &key.rule),
        }
    }

    fn items(
        &mut self,
        items: &[Spanned<DeValue<'_>>],
        what: &str,
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
                self.complain(at, format!("{what} has `{text}` twice"), "leave one of them out");
            }
            seen.push(text);
            check(self, at, text);
        }
    }

    fn one_of(&mut self, at: usize, what: &str, known: &[&str], text: &str) {
        if !known.contains(&text) {
            let message = format!("{what} cannot be `{text}`");
            self.complain(at, message, nearest(text, known.iter().copied()));
        }
    }

    fn wrong_kind(&mut self, at: usize, what: &str, rule: &Rule) {
        let (kind, remedy) = match rule {
            Rule::One(_) | Rule::Of(_) => ("a text", "write it in quotes: \"…\""),
            Rule::Many(_) | Rule::SomeOf(_) => ("a list of texts", "write [\"…\", \"…\"]"),
            Rule::Number(..) => ("a whole number", "write the number without quotes"),
            Rule::Flag => ("true or false", "write true or false, without quotes"),
            Rule::Words(_) | Rule::Use(_) | Rule::Sends => (
                "a text for each language",
                "write { ja = \"…\", en = \"…\" } with the site's languages",
            ),
            Rule::Table(_) => ("a table", "write { key = value, … } or a [section]"),
            Rule::Tables(_) => {
                ("a list of tables", "write [[section]] for each, or [{ … }, { … }]")
            }
            Rule::Overrides => ("a table for each language", "write [banner.text.fr] and so on"),
        };
        self.complain(at, format!("{what} is not {kind}"), remedy);
    }
}

/// How a table is called in messages, ending in ": " or empty.
fn label(shape: &Shape, around: &str, table: &DeTable<'_>) -> String {
    if shape.noun == SITE.noun {
        return String::new();
    }
    let around = around.strip_suffix(": ").map(|around| format!("{around}, "));
    let name = table.get(shape.named_by).and_then(|name| name.get_ref().as_str());
    let name = name.map(|name| format!(" `{name}`")).unwrap_or_default();
    format!("{}{}{name}: ", around.unwrap_or_default(), shape.noun)
}

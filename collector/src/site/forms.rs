//! The rules of lead forms that look at more than one key.

use consent_core::form::{Field, FieldFault, FieldKind, RESERVED};

use super::{
    Agreement, AgreementKind, FormField, LeadForm,
    check::{Check, Seen},
    complaint::{Said, both, said},
};

/// Characters that a text field may be bounded by.
const LENGTHS: std::ops::RangeInclusive<i64> = 1..=10_000;

impl Check<'_> {
    pub(super) fn forms(&mut self) {
        let mut forms = Seen::default();
        for (at, form) in self.file.forms.iter().enumerate() {
            let path = format!("forms[{at}]");
            forms.see(
                self,
                &both("フォーム", "form").into(),
                form.key.as_str(),
                &format!("{path}.key"),
            );
            let own = &form.key;
            let what =
                said!("フォーム `{own}`、項目または同意欄", "form `{own}`, field or agreement");
            let mut keys = Seen::default();
            for (at, field) in form.fields.iter().enumerate() {
                let path = format!("{path}.fields[{at}]");
                keys.see(self, &what, field.key.as_str(), &format!("{path}.key"));
                let key = &field.key;
                let what = &said!("フォーム `{own}`、項目 `{key}`", "form `{own}`, field `{key}`");
                if field.key.as_str().starts_with(RESERVED) {
                    self.complain(
                        &format!("{path}.key"),
                        said!(what;
                            "{what}：`{RESERVED}` で始まるキーはクライアントが使います",
                            "{what}: keys that begin with `{RESERVED}` are the client's own"
                        ),
                        both("別のキーにしてください", "give it another key"),
                    );
                }
                self.bounds(field, what, &path);
                self.options(field, what, &path);
                self.messages(field, what, &path);
            }
            for (at, agreement) in form.agreements.iter().enumerate() {
                let path = format!("{path}.agreements[{at}]");
                keys.see(self, &what, agreement.key.as_str(), &format!("{path}.key"));
                self.permits(form, agreement, at, &format!("{path}.kind"));
            }
        }
    }

    fn bounds(&mut self, field: &FormField, what: &Said, path: &str) {
        let measured = field.kind.is_measured();
        for (name, bound) in [("min", field.min), ("max", field.max)] {
            let Some(bound) = bound else { continue };
            let path = format!("{path}.{name}");
            if !measured && field.kind != FieldKind::Number {
                let kind = field.kind.as_str();
                self.complain(
                    &path,
                    said!(what; "{what}：`{name}` はここでは使えません", "{what}: `{name}` has no effect here"),
                    said!(
                        "消してください。{kind} の書き方は決まっています",
                        "leave it out: {kind} has a form of its own"
                    ),
                );
            } else if measured && !LENGTHS.contains(&bound) {
                let (least, most) = (LENGTHS.start(), LENGTHS.end());
                self.complain(
                    &path,
                    said!(what;
                        "{what}：`{name}` は{least}から{most}までの値ではありません",
                        "{what}: `{name}` is not between {least} and {most}"
                    ),
                    said!(
                        "文字数を{least}から{most}までの整数で書いてください",
                        "write a whole number of characters from {least} to {most}"
                    ),
                );
            }
        }
        let core = field.core();
        if let (Some(min), Some(max)) = (core.min, core.max)
            && min > max
        {
            self.complain(
                &format!("{path}.min"),
                said!(what;
                    "{what}：`min` の{min}が `max` の{max}より大きくなっています",
                    "{what}: `min` is {min}, more than `max`, which is {max}"
                ),
                both(
                    "2つを入れ替えるか、片方を消してください",
                    "exchange the two, or leave one out",
                ),
            );
        }
    }

    fn options(&mut self, field: &FormField, what: &Said, path: &str) {
        let is_choice = field.kind == FieldKind::Choice;
        if is_choice && field.options.is_empty() {
            self.complain(
                path,
                said!(what; "{what}：`options` がありません", "{what}: `options` is missing"),
                both(
                    "options = [{ value = \"…\", name = { … } }, …] に選択肢を書いてください",
                    "add options = [{ value = \"…\", name = { … } }, …]: what there is to choose",
                ),
            );
        }
        for (name, given) in [("options", !field.options.is_empty()), ("multiple", field.multiple)]
        {
            if given && !is_choice {
                self.complain(
                    &format!("{path}.{name}"),
                    said!(what; "{what}：`{name}` はここでは使えません", "{what}: `{name}` has no effect here"),
                    both(
                        "type = \"choice\" と書くか、これを消してください",
                        "write type = \"choice\", or leave it out",
                    ),
                );
            }
        }
        let mut values = Seen::default();
        for (at, option) in field.options.iter().enumerate() {
            let path = format!("{path}.options[{at}].value");
            let value = &option.value;
            values.see(self, &said!(what; "{what}、選択肢", "{what}, option"), value, &path);
            // As the page and the collector read it, apart from the others.
            let alone = Field { options: vec![value.clone()], ..field.core() };
            if is_choice && alone.accept(value).as_ref() != Ok(value) {
                self.complain(
                    &path,
                    said!(what;
                        "{what}：選択肢 `{value}` は選べません",
                        "{what}: the option `{value}` cannot be chosen"
                    ),
                    both("前後の空白を消してください", "write it without spaces at its ends"),
                );
            }
        }
    }

    fn messages(&mut self, field: &FormField, what: &Said, path: &str) {
        let known = |code: &&String| FieldFault::ALL.iter().any(|fault| fault.as_str() == *code);
        for code in field.messages.keys().filter(known) {
            if !field.core().faults().any(|fault| fault.as_str() == code) {
                self.complain(
                    &format!("{path}.messages.{code}"),
                    said!(what;
                        "{what}：`{code}` のメッセージがありますが、この項目では起こりません",
                        "{what}: a message for `{code}`, which it is never refused for"
                    ),
                    both(
                        "消すか、そのエラーが出るように項目を設定してください",
                        "leave it out, or give the field what it would be refused for",
                    ),
                );
            }
        }
    }

    /// What an agreement permits needs what it is done with, and is agreed to once.
    fn permits(&mut self, form: &LeadForm, agreement: &Agreement, at: usize, path: &str) {
        let (own, key) = (&form.key, &agreement.key);
        let what = &said!("フォーム `{own}`、同意欄 `{key}`", "form `{own}`, agreement `{key}`");
        let needed = match agreement.kind {
            AgreementKind::EmailMarketing => FieldKind::Email,
            AgreementKind::TelephoneMarketing => FieldKind::Telephone,
            AgreementKind::PostalMarketing => FieldKind::PostalCode,
            AgreementKind::Other => return,
        };
        if !form.fields.iter().any(|field| field.kind == needed) {
            let needed = needed.as_str();
            self.complain(
                path,
                said!(what;
                    "{what}：そのための {needed} 型の項目がフォームにありません",
                    "{what}: the form has no field of type {needed} to do that with"
                ),
                said!(
                    "type = \"{needed}\" の項目を加えるか、同意欄を消してください",
                    "add a field with type = \"{needed}\", or leave the agreement out"
                ),
            );
        }
        if agreement.kind == AgreementKind::EmailMarketing && self.file.mail.is_none() {
            self.complain(
                path,
                said!(what;
                    "{what}：[mail] がないため、本人が確認できません",
                    "{what}: there is no [mail], so that nobody could confirm it"
                ),
                both(
                    "[mail] に from・sender・address・complaints・confirm を書いてください。本人がメールで確認するまで、広告メールは送れません（特定電子メール法3条）",
                    "add [mail] with from, sender, address, complaints and confirm: until a person has confirmed \
                     by mail, advertising may not be sent (Act on Regulation of Specified Electronic Mail, art. 3)",
                ),
            );
        }
        if form.agreements[..at].iter().any(|other| other.kind == agreement.kind) {
            self.complain(
                path,
                said!(what; "{what}：同じ種類の同意欄が2つあります", "{what}: a second one of that kind"),
                both(
                    "チェックボックスを1つにしてください。2つあると、どちらが有効か分かりません",
                    "keep one checkbox for it: nobody can tell which of two counts",
                ),
            );
        }
    }
}

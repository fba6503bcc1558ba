//! The contact form: what was typed, and what is wrong with it.
//!
//! The shop needs somebody to answer and something to answer; it says so itself, for people whose browser runs no
//! script. The finer rules are those of `[[forms]]` in the site file, which the tag knows. Nothing here is stored or
//! logged.

use serde::Deserialize;

use crate::language::Text;

const NAME_MAX: usize = 100;
const EMAIL_MAX: usize = 254;
const MESSAGE_MAX: usize = 4000;

/// The form as it was sent; what is missing is empty.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Contact {
    /// Who writes.
    pub name: String,
    /// How the name is read.
    pub name_kana: String,
    /// For whom.
    pub company: String,
    /// Where the answer goes.
    pub email: String,
    /// Where to call.
    pub telephone: String,
    /// Where the writer lives.
    pub postal_code: String,
    /// What kind of question it is: a value of [`TOPICS`].
    pub topic: String,
    /// What it is about.
    pub message: String,
    /// Present where the box was ticked.
    pub email_marketing: Option<String>,
}

/// What there is to ask about, by the values of the site file.
pub const TOPICS: [(&str, Text); 4] = [
    ("goods", Text { ja: "商品について", en: "Our goods" }),
    ("care", Text { ja: "使い方・お手入れ", en: "Use and care" }),
    ("repair", Text { ja: "修理の相談", en: "Mending" }),
    ("other", Text { ja: "その他", en: "Something else" }),
];

/// A field of the form that has to be filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `name`
    Name,
    /// `email`
    Email,
    /// `message`
    Message,
}

impl Field {
    /// Its name in the form.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Email => "email",
            Self::Message => "message",
        }
    }
}

/// What is wrong with one field, in words for the person who filled it in.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// Which field.
    pub field: Field,
    /// What to do about it.
    pub message: Text,
}

impl Contact {
    /// What must be mended before the form can be sent, in the order of the fields.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        [
            (Field::Name, name_fault(self.name.trim())),
            (Field::Email, email_fault(self.email.trim())),
            (Field::Message, message_fault(self.message.trim())),
        ]
        .into_iter()
        .filter_map(|(field, message)| message.map(|message| Fault { field, message }))
        .collect()
    }
}

fn name_fault(name: &str) -> Option<Text> {
    if name.is_empty() {
        return Some(Text {
            ja: "お名前を入力してください。", en: "Please enter your name."
        });
    }
    (name.chars().count() > NAME_MAX).then_some(Text {
        ja: "お名前は100文字以内で入力してください。",
        en: "Please keep your name to 100 characters.",
    })
}

fn email_fault(email: &str) -> Option<Text> {
    if email.is_empty() {
        return Some(Text {
            ja: "メールアドレスを入力してください。",
            en: "Please enter your e-mail address.",
        });
    }
    (!is_email(email)).then_some(Text {
        ja: "メールアドレスの形をご確認ください（例：hanako@example.jp）。",
        en: "Please check the e-mail address (for example hanako@example.com).",
    })
}

fn message_fault(message: &str) -> Option<Text> {
    if message.is_empty() {
        return Some(Text {
            ja: "お問い合わせ内容を入力してください。",
            en: "Please enter your message.",
        });
    }
    (message.chars().count() > MESSAGE_MAX).then_some(Text {
        ja: "お問い合わせ内容は4,000文字以内で入力してください。",
        en: "Please keep your message to 4,000 characters.",
    })
}

/// Whether an answer could reach the address: one `@`, something before it, a dotted host after it. Whether it does is
/// for the mail server to say.
fn is_email(text: &str) -> bool {
    let plain =
        text.len() <= EMAIL_MAX && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    let Some((local, host)) = text.split_once('@') else {
        return false;
    };
    let labels = || host.split('.');
    plain
        && !local.is_empty()
        && !host.contains('@')
        && labels().count() > 1
        && labels().all(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled() -> Contact {
        Contact {
            name: "山田 花子".to_owned(),
            email: "hanako@example.jp".to_owned(),
            message: "急須の替えぶたはありますか。".to_owned(),
            ..Contact::default()
        }
    }

    fn fields(contact: &Contact) -> Vec<Field> {
        contact.faults().iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn a_filled_form_has_no_fault() {
        assert_eq!(fields(&filled()), []);
    }

    #[test]
    fn an_empty_form_names_every_field_in_order() {
        assert_eq!(fields(&Contact::default()), [Field::Name, Field::Email, Field::Message]);
    }

    #[test]
    fn blanks_are_not_an_answer() {
        let contact = Contact { name: "　 ".to_owned(), ..filled() };
        assert_eq!(fields(&contact), [Field::Name]);
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        let at_most =
            Contact {
                name: "あ".repeat(NAME_MAX), message: "あ".repeat(MESSAGE_MAX), ..filled()
            };
        assert_eq!(fields(&at_most), []);
        let more = Contact {
            name: "あ".repeat(NAME_MAX + 1),
            message: "あ".repeat(MESSAGE_MAX + 1),
            ..filled()
        };
        assert_eq!(fields(&more), [Field::Name, Field::Message]);
    }

    #[test]
    fn an_address_needs_a_name_and_a_dotted_host() {
        for good in ["a@b.co", "first.last+tag@mail.example.jp", "山田@例え.jp"] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["a", "a@b", "@b.co", "a@b.", "a@.co", "a@@b.co", "a b@c.jp", "a@b..co"] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}

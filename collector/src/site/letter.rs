//! The mail that asks somebody to confirm, made of the site file: as text, and as HTML that says the same. Nothing
//! that was written into the form stands in it, so that no stranger can have us say anything to anybody.

use maud::{DOCTYPE, Markup, html};

use super::{
    MailFile, SiteFile,
    texts::{Speech, fill},
};

/// A mail, without its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Its subject.
    pub subject: String,
    /// As text.
    pub text: String,
    /// As HTML.
    pub html: String,
}

/// What a letter tells.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The language that the form was in.
    pub language: &'a str,
    /// The text beside the checkbox.
    pub wording: &'a str,
    /// The address of the page that confirms.
    pub confirm: &'a str,
    /// The address of the page that stops.
    pub stop: &'a str,
    /// The last day on which the first works, in the language.
    pub until: &'a str,
}

/// Works in the readers that know style sheets; the button has its colours of its own for those that do not.
const STYLE: &str = "\
body{margin:0;padding:24px 12px;background:#f6f4ef;color:#23272e;font:16px/1.7 system-ui,'Hiragino Sans','Noto Sans JP','Yu Gothic UI',Meiryo,sans-serif}\
.card{max-width:560px;margin:0 auto;padding:28px;background:#fff;border:1px solid #dfdcd4;border-radius:12px}\
h1{margin:0 0 16px;font-size:21px;line-height:1.4}p{margin:0 0 16px}\
.quote{margin:0 0 16px;padding:12px 16px;background:#f0eee8;border-radius:8px}.quote b{display:block;font-size:13px;font-weight:600}\
.small{font-size:14px}.from{margin-top:24px;padding-top:16px;border-top:1px solid #dfdcd4;font-size:13px}\
.from p{margin:0}a{color:#1f4f82}\
@media (prefers-color-scheme:dark){body{background:#15181c;color:#e8e6e1}.card{background:#1d2126;border-color:#363c44}\
.quote{background:#2b3036}.from{border-color:#363c44}a{color:#9cc4ee}}";
pub(super) const BUTTON: &str = "display:inline-block;padding:12px 28px;border-radius:8px;background:#1f4f82;color:#ffffff;\
font-weight:600;text-decoration:none";

impl SiteFile {
    /// The mail; none where the file has no `[mail]`.
    #[must_use]
    pub fn letter(&self, told: Told<'_>) -> Option<Letter> {
        let speech = self.speech(told.language);
        let letter = Writing { file: self, mail: self.mail.as_ref()?, speech, told };
        let subject = letter.filled("subject");
        Some(Letter { text: letter.text(), html: letter.html(&subject).into_string(), subject })
    }

    /// What a mail to a person must show besides how to stop: who sends it, from where, and where to complain (Act on
    /// Regulation of Specified Electronic Mail, article 4), each after its label.
    #[must_use]
    pub fn mail_items(&self, language: &str) -> Vec<(&'static str, &'static str, String)> {
        let speech = self.speech(language);
        let Some(mail) = &self.mail else { return Vec::new() };
        let said = [
            ("sender", speech.say(&mail.sender)),
            ("address", speech.say(&mail.address)),
            ("complaints", mail.complaints.as_str()),
        ];
        said.map(|(name, text)| (name, speech.mail(name), text.to_owned())).into()
    }
}

struct Writing<'a> {
    file: &'a SiteFile,
    mail: &'a MailFile,
    speech: Speech<'a>,
    told: Told<'a>,
}

impl Writing<'_> {
    fn filled(&self, name: &str) -> String {
        let site = self.speech.say(&self.file.name);
        let button = self.speech.mail("confirm_button");
        let values = [("site", site), ("button", button), ("date", self.told.until)];
        fill(self.speech.mail(name), &values)
    }

    fn text(&self) -> String {
        let (speech, told) = (&self.speech, &self.told);
        let label = |name: &str| speech.labelled(speech.mail(name), "").trim_end().to_owned();
        let parts = [
            self.filled("why"),
            format!("{}\n{}", label("ticked"), told.wording),
            format!("{}\n{}", label("sent"), speech.say(&self.mail.confirm)),
            format!("{}\n{}", self.filled("how"), told.confirm),
            self.filled("until"),
            self.filled("not_you"),
            format!("{}\n{}", self.filled("stop_letter"), told.stop),
            format!("--\n{}", self.from().join("\n")),
        ];
        parts.join("\n\n") + "\n"
    }

    fn from(&self) -> Vec<String> {
        let items = self.file.mail_items(self.told.language);
        items.iter().map(|(_, label, text)| self.speech.labelled(label, text)).collect()
    }

    fn html(&self, subject: &str) -> Markup {
        let (speech, told) = (&self.speech, &self.told);
        let content = html! {
            h1 { (speech.mail("heading")) }
            p { (self.filled("why")) }
            div class="quote" { b { (speech.mail("ticked")) } (told.wording) }
            div class="quote" { b { (speech.mail("sent")) } (speech.say(&self.mail.confirm)) }
            p { (self.filled("how")) }
            p { a href=(told.confirm) style=(BUTTON) { (speech.mail("confirm_button")) } }
            p.small { (self.filled("until")) }
            p.small { (self.filled("not_you")) }
            p.small {
                (self.filled("stop_letter")) br;
                a href=(told.stop) { (speech.mail("stop_link")) }
            }
        };
        card((speech.mail_language(), subject), &content, &self.from())
    }
}

/// A mail as HTML: a card with its content, and whom it is from.
pub(super) fn card((language, subject): (&str, &str), content: &Markup, from: &[String]) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(language) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (subject) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                div class="card" {
                    (content)
                    div class="from" { @for line in from { p { (line) } } }
                }
            }
        }
    }
}

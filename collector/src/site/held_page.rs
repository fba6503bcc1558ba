//! What is held about a person as a page to read: by itself, without script, whatever is in it shown as text.

use jiff::{Timestamp, tz::TimeZone};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::{Map, Value};

use crate::device;

use super::{LeadForm, SiteFile, Words, texts::Speech};

/// What the members are called: by name, in English and in Japanese.
const LABELS: [(&str, &str, &str); 46] = [
    ("site", "Site", "サイト"),
    ("name", "Name", "名称"),
    ("controller", "Operator", "運営者"),
    ("address", "Address", "所在地"),
    ("contact", "Contact", "連絡先"),
    ("made_at", "Made at", "作成日時"),
    ("leads", "What you sent", "お送りいただいた内容"),
    ("shown_to", "Who has seen or handled it", "閲覧・取扱いの記録"),
    ("lead", "Number", "管理番号"),
    ("origin", "How it came", "取得の経路"),
    ("form", "Form", "フォーム"),
    ("use", "What it is used for", "利用目的"),
    ("received_at", "Received at", "受付日時"),
    ("kept_until", "Kept until", "保存期限"),
    ("page", "Page", "ページ"),
    ("corrections", "Times corrected", "訂正の回数"),
    ("fields", "What you wrote", "ご記入の内容"),
    ("agreements", "What you agreed to", "同意された項目"),
    ("ground", "Ground for contacting you", "ご連絡の根拠"),
    ("ground_since", "Ground since", "根拠の発生日時"),
    ("linked_at", "Tied to your browsing since", "閲覧履歴との結びつけの開始"),
    ("browsing", "Browsing tied to it", "結びつけられた閲覧履歴"),
    ("decisions", "Your choices about cookies", "Cookieについての選択"),
    ("recipients", "Who else receives it", "外部の送信先"),
    ("events", "What was observed", "閲覧の記録"),
    ("decided_at", "Decided at", "選択した日時"),
    ("method", "How", "選択の方法"),
    ("language", "Language", "表示言語"),
    ("device", "Kind of device", "端末の種類"),
    ("choices", "Choices", "選択の内容"),
    ("purposes", "Purposes", "目的"),
    ("services", "Services", "サービス"),
    ("place_in_log", "Place in the consent log", "同意ログでの位置"),
    ("receipt", "Receipt", "同意の受領書"),
    ("id", "Number", "番号"),
    ("at", "When", "日時"),
    ("action", "What was done", "内容"),
    ("by", "By whom", "行った者"),
    ("purpose", "Purpose", "目的"),
    ("query", "Parameters", "パラメーター"),
    ("title", "Title", "題名"),
    ("referrer", "Came from", "参照元"),
    ("service", "Service", "サービス"),
    ("recipient", "Recipient", "送信先"),
    ("country", "Country", "所在国"),
    ("sends", "What is sent", "送信される情報"),
];

const STYLE: &str = "body{font:16px/1.7 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;\
    color-scheme:light dark}h1{font-size:1.5rem}dl{margin:0}dt{font-weight:600;margin-top:.6rem}\
    dd{margin:0;overflow-wrap:anywhere;white-space:pre-wrap}dd>dl,ol{margin:.2rem 0 0;padding-left:1rem;\
    border-left:2px solid #8886}ol{list-style-position:inside}li{padding:.4rem 0}\
    @media print{body{margin:0;max-width:none}}";

/// Values of fixed lists: of which member, the value, in English and in Japanese.
const VALUES: [(&str, &str, &str, &str); 23] = [
    ("origin", "form", "By a form of the site", "サイトのフォーム"),
    ("origin", "import", "From a list", "名簿の取り込み"),
    ("origin", "api", "By another system", "ほかのシステム"),
    ("origin", "card", "A business card", "名刺"),
    (
        "ground",
        "none",
        "None: you are sent no advertising",
        "なし（広告をお送りすることはありません）",
    ),
    ("ground", "opt_in", "You confirmed it", "ご本人の同意"),
    ("ground", "existing_customer", "You are a customer", "お取引"),
    ("ground", "card_exchanged", "You gave your business card", "名刺の交換"),
    ("ground", "published_address", "Your address is published", "公開されているアドレス"),
    ("method", "accept_all", "Accepted all", "すべて許可"),
    ("method", "reject_all", "Refused all", "すべて拒否"),
    ("method", "custom", "Chose some", "個別に選択"),
    ("method", "withdraw", "Withdrawn", "取り消し"),
    ("method", "gpc", "Refused by the browser's signal", "ブラウザーの信号による拒否"),
    ("action", "lead.list", "Shown in a list", "一覧での閲覧"),
    ("action", "lead.read", "Shown", "閲覧"),
    ("action", "lead.timeline", "Shown with the browsing tied to it", "閲覧履歴とあわせた閲覧"),
    ("action", "lead.score", "Given points by the browsing tied to it", "閲覧履歴による評価"),
    ("action", "lead.import", "Taken over from a list", "名簿からの取り込み"),
    ("action", "subject.export", "Handed out to you", "ご本人への開示"),
    ("action", "subject.provision", "Handed out to you", "ご本人への開示"),
    ("action", "subject.correct", "Corrected as you asked", "ご請求による訂正"),
    ("action", "subject.stop", "Stopped as you asked", "ご請求による利用停止"),
];

/// Who acted, by the first word that the trail has of them.
const ACTORS: [(&str, &str, &str); 4] = [
    ("token", "A system connected by a token", "接続されたシステム"),
    ("account", "Staff", "担当者"),
    ("command", "Staff", "担当者"),
    ("job", "By itself", "自動処理"),
];

/// The style sheet beside that of the policy page, served beside it as `held.css`.
pub const HELD_STYLE: &str = include_str!("held.css");

/// Where the page has its style from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    /// Itself, so that it can be sent along.
    Own,
    /// Style sheets one folder up.
    Linked,
}

impl SiteFile {
    /// The page, in that language (`ja`, or else English); `held` is what is handed out to programs.
    #[must_use]
    pub fn held_page(&self, held: &Value, language: &str, sheet: Sheet) -> String {
        let ja = language == "ja" || language.starts_with("ja-") || language.starts_with("ja_");
        let speech = self.speech(if ja { "ja" } else { "en" });
        Page { file: self, speech, ja }.document(held, sheet)
    }
}

struct Page<'a> {
    file: &'a SiteFile,
    speech: Speech<'a>,
    ja: bool,
}

impl Page<'_> {
    fn document(&self, held: &Value, sheet: Sheet) -> String {
        let title = self.either("Personal data held about you", "保有している個人情報");
        let text = html! {
            (DOCTYPE)
            html lang=(self.either("en", "ja")) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) }
                    @match sheet {
                        Sheet::Own => style { (PreEscaped(STYLE)) },
                        Sheet::Linked => {
                            meta name="color-scheme" content="light dark";
                            meta name="robots" content="noindex";
                            link rel="stylesheet" href="../policy.css";
                            link rel="stylesheet" href="../held.css";
                            link rel="icon" href="data:,";
                        }
                    }
                }
                body { main.held { h1 { (title) } (self.members(held, None)) } }
            }
        };
        text.into_string()
    }

    const fn either<'w>(&self, english: &'w str, japanese: &'w str) -> &'w str {
        if self.ja { japanese } else { english }
    }

    fn label<'w>(&self, name: &'w str) -> &'w str {
        let known = LABELS.iter().find(|(known, ..)| *known == name);
        known.map_or(name, |(_, english, japanese)| self.either(english, japanese))
    }

    /// Members in the order of the labels; what is not known, or is the program's alone, comes last or not at all.
    fn members(&self, of: &Value, form: Option<&LeadForm>) -> Markup {
        let all = of.as_object().into_iter().flatten();
        let mut shown: Vec<_> =
            all.filter(|(name, value)| !value.is_null() && *name != "site").collect();
        let place = |name: &str| LABELS.iter().position(|(known, ..)| *known == name);
        shown.sort_by_key(|(name, _)| place(name).unwrap_or(LABELS.len()));
        let own = of["form"].as_str().and_then(|key| key.parse().ok());
        let form = own.and_then(|key| self.file.lead_form(&key)).or(form);
        html! {
            dl {
                @for (name, value) in shown {
                    dt { (self.label(name)) }
                    dd { (self.member(name, value, form)) }
                }
            }
        }
    }

    fn member(&self, name: &str, value: &Value, form: Option<&LeadForm>) -> Markup {
        match (name, value, form) {
            ("fields", Value::Object(fields), Some(form)) => {
                let name = |key: &str| form.fields.iter().find(|it| it.key.as_str() == key);
                self.named(fields, |key| name(key).map(|field| &field.name))
            }
            ("agreements", Value::Object(agreed), Some(form)) => {
                let text = |key: &str| form.agreements.iter().find(|it| it.key.as_str() == key);
                self.named(agreed, |key| text(key).map(|own| &own.text))
            }
            ("form", Value::String(_), Some(form)) => html! { (self.speech.say(&form.name)) },
            ("by", Value::String(who), _) => {
                let kind = who.split(' ').next().unwrap_or(who);
                let known = ACTORS.iter().find(|(known, ..)| *known == kind);
                html! { (known.map_or(who.as_str(), |(_, en, ja)| self.either(en, ja))) }
            }
            ("device", Value::String(name), _) => {
                let (japanese, english) = device::words(name);
                html! { (self.either(english, japanese)) }
            }
            (_, Value::String(text), _) => {
                let known = VALUES.iter().find(|(of, value, ..)| *of == name && value == text);
                match known {
                    Some((_, _, english, japanese)) => html! { (self.either(english, japanese)) },
                    None => self.shown(value, form),
                }
            }
            _ => self.shown(value, form),
        }
    }

    /// What people wrote or ticked, under the names that the form has for it.
    fn named<'w>(
        &self,
        members: &Map<String, Value>,
        name: impl Fn(&str) -> Option<&'w Words>,
    ) -> Markup {
        html! {
            dl {
                @for (key, value) in members {
                    dt { (name(key).map_or(key.as_str(), |words| self.speech.say(words))) }
                    dd {
                        @match value {
                            Value::String(text) if !text.is_empty() => (text),
                            _ => (self.shown(value, None)),
                        }
                    }
                }
            }
        }
    }

    fn shown(&self, value: &Value, form: Option<&LeadForm>) -> Markup {
        match value {
            Value::Null => html! { "–" },
            Value::Bool(yes) => {
                html! { (if *yes { self.either("yes", "はい") } else { self.either("no", "いいえ") }) }
            }
            Value::Number(number) => html! { (number) },
            Value::String(text) if text.is_empty() => html! { "–" },
            Value::String(text) => match self.time(text) {
                Some(time) => html! { time datetime=(text) { (time) } },
                None => html! { (text) },
            },
            Value::Array(all) if all.is_empty() => html! { (self.either("nothing", "ありません")) },
            Value::Array(all) => {
                html! { ol { @for one in all { li { (self.shown(one, form)) } } } }
            }
            Value::Object(_) => match self.words(value) {
                Some(text) => html! { (text) },
                None => self.members(value, form),
            },
        }
    }

    /// A time as the site's days and hours.
    fn time(&self, text: &str) -> Option<String> {
        let at: Timestamp = text.ends_with('Z').then(|| text.parse().ok())??;
        let at = at.to_zoned(TimeZone::get(&self.file.timezone).ok()?);
        let (hour, minute) = (at.hour(), at.minute());
        Some(format!("{} {hour:02}:{minute:02}", self.speech.date(at.date())))
    }

    /// Of a text in several languages the one to be read.
    fn words<'w>(&self, value: &'w Value) -> Option<&'w str> {
        let members =
            value.as_object().filter(|members| members.keys().all(|key| key.len() == 2))?;
        let own = members.get(self.either("en", "ja")).or_else(|| members.values().next())?;
        own.as_str()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_held_is_shown_as_text_in_either_language() {
        let text = include_str!("../../../demo-site/shop.toml");
        let file = crate::site::parse(text).expect("the demo shop's file is sound");
        let held = json!({"name": {"ja": "店", "en": "Shop"}, "shown_to": [], "made_at": "2026-11-26T15:30:00.1Z",
            "leads": [{"form": "contact", "ground": "none", "linked_at": null,
                "fields": {"name": "<b>花子</b>", "email": "a@b.example"}}]});
        let japanese = file.held_page(&held, "ja-JP", Sheet::Own);
        for words in [
            "お送りいただいた内容",
            "<dd>店</dd>",
            "&lt;b&gt;花子&lt;/b&gt;",
            "ありません",
            "<dt>メールアドレス</dt>",
            "2026年11月27日 00:30",
            "なし（広告を",
            "<style>",
        ] {
            assert!(japanese.contains(words), "{words}: {japanese}");
        }
        let english = file.held_page(&held, "en", Sheet::Linked);
        assert!(english.contains("<dd>Shop</dd>") && english.contains("lang=\"en\""));
        assert!(!english.contains("<style>") && !english.contains("Tied to your browsing"));
    }
}

//! What is held about a person as a page to read: by itself, without script, whatever is in it shown as text.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

/// What the members are called: by name, in English and in Japanese.
const LABELS: [(&str, &str, &str); 43] = [
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
    ("choices", "Choices", "選択の内容"),
    ("purposes", "Purposes", "目的"),
    ("services", "Services", "サービス"),
    ("place_in_log", "Place in the consent log", "同意ログでの位置"),
    ("receipt", "Receipt", "同意の受領書"),
    ("id", "Number", "番号"),
    ("at", "When", "日時"),
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

/// The page, in that language (`ja`, or else English).
#[must_use]
pub fn held_page(held: &Value, language: &str, sheet: Sheet) -> String {
    let ja = language == "ja" || language.starts_with("ja-") || language.starts_with("ja_");
    let title = if ja { "保有している個人情報" } else { "Personal data held about you" };
    let text = html! {
        (DOCTYPE)
        html lang=(if ja { "ja" } else { "en" }) {
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
            body { main.held { h1 { (title) } (shown(held, ja)) } }
        }
    };
    text.into_string()
}

fn label(name: &str, ja: bool) -> &str {
    match LABELS.iter().find(|(known, ..)| *known == name) {
        Some((_, _, japanese)) if ja => japanese,
        Some((_, english, _)) => english,
        None => name,
    }
}

fn shown(value: &Value, ja: bool) -> Markup {
    match value {
        Value::Null => html! { "–" },
        Value::Bool(yes) => {
            html! { (match (yes, ja) { (true, true) => "はい", (false, true) => "いいえ", (true, false) => "yes", (false, false) => "no" }) }
        }
        Value::Number(number) => html! { (number) },
        Value::String(text) if text.is_empty() => html! { "–" },
        Value::String(text) => html! { (text) },
        Value::Array(all) if all.is_empty() => {
            html! { (if ja { "ありません" } else { "nothing" }) }
        }
        Value::Array(all) => html! { ol { @for one in all { li { (shown(one, ja)) } } } },
        Value::Object(members) => match words(value, ja) {
            Some(text) => html! { (text) },
            None => html! {
                dl { @for (name, value) in members { dt { (label(name, ja)) } dd { (shown(value, ja)) } } }
            },
        },
    }
}

/// Of a text in several languages the one to be read.
fn words(value: &Value, ja: bool) -> Option<&str> {
    let members = value.as_object().filter(|members| members.keys().all(|key| key.len() == 2))?;
    let own = members.get(if ja { "ja" } else { "en" }).or_else(|| members.values().next())?;
    own.as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_held_is_shown_as_text_in_either_language() {
        let held = json!({"name": {"ja": "店", "en": "Shop"}, "leads": [{"fields": {"name": "<b>花子</b>"}}],
            "shown_to": []});
        let japanese = held_page(&held, "ja-JP", Sheet::Own);
        assert!(japanese.contains("お送りいただいた内容") && japanese.contains("<dd>店</dd>"));
        assert!(japanese.contains("&lt;b&gt;花子&lt;/b&gt;") && japanese.contains("ありません"));
        let english = held_page(&held, "en", Sheet::Linked);
        assert!(english.contains("<dd>Shop</dd>") && english.contains("lang=\"en\""));
        assert!(japanese.contains("<style>") && !english.contains("<style>"));
    }
}

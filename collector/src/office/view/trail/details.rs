//! What else is known of an entry of the trail, in the reader's words.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use maud::{Markup, html};
use serde_json::Value;

use super::{
    super::{approvals, leads, people::role_name, requests, tokens},
    account,
    words::{action, actor, of},
};
use crate::{
    office::tongue::Tongue,
    store::{accounts::Role, audit::Recorded, tokens::Scope},
};
use consent_core::time::Millis;

const KEYS: [(&str, &str, &str); 45] = [
    ("action", "操作", "What"),
    ("added", "追加", "Added"),
    ("answer", "最後の応答", "Last answer"),
    ("approval", "承認", "Approval"),
    ("count", "件数", "How many"),
    ("days", "日数", "Days"),
    ("due", "期限", "Due"),
    ("edition", "版", "Edition"),
    ("events", "イベント", "Events"),
    ("expires", "有効期限", "Ends"),
    ("fields", "項目", "Fields"),
    ("file", "ファイルのハッシュ（SHA-256）", "SHA-256 of the file"),
    ("form", "フォーム", "Form"),
    ("format", "形式", "Format"),
    ("from", "開始日", "From"),
    ("ground", "根拠", "Ground"),
    ("grounds", "根拠の数", "Grounds"),
    ("host", "送信先", "Host"),
    ("how", "方法", "How"),
    ("kind", "種類", "Kind"),
    ("law", "根拠法", "Law"),
    ("leads", "リード", "Leads"),
    ("n", "件数", "How many"),
    ("object", "対象", "Of what"),
    ("origin", "取り込み元", "From where"),
    ("points", "点数", "Points"),
    ("reason", "理由", "Reason"),
    ("received", "受付", "Received"),
    ("revision", "改定", "Revision"),
    ("role", "役割", "Role"),
    ("root", "ルートハッシュ", "Root hash"),
    ("rows", "件数", "How many"),
    ("said_by", "申告者", "Said by"),
    ("scopes", "権限", "May"),
    ("segment", "セグメント", "Segment"),
    ("sha256", "内容のハッシュ（SHA-256）", "SHA-256 of the content"),
    ("since", "開始", "Since"),
    ("size", "件数", "How many"),
    ("state", "結果", "Outcome"),
    ("to", "終了日", "To"),
    ("until", "ここまで", "Until"),
    ("updated", "更新", "Updated"),
    ("version", "版", "Version"),
    ("who", "実行者", "Who"),
    ("wrong", "異常", "Things wrong"),
];
/// What is so or is not, said as a whole: by its name.
const YES: [(&str, &str, &str); 5] = [
    ("added", "パスキーを追加", "A passkey was added"),
    ("enabled", "停止を解除", "Let in again"),
    ("everywhere", "すべてのサイト", "On every site"),
    ("locked", "連絡できない状態", "May not be contacted"),
    ("on", "オンに変更", "Switched on"),
];
const NO: [(&str, &str, &str); 5] = [
    ("added", "パスキーを削除", "A passkey was removed"),
    ("enabled", "", ""),
    ("everywhere", "このサイトのみ", "On this site alone"),
    ("locked", "連絡できる状態", "May be contacted"),
    ("on", "オフに変更", "Switched off"),
];

const HOW: [(&str, &str, &str); 11] = [
    ("changed", "パスワードの変更", "the password was changed"),
    ("code", "コードが違う", "a wrong code"),
    ("link", "リンク", "by a link"),
    ("passkey", "パスキー", "by a passkey"),
    ("password", "パスワード", "by the password"),
    ("provider", "外部認証", "by the identity provider"),
    ("recovery", "パスワードとリカバリーコード", "by password and recovery code"),
    ("refused", "失敗", "refused"),
    ("second_passkey", "パスワードとパスキー", "by password and passkey"),
    ("totp", "パスワードと認証アプリ", "by password and app"),
    ("waits", "パスワードのみ確認", "the password only"),
];
/// Kinds of data that are disposed of.
const DATA: [(&str, &str, &str); 6] = [
    ("decisions", "同意の記録", "decisions"),
    ("events", "イベント", "events"),
    ("leads", "リード", "leads"),
    ("links", "リードと閲覧の結び付け", "links of leads with browsing"),
    ("refusals", "拒否した通信の集計", "counts of what was refused"),
    ("visitors", "訪問者", "visitors"),
];
const STATES: [(&str, &str, &str); 3] = [
    ("done", "対応済み", "done"),
    ("refused", "応じない", "not followed"),
    ("unknown", "該当なし", "nothing is held"),
];
/// What receivers of webhooks are told.
const TOLD: [(&str, &str, &str); 6] = [
    ("lead.changed", "リードの変更", "lead changed"),
    ("lead.created", "リードの作成", "lead created"),
    ("lead.erased", "リードの消去", "lead erased"),
    ("lead.linked", "閲覧との結び付け", "lead linked"),
    ("lead.unlinked", "結び付けの解除", "lead unlinked"),
    ("lead.unsubscribed", "配信停止", "lead unsubscribed"),
];
const TIMES: [&str; 5] = ["expires", "received", "due", "until", "since"];

/// What of an entry's details is shown: lists by how long they are.
pub(super) fn shown(
    t: Tongue,
    zone: &TimeZone,
    names: &BTreeMap<String, String>,
    entry: &Recorded,
) -> Markup {
    let read: Value = serde_json::from_str(&entry.details).unwrap_or(Value::Null);
    let Value::Object(all) = &read else { return html! {} };
    let told = |name: &str| all.get(name).and_then(Value::as_str).unwrap_or_default();
    let pairs = all.iter().filter_map(|(name, value)| {
        let said = match value {
            Value::Null => return None,
            Value::Bool(yes) => {
                let said = flag(t, name, *yes);
                return (!said.is_empty()).then_some((None, said));
            }
            Value::Number(at) if TIMES.contains(&name.as_str()) => {
                t.moment(Millis(at.as_i64().unwrap_or_default()), zone)
            }
            Value::Number(n) => n.as_i64().map_or_else(|| n.to_string(), |n| t.number(n)),
            Value::Array(all) if all.is_empty() => return None,
            Value::Array(all) if all.len() > 3 => {
                t.say(format!("{}件", all.len()), format!("{} of them", all.len()))
            }
            Value::Array(all) if name == "days" => {
                all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(t.say("〜", " to "))
            }
            Value::Array(all) => {
                let one = |one: &Value| match one.as_str() {
                    Some(text) => word(t, &entry.action, name, text),
                    None => one.to_string(),
                };
                all.iter().map(one).collect::<Vec<_>>().join(t.say("、", ", "))
            }
            Value::String(text) if text.is_empty() => return None,
            Value::String(text) if name == "who" => who(t, names, text),
            Value::String(id) if name == "object" && told("kind") == "account.delete" => {
                account(t, names, id)
            }
            Value::String(text) => word(t, &entry.action, name, text),
            Value::Object(_) => value.to_string(),
        };
        Some((Some(key(t, name, value)), said))
    });
    html! { @for (key, said) in pairs { div.detail {
        @if let Some(key) = key { span.key { (key) } " " } (said)
    } } }
}

/// What a detail is called.
fn key<'n>(t: Tongue, name: &'n str, value: &Value) -> &'n str {
    match (name, value) {
        ("days", Value::Array(_)) => t.say("期間", "Days"),
        _ => of(t, &KEYS, name),
    }
}

fn flag(t: Tongue, name: &str, yes: bool) -> String {
    let table = if yes { &YES } else { &NO };
    match table.iter().find(|(own, ..)| *own == name) {
        Some((_, ja, en)) => t.say(*ja, *en).to_owned(),
        None => {
            let key = of(t, &KEYS, name);
            format!("{key} {}", if yes { t.say("はい", "yes") } else { t.say("いいえ", "no") })
        }
    }
}

/// A stable name as people call it; what somebody wrote as it is.
fn word(t: Tongue, of_action: &str, name: &str, text: &str) -> String {
    let role = || Role::ALL.into_iter().find(|role| role.as_str() == text);
    let scope = || Scope::ALL.into_iter().find(|scope| scope.as_str() == text);
    let about = of_action.split('.').next().unwrap_or_default();
    match (name, about) {
        ("role", _) => role().map_or(text, |role| role_name(t, role)).to_owned(),
        ("scopes", _) => scope().map_or(text, |own| tokens::scope(t, own)).to_owned(),
        ("how", _) => of(t, &HOW, text).to_owned(),
        ("kind", "approval") => approvals::kind(t, text),
        ("kind", "subject") => requests::kind(t, text),
        ("kind", _) => of(t, &DATA, text).to_owned(),
        ("law", _) => requests::law(text),
        ("reason", _) => of(t, &requests::REASONS, text).to_owned(),
        ("state", _) => of(t, &STATES, text).to_owned(),
        ("ground", _) => leads::ground(t, text).to_owned(),
        ("origin", _) => leads::origin(t, text).to_owned(),
        ("events", "webhook") => {
            let each = text.split(' ').map(|event| of(t, &TOLD, event));
            each.collect::<Vec<_>>().join(t.say("、", ", "))
        }
        ("action", "audit") => action(t, text),
        ("format", _) => text.to_uppercase(),
        _ => text.to_owned(),
    }
}

/// Whose deeds were looked for.
fn who(t: Tongue, names: &BTreeMap<String, String>, text: &str) -> String {
    match text.split_once(':') {
        Some(("account", id)) => account(t, names, id),
        _ => actor(t, text).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(t: Tongue, action: &str, details: &str) -> String {
        let entry = Recorded {
            seq: 1,
            at: 0,
            actor_kind: "account".to_owned(),
            actor: "1".to_owned(),
            action: action.to_owned(),
            object_kind: "account".to_owned(),
            object: "2".to_owned(),
            details: details.to_owned(),
            leaf: Vec::new(),
        };
        let names = BTreeMap::from([("2".to_owned(), "mika@shop.example".to_owned())]);
        let page = shown(t, &TimeZone::UTC, &names, &entry).into_string();
        // Without its elements.
        page.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect()
    }

    #[test]
    fn details_are_said_in_the_readers_language() {
        for (action, details, ja, en) in [
            ("account.log_in", r#"{"how":"link"}"#, "方法 リンク", "How by a link"),
            ("account.totp", r#"{"on":true}"#, "オンに変更", "Switched on"),
            ("account.passkey", r#"{"added":false}"#, "パスキーを削除", "A passkey was removed"),
            ("account.link", r#"{"enabled":false}"#, "", ""),
            ("account.link", r#"{"enabled":true}"#, "停止を解除", "Let in again"),
            (
                "account.role",
                r#"{"everywhere":true,"role":"auditor"}"#,
                "すべてのサイト役割 監査人",
                "On every siteRole Auditor",
            ),
            (
                "approval.ask",
                r#"{"kind":"account.delete","object":"2","size":0}"#,
                "種類 アカウントの削除対象 mika@shop.example件数 0",
                "Kind Deleting an accountOf what mika@shop.exampleHow many 0",
            ),
            (
                "retention.dispose",
                r#"{"kind":"events","count":1200,"days":30}"#,
                "件数 1,200日数 30種類 イベント",
                "How many 1,200Days 30Kind events",
            ),
            (
                "event.export",
                r#"{"days":["2026-11-01","2026-11-02"],"events":[],"format":"csv"}"#,
                "期間 2026-11-01〜2026-11-02形式 CSV",
                "Days 2026-11-01 to 2026-11-02Format CSV",
            ),
            (
                "subject.erase",
                r#"{"state":"refused","reason":"exempt"}"#,
                "理由 法令により応じる必要がない結果 応じない",
                "Reason The law exempts itOutcome not followed",
            ),
            (
                "token.add",
                r#"{"scopes":["query"],"approval":null}"#,
                "権限 集計の照会",
                "May ask for figures",
            ),
            (
                "webhook.add",
                r#"{"events":"lead.created lead.erased"}"#,
                "イベント リードの作成、リードの消去",
                "Events lead created, lead erased",
            ),
            (
                "event.export",
                r#"{"rows":3,"segment":"wrote"}"#,
                "件数 3セグメント wrote",
                "How many 3Segment wrote",
            ),
            (
                "audit.export",
                r#"{"action":"token.add","who":"account:2"}"#,
                "操作 APIトークンの発行実行者 mika@shop.example",
                "What Token madeWho mika@shop.example",
            ),
            (
                "later.action",
                r#"{"new":true,"word":"as it is"}"#,
                "new はいword as it is",
                "new yesword as it is",
            ),
            ("broken", "no JSON", "", ""),
        ] {
            assert_eq!(said(Tongue::Ja, action, details), ja, "{action}");
            assert_eq!(said(Tongue::En, action, details), en, "{action}");
        }
    }
}

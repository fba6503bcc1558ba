//! The audit trail: who did what with the site's data, and whether the trail is as it was recorded.

use std::collections::BTreeMap;

use base64ct::{Base64, Encoding as _};
use jiff::tz::TimeZone;
use maud::{Markup, html};
use serde_json::Value;

use super::Frame;
use crate::{office::tongue::Tongue, store::audit::Recorded};
use consent_core::time::Millis;

/// Entries of one page.
pub const PAGE: i64 = 50;

/// What is done, as people call it.
const ACTIONS: [(&str, &str, &str); 44] = [
    ("account.log_in", "ログイン", "Log-in"),
    ("account.list", "メンバー一覧の閲覧", "People listed"),
    ("account.role", "役割の変更", "Role given"),
    ("account.unrole", "役割の取り消し", "Role taken"),
    ("account.link", "リンクの発行", "Link made"),
    ("account.disable", "アカウントの停止", "Account disabled"),
    ("account.delete", "アカウントの削除", "Account deleted"),
    ("approval.ask", "承認の依頼", "Approval asked for"),
    ("approval.approve", "承認", "Approved"),
    ("approval.decline", "却下", "Declined"),
    ("approval.withdraw", "依頼の取り下げ", "Taken back"),
    ("approval.use", "承認された操作の実行", "What was approved was done"),
    ("audit.verify", "監査記録の検証", "Trail verified"),
    ("audit.export", "監査記録の書き出し", "Trail exported"),
    ("decision.erase", "同意記録の消去", "Decision erased"),
    ("lead.add", "リードの追加", "Lead added"),
    ("lead.change", "リードの変更", "Lead changed"),
    ("lead.erase", "リードの消去", "Lead erased"),
    ("lead.export", "リードの書き出し", "Leads exported"),
    ("lead.ground", "連絡の根拠の登録", "Ground given"),
    ("lead.import", "リードの取り込み", "Leads imported"),
    ("lead.list", "リード一覧の閲覧", "Leads listed"),
    ("lead.read", "リードの閲覧", "Lead read"),
    ("lead.rewrap", "リードの鍵の更新", "Keys of leads renewed"),
    ("lead.timeline", "行動記録の閲覧", "Timeline read"),
    ("lead.unground", "連絡の根拠の取り消し", "Ground taken back"),
    ("mail.suppress", "メールの停止", "Mail stopped"),
    ("mail.unsuppress", "メール停止の取り消し", "Stop of mail taken back"),
    ("retention.dispose", "保存期限による消去", "Disposed of"),
    ("site.apply", "サイトファイルの適用", "Site file applied"),
    ("subject.receive", "開示等の請求の受付", "Request received"),
    ("subject.show", "請求内容の閲覧", "Request looked at"),
    ("subject.export", "開示", "Handed out"),
    ("subject.provision", "第三者提供記録の開示", "Provision handed out"),
    ("subject.correct", "訂正", "Corrected"),
    ("subject.stop", "利用停止", "Use stopped"),
    ("subject.erase", "本人の請求による消去", "Person erased"),
    ("token.add", "APIトークンの発行", "Token made"),
    ("token.revoke", "APIトークンの失効", "Token revoked"),
    ("visitor.erase", "訪問者本人による消去", "Erased by a visitor"),
    ("webhook.add", "Webhookの追加", "Webhook added"),
    ("webhook.disable", "Webhookの停止", "Webhook disabled"),
    ("webhook.remove", "Webhookの削除", "Webhook removed"),
    ("webhook.rotate", "Webhookの鍵の更新", "Webhook secret renewed"),
];

/// What an action is called; by its own name where it has no other.
#[must_use]
pub fn action(t: Tongue, name: &str) -> String {
    let known = ACTIONS.iter().find(|(own, ..)| *own == name);
    known.map_or_else(|| name.to_owned(), |(_, ja, en)| t.say(*ja, *en).to_owned())
}

/// What was looked for, as the address says it.
#[derive(Clone, Debug, Default)]
pub struct Looked {
    /// An action.
    pub action: String,
    /// An id.
    pub object: String,
    /// A kind of who did it, or `account:ID`.
    pub who: String,
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
    /// Whether a day is none, or they are reversed.
    pub wrong: bool,
}

impl Looked {
    /// Its parameters, to go on with.
    #[must_use]
    pub fn parameters(&self) -> String {
        let pairs = [
            ("action", &self.action),
            ("object", &self.object),
            ("who", &self.who),
            ("from", &self.from),
            ("to", &self.to),
        ];
        let pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        let pairs =
            pairs.map(|(name, value)| format!("{name}={}", crate::office::choice::escaped(value)));
        pairs.collect::<Vec<_>>().join("&")
    }
}

/// What the page is made of.
#[derive(Debug)]
pub struct Data<'a> {
    /// What was looked for.
    pub looked: &'a Looked,
    /// What was found, the newest first.
    pub entries: &'a [Recorded],
    /// Whether there are more.
    pub more: bool,
    /// Accounts by id, as they may be shown.
    pub names: &'a BTreeMap<String, String>,
    /// Entries by the trail's head, and the root over them.
    pub head: (i64, [u8; 32]),
    /// The last verification.
    pub verified: Option<&'a Recorded>,
    /// The site's time zone.
    pub zone: &'a TimeZone,
}

/// The page.
#[must_use]
pub fn page(frame: &Frame<'_>, data: &Data<'_>) -> Markup {
    let t = frame.t;
    let site = frame.site.map_or("", |(key, _)| key);
    let title = t.say("監査記録", "Audit trail");
    let own = format!("/office/sites/{site}/trail");
    let parameters = data.looked.parameters();
    let joint = if parameters.is_empty() { "" } else { "&" };
    frame.page(title, &html! {
        div.head { h1 { (title) } }
        (state(frame, data, &own))
        (filters(t, data, &own))
        @if data.looked.wrong { p.notice.bad role="alert" { (t.say("日付が正しくありません。開始日は終了日以前にしてください。", "These are no days, or the first lies after the last.")) } }
        @if data.entries.is_empty() {
            p.none { (t.say("該当する記録はありません。", "There is no such entry.")) }
        } @else {
            div.scroll.rows tabindex="0" role="group" aria-label=(title) { table.top {
                caption.unseen { (title) }
                thead { tr {
                    th scope="col" { (t.say("日時", "When")) } th scope="col" { (t.say("操作", "What")) }
                    th scope="col" { (t.say("実行者", "Who")) } th scope="col" { (t.say("対象", "Of what")) }
                    th scope="col" { (t.say("詳細", "Details")) } } }
                tbody { @for entry in data.entries { tr {
                    th scope="row" { (t.moment(Millis(entry.at), data.zone)) div.path { "#" (entry.seq) } }
                    td { (action(t, &entry.action)) div.path { (entry.action) } }
                    td { (actor(t, data.names, entry)) }
                    td { (object(t, data.names, entry)) }
                    td { (details(t, data.zone, &entry.details)) }
                } } }
            } }
            nav.pages aria-label=(t.say("ページ送り", "More entries")) {
                @if data.more { @if let Some(last) = data.entries.last() {
                    a.button href={ (own) "?" (parameters) (joint) "before=" (last.seq) } { (t.say("さらに前を見る", "Older")) }
                } }
                a.button href={ (own) ".csv?" (parameters) } { (t.say("CSVで書き出す", "Export as CSV")) }
            }
        }
    })
}

fn state(frame: &Frame<'_>, data: &Data<'_>, own: &str) -> Markup {
    let t = frame.t;
    let (size, root) = data.head;
    let read = data.verified.map(|entry| {
        let details: Value = serde_json::from_str(&entry.details).unwrap_or(Value::Null);
        let (of, wrong) = (details["size"].as_i64().unwrap_or(0), details["wrong"].as_i64());
        (Millis(entry.at), of, wrong.unwrap_or(1))
    });
    html! {
        section.card.wide-card {
            h2 { (t.say("記録の検証", "Verification")) }
            dl.fields {
                div { dt { (t.say("記録の件数", "Entries")) } dd { (t.number(size)) } }
                div { dt { (t.say("ルートハッシュ", "Root hash")) } dd { code { (Base64::encode_string(&root)) } } }
                div { dt { (t.say("最後の検証", "Last verified")) } dd { @match read {
                    None => (t.say("まだ検証していません", "Not yet")),
                    Some((at, of, 0)) => { (t.moment(at, data.zone)) " · " span.badge.good { (t.say(
                        format!("{}件、改ざんなし", t.number(of)), format!("{} entries, as recorded", t.number(of)))) } },
                    Some((at, of, wrong)) => { (t.moment(at, data.zone)) " · " span.badge.locked { (t.say(
                        format!("{}件中{}か所に異常", t.number(of), t.number(wrong)),
                        format!("{} things wrong in {} entries", t.number(wrong), t.number(of)))) } },
                } } }
            }
            @if read.is_some_and(|(_, _, wrong)| wrong > 0) { p.notice.bad { (t.say(
                "どの記録が変わったかは、ashiato audit verify で確認できます。", "Which entries they are says ashiato audit verify.")) } }
            form method="post" action={ (own) "/verify" } {
                (frame.hidden())
                button.small type="submit" { (t.say("今すぐ検証する", "Verify it now")) }
            }
        }
    }
}

const KINDS: [(&str, &str, &str); 5] = [
    ("account", "管理画面の利用者（全員）", "Everybody with an account"),
    ("command", "コマンドライン", "The command line"),
    ("token", "APIトークン", "API tokens"),
    ("job", "自動処理", "The collector itself"),
    ("visitor", "サイトの訪問者", "Visitors"),
];

fn filters(t: Tongue, data: &Data<'_>, own: &str) -> Markup {
    let looked = data.looked;
    html! {
        form.filters method="get" action=(own) {
            div { label for="who" { (t.say("実行者", "Who")) }
                select id="who" name="who" {
                    option value="" { (t.say("すべて", "Everybody")) }
                    @for (kind, ja, en) in KINDS { option value=(kind) selected[looked.who == kind] { (t.say(ja, en)) } }
                    @for (id, name) in data.names {
                        @let value = format!("account:{id}");
                        option value=(value) selected[looked.who == value] { (name) }
                    }
                } }
            div { label for="action" { (t.say("操作", "What")) }
                select id="action" name="action" {
                    option value="" { (t.say("すべて", "Everything")) }
                    @for (name, ja, en) in ACTIONS { option value=(name) selected[looked.action == name] { (t.say(ja, en)) } }
                } }
            div { label for="object" { (t.say("対象のID", "Id of what it was done to")) }
                input id="object" name="object" value=(looked.object) autocomplete="off"; }
            div { label for="from" { (t.say("開始日", "From")) } input id="from" name="from" type="date" value=(looked.from); }
            div { label for="to" { (t.say("終了日", "To")) } input id="to" name="to" type="date" value=(looked.to); }
            div { button type="submit" { (t.say("検索", "Search")) } }
        }
    }
}

/// An account as it may be named.
fn account(t: Tongue, names: &BTreeMap<String, String>, id: &str) -> String {
    let other = || t.say(format!("ほかのアカウント #{id}"), format!("another account, #{id}"));
    names.get(id).cloned().unwrap_or_else(other)
}

fn actor(t: Tongue, names: &BTreeMap<String, String>, entry: &Recorded) -> Markup {
    let kind = KINDS.iter().find(|(kind, ..)| *kind == entry.actor_kind);
    let kind = kind.map_or(entry.actor_kind.as_str(), |(_, ja, en)| t.say(*ja, *en));
    html! { @match entry.actor_kind.as_str() {
        "account" => (account(t, names, &entry.actor)),
        _ => { (kind) @if !entry.actor.is_empty() { div.path { (entry.actor) } } },
    } }
}

fn object(t: Tongue, names: &BTreeMap<String, String>, entry: &Recorded) -> Markup {
    let kind = match entry.object_kind.as_str() {
        "lead" => t.say("リード", "lead"),
        "site" => t.say("サイト", "site"),
        "token" => t.say("トークン", "token"),
        "request" => t.say("請求", "request"),
        "approval" => t.say("承認の依頼", "approval"),
        "rule" => t.say("保存規則", "rule"),
        other => other,
    };
    html! { @match entry.object_kind.as_str() {
        "account" => (account(t, names, &entry.object)),
        _ => { (kind) div.path { (entry.object) } },
    } }
}

/// What is told of an entry, as people call it.
fn key(t: Tongue, name: &str) -> &str {
    let ja = match name {
        "approval" => "承認",
        "count" | "n" | "size" => "件数",
        "days" => "日数",
        "due" => "期限",
        "events" => "イベント",
        "everywhere" => "全サイト",
        "expires" => "有効期限",
        "fields" => "項目",
        "form" => "フォーム",
        "ground" => "根拠",
        "how" => "方法",
        "kind" => "種類",
        "law" => "根拠法",
        "leads" => "リード",
        "object" => "対象",
        "reason" => "理由",
        "received" => "受付",
        "revision" => "改定",
        "role" => "役割",
        "scopes" => "権限",
        "state" => "状態",
        "version" => "版",
        "wrong" => "異常",
        other => other,
    };
    t.say(ja, name)
}

/// What else is known of it: lists by how long they are.
fn details(t: Tongue, zone: &TimeZone, text: &str) -> Markup {
    let read: Value = serde_json::from_str(text).unwrap_or(Value::Null);
    let times = ["expires", "received", "due", "until", "since"];
    let said = |name: &str, value: &Value| match value {
        Value::Number(at) if times.contains(&name) => {
            t.moment(Millis(at.as_i64().unwrap_or_default()), zone)
        }
        Value::Array(all) if all.len() > 3 => {
            t.say(format!("{}件", all.len()), format!("{} of them", all.len()))
        }
        Value::Array(all) => {
            let all =
                all.iter().map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned));
            all.collect::<Vec<_>>().join(", ")
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    html! { @if let Value::Object(all) = &read {
        @for (name, value) in all { @if !value.is_null() && value != "" { div.detail { span.key { (key(t, name)) } " " (said(name, value)) } } }
    } }
}

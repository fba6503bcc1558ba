//! What waits for a second person: asked, decided, done.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::Frame;
use crate::{
    intake::approval::{self, Kind, REASON},
    office::tongue::Tongue,
    site::Approval as Asks,
    store::approvals::Approval,
};
use consent_core::time::Millis;

/// What the pages are made of.
#[derive(Debug)]
pub struct Data<'a> {
    /// Accounts by id.
    pub names: &'a BTreeMap<String, String>,
    /// The account that looks.
    pub own: i64,
    /// What the site has wait.
    pub asks: Asks,
    /// The site's time zone.
    pub zone: &'a TimeZone,
    /// The time now.
    pub now: Millis,
}

/// What a thing that waits is called.
#[must_use]
pub fn kind(t: Tongue, name: &str) -> String {
    match Kind::parse(name) {
        Some(Kind::LeadsExport) => t.say("リード一覧の書き出し", "Export of the leads"),
        Some(Kind::LeadErase) => t.say("リードの消去", "Erasing a lead"),
        Some(Kind::SubjectExport) => t.say("本人への開示", "Handing out what is held"),
        Some(Kind::SubjectProvision) => {
            t.say("第三者提供記録の開示", "Handing out to whom it was given")
        }
        Some(Kind::SubjectErase) => t.say("本人の請求による消去", "Erasing a person"),
        Some(Kind::AccountDelete) => t.say("アカウントの削除", "Deleting an account"),
        Some(Kind::TokenAdd) => {
            t.say("リードを読めるAPIトークンの発行", "An API token that reads leads")
        }
        Some(Kind::WebhookAdd) => t.say("Webhookの追加", "A webhook"),
        None => name,
    }
    .to_owned()
}

fn state(t: Tongue, name: &str) -> Markup {
    let (text, class) = match name {
        "waiting" => (t.say("承認待ち", "Waits"), ""),
        "approved" => (t.say("承認済み", "Approved"), "good"),
        "declined" => (t.say("却下", "Declined"), "locked"),
        "withdrawn" => (t.say("取り下げ", "Taken back"), ""),
        "expired" => (t.say("期限切れ", "Too late"), ""),
        _ => (t.say("完了", "Done"), "good"),
    };
    html! { span class={ "badge " (class) } { (text) } }
}

fn name(t: Tongue, data: &Data<'_>, id: i64) -> String {
    let other = || t.say(format!("ほかのアカウント #{id}"), format!("another account, #{id}"));
    data.names.get(&id.to_string()).cloned().unwrap_or_else(other)
}

/// A field for a reason.
#[must_use]
pub fn reason(t: Tongue, id: &str) -> Markup {
    html! {
        label for=(id) { (t.say("理由", "Reason")) }
        textarea id=(id) name="reason" required maxlength=(REASON) aria-describedby={ (id) "-hint" } {}
        p.hint id={ (id) "-hint" } { (t.say(
            "承認する人に表示され、記録に残ります。個人名や連絡先は書かないでください。",
            "Whoever approves sees it, and it is kept. Write nobody's name or address.")) }
    }
}

/// The list.
#[must_use]
pub fn list(frame: &Frame<'_>, data: &Data<'_>, all: &[Approval]) -> Markup {
    let t = frame.t;
    let site = frame.site.map_or("", |(key, _)| key);
    let title = t.say("承認", "Approvals");
    let waits = |on: bool| {
        if on {
            t.say("承認が必要", "wait for a second person")
        } else {
            t.say("承認は不要", "wait for nobody")
        }
    };
    frame.page(title, &html! {
        div.head { h1 { (title) } }
        p.share { (t.say("個人データの書き出し：", "Exports of personal data ")) strong { (waits(data.asks.exports)) }
            (t.say("　消去：", "; erasures ")) strong { (waits(data.asks.erasures)) }
            (t.say("（サイトファイルの[approval]で設定）", " ([approval] in the site file)")) }
        @if all.is_empty() {
            section.nothing {
                h2 { (t.say("依頼はありません", "Nothing was asked for")) }
                p { (t.say("書き出しや消去の画面で依頼すると、ここに表示されます。", "What is asked for where data leaves or is erased is listed here.")) }
            }
        } @else {
            div.scroll.rows tabindex="0" role="group" aria-label=(title) { table.top {
                caption.unseen { (title) }
                thead { tr {
                    th scope="col" { (t.say("依頼", "What")) } th scope="col" { (t.say("状態", "State")) }
                    th scope="col" { (t.say("依頼した人", "Asked by")) } th scope="col" { (t.say("期限", "Until")) } } }
                tbody { @for one in all { @let state_name = approval::state(one, data.now); tr {
                    th scope="row" { a href={ "/office/sites/" (site) "/approvals/" (one.id) } { (kind(t, &one.kind)) }
                        div.path { (t.moment(one.asked_at, data.zone)) } }
                    td { (state(t, state_name)) }
                    td { (name(t, data, one.asked_by.0)) }
                    td { @if matches!(state_name, "waiting" | "approved") { (t.moment(one.until, data.zone)) } @else { "–" } }
                } } }
            } }
        }
        section.card.wide-card {
            h2 { (t.say("コマンドラインで行う操作の承認", "For the command line")) }
            p.hint { (t.say(
                "次の操作はコマンドで実行します。承認されたら --approved に依頼のIDを付けて実行してください。",
                "What follows is done by command, with --approved and the id of what was approved.")) }
            form.stack method="post" action={ "/office/sites/" (site) "/approvals" } {
                (frame.hidden())
                label for="kind" { (t.say("操作", "What")) }
                select id="kind" name="kind" {
                    @for own in [Kind::LeadsExport, Kind::TokenAdd, Kind::WebhookAdd] { option value=(own.as_str()) { (kind(t, own.as_str())) } }
                }
                (reason(t, "reason"))
                button type="submit" { (t.say("承認を依頼する", "Ask for approval")) }
            }
        }
    })
}

/// How much of what was asked is left.
#[derive(Clone, Copy, Debug)]
pub struct Left {
    /// Leads that are there still.
    pub leads: usize,
    /// Whether it was asked of leads at all.
    pub of_leads: bool,
}

/// One of them.
#[must_use]
pub fn one(frame: &Frame<'_>, data: &Data<'_>, asked: &Approval, left: Left) -> Markup {
    let t = frame.t;
    let site = frame.site.map_or("", |(key, _)| key);
    let own = format!("/office/sites/{site}/approvals/{}", asked.id);
    let state_name = approval::state(asked, data.now);
    let mine = data.own == asked.asked_by.0;
    let title = kind(t, &asked.kind);
    frame.page(&title, &html! {
        p.back { a href={ "/office/sites/" (site) "/approvals" } { "← " (t.say("承認の一覧", "All approvals")) } }
        div.head { h1 { (title) } (state(t, state_name)) }
        section.card {
            h2 { (t.say("依頼の内容", "What was asked")) }
            dl.fields {
                div { dt { (t.say("理由", "Reason")) } dd { (asked.reason) } }
                div { dt { (t.say("依頼した人", "Asked by")) } dd { (name(t, data, asked.asked_by.0)) " · " (t.moment(asked.asked_at, data.zone)) } }
                @if !asked.object.is_empty() { div { dt { (t.say("対象", "Of what")) } dd { @match Kind::parse(&asked.kind) {
                    Some(Kind::LeadErase) => a href={ "/office/sites/" (site) "/leads/" (asked.object) } { (asked.object) },
                    Some(Kind::SubjectErase | Kind::SubjectExport | Kind::SubjectProvision) => a href={ "/office/sites/" (site) "/requests/" (asked.object) } { (asked.object) },
                    Some(Kind::AccountDelete) => (name(t, data, asked.object.parse().unwrap_or_default())),
                    _ => (asked.object),
                } } } }
                @if left.of_leads { div { dt { (t.say("対象のリード", "Leads")) } dd {
                    (t.say(format!("{}件（依頼時に固定）", t.number(asked.size)), format!("{}, fixed when it was asked", t.number(asked.size))))
                    @if i64::try_from(left.leads).unwrap_or(i64::MAX) < asked.size { " · " (t.say(
                        format!("その後{}件が消去", asked.size - i64::try_from(left.leads).unwrap_or(0)),
                        format!("{} were erased since", asked.size - i64::try_from(left.leads).unwrap_or(0)))) }
                } } }
                @if let (Some(by), Some(at)) = (asked.decided_by, asked.decided_at) {
                    div { dt { (t.say("判断した人", "Decided by")) } dd { (name(t, data, by.0)) " · " (t.moment(at, data.zone)) } }
                }
                @if matches!(state_name, "waiting" | "approved") { div { dt { (t.say("期限", "Until")) } dd { (t.moment(asked.until, data.zone)) } } }
                div { dt { "ID" } dd { code { (asked.id) } } }
            }
            (acts(frame, asked, (&own, state_name, mine)))
        }
    })
}

fn acts(frame: &Frame<'_>, asked: &Approval, (own, state, mine): (&str, &str, bool)) -> Markup {
    let t = frame.t;
    let site = frame.site.map_or("", |(key, _)| key);
    let button = |action: &str, text: &str, class: &str| {
        html! { form method="post" action={ (own) "/" (action) } { (frame.hidden()) button class=(class) type="submit" { (text) } } }
    };
    html! {
        @match (state, mine) {
            ("waiting", true) => {
                p.notice { (t.say("ほかの人の承認を待っています。自分の依頼は承認できません。", "This waits for somebody else: nobody approves what they have asked for.")) }
                div.acts { (button("withdraw", t.say("取り下げる", "Take it back"), "small")) }
            },
            ("waiting", false) => div.acts {
                (button("approve", t.say("承認する", "Approve"), ""))
                (button("decline", t.say("却下する", "Decline"), "danger"))
            },
            ("approved", true) => {
                @match Kind::parse(&asked.kind) {
                    Some(Kind::LeadsExport) => {
                        p.notice.good { (t.say("期限まで、依頼時のリードだけを書き出せます。消去・停止されたものは含まれません。", "Until then the leads of that moment can be exported, without those that were erased or locked since.")) }
                        div.acts { (button("download", t.say("CSVをダウンロード", "Download the CSV"), "")) }
                    },
                    Some(Kind::LeadErase | Kind::AccountDelete) => div.acts { (button("do", t.say("実行する", "Carry it out"), "danger")) },
                    Some(Kind::SubjectExport | Kind::SubjectProvision | Kind::SubjectErase) => p.notice.good {
                        a href={ "/office/sites/" (site) "/requests/" (asked.object) } { (t.say("請求の画面で実行できます。", "It can be carried out on the request's page.")) } },
                    Some(Kind::TokenAdd) => p.notice.good {
                        a href={ "/office/sites/" (site) "/tokens" } { (t.say("トークンの画面で発行できます。", "The token can be made on the page of tokens.")) } },
                    _ => p.notice.good { (t.say("コマンドに --approved とこのIDを付けて実行できます。", "It can be done by command, with --approved and this id.")) },
                }
            },
            ("approved", false) => p.notice.good { (t.say("依頼した人が実行できます。", "Whoever asked for it can carry it out.")) },
            _ => {},
        }
    }
}

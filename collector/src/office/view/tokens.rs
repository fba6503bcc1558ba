//! API tokens of the site.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::Frame;
use crate::{
    office::tongue::Tongue,
    store::{
        approvals::Approval,
        tokens::{Over, Scope, Token},
    },
};
use consent_core::time::Millis;

/// Days that a token may hold, as they are offered.
pub const DAYS: [i64; 4] = [30, 90, 180, 365];
/// Characters of its name.
pub const NAME: usize = 80;

/// What the page is made of.
#[derive(Debug)]
pub struct Data<'a> {
    /// Its tokens.
    pub tokens: &'a [Token],
    /// Accounts by id.
    pub names: &'a BTreeMap<String, String>,
    /// Whether one that reads leads waits for a second person.
    pub waits: bool,
    /// What was approved of one's own, to be used.
    pub approved: &'a [Approval],
    /// The site's time zone.
    pub zone: &'a TimeZone,
    /// The time now.
    pub now: Millis,
    /// What was made, or why it was not.
    pub said: Option<Said<'a>>,
}

/// What became of what was sent.
#[derive(Clone, Copy, Debug)]
pub enum Said<'a> {
    /// A token, which is shown once.
    Made(&'a str),
    /// It has no name, or a long one.
    Name,
    /// It may do nothing.
    Scopes,
    /// It has no end that is offered.
    Days,
    /// One that reads leads was not approved.
    Approval,
}

/// What a token of that scope may do.
pub(super) fn scope(t: Tongue, scope: Scope) -> &'static str {
    match scope {
        Scope::Query => t.say("集計の照会", "ask for figures"),
        Scope::Leads => t.say("リードの閲覧（個人情報を含む）", "read leads, with personal data"),
        Scope::LeadsWrite => t.say("リードの登録・変更・消去", "give, change and erase leads"),
        Scope::Operate => t.say("収集状況の確認", "see what was refused"),
        Scope::Export => t.say("イベントの書き出し", "take events in files"),
    }
}

/// The page.
#[must_use]
pub fn page(frame: &Frame<'_>, data: &Data<'_>) -> Markup {
    let t = frame.t;
    let site = frame.site.map_or("", |(key, _)| key);
    let title = t.say("APIトークン", "API tokens");
    frame.page(title, &html! {
        div.head { h1 { (title) } }
        (said(t, data.said))
        @if data.tokens.is_empty() {
            section.nothing { h2 { (t.say("トークンはありません", "There are none")) }
                p { (t.say("外部のシステムやプログラムから照会するときに発行します。", "Other systems and programs use them to ask the collector.")) } }
        } @else {
            div.scroll.rows tabindex="0" role="group" aria-label=(title) { table.top {
                caption.unseen { (title) }
                thead { tr { th scope="col" { (t.say("名前", "Name")) } th scope="col" { (t.say("権限", "Scopes")) }
                    th scope="col" { (t.say("発行", "Made")) } th scope="col" { (t.say("有効期限", "Expires")) }
                    th scope="col" { (t.say("最後の使用", "Last used")) } th scope="col" { (t.say("操作", "Actions")) } } }
                tbody { @for token in data.tokens { tr {
                    th scope="row" { (if token.name.is_empty() { t.say("名前なし", "No name") } else { &token.name }) div.path { (token.id) } }
                    td { (token.scopes.replace(' ', ", ")) }
                    td { (t.moment(token.created_at, data.zone)) div.path { (maker(t, data.names, &token.made_by)) } }
                    td { (ends(t, data, token)) }
                    td { @match token.used_at { Some(at) => (t.moment(at, data.zone)), None => "–" } }
                    td { @if token.over(data.now).is_none() {
                        form method="post" action={ "/office/sites/" (site) "/tokens/" (token.id) "/revoke" } {
                            (frame.hidden())
                            button.small.danger type="submit" { (t.say("失効させる", "Revoke")) span.unseen { " " (token.name) } }
                        }
                    } }
                } } }
            } }
        }
        (add(frame, data, site))
    })
}

fn maker(t: Tongue, names: &BTreeMap<String, String>, by: &str) -> String {
    match by.split_once(' ') {
        Some(("account", id)) => names.get(id).cloned().unwrap_or_else(|| format!("#{id}")),
        Some(("command", user)) => {
            t.say(format!("コマンド（{user}）"), format!("command line, {user}"))
        }
        _ => t.say("不明", "unknown").to_owned(),
    }
}

fn ends(t: Tongue, data: &Data<'_>, token: &Token) -> Markup {
    html! { @match (token.over(data.now), token.expires_at) {
        (Some(Over::Revoked), _) => span.badge.locked { (t.say("失効", "Revoked")) },
        (Some(Over::Expired), _) => span.badge.locked { (t.say("期限切れ", "Expired")) },
        (None, Some(at)) => (t.moment(at, data.zone)),
        (None, None) => (t.say("なし", "Never")),
    } }
}

fn said(t: Tongue, said: Option<Said<'_>>) -> Markup {
    let bad = |text: &str| html! { p.notice.bad role="alert" { (text) } };
    match said {
        None => html! {},
        Some(Said::Made(token)) => html! { section.card.wide-card role="status" {
            h2 { (t.say("新しいトークン", "The new token")) }
            p { (t.say("この画面でしか表示されません。安全な場所に保管してください。", "It is shown here and never again. Keep it where nobody else reads it.")) }
            pre tabindex="0" { code.once { (token) } }
        } },
        Some(Said::Name) => bad(t.say("用途がわかる名前を80文字以内で付けてください。", "Give it a name of up to 80 characters that says what it is for.")),
        Some(Said::Scopes) => bad(t.say("権限を1つ以上選んでください。", "Choose at least one scope.")),
        Some(Said::Days) => bad(t.say("有効期限を選んでください。", "Choose when it expires.")),
        Some(Said::Approval) => bad(t.say("リードを読めるトークンには、ほかの人の承認が必要です。承認の画面で依頼し、承認されてから発行してください。",
            "A token that reads leads waits for a second person: ask on the page of approvals, and make it once it is approved.")),
    }
}

fn add(frame: &Frame<'_>, data: &Data<'_>, site: &str) -> Markup {
    let t = frame.t;
    html! {
        section.card.wide-card {
            h2 { (t.say("トークンの発行", "Make a token")) }
            form.stack method="post" action={ "/office/sites/" (site) "/tokens" } {
                (frame.hidden())
                label for="name" { (t.say("名前（用途）", "Name: what it is for")) }
                input id="name" name="name" required maxlength=(NAME) autocomplete="off";
                fieldset.choices {
                    legend { (t.say("権限", "Scopes")) }
                    @for own in Scope::ALL { label { input type="checkbox" name={ "scope:" (own.as_str()) } value="yes"; (scope(t, own)) } }
                }
                @if data.waits {
                    p.hint { (t.say("リードの閲覧には、ほかの人の承認が必要です。", "Reading leads waits for a second person.")) " "
                        a href={ "/office/sites/" (site) "/approvals" } { (t.say("承認を依頼する", "Ask for approval")) } }
                    @if !data.approved.is_empty() {
                        label for="approved" { (t.say("使う承認", "What was approved")) }
                        select id="approved" name="approved" {
                            option value="" { "–" }
                            @for one in data.approved { option value=(one.id) selected { (one.reason) } }
                        }
                    }
                }
                label for="days" { (t.say("有効期限", "Expires")) }
                select id="days" name="days" {
                    @for days in DAYS { option value=(days) selected[days == 90] { (t.say(format!("{days}日後"), format!("after {days} days"))) } }
                    option value="never" { (t.say("期限なし", "never")) }
                }
                button type="submit" { (t.say("発行する", "Make it")) }
            }
        }
    }
}

//! What people ask about their own data: what is due, and one request with all that may be done about it.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::{Frame, approvals::reason};
use crate::{
    intake::subject::Kind, office::tongue::Tongue, site::SiteFile, store::subjects::Request,
};
use consent_core::time::{DAY, Millis};

/// What surrounds them.
#[derive(Debug)]
pub struct Data<'a> {
    /// The site's file.
    pub file: &'a SiteFile,
    /// The site's time zone.
    pub zone: &'a TimeZone,
    /// The time now.
    pub now: Millis,
    /// Why something was not done, or that it was.
    pub said: Option<Said<'a>>,
}

/// What became of what was sent.
#[derive(Clone, Copy, Debug)]
pub enum Said<'a> {
    /// It is done.
    Done,
    /// A link was mailed to whoever asked.
    Mailed,
    /// Nothing is held of that person: the request is closed.
    Nobody,
    /// That is no address and no number.
    Contact,
    /// It waits for a second person.
    Approval,
    /// It was refused, in the words of the command line.
    Wrong(&'a str),
}

/// Why a request is not followed: stable names.
pub const REASONS: [(&str, &str, &str); 4] = [
    ("not_identified", "本人と確認できない", "Who asked did not show to be that person"),
    ("withdrawn", "請求が取り下げられた", "It was withdrawn"),
    ("excessive", "根拠がない、または過度な請求", "It is manifestly unfounded or excessive"),
    ("exempt", "法令により応じる必要がない", "The law exempts it"),
];

/// What a request is called.
#[must_use]
pub fn kind(t: Tongue, name: &str) -> String {
    match Kind::parse(name) {
        Some(Kind::Export) => t.say("開示", "To see what is held"),
        Some(Kind::Provision) => t.say("第三者提供記録の開示", "To see to whom it was given"),
        Some(Kind::Correct) => t.say("訂正", "To have it put right"),
        Some(Kind::Stop) => t.say("利用停止", "To have its use stopped"),
        Some(Kind::Erase) => t.say("消去", "To have it erased"),
        None => name,
    }
    .to_owned()
}

fn state(t: Tongue, data: &Data<'_>, request: &Request) -> Markup {
    let left = (request.due_at.0 - data.now.0).div_euclid(DAY);
    html! { @match request.state.as_str() {
        "open" if request.due_at < data.now => span.badge.locked { (t.say("期限超過", "Overdue")) },
        "open" => span.badge { (t.say(format!("対応中・残り{left}日"), format!("Open, {left} days left"))) },
        "done" => span.badge.good { (t.say("対応済み", "Done")) },
        "unknown" => span.badge { (t.say("該当データなし", "Nothing was held")) },
        _ => span.badge { (t.say("応じず", "Not followed")) },
    } }
}

/// What a law is called.
pub(super) fn law(name: &str) -> String {
    if name == "gdpr" { "GDPR".to_owned() } else { "個人情報保護法 (APPI)".to_owned() }
}

/// The list; whether those that are closed are shown.
#[must_use]
pub fn list(frame: &Frame<'_>, data: &Data<'_>, all: &[Request], closed: bool) -> Markup {
    let t = frame.t;
    let site = frame.site.map_or("", |(key, _)| key);
    let title = t.say("開示等の請求", "Requests");
    let own = format!("/office/sites/{site}/requests");
    frame.page(title, &html! {
        div.head { h1 { (title) }
            nav.pick aria-label=(t.say("表示の切り替え", "Which requests")) {
                a href=(own) aria-current=[(!closed).then_some("true")] { (t.say("対応中", "Open")) }
                a href={ (own) "?state=closed" } aria-current=[closed.then_some("true")] { (t.say("終了", "Closed")) }
            } }
        (said(t, data.said))
        @if all.is_empty() {
            section.nothing {
                h2 { @if closed { (t.say("終了した請求はありません", "None was closed yet")) } @else { (t.say("対応中の請求はありません", "No request is open")) } }
                p { (t.say("フォームから届いた請求と、下で登録した請求が、期限の早い順に表示されます。", "What comes by the form, and what is recorded below, is listed here, what is due first first.")) }
            }
        } @else {
            div.scroll.rows tabindex="0" role="group" aria-label=(title) { table.top {
                caption.unseen { (title) }
                thead { tr { th scope="col" { (t.say("請求", "What")) } th scope="col" { (t.say("状態", "State")) }
                    th scope="col" { (t.say("受付", "Received")) } th scope="col" { (t.say("期限", "Due")) } th scope="col" { (t.say("根拠法", "Law")) } } }
                tbody { @for request in all { tr {
                    th scope="row" { a href={ (own) "/" (request.id) } { (kind(t, &request.kind)) } div.path { (request.id) } }
                    td { (state(t, data, request)) }
                    td { (t.moment(request.received_at, data.zone)) } td { (t.moment(request.due_at, data.zone)) }
                    td { (law(&request.law)) }
                } } }
            } }
        }
        (receive(frame, data, &own))
    })
}

fn receive(frame: &Frame<'_>, data: &Data<'_>, own: &str) -> Markup {
    let t = frame.t;
    html! { section.card.wide-card {
        h2 { (t.say("電話や書面で届いた請求の登録", "Record what came by letter or telephone")) }
        form.stack method="post" action=(own) {
            (frame.hidden())
            label for="kind" { (t.say("請求の種類", "What is asked for")) }
            select id="kind" name="kind" { @for own in Kind::ALL { option value=(own.as_str()) { (kind(t, own.as_str())) } } }
            label for="law" { (t.say("根拠法", "Under which law")) }
            select id="law" name="law" { @for own in ["appi", "gdpr"] { option value=(own) selected[data.file.rights.law.as_str() == own] { (law(own)) } } }
            label for="received" { (t.say("届いた日（空欄は今日）", "The day it came (today, where empty)")) }
            input id="received" name="received" type="date";
            button type="submit" { (t.say("登録する", "Record it")) }
        }
    } }
}

fn said(t: Tongue, said: Option<Said<'_>>) -> Markup {
    let bad = |text: &str| html! { p.notice.bad role="alert" { (text) } };
    let good = |text: &str| html! { p.notice.good role="status" { (text) } };
    match said {
        None => html! {},
        Some(Said::Done) => good(t.say("対応を完了しました。", "It is done.")),
        Some(Said::Mailed) => good(t.say(
            "開示用のリンクを本人にメールで送ります。",
            "Whoever asked is mailed a link to it.",
        )),
        Some(Said::Nobody) => good(t.say(
            "該当するデータがないため、請求を終了しました。",
            "Nothing is held under that address or number: the request is closed.",
        )),
        Some(Said::Contact) => bad(t.say(
            "メールアドレスか電話番号を正しく入力してください。",
            "Write an e-mail address or a telephone number.",
        )),
        Some(Said::Approval) => bad(t.say(
            "ほかの人の承認が必要です。理由を書いて依頼してください。",
            "This waits for a second person: ask for approval, with a reason.",
        )),
        Some(Said::Wrong(why)) => bad(why),
    }
}

/// What is known of a request.
#[derive(Debug)]
pub struct Known<'a> {
    /// The request.
    pub request: &'a Request,
    /// What came by the form, opened, and how many leads its address finds; none where it came otherwise, or is answered.
    pub asked: Option<(&'a BTreeMap<String, String>, i64)>,
    /// Whether what is asked waits for a second person.
    pub waits: bool,
    /// Whether somebody has approved it, for whoever looks.
    pub approved: bool,
}

/// One request.
#[must_use]
pub fn one(frame: &Frame<'_>, data: &Data<'_>, known: &Known<'_>) -> Markup {
    let t = frame.t;
    let site = frame.site.map_or("", |(key, _)| key);
    let (request, own) = (known.request, format!("/office/sites/{site}/requests"));
    let title = kind(t, &request.kind);
    frame.page(&title, &html! {
        p.back { a href=(own) { "← " (t.say("請求の一覧", "All requests")) } }
        div.head { h1 { (title) } (state(t, data, request)) }
        (said(t, data.said))
        section.card {
            h2 { (t.say("請求の内容", "The request")) }
            dl.fields {
                div { dt { (t.say("受付", "Received")) } dd { (t.moment(request.received_at, data.zone)) } }
                div { dt { (t.say("期限", "Due")) } dd { (t.moment(request.due_at, data.zone)) } }
                div { dt { (t.say("根拠法", "Law")) } dd { (law(&request.law)) } }
                @if let Some(at) = request.closed_at { div { dt { (t.say("終了", "Closed")) } dd { (t.moment(at, data.zone)) } } }
                @if let Some((fields, matches)) = known.asked {
                    @for (name, value) in fields { div { dt { (match name.as_str() { "email" => t.say("確認済みのメールアドレス", "Confirmed address"), "message" => t.say("本文", "Message"), other => other }) } dd { (value) } } }
                    div { dt { (t.say("該当するリード", "Leads found")) } dd { (t.say(format!("{matches}件"), matches.to_string())) } }
                }
                div { dt { "ID" } dd { code { (request.id) } } }
            }
            p { a href={ "/office/sites/" (site) "/trail?object=" (request.id) } { (t.say("この請求の対応記録", "Every step of it in the audit trail")) } }
        }
        @if request.state == "open" {
            (answer(frame, data, known, &format!("{own}/{}", request.id)))
            section.card {
                h2 { (t.say("応じない場合", "Not to follow it")) }
                form.stack method="post" action={ (own) "/" (request.id) "/refuse" } {
                    (frame.hidden())
                    label for="why" { (t.say("理由", "Why")) }
                    select id="why" name="why" { @for (name, ja, en) in REASONS { option value=(name) { (t.say(ja, en)) } } }
                    button.danger type="submit" { (t.say("応じずに終了する", "Close it")) }
                }
            }
        }
    })
}

fn answer(frame: &Frame<'_>, data: &Data<'_>, known: &Known<'_>, own: &str) -> Markup {
    let t = frame.t;
    let kind = Kind::parse(&known.request.kind);
    let asks = known.waits && !known.approved;
    let hands_out = matches!(kind, Some(Kind::Export | Kind::Provision));
    html! { section.card {
        h2 { (t.say("対応する", "Answer it")) }
        @if known.approved { p.notice.good { (t.say("承認されました。依頼時に該当したリードだけが対象です。", "It is approved, for the leads that were found when it was asked.")) } }
        form.stack method="post" action={ (own) "/" (if asks { "ask" } else { "do" }) } {
            (frame.hidden())
            @if known.asked.is_none() {
                p.hint { (t.say("本人であることを先に確認してください。", "See first that they are who they say.")) }
                label for="contact" { (t.say("本人のメールアドレスまたは電話番号", "E-mail address or telephone number of the person")) }
                input id="contact" name="contact" required autocomplete="off";
            }
            @if kind == Some(Kind::Correct) { (corrections(t, data.file)) }
            @if hands_out && known.asked.is_none() && !asks {
                label for="format" { (t.say("形式", "Format")) }
                select id="format" name="format" { option value="html" { (t.say("読むためのページ（HTML）", "A page to read (HTML)")) } option value="json" { "JSON" } }
            }
            @if asks { (reason(t, "reason")) }
            @else if kind == Some(Kind::Erase) {
                div.choices { label { input type="checkbox" name="sure" value="yes" required; (t.say("消去は取り消せないことを確認しました", "I know that this cannot be undone")) } }
            }
            button.danger[kind == Some(Kind::Erase)] type="submit" {
                @if asks { (t.say("承認を依頼する", "Ask for approval")) }
                @else { (match kind {
                    Some(Kind::Correct) => t.say("訂正する", "Put it right"),
                    Some(Kind::Stop) => t.say("利用を停止する", "Stop its use"),
                    Some(Kind::Erase) => t.say("消去する", "Erase it"),
                    _ if known.asked.is_some() => t.say("リンクを送って開示する", "Hand it out by a link"),
                    _ => t.say("ダウンロードして開示する", "Download it to hand it out"),
                }) }
            }
        }
    } }
}

fn corrections(t: Tongue, file: &SiteFile) -> Markup {
    let speech = file.speech(t.code());
    let mut fields: Vec<(&str, &str)> = Vec::new();
    for field in file.forms.iter().flat_map(|form| &form.fields) {
        if !fields.iter().any(|(key, _)| *key == field.key.as_str()) {
            fields.push((field.key.as_str(), speech.say(&field.name)));
        }
    }
    html! { @for row in 1..=3 {
        fieldset.choices {
            legend { (t.say(format!("訂正する項目 {row}"), format!("Field {row}"))) }
            select name={ "field" (row) } aria-label=(t.say(format!("項目 {row}"), format!("Which field, {row}"))) {
                option value="" { "–" }
                @for (key, name) in &fields { option value=(key) { (name) } }
            }
            input name={ "value" (row) } autocomplete="off" aria-label=(t.say(format!("新しい値 {row}（空欄は削除）"), format!("New value, {row}; empty takes it away")));
        }
    } }
}

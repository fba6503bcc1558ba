//! Leads: who wrote, as far as one may see it, and what a linked one did since.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::{Frame, approvals::reason};
use crate::{
    office::tongue::Tongue,
    site::{Approval, SiteFile},
    store::{
        leads::read::{Stored, listed::Which},
        reports::Moment,
    },
};
use consent_core::lead::{Ground, Origin};

/// A lead with what was filled in; masked where one may not see that.
#[derive(Debug)]
pub struct Shown<'a> {
    /// The lead.
    pub lead: &'a Stored,
    /// What was filled in; none where it cannot be opened, or is not to be.
    pub fields: Option<BTreeMap<String, String>>,
    /// Whether it is not to be opened: it is locked, and nobody waits for an answer.
    pub closed: bool,
}

/// What surrounds them.
#[derive(Debug)]
pub struct Data<'a> {
    /// The site's file.
    pub file: &'a SiteFile,
    /// The site's time zone.
    pub zone: &'a TimeZone,
    /// Whether it is masked.
    pub masked: bool,
    /// Whether one may have leads leave and erased, and whether each waits for a second person.
    pub hands_out: Option<Approval>,
}

/// A value of which nobody can be told: its first letter, and of an address its host.
#[must_use]
pub fn mask(value: &str) -> String {
    let hide =
        |text: &str| text.chars().next().map_or_else(String::new, |first| format!("{first}•••"));
    match value.rsplit_once('@') {
        Some((name, host)) if !host.contains(char::is_whitespace) => {
            format!("{}@{host}", hide(name))
        }
        _ if value.chars().any(|letter| letter.is_ascii_digit()) => "•••".to_owned(),
        _ => hide(value),
    }
}

/// The list. `from` counts those passed over; `more` says that there are more.
#[must_use]
pub fn list(
    frame: &Frame<'_>,
    data: &Data<'_>,
    leads: &[Shown<'_>],
    which: &Which,
    (from, more): (u32, bool),
) -> Markup {
    let t = frame.t;
    let title = t.say("リード", "Leads");
    let site = frame.site.map_or("", |(key, _)| key);
    frame.page(title, &html! {
        div.head { h1 { (title) } }
        (about(t, data.masked))
        (filters(t, which))
        @if leads.is_empty() && from == 0 && *which != Which::default() {
            p.none { (t.say("該当するリードはありません。", "There is no such lead.")) }
        } @else if leads.is_empty() && from == 0 {
            section.nothing {
                h2 { (t.say("まだリードはありません", "No leads yet")) }
                p { (t.say(
                    "サイトのフォームから送信があると、新しい順にここに表示されます。",
                    "What people send by the site's forms is listed here, the newest first.")) }
            }
        } @else {
            ul.leads {
                @for shown in leads {
                    li.card {
                        div.lead-head {
                            h2 { a href={ "/office/sites/" (site) "/leads/" (shown.lead.id) } { (heading(t, data.file, shown)) } }
                            (badges(t, shown.lead))
                        }
                        p.when { (t.moment(shown.lead.received_at, data.zone)) " · " (form_name(t, data.file, &shown.lead.form)) " · " (origin(t, &shown.lead.origin)) " · " (ground(t, &shown.lead.ground)) (pending(t, shown.lead)) }
                        (fields(t, data.file, shown))
                    }
                }
            }
            nav.pages aria-label=(t.say("ページ送り", "More leads")) {
                @if from > 0 { a.button href={ "?" (parameters(which)) "after=" (from.saturating_sub(PAGE)) } { (t.say("新しい順に戻る", "Newer")) } }
                @if more { a.button href={ "?" (parameters(which)) "after=" (from + PAGE) } { (t.say("さらに前を見る", "Older")) } }
            }
        }
        @if let Some(asks) = data.hands_out { (export(frame, site, asks)) }
    })
}

fn export(frame: &Frame<'_>, site: &str, asks: Approval) -> Markup {
    let t = frame.t;
    html! { section.card.wide-card {
        h2 { (t.say("連絡可のリードの書き出し", "Export of those who may be contacted")) }
        p.hint { (t.say(
            "メールに表示が必要な項目と、一人ひとりの配信停止リンクが付いたCSVです。連絡不可のリードは含まれません。",
            "A table (CSV) with what a mail must show and each person's link to stop it. Locked leads are not in it.")) }
        form.stack method="post" action={ "/office/sites/" (site) "/leads/export" } {
            (frame.hidden())
            @if asks.exports { (reason(t, "reason")) button type="submit" { (t.say("書き出しの承認を依頼する", "Ask for approval")) } }
            @else { button type="submit" { (t.say("CSVをダウンロード", "Download the CSV")) } }
        }
    } }
}

fn parameters(which: &Which) -> String {
    let usable = which.usable.map_or("", |usable| if usable { "yes" } else { "no" });
    let pairs = [("origin", &*which.origin), ("ground", &*which.ground), ("usable", usable)];
    let pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    pairs.map(|(name, value)| format!("{name}={value}&")).collect()
}

fn filters(t: Tongue, which: &Which) -> Markup {
    html! { form.filters method="get" {
        div { label for="origin" { (t.say("取得元", "Came by")) } select id="origin" name="origin" {
            option value="" { (t.say("すべて", "All")) }
            @for own in Origin::ALL { option value=(own.as_str()) selected[which.origin == own.as_str()] { (origin(t, own.as_str())) } } } }
        div { label for="ground" { (t.say("連絡の根拠", "Ground")) } select id="ground" name="ground" {
            option value="" { (t.say("すべて", "All")) }
            @for own in Ground::ALL { option value=(own.as_str()) selected[which.ground == own.as_str()] { (ground(t, own.as_str())) } } } }
        div { label for="usable" { (t.say("メール配信", "Mail")) } select id="usable" name="usable" {
            option value="" { (t.say("すべて", "All")) }
            option value="yes" selected[which.usable == Some(true)] { (t.say("連絡可", "May be contacted")) }
            option value="no" selected[which.usable == Some(false)] { (t.say("連絡不可", "Locked")) } } }
        div { button type="submit" { (t.say("絞り込む", "Show")) } }
    } }
}

/// Where a lead came from.
pub(super) fn origin(t: Tongue, name: &str) -> &str {
    match name {
        "form" => t.say("フォーム", "form"),
        "import" => t.say("取り込み", "import"),
        "api" => t.say("CRM・API連携", "CRM or API"),
        "card" => t.say("名刺", "business card"),
        other => other,
    }
}

/// On what ground its person may be contacted.
pub(super) fn ground(t: Tongue, name: &str) -> &str {
    match name {
        "none" => t.say("根拠なし", "no ground"),
        "opt_in" => t.say("本人の同意", "opt-in"),
        "existing_customer" => t.say("取引関係", "existing customer"),
        "card_exchanged" => t.say("名刺交換", "card exchanged"),
        "published_address" => t.say("公表されたアドレス", "published address"),
        other => other,
    }
}

/// That a ground is there and does not hold yet.
fn pending(t: Tongue, lead: &Stored) -> &'static str {
    if lead.ground_since.is_none() && lead.ground != Ground::None.as_str() {
        t.say("（確認待ち）", ", to be confirmed")
    } else {
        ""
    }
}

/// Leads of one page.
pub const PAGE: u32 = 25;

/// One lead, and what it did since it was linked.
#[must_use]
pub fn one(
    frame: &Frame<'_>,
    data: &Data<'_>,
    shown: &Shown<'_>,
    moments: Option<&[Moment]>,
) -> Markup {
    let t = frame.t;
    let site = frame.site.map_or("", |(key, _)| key);
    frame.page(t.say("リード", "Lead"), &html! {
        p.back { a href={ "/office/sites/" (site) "/leads" } { "← " (t.say("リードの一覧", "All leads")) } }
        div.head { h1 { (heading(t, data.file, shown)) } (badges(t, shown.lead)) }
        (about(t, data.masked))
        section.card {
            h2 { (t.say("送信された内容", "What was sent")) }
            p.when { (t.moment(shown.lead.received_at, data.zone)) " · " (form_name(t, data.file, &shown.lead.form)) " · " (shown.lead.page) }
            p.when { (origin(t, &shown.lead.origin)) " · " (ground(t, &shown.lead.ground)) (pending(t, shown.lead))
                @if let Some(since) = shown.lead.ground_since { " · " (t.say(format!("{}から", t.moment(since, data.zone)), format!("since {}", t.moment(since, data.zone)))) } }
            (fields(t, data.file, shown))
        }
        section.card {
            h2 { (t.say("行動の記録", "What they did since")) }
            @match (shown.lead.linked_at, moments) {
                (Some(since), Some(moments)) => {
                    p.hint { (t.say(
                        format!("本人の同意により、{}以降の行動が結び付いています。", t.moment(since, data.zone)),
                        format!("They agreed to be tied to their browsing: since {}.", t.moment(since, data.zone)))) }
                    @if moments.is_empty() { p.none { (t.say("まだ記録はありません。", "Nothing yet.")) } }
                    ol.timeline { @for moment in moments { li {
                        span.when { (t.moment(moment.at, data.zone)) }
                        span.what { (event_name(t, &moment.name)) }
                        span.where { (if moment.title.is_empty() { &moment.page } else { &moment.title }) }
                        span.path { (moment.page) }
                    } } }
                }
                _ => p.none { (t.say(
                    "このリードは行動の記録と結び付いていません。本人が同意した場合だけ表示されます。",
                    "This lead is tied to no browsing. It is only where the person agreed to that.")) },
            }
        }
        @if let Some(asks) = data.hands_out { section.card {
            h2 { (t.say("リードの消去", "Erase the lead")) }
            form.stack method="post" action={ "/office/sites/" (site) "/leads/" (shown.lead.id) "/erase" } {
                (frame.hidden())
                @if asks.erasures { (reason(t, "reason")) button.danger type="submit" { (t.say("消去の承認を依頼する", "Ask for approval")) } }
                @else {
                    div.choices { label { input type="checkbox" name="sure" value="yes" required; (t.say("消去は取り消せないことを確認しました", "I know that this cannot be undone")) } }
                    button.danger type="submit" { (t.say("消去する", "Erase it")) }
                }
            }
        } }
    })
}

fn about(t: Tongue, masked: bool) -> Markup {
    html! {
        p.share { @if masked { (t.say(
            "個人情報は伏せて表示しています。内容を見るには、オーナー・管理者・個人情報担当者の権限が必要です。",
            "What tells of whom they are is masked. Owner, administrator and privacy officer see it.")) }
        @else { (t.say(
            "個人情報を含みます。必要な範囲で取り扱ってください。",
            "This is personal data. Use it for what it was sent for.")) } }
    }
}

fn badges(t: Tongue, lead: &Stored) -> Markup {
    html! {
        p.badges {
            @if lead.ground_since.is_none() { span.badge.locked { (t.say("連絡不可", "Locked")) } }
            @else { span.badge.good { (t.say("連絡可", "May be contacted")) } }
            @if lead.linked_at.is_some() { span.badge { (t.say("行動と結び付き", "Linked")) } }
        }
    }
}

fn heading(t: Tongue, file: &SiteFile, shown: &Shown<'_>) -> String {
    if shown.closed {
        return t.say("連絡不可のリード", "A locked lead").to_owned();
    }
    let Some(fields) = &shown.fields else {
        return t.say("開けないリード", "A lead that does not open").to_owned();
    };
    let form = file.forms.iter().find(|form| form.key.as_str() == shown.lead.form);
    let first = form.and_then(|form| {
        form.fields
            .iter()
            .filter_map(|field| fields.get(field.key.as_str()))
            .find(|it| !it.is_empty())
    });
    first
        .or_else(|| fields.values().next())
        .cloned()
        .unwrap_or_else(|| t.say("無記入", "Left empty").to_owned())
}

fn form_name(t: Tongue, file: &SiteFile, key: &str) -> String {
    let form = file.forms.iter().find(|form| form.key.as_str() == key);
    form.map_or_else(|| key.to_owned(), |form| file.speech(t.code()).say(&form.name).to_owned())
}

fn event_name(t: Tongue, name: &str) -> String {
    match name {
        "page_view" => t.say("ページ表示", "Page view").to_owned(),
        "user_engagement" => t.say("閲覧", "Engagement").to_owned(),
        "scroll" => t.say("スクロール", "Scroll").to_owned(),
        "form_start" => t.say("フォーム入力開始", "Form begun").to_owned(),
        "form_submit" => t.say("フォーム送信", "Form sent").to_owned(),
        other => other.to_owned(),
    }
}

fn fields(t: Tongue, file: &SiteFile, shown: &Shown<'_>) -> Markup {
    let speech = file.speech(t.code());
    let form = file.forms.iter().find(|form| form.key.as_str() == shown.lead.form);
    let name = |key: &str| {
        let field =
            form.and_then(|form| form.fields.iter().find(|field| field.key.as_str() == key));
        field.map_or_else(|| key.to_owned(), |field| speech.say(&field.name).to_owned())
    };
    html! {
        @match &shown.fields {
            Some(fields) => dl.fields { @for (key, value) in fields { div { dt { (name(key)) } dd { (value) } } } },
            None if shown.closed => p.none { (t.say(
                "連絡の根拠がないため、内容は表示しません。本人からの請求には開示等の請求の画面で対応できます。",
                "Without a ground it is not opened. Where its person asks, answer on the page of requests.")) },
            None => p.notice.bad { (t.say(
                "鍵が見つからないため開けません。サーバーのログを確認してください。",
                "It does not open: its key is not there. The collector's log says why.")) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn what_is_masked_tells_nobody_whose_it_is() {
        let values = ["mika@shop.example", "田中 美佳", "090-1234-5678", "", "@", "a @ b c"];
        assert_eq!(values.map(mask), ["m•••@shop.example", "田•••", "•••", "", "@", "a•••"]);
    }
}

//! Leads: who wrote, as far as one may see it, and what a linked one did since.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::Frame;
use crate::{
    office::tongue::Tongue,
    site::SiteFile,
    store::{leads::read::Stored, reports::Moment},
};

/// A lead with what was filled in; masked where one may not see that.
#[derive(Debug)]
pub struct Shown<'a> {
    /// The lead.
    pub lead: &'a Stored,
    /// What was filled in; none where it cannot be opened.
    pub fields: Option<BTreeMap<String, String>>,
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
    (from, more): (u32, bool),
) -> Markup {
    let t = frame.t;
    let title = t.say("リード", "Leads");
    let site = frame.site.map_or("", |(key, _)| key);
    frame.page(title, &html! {
        div.head { h1 { (title) } }
        (about(t, data.masked))
        @if leads.is_empty() && from == 0 {
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
                        p.when { (t.moment(shown.lead.received_at, data.zone)) " · " (form_name(t, data.file, &shown.lead.form)) }
                        (fields(t, data.file, shown))
                    }
                }
            }
            nav.pages aria-label=(t.say("ページ送り", "More leads")) {
                @if from > 0 { a.button href={ "?after=" (from.saturating_sub(PAGE)) } { (t.say("新しい順に戻る", "Newer")) } }
                @if more { a.button href={ "?after=" (from + PAGE) } { (t.say("さらに前を見る", "Older")) } }
            }
        }
    })
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

//! The audit trail: who did what with the site's data, and whether the trail is as it was recorded.

mod details;
mod words;

use std::collections::BTreeMap;

use base64ct::{Base64, Encoding as _};
use jiff::tz::TimeZone;
use maud::{Markup, html};
use serde_json::Value;

use super::Frame;
use crate::{office::tongue::Tongue, store::audit::Recorded};
use consent_core::time::Millis;

pub use self::words::action;
use self::words::{ACTIONS, KINDS};

/// Entries of one page.
pub const PAGE: i64 = 50;

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
                    td { (details::shown(t, data.zone, data.names, entry)) }
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
    let kind = words::actor(t, &entry.actor_kind);
    let who = match entry.actor_kind.as_str() {
        "job" => words::job(t, &entry.actor),
        _ => entry.actor.as_str(),
    };
    html! { @match entry.actor_kind.as_str() {
        "account" => (account(t, names, &entry.actor)),
        _ => { (kind) @if !who.is_empty() { div.path { (who) } } },
    } }
}

fn object(t: Tongue, names: &BTreeMap<String, String>, entry: &Recorded) -> Markup {
    let kind = words::object(t, &entry.object_kind);
    html! { @match entry.object_kind.as_str() {
        "account" => (account(t, names, &entry.object)),
        _ => { (kind) div.path { (entry.object) } },
    } }
}

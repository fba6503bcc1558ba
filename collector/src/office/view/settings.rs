//! How the site is set up: the tag, its file, tokens, and the consent log.

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::Frame;
use crate::{
    sites::Site,
    store::{reports::Share, tokens::Token},
};

/// What the page is made of.
#[derive(Debug)]
pub struct Data<'a> {
    /// The site.
    pub site: &'a Site,
    /// The site's time zone.
    pub zone: &'a TimeZone,
    /// The address of the collector.
    pub public_url: &'a str,
    /// Its tokens.
    pub tokens: &'a [Token],
    /// The consent log's newest checkpoint.
    pub checkpoint: Option<&'a str>,
    /// What was asked and decided in the last seven days.
    pub week: &'a Share,
}

/// The tag of a site.
#[must_use]
pub fn tag(public_url: &str, site: &str) -> String {
    format!("<script async src=\"{public_url}/s/{site}/ashiato.js\"></script>")
}

/// The page.
#[must_use]
pub fn page(frame: &Frame<'_>, data: &Data<'_>) -> Markup {
    let t = frame.t;
    let (site, file) = (data.site, &data.site.file);
    let speech = file.speech(t.code());
    let title = t.say("設定とタグ", "Settings");
    let seen = data.week.asked > 0 || data.week.decided > 0;
    frame.page(title, &html! {
        div.head { h1 { (title) } }
        section.card.wide-card {
            h2 { (t.say("サイトに貼るタグ", "The tag")) }
            p { (t.say("全ページの<head>内、どこに置いても構いません。", "It goes into the head of every page, anywhere.")) }
            pre tabindex="0" { code { (tag(data.public_url, site.key.as_str())) } }
            p { a href={ "/office/sites/" (site.key) "/setup" } { (t.say("設置と確認の手順を見る", "Step by step: put it in, see that it works")) } }
            @if seen {
                p.notice.good { (t.say("タグは動作しています。過去7日間に同意の確認がありました。", "The tag works: somebody was asked in the last seven days.")) }
            } @else {
                p.notice { (t.say("過去7日間、このタグからの確認はまだありません。サイトを開いてバナーが出るか確かめてください。", "Nobody was asked by this tag in the last seven days. Open the site and see whether the banner comes.")) }
            }
        }
        section.card.wide-card {
            h2 { (t.say("サイトファイル", "The site file")) }
            dl.fields {
                div { dt { (t.say("サイト名", "Name")) } dd { (speech.say(&file.name)) } }
                div { dt { (t.say("キー", "Key")) } dd { (site.key) } }
                div { dt { (t.say("改定", "Revision")) } dd { (site.policy.revision()) " · " (t.moment(site.applied_at, data.zone)) } }
                div { dt { (t.say("配信元", "Origins")) } dd { (file.origins.join(", ")) } }
                div { dt { (t.say("言語", "Languages")) } dd { (file.languages.join(", ")) } }
                div { dt { (t.say("タイムゾーン", "Time zone")) } dd { (file.timezone) } }
                div { dt { (t.say("再確認までの日数", "Asked again after")) } dd { (file.consent_days) (t.say("日", " days")) } }
            }
            p.hint { (t.say("変更するには、サイトファイルを直して次のコマンドで適用します。", "To change it, edit the file and put it in force:")) }
            pre tabindex="0" { code { "ashiato site apply " (site.key) ".toml" } }
            div.scroll tabindex="0" role="group" aria-label=(t.say("目的とサービス", "Purposes and services")) { table.top {
                caption.unseen { (t.say("目的とサービス", "Purposes and services")) }
                thead { tr { th scope="col" { (t.say("目的", "Purpose")) } th scope="col" { (t.say("サービス", "Services")) } th scope="col" { (t.say("イベント", "Events")) } } }
                tbody { @for purpose in &file.purposes { tr {
                    th scope="row" { (speech.say(&purpose.name)) }
                    td { (purpose.services.iter().map(|it| speech.say(&it.name)).collect::<Vec<_>>().join(t.say("、", ", "))) }
                    td { (purpose.services.iter().flat_map(|it| &it.events).map(ToString::to_string).collect::<Vec<_>>().join(", ")) }
                } } }
            } }
        }
        div.cards {
            section.card {
                h2 { (t.say("公開ページ", "Public pages")) }
                ul.links { @for language in &file.languages { li {
                    a href={ "/s/" (site.key) "/policy?lang=" (language) } {
                        (t.say("クッキーポリシー・外部送信の公表", "Cookie policy and transmission notice")) " (" (language) ")"
                    }
                } } }
            }
            section.card {
                h2 { (t.say("APIトークン", "API tokens")) }
                @if data.tokens.is_empty() {
                    p.none { (t.say("トークンはありません。", "There are none.")) }
                } @else {
                    table.top {
                        caption.unseen { (t.say("APIトークン", "API tokens")) }
                        thead { tr { th scope="col" { (t.say("範囲", "Scopes")) } th scope="col" { (t.say("発行日時", "Made")) } } }
                        tbody { @for token in data.tokens { tr { th scope="row" { (token.scopes) } td { (t.moment(token.created_at, data.zone)) } } } }
                    }
                }
                p.hint { (t.say("発行：", "To make one: ")) code { "ashiato token add --site " (site.key) " --scope query" } }
            }
        }
        section.card.wide-card {
            h2 { (t.say("同意ログのチェックポイント", "Consent log: checkpoint")) }
            p { (t.say(
                "データベースとは別の場所に保管しておくと、後から記録の改ざんや欠落を検出できます。",
                "Kept where the database is not, it shows later whether anything was altered or dropped.")) }
            @match data.checkpoint {
                Some(note) => pre tabindex="0" { code { (note) } },
                None => p.notice.bad { (t.say("いまは署名できません。サーバーのログを確認してください。", "It cannot be signed just now: the collector's log says why.")) },
            }
        }
    })
}

//! What the consent page says of pages, of versions of the banner against one another, and of when is withdrawn.

use maud::{Markup, html};

use super::withheld;
use crate::{
    office::{tongue::Tongue, trial},
    query::withheld::moments,
    store::decided::Decided,
};

const CHOICES: [&str; 4] = ["accept_all", "reject_all", "custom", "gpc"];

/// The versions of the banner, each against the one that was shown most: the part of those who decided that accepted
/// all, and how sure that is. Nothing where there is one version of which it is told.
#[must_use]
pub fn versions(t: Tongue, decided: &[Decided], smallest: i64) -> Markup {
    let (told, _) = moments::values(decided, |it| it.banner.as_str(), smallest);
    let is_told =
        |it: &&Decided| CHOICES.contains(&it.method.as_str()) && told.contains(&it.banner.as_str());
    let mut banners: Vec<(&str, i64, i64)> = Vec::new();
    for it in decided.iter().filter(is_told) {
        let accepted = if it.method == "accept_all" { it.n } else { 0 };
        match banners.iter_mut().find(|(name, ..)| *name == it.banner) {
            Some((_, yes, all)) => {
                *yes += accepted;
                *all += it.n;
            }
            None => banners.push((&it.banner, accepted, it.n)),
        }
    }
    banners.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.0.cmp(b.0)));
    let Some(((first, yes, all), others)) = banners.split_first().filter(|(_, it)| !it.is_empty())
    else {
        return html! {};
    };
    let title = t.say("バナーの比較（A/B）", "Banner versions against one another");
    html! {
        section.card.wide-card aria-labelledby="versions" {
            h2 id="versions" { (title) }
            p.hint { (t.say(
                format!("回答した人のうち「すべて同意」を選んだ割合を、回答が最も多い版「{first}」（{}）と比べます。", t.share(*yes, *all)),
                format!("Of those who decided, the part that accepted all, against the version that most decided on, “{first}” ({}).", t.share(*yes, *all)))) }
            div.scroll tabindex="0" role="group" aria-label=(title) { table.top {
                caption.unseen { (title) }
                thead { tr { th scope="col" { (t.say("版", "Version")) } th.number scope="col" { (t.say("回答", "Decided")) }
                    th.number scope="col" { (t.say("すべて同意", "Accepted all")) }
                    th.number scope="col" { (t.say("差", "Difference")) } th scope="col" { (t.say("読み方", "What that says")) } } }
                tbody { @for (name, part, whole) in others {
                    @let it = trial::difference((*yes, *all), (*part, *whole));
                    tr {
                        th scope="row" { (name) } td.number { (t.number(*whole)) } td.number { (t.share(*part, *whole)) }
                        @match it {
                            None => { td.number { "–" } td { "–" } }
                            Some(it) => {
                                td.number { (points(it.points)) span.detail { " (" (points(it.least)) "–" (points(it.most)) ")" } }
                                td { (said(t, &it)) }
                            }
                        }
                    }
                } }
            } }
            p.hint { (t.say(
                "差の単位はポイント、かっこ内は95％信頼区間です。同じ調査を20回行えば、およそ19回は真の差がこの範囲に入ります。範囲が0をまたぐ間は、偶然の可能性があります。途中で何度も見て都合のよい時点で打ち切ると、誤った結論になりやすくなります。",
                "Differences are in points, with their 95 % intervals: of 20 such trials about 19 have the true difference within. While the interval holds 0 it may be chance. Whoever looks often and stops when it suits them is misled more often.")) }
        }
    }
}

fn points(value: f64) -> String {
    format!("{value:+.1}").replace('-', "−")
}

fn said(t: Tongue, it: &trial::Difference) -> &'static str {
    if it.may_be_chance() {
        t.say("差があるとは言えません", "may be chance")
    } else if it.points > 0.0 {
        t.say("この版のほうが同意が多い", "more accept with this version")
    } else {
        t.say("この版のほうが同意が少ない", "fewer accept with this version")
    }
}

/// How was decided on which page, and whether pages are not told.
#[must_use]
pub fn pages(t: Tongue, (pages, any_hidden): (&[(String, String, i64)], bool)) -> Markup {
    let mut names: Vec<&str> = pages.iter().map(|(page, ..)| page.as_str()).collect();
    names.dedup();
    let n = |page: &str, methods: &[&str]| -> i64 {
        let own = pages.iter().filter(|(it, how, _)| it == page && methods.contains(&how.as_str()));
        own.map(|(.., n)| n).sum()
    };
    names.sort_by_key(|page| std::cmp::Reverse(n(page, &CHOICES)));
    let title = t.say("ページ", "Pages");
    html! {
        section.card {
            h2 { (title) }
            @if names.is_empty() { p.none { (withheld::or(t, any_hidden, t.say("この期間にはありません。", "None in these days."))) } } @else {
                div.scroll tabindex="0" role="group" aria-label=(title) { table.top {
                    caption.unseen { (title) }
                    thead { tr { th scope="col" { (t.say("回答したページ", "Decided on")) } th.number scope="col" { (t.say("回答", "Decided")) }
                        th.number scope="col" { (t.say("すべて同意", "Accepted all")) }
                        th.number scope="col" { (t.say("すべて拒否", "Rejected all")) } } }
                    tbody { @for page in names { tr {
                        th scope="row" { (if page.is_empty() { "–" } else { page }) }
                        td.number { (t.number(n(page, &CHOICES))) }
                        td.number { (t.share(n(page, &["accept_all"]), n(page, &CHOICES))) }
                        td.number { (t.share(n(page, &["reject_all", "gpc"]), n(page, &CHOICES))) }
                    } } }
                } }
            }
        }
    }
}

/// Times from a choice until it was withdrawn: from so many hours to before so many.
const SPANS: [(i64, i64); 5] = [(0, 1), (1, 24), (24, 168), (168, 720), (720, i64::MAX)];

/// How many withdrew within which of them, none where it is not told.
pub(super) fn spans(after: &[(i64, i64)], smallest: i64) -> [Option<i64>; 5] {
    let counts = SPANS.map(|(from, before)| -> i64 {
        after.iter().filter(|(hours, _)| (from..before).contains(hours)).map(|(_, n)| n).sum()
    });
    moments::spans(counts, smallest)
}

/// How long after their choice people withdrew.
#[must_use]
pub fn withdrawn(t: Tongue, after: &[(i64, i64)], smallest: i64) -> Markup {
    let names = [
        t.say("1時間以内", "within an hour"),
        t.say("1日以内", "within a day"),
        t.say("1週間以内", "within a week"),
        t.say("30日以内", "within 30 days"),
        t.say("30日より後", "after 30 days"),
    ];
    let all: i64 = after.iter().map(|(_, n)| n).sum();
    let title = t.say("撤回までの時間", "Withdrawn how soon");
    html! {
        section.card {
            h2 { (title) }
            @if all == 0 { p.none { (t.say("この期間に撤回はありません。", "Nobody withdrew in these days.")) } } @else {
                table.top {
                    caption.unseen { (title) }
                    thead { tr { th scope="col" { (t.say("最後の選択から", "After their choice")) } th.number scope="col" { (t.say("撤回", "Withdrew")) }
                        th.number scope="col" { (t.say("割合", "Share")) } } }
                    tbody { @for (name, n) in names.iter().zip(spans(after, smallest)) { tr {
                        th scope="row" { (name) (super::chart::bar(n.unwrap_or(0), all)) }
                        td.number { (withheld::number(t, n.unwrap_or(withheld::FIGURE))) }
                        td.number { (n.map_or_else(|| "–".to_owned(), |n| t.share(n, all))) }
                    } } }
                }
            }
        }
    }
}

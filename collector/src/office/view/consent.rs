//! Consent: how many were asked, decided, granted what, and withdrew.

use std::collections::BTreeMap;

use maud::{Markup, html};

use consent_core::policy::Kind;

use super::{
    Frame,
    chart::{self, Column},
    overview, trial, withheld,
};
use crate::{
    office::{choice::Choice, period, tongue::Tongue},
    query::withheld::moments,
    site::{Purpose, Service, SiteFile},
    store::{decided::Decided, reports::Share, tallies},
};

/// What the page is made of.
#[derive(Debug)]
pub struct Data<'a> {
    /// What is shown.
    pub choice: &'a Choice,
    /// Today, in days since 1970.
    pub today: i64,
    /// The site's file.
    pub file: &'a SiteFile,
    /// The days that are shown.
    pub now: &'a Share,
    /// As many just before.
    pub before: &'a Share,
    /// Asked and decided by day.
    pub days: &'a [(i64, (i64, i64))],
    /// Withdrawals by day.
    pub withdrawn: &'a BTreeMap<i64, i64>,
    /// Decisions by method, language, banner and device.
    pub decided: &'a [Decided],
    /// Decisions by page and method, of the pages with most; and whether pages are not told.
    pub pages: (&'a [(String, String, i64)], bool),
    /// How many hours after their choice how many withdrew.
    pub after: &'a [(i64, i64)],
    /// Decisions that have to stand behind a page, a version, a language, a device and a time.
    pub smallest: i64,
    /// The tag of the site.
    pub tag: &'a str,
}

/// The page.
#[must_use]
pub fn page(frame: &Frame<'_>, data: &Data<'_>) -> Markup {
    let t = frame.t;
    let title = t.say("同意", "Consent");
    let nothing = data.now.asked == 0 && data.decided.is_empty();
    frame.page(title, &html! {
        div.head { h1 { (title) } (overview::periods(t, data.choice, data.today, &html! {})) }
        (overview::fault(t, data.choice.fault))
        p.share { (t.say(
            "同意バナーを表示したすべてのブラウザーを数えています。個人を識別する情報は含みません。",
            "Counted over every browser that was asked. There is nobody in these figures.")) }
        @if nothing {
            (overview::nothing(t, data.tag))
        } @else {
            (withheld::decisions(t, data.smallest, is_withheld(data)))
            (tiles(t, data))
            (course(t, data))
            (switches(t, data))
            (trial::versions(t, data.decided, data.smallest))
            div.cards {
                (trial::pages(t, data.pages))
                (trial::withdrawn(t, data.after, data.smallest))
                (by(t, data, t.say("バナーの版", "Banner versions"), t.say("版", "Version"), |it| &it.banner))
                (by_device(t, data))
                (by(t, data, t.say("言語", "Languages"), t.say("言語", "Language"), |it| &it.language))
            }
        }
    })
}

/// Whether a page, a version, a language, a device or a time is not told.
fn is_withheld(data: &Data<'_>) -> bool {
    let any = |of: fn(&Decided) -> &str| moments::values(data.decided, of, data.smallest).1;
    data.pages.1
        || any(|it| it.banner.as_str())
        || any(|it| it.language.as_str())
        || moments::devices(data.decided, &data.now.asked_on, data.smallest).1
        || trial::spans(data.after, data.smallest).contains(&None)
}

fn sum(decided: &[Decided], which: impl Fn(&Decided) -> bool) -> i64 {
    decided.iter().filter(|it| which(it)).map(|it| it.n).sum()
}

fn tiles(t: Tongue, data: &Data<'_>) -> Markup {
    let asked = data.now.asked.max(data.now.decided);
    let method = |name: &str| sum(data.decided, |it| it.method == name);
    let choices = method("accept_all") + method("reject_all") + method("custom") + method("gpc");
    let figures = [
        (
            t.say("同意を求めた数", "Asked"),
            t.number(data.now.asked),
            t.say(
                format!("前の期間 {}", t.number(data.before.asked)),
                format!("{} before", t.number(data.before.asked)),
            ),
        ),
        (
            t.say("回答した数", "Decided"),
            t.number(data.now.decided),
            t.say(
                format!("求めた数の{}", t.share(data.now.decided, asked)),
                format!("{} of asked", t.share(data.now.decided, asked)),
            ),
        ),
        (
            t.say("すべて同意", "Accepted all"),
            t.share(method("accept_all"), choices),
            count(t, method("accept_all")),
        ),
        (
            t.say("すべて拒否", "Rejected all"),
            t.share(method("reject_all") + method("gpc"), choices),
            count(t, method("reject_all") + method("gpc")),
        ),
        (
            t.say("個別に選択", "Chose singly"),
            t.share(method("custom"), choices),
            count(t, method("custom")),
        ),
        (
            t.say("撤回", "Withdrew"),
            t.number(method("withdraw")),
            t.say("同意の取り消し", "took a consent back").to_owned(),
        ),
    ];
    html! {
        dl.tiles.six {
            @for (name, value, more) in figures {
                div.tile { dt.name { (name) } dd.value { (value) } dd.change { (more) } }
            }
        }
    }
}

fn count(t: Tongue, n: i64) -> String {
    t.say(format!("{}件", t.number(n)), format!("{} decisions", t.number(n)))
}

fn course(t: Tongue, data: &Data<'_>) -> Markup {
    let (first, last) = data.choice.period.days(data.today);
    let of = |day: i64| data.days.iter().find(|(at, _)| *at == day).map_or((0, 0), |(_, it)| *it);
    let withdrawn = |day: i64| data.withdrawn.get(&day).copied().unwrap_or(0);
    let columns: Vec<_> = (first..=last)
        .map(|day| Column {
            short: t.short_day(period::date(day)),
            name: t.day(period::date(day)),
            value: of(day).1,
            before: Some(of(day).0),
        })
        .collect();
    let (asked, decided) = (t.say("同意を求めた数", "asked"), t.say("回答数", "decided"));
    let about = t.say(
        "日ごとの同意を求めた数と回答数のグラフ。同じ数字が下の表にあります。",
        "Chart: asked and decided by day. The table below has the same figures.",
    );
    html! {
        section.course aria-labelledby="course" {
            h2 id="course" { (t.say("回答の推移", "Decisions by day")) }
            p.legend { span.now { (decided) } span.then { (asked) } }
            (chart::by_time(&columns, about, |value| t.number(value), asked))
            details.numbers {
                summary { (t.say("表で見る", "As a table")) }
                div.scroll tabindex="0" role="group" aria-label=(t.say("回答の推移", "Decisions by day")) { table {
                    caption.unseen { (t.say("回答の推移", "Decisions by day")) }
                    thead { tr { th scope="col" { (t.say("日", "Day")) } th.number scope="col" { (asked) }
                        th.number scope="col" { (decided) } th.number scope="col" { (t.say("撤回", "withdrew")) } } }
                    tbody { @for day in first..=last { tr {
                        th scope="row" { (t.day(period::date(day))) }
                        td.number { (t.number(of(day).0)) } td.number { (t.number(of(day).1)) }
                        td.number { (t.number(withdrawn(day))) }
                    } } }
                } }
            }
        }
    }
}

/// What was granted, by purpose and service.
fn switches(t: Tongue, data: &Data<'_>) -> Markup {
    let speech = data.file.speech(t.code());
    let granted = |share: &Share, switch: &str| share.granted.get(switch).copied().unwrap_or(0);
    let title = t.say("目的・サービスごとの同意", "Granted, by purpose and service");
    html! {
        section.card.wide-card aria-labelledby="switches" {
            h2 id="switches" { (title) }
            p.hint { (t.say("最初の回答で同意した割合です。", "The part of first decisions that granted it.")) }
            div.scroll tabindex="0" role="group" aria-label=(title) { table.top {
                caption.unseen { (title) }
                thead { tr { th scope="col" { (t.say("目的・サービス", "Purpose, service")) } th.number scope="col" { (t.say("同意", "Granted")) }
                    th.number scope="col" { (t.say("割合", "Share")) } th.number scope="col" { (t.say("前の期間", "Before")) } } }
                tbody {
                    @for (purpose, service, switch) in switches_of(data.file) {
                        tr {
                            th scope="row" {
                                (speech.say(&purpose.name))
                                @if let Some(service) = service { span.service { (speech.say(&service.name)) } }
                                (chart::bar(granted(data.now, &switch), data.now.decided))
                            }
                            td.number { (t.number(granted(data.now, &switch))) }
                            td.number { (t.share(granted(data.now, &switch), data.now.decided)) }
                            td.number { (t.share(granted(data.before, &switch), data.before.decided)) }
                        }
                    }
                }
            } }
        }
    }
}

/// What is asked for: each purpose's services, or the purpose where it has none, by the names that are counted.
fn switches_of(file: &SiteFile) -> impl Iterator<Item = (&Purpose, Option<&Service>, String)> {
    let asked = file.purposes.iter().filter(|purpose| purpose.kind != Kind::Necessary);
    asked.flat_map(|purpose| {
        let whole = purpose
            .services
            .is_empty()
            .then(|| (purpose, None, tallies::switch(&purpose.key, None)));
        let parts = purpose.services.iter().map(move |service| {
            (purpose, Some(service), tallies::switch(&purpose.key, Some(&service.key)))
        });
        whole.into_iter().chain(parts)
    })
}

/// How decisions went, by banner version or language.
fn by(
    t: Tongue,
    data: &Data<'_>,
    title: &str,
    column: &str,
    of: impl Fn(&Decided) -> &str,
) -> Markup {
    let (values, any_hidden) = moments::values(data.decided, &of, data.smallest);
    let rows: Vec<_> = values.into_iter().map(|value| (value, value, None)).collect();
    let hint = t.say(
        "±は95%の信頼区間です。区間が重なる版の差は、偶然かもしれません。",
        "± is the 95% interval. Where intervals overlap, a difference may be chance.",
    );
    parted(t, data.decided, (title, column, hint), (&rows, any_hidden), of)
}

/// How decisions went, by device, and how many were asked on it.
fn by_device(t: Tongue, data: &Data<'_>) -> Markup {
    let (mut devices, any_hidden) =
        moments::devices(data.decided, &data.now.asked_on, data.smallest);
    devices.sort_by_key(|(_, asked)| std::cmp::Reverse(*asked));
    let row = |(device, asked)| (device, t.device(device), Some(asked));
    let rows: Vec<_> = devices.into_iter().map(row).collect();
    let hint = t.say(
        "デスクトップ用サイトを表示するiPadは、パソコンに含まれます。",
        "An iPad that asks for desktop pages counts as a computer.",
    );
    let names = (t.say("端末", "Devices"), t.say("端末", "Device"), hint);
    parted(t, data.decided, names, (&rows, any_hidden), |it| &it.device)
}

/// A value of decisions, how it reads, and how many were asked, where that is known.
type Value<'a> = (&'a str, &'a str, Option<i64>);

/// Decisions by a value of theirs, a row for each.
fn parted(
    t: Tongue,
    decided: &[Decided],
    (title, column, hint): (&str, &str, &str),
    (rows, any_hidden): (&[Value<'_>], bool),
    of: impl Fn(&Decided) -> &str,
) -> Markup {
    let n = |value: &str, methods: &[&str]| {
        sum(decided, |it| of(it) == value && methods.contains(&it.method.as_str()))
    };
    let all = ["accept_all", "reject_all", "custom", "gpc"];
    let tells_asked = rows.iter().any(|(.., asked)| asked.is_some());
    html! {
        section.card {
            h2 { (title) }
            @if rows.is_empty() {
                p.none { (withheld::or(t, any_hidden, t.say("この期間にはありません。", "None in these days."))) }
            } @else {
                div.scroll tabindex="0" role="group" aria-label=(title) { table.top {
                    caption.unseen { (title) }
                    thead { tr { th scope="col" { (column) }
                        @if tells_asked { th.number scope="col" { (t.say("求めた数", "Asked")) } }
                        th.number scope="col" { (t.say("回答", "Decided")) }
                        th.number scope="col" { (t.say("すべて同意", "Accepted all")) }
                        th.number scope="col" { (t.say("すべて拒否", "Rejected all")) } } }
                    tbody { @for (value, label, asked) in rows { tr {
                        th.whole[tells_asked] scope="row" { (label) (chart::bar(n(value, &["accept_all"]), n(value, &all))) }
                        @if let Some(asked) = asked { td.number { (t.number(*asked)) } }
                        td.number { (t.number(n(value, &all))) }
                        td.number { (within(t, n(value, &["accept_all"]), n(value, &all))) }
                        td.number { (t.share(n(value, &["reject_all", "gpc"]), n(value, &all))) }
                    } } }
                } }
                p.hint { (hint) }
            }
        }
    }
}

/// A share with its 95 % interval (Wilson's, halved).
fn within(t: Tongue, part: i64, whole: i64) -> String {
    if whole == 0 {
        return t.share(part, whole);
    }
    format!("{} ±{:.1}", t.share(part, whole), half_interval(part, whole) * 100.0)
}

fn half_interval(part: i64, whole: i64) -> f64 {
    const Z: f64 = 1.96;
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    let (part, whole) = (part as f64, whole as f64);
    let p = part / whole;
    Z / (1.0 + Z * Z / whole) * (p * (1.0 - p) / whole + Z * Z / (4.0 * whole * whole)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::half_interval;

    #[test]
    fn the_interval_is_wilsons() {
        // Of 10 and 50 of 100: (0.0552, 0.1744) and (0.4038, 0.5962).
        for (part, half) in [(10, 0.0596), (50, 0.0962)] {
            assert!((half_interval(part, 100) - half).abs() < 0.0002, "{part}");
        }
    }
}

//! How many were asked and how decisions went, by kind of device.

use maud::{Markup, html};

use super::{Data, chart, sum, withheld, within};
use crate::{office::tongue::Tongue, query::withheld::moments};

/// The card.
pub(super) fn card(t: Tongue, data: &Data<'_>) -> Markup {
    let (mut devices, any_hidden) =
        moments::devices(data.decided, &data.now.asked_on, data.smallest);
    devices.sort_by_key(|(_, asked)| std::cmp::Reverse(*asked));
    let title = t.say("端末", "Devices");
    let n = |device: &str, methods: &[&str]| {
        sum(data.decided, |it| it.device == device && methods.contains(&it.method.as_str()))
    };
    let all = ["accept_all", "reject_all", "custom", "gpc"];
    html! {
        section.card {
            h2 { (title) }
            @if devices.is_empty() {
                p.none { (withheld::or(t, any_hidden, t.say("この期間にはありません。", "None in these days."))) }
            } @else {
                div.scroll tabindex="0" role="group" aria-label=(title) { table.top {
                    caption.unseen { (title) }
                    thead { tr { th scope="col" { (t.say("端末", "Device")) }
                        th.number scope="col" { (t.say("求めた数", "Asked")) }
                        th.number scope="col" { (t.say("回答", "Decided")) }
                        th.number scope="col" { (t.say("すべて同意", "Accepted all")) }
                        th.number scope="col" { (t.say("すべて拒否", "Rejected all")) } } }
                    tbody { @for (device, asked) in devices { tr {
                        th.whole scope="row" { (t.device(device)) (chart::bar(n(device, &["accept_all"]), n(device, &all))) }
                        td.number { (t.number(asked)) }
                        td.number { (t.number(n(device, &all))) }
                        td.number { (within(t, n(device, &["accept_all"]), n(device, &all))) }
                        td.number { (t.share(n(device, &["reject_all", "gpc"]), n(device, &all))) }
                    } } }
                } }
                p.hint { (t.say(
                    "デスクトップ用サイトを表示するiPadは、パソコンに含まれます。",
                    "An iPad that asks for desktop pages counts as a computer.")) }
            }
        }
    }
}

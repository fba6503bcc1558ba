//! The front of the shop.

use axum::response::Response;
use maud::{Markup, PreEscaped, html};

use super::layout::{Page, render};
use super::products::card;
use crate::catalogue::{PRODUCTS, find};
use crate::view::View;

/// The middle of Kyoto: the shop does not exist.
const MAP: &str =
    "https://www.openstreetmap.org/?mlat=35.0116&mlon=135.7681#map=17/35.0116/135.7681";

const ROOM: &str = include_str!("../../assets/illustrations/hero.svg");

/// What stands on the shelf in the picture, and where.
const ON_SHELF: [(&str, &str); 3] = [
    ("chazutsu", "translate(96 356) scale(.6)"),
    ("kyusu", "translate(236 320) scale(.74)"),
    ("meshiwan", "translate(430 366) scale(.56)"),
];

/// `GET /`
pub async fn show(view: View) -> Response {
    let main = html! {
        (hero(&view))
        section class="wrap band" aria-labelledby="picks" {
            div class="band-head" {
                h2 id="picks" { (view.pick("今月の道具", "This month on our shelves")) }
                a class="more" href=(view.address("/products")) {
                    (view.pick("すべての道具を見る", "See all goods"))
                }
            }
            ul class="shelf" {
                @for product in PRODUCTS.iter().take(4) { (card(&view, product, "h3")) }
            }
        }
        (promises(&view))
        (visit(&view))
    };
    let page = Page::new(
        view.pick("京都の台所と暮らしの道具", "Everyday goods from Kyoto"),
        view.pick(
            "京都の作り手による、台所と暮らしの道具を集めた小さな店です。急須、飯碗、茶筒、ほうき。直しながら長く使えるものだけを選んでいます。",
            "A small shop of kitchen and household goods by makers in Kyoto: teapots, bowls, caddies, brooms, all made to be mended and kept.",
        ),
        main,
    );
    render(&view, &page)
}

fn hero(view: &View) -> Markup {
    html! {
        section class="hero" {
            div class="wrap hero-row" {
                div class="hero-words" {
                    h1 class="hero-title" {
                        @for line in view.pick(["毎日の道具に、", "よい日和を。"], ["Good tools", "for fair days."]) {
                            span { (line) }
                        }
                    }
                    p class="hero-lead" {
                        (view.pick(
                            "ひより道具店は、京都のまちなかにある小さな店です。作り手の顔が見えて、直しながら長く使える道具を、一つずつ選んで並べています。",
                            "Hiyori is a small shop in the middle of Kyoto. We choose each thing one by one, from makers we know, to be used daily and mended when it wears.",
                        ))
                    }
                    p { a class="button" href=(view.address("/products")) { (view.pick("道具を見る", "See the goods")) } }
                }
                div class="hero-picture" { (picture()) }
            }
        }
    }
}

/// A round window, and the shop's own goods on the shelf before it.
fn picture() -> Markup {
    let goods = ON_SHELF
        .iter()
        .filter_map(|(slug, place)| find(slug).map(|product| (product.drawing, place)));
    html! {
        svg viewBox="0 0 640 600" aria-hidden="true" focusable="false" {
            (PreEscaped(ROOM))
            @for (drawing, place) in goods {
                g transform=(place) { (PreEscaped(drawing)) }
            }
        }
    }
}

fn promises(view: &View) -> Markup {
    let promises = view.pick(
        [
            ("作り手をたずねる", "仕事場へ伺い、手の動きを見てから仕入れます。どこで、だれが作ったものか、すべてお答えできます。"),
            ("直して使う", "欠けた器、ゆるんだ持ち手、減った穂先。作り手と一緒に、直し方を考えます。"),
            ("包みすぎない", "新聞紙と紙ひもで、割れないだけ包みます。贈りものには、手ぬぐいを一枚添えて。"),
        ],
        [
            ("We visit the makers", "We buy once we have watched the hands at work, and can tell you where each piece was made, and by whom."),
            ("We mend", "A chipped bowl, a loose handle, a worn broom: together with its maker we find a way to repair it."),
            ("We wrap lightly", "Newspaper and paper string, just enough to arrive whole. For a gift, we add a tenugui."),
        ],
    );
    html! {
        section class="band band-tint" aria-labelledby="promises" {
            div class="wrap" {
                h2 id="promises" { (view.pick("三つの約束", "Three promises")) }
                ol class="promises" {
                    @for (title, words) in promises {
                        li { h3 { (title) } p { (words) } }
                    }
                }
            }
        }
    }
}

fn visit(view: &View) -> Markup {
    html! {
        section class="wrap band visit" aria-labelledby="visit" {
            h2 id="visit" { (view.pick("道具のことなら、なんでも", "Ask us anything")) }
            p {
                (view.pick(
                    "使い方やお手入れ、修理のご相談、贈りもの選びまで。店の者がお返事します。",
                    "How to use it, how to look after it, what to give a friend: one of us will write back.",
                ))
            }
            p { a class="button button-quiet" href=(view.address("/contact")) { (view.pick("お問い合わせ", "Write to us")) } }
            p {
                a id="map" href=(MAP) rel="noopener" { (view.pick("お店までの地図（OpenStreetMap）", "Find us on OpenStreetMap")) }
            }
        }
    }
}

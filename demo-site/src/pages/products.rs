//! The list of goods, and the card that stands for one of them.

use axum::response::Response;
use maud::{Markup, PreEscaped, html};

use super::layout::{Page, render};
use crate::catalogue::{PRODUCTS, Product};
use crate::view::View;

/// `GET /products`
pub async fn list(view: View) -> Response {
    let main = html! {
        section class="wrap band" {
            div class="page-head" {
                h1 { (view.pick("道具", "Goods")) }
                p {
                    (view.pick(
                        "台所から、居間から、玄関先まで。毎日手にとる八つの道具です。",
                        "Eight things to reach for every day, from the kitchen to the front door.",
                    ))
                }
            }
            ul class="shelf" {
                @for product in &PRODUCTS { (card(&view, product, "h2")) }
            }
        }
    };
    let page = Page::new(
        view.pick("道具", "Goods"),
        view.pick(
            "急須、飯碗、茶筒、ほうき、焼き網、手ぬぐい、和ろうそく、竹かご。京都の作り手による暮らしの道具の一覧です。",
            "Teapot, rice bowl, tea caddy, broom, grill, tenugui, candles, basket: household goods by makers in Kyoto.",
        ),
        main,
    );
    render(&view, &page)
}

/// One product in a list, under a heading of the given level.
#[must_use]
pub fn card(view: &View, product: &Product, heading: &str) -> Markup {
    let name = html! {
        a href=(view.address(&product.path())) { (product.name.of(view.language)) }
    };
    html! {
        li class="card" {
            div class={ "picture " (product.ground.class()) } { (PreEscaped(product.drawing)) }
            @if heading == "h3" { h3 class="card-name" { (name) } } @else { h2 class="card-name" { (name) } }
            p class="card-lead" { (product.lead.of(view.language)) }
            p class="price" { (price(view, product)) }
        }
    }
}

/// The price as it is written in this language.
#[must_use]
pub fn price(view: &View, product: &Product) -> Markup {
    let figures = product.price_figures();
    html! {
        @if view.pick(true, false) {
            span class="figures" { (figures) } "円" small { "（税込）" }
        } @else {
            span class="figures" { "¥" (figures) } " " small { "tax included" }
        }
    }
}

//! One product: what it is, what it costs, and, for some, a film of its use.

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, PreEscaped, html};

use super::layout::{Page, render};
use super::problem;
use super::products::{card, price};
use crate::assets::{CARE_EN, CARE_JA};
use crate::catalogue::{self, Film, Product};
use crate::view::View;

/// `GET /products/{slug}`
pub async fn show(view: View, Path(slug): Path<String>) -> Response {
    let Some(product) = catalogue::find(&slug) else {
        return problem::not_found(view).await;
    };
    let language = view.language;
    let name = product.name.of(language);
    let main = html! {
        article class="wrap product" {
            nav class="crumbs" aria-label=(view.pick("現在の位置", "Breadcrumb")) {
                a href=(view.address("/products")) { (view.pick("道具", "Goods")) }
                span aria-current="page" { (name) }
            }
            div class="product-row" {
                div class={ "picture " (product.ground.class()) } role="img" aria-label=(product.picture.of(language)) {
                    (PreEscaped(product.drawing))
                }
                div class="product-words" {
                    h1 { (name) }
                    p class="product-lead" { (product.lead.of(language)) }
                    p class="price price-large" { (price(&view, product)) }
                    (cart(&view, product))
                    p { (product.about.of(language)) }
                    (facts(&view, product))
                    (care(&view))
                }
            }
            @if let Some(film) = &product.film { (video(&view, product, film)) }
        }
        section class="wrap band" aria-labelledby="next" {
            h2 id="next" { (view.pick("こちらの道具も", "You may also like")) }
            ul class="shelf" {
                @for other in product.next(4) { (card(&view, other, "h3")) }
            }
        }
    };
    render(&view, &Page::new(name, product.about.of(language), main))
}

fn cart(view: &View, product: &Product) -> Markup {
    let added = view.pick(
        "買い物かごに入れました。見本の店のため、お会計には進めません。",
        "Added to your cart. As this is a demonstration, there is no checkout.",
    );
    html! {
        div class="cart" {
            button type="button" class="button" id="add-to-cart" data-ashiato-event="add_to_cart"
                data-ashiato-event-item=(product.slug) data-product=(product.slug) {
                (view.pick("買い物かごに入れる", "Add to cart"))
            }
            p class="cart-notice" role="status" data-cart-notice=(added) {}
        }
    }
}

fn facts(view: &View, product: &Product) -> Markup {
    let facts = [
        (view.pick("素材", "Material"), product.material),
        (view.pick("大きさ", "Size"), product.size),
        (view.pick("産地", "Made in"), product.made_in),
        (view.pick("お手入れ", "Care"), product.care),
    ];
    html! {
        dl class="facts" {
            @for (term, text) in facts {
                div { dt { (term) } dd { (text.of(view.language)) } }
            }
        }
    }
}

/// A file to be downloaded.
fn care(view: &View) -> Markup {
    let (file, name) =
        view.pick((&CARE_JA, "お手入れのしおり.txt"), (&CARE_EN, "caring-for-your-goods.txt"));
    html! {
        p {
            a id="care-guide" href=(file.address()) download=(name) {
                (view.pick("お手入れのしおりをダウンロード", "Download our care guide"))
            }
        }
    }
}

/// The outside player, inert until it is granted. What lies under it tells why, should nothing else do so.
fn video(view: &View, product: &Product, film: &Film) -> Markup {
    let title = film.title.of(view.language);
    let address = view.address(&format!("/video/{}", product.slug));
    html! {
        section class="film" aria-labelledby="film" {
            div class="film-words" {
                h2 id="film" { (title) }
                p { (film.caption.of(view.language)) }
            }
            div class="film-frame" {
                div class="film-poster" {
                    p {
                        (view.pick(
                            "動画は外部の会社（Nagare Video）から配信されます。再生するには「動画の再生」を許可してください。",
                            "This film comes from another company, Nagare Video. To play it, please allow “Videos”.",
                        ))
                    }
                    button type="button" class="button button-quiet" data-ashiato-open {
                        (view.pick("Cookieの設定を開く", "Open cookie settings"))
                    }
                }
                iframe id="film-player" data-consent="functional" data-service="video" data-src=(address)
                    title=(title) width="640" height="360" {}
            }
        }
    }
}

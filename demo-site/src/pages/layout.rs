//! What every page shares: head, header, footer, and the scripts with this response's nonce.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use crate::assets::{CART_JS, MARK_SVG, PAGES_CSS, SHOP_CSS};
use crate::headers;
use crate::view::View;

/// One page's own part.
#[derive(Debug)]
pub struct Page {
    /// 200, or what the page has to say instead.
    pub status: StatusCode,
    /// The title, without the shop's name.
    pub title: String,
    /// For search results.
    pub description: String,
    /// The content of `main`.
    pub main: Markup,
}

impl Page {
    /// A page that answers 200.
    #[must_use]
    pub fn new(title: &str, description: &str, main: Markup) -> Self {
        Self {
            status: StatusCode::OK,
            title: title.to_owned(),
            description: description.to_owned(),
            main,
        }
    }
}

/// The whole page, with its headers.
#[must_use]
pub fn render(view: &View, page: &Page) -> Response {
    let shop = view.pick("ひより道具店", "Hiyori Home Goods");
    let found = page.status != StatusCode::NOT_FOUND;
    let markup = html! {
        (DOCTYPE)
        html lang=(view.language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (page.title) " | " (shop) }
                meta name="description" content=(page.description);
                meta name="color-scheme" content="light dark";
                link rel="icon" type="image/svg+xml" href=(MARK_SVG.address());
                link rel="stylesheet" href=(SHOP_CSS.address());
                link rel="stylesheet" href=(PAGES_CSS.address());
                @if found {
                    @for language in [view.language, view.language.other()] {
                        link rel="alternate" hreflang=(language.tag()) href=(language.address(&view.path));
                    }
                }
                @if view.config.tag {
                    script async nonce=(view.nonce.as_str()) src=(view.config.at_collector("ashiato.js")) {}
                }
                script defer nonce=(view.nonce.as_str()) src=(CART_JS.address()) {}
            }
            body {
                a class="skip" href="#main" { (view.pick("本文へ進む", "Skip to content")) }
                (header(view, shop, found))
                main id="main" tabindex="-1" { (page.main) }
                (footer(view, shop))
                // Not a script to the browser: the tag makes one of it once analytics is granted.
                script type="text/plain" nonce=(view.nonce.as_str()) data-consent="analytics"
                    data-service="kazoeru" data-src="/kazoeru.js" {}
            }
        }
    };
    let headers = headers::of_page(&view.nonce, &view.config.collector);
    (page.status, headers, markup.into_string()).into_response()
}

fn header(view: &View, shop: &str, found: bool) -> Markup {
    let here = |path: &str| found.then(|| current(&view.path, path)).flatten();
    let other = view.language.other();
    let same_page = if found { view.path.as_str() } else { "/" };
    html! {
        header class="top" {
            div class="wrap top-row" {
                a class="brand" href=(view.address("/")) {
                    (mark())
                    span { (shop) }
                }
                // Shown by the script that counts.
                p class="basket" data-cart hidden {
                    (basket())
                    span class="unseen" { (view.pick("買い物かごの点数", "Items in cart")) }
                    output data-cart-count { "0" }
                }
                nav class="nav" aria-label=(view.pick("主な案内", "Main")) {
                    a href=(view.address("/products")) aria-current=[here("/products")] { (view.pick("道具", "Goods")) }
                    a href=(view.address("/contact")) aria-current=[here("/contact")] {
                        (view.pick("お問い合わせ", "Contact"))
                    }
                    a class="switch" id="language-switch" href=(other.address(same_page)) lang=(other.tag())
                        hreflang=(other.tag()) rel="alternate" { (other.pick("日本語", "English")) }
                }
            }
        }
    }
}

/// `page` on the entry itself, `true` on what lies under it.
fn current(path: &str, entry: &str) -> Option<&'static str> {
    let rest = path.strip_prefix(entry)?;
    match rest {
        "" => Some("page"),
        _ if rest.starts_with('/') => Some("true"),
        _ => None,
    }
}

fn footer(view: &View, shop: &str) -> Markup {
    let policy = format!("{}?lang={}", view.config.at_collector("policy"), view.language.tag());
    html! {
        footer class="foot" {
            div class="wrap foot-row" {
                div class="foot-shop" {
                    p class="foot-name" { (mark()) span { (shop) } }
                    address {
                        (view.pick("京都市中京区足跡町1-2", "1-2 Ashiato-cho, Nakagyo-ku, Kyoto"))
                        br;
                        (view.pick("10時から17時まで（水曜定休）", "10:00 to 17:00, closed on Wednesdays"))
                    }
                }
                nav aria-label=(view.pick("補足の案内", "Further links")) {
                    ul class="foot-links" {
                        li { a href=(view.address("/products")) { (view.pick("道具", "Goods")) } }
                        li { a href=(view.address("/contact")) { (view.pick("お問い合わせ", "Contact")) } }
                        li { a id="cookie-policy" href=(policy) { (view.pick("Cookieポリシー", "Cookie policy")) } }
                        li {
                            button type="button" class="as-link" id="cookie-settings" data-ashiato-open {
                                (view.pick("Cookieの設定", "Cookie settings"))
                            }
                        }
                    }
                }
            }
            p class="wrap foot-note" {
                (view.pick(
                    "このお店はAshiatoの見本です。実在せず、商品の販売もしていません。",
                    "This shop is a demonstration of Ashiato. It does not exist and sells nothing.",
                ))
            }
        }
    }
}

/// The shop's mark: the sun of a fair day (hiyori) over a bowl.
fn mark() -> Markup {
    html! {
        svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false" {
            circle class="mark-sun" cx="16" cy="10" r="6" {}
            path class="mark-bowl" d="M4 17h24c0 6.2-3.9 10-8 11v1h-8v-1c-4.1-1-8-4.8-8-11z" {}
        }
    }
}

fn basket() -> Markup {
    html! {
        svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" focusable="false" {
            path fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"
                d="M3.5 10h17l-2 9.5h-13zM8 10l3-6M16 10l-3-6M9.5 13.5v3M14.5 13.5v3" {}
        }
    }
}

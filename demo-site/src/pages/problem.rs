//! What the shop says when it cannot give what was asked for.

use axum::http::StatusCode;
use axum::response::Response;
use maud::html;

use super::layout::{Page, render};
use crate::view::View;

/// No page has that address.
pub async fn not_found(view: View) -> Response {
    page(
        &view,
        StatusCode::NOT_FOUND,
        view.pick("その棚は、見あたりません", "That shelf is not here"),
        view.pick(
            "お探しのページは、移動したか、片づけられたようです。道具の一覧からお探しください。",
            "The page you asked for has moved or been put away. Please look through our goods instead.",
        ),
    )
}

/// The address is right, the method is not.
pub async fn wrong_method(view: View) -> Response {
    page(
        &view,
        StatusCode::METHOD_NOT_ALLOWED,
        view.pick("その操作はできません", "That cannot be done here"),
        view.pick(
            "お手数ですが、前のページに戻ってやり直してください。",
            "Please go back to the page before and try again.",
        ),
    )
}

/// A form that could not be read: too long, or not a form.
#[must_use]
pub fn unread(view: &View, status: StatusCode) -> Response {
    let words = if status == StatusCode::PAYLOAD_TOO_LARGE {
        view.pick(
            "お問い合わせ内容が長すぎます。短くして、もう一度お送りください。",
            "The message is too long. Please shorten it and send it again.",
        )
    } else {
        view.pick(
            "お手数ですが、お問い合わせのページからもう一度お送りください。",
            "Please send it again from the contact page.",
        )
    };
    let title = view.pick("送信できませんでした", "It could not be sent");
    page(view, status, title, words)
}

fn page(view: &View, status: StatusCode, title: &str, words: &str) -> Response {
    let main = html! {
        section class="wrap narrow band letter" {
            p class="letter-code figures" aria-hidden="true" { (status.as_u16()) }
            h1 { (title) }
            p { (words) }
            p class="letter-ways" {
                a class="button" href=(view.address("/products")) { (view.pick("道具を見る", "See the goods")) }
                a class="button button-quiet" href=(view.address("/")) { (view.pick("はじめのページへ", "Home")) }
            }
        }
    };
    let page = Page { status, ..Page::new(title, words, main) };
    render(view, &page)
}

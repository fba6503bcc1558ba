//! A stand-in for an outside video host: one small page per film, moving only while it is told to play.
//!
//! A real shop would name another company's address. This one stays on the shop's own server, so that the demo and its
//! tests ask nothing of the network. It carries no tag and no script.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, PreEscaped, html};

use super::problem;
use crate::assets::VIDEO_CSS;
use crate::catalogue;
use crate::headers;
use crate::view::View;

/// `GET /video/{slug}`
pub async fn show(view: View, Path(slug): Path<String>) -> Response {
    let product = catalogue::find(&slug);
    let Some((product, film)) = product.and_then(|product| Some((product, product.film.as_ref()?)))
    else {
        return problem::not_found(view).await;
    };
    let title = film.title.of(view.language);
    let markup = html! {
        (DOCTYPE)
        html lang=(view.language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) " | Nagare Video" }
                link rel="stylesheet" href=(VIDEO_CSS.address());
            }
            body {
                main id="video" {
                    h1 class="unseen" { (title) }
                    input type="checkbox" id="play" class="unseen"
                        aria-label=(view.pick("再生する", "Play"));
                    div class="scene" role="img" aria-label=(title) {
                        svg viewBox="0 0 640 360" preserveAspectRatio="xMidYMid slice" aria-hidden="true" {
                            (PreEscaped(film.scene))
                            g class={ "actor " (product.slug) } { (PreEscaped(product.drawing)) }
                        }
                    }
                    label for="play" aria-hidden="true" {
                        span class="disc" {}
                        span class="name" { (title) }
                    }
                }
            }
        }
    };
    let headers = headers::of_page(&view.nonce, &view.config.collector);
    (headers, markup.into_string()).into_response()
}

//! The pages: what each of them must carry, in both languages.

use crate::asked::{Answer, Asked};

const SHARED_PATHS: [&str; 7] = [
    "/",
    "/products",
    "/products/kyusu",
    "/products/takekago",
    "/contact",
    "/thanks",
    "/video/kyusu",
];

/// Every page's address in both languages, with its language.
fn all_addresses() -> Vec<(String, &'static str)> {
    let japanese = SHARED_PATHS.iter().map(|path| ((*path).to_owned(), "ja"));
    let english = SHARED_PATHS.iter().map(|path| (format!("/en{path}"), "en"));
    japanese.chain(english).collect()
}

fn is_shop_page(address: &str) -> bool {
    !address.contains("/video/")
}

#[tokio::test]
async fn every_page_answers_in_both_languages() {
    for (address, language) in all_addresses() {
        let answer = Asked::get(&address).await;
        assert_eq!(answer.status, 200, "{address}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert!(answer.body.contains(&format!("<html lang=\"{language}\">")), "{address}");
        assert!(answer.body.contains("<title>"), "{address}");
        if is_shop_page(&address) {
            assert!(answer.body.contains("<meta name=\"description\""), "{address}");
            assert!(answer.body.contains("href=\"#main\""), "{address}");
        }
    }
}

#[tokio::test]
async fn every_page_is_under_the_strict_policy() {
    for (address, _) in all_addresses() {
        let answer = Asked::get(&address).await;
        let policy = answer.header("content-security-policy");
        let nonce = answer.nonce();
        assert_eq!(
            policy,
            format!(
                "default-src 'none'; script-src 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; \
                 font-src 'self'; connect-src 'self' http://localhost:8080; frame-src 'self'; form-action 'self' http://localhost:8080; \
                 base-uri 'none'; frame-ancestors 'self'; require-trusted-types-for 'script'; trusted-types ashiato"
            )
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "strict-origin-when-cross-origin");
    }
}

#[tokio::test]
async fn a_nonce_is_fresh_in_every_response_and_the_same_on_all_its_scripts() {
    let first = Asked::get("/").await;
    let second = Asked::get("/").await;
    assert_ne!(first.nonce(), second.nonce());
    for answer in [first, second] {
        let scripts = answer.body.matches("<script ").count();
        let attribute = format!("nonce=\"{}\"", answer.nonce());
        assert_eq!(scripts, 3, "the tag, the cart's script and the inert one");
        assert_eq!(answer.body.matches(&attribute).count(), scripts);
    }
}

#[tokio::test]
async fn nothing_on_a_page_is_inline() {
    for (address, _) in all_addresses() {
        let Answer { body, .. } = Asked::get(&address).await;
        assert!(!body.contains(" style=") && !body.contains("<style"), "{address}");
        assert!(!body.contains(" onclick=") && !body.contains("javascript:"), "{address}");
        for script in body.split("<script ").skip(1) {
            let (_, rest) = script.split_once('>').unwrap();
            assert!(rest.starts_with("</script>"), "{address}");
        }
    }
}

#[tokio::test]
async fn the_tag_comes_from_the_collector_and_may_be_left_out() {
    let with = Asked::get("/products").await;
    assert!(with.body.contains("src=\"http://localhost:8080/s/shop/ashiato.js\""));
    for (address, _) in all_addresses() {
        let without = Asked::get_without_tag(&address).await;
        assert_eq!(without.status, 200);
        assert!(!without.body.contains("ashiato.js"), "{address}");
    }
}

#[tokio::test]
async fn the_analytics_script_is_inert_markup() {
    for (address, _) in all_addresses().into_iter().filter(|(address, _)| is_shop_page(address)) {
        let answer = Asked::get(&address).await;
        let inert = format!(
            "<script type=\"text/plain\" nonce=\"{}\" data-consent=\"analytics\" data-service=\"kazoeru\" \
             data-src=\"/kazoeru.js\"></script>",
            answer.nonce()
        );
        assert!(answer.body.contains(&inert), "{address}");
        assert!(!answer.body.contains(" src=\"/kazoeru.js\""), "{address}");
    }
}

#[tokio::test]
async fn the_video_is_asked_for_by_nothing_but_an_inert_frame() {
    for (address, film) in
        [("/products/kyusu", "/video/kyusu"), ("/en/products/shuro-hoki", "/en/video/shuro-hoki")]
    {
        let answer = Asked::get(address).await;
        let frame =
            format!("data-consent=\"functional\" data-service=\"video\" data-src=\"{film}\"");
        assert!(answer.body.contains(&frame), "{address}");
        assert!(!answer.body.contains(&format!(" src=\"{film}\"")), "{address}");
        let player = Asked::get(film).await;
        assert_eq!(player.status, 200);
        assert!(!player.body.contains("<script"), "the host's page needs no script");
    }
}

#[tokio::test]
async fn every_page_lets_the_visitor_reach_settings_and_policy_in_the_page_s_language() {
    for (address, language) in
        all_addresses().into_iter().filter(|(address, _)| is_shop_page(address))
    {
        let answer = Asked::get(&address).await;
        assert!(answer.body.contains("data-ashiato-open"), "{address}");
        let policy = format!("http://localhost:8080/s/shop/policy?lang={language}");
        assert!(answer.body.contains(&policy), "{address}");
    }
}

#[tokio::test]
async fn the_language_switch_keeps_the_page() {
    let japanese = Asked::get("/products/kyusu").await;
    assert!(japanese.body.contains("id=\"language-switch\" href=\"/en/products/kyusu\""));
    let english = Asked::get("/en/products/kyusu").await;
    assert!(english.body.contains("id=\"language-switch\" href=\"/products/kyusu\""));
}

#[tokio::test]
async fn the_language_switch_keeps_a_form_that_came_back_and_leaves_an_unknown_address() {
    let form = Asked::form("/contact", "").await;
    assert!(form.body.contains("id=\"language-switch\" href=\"/en/contact\""));
    let unknown = Asked::get("/en//elsewhere.example").await;
    assert!(unknown.body.contains("id=\"language-switch\" href=\"/\""));
    assert!(!unknown.body.contains("elsewhere"));
}

#[tokio::test]
async fn english_without_its_slash_leads_to_the_english_home() {
    let answer = Asked::get("/en").await;
    assert_eq!(answer.status, 308);
    assert_eq!(answer.header("location"), "/en/");
}

#[tokio::test]
async fn adding_to_the_cart_is_marked_as_an_event() {
    let answer = Asked::get("/products/meshiwan").await;
    assert!(answer.body.contains("data-ashiato-event=\"add_to_cart\""));
}

#[tokio::test]
async fn an_unknown_address_is_a_page_in_its_language() {
    for (address, words) in [
        ("/nowhere", "その棚は、見あたりません"),
        ("/products/nothing", "その棚は、見あたりません"),
        ("/video/meshiwan", "その棚は、見あたりません"),
        ("/en/nowhere", "That shelf is not here"),
        ("/en/products/nothing", "That shelf is not here"),
    ] {
        let answer = Asked::get(address).await;
        assert_eq!(answer.status, 404, "{address}");
        assert!(answer.body.contains(words), "{address}");
        assert!(answer.header("content-security-policy").contains(answer.nonce()));
    }
}

#[tokio::test]
async fn a_wrong_method_is_a_page_too() {
    let answer = Asked::form("/products", "a=b").await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.header("allow"), "GET,HEAD");
    assert!(answer.body.contains("その操作はできません"));
}

#[tokio::test]
async fn head_answers_as_get_does_without_the_body() {
    for address in ["/", "/en/products", "/kazoeru.js"] {
        let answer = Asked::head(address).await;
        assert_eq!(answer.status, 200, "{address}");
        assert_eq!(answer.body, "");
        let length = answer.header("content-length").parse::<usize>().unwrap();
        assert!(length > 0, "{address}");
    }
}

#[tokio::test]
async fn a_page_sets_no_cookie() {
    for (address, _) in all_addresses() {
        let answer = Asked::get(&address).await;
        assert_eq!(answer.header("set-cookie"), "", "{address}");
    }
}

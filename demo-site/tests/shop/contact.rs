//! The contact form, sent without any script.

use crate::asked::Asked;

const FILLED: &str = "name=%E5%B1%B1%E7%94%B0%E8%8A%B1%E5%AD%90&email=hanako%40example.jp&message=%E6%80%A5%E9%A0%88%E3%81%AE%E3%81%B5%E3%81%9F";

#[tokio::test]
async fn the_form_is_marked_as_a_lead_and_has_the_fields_of_the_site_file() {
    let answer = Asked::get("/contact").await;
    assert!(answer.body.contains("method=\"post\" action=\"/contact\""));
    assert!(answer.body.contains("data-ashiato-lead=\"contact\""));
    for key in
        ["name", "name_kana", "company", "email", "telephone", "postal_code", "topic", "message"]
    {
        assert!(answer.body.contains(&format!(" name=\"{key}\"")), "{key}");
        let place =
            format!("<p class=\"field-error\" id=\"{key}-error\" data-error-for=\"{key}\"></p>");
        assert!(answer.body.contains(&place), "{key}");
        assert!(answer.body.contains(&format!("aria-describedby=\"{key}-error\"")), "{key}");
    }
}

#[tokio::test]
async fn marketing_is_not_ticked_for_the_visitor() {
    let answer = Asked::get("/contact").await;
    assert!(answer.body.contains("name=\"email_marketing\" value=\"true\">"));
    assert!(!answer.body.contains(" checked"));
}

#[tokio::test]
async fn the_purposes_are_stated_before_the_send_button() {
    for (address, words) in [
        ("/contact", "お問い合わせへのご返答と、その記録のために使います"),
        ("/en/contact", "Used to answer your enquiry and to keep a record of it"),
    ] {
        let answer = Asked::get(address).await;
        let purposes = answer.body.find(words).unwrap();
        let send = answer.body.find("type=\"submit\"").unwrap();
        assert!(purposes < send, "{address}");
    }
}

#[tokio::test]
async fn a_filled_form_leads_to_the_thanks_of_its_language() {
    for (address, thanks) in [("/contact", "/thanks"), ("/en/contact", "/en/thanks")] {
        let answer = Asked::form(address, FILLED).await;
        assert_eq!(answer.status, 303, "{address}");
        assert_eq!(answer.header("location"), thanks);
        assert_eq!(answer.header("set-cookie"), "");
    }
}

#[tokio::test]
async fn an_empty_form_comes_back_with_a_message_for_every_field() {
    for (address, messages) in [
        (
            "/contact",
            [
                "お名前を入力してください。",
                "メールアドレスを入力してください。",
                "お問い合わせ内容を入力してください。",
            ],
        ),
        (
            "/en/contact",
            [
                "Please enter your name.",
                "Please enter your e-mail address.",
                "Please enter your message.",
            ],
        ),
    ] {
        let answer = Asked::form(address, "").await;
        assert_eq!(answer.status, 422, "{address}");
        assert_eq!(answer.body.matches("aria-invalid=\"true\"").count(), 3);
        for message in messages {
            assert_eq!(
                answer.body.matches(message).count(),
                2,
                "in the summary and beside the field: {message}"
            );
        }
    }
}

#[tokio::test]
async fn what_was_typed_comes_back_and_stays_text() {
    let body = "name=%22%3E%3Cscript%3E&email=nowhere&message=%3C%2Ftextarea%3E%3Cb%3E&email_marketing=true";
    let answer = Asked::form("/contact", body).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("value=\"&quot;&gt;&lt;script&gt;\""));
    assert!(answer.body.contains("value=\"nowhere\""));
    assert!(answer.body.contains("&lt;/textarea&gt;&lt;b&gt;</textarea>"));
    assert!(answer.body.contains("value=\"true\" checked>"));
    assert_eq!(answer.body.matches("aria-invalid=\"true\"").count(), 1);
}

#[tokio::test]
async fn the_longest_allowed_message_fits_and_an_oversized_body_is_refused_with_a_page() {
    let longest = "%E3%81%82".repeat(4000);
    let answer = Asked::form("/contact", &format!("name=a&email=a%40b.jp&message={longest}")).await;
    assert_eq!(answer.status, 303);
    let oversized = format!("name=a&email=a%40b.jp&message={}", "a".repeat(70_000));
    let answer = Asked::form("/contact", &oversized).await;
    assert_eq!(answer.status, 413);
    assert!(answer.body.contains("お問い合わせ内容が長すぎます"));
}

#[tokio::test]
async fn a_form_that_cannot_be_read_is_refused_with_a_page() {
    let answer = Asked::form("/en/contact", "name=a&name=b").await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("It could not be sent"));
}

//! The contact form, and the thanks after it. It works without any script.

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use super::layout::{Page, render};
use super::problem;
use crate::form::{Contact, Fault, Field, TOPICS};
use crate::view::View;

/// `GET /contact`
pub async fn ask(view: View) -> Response {
    render(&view, &page(&view, &Contact::default(), &[]))
}

/// `POST /contact`: thanks, or the form again with what was typed and what to mend.
pub async fn send(view: View, form: Result<Form<Contact>, FormRejection>) -> Response {
    let contact = match form {
        Ok(Form(contact)) => contact,
        Err(rejection) => return problem::unread(&view, rejection.status()),
    };
    let faults = contact.faults();
    if faults.is_empty() {
        return Redirect::to(&view.address("/thanks")).into_response();
    }
    let page = Page { status: StatusCode::UNPROCESSABLE_ENTITY, ..page(&view, &contact, &faults) };
    render(&view, &page)
}

/// `GET /thanks`
pub async fn thanks(view: View) -> Response {
    let title = view.pick("お問い合わせありがとうございます", "Thank you for writing");
    let main = html! {
        section class="wrap narrow band letter" {
            h1 { (title) }
            p {
                (view.pick(
                    "お便りをお預かりしました。二営業日のうちに、店の者からメールでお返事いたします。",
                    "Your message has reached us. One of us will reply by e-mail within two working days.",
                ))
            }
            p { a class="button" href=(view.address("/products")) { (view.pick("道具を見る", "See the goods")) } }
        }
    };
    let description = view.pick("お問い合わせを受け付けました。", "We have received your message.");
    render(&view, &Page::new(title, description, main))
}

fn page(view: &View, contact: &Contact, faults: &[Fault]) -> Page {
    let title = view.pick("お問い合わせ", "Contact");
    let shown_title = if faults.is_empty() {
        title.to_owned()
    } else {
        format!("{}{title}", view.pick("入力内容をご確認ください：", "Please check: "))
    };
    let main = html! {
        section class="wrap narrow band" {
            div class="page-head" {
                h1 { (title) }
                p {
                    (view.pick(
                        "道具の使い方、修理、在庫のことなど、お気軽にお書きください。「必須」のない項目は空欄でもかまいません。",
                        "Ask about using, mending or finding something. Only what is marked “required” has to be filled in.",
                    ))
                }
            }
            @if !faults.is_empty() { (summary(view, faults)) }
            (form(view, contact, faults))
        }
    };
    let description = view.pick(
        "ひより道具店へのお問い合わせ。道具の使い方、お手入れ、修理のご相談を承ります。",
        "Write to Hiyori Home Goods about using, caring for or mending our goods.",
    );
    Page::new(&shown_title, description, main)
}

fn summary(view: &View, faults: &[Fault]) -> Markup {
    html! {
        div class="faults" id="form-faults" role="alert" tabindex="-1" autofocus {
            h2 { (view.pick("まだ送られていません", "Not sent yet")) }
            ul {
                @for fault in faults {
                    li { a href={ "#" (fault.field.key()) } { (fault.message.of(view.language)) } }
                }
            }
        }
    }
}

fn form(view: &View, contact: &Contact, faults: &[Fault]) -> Markup {
    let row = |key: &str, label: &str, needed: bool, control: &dyn Fn(&Control<'_>) -> Markup| {
        let fault = faults.iter().find(|fault| fault.field.key() == key);
        let error_id = format!("{key}-error");
        let control =
            control(&Control { key, error_id: &error_id, invalid: fault.map(|_| "true") });
        html! {
            div class="field" {
                label for=(key) {
                    (label)
                    @if needed { " " span class="needed" { (view.pick("必須", "required")) } }
                }
                (control)
                p class="field-error" id=(error_id) data-error-for=(key) {
                    @if let Some(fault) = fault { (fault.message.of(view.language)) }
                }
            }
        }
    };
    // A line that may be left empty.
    let line = |key: &str, label: &str, kind: &str, value: &str, fills: &str| {
        row(key, label, false, &|c| {
            html! {
                input type=(kind) id=(c.key) name=(c.key) value=(value) autocomplete=(fills)
                    aria-describedby=(c.error_id) aria-invalid=[c.invalid];
            }
        })
    };
    // The page says what is missing in its own words and place, so the browser's bubbles stay away.
    html! {
        form id="contact-form" class="form" method="post" action=(view.address("/contact")) novalidate
            data-ashiato-lead="contact" {
            (row(Field::Name.key(), view.pick("お名前", "Name"), true, &|c| html! {
                input type="text" id=(c.key) name=(c.key) value=(contact.name) autocomplete="name" required
                    aria-describedby=(c.error_id) aria-invalid=[c.invalid];
            }))
            (line("name_kana", view.pick("フリガナ", "Name in katakana"), "text", &contact.name_kana, "off"))
            (line("company", view.pick("会社名・団体名", "Company"), "text", &contact.company, "organization"))
            (row(Field::Email.key(), view.pick("メールアドレス", "E-mail"), true, &|c| html! {
                input type="email" id=(c.key) name=(c.key) value=(contact.email) autocomplete="email" required
                    inputmode="email" aria-describedby=(c.error_id) aria-invalid=[c.invalid];
            }))
            (line("telephone", view.pick("電話番号", "Telephone"), "tel", &contact.telephone, "tel"))
            (line("postal_code", view.pick("郵便番号", "Postal code (Japan)"), "text", &contact.postal_code, "postal-code"))
            (row("topic", view.pick("ご用件", "What it is about"), false, &|c| html! {
                select id=(c.key) name=(c.key) aria-describedby=(c.error_id) aria-invalid=[c.invalid] {
                    option value="" { (view.pick("お選びください", "Please choose")) }
                    @for (value, name) in &TOPICS {
                        option value=(value) selected[contact.topic == *value] { (name.of(view.language)) }
                    }
                }
            }))
            (row(Field::Message.key(), view.pick("お問い合わせ内容", "Message"), true, &|c| html! {
                textarea id=(c.key) name=(c.key) rows="7" required aria-describedby=(c.error_id)
                    aria-invalid=[c.invalid] { (contact.message) }
            }))
            div class="check" {
                input type="checkbox" id="email_marketing" name="email_marketing" value="true"
                    checked[contact.email_marketing.is_some()];
                label for="email_marketing" {
                    (view.pick(
                        "新商品のお知らせをメールで受け取る（いつでも停止できます）",
                        "E-mail me about new products (I can stop this at any time)",
                    ))
                }
            }
            (purposes(view))
            p { button type="submit" class="button" id="send" { (view.pick("送信する", "Send")) } }
        }
    }
}

struct Control<'a> {
    key: &'a str,
    error_id: &'a str,
    invalid: Option<&'static str>,
}

/// Act on the Protection of Personal Information, article 21(2): the purposes are stated before the form is sent. The
/// tag writes those of the site file, with a link to the policy, over the first paragraph.
fn purposes(view: &View) -> Markup {
    html! {
        section class="purposes" id="purposes" aria-labelledby="purposes-title" {
            h2 id="purposes-title" { (view.pick("送信の前にご確認ください", "Before you send")) }
            p data-ashiato-purpose {
                (view.pick(
                    "個人情報の利用目的：お問い合わせへのご返答と、その記録のために使います。（取扱者：株式会社ひより道具店）",
                    "Your details: Used to answer your enquiry and to keep a record of it. (Handled by: Hiyori Home Goods K.K.)",
                ))
            }
            ul {
                li { (view.pick("記録は3年間保管します。", "The record is kept for three years.")) }
                li {
                    (view.pick(
                        "上の欄にチェックを入れた方にだけ、新商品のお知らせをお送りします。",
                        "News of new products goes only to those who ticked the box above.",
                    ))
                }
                li {
                    (view.pick(
                        "Cookieの設定で「閲覧履歴とお名前の結びつけ」を許可された方に限り、その後の閲覧履歴と結びつけ、ご関心に沿ったご案内に使います。",
                        "Only if you allowed “Linking browsing to your details” in the cookie settings, pages you view from then on are tied to your details, so that we can answer according to your interests.",
                    ))
                }
            }
            p {
                (view.pick("お問い合わせ先：", "Questions: "))
                a href="mailto:privacy@hiyori.example" { "privacy@hiyori.example" }
            }
        }
    }
}

//! What people write into lead forms: every kind of field, every fault, in whichever spelling.

use ashiato_tests::{Collector, Data, SHOP, Session, data::shop_file};
use serde_json::{Value, json};

/// A form with a field of every kind, beside the shop's own.
const FORM: &str = r#"
[[forms]]
key = "every"
name = { ja = "すべて", en = "Everything" }
use = { ja = "見積もりを作り、お送りするために使います。", en = "Used to make an estimate and to send it." }
retention_days = 30
fields = [
    { key = "line", type = "text", required = true, min = 2, max = 10, name = { ja = "件名", en = "Subject" } },
    { key = "text", type = "long_text", name = { ja = "本文", en = "Text" } },
    { key = "email", type = "email", name = { ja = "メールアドレス", en = "E-mail" } },
    { key = "telephone", type = "telephone", name = { ja = "電話番号", en = "Telephone" } },
    { key = "postal_code", type = "postal_code", name = { ja = "郵便番号", en = "Postal code" } },
    { key = "kana", type = "kana", name = { ja = "フリガナ", en = "Reading" } },
    { key = "number", type = "number", min = 1, max = 50, name = { ja = "人数", en = "People" } },
    { key = "date", type = "date", name = { ja = "希望日", en = "Day" } },
    { key = "url", type = "url", name = { ja = "サイト", en = "Site" } },
    { key = "choice", type = "choice", options = [{ value = "a", name = { ja = "あ", en = "A" } }, { value = "b", name = { ja = "い", en = "B" } }], name = { ja = "種類", en = "Kind" } },
    { key = "several", type = "choice", multiple = true, options = [{ value = "a", name = { ja = "あ", en = "A" } }, { value = "b", name = { ja = "い", en = "B" } }], name = { ja = "種類", en = "Kinds" } },
    { key = "terms", type = "checkbox", required = true, name = { ja = "規約", en = "Terms" }, messages = { required = { ja = "規約をお読みのうえ、チェックしてください。", en = "Please read the terms and tick the box." } } },
]
"#;

fn start() -> (Data, Collector) {
    let data = Data::new();
    let text = shop_file().replacen("\n[[forms]]", &format!("{FORM}\n[[forms]]"), 1);
    let _ = data.apply(&text);
    let collector = Collector::start(&data);
    (data, collector)
}

fn lead(session: &Session, fields: &[(&str, &str)]) -> Value {
    let mut lead = session.lead(None);
    lead["form"] = "every".into();
    lead["agreements"] = json!({});
    lead["fields"] = json!({"line": "見積もり", "terms": "true"});
    for (key, value) in fields {
        lead["fields"][key] = (*value).into();
    }
    lead
}

#[test]
fn what_is_written_in_any_spelling_is_kept_in_one() {
    let (data, collector) = start();
    let session = Session::open(&collector, None);
    let written = [
        ("line", "\u{3000}ＡＢＣの\u{3000}見積 "),
        ("text", "ﾃｽﾄ\r\n２行目"),
        ("email", "Ｈａｎａｋｏ＠例え．ｊｐ"),
        ("telephone", "（０７５）０００ー００００"),
        ("postal_code", "〒６０４－８００１"),
        ("kana", "ﾔﾏﾀﾞ　はなこ"),
        ("number", "１２"),
        ("date", "令和８年１１月２５日"),
        ("url", "www.例え.jp/会社"),
        ("choice", "b"),
        ("several", "b\na"),
    ];
    let _ = collector.post("/v1/leads", session.sign(&lead(&session, &written))).expect(201);
    let token = data.token("shop", &["leads"]);
    let leads = collector.get_as(&token, "/api/v1/leads?site=shop").expect(200);
    let kept = json!({
        "line": "ABCの 見積",
        "text": "テスト\n２行目",
        "email": "Hanako@xn--r8jz45g.jp",
        "telephone": "+81750000000",
        "postal_code": "604-8001",
        "kana": "ヤマダ ハナコ",
        "number": "12",
        "date": "2026-11-25",
        "url": "https://www.xn--r8jz45g.jp/会社",
        "choice": "b",
        "several": "a\nb",
        "terms": "true",
    });
    assert_eq!(leads["results"][0]["fields"], kept, "{leads}");
}

#[test]
fn every_fault_is_answered_by_its_code_and_nothing_is_kept() {
    let (data, collector) = start();
    let session = Session::open(&collector, None);
    let link = "https://a.example ".repeat(6);
    for (field, value, code) in [
        ("line", "", "required"),
        ("line", "\u{3000}", "required"),
        ("line", "a", "too_short"),
        ("line", "12345678901", "too_long"),
        ("line", "a\nb", "control"),
        ("text", "a\u{0}b", "control"),
        ("text", &link, "too_many_links"),
        ("email", "hanako＠", "email"),
        ("telephone", "03-1234-567", "telephone"),
        ("postal_code", "604-80", "postal_code"),
        ("kana", "山田", "kana"),
        ("number", "十", "number"),
        ("number", "0", "too_small"),
        ("number", "51", "too_large"),
        ("date", "2026-02-30", "date"),
        ("url", "javascript:alert(1)", "url"),
        ("choice", "c", "choice"),
        ("choice", "a\nb", "choice"),
        ("several", "a\nc", "choice"),
        ("terms", "false", "required"),
        ("terms", "perhaps", "choice"),
        ("card", "4111", "unknown"),
        ("form", "", "unknown"),
    ] {
        let answer = collector.post("/v1/leads", session.sign(&lead(&session, &[(field, value)])));
        assert_eq!(answer.problem(422), "content");
        let errors = answer.json()["errors"].clone();
        assert_eq!(errors.as_array().unwrap().len(), 1, "{errors}");
        assert_eq!(
            (&errors[0]["field"], &errors[0]["code"]),
            (&json!(field), &json!(code)),
            "{value:?}"
        );
        assert!(!errors[0]["message"].as_str().unwrap().is_empty());
    }
    assert_eq!(data.database().number("SELECT count(*) FROM lead"), 0);
}

#[test]
fn a_fault_is_said_in_the_language_that_is_asked_for_and_in_the_sites_own_words() {
    let (_data, collector) = start();
    let session = Session::open(&collector, None);
    let said = |languages: &str, field: &str, value: &str| {
        let request = collector.request("POST", "/v1/leads");
        let request = request
            .header("content-type", "text/plain")
            .header("origin", SHOP)
            .header("accept-language", languages);
        let body = session.sign(&lead(&session, &[(field, value)]));
        let answer = collector.send(request, body).unwrap();
        answer.json()["errors"][0]["message"].as_str().unwrap().to_owned()
    };
    let english = "en-GB,en;q=0.9,ja;q=0.5";
    assert_eq!(said("ja-JP,ja;q=0.9", "line", ""), "件名を入力してください。");
    assert_eq!(said(english, "line", ""), "Please fill in “Subject”.");
    assert_eq!(said("fr", "line", "1234567890a"), "10文字以内で入力してください。");
    assert_eq!(said("", "number", "51"), "50以下の数値を入力してください。");
    assert_eq!(said(english, "terms", "false"), "Please read the terms and tick the box.");
    assert_eq!(said("ja", "terms", ""), "規約をお読みのうえ、チェックしてください。");
}

#[test]
fn a_form_that_a_program_filled_in_is_refused_and_can_be_sent_once_more() {
    let (data, collector) = start();
    let session = Session::open(&collector, None);
    let sent =
        |told: &[(&str, &str)]| collector.post("/v1/leads", session.sign(&lead(&session, told)));
    for (told, code) in [
        ([("ashiato_trap", "1"), ("ashiato_took", "9000")], "trap"),
        ([("ashiato_trap", ""), ("ashiato_took", "12")], "too_fast"),
    ] {
        let answer = sent(&told);
        assert_eq!(answer.problem(422), "spam");
        let errors = answer.json()["errors"].clone();
        assert_eq!((&errors[0]["field"], &errors[0]["code"]), (&json!("form"), &json!(code)));
    }
    assert_eq!(data.database().number("SELECT count(*) FROM lead"), 0);
    let _ = sent(&[("ashiato_took", "3100")]).expect(201);
    let token = data.token("shop", &["leads"]);
    let leads = collector.get_as(&token, "/api/v1/leads?site=shop").expect(200);
    assert_eq!(leads["results"][0]["fields"], json!({"line": "見積もり", "terms": "true"}));
}

#[test]
fn a_form_without_a_session_or_with_a_broken_body_is_refused_by_its_own_status() {
    let (data, collector) = start();
    let session = Session::open(&collector, None);
    let whole = lead(&session, &[]);
    assert_eq!(collector.post("/v1/leads", whole.to_string()).problem(401), "unsigned");
    let stranger =
        Session { text: "2.k1.shop.ffffffffffff.AAAAAAAAAAAAAAAAAAAAAA".into(), ..session.clone() };
    let _ = collector.post("/v1/leads", stranger.sign(&whole)).problem(401);
    let mut other = whole.clone();
    other["form"] = "nowhere".into();
    let answer = collector.post("/v1/leads", session.sign(&other));
    assert_eq!(answer.problem(422), "content");
    assert_eq!(answer.json()["errors"][0]["code"], "unknown_form");
    for broken in [
        json!([]),
        json!({"site": "shop"}),
        json!({"site": "shop", "form": "every", "page": {"url": "https://shop.example/"}, "fields": []}),
        json!({"site": "shop", "form": "every", "page": {"url": "https://shop.example/"}, "fields": {"line": 1}}),
        json!({"site": "shop", "form": "every", "page": {"url": "https://shop.example/"}, "fields": {"line": null}}),
    ] {
        let answer = collector.post("/v1/leads", session.sign(&broken));
        assert!(matches!(answer.status, 400 | 422), "{broken} {answer:?}");
        let _ = answer.problem(answer.status);
    }
    let mut huge = whole;
    huge["fields"]["text"] = "あ".repeat(30_000).into();
    assert_eq!(collector.post("/v1/leads", session.sign(&huge)).problem(413), "too_large");
    assert_eq!(data.database().number("SELECT count(*) FROM lead"), 0);
}

//! What a CRM is told that asks for something it may not have, or that is not there.

use ashiato_tests::{Data, data::shop_file};
use serde_json::{Value, json};

use super::{Crm, person};

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn each_call_needs_its_own_scope_and_a_token_of_its_site() {
    let crm = Crm::start();
    let id = crm.give(&person("hanako@example.jp"));
    let (one, all) = (format!("/api/v1/leads/{id}?site=shop"), "/api/v1/leads?site=shop");
    let lead = person("taro@example.jp").to_string();
    let change = json!({"fields": {"name": "花"}}).to_string();
    let calls = [
        ("GET", all, "", &crm.writes),
        ("GET", one.as_str(), "", &crm.writes),
        ("POST", "/api/v1/leads", lead.as_str(), &crm.reads),
        ("PATCH", &one, &change, &crm.reads),
        ("DELETE", &one, "", &crm.reads),
    ];
    let others = crm.data.token("other", &["leads", "leads:write"]);
    let query = crm.data.token("shop", &["query"]);
    let headers = [JSON, ("if-match", "*")];
    for (method, path, body, wrong) in calls {
        for token in [wrong, &query] {
            let answer = crm.call((method, path), token, &headers, body);
            assert_eq!(answer.problem(403), "scope", "{method}");
            assert!(!answer.body.contains("hanako"), "{answer:?}");
        }
        let answer = crm.call((method, path), &others, &headers, body);
        assert_eq!(answer.problem(403), "site", "{method}");
        let answer = crm.call((method, path), "made-up", &headers, body);
        assert_eq!(answer.problem(401), "token", "{method}");
    }
    assert_eq!(crm.lead(&id)["version"], 1);
    // Another site's lead is not there.
    let path = format!("/api/v1/leads/{id}?site=other");
    for (method, body) in [("GET", ""), ("PATCH", change.as_str()), ("DELETE", "")] {
        let answer = crm.call((method, &path), &others, &headers, body);
        assert_eq!(answer.problem(404), "unknown_lead", "{method}");
    }
}

fn fault(answer: &ashiato_tests::Answer) -> (String, String) {
    assert_eq!(answer.problem(422), "content", "{answer:?}");
    let error = &answer.json()["errors"][0];
    assert!(!error["message"].as_str().unwrap().is_empty());
    let text = |name: &str| error[name].as_str().unwrap().to_owned();
    (text("field"), text("code"))
}

#[test]
fn each_parameter_that_cannot_be_is_named() {
    let crm = Crm::start();
    for (query, field, code) in [
        ("", "site", "required"),
        ("site=shop&limit=0", "limit", "range"),
        ("site=shop&limit=501", "limit", "range"),
        ("site=shop&limit=many", "limit", "range"),
        ("site=shop&after=50", "after", "cursor"),
        ("site=shop&after=AAAA", "after", "cursor"),
        ("site=shop&usable=1", "usable", "invalid"),
        ("site=shop&changed_since=yesterday", "changed_since", "invalid"),
        ("site=shop&offset=5", "offset", "unknown"),
        ("site=shop&site=other", "site", "repeated"),
    ] {
        let answer = crm.get(&format!("/api/v1/leads?{query}"));
        assert_eq!(fault(&answer), (field.to_owned(), code.to_owned()), "{query}");
    }
    let answer = crm.get("/api/v1/leads/AAAAAAAAAAAAAAAAAAAAAA?site=shop&limit=1");
    assert_eq!(fault(&answer), ("limit".to_owned(), "unknown".to_owned()));
    let answer = crm.give_as("?on_duplicate=merge", &[], &person("a@example.jp"));
    assert_eq!(fault(&answer), ("on_duplicate".to_owned(), "invalid".to_owned()));
    let answer = crm.give_as("?site=shop", &[], &person("a@example.jp"));
    assert_eq!(fault(&answer), ("site".to_owned(), "unknown".to_owned()));
    for id in ["x", "AAAAAAAAAAAAAAAAAAAAAA", "00000000-0000-0000-0000-000000000000"] {
        let answer = crm.get(&format!("/api/v1/leads/{id}?site=shop"));
        assert_eq!(answer.problem(404), "unknown_lead", "{id}");
    }
    assert_eq!(crm.collector.post("/api/v1/leads/x", "").problem(405), "method_not_allowed");
}

#[test]
fn what_cannot_be_taken_of_a_lead_is_named_field_by_field_and_nothing_is_stored() {
    let crm = Crm::start();
    let send = |body: &str, media: &str| {
        let headers = [("content-type", media)];
        crm.call(("POST", "/api/v1/leads"), &crm.writes, &headers, body)
    };
    for body in ["", "{", "[1", "{\"site\":\"shop\"} x"] {
        assert_eq!(send(body, "application/json").problem(400), "malformed", "{body}");
    }
    let good = person("hanako@example.jp");
    assert_eq!(send(&good.to_string(), "text/plain").problem(415), "content_type");
    let huge = format!("\"{}\"", "x".repeat(70_000));
    assert_eq!(send(&huge, "application/json").problem(413), "too_large");
    let with = |field: &str, value: Value| {
        let mut lead = good.clone();
        lead[field] = value;
        fault(&crm.give_as("", &[], &lead))
    };
    for (field, value, code) in [
        ("form", json!("newsletter"), "unknown_form"),
        ("ground", json!("opt_in"), "opt_in"),
        ("ground", json!("none"), "ground"),
        ("ground", json!("because"), "ground"),
        ("proof", json!(" "), "length"),
        ("proof", json!("x".repeat(1_001)), "length"),
        ("by", json!(""), "length"),
        ("by", json!("a\nb"), "length"),
        ("since", json!(4_102_444_800_000_i64), "range"),
        ("since", json!(-1), "range"),
        ("since", json!("2026"), "invalid"),
        ("id", json!("4711"), "invalid"),
        ("id", json!("0190b3a2-0000-4000-8000-000000000000"), "invalid"),
        ("agreements", json!({}), "invalid"),
    ] {
        assert_eq!(with(field, value.clone()), (field.to_owned(), code.to_owned()), "{value}");
    }
    // All that is wrong at once, and in the caller's language.
    let mut lead = good.clone();
    lead["fields"] = json!({"email": "nobody", "telephone": "12", "age": "17"});
    lead["proof"] = "".into();
    let answer = crm.give_as("", &[("accept-language", "en")], &lead);
    let _ = answer.problem(422);
    let errors = answer.json()["errors"].clone();
    let named = |error: &Value| error["field"].as_str().unwrap().to_owned();
    let mut fields: Vec<_> = errors.as_array().unwrap().iter().map(named).collect();
    fields.sort();
    let expected = [
        "fields.age",
        "fields.email",
        "fields.message",
        "fields.name",
        "fields.telephone",
        "proof",
    ];
    assert_eq!(fields, expected);
    assert!(errors.to_string().contains("Please write a word or two"), "{errors}");

    let twice = crm.give_as("", &[("idempotency-key", "a"), ("idempotency-key", "b")], &good);
    assert_eq!(twice.problem(400), "idempotency_key");
    let long = "x".repeat(256);
    for key in ["", &long] {
        let answer = crm.give_as("", &[("idempotency-key", key)], &good);
        assert_eq!(answer.problem(400), "idempotency_key", "{key}");
    }
    let mut both = good.clone();
    both["id"] = "0190b3a2-0000-7000-8000-000000000000".into();
    let answer = crm.give_as("", &[("idempotency-key", "a")], &both);
    assert_eq!(fault(&answer), ("id".to_owned(), "twice".to_owned()));
    assert_eq!(crm.data.database().number("SELECT count(*) FROM lead"), 0);
}

#[test]
fn without_a_sender_no_list_is_given_out_and_a_form_that_is_gone_changes_nothing() {
    let crm = Crm::start();
    let id = crm.give(&person("hanako@example.jp"));
    let file = shop_file();
    let other = file.replacen("key = \"contact\"", "key = \"enquiry\"", 1);
    assert_ne!(file, other);
    let _ = crm.data.apply(&other);
    let refused = || {
        let answer = crm.change(&id, &[("if-match", "*")], &json!({"name": "花"}));
        (answer.status == 409).then(|| answer.problem(409))
    };
    assert_eq!(ashiato_tests::wait_for("the file is in force", refused), "form_gone");
    let mut update = person("hanako@example.jp");
    update["form"] = "enquiry".into();
    let answer = crm.give_as("?on_duplicate=update", &[], &update);
    assert_eq!(answer.problem(409), "duplicate_of_other_form");

    let start = file.find("[mail]").unwrap();
    let end = start + file[start..].find("[[forms]]").unwrap();
    let without = format!("{}{}", &file[..start], &file[end..]);
    let without = without.replace("kind = \"email_marketing\"\n", "");
    let data = Data::empty();
    let _ = data.apply(&without);
    let crm = Crm::on(data);
    let answer = crm.get("/api/v1/leads?site=shop&usable=true");
    assert_eq!(fault(&answer), ("usable".to_owned(), "no_mail".to_owned()));
}

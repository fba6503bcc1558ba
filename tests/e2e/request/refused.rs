//! What the form does not take, and what it does not tell.

use ashiato_tests::{data::shop_file, process::eventually};

use super::{DAY, PUBLIC, Site, said};

#[test]
fn who_asks_learns_nothing_of_an_address_and_is_sent_one_mail_in_an_hour() {
    let site = Site::new();
    site.lead("known@example.jp");
    let ask = |email: &str| {
        let answer = site.ask("en", &[("kind", "erase"), ("email", email)]);
        let headers = answer.headers.iter().filter(|(name, _)| name != "date");
        (answer.status, answer.body, headers.cloned().collect::<Vec<_>>())
    };
    let known = ask("known@example.jp");
    assert_eq!(known.0, 200);
    assert_eq!(known, ask("nobody@example.jp"), "nobody is told of whom something is held");
    assert_eq!(known, ask("KNOWN@example.jp"), "nor that a mail was sent just now");
    let _ = site.mail(1);
    assert_eq!((site.count("subject_asking"), site.count("subject_mail")), (2, 2));
    let shapes: Vec<_> = (0..2).map(|at| said(&site.mail(at)).lines().count()).collect();
    assert_eq!(shapes[0], shapes[1], "the mail neither");
    site.later(3_600);
    assert_eq!(known, ask("known@example.jp"));
    let _ = site.mail(2);
    for _ in 0..4 {
        site.later(3_601);
        assert_eq!(known, ask("known@example.jp"));
    }
    assert_eq!(site.count("subject_mail"), 6, "no more than five in thirty days");
    assert_eq!(site.count("subject_request"), 0);
}

#[test]
fn what_is_wrong_is_said_beside_the_field_and_nothing_that_was_typed_is_lost() {
    let site = Site::new();
    let long = "あ".repeat(4_001);
    let good = [("kind", "correct"), ("email", "typed@example.jp"), ("message", "町名が違います")];
    let but = |name: &'static str, value| {
        good.map(|(key, own)| if key == name { (key, value) } else { (key, own) })
    };
    for (language, fields, words) in [
        ("ja", but("kind", ""), "ご請求の内容を選んでください。"),
        ("en", but("kind", ""), "Please choose what you ask for."),
        ("ja", but("kind", "forget"), "この中からお選びください。"),
        ("en", but("kind", "forget"), "Please choose one of these."),
        ("ja", but("email", ""), "メールアドレスを入力してください。"),
        ("en", but("email", ""), "Please fill in “E-mail address”."),
        ("ja", but("email", "typed@"), "メールアドレスの形式をご確認ください"),
        ("en", but("email", "typed example.jp"), "e-mail address"),
        ("ja", but("message", &long), "4000文字以内で入力してください。"),
        ("en", but("message", &long), "4000"),
        ("ja", but("message", ""), "どこをどのように直すかをご記入ください。"),
        ("en", but("message", ""), "what is to be corrected, and how"),
    ] {
        let answer = site.ask(language, &fields);
        assert_eq!(answer.status, 422, "{fields:?}");
        assert!(answer.body.contains(words), "{words}: {}", answer.body);
        assert!(answer.body.contains("role=\"alert\""), "{}", answer.body);
        for (key, value) in fields {
            assert!(key == "kind" || answer.body.contains(value), "{value:.20} is lost");
        }
        let kept = answer.body.contains("value=\"correct\" required checked");
        assert_eq!(kept, fields[0].1 == "correct", "{}", answer.body);
    }
    // Not from the page itself, not by a person, not in time, not readable.
    let began = site.began();
    let open = |began: &str, more: &[(&str, &str)]| {
        let began = began.to_owned();
        let fields = [&good[..], &[("began", &*began)], more].concat();
        site.send(PUBLIC, "en", &fields)
    };
    let fast = open(&began, &[]);
    assert_eq!(fast.status, 422, "{}", fast.body);
    site.later(3);
    let trapped = open(&began, &[("ashiato_trap", "https://buy.example")]);
    let forged = open("AAAA", &[]);
    let elsewhere = |origin: &str, language: &str| {
        let fields = [&good[..], &[("began", &*began)]].concat();
        site.send(origin, language, &fields)
    };
    let other = [elsewhere("https://evil.example", "ja"), elsewhere("null", "en")];
    for answer in [&fast, &trapped, &forged, &other[0], &other[1]] {
        assert!(answer.body.contains("typed@example.jp"), "{}", answer.body);
        assert!(answer.body.contains("町名が違います"), "{}", answer.body);
        assert!(!answer.body.contains("buy.example"), "{}", answer.body);
    }
    assert_eq!((trapped.status, forged.status), (422, 422));
    assert!(other.iter().all(|answer| answer.status == 403), "{other:?}");
    assert!(other[0].body.contains("ほかのサイトから送信されたか"), "{}", other[0].body);
    assert!(other[1].body.contains("came from another site"), "{}", other[1].body);
    site.later(DAY);
    assert!(open(&began, &[]).body.contains("open for long"));
    let request = site.collector.request("POST", "/s/shop/request?lang=en");
    let request = request.header("origin", PUBLIC).header("content-type", "text/plain");
    let answer = site.collector.send(request, "kind=erase").unwrap();
    assert!(answer.status == 415 && answer.body.contains("could not read"), "{}", answer.body);
    let huge = site.ask("ja", &but("message", &"あ".repeat(40_000)));
    assert!(huge.status == 413 && huge.body.contains("長すぎます"), "{}", huge.body);
    assert_eq!((site.count("subject_asking"), site.server.taken().len()), (0, 0));
    assert_eq!(site.ask("ja", &good).status, 200, "and what is right is taken");
    assert_eq!(site.count("subject_asking"), 1);
}

#[test]
fn whoever_has_many_addresses_asked_is_told_to_wait() {
    let site = Site::with(&[]);
    let send = |at: i32| {
        let email = format!("person{at}@example.jp");
        site.ask("ja", &[("kind", "erase"), ("email", &email)])
    };
    for at in 0..5 {
        assert_eq!(send(at).status, 200, "{at}");
    }
    let refused = send(5);
    assert_eq!(refused.status, 429);
    assert!(!refused.header("retry-after").is_empty(), "{refused:?}");
    assert!(refused.body.contains("1分ほどおいて"), "{}", refused.body);
    assert!(refused.body.contains("person5@example.jp"), "{}", refused.body);
    assert_eq!(site.count("subject_asking"), 5);
}

#[test]
fn there_is_no_form_where_the_site_sends_no_mail_and_who_to_ask_is_said() {
    let site = Site::new();
    let linked = |path: &str| site.collector.get(path).body.contains("href=\"request?lang=en\"");
    assert!(linked("/s/shop/policy?lang=en") && linked("/s/shop/me?lang=en"));
    let file = shop_file();
    let (start, end) = (file.find("[mail]").unwrap(), file.find("[[forms]]").unwrap());
    let without = format!("{}{}", &file[..start], &file[end..]);
    let without: Vec<_> =
        without.split("[[forms.agreements]]").take(1).map(str::to_owned).collect();
    let _ = site.data.apply(&without.concat());
    eventually("the file is in force", || site.collector.get("/s/shop/request").status == 404);
    for (language, words) in [("ja", "フォームでは受け付けていません"), ("en", "There is no form")]
    {
        let path = format!("/s/shop/request?lang={language}");
        let posted = site.send(PUBLIC, language, &[("kind", "erase"), ("email", "a@b.example")]);
        for page in [site.collector.get(&path), posted] {
            assert_eq!(page.status, 404);
            assert!(page.body.contains(words), "{}", page.body);
            assert!(page.body.contains("mailto:privacy@hiyori.example"), "{}", page.body);
        }
    }
    assert!(!linked("/s/shop/policy?lang=en") && !linked("/s/shop/me?lang=en"));
    assert_eq!(site.collector.get("/s/nowhere/request").status, 404);
}

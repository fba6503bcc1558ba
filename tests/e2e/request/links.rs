//! What the links of the mail do, and for how long.

use ashiato_tests::process::{ashiato, eventually};
use serde_json::Value;

use super::{DAY, Site, link, subject, trail};

#[test]
fn a_link_ends_and_what_was_not_confirmed_goes_with_it() {
    let mut site = Site::new();
    assert_eq!(site.ask("ja", &[("kind", "stop"), ("email", "late@example.jp")]).status, 200);
    let confirm = link(&site.mail(0), "request");
    let token = confirm.split(['/', '?']).nth(4).unwrap();
    for bad in [
        format!("/s/shop/request/{token}x"),
        format!("/s/shop/request/{}", &token[1..]),
        format!("/s/other/request/{token}"),
        format!("/s/shop/answer/{token}"),
        format!("/s/shop/confirm/{token}"),
        "/s/shop/request/%E8%8A%B1".to_owned(),
    ] {
        for answer in [site.collector.get(&bad), site.press(&bad, "confirm")] {
            assert_eq!(answer.status, 404, "{bad}");
            assert!(answer.header("content-type").starts_with("text/html"), "people read it");
        }
    }
    site.later(6 * DAY);
    assert_eq!(site.collector.get(&confirm).status, 200, "still");
    site.later(2 * DAY);
    for (language, words) in [("ja", "有効期限が切れています"), ("en", "This link has expired")]
    {
        let path = confirm.replace("lang=ja", &format!("lang={language}"));
        for answer in [site.collector.get(&path), site.press(&path, "confirm")] {
            assert!(answer.status == 410 && answer.body.contains(words), "{}", answer.body);
            assert!(answer.body.contains("privacy@hiyori.example"), "{}", answer.body);
        }
    }
    assert_eq!((site.count("subject_request"), site.count("subject_asking")), (0, 1));
    site.restart();
    eventually("it is deleted", || site.count("subject_asking") == 0);
    assert_eq!(site.count("subject_mail"), 0);
    assert_eq!(site.press(&confirm, "confirm").status, 410);
    assert_eq!(trail(&site.data), [Value::Null; 0], "nobody has asked");
}

#[test]
fn of_presses_at_once_one_counts() {
    let site = Site::new();
    assert_eq!(site.ask("ja", &[("kind", "erase"), ("email", "twice@example.jp")]).status, 200);
    let confirm = link(&site.mail(0), "request");
    let pressed = std::thread::scope(|scope| {
        let collector = &site.collector;
        let all = [(); 8].map(|()| {
            let request = collector.request("POST", &confirm);
            scope.spawn(move || collector.send(request, []).unwrap().status)
        });
        all.map(|one| one.join().unwrap())
    });
    assert_eq!(pressed, [200; 8]);
    assert_eq!((site.count("subject_request"), trail(&site.data).len()), (1, 1));
    let _ = site.mail(1);
    assert_eq!(site.count("subject_mail"), 2, "asked once, told once");
}

#[test]
fn what_was_asked_and_what_is_handed_out_stay_readable_when_the_lead_key_is_exchanged() {
    let site = Site::new();
    site.lead("hanako@example.jp");
    let given = site.confirmed("export", "hanako@example.jp", 0);
    let said = subject(&site.data, &["export", "--request", &given], "");
    assert!(said.status.success(), "{said:?}");
    let take = link(&site.mail(2), "answer");
    site.later(3_601);
    let open = site.confirmed("correct", "hanako@example.jp", 3);
    let keys = site.data.path("keys").display().to_string();
    let rotated = ashiato(["keys", "rotate", "lead", "--after", "0", "--keys-file", &keys]);
    assert!(rotated.status.success(), "{rotated:?}");
    let kek = "SELECT DISTINCT kek FROM (SELECT kek FROM lead_key UNION ALL \
        SELECT kek FROM subject_asking UNION ALL SELECT kek FROM subject_answer) AS rests";
    let before = site.data.database().texts(kek);
    eventually("all rest on the new key", || {
        let now = site.data.database().texts(kek);
        now.len() == 1 && now != before
    });
    let shown = subject(&site.data, &["show", &open], "");
    assert!(shown.out.contains("message: 住所を直してください。"), "{shown:?}");
    assert_eq!(site.press(&take, "download").json()["leads"][0]["fields"]["name"], "足跡 花子");
}

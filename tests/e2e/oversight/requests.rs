//! What people ask about their own data, answered in pages; and the leads that they are found among.

use ashiato_tests::{Collector, Data, Visitor, collector::UNLIMITED};

use super::{import, leads_to, on_site, send, shop, told};
use crate::office::Browser;

const REQUESTS: &str = "/office/sites/shop/requests";
const LEADS: &str = "/office/sites/shop/leads";

fn receive(browser: &mut Browser<'_>, kind: &str) -> String {
    leads_to(&send(browser, REQUESTS, &[("kind", kind), ("law", "gdpr")]))
}

#[test]
fn what_comes_by_letter_is_recorded_answered_and_declined_in_pages() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let visitor = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    let form = visitor.session.lead(Some(&visitor.id));
    let email = form["fields"]["email"].as_str().unwrap().to_owned();
    let _ = visitor.send_lead(&collector).expect(201);
    let mut pia = on_site(&data, &collector, ("pia@shop.example", "privacy_officer", "shop"));
    for (who, role) in [("mark@shop.example", "marketer"), ("ai@shop.example", "auditor")] {
        let mut browser = on_site(&data, &collector, (who, role, "shop"));
        assert_eq!(browser.get(REQUESTS).status, 403, "{role}");
        assert_eq!(send(&mut browser, REQUESTS, &[("kind", "erase"), ("law", "gdpr")]).status, 403);
    }
    assert_eq!(pia.get("/office/sites/other/requests").status, 404);
    assert_eq!(send(&mut pia, REQUESTS, &[("kind", "forget"), ("law", "gdpr")]).status, 422);
    let late = [("kind", "export"), ("law", "gdpr"), ("received", "2999-01-01")];
    assert_eq!(send(&mut pia, REQUESTS, &late).status, 422);

    let own = receive(&mut pia, "export");
    assert!(pia.get(REQUESTS).body.contains(&own), "it is listed");
    let act = format!("{own}/do");
    for (given, said) in [("", "whose data"), ("nobody", "Write an e-mail address")] {
        let answer = send(&mut pia, &act, &[("contact", given)]);
        assert!(answer.status == 422 && answer.body.contains(said), "{answer:?}");
    }
    let held = send(&mut pia, &act, &[("contact", &email), ("format", "json")]);
    assert_eq!(held.json()["leads"][0]["fields"]["email"], email.as_str());
    assert!(held.header("content-disposition").contains("held.json"));
    let twice = send(&mut pia, &act, &[("contact", &email)]);
    assert!(twice.status == 422 && twice.body.contains("closed already"), "{twice:?}");

    let own = receive(&mut pia, "correct");
    let fields = [("contact", &*email), ("field1", "name"), ("value1", "足跡 太郎")];
    assert_eq!(
        leads_to(&send(&mut pia, &format!("{own}/do"), &fields)),
        format!("{own}?said=done")
    );
    assert!(pia.get(LEADS).body.contains("足跡 太郎"));
    let own = receive(&mut pia, "correct");
    let fields = [("contact", &*email), ("field1", "email"), ("value1", "no address")];
    let wrong = send(&mut pia, &format!("{own}/do"), &fields);
    assert!(wrong.status == 422 && wrong.body.contains("the value is refused"), "{wrong:?}");
    assert_eq!(
        leads_to(&send(&mut pia, &format!("{own}/refuse"), &[("why", "withdrawn")])),
        format!("{own}?said=done")
    );
    assert_eq!(send(&mut pia, &format!("{own}/refuse"), &[("why", "withdrawn")]).status, 422);
    assert!(pia.get(&format!("{REQUESTS}?state=closed")).body.contains("Not followed"));

    let own = receive(&mut pia, "stop");
    let _ = leads_to(&send(&mut pia, &format!("{own}/do"), &[("contact", &email)]));
    assert!(pia.get(LEADS).body.contains("Locked"));
    let own = receive(&mut pia, "erase");
    assert_eq!(send(&mut pia, &format!("{own}/do"), &[("contact", &email)]).status, 422, "unsure");
    let sure = [("contact", &*email), ("sure", "yes")];
    let _ = leads_to(&send(&mut pia, &format!("{own}/do"), &sure));
    assert_eq!(data.database().number("SELECT COUNT(*) FROM lead"), 0);
    let own = receive(&mut pia, "erase");
    assert_eq!(
        leads_to(&send(&mut pia, &format!("{own}/do"), &sure)),
        format!("{own}?said=nobody")
    );
    let trail = told(&data, "subject");
    assert!(trail.iter().all(|entry| entry["actor"]["kind"] == "account"), "{trail:?}");
    assert!(!trail.iter().any(|entry| entry.to_string().contains(&email)));
}

#[test]
fn where_it_waits_for_a_second_person_nobody_is_erased_or_handed_out_by_one() {
    let data = shop("[approval]\nexports = true\nerasures = true");
    let collector = Collector::start_with(&data, &UNLIMITED);
    import(&data, "足跡 花子,hanako@example.jp,,名刺\n");
    let mut pia = on_site(&data, &collector, ("pia@shop.example", "privacy_officer", "shop"));
    let mut adam = on_site(&data, &collector, ("adam@shop.example", "administrator", "shop"));
    for kind in ["export", "erase"] {
        let own = receive(&mut pia, kind);
        let person = ("contact", "hanako@example.jp");
        let alone = send(&mut pia, &format!("{own}/do"), &[person, ("sure", "yes")]);
        assert!(alone.status == 403 && !alone.body.contains("花子"), "{alone:?}");
        let ask =
            send(&mut pia, &format!("{own}/ask"), &[person, ("reason", "she asked by letter")]);
        let approval = leads_to(&ask);
        assert_eq!(send(&mut pia, &format!("{approval}/approve"), &[]).status, 403);
        assert_eq!(send(&mut pia, &format!("{own}/do"), &[person]).status, 403, "it waits");
        let _ = leads_to(&send(&mut adam, &format!("{approval}/approve"), &[]));
        assert_eq!(send(&mut adam, &format!("{own}/do"), &[person]).status, 403, "it is not his");
        if kind == "erase" {
            // Who came in since is not what was asked.
            import(&data, "足跡 花,hanako@example.jp,,名刺\n");
        }
        let done = send(&mut pia, &format!("{own}/do"), &[person]);
        assert_eq!(done.status, if kind == "export" { 200 } else { 303 }, "{done:?}");
        assert!(pia.get(&approval).body.contains("Done"), "it is used up");
    }
    assert_eq!(told(&data, "approval.use").len(), 2);
    assert_eq!(told(&data, "subject.erase").len(), 1);
}

#[test]
fn leads_of_every_origin_are_listed_by_origin_ground_and_whether_they_may_be_contacted() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let _ = visitor.send_lead(&collector).expect(201);
    import(&data, "太郎,taro@example.jp,,名刺\n次郎,jiro@example.jp,,名刺\n");
    let mut pia = on_site(&data, &collector, ("pia@shop.example", "privacy_officer", "shop"));
    let count = |page: &str| page.matches("<li class=\"card\">").count();
    for (asked, n) in [
        ("", 3),
        ("?origin=import", 2),
        ("?origin=form", 1),
        ("?origin=api", 0),
        ("?ground=card_exchanged", 2),
        ("?ground=none", 0),
        ("?ground=opt_in", 1),
        ("?usable=yes", 2),
        ("?usable=no", 1),
        ("?origin=form&usable=yes", 0),
        ("?origin=%27%20OR%201", 0),
    ] {
        let page = pia.get(&format!("{LEADS}{asked}"));
        assert_eq!((page.status, count(&page.body)), (200, n), "{asked}");
    }
    // What is locked and came by no form is not opened.
    data.database()
        .run("UPDATE lead SET ground = 'none', ground_since = NULL WHERE origin = 'import'");
    let page = pia.get(&format!("{LEADS}?origin=import")).body;
    assert!(page.contains("A locked lead") && !page.contains("taro@example.jp"), "{page}");
}

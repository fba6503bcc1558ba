//! Leads that a CRM changes and erases.

use serde_json::{Value, json};

use super::{Crm, person};

#[test]
fn a_field_is_changed_judged_by_the_form_and_the_person_is_found_by_the_new_address() {
    let crm = Crm::start();
    let id = crm.give(&person("hanako@example.jp"));
    let fields = json!({"email": "Hana@example.jp", "company": "例の会社", "telephone": null});
    let answer = crm.change(&id, &[("if-match", "\"1\"")], &fields);
    let expected = json!({"id": id, "outcome": "updated", "version": 2, "locked": false});
    assert_eq!((answer.expect(200), answer.header("etag")), (expected, "\"2\""));
    let shown = crm.lead(&id);
    let fields = json!({"name": "足跡 花子", "email": "Hana@example.jp", "company": "例の会社",
        "message": "展示会で名刺を交換"});
    assert_eq!((&shown["fields"], &shown["version"]), (&fields, &json!(2)));
    assert!(shown["changed_at"].as_i64() >= shown["received_at"].as_i64());
    assert_eq!(crm.give_as("", &[], &person("hana@example.jp")).problem(409), "duplicate");
    assert_eq!(crm.give_as("", &[], &person("hanako@example.jp")).status, 201);

    // Nothing new makes no new version; what is null is taken away.
    let same = crm.change(&id, &[("if-match", "*")], &json!({"company": " 例の会社 "}));
    assert_eq!(same.expect(200)["version"], 2);
    let gone = crm.change(&id, &[("if-match", "W/\"1\", \"2\"")], &json!({"company": null}));
    assert_eq!(gone.expect(200)["version"], 3);
    assert_eq!(crm.lead(&id)["fields"]["company"], Value::Null);
    let told = ["lead.add", "lead.change", "lead.read", "lead.change", "lead.read"];
    assert_eq!(crm.trail(&id), told);
}

#[test]
fn a_change_says_what_it_changes_and_is_refused_where_that_is_another_by_now() {
    let crm = Crm::start();
    let id = crm.give(&person("hanako@example.jp"));
    let name = json!({"name": "花"});
    assert_eq!(crm.change(&id, &[], &name).problem(428), "precondition_required");
    for tag in ["1", "\"", "\"1\" \"2", "1, 2"] {
        assert_eq!(crm.change(&id, &[("if-match", tag)], &name).problem(400), "if_match", "{tag}");
    }
    for tag in ["\"2\"", "\"0\"", "W/\"1\"", "\"01\""] {
        let answer = crm.change(&id, &[("if-match", tag)], &name);
        assert_eq!(answer.problem(412), "another_version", "{tag}");
    }
    let first = [("if-match", "\"1\"")];
    let answer = crm.change(&id, &first, &json!({"name": "", "email": "x", "age": "17"}));
    assert_eq!(answer.problem(422), "content");
    let errors = answer.json()["errors"].clone();
    let code = |field: &str| {
        let all = errors.as_array().unwrap();
        all.iter().find(|error| error["field"] == field).unwrap()["code"].clone()
    };
    assert_eq!(code("fields.name"), "required");
    assert_eq!(code("fields.email"), "email");
    assert_eq!(code("fields.age"), "unknown");
    assert_eq!(crm.change(&id, &first, &json!({})).problem(422), "content");
    assert_eq!(crm.lead(&id)["version"], 1, "nothing was half done");
}

#[test]
fn of_two_changes_at_once_one_is_told_that_it_came_too_late() {
    let crm = Crm::start();
    let id = crm.give(&person("hanako@example.jp"));
    for version in 1..=40 {
        let tag = format!("\"{version}\"");
        let barrier = std::sync::Barrier::new(2);
        let change = |name: &str| {
            barrier.wait();
            let fields = json!({ "name": format!("{name} {version}") });
            crm.change(&id, &[("if-match", &tag)], &fields)
        };
        let mut both = std::thread::scope(|scope| {
            let threads = ["一", "二"].map(|name| scope.spawn(move || (name, change(name))));
            threads.map(|thread| thread.join().unwrap())
        });
        both.sort_by_key(|(_, answer)| answer.status);
        assert_eq!(both[0].1.status, 200, "{both:?}");
        assert_eq!(both[1].1.problem(412), "another_version");
        let shown = crm.lead(&id);
        assert_eq!(shown["fields"]["name"], format!("{} {version}", both[0].0));
        assert_eq!(shown["version"], version + 1);
    }
}

#[test]
fn who_has_said_stop_stays_locked_whatever_is_given_or_changed() {
    let crm = Crm::start();
    let id = crm.give(&person("hanako@example.jp"));
    let keys = crm.data.path("keys").display().to_string();
    let stop = |email: &str| {
        let of = ["mail", "suppress", "--site", "shop", "--keys-file", &keys, "--email", email];
        let _ = crm.data.run(&of);
    };
    stop("hanako@example.jp");
    assert_eq!(crm.lead(&id)["locked"], true);
    let added = crm.give_as("?on_duplicate=add", &[], &person("hanako@example.jp")).expect(201);
    assert_eq!(added["locked"], true);
    let mut update = person("HANAKO@example.jp");
    update["fields"]["telephone"] = "075-111-1111".into();
    let _ = crm.erase(added["id"].as_str().unwrap());
    let updated = crm.give_as("?on_duplicate=update", &[], &update).expect(200);
    assert_eq!(updated["locked"], true, "no ground comes in by an update");
    // Nor does another address unlock it, and the address of somebody who said stop locks.
    let away = crm.change(&id, &[("if-match", "*")], &json!({"email": "new@example.jp"}));
    assert_eq!(away.expect(200)["locked"], true);
    stop("taro@example.jp");
    let other = crm.give(&person("saburo@example.jp"));
    let into = crm.change(&other, &[("if-match", "*")], &json!({"email": "Taro@example.jp"}));
    assert_eq!(into.expect(200)["locked"], true);
    assert_eq!(super::ids(&crm.page("&usable=true")), [""; 0]);
    // That they are there is told; what they hold only to who asks about them.
    let locked = crm.page("&usable=false");
    assert_eq!(locked["results"].as_array().unwrap().len(), 2);
    assert!(locked["results"].as_array().unwrap().iter().all(|lead| lead["fields"].is_null()));
    assert_eq!(crm.lead(&other)["fields"]["email"], "Taro@example.jp");
}

#[test]
fn an_opt_in_is_of_one_address_and_a_lead_with_another_is_locked() {
    let crm = Crm::start();
    let session = ashiato_tests::Session::open(&crm.collector, None);
    let answer = crm.collector.post("/v1/leads", session.sign(&session.lead(None))).expect(201);
    let id = answer["lead"].as_str().unwrap();
    let given = "UPDATE lead SET ground = 'opt_in', ground_since = 9";
    crm.data.database().execute(given).unwrap();
    let name = crm.change(id, &[("if-match", "*")], &json!({"name": "花"})).expect(200);
    assert_eq!(name["locked"], false);
    let address = crm.change(id, &[("if-match", "*")], &json!({"email": "x@example.jp"}));
    assert_eq!(address.expect(200)["locked"], true);
    let mut database = crm.data.database();
    assert_eq!(database.number("SELECT count(*) FROM mail_opt_in"), 0, "nor can it be confirmed");
}

#[test]
fn an_erased_lead_is_gone_and_erasing_it_again_is_answered_the_same() {
    let crm = Crm::start();
    let id = crm.give(&person("hanako@example.jp"));
    assert_eq!(crm.erase(&id).status, 204);
    assert_eq!(crm.erase(&id).status, 204);
    assert_eq!(crm.get(&format!("/api/v1/leads/{id}?site=shop")).problem(404), "unknown_lead");
    let change = crm.change(&id, &[("if-match", "\"1\"")], &json!({"name": "花"}));
    assert_eq!(change.problem(404), "unknown_lead");
    let mut database = crm.data.database();
    for table in ["lead", "lead_key", "lead_field", "lead_index", "lead_ground"] {
        assert_eq!(database.number(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
    assert_eq!(crm.trail(&id), ["lead.add", "lead.erase"]);
}

#[test]
fn a_lead_that_is_read_while_it_is_changed_is_whole() {
    let crm = Crm::start();
    let mut lead = person("hanako@example.jp");
    lead["fields"]["company"] = lead["fields"]["name"].clone();
    let id = crm.give(&lead);
    let done = std::sync::atomic::AtomicBool::new(false);
    let ordering = std::sync::atomic::Ordering::SeqCst;
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(ordering) {
                    for lead in [crm.lead(&id), crm.page("&usable=true")["results"][0].clone()] {
                        let fields = &lead["fields"];
                        assert_eq!(fields["name"], fields["company"], "of one version: {lead}");
                    }
                }
            });
        }
        let both = |n: i32| json!({"name": format!("{n}"), "company": format!("{n}")});
        let changed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for n in 0..60 {
                let _ = crm.change(&id, &[("if-match", "*")], &both(n)).expect(200);
            }
        }));
        done.store(true, ordering);
        changed.unwrap();
    });
}

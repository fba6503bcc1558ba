//! Lists of leads that are read in.

use std::{fmt::Write as _, fs};

use ashiato_tests::{Collector, Data, process::ashiato};

const GIVEN: [&str; 6] =
    ["--form", "contact", "--ground", "card_exchanged", "--proof", "展示会 2026年11月 東京"];

impl Import<'_> {
    fn run(&self, more: &[&str]) -> (bool, String, String) {
        let (keys, url) = (self.data.path("keys"), self.data.database_url());
        let mut given = vec!["leads", "import", self.file.to_str().unwrap(), "--site", "shop"];
        given.extend(["--keys-file", keys.to_str().unwrap(), "--database-url", &url]);
        given.extend(GIVEN);
        given.extend(more);
        let said = ashiato(given);
        (said.status.success(), said.out, said.err)
    }
}

struct Import<'a> {
    data: &'a Data,
    file: std::path::PathBuf,
}

fn list<'a>(data: &'a Data, bytes: &[u8]) -> Import<'a> {
    let file = data.path("list.csv");
    fs::write(&file, bytes).unwrap();
    Import { data, file }
}

const HEAD: &str = "お名前,メールアドレス,telephone,message\n";

#[test]
fn ten_thousand_rows_are_read_once_and_the_broken_ones_are_named() {
    let data = Data::new();
    drop(Collector::start(&data));
    let mut text = HEAD.to_owned();
    for number in 0..10_000 {
        match number {
            17 => text += "だれか,not an address,,こんにちは\n",
            18 => text += ",nobody@example.jp,,こんにちは\n",
            19 => text += "=HYPERLINK(\"http://x\"),formula@example.jp,12,+1\n",
            20 => text += "too,few\n",
            _ => writeln!(text, "名前 {number},p{number}@example.jp,,名刺 {number}").unwrap(),
        }
    }
    let import = list(&data, text.as_bytes());
    let (good, told, _) = import.run(&["--dry-run"]);
    assert!(!good && told.contains("10000 rows: 9996 would be added"), "{told}");
    assert_eq!(data.database().number("SELECT count(*) FROM lead"), 0, "a dry run stores nothing");

    let rejected = data.path("rejected.csv");
    let (good, told, errors) = import.run(&["--rejected", rejected.to_str().unwrap()]);
    assert!(!good && told.contains("9996 added, 0 read in before"), "{told}{errors}");
    assert!(errors.contains("line 19, メールアドレス: is no e-mail address"), "{errors}");
    assert!(errors.contains("line 20, お名前: is empty"), "{errors}");
    assert!(errors.contains("line 21, telephone: is no telephone number"), "{errors}");
    assert!(errors.contains("line 22: the row has 2 cells, the first line 4"), "{errors}");
    assert!(!errors.contains("not an address"), "what stands in a row is not told");
    let again = fs::read_to_string(&rejected).unwrap();
    assert!(again.contains("\"'=HYPERLINK(\"\"http://x\"\")\""), "{again}");
    assert!(again.contains("'+1"), "{again}");

    let (_, told, _) = import.run(&[]);
    assert!(told.contains("0 added, 9996 read in before"), "{told}");
    let mut database = data.database();
    assert_eq!(database.number("SELECT count(*) FROM lead"), 9_996);
    assert_eq!(database.number("SELECT count(*) FROM lead_ground"), 9_996);
    let usable = "SELECT count(*) FROM lead WHERE ground_since IS NOT NULL AND origin = 'import'";
    assert_eq!(database.number(usable), 9_996);
    let trail = data.run(&["audit", "list", "--site", "shop", "--action", "lead.import"]);
    assert_eq!(trail.lines().filter(|line| line.contains("lead.import")).count(), 100, "{trail}");
}

#[test]
fn a_list_in_shift_jis_is_read_and_people_who_are_known_are_not_read_twice() {
    let data = Data::new();
    drop(Collector::start(&data));
    let text = format!("{HEAD}髙橋 花子,HANAKO@example.jp,０７５-０００-００００,ﾒｲｼ\n");
    let (bytes, _, lossy) = encoding_rs::SHIFT_JIS.encode(&text);
    assert!(!lossy);
    let (good, told, errors) = list(&data, &bytes).run(&["--cards"]);
    assert!(good && told.contains("1 rows: 1 added"), "{told}{errors}");
    // The same person by another list, in other spellings.
    let text =
        format!("{HEAD}花子,hanako@EXAMPLE.jp,,別の名簿\nだれか,x@example.jp,+81750000000,\n");
    let text = text.replace(",\n", ",a\n");
    let (good, told, errors) = list(&data, text.as_bytes()).run(&[]);
    assert!(good && told.contains("0 added, 0 read in before, 2 of somebody"), "{told}{errors}");
    let (good, told, errors) = list(&data, text.as_bytes()).run(&["--on-duplicate", "add"]);
    assert!(good && told.contains("2 added"), "{told}{errors}");
    let origin = "SELECT count(*) FROM lead WHERE origin = 'card'";
    assert_eq!(data.database().number(origin), 1);
    for planted in ["花子", "hanako@example.jp", "展示会"] {
        assert!(!data.holds(planted.as_bytes()), "{planted} stands in the clear");
    }
}

#[test]
fn rows_that_were_not_taken_are_corrected_and_read_in() {
    let data = Data::new();
    drop(Collector::start(&data));
    let rejected = data.path("rejected.csv");
    let text = format!("{HEAD}太郎,no address,+81750000001,こんにちは\ntoo,few\n");
    let import = list(&data, text.as_bytes());
    let (good, _, errors) = import.run(&["--rejected", rejected.to_str().unwrap()]);
    assert!(!good && errors.contains("rejected.csv and read that in"), "{errors}");
    let text = fs::read_to_string(&rejected).unwrap();
    assert!(text.contains("'+81750000001"), "{text}");
    let text = text.replace("no address", "taro@example.jp");
    let text = text.replace("too,few,,", "次郎,jiro@example.jp,,こんばんは");
    let (good, told, errors) = list(&data, text.as_bytes()).run(&[]);
    assert!(good && told.contains("2 rows: 2 added"), "{told}{errors}");
}

#[test]
fn columns_that_cannot_be_read_are_named_with_what_to_write() {
    let data = Data::new();
    drop(Collector::start(&data));
    let import = list(&data, b"name,email,message,Rank\nA,a@example.jp,hello,1\n");
    let (good, _, errors) = import.run(&[]);
    assert!(!good, "{errors}");
    assert!(errors.contains("--map \"Rank\"=FIELD or --ignore \"Rank\""), "{errors}");
    let (good, _, errors) = import.run(&["--map", "Rank=telefone", "--ignore", "Group"]);
    assert!(!good && errors.contains("the form has name, name_kana"), "{errors}");
    assert!(errors.contains("no column \"Group\""), "{errors}");
    let (good, told, errors) = import.run(&["--ignore", "rank"]);
    assert!(good && told.contains("1 added"), "{told}{errors}");

    let import = list(&data, b"name,email,message,why\nB,b@example.jp,x,opt_in\nC,c@example.jp,x,\nD,d@example.jp,x,existing_customer\n");
    let (good, told, errors) = import.run(&["--ground-column", "why"]);
    assert!(!good && told.contains("2 added"), "{told}{errors}");
    assert!(errors.contains("line 2, why: opt_in needs the record"), "{errors}");
    let grounds = "SELECT ground FROM lead ORDER BY ground";
    let all = ["card_exchanged", "card_exchanged", "existing_customer"];
    assert_eq!(data.database().texts(grounds), all);
}

fn shown(data: &Data, collector: &Collector) -> Vec<serde_json::Value> {
    let token = data.token("shop", &["leads"]);
    let page = collector.get_as(&token, "/api/v1/leads?site=shop").expect(200);
    page["results"].as_array().unwrap().clone()
}

#[test]
fn a_row_of_somebody_who_is_known_is_put_over_the_one_lead_and_its_ground_stays() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let text = format!("{HEAD}足跡 花子,hanako@example.jp,,名刺\n太郎,taro@example.jp,,名刺\n");
    let (good, told, errors) = list(&data, text.as_bytes()).run(&[]);
    assert!(good && told.contains("2 added"), "{told}{errors}");

    let text =
        format!("{HEAD}足跡 花,HANAKO@example.jp,075-000-0000,,\n").replace(",,\n", ",更新\n");
    let text = format!("{text}次郎,jiro@example.jp,,はじめて\n太郎,taro@example.jp,,名刺\n");
    let import = list(&data, text.as_bytes());
    let update = ["--on-duplicate", "update", "--ground", "existing_customer"];
    let run = |more: &[&str]| {
        let (keys, url) = (data.path("keys"), data.database_url());
        let mut given = vec!["leads", "import", import.file.to_str().unwrap(), "--site", "shop"];
        given.extend(["--keys-file", keys.to_str().unwrap(), "--database-url", &url]);
        given.extend(["--form", "contact", "--proof", "契約 4711"]);
        given.extend(update);
        given.extend(more);
        let said = ashiato(given);
        (said.status.success(), said.out, said.err)
    };
    let (good, told, errors) = run(&["--dry-run"]);
    assert!(good && told.contains("3 rows: 1 would be added, 1 read in before"), "{told}{errors}");
    assert!(told.contains("known people whose lead would be updated: 1; grounds"), "{told}");
    assert_eq!(data.database().number("SELECT count(*) FROM lead WHERE version > 1"), 0);
    let (good, told, errors) = run(&[]);
    assert!(good && told.contains("3 rows: 1 added, 1 read in before"), "{told}{errors}");
    assert!(told.contains("known people whose lead was updated: 1; grounds"), "{told}");

    let leads = shown(&data, &collector);
    let find = |email: &str| leads.iter().find(|lead| lead["fields"]["email"] == email).unwrap();
    let hanako = find("HANAKO@example.jp");
    assert_eq!(hanako["fields"]["name"], "足跡 花");
    assert_eq!(hanako["fields"]["telephone"], "+81750000000");
    assert_eq!(hanako["version"], 2);
    assert_eq!(hanako["ground"], "card_exchanged", "it is not replaced by the way");
    assert_eq!(find("jiro@example.jp")["ground"], "existing_customer");
    let (_, told, _) = run(&[]);
    assert!(
        told.contains("0 added, 3 read in before") && told.contains("was updated: 0;"),
        "{told}"
    );
    assert!(!data.holds("足跡 花".as_bytes()) && !data.holds("契約".as_bytes()));
}

#[test]
fn a_row_that_several_leads_could_be_or_that_stands_twice_is_not_taken() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let text = format!(
        "{HEAD}一,one@example.jp,075-000-0001,a\n二,two@example.jp,075-000-0002,a\n三,three@example.jp,,a\n"
    );
    assert!(list(&data, text.as_bytes()).run(&[]).0);
    let rejected = data.path("rejected.csv");
    let text = format!(
        "{HEAD}一と二,one@example.jp,075-000-0002,b\n三,three@example.jp,,c\n三,THREE@example.jp,,d\n"
    );
    let import = list(&data, text.as_bytes());
    let rows = ["--on-duplicate", "update", "--rejected", rejected.to_str().unwrap()];
    for dry in [&["--dry-run"][..], &[]] {
        let (good, told, errors) = import.run(&[&rows[..], dry].concat());
        assert!(!good && told.contains(" 0 read in before, 0 of somebody"), "{told}");
        assert!(told.contains("2 not taken") && told.contains("updated: 1;"), "{told}");
        assert!(errors.contains("line 2: is of several leads"), "{errors}");
        assert!(errors.contains("line 4: is of somebody who stands further above"), "{errors}");
        let text = fs::read_to_string(&rejected).unwrap();
        assert!(text.contains("is of several leads") && text.contains("further above"), "{text}");
    }
    let leads = shown(&data, &collector);
    let three = leads.iter().find(|lead| lead["fields"]["email"] == "three@example.jp").unwrap();
    assert_eq!(three["fields"]["message"], "c");
    assert_eq!(leads.iter().filter(|lead| lead["version"] == 2).count(), 1);

    // Nor is what was erased put into somebody's other lead.
    let id = three["id"].as_str().unwrap().to_owned();
    let _ = data.run(&["leads", "erase", &id, "--site", "shop"]);
    let text = format!("{HEAD}三,three@example.jp,,a\n");
    let (good, told, _) = list(&data, text.as_bytes()).run(&["--on-duplicate", "update"]);
    assert!(good && told.contains("0 added, 1 read in before"), "{told}");
}

#[test]
fn who_has_said_stop_becomes_a_lead_that_is_locked_and_the_report_says_how_many() {
    let data = Data::new();
    drop(Collector::start(&data));
    let keys = data.path("keys").display().to_string();
    let person = ["--site", "shop", "--keys-file", &keys, "--email", "Hanako@example.jp"];
    let _ = data.run(&[&["mail", "suppress"][..], &person].concat());
    let text = format!(
        "{HEAD}花子,hanako@EXAMPLE.jp,,名刺\n太郎,taro@example.jp,,名刺\n次郎,jiro@example.jp,,名刺\n"
    );
    let import = list(&data, text.as_bytes());
    let locked = "1 of them are locked: their persons have said stop to mail";
    for (more, added) in [(&["--dry-run"][..], "3 would be added"), (&[], "3 added")] {
        let (good, told, errors) = import.run(more);
        assert!(good && told.contains(added) && told.contains(locked), "{told}{errors}");
    }
    let mut database = data.database();
    let grounds = database.texts("SELECT ground FROM lead ORDER BY ground");
    assert_eq!(grounds, ["card_exchanged", "card_exchanged", "none"]);
    let since = "SELECT count(*) FROM lead WHERE ground = 'none' AND ground_since IS NULL";
    assert_eq!(database.number(since), 1);
    // Their proof is kept all the same, and they stay locked by whatever list.
    assert_eq!(database.number("SELECT count(*) FROM lead_ground"), 3);
    let again = format!("{HEAD}花子,hanako@example.jp,,別の名簿\n");
    let (good, told, _) = list(&data, again.as_bytes()).run(&["--on-duplicate", "add"]);
    assert!(good && told.contains("1 added") && told.contains(locked), "{told}");
    // Nobody stopped: nothing is said of it.
    let other = format!("{HEAD}四郎,shiro@example.jp,,名刺\n");
    let (good, told, _) = list(&data, other.as_bytes()).run(&[]);
    assert!(good && !told.contains("locked"), "{told}");
}

//! Lists of people who may be contacted, for a mail system that takes a file.

use std::fs;

use ashiato_tests::{Collector, Data, Session, data::shop_file, process::ashiato};
use serde_json::Value;

const PUBLIC: &str = "https://consent.hiyori.example";

/// The shop with three people who may be contacted, one of whom has a formula for a name, and one who may not.
fn shop() -> (Data, Collector) {
    let data = Data::new();
    let collector = Collector::start(&data);
    let rows = "お名前,メールアドレス,telephone,message\n\
        =HYPERLINK(\"http://x\"),formula@example.jp,075-000-0001,\"@SUM(1)\n+2\"\n\
        足跡 花子,hanako@example.jp,,名刺\n太郎,taro@example.jp,,名刺\n";
    let file = data.path("list.csv");
    fs::write(&file, rows).unwrap();
    let keys = data.path("keys").display().to_string();
    let import = ["leads", "import", file.to_str().unwrap(), "--site", "shop", "--form", "contact"];
    let ground = ["--ground", "card_exchanged", "--proof", "名刺", "--keys-file", &keys];
    let _ = data.run(&[&import[..], &ground[..]].concat());
    let session = Session::open(&collector, None);
    let mut form = session.lead(None);
    form["fields"]["email"] = "locked@example.jp".into();
    let _ = collector.post("/v1/leads", session.sign(&form)).expect(201);
    (data, collector)
}

fn run(data: &Data, more: &[&str]) -> (bool, String, String) {
    let (keys, url) = (data.path("keys").display().to_string(), data.database_url());
    let fixed = ["leads", "list", "--site", "shop", "--keys-file", &keys, "--database-url", &url];
    let said = ashiato([&fixed[..], &["--public-url", PUBLIC], more].concat());
    (said.status.success(), said.out, said.err)
}

#[test]
fn a_table_has_who_may_be_contacted_what_a_mail_must_show_and_no_formula() {
    let (data, collector) = shop();
    let (good, table, errors) = run(&data, &["--usable"]);
    assert!(good && errors.contains("3 leads may be contacted"), "{errors}");
    let head = table.lines().next().unwrap();
    let heads = "lead,form,origin,ground,ground_since,received_at,name,email,telephone,message,\
        mail_from,mail_sender,mail_address,mail_complaints,stop_url";
    assert_eq!(head, heads);
    assert!(!table.contains("locked@example.jp"));
    for cell in ["\"'=HYPERLINK(\"\"http://x\"\")\"", "'+81750000001", "\"'@SUM(1)\n+2\""] {
        assert!(table.contains(&format!(",{cell},")), "{cell} in {table}");
    }
    let hanako = table.lines().find(|line| line.contains("hanako@example.jp")).unwrap();
    let items = "株式会社ひより道具店,〒604-0000 京都市中京区足跡町1-2,075-000-0000";
    assert!(hanako.contains(&format!(",news@hiyori.example,{items},{PUBLIC}/s/shop/stop/")));
    assert!(run(&data, &["--usable", "--language", "en"]).1.contains("Hiyori Home Goods K.K."));

    // The link is the person's own.
    let stop = hanako.rsplit(',').next().unwrap().strip_prefix(PUBLIC).unwrap();
    let request = collector.request("POST", stop);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(collector.send(request, "List-Unsubscribe=One-Click").unwrap().status, 200);
    let (_, table, errors) = run(&data, &["--usable"]);
    assert!(!table.contains("hanako@") && errors.contains("2 leads"), "{table}{errors}");

    let trail = data.run(&["audit", "list", "--site", "shop", "--action", "lead.list", "--json"]);
    let told: Vec<Value> = trail.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told.len(), 3, "{trail}");
    assert_eq!(told[0]["details"]["leads"].as_array().unwrap().len(), 3);
    assert_eq!(told[0]["actor"]["kind"], "command");
    assert!(!trail.contains("hanako"), "{trail}");
}

#[test]
fn json_has_the_same_and_a_file_is_its_owners_alone() {
    let (data, _collector) = shop();
    let path = data.path("people.json").display().to_string();
    let (good, out, errors) = run(&data, &["--usable", "--format", "json", "--output", &path]);
    assert!(good && out.is_empty(), "{out}{errors}");
    let list: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(list["leads"].as_array().unwrap().len(), 3);
    assert_eq!(list["mail"]["items"]["ja"][0]["text"], "株式会社ひより道具店");
    assert_eq!(list["mail"]["items"]["en"][2]["name"], "complaints");
    for lead in list["leads"].as_array().unwrap() {
        assert!(lead["stop_url"].as_str().unwrap().starts_with(PUBLIC), "{lead}");
        assert_eq!(lead["ground"], "card_exchanged");
    }
    #[cfg(unix)]
    {
        let mode =
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
    // It is never written over, and then nothing is told.
    let before = data.database().number("SELECT count(*) FROM audit");
    let (good, _, errors) = run(&data, &["--usable", "--output", &path]);
    assert!(!good && errors.contains("remedy: name a new file"), "{errors}");
    assert_eq!(data.database().number("SELECT count(*) FROM audit"), before);
    let (_, table, _) = run(&data, &["--usable", "--bom"]);
    assert!(table.starts_with("\u{feff}lead,"), "{table}");
}

#[test]
fn no_list_is_given_out_of_others_or_without_a_sender() {
    let (data, _collector) = shop();
    let (good, _, errors) = run(&data, &[]);
    assert!(!good && errors.contains("--usable"), "{errors}");
    let (good, _, errors) = run(&data, &["--usable", "--language", "fr"]);
    assert!(!good && errors.contains("the site has ja, en"), "{errors}");
    let file = shop_file();
    let start = file.find("[mail]").unwrap();
    let end = start + file[start..].find("[[forms]]").unwrap();
    let without = format!("{}{}", &file[..start], &file[end..]);
    let _ = data.apply(&without.replace("kind = \"email_marketing\"\n", ""));
    let (good, out, errors) = run(&data, &["--usable"]);
    assert!(!good && out.is_empty() && errors.contains("[mail]"), "{errors}");
}

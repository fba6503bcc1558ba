//! The command line: what goes wrong is said with the file, the line and the remedy.

use ashiato_tests::{
    Data,
    data::shop_file,
    process::{Said, ashiato},
};

/// It failed, in words for people.
#[track_caller]
fn fails(said: &Said, words: &[&str]) {
    assert!(!said.status.success(), "{said:?}");
    assert_eq!(said.out, "", "errors go to standard error");
    for word in words {
        assert!(said.err.contains(word), "{word:?} in {}", said.err);
    }
    for internal in ["panicked", "RUST_BACKTRACE", "unwrap", "Error {", "Os {"] {
        assert!(!said.err.contains(internal), "{}", said.err);
    }
}

fn check(data: &Data, text: &str) -> Said {
    let file = data.path("shop.toml");
    std::fs::write(&file, text).unwrap();
    ashiato(["site", "check", file.to_str().unwrap()])
}

/// The line of the first occurrence of `text`, from 1.
fn line_of(file: &str, text: &str) -> usize {
    file.lines().position(|line| line.contains(text)).unwrap() + 1
}

#[test]
fn the_demo_shops_site_file_is_sound() {
    let said = check(&Data::empty(), &shop_file());
    assert!(said.status.success(), "{}", said.err);
}

#[test]
fn a_fault_in_a_site_file_is_named_with_file_line_and_remedy() {
    let data = Data::empty();
    let shop = shop_file();
    let cases = [
        ("a typing error", shop.replacen("languages =", "langauges =", 1), "langauges"),
        (
            "a cookie without a lifetime",
            shop.replacen("name = \"kazoeru_id\", days = 365,", "name = \"kazoeru_id\",", 1),
            "kazoeru_id",
        ),
        (
            "a kind there is not",
            shop.replacen("kind = \"necessary\"", "kind = \"compulsory\"", 1),
            "compulsory",
        ),
        (
            "an origin with a path",
            shop.replacen("https://shop.example\"", "https://shop.example/a\"", 1),
            "https://shop.example/a",
        ),
        ("broken TOML", shop.replacen("[controller]", "[controller", 1), "[controller"),
    ];
    for (what, text, at) in cases {
        assert_ne!(text, shop, "{what}");
        let said = check(&data, &text);
        let place = format!("shop.toml:{}", line_of(&text, at));
        fails(&said, &[&place, "remedy"]);
    }
}

#[test]
fn a_purpose_that_says_nothing_is_refused() {
    let data = Data::empty();
    let vague = shop_file().replacen(
        "Used to count which pages are viewed, so that we can revise our range and the way pages lead to it.",
        "To improve our services.",
        1,
    );
    let said = check(&data, &vague);
    fails(&said, &[&format!("shop.toml:{}", line_of(&vague, "To improve our services")), "remedy"]);
}

#[test]
fn several_faults_are_all_named_at_once() {
    let data = Data::empty();
    let text = shop_file()
        .replacen("name = \"kazoeru_id\", days = 365,", "name = \"kazoeru_id\",", 1)
        .replacen("https://shop.example\"", "https://shop.example/a\"", 1);
    let said = check(&data, &text);
    let places = ["kazoeru_id", "https://shop.example/a"]
        .map(|at| format!("shop.toml:{}", line_of(&text, at)));
    // A file that does not have the asked form cannot be looked at any further.
    assert!(places.iter().any(|place| said.err.contains(place)), "{}", said.err);
    fails(&said, &["remedy"]);
}

#[test]
fn a_site_file_that_cannot_be_read_is_named() {
    let data = Data::empty();
    let missing = data.path("nowhere.toml");
    fails(&ashiato(["site", "check", missing.to_str().unwrap()]), &["nowhere.toml"]);
    let folder = data.path("");
    fails(&ashiato(["site", "check", folder.to_str().unwrap()]), &[folder.to_str().unwrap()]);
}

#[test]
fn a_faulty_site_file_is_not_put_in_force() {
    let data = Data::new();
    let file = data.path("shop.toml");
    std::fs::write(&file, shop_file().replacen("days = 365,", "", 1)).unwrap();
    let said =
        ashiato(["site", "apply", file.to_str().unwrap(), "--database-url", &data.database_url()]);
    fails(&said, &["shop.toml:"]);
    assert_eq!(data.database().number("SELECT count(*) FROM policy"), 2);
}

#[test]
fn applying_says_what_revision_is_in_force_and_only_a_material_change_raises_it() {
    let data = Data::empty();
    let shop = shop_file();
    let first = data.apply(&shop);
    assert!(first.contains("revision 1"), "{first}");
    let again = data.apply(&shop);
    assert!(again.contains("revision 1"), "{again}");
    let look = data.apply(&shop.replacen("theme = \"auto\"", "theme = \"dark\"", 1));
    assert!(look.contains("revision 1"), "{look}");
    let material = data.apply(&shop.replacen("retention_days = 395", "retention_days = 700", 1));
    assert!(material.contains("revision 2"), "{material}");
}

#[test]
fn a_database_or_keys_file_that_cannot_be_had_is_named() {
    let data = Data::new();
    let listen = ["serve", "--listen", "127.0.0.1:0", "--public-url", "http://localhost:8080"];
    let keys = data.path("keys").display().to_string();
    let serve = |database: &str, keys: &str| {
        ashiato(listen.into_iter().chain(["--database-url", database, "--keys-file", keys]))
    };
    fails(&serve("sqlite:/nonexistent/folder/a.sqlite", &keys), &["/nonexistent/folder"]);
    fails(&serve("mysql://localhost/a", &keys), &["mysql"]);
    fails(&serve(&data.database_url(), "/nonexistent/folder/keys"), &["/nonexistent/folder/keys"]);
    let file = data.path("site.toml");
    fails(&serve(&data.database_url(), file.to_str().unwrap()), &["site.toml"]);
}

#[cfg(unix)]
#[test]
fn a_keys_file_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;

    let data = Data::new();
    drop(ashiato_tests::Collector::start(&data));
    std::fs::set_permissions(data.path("keys"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let keys = data.path("keys").display().to_string();
    let url = data.database_url();
    let said =
        ashiato(["serve", "--listen", "127.0.0.1:0", "--database-url", &url, "--keys-file", &keys]);
    fails(&said, &["chmod 600", &keys]);
}

#[test]
fn a_taken_port_is_named() {
    let data = Data::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let keys = data.path("keys").display().to_string();
    let url = data.database_url();
    let said =
        ashiato(["serve", "--listen", &address, "--database-url", &url, "--keys-file", &keys]);
    fails(&said, &[&address]);
}

#[test]
fn a_token_for_a_site_that_is_not_there_is_refused() {
    let data = Data::new();
    let url = data.database_url();
    let said =
        ashiato(["token", "add", "--site", "shoq", "--scope", "query", "--database-url", &url]);
    fails(&said, &["shoq"]);
    let said = ashiato([
        "token",
        "add",
        "--site",
        "shop",
        "--scope",
        "everything",
        "--database-url",
        &url,
    ]);
    fails(&said, &["everything"]);
}

#[test]
fn a_token_is_kept_as_a_hash_only() {
    let data = Data::new();
    let token = data.token("shop", &["query"]);
    assert!(token.len() >= 22, "128 bits at least: {token:?}");
    assert!(!data.holds(token.as_bytes()));
}

#[test]
fn a_question_that_cannot_be_answered_says_why() {
    let data = Data::new();
    let url = data.database_url();
    let ask = |site: &str, metrics: &str| {
        let range = ["--from", "2026-11-01", "--to", "2026-11-22", "--database-url", &url];
        ashiato(["query", "--site", site, "--metrics", metrics].into_iter().chain(range))
    };
    fails(&ask("shop", "profits"), &["profits"]);
    fails(&ask("shoq", "visitors"), &["shoq"]);
    assert!(ask("shop", "visitors").status.success());
}

#[test]
fn help_is_there_for_every_command() {
    for command in [
        &["--help"][..],
        &["serve", "--help"],
        &["site", "--help"],
        &["token", "--help"],
        &["keys", "--help"],
        &["query", "--help"],
        &["refusals", "--help"],
    ] {
        let said = ashiato(command);
        assert!(said.status.success() && said.out.contains("Usage"), "{command:?}: {said:?}");
    }
}

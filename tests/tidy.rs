//! Reads the sources and fails on what the project has agreed not to do. Each rule gives its reason.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::{fs, path::Path};

/// Lines of one Rust file, at most: more is two subjects.
const MAX_LINES: usize = 400;

/// A text that must not stand in some files.
struct Rule {
    /// Where it must not.
    under: &'static [&'static str],
    /// Where it may all the same.
    except: &'static [&'static str],
    /// The text.
    texts: &'static [&'static str],
    /// Why not.
    reason: &'static str,
}

const RULES: [Rule; 15] = [
    Rule {
        under: &["collector/src/store/"],
        except: &[],
        texts: &[
            "crate::routes",
            "crate::intake",
            "crate::transparency",
            "crate::enforce",
            "super::super::",
        ],
        reason: "imports run routes -> intake -> transparency -> log, store, never back",
    },
    Rule {
        under: &["collector/src/store/"],
        except: &["collector/src/store/audit.rs"],
        texts: &["crate::log"],
        reason: "the store knows no log; the audit trail's entries are leaves, by the log's arithmetic",
    },
    Rule {
        under: &["collector/src/log/"],
        except: &[],
        texts: &["crate::routes", "crate::intake", "crate::transparency", "crate::store", "sqlx::"],
        reason: "the log's arithmetic can be tested, and read, without a database",
    },
    Rule {
        under: &["collector/src/transparency/", "collector/src/enforce"],
        except: &[],
        texts: &["crate::routes", "crate::intake"],
        reason: "imports run routes -> intake -> transparency -> log, store, never back",
    },
    Rule {
        under: &["collector/src/intake/"],
        except: &[],
        texts: &["crate::routes"],
        reason: "imports run routes -> intake -> transparency -> log, store, never back",
    },
    Rule {
        under: &["collector/src/"],
        except: &[
            "collector/src/routes/",
            "collector/src/error.rs",
            "collector/src/main.rs",
            "collector/src/cli/serve.rs",
        ],
        texts: &["axum::", "use axum"],
        reason: "what the collector does can be tested without HTTP",
    },
    Rule {
        under: &["collector/src/"],
        except: &["collector/src/store/", "collector/src/intake/tests"],
        texts: &["sqlx::query", "QueryBuilder"],
        reason: "every statement stands in the store",
    },
    Rule {
        under: &["consent-wasm/src/"],
        except: &["consent-wasm/src/browser/"],
        texts: &["web_sys", "js_sys"],
        reason: "what the page decides can be tested without a browser",
    },
    Rule {
        under: &["consent-wasm/src/"],
        except: &["consent-wasm/src/browser/", "consent-wasm/src/lib.rs"],
        texts: &["crate::browser"],
        reason: "imports run browser -> client, banner, queue -> consent-core, never back",
    },
    Rule {
        under: &["consent-core/src/"],
        except: &[],
        texts: &["std::time", "std::fs", "std::net", "std::env", "getrandom", "rand::"],
        reason: "the rules have no clock, no I/O and no randomness: they are arguments",
    },
    Rule {
        under: &[""],
        except: &["consent-core/src/jws.rs", "tests/tidy.rs"],
        texts: &["use hmac", "hmac::", "Hmac<"],
        reason: "one module holds HMAC",
    },
    Rule {
        under: &["collector/src/"],
        except: &["collector/src/keys", "collector/src/log/note.rs"],
        texts: &["SigningKey", "hkdf::", "Hkdf<"],
        reason: "one module touches keys; the tests of notes sign with one of their own",
    },
    Rule {
        under: &[""],
        except: &["tests/tidy.rs"],
        texts: &["#[allow(", "#![allow("],
        reason: "#[expect(…, reason = …)] says why and tells when it is no longer needed",
    },
    Rule {
        under: &[""],
        except: &["tests/tidy.rs"],
        texts: &["todo!(", "unimplemented!(", "dbg!("],
        reason: "what is not done is left out",
    },
    Rule {
        under: &["tests/", "consent-core/", "consent-wasm/", "demo-site/tests/", "fuzz/"],
        except: &["tests/tidy.rs"],
        texts: &["::sleep(", "waitForTimeout("],
        reason: "a test waits for a condition: a pause is too short on one machine and too long on the others",
    },
];

#[test]
fn the_sources_keep_the_rules() {
    let breaches: Vec<_> = sources().iter().flat_map(|(path, text)| breaches(path, text)).collect();
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

#[test]
fn no_rust_file_is_longer_than_it_can_be_read() {
    let long: Vec<_> = sources()
        .into_iter()
        .filter(|(path, text)| path.ends_with(".rs") && text.lines().count() > MAX_LINES)
        .map(|(path, text)| format!("{path}: {} lines, {MAX_LINES} at most", text.lines().count()))
        .collect();
    assert!(long.is_empty(), "\n{}", long.join("\n"));
}

#[test]
fn a_breach_is_found() {
    let found = breaches("collector/src/store/x.rs", "use std::fs;\nuse crate::routes::x;\n");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("collector/src/store/x.rs:2: crate::routes"), "{found:?}");
    assert!(breaches("collector/src/routes/x.rs", "use crate::intake::x;\n").is_empty());
}

#[test]
fn every_rule_has_files_to_look_at() {
    let sources = sources();
    for prefix in RULES.iter().flat_map(|rule| rule.except).filter(|path| path.ends_with(".rs")) {
        assert!(sources.iter().any(|(path, _)| path == prefix), "{prefix} is not there any more");
    }
}

/// What breaks a rule in one file, with its line.
fn breaches(path: &str, text: &str) -> Vec<String> {
    let starts = |places: &[&str]| places.iter().any(|place| path.starts_with(place));
    let mut found = Vec::new();
    for rule in RULES.iter().filter(|rule| starts(rule.under) && !starts(rule.except)) {
        for (at, line) in text.lines().enumerate() {
            let code = line.trim_start();
            if code.starts_with("//") {
                continue;
            }
            for text in rule.texts.iter().filter(|text| code.contains(**text)) {
                found.push(format!("{path}:{}: {text} ({})", at + 1, rule.reason));
            }
        }
    }
    found
}

/// Every Rust and script source of the project, by its path from the root.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !name.starts_with('.')
                    && !["target", "node_modules", "demo-data"].contains(&name.as_str())
                {
                    folders.push(path);
                }
            } else if is_source(&path) {
                let from_root = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                found.push((from_root, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn is_source(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ["rs", "mjs", "js", "ts"].iter().any(|known| ending == *known))
}

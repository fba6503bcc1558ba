//! A link to confirm after its time.

use ashiato_tests::{Collector, Data, clock::Clock, mail::MailServer};

use super::{PUBLIC, link, press, send, the_mail, usable};

/// Seven days, and the day in which it is still that date elsewhere.
const DAYS: i64 = 8 * 86_400;

#[test]
fn a_link_to_confirm_that_has_run_out_says_so_in_the_language_of_the_mail_and_changes_nothing() {
    let words = [
        ("ja", "リンクの有効期限が切れています", "フォームをもう一度お送りください"),
        ("en", "This link has expired", "please send the form once more"),
    ];
    let (data, server) = (Data::new(), MailServer::start());
    let clock = Clock::new(&data);
    let flags = ["--public-url", PUBLIC, "--smtp-url", server.url()];
    let collector = Collector::start_in(&data, &flags, &clock.environment());
    let paths: Vec<_> = words
        .iter()
        .enumerate()
        .map(|(at, (language, ..))| {
            let _ = send(&collector, &format!("hanako{at}@example.jp"), language);
            let mail = the_mail(&data, &server, at);
            (link(&mail, "confirm"), link(&mail, "stop"))
        })
        .collect();
    clock.set(DAYS - 600);
    for (confirm, _) in &paths {
        assert_eq!(collector.get(confirm).status, 200, "to the end of the last day");
    }
    clock.set(DAYS + 60);
    for ((language, heading, remedy), (confirm, _)) in words.iter().zip(&paths) {
        for answer in [collector.get(confirm), press(&collector, confirm)] {
            assert_eq!(answer.status, 410, "{}", answer.body);
            assert!(answer.header("content-type").starts_with("text/html"));
            assert_eq!(answer.header("cache-control"), "no-store");
            let body = &answer.body;
            assert!(body.contains(&format!("<html lang=\"{language}\"")), "{body}");
            assert!(body.contains(heading) && body.contains(remedy), "{body}");
            assert!(!body.contains("<form"), "there is nothing to press: {body}");
        }
    }
    assert_eq!(usable(&data), 0);
    // The link that stops mail has no end.
    for (_, stop) in &paths {
        assert_eq!(press(&collector, stop).status, 200);
    }
}

//! A form that somebody sends while they stop mail.

use std::sync::Barrier;

use ashiato_tests::{Collector, Data, mail::MailServer};

use super::{link, press, send, start, the_mail, usable};

#[test]
fn no_form_that_is_sent_beside_a_stop_leaves_a_lead_that_may_be_used() {
    let (data, server) = (Data::new(), MailServer::start());
    let collector = start(&data, &server);
    // Both write to the one database.
    let other = Collector::start(&data);
    for round in 0..8 {
        let email = format!("person{round}@example.jp");
        let _ = send(&collector, &email, "ja");
        let mail = the_mail(&data, &server, round);
        assert_eq!(press(&collector, &link(&mail, "confirm")).status, 200);
        let _ = send(&other, &email, "ja");
        assert_eq!(usable(&data), 2, "who has confirmed once is not asked again");
        let begin = Barrier::new(5);
        std::thread::scope(|scope| {
            for at in [&collector, &other, &collector, &other] {
                let (begin, email) = (&begin, &email);
                scope.spawn(move || {
                    begin.wait();
                    send(at, email, "ja")
                });
            }
            begin.wait();
            assert_eq!(press(&other, &link(&mail, "stop")).status, 200);
        });
        assert_eq!(usable(&data), 0, "round {round}");
    }
}

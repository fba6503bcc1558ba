//! Permission for mail: what a form asks, what a person confirms and stops, and what becomes of each mail.

use consent_core::{contact::Contact, form::Submission, ids::SiteKey};

use super::*;
use crate::{
    intake::mail::{self, Act, Done},
    store::{
        leads::erase,
        mail::outbox::{Claimed, Outcome},
    },
};

const WAITING: &str = "SELECT COUNT(*) FROM mail_outbox WHERE state = 'waiting'";
const ASKED: &str = "SELECT COUNT(*) FROM mail_opt_in";
const LOCKED: &str = "SELECT COUNT(*) FROM lead WHERE ground_since IS NULL";
const USABLE: &str =
    "SELECT COUNT(*) FROM lead WHERE ground = 'opt_in' AND ground_since IS NOT NULL";
const SUPPRESSED: &str = "SELECT COUNT(*) FROM mail_suppression";
const HOUR: i64 = DAY / 24;

fn submission(email: &str, ticked: bool) -> Submission {
    Submission {
        fields: [("email".to_owned(), email.to_owned())].into(),
        agreements: [("email_marketing".to_owned(), ticked)].into(),
    }
}

impl Bench {
    pub(super) async fn ticked(&mut self, id: u8, email: &str, ticked: bool, now: Millis) {
        let submission = submission(email, ticked);
        let sent = Filled { submission, ..self.filled(id, None) }.seal(&self.keys, now).unwrap();
        let mut tx = self.db.begin().await.unwrap();
        leads::take(&mut tx, &sent, now).await.unwrap().unwrap();
        tx.commit().await.unwrap();
    }

    async fn mail(&mut self, act: Act, now: Millis) -> Done {
        let mut tx = self.db.begin().await.unwrap();
        let done = mail::act(&mut tx, &act, now).await.unwrap();
        tx.commit().await.unwrap();
        done
    }

    async fn claim(&mut self, now: Millis) -> Option<Claimed> {
        match self.mail(Act::Claim(self.site.id), now).await {
            Done::Claimed(mail) => mail,
            other => panic!("{other:?}"),
        }
    }

    fn digest(&self, email: &str) -> [u8; 32] {
        self.keys.lead_digest(&self.site.key, &Contact::email(email).unwrap())
    }

    async fn stop(&mut self, email: &str, now: Millis) -> Done {
        let digest = self.digest(email);
        let address = self.keys.mail_address(&self.site.key, &digest);
        let site = self.site.id;
        self.mail(Act::Stop { site, digest, address, how: "page" }, now).await
    }

    async fn confirm(&mut self, id: [u8; 16], now: Millis) -> Done {
        let site = Arc::clone(&self.site);
        self.mail(Act::Confirm { site, id, language: "ja".to_owned() }, now).await
    }

    async fn erase_at(&mut self, id: u8, now: Millis) {
        let mut tx = self.db.begin().await.unwrap();
        erase(&mut tx, self.site.id, LeadId::from_bytes([id; 16]), now).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_ticked_box_asks_once_and_its_lead_stays_locked_until_the_person_confirms() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        bench.ticked(1, "hanako@example.jp", false, now).await;
        assert_eq!((bench.count(ASKED).await, bench.count(WAITING).await), (0, 0), "not ticked");
        bench.ticked(2, "hanako@example.jp", true, now).await;
        bench.ticked(3, " HANAKO@example.jp", true, now).await;
        assert_eq!((bench.count(ASKED).await, bench.count(WAITING).await), (2, 1), "one mail");
        assert_eq!(bench.count(LOCKED).await, 3);
        let mail = bench.claim(now).await.unwrap();
        assert_eq!(
            (mail.field.as_str(), mail.digest),
            ("email", bench.digest("hanako@example.jp"))
        );
        assert_eq!(bench.mail(Act::Hand(mail.clone()), now).await, Done::Handed(true));
        bench.mail(Act::Settle(mail.clone(), Outcome::Sent, "", None), now).await;
        assert_eq!(bench.claim(now.plus(DAY)).await, None, "sent once");

        assert_eq!(bench.confirm(mail.id, now.plus(1)).await, Done::Confirmed);
        assert_eq!(bench.count(USABLE).await, 2, "both forms that asked the same");
        assert_eq!(
            bench.confirm(mail.id, now.plus(2)).await,
            Done::Known(now.plus(1)),
            "idempotent"
        );
        let record: (String, String, String, String, i64) = sql(
            "SELECT wording, shown, language, page, confirmed_at FROM mail_opt_in WHERE method = 'double_opt_in'",
        )
        .first(&mut bench.db)
        .await
        .unwrap()
        .unwrap();
        assert!(record.0.contains("新商品のお知らせをメールで受け取る"), "{record:?}");
        assert!(record.1.contains(&record.0) && record.1.contains("受け取る"), "{record:?}");
        assert_eq!((record.2.as_str(), record.4), ("ja", now.plus(1).0));
        // The same words, confirmed before: nobody is asked again.
        bench.ticked(4, "hanako@example.jp", true, now.plus(2 * DAY)).await;
        assert_eq!((bench.count(USABLE).await, bench.count(WAITING).await), (3, 0));
    }
}

#[tokio::test]
async fn nobody_is_sent_one_mail_after_another() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let mails = async |bench: &mut Bench| bench.count("SELECT COUNT(*) FROM mail_outbox").await;
        for (id, (after, sent)) in [
            (0, 1),
            (HOUR, 1),
            (DAY, 2),
            (DAY + HOUR, 2),
            (2 * DAY, 3),
            (9 * DAY, 3),
            (29 * DAY, 3),
            (31 * DAY, 4),
        ]
        .into_iter()
        .enumerate()
        {
            let id = u8::try_from(id).unwrap() + 1;
            bench.ticked(id, "hanako@example.jp", true, now.plus(after)).await;
            assert_eq!(mails(&mut bench).await, sent, "after {} h", after / HOUR);
        }
        bench.ticked(20, "taro@example.jp", true, now).await;
        assert_eq!(mails(&mut bench).await, 5, "somebody else is somebody else");
        // An erasure gives nobody another mail.
        for id in 1..=8 {
            bench.erase_at(id, now.plus(31 * DAY)).await;
        }
        bench.ticked(21, "hanako@example.jp", true, now.plus(31 * DAY + HOUR)).await;
        assert_eq!(mails(&mut bench).await, 1);
    }
}

#[tokio::test]
async fn a_stop_locks_takes_back_and_outlives_the_lead_until_the_person_confirms_anew() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        bench.ticked(1, "hanako@example.jp", true, now).await;
        let mail = bench.claim(now).await.unwrap();
        assert_eq!(bench.confirm(mail.id, now).await, Done::Confirmed);
        assert_eq!(
            bench.mail(Act::Hand(mail), now).await,
            Done::Handed(false),
            "nobody needs it now"
        );
        assert_eq!(bench.stop("hanako@example.jp", now).await, Done::Stopped { under_way: false });
        assert_eq!((bench.count(USABLE).await, bench.count(SUPPRESSED).await), (0, 1));
        assert_eq!(bench.stop("hanako@example.jp", now).await, Done::Stopped { under_way: false });
        bench.erase_at(1, now).await;
        assert_eq!(bench.count(SUPPRESSED).await, 1, "it outlives the lead");
        assert_eq!(
            bench.count("SELECT COUNT(*) FROM mail_opt_in WHERE ended_by = 'page'").await,
            1,
            "the record stays"
        );
        assert_eq!(bench.count("SELECT COUNT(*) FROM mail_outbox").await, 0);

        let later = now.plus(2 * DAY);
        bench.ticked(2, "hanako@example.jp", true, later).await;
        assert_eq!(bench.count(USABLE).await, 0, "a form alone starts nothing again");
        let again = bench.claim(later).await.unwrap();
        assert_eq!(bench.confirm(again.id, later).await, Done::Confirmed);
        assert_eq!((bench.count(USABLE).await, bench.count(SUPPRESSED).await), (1, 0));
    }
}

#[tokio::test]
async fn a_link_of_before_a_stop_or_an_erasure_confirms_nothing() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        bench.ticked(1, "hanako@example.jp", true, now).await;
        bench.ticked(2, "taro@example.jp", true, now.plus(1)).await;
        let hanako = bench.claim(now.plus(1)).await.unwrap();
        let taro = bench.claim(now.plus(1)).await.unwrap();
        assert!(hanako.id != taro.id, "nobody gets a mail that another is at");
        assert_eq!(bench.claim(now.plus(1)).await, None);
        bench.stop("hanako@example.jp", now.plus(2)).await;
        assert_eq!(
            bench.mail(Act::Hand(hanako.clone()), now.plus(2)).await,
            Done::Handed(false),
            "taken back"
        );
        assert_eq!(bench.confirm(hanako.id, now.plus(3)).await, Done::Ended);
        bench.erase_at(2, now.plus(3)).await;
        assert_eq!(bench.mail(Act::Hand(taro.clone()), now.plus(3)).await, Done::Handed(false));
        assert_eq!(bench.confirm(taro.id, now.plus(4)).await, Done::Gone);
        assert_eq!(bench.confirm([9; 16], now).await, Done::Gone);
        assert_eq!(bench.count(USABLE).await, 0);
        assert_eq!(bench.count(ASKED).await, 1, "what was never confirmed goes with its lead");
    }
}

#[tokio::test]
async fn a_mail_that_is_being_handed_over_is_said_to_be_and_a_dead_collectors_mail_is_the_next_ones()
 {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        bench.ticked(1, "hanako@example.jp", true, now).await;
        let mail = bench.claim(now).await.unwrap();
        assert_eq!(bench.mail(Act::Hand(mail.clone()), now).await, Done::Handed(true));
        assert_eq!(bench.claim(now.plus(HOUR / 60)).await, None, "a minute later it may live");
        let next = bench.claim(now.plus(HOUR / 10)).await.unwrap();
        assert_eq!((next.id, next.attempts), (mail.id, 2));
        let late = now.plus(HOUR / 10);
        assert_eq!(
            bench.mail(Act::Hand(mail.clone()), late).await,
            Done::Handed(false),
            "who was dead"
        );
        bench.mail(Act::Settle(mail, Outcome::Failed, "late", None), late).await;
        assert_eq!(bench.mail(Act::Hand(next.clone()), late).await, Done::Handed(true));
        assert_eq!(bench.stop("hanako@example.jp", late).await, Done::Stopped { under_way: true });
        bench.mail(Act::Settle(next, Outcome::Later(late), "busy", Some(451)), late).await;
        assert_eq!(bench.claim(late).await.map(|mail| mail.attempts), Some(3));
        let third =
            sql("SELECT reason FROM mail_outbox").one::<String>(&mut bench.db).await.unwrap();
        assert_eq!(third, "busy 451");
    }
}

#[tokio::test]
async fn records_are_kept_for_their_time_after_the_end_and_no_longer() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        bench.ticked(1, "hanako@example.jp", true, now).await;
        let mail = bench.claim(now).await.unwrap();
        bench.confirm(mail.id, now).await;
        let site = bench.site.id;
        let sweep = async |bench: &mut Bench, days: i64| {
            bench.mail(Act::Sweep(site, 1_095), now.plus(days * DAY)).await;
            bench.count(ASKED).await
        };
        assert_eq!(sweep(&mut bench, 5_000).await, 1, "as long as the ground holds");
        bench.erase_at(1, now).await;
        assert_eq!(
            bench.count("SELECT COUNT(*) FROM mail_opt_in WHERE ended_by = 'erased'").await,
            1
        );
        assert_eq!(sweep(&mut bench, 1_094).await, 1);
        assert_eq!(sweep(&mut bench, 1_096).await, 0);
        assert_eq!(bench.count("SELECT COUNT(*) FROM mail_cooldown").await, 0);
        // The tables by themselves: what is confirmed says how, and a mail rests on a lead.
        for bad in [
            "INSERT INTO mail_outbox SELECT 1, lead_id, lead_id, 'email', lead_id, 1, 'waiting', 1, 0, 0, 0, NULL, '' FROM lead_request",
            "UPDATE mail_suppression SET how = 'because'; INSERT INTO mail_suppression SELECT site_id, request, 1, 'because' FROM lead_request",
        ] {
            assert!(bench.db.raw(bad.to_owned()).await.is_err(), "{bad}");
        }
        let other: SiteKey = "other".parse().unwrap();
        assert_ne!(
            bench.digest("hanako@example.jp"),
            bench.keys.lead_digest(&other, &Contact::email("hanako@example.jp").unwrap())
        );
    }
}

#[tokio::test]
async fn confirming_and_stopping_at_once_end_as_one_after_the_other() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        for round in 1..=10 {
            let email = format!("hanako{round}@example.jp");
            bench.ticked(round, &email, true, now).await;
            let mail = bench.claim(now).await.unwrap();
            let digest = bench.digest(&email);
            let address = bench.keys.mail_address(&bench.site.key, &digest);
            let site = Arc::clone(&bench.site);
            let confirm = Act::Confirm { site, id: mail.id, language: "en".to_owned() };
            let stop = Act::Stop { site: bench.site.id, digest, address, how: "one_click" };
            let act = async |act: Act| {
                let mut db = Database::at(&bench.url).unwrap().open().await.unwrap();
                let mut tx = db.begin().await.unwrap();
                let done = mail::act(&mut tx, &act, now).await.unwrap();
                tx.commit().await.unwrap();
                done
            };
            let (confirmed, stopped) = tokio::join!(act(confirm), act(stop));
            assert!(matches!(stopped, Done::Stopped { .. }));
            assert!(matches!(confirmed, Done::Confirmed | Done::Ended));
            // A stop is not undone by a confirmation of before it, whichever came first.
            assert_eq!(
                (bench.count(USABLE).await, bench.count(SUPPRESSED).await),
                (0, i64::from(round))
            );
        }
    }
}

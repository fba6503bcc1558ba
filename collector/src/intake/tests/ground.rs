//! Grounds that are given by hand, and taken back, on both engines.

use consent_core::{contact::Contact, form::Submission, lead::Ground};

use super::*;
use crate::{
    intake::{
        ground::{Desk, Refused},
        mail::{self, Act},
        subject,
    },
    store::{leads as rows, sites::Applied},
};

const PROOF: &str = "展示会 2026年11月 東京";
const EMAIL: &str = "hanako@example.jp";

impl Bench {
    async fn writes(&mut self, id: u8, now: Millis) -> LeadId {
        let fields =
            [("email".to_owned(), EMAIL.to_owned()), ("name".to_owned(), "花子".to_owned())];
        let submission = Submission { fields: fields.into(), agreements: [].into() };
        let sent = Filled { submission, ..self.filled(id, None) }.seal(&self.keys, now).unwrap();
        let mut tx = self.db.begin().await.unwrap();
        leads::take(&mut tx, &sent, now).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        LeadId::from_bytes([id; 16])
    }

    async fn applied(&mut self) -> Applied {
        site_rows::find(&mut self.db, "shop").await.unwrap().unwrap()
    }

    async fn give_ground(
        &mut self,
        lead: LeadId,
        since: Millis,
        now: Millis,
    ) -> Result<(), Refused> {
        let site = self.applied().await;
        let desk =
            Desk { keys: &self.keys, site: &site, lead, said_by: "営業", by: &TESTING, now };
        desk.give(&mut self.db, (Ground::CardExchanged, since), PROOF).await.unwrap()
    }

    async fn take_back(&mut self, lead: LeadId, now: Millis) -> Result<(), Refused> {
        let site = self.applied().await;
        let desk =
            Desk { keys: &self.keys, site: &site, lead, said_by: "営業", by: &TESTING, now };
        desk.take(&mut self.db).await.unwrap()
    }

    /// The proofs that are kept, opened.
    async fn proofs(&mut self, lead: LeadId, now: Millis) -> Vec<(String, Millis, String)> {
        let site = self.applied().await;
        let desk = Desk { keys: &self.keys, site: &site, lead, said_by: "", by: &TESTING, now };
        let shown = desk.show(&mut self.db).await.unwrap().unwrap();
        shown.into_iter().map(|(one, proof, _)| (one.said_by, one.since, proof)).collect()
    }

    fn stop_of(&self, email: &str) -> Act {
        let digest = self.keys.lead_digest(&self.site.key, &Contact::email(email).unwrap());
        let address = self.keys.mail_address(&self.site.key, &digest);
        Act::Stop { site: self.site.id, digest, address, how: "page" }
    }
}

const USABLE: &str = "SELECT COUNT(*) FROM lead WHERE ground_since IS NOT NULL";
const GROUNDS: &str = "SELECT COUNT(*) FROM lead_ground";
const ENTRIES: &str = "SELECT COUNT(*) FROM audit WHERE action IN ('lead.ground', 'lead.unground')";

#[tokio::test]
async fn a_ground_is_given_exchanged_and_taken_back_and_its_proof_opens() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let lead = bench.writes(1, now).await;
        assert_eq!(bench.take_back(lead, now).await, Err(Refused::Locked));
        assert_eq!(bench.give_ground(lead, now.plus(-DAY), now).await, Ok(()));
        assert_eq!(bench.count(USABLE).await, 1);
        // Another day's, and the same day's anew.
        assert_eq!(bench.give_ground(lead, now, now).await, Ok(()));
        assert_eq!(bench.give_ground(lead, now, now).await, Ok(()));
        let proof = |since| ("営業".to_owned(), since, PROOF.to_owned());
        let both = [proof(now.plus(-DAY)), proof(now)];
        assert_eq!(bench.proofs(lead, now).await, both);
        assert_eq!(bench.take_back(lead, now).await, Ok(()));
        assert_eq!((bench.count(USABLE).await, bench.count(GROUNDS).await), (0, 2));
        assert_eq!(bench.count(ENTRIES).await, 4);
        assert_eq!(bench.take_back(lead, now).await, Err(Refused::Locked));
        // A corrected lead has another data key, and its proofs are sealed by that.
        let values = [("email".to_owned(), "taro@example.jp".to_owned())].into();
        let site = bench.applied().await;
        let asked = (subject::Kind::Correct, site::Law::Appi, now);
        let request = subject::receive(&mut bench.db, &site, asked, (&TESTING, now)).await.unwrap();
        let desk = subject::Desk { site: &site, keys: &bench.keys, by: &TESTING, now };
        let done = desk.correct(&mut bench.db, request.id, &[lead], &values).await.unwrap();
        assert_eq!((done, bench.proofs(lead, now).await), (1, both.to_vec()));
    }
}

#[tokio::test]
async fn none_is_given_to_who_is_not_there_has_stopped_or_has_confirmed() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        assert_eq!(
            bench.give_ground(LeadId::from_bytes([9; 16]), now, now).await,
            Err(Refused::Unknown)
        );
        let (stopped, later) = (bench.writes(1, now).await, now.plus(5));
        let stop = bench.stop_of(EMAIL);
        let mut tx = bench.db.begin().await.unwrap();
        mail::act(&mut tx, &stop, now).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(bench.give_ground(stopped, now, later).await, Err(Refused::Stopped(now)));
        // By whichever lead of theirs, also one that came afterwards.
        let again = bench.writes(2, later).await;
        assert_eq!(bench.give_ground(again, now, later).await, Err(Refused::Stopped(now)));
        // One in which nothing was filled in, and that has no key.
        let _ = bench.lead(3, None, now).await;
        let keyless = "DELETE FROM lead_key WHERE NOT EXISTS (SELECT 1 FROM lead_field f WHERE f.lead_id = lead_key.lead_id)";
        sql(keyless).execute(&mut bench.db).await.unwrap();
        let empty = LeadId::from_bytes([3; 16]);
        assert_eq!(bench.give_ground(empty, now, now).await, Err(Refused::Empty));
        let mut tx = bench.db.begin().await.unwrap();
        rows::erase(&mut tx, bench.site.id, again, later).await.unwrap();
        tx.commit().await.unwrap();
        for refused in
            [bench.give_ground(again, now, later).await, bench.take_back(again, later).await]
        {
            assert_eq!(refused, Err(Refused::Erased(later)));
        }
        let confirmed = "UPDATE lead SET ground = 'opt_in', ground_since = 7";
        sql(confirmed).execute(&mut bench.db).await.unwrap();
        assert_eq!(
            bench.give_ground(stopped, now, later).await,
            Err(Refused::Confirmed(Millis(7)))
        );
        assert_eq!(bench.take_back(stopped, later).await, Err(Refused::Confirmed(Millis(7))));
        // What was refused has left nothing.
        assert_eq!((bench.count(GROUNDS).await, bench.count(ENTRIES).await), (0, 0));
    }
}

#[tokio::test]
async fn a_stop_at_the_same_moment_is_not_undone_by_a_ground() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let (now, site) = (clock::now(), bench.applied().await);
        for round in 1..=10 {
            let lead = bench.writes(round, now).await;
            let forget = "DELETE FROM mail_suppression";
            sql(forget).execute(&mut bench.db).await.unwrap();
            let (stop, keys, url) = (bench.stop_of(EMAIL), &bench.keys, &bench.url);
            let open = async || Database::at(url).unwrap().open().await.unwrap();
            let stops = async {
                let mut db = open().await;
                let mut tx = db.begin().await.unwrap();
                mail::act(&mut tx, &stop, now).await.unwrap();
                tx.commit().await.unwrap();
            };
            let gives = async {
                let mut db = open().await;
                let desk = Desk { keys, site: &site, lead, said_by: "x", by: &TESTING, now };
                desk.give(&mut db, (Ground::ExistingCustomer, now), PROOF).await.unwrap()
            };
            let ((), given) = tokio::join!(stops, gives);
            assert!(matches!(given, Ok(()) | Err(Refused::Stopped(_))), "{given:?}");
            assert_eq!(bench.count(USABLE).await, 0, "round {round}");
        }
    }
}

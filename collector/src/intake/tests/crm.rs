//! What a change of a lead carries along: the proofs of its grounds, sealed under the key that goes.

use consent_core::{
    contact::{Contact, ContactKind},
    form::Submission,
    lead::{Ground, Origin},
};

use super::*;
use crate::{
    intake::{
        amend::{Amendment, Seen},
        import::{Row, Source},
    },
    keys::leads::Sealed,
    store::{
        leads::{
            grounds::{self, PROOF},
            read,
        },
        locks::{self, Lock},
    },
};

impl Bench {
    async fn seen(&mut self, lead: LeadId) -> Seen {
        let holding = reports::Holding { revision: 1, now: clock::now() };
        let stored = read::one(&mut self.db, self.site.id, holding, lead).await.unwrap().unwrap();
        Seen::of(&mut self.db, self.site.id, stored).await.unwrap()
    }

    async fn amend(&mut self, seen: &Seen, field: (&str, &str)) -> bool {
        let form = self.site.file.form(&"contact".parse().unwrap()).unwrap();
        let values = [(field.0.to_owned(), field.1.to_owned())].into();
        let (key, now) = (self.site.key.clone(), clock::now());
        let new = Amendment::of(&self.keys, &key, &form, (seen, &values), now).unwrap().unwrap();
        let mut tx = self.db.begin().await.unwrap();
        let stored = new.store(&mut tx, self.site.id, now).await.unwrap();
        tx.commit().await.unwrap();
        stored.is_some()
    }
}

#[tokio::test]
async fn the_proof_of_a_ground_opens_after_corrections_too() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let (site, key, now) = (bench.site.id, bench.site.key.clone(), clock::now());
        let form = bench.site.file.form(&"contact".parse().unwrap()).unwrap();
        // One field is of a form of before.
        let old = ("mail", "old@example.jp");
        let said = [("name", "足跡 花子"), ("email", "hanako@example.jp"), ("message", "x"), old];
        let fields = said.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let submission = Submission { fields, ..Submission::default() };
        let row = Row { submission, ground: Ground::CardExchanged };
        let lead = LeadId::from_bytes([1; 16]);
        let sheet = row.seal(&bench.keys, &key, &form, (lead, "京都 2026", now)).unwrap();
        let source = Source { site, form: &form, origin: Origin::Card, since: now, by: "x" };
        let mut tx = bench.db.begin().await.unwrap();
        locks::take(&mut tx, Lock::Persons).await.unwrap();
        sheet.store(&mut tx, &source, now).await.unwrap();
        tx.commit().await.unwrap();
        for name in ["花", "はな"] {
            let seen = bench.seen(lead).await;
            assert!(bench.amend(&seen, ("name", name)).await);
            assert!(!bench.amend(&seen, ("name", "次")).await, "what was seen is another by now");
        }
        let seen = bench.seen(lead).await;
        assert_eq!((seen.lead.version, seen.proofs.len()), (3, 1));
        let fields = vec![seen.proofs[0].1.clone()];
        let sealed = Sealed { key: seen.lead.sealed.key.clone(), fields };
        let opened = bench.keys.open_lead(&key, lead, &sealed).unwrap();
        assert_eq!(opened[PROOF], "京都 2026");
        // One whose key went with an earlier version's correction stays as it is, and in nobody's way.
        let lost = "UPDATE lead_ground SET version = 1";
        sql(lost).execute(&mut bench.db).await.unwrap();
        let seen = bench.seen(lead).await;
        assert!(bench.amend(&seen, ("name", "花子")).await);
        let proofs = grounds::of_lead(&mut bench.db, site, lead).await.unwrap();
        assert_eq!(proofs[0].proof.version, 1);
        // One that was given since the lead was read would go with its key.
        let seen = bench.seen(lead).await;
        assert_eq!(seen.lead.version, 4);
        let given = "UPDATE lead_ground SET version = 4";
        sql(given).execute(&mut bench.db).await.unwrap();
        assert!(!bench.amend(&seen, ("name", "次")).await);
        // Whoever stops mail to the address of before is found still.
        for email in ["hanako@example.jp", old.1] {
            let digest = bench.keys.lead_digest(&key, &Contact::email(email).unwrap());
            let found = (ContactKind::Email, digest);
            assert_eq!(read::of_person(&mut bench.db, site, found).await.unwrap(), [lead]);
        }
    }
}

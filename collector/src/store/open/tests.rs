use ashiato_postgres::Cluster;

use super::*;
use crate::store::statement::sql;

#[tokio::test]
async fn what_is_acknowledged_is_on_disk_unless_a_flag_says_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("a.db").display());
    let database = Database::at(&url).unwrap();
    database.create().await.unwrap();
    // https://sqlite.org/pragma.html#pragma_synchronous: 2 is FULL, 1 is NORMAL.
    for (synchronous, number) in [(Synchronous::Full, 2), (Synchronous::Normal, 1)] {
        let mut db = database.clone().synchronous(synchronous).reopen().await.unwrap();
        assert_eq!(sql("PRAGMA synchronous").one::<i64>(&mut db).await.unwrap(), number);
    }

    let cluster = Cluster::at_hand().unwrap();
    let url = cluster.database().unwrap();
    let database = Database::at(&url).unwrap();
    let name = url.rsplit_once("localhost/").unwrap().1.split('?').next().unwrap();
    for (theirs, ours) in [("off", "on"), ("local", "local"), ("remote_apply", "remote_apply")] {
        let mut db = database.create().await.unwrap();
        db.raw(format!("ALTER DATABASE {name} SET synchronous_commit = {theirs}")).await.unwrap();
        for mut db in [database.create().await.unwrap(), database.reopen().await.unwrap()] {
            let set: String = sql("SHOW synchronous_commit").one(&mut db).await.unwrap();
            assert_eq!(set, ours, "where the database has {theirs}");
        }
    }
}

#[tokio::test]
async fn every_way_to_write_its_address_leads_to_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a b.db").display().to_string();
    assert!(matches!(
        Database::at(&format!("sqlite:{path}")).unwrap().readers().await,
        Err(OpenError::Missing { path: named }) if named == path
    ));
    Database::at(&format!("sqlite:{path}")).unwrap().create().await.unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "what people wrote is for its owner alone");
    }
    assert!(Database::at("sqlite::memory:").is_err());
    for url in [
        format!("sqlite:{path}"),
        format!("sqlite://{path}"),
        format!("sqlite:{path}?mode=rwc"),
        format!("sqlite:{}", path.replace(' ', "%20")),
    ] {
        assert!(Database::at(&url).unwrap().readers().await.is_ok(), "{url}");
    }
}

#[tokio::test]
async fn no_password_is_ever_shown() {
    let url = "postgres://me:secret@127.0.0.1:1/db?password=secret";
    let database = Database::at(url).unwrap();
    let Err(error) = database.create().await else { panic!("nobody listens there") };
    assert!(!error.to_string().contains("secret"), "{error}");
    assert!(error.to_string().contains("127.0.0.1:1/db"), "{error}");
    assert_eq!(without_password("mysql://me:secret@h/db?password=secret"), "mysql://me@h/db");
    let Err(error) = Database::at("mysql://me:secret@h/db") else { panic!("no such engine") };
    assert!(!error.to_string().contains("secret"), "{error}");
}

//! Logging in to the replication protocol.

use std::fs;

use flusso_runtime::ErrorKind;

use super::rig::Rig;

fn rig_with_passwords() -> Rig {
    let mut rig = Rig::start(&[], &[]);
    let path = rig.cluster.data().join("pg_hba.conf");
    let trusting = fs::read_to_string(&path).expect("the cluster's own rules");
    let mut rules = String::new();
    for (user, method) in [("scram", "scram-sha-256"), ("hashed", "md5"), ("plain", "password")] {
        rules += &format!(
            "host all {user} 127.0.0.1/32 {method}\nhost replication {user} 127.0.0.1/32 {method}\n"
        );
    }
    fs::write(&path, rules + &trusting).expect("rules");
    rig.run(&[
        "create role scram login replication password 'o''dd:é'",
        "create role plain login replication password 'pw'",
        "set password_encryption = 'md5'",
        "create role hashed login replication password 'pw'",
        "select pg_reload_conf()",
    ]);
    rig
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_of_giving_a_password_works_and_a_wrong_one_is_refused() {
    let rig = rig_with_passwords();
    for user in ["scram:o%27dd%3A%C3%A9", "hashed:pw", "plain:pw"] {
        rig.log_in(user).await.expect(user);
    }
    for user in ["scram:wrong-secret", "hashed:wrong-secret", "plain:wrong-secret", "plain"] {
        let error = rig.log_in(user).await.expect_err(user);
        assert_eq!(error.kind, ErrorKind::Misconfigured, "{user}: {error}");
        assert!(error.to_string().contains("127.0.0.1"), "it says where: {error}");
        assert!(!format!("{error:?}").contains("wrong-secret"), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_without_the_right_to_replicate_is_told_so() {
    let mut rig = Rig::start(&[], &[]);
    rig.run(&["create role reader login"]);
    let error = rig.log_in("reader").await.expect_err("refused");
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    assert!(error.to_string().contains("42501"), "{error}");
}

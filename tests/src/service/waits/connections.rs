//! Connections that cannot be made: every command says why in one message, with one help, and ends alike.

use xtask::fixtures::SHOP;

use crate::rig::{Done, Rig};

/// A connection, with what is said of it.
struct Refused {
    url: String,
    message: String,
    help: String,
}

#[track_caller]
fn assert_refused(done: Done, refused: &Refused) {
    let done = done.assert_code(3);
    let said = format!("{}{}", done.stdout, done.stderr);
    assert!(said.contains(&refused.message), "did not say `{}`:\n{said}", refused.message);
    assert!(said.contains(&refused.help), "no help `{}`:\n{said}", refused.help);
    assert_eq!(said.matches("help: ").count(), 1, "one help:\n{said}");
    assert_eq!(said.matches("error").count(), 1, "one message:\n{said}");
}

#[test]
fn a_connection_that_a_person_must_mend_ends_every_command_with_one_help() {
    let mut rig = Rig::new(SHOP, 0.001);
    rig.compile_and_apply();
    let url = rig.database_url();
    let user = format!("{}_stranger", rig.name);
    rig.run(&[
        &format!("create role {user} login"),
        &format!("revoke connect on database {} from public", rig.name),
    ]);
    let cases = [
        Refused {
            url: format!("{url}_missing"),
            message: format!("has no database `{}_missing`", rig.name),
            help: "check the database in the source's connection".to_owned(),
        },
        Refused {
            url: format!("{url}?sslmode=require"),
            message: "the server does not support TLS, but `sslmode` requires it".to_owned(),
            help: "enable `ssl` on the server, or set `sslmode: disable`".to_owned(),
        },
        Refused {
            url: url.replace("postgres@", &format!("{user}@")),
            message: format!("user `{user}` may not connect to database `{}`", rig.name),
            help: format!("run `grant connect on database \"{}\" to \"{user}\"`", rig.name),
        },
    ];
    for refused in &cases {
        rig.set_database(&refused.url);
        for command in ["check", "apply", "run"] {
            assert_refused(rig.flusso(&[command]), refused);
        }
    }
    rig.set_database(&url);
    rig.run(&[&format!("drop role {user}")]);
}

#[test]
fn a_limit_of_connections_is_waited_for_by_run_and_ends_the_others_with_the_statement_that_lifts_it() {
    let mut rig = Rig::new(SHOP, 0.001);
    rig.compile_and_apply();
    let (url, user) = (rig.database_url(), format!("{}_limited", rig.name));
    rig.run(&[&format!("create role {user} login connection limit 0")]);
    let refused = Refused {
        url: url.replace("postgres@", &format!("{user}@")),
        message: format!("has no connection left for user `{user}`"),
        help: format!("run `alter role \"{user}\" connection limit -1`"),
    };
    rig.set_database(&refused.url);
    // Beside each other: each tries until its own bound is over.
    let [check, apply, mut run] = ["check", "apply", "run"].map(|command| rig.start(&[command]));
    run.wait_for(&refused.message);
    for command in [check, apply] {
        let done = command.wait().assert_code(3);
        let said = format!("{}{}", done.stdout, done.stderr);
        assert!(said.contains(&refused.message) && said.contains(&refused.help), "{said}");
        assert_eq!(said.matches("help: ").count(), 1, "{said}");
    }
    // A superuser is not asked for its limit.
    rig.run(&[&format!("alter role {user} superuser")]);
    run.wait_for("following changes");
    run.stop_in_time().assert_code(0);
    rig.set_database(&url);
    rig.run(&[&format!("drop role {user}")]);
}

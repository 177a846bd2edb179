//! `flusso sql` over a real server: what it prints makes a bare role enough, and names exactly what is missing.

use std::process::Command;

use tempfile::TempDir;
use xtask::fixtures::SHOP;
use xtask::services::postgres::{Cluster, Connection};

use crate::rig::Rig;

/// A role's name that has to be quoted, and whose quotes have to be doubled.
const ROLE: &str = "Sync \"1\" user";

/// A shop that somebody else owns, on a cluster of its own, and a role that may only log in.
struct Bench {
    rig: Rig,
    cluster: Cluster,
    _folder: TempDir,
}

impl Bench {
    /// `manage` as the project file has it.
    fn new(manage: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let cluster = Cluster::start(folder.path(), &[]).expect("a cluster");
        let mut rig = Rig::on_cluster(SHOP, 0.001, &cluster);
        rig.edit("flusso.yml", "manage: [publication, slot, replica_identity]", &format!("manage: {manage}"));
        rig.set("COLUMNS", "3000");
        rig.run(&[
            "create role owner",
            "alter schema shop owner to owner",
            "do $$ declare t text; begin for t in select tablename from pg_tables where schemaname = 'shop' loop \
             execute format('alter table shop.%I owner to owner', t); end loop; end $$",
        ]);
        Self { rig, cluster, _folder: folder }
    }

    /// The connection of the role itself.
    fn as_role(&mut self) {
        let url = self.cluster.url_of(&self.rig.name);
        self.rig.set("SHOP_DATABASE_URL", &url.replace("postgres@", "Sync%20%221%22%20user@"));
    }

    /// The script, with its end checked.
    fn script(&self, arguments: &[&str]) -> String {
        let ended = self.rig.flusso(&[&["sql"], arguments].concat());
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        ended.stdout
    }

    fn run_twice(&mut self, script: &str) {
        for _ in 0..2 {
            run(&mut self.rig.sql, &self.cluster.url_of(&self.rig.name), script);
        }
    }

    /// The lines of the script that are neither comments nor empty.
    fn statements(&self) -> Vec<String> {
        let script = self.script(&[]);
        script.lines().filter(|line| !line.is_empty() && !line.starts_with("--")).map(str::to_owned).collect()
    }
}

/// Runs a script as a DBA does: with psql where there is one, else a statement after the other.
fn run(sql: &mut Connection, url: &str, script: &str) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), script).expect("written");
    let psql =
        Command::new("psql").args(["-X", "-v", "ON_ERROR_STOP=1", "-f"]).arg(file.path()).arg(url).output();
    match psql {
        Ok(ended) => assert!(ended.status.success(), "{}\n{script}", String::from_utf8_lossy(&ended.stderr)),
        Err(_) => statements(script).iter().for_each(|statement| {
            sql.query(statement).expect(statement);
        }),
    }
}

/// The script's statements; a semicolon within a block's dollar quotes ends none.
fn statements(script: &str) -> Vec<String> {
    let (mut all, mut open) = (vec![String::new()], false);
    for line in script.lines().filter(|line| !line.starts_with("--")) {
        let last = all.last_mut().expect("there is one");
        last.push_str(line);
        last.push('\n');
        open ^= line.matches("$flusso$").count() % 2 == 1;
        if !open && line.ends_with(';') {
            all.push(String::new());
        }
    }
    all.retain(|statement| !statement.trim().is_empty());
    all
}

#[test]
fn the_script_makes_a_bare_role_enough() {
    let mut bench = Bench::new("[slot]");
    let quoted = "\"Sync \"\"1\"\" user\"";
    bench.rig.run(&[&format!("create role {quoted} login")]);
    bench.as_role();
    let check = bench.rig.flusso(&["check", "--format", "concise"]);
    assert_eq!(check.code, 1, "{}", check.stderr);
    for lint in ["role-cannot-replicate", "missing-select-privilege"] {
        assert!(check.stdout.contains(&format!("[{lint}]")), "{lint}: {}", check.stdout);
    }
    // Without a lock it takes two rounds where an expression has to be asked about.
    for round in 0.. {
        assert!(round < 3, "{:#?}", bench.statements());
        let script = bench.script(&[]);
        if script.is_empty() {
            break;
        }
        assert!(round > 0 || script.contains(quoted) && !script.contains("create publication"), "{script}");
        bench.run_twice(&script);
    }
    bench.rig.flusso(&["check", "--deny-warnings"]).assert_code(0);
    bench.rig.compile_and_apply();
    names_exactly_what_is_missing(&mut bench, quoted);
    whole_script_changes_nothing(&mut bench);
}

/// Takes one thing away at a time, and demands that the script is that statement, with its guard.
fn names_exactly_what_is_missing(bench: &mut Bench, quoted: &str) {
    assert_eq!(bench.statements(), [""; 0]);
    let (publication, all) = (format!("flusso_{}", bench.rig.name), "insert, update, delete, truncate");
    let taken: [(String, String); 7] = [
        (format!("alter role {quoted} noreplication"), format!("alter role {quoted} replication;")),
        (
            format!("revoke usage on schema shop from {quoted}"),
            format!("grant usage on schema \"shop\" to {quoted};"),
        ),
        (
            format!("revoke select on shop.users from {quoted}"),
            format!("grant select on \"shop\".\"users\" to {quoted};"),
        ),
        (
            "alter table shop.users enable row level security".to_owned(),
            format!("alter role {quoted} bypassrls;"),
        ),
        (
            format!("alter publication {publication} drop table shop.reviews"),
            format!("alter publication \"{publication}\" add table \"shop\".\"reviews\";"),
        ),
        (
            format!("alter publication {publication} set (publish = 'insert')"),
            format!("alter publication \"{publication}\" set (publish = '{all}');"),
        ),
        (
            "alter table shop.order_items replica identity nothing".to_owned(),
            "alter table \"shop\".\"order_items\" replica identity full;".to_owned(),
        ),
    ];
    for (take, give) in taken {
        bench.rig.run(&[&take]);
        let statements = bench.statements();
        let changing: Vec<&str> = statements
            .iter()
            .map(|line| line.trim())
            .filter(|line| {
                ["alter ", "grant ", "create ", "select pg_"].iter().any(|verb| line.starts_with(verb))
            })
            .collect();
        assert_eq!(changing, [give.as_str()], "after `{take}`:\n{}", statements.join("\n"));
        let script = bench.script(&[]);
        bench.run_twice(&script);
        assert_eq!(bench.statements(), [""; 0], "after `{take}` and the script");
    }
    bench.rig.run(&[&format!("drop publication {publication}")]);
    let script = bench.script(&[]);
    assert!(script.contains(&format!("create publication \"{publication}\" for table")), "{script}");
    assert!(!script.contains("alter publication"), "{script}");
    bench.run_twice(&script);
    assert_eq!(bench.statements(), [""; 0]);
}

/// What `--all` prints asks the catalog first: a needless ALTER would make indexes stale.
fn whole_script_changes_nothing(bench: &mut Bench) {
    let look = "select (select string_agg(xmin::text, ' ' order by oid) from pg_publication) || '/' || \
                (select string_agg(xmin::text, ' ' order by oid) from pg_publication_rel) || '/' || \
                (select string_agg(rolname || rolreplication::text || rolcanlogin::text, ' ' order by oid) from pg_roles)";
    let before = bench.rig.value(look);
    let script = bench.script(&["--all"]);
    for part in ["alter system set wal_level = logical;", "create role ", "create publication ", "\\password"]
    {
        assert!(script.contains(part), "{part}: {script}");
    }
    bench.run_twice(&script);
    assert_eq!(bench.rig.value(look), before);
}

#[test]
fn a_role_that_does_not_exist_is_created_and_settings_are_named() {
    let mut bench = Bench::new("[]");
    bench.rig.flusso(&["sql", "--role", ROLE]).assert_code(0);
    let script = bench.script(&["--role", ROLE]);
    bench.run_twice(&script);
    bench.as_role();
    bench.rig.flusso(&["check", "--deny-warnings"]).assert_code(0);
    for (setting, wrong) in [("wal_level", "replica"), ("max_wal_senders", "0")] {
        bench.rig.flusso(&["compile"]).assert_code(0);
        // A slot keeps a server with a lower level from starting.
        bench.rig.run(&["select pg_drop_replication_slot(slot_name) from pg_replication_slots"]);
        bench.cluster.configure(&[(setting, wrong)]).expect("the file is ours");
        bench.cluster.restart().expect("it starts");
        bench.rig.sql = bench.cluster.connect(&bench.rig.name).expect("it is back");
        let script = bench.script(&[]);
        let settings: Vec<&str> = script.lines().filter(|line| line.starts_with("alter system")).collect();
        assert!(settings.len() == 1 && settings[0].contains(setting), "{script}");
        bench.rig.run(&[settings[0]]);
        bench.cluster.restart().expect("it starts");
        bench.rig.sql = bench.cluster.connect(&bench.rig.name).expect("it is back");
        let script = bench.script(&[]);
        assert!(!script.contains("alter system"), "{script}");
        bench.run_twice(&script);
        bench.rig.flusso(&["check", "--deny-warnings"]).assert_code(0);
        bench.rig.run(&[&format!("alter system reset {setting}")]);
        bench.cluster.configure(&[]).expect("the file is ours");
    }
}

#[test]
fn without_a_server_the_lock_is_enough() {
    let mut bench = Bench::new("[]");
    bench.rig.flusso(&["sql"]).assert_code(0);
    let script = bench.script(&["--role", ROLE]);
    bench.run_twice(&script);
    bench.rig.flusso(&["compile"]).assert_code(0);
    bench.rig.run(&[&format!("drop publication flusso_{}", bench.rig.name)]);
    bench.rig.set("SHOP_DATABASE_URL", "postgres://postgres@127.0.0.1:1/shop");
    let ended = bench.rig.flusso(&["sql", "--role", ROLE]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stderr.contains("every statement is printed"), "{}", ended.stderr);
    bench.run_twice(&ended.stdout);
    bench.as_role();
    bench.rig.flusso(&["check", "--deny-warnings"]).assert_code(0);
}

//! `flusso sql` over a real server: what it prints makes a bare role enough, and names exactly what is missing.

use std::process::{Command, Output};

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

    /// A source that needs nothing more but the slot, for a role that was created, and its lock.
    fn prepared() -> Self {
        let mut bench = Self::new("[slot]");
        let script = bench.script(&["--role", ROLE]);
        bench.run_twice(&script);
        bench.rig.flusso(&["compile"]).assert_code(0);
        assert_eq!(bench.script(&["--role", ROLE]), "");
        bench
    }

    /// The connection of the role itself.
    fn as_role(&mut self) {
        let url = self.cluster.url_of(&self.rig.name);
        self.rig.set("SHOP_DATABASE_URL", &url.replace("postgres@", "Sync%20%221%22%20user@"));
    }

    /// The script; its end says whether something is left that it does not settle.
    fn script(&self, arguments: &[&str]) -> String {
        let ended = self.rig.flusso(&[&["sql"], arguments].concat());
        let is_unsettled = ended.stderr.contains("no statement settles this: ");
        assert_eq!(ended.code, i32::from(is_unsettled), "{}", ended.stderr);
        let is_nothing_missing = ended.stdout.is_empty() && !is_unsettled;
        assert_eq!(ended.stderr.contains("nothing is missing"), is_nothing_missing, "{}", ended.stderr);
        ended.stdout
    }

    /// What it says that no statement settles, which must be something.
    fn unsettled(&self, arguments: &[&str]) -> String {
        let ended = self.rig.flusso(&[&["sql"], arguments].concat());
        assert_eq!(ended.code, 1, "{}", ended.stderr);
        assert!(ended.stderr.contains("no statement settles this: "), "{}", ended.stderr);
        assert!(!ended.stderr.contains("nothing is missing"), "{}", ended.stderr);
        ended.stderr
    }

    fn run_twice(&mut self, script: &str) {
        for _ in 0..2 {
            run(&mut self.rig.sql, &self.cluster.url_of(&self.rig.name), script);
        }
    }

    /// The lines of the script that are neither comments nor empty nor psql's.
    fn statements(&self) -> Vec<String> {
        let script = self.script(&[]);
        script.lines().filter(|line| !line.is_empty() && !is_aside(line)).map(str::to_owned).collect()
    }
}

/// Whether the line is a comment or a command of psql.
fn is_aside(line: &str) -> bool {
    line.starts_with("--") || line.starts_with('\\')
}

/// Runs a script as a DBA does: with psql where there is one, else a statement after the other.
fn run(sql: &mut Connection, url: &str, script: &str) {
    match psql(url, script) {
        Some(ended) => {
            assert!(ended.status.success(), "{}\n{script}", String::from_utf8_lossy(&ended.stderr));
        }
        None => statements(script).iter().for_each(|statement| {
            sql.query(statement).expect(statement);
        }),
    }
}

/// How psql ends over a script, where there is a psql.
fn psql(url: &str, script: &str) -> Option<Output> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), script).expect("written");
    Command::new("psql").args(["-X", "-f"]).arg(file.path()).arg(url).output().ok()
}

/// The script's statements; a semicolon within a block's dollar quotes ends none.
fn statements(script: &str) -> Vec<String> {
    let (mut all, mut open) = (vec![String::new()], false);
    for line in script.lines().filter(|line| !is_aside(line)) {
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
            .filter(|line| ["alter ", "grant ", "create "].iter().any(|verb| line.starts_with(verb)))
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
    let mut bench = Bench::new("[slot]");
    bench.rig.flusso(&["sql", "--role", ROLE]).assert_code(0);
    let script = bench.script(&["--role", ROLE]);
    bench.run_twice(&script);
    bench.as_role();
    bench.rig.flusso(&["check", "--deny-warnings"]).assert_code(0);
    for (setting, wrong) in [("wal_level", "replica"), ("max_wal_senders", "0")] {
        bench.rig.flusso(&["compile"]).assert_code(0);
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
    let mut bench = Bench::new("[slot]");
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

#[test]
fn an_identity_that_times_out_leaves_its_table_unpublished() {
    let mut bench = Bench::prepared();
    let drop = format!("drop publication flusso_{}", bench.rig.name);
    bench.rig.run(&[&drop, "alter table shop.order_items replica identity nothing"]);
    let script = bench.script(&[]);
    assert!(script.contains("replica identity full") && script.contains("create publication"), "{script}");
    let mut reader = bench.rig.session();
    reader.query("begin; select from shop.order_items limit 1").expect("it may read");
    let url = bench.cluster.url_of(&bench.rig.name);
    if let Some(ended) = psql(&url, &script) {
        let says = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(!ended.status.success() && says.contains("lock timeout"), "{says}");
        // The publication's own guard is not reached.
        assert!(!says.contains("usable replica identity"), "{says}");
    }
    // By something that goes on after a failure.
    let ended: Vec<_> = statements(&script).iter().map(|statement| bench.rig.sql.query(statement)).collect();
    let failures: Vec<String> = ended.into_iter().filter_map(|end| Some(end.err()?.to_string())).collect();
    assert_eq!(failures.len(), 2, "{failures:#?}");
    assert!(failures[0].contains("lock timeout"), "{failures:#?}");
    assert!(failures[1].contains("without a usable replica identity"), "{failures:#?}");
    assert_eq!(bench.rig.value("select pubname from pg_publication"), None);
    bench.rig.run(&["update shop.order_items set quantity = quantity"]);
    reader.query("commit").expect("it ends");
    bench.run_twice(&script);
    assert_eq!(bench.statements(), [""; 0]);
    bench.rig.run(&["update shop.order_items set quantity = quantity"]);
}

#[test]
fn tables_that_the_database_does_not_have_are_named() {
    let mut bench = Bench::prepared();
    let right = bench.rig.database_url();
    bench.rig.set_database(&bench.cluster.url_of("postgres"));
    let says = bench.unsettled(&[]);
    assert!(says.contains("`shop.users`") && says.contains("do not exist in database `postgres`"), "{says}");
    assert!(bench.unsettled(&["--all"]).contains("do not exist in database `postgres`"));
    assert_eq!(bench.script(&[]), "");
    bench.rig.set_database(&right);
    assert_eq!(bench.script(&[]), "");
}

#[test]
fn a_role_that_may_not_log_in_or_connect_is_let() {
    let mut bench = Bench::prepared();
    let (quoted, database) = ("\"Sync \"\"1\"\" user\"", bench.rig.name.clone());
    bench.rig.run(&[
        &format!("alter role {quoted} nologin"),
        &format!("revoke connect on database {database} from public, {quoted}"),
    ]);
    let script = bench.script(&["--role", ROLE]);
    for statement in [
        format!("alter role {quoted} login;"),
        format!("grant connect on database \"{database}\" to {quoted};"),
    ] {
        assert!(script.contains(&statement), "{statement}: {script}");
    }
    bench.run_twice(&script);
    assert_eq!(bench.script(&["--role", ROLE]), "");
    bench.as_role();
    bench.rig.flusso(&["check", "--deny-warnings"]).assert_code(0);
}

#[test]
fn a_slot_that_flusso_may_not_create_is_created_by_nobody() {
    let bench = Bench::new("[]");
    let says = bench.unsettled(&[]);
    assert!(says.contains("add `slot` to `manage`"), "{says}");
    for arguments in [&[][..], &["--all"]] {
        let script = bench.script(arguments);
        assert!(!script.contains("pg_create_logical_replication_slot"), "{script}");
    }
}

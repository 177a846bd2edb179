//! From messages to events: only transactions in which something matters are seen outside.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use flusso_runtime::source::{Event, TransactionStart};
use flusso_schemas::lock::Lock;
use flusso_schemas::lsn::Lsn;
use flusso_schemas::state::CatalogRecord;

use super::bytes::Malformed;
use super::hits::{BoundTable, RowChange, RowError, Unusable};
use super::pgoutput::{Message, decode};
use super::routes::Routes;

/// Turns one stream's messages into events.
#[derive(Debug)]
pub(super) struct Transactions {
    routes: Routes,
    /// Tables by the id used for their rows; described again after each DDL.
    tables: HashMap<u32, BoundTable>,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    start: TransactionStart,
    /// Whether its begin was sent.
    begin_sent: bool,
    /// Losses that were already reported, by table.
    unusable: HashSet<(u32, Unusable)>,
}

const OUTSIDE: RowError = RowError::Malformed(Malformed("a change outside a transaction"));

impl Transactions {
    /// A stream's beginning: rows go along the edges of the indexes that have a record, by the tables in
    /// it.
    pub(super) fn new(plan: &Lock, records: &BTreeMap<usize, CatalogRecord>) -> Self {
        Self { routes: Routes::new(plan, records), tables: HashMap::new(), open: None }
    }

    /// Takes one message; appends what follows from it.
    pub(super) fn message(&mut self, bytes: &[u8], events: &mut VecDeque<Event>) -> Result<(), RowError> {
        match decode(bytes)? {
            Message::Begin { commit, commit_time_us, xid } => {
                let start = TransactionStart { xid, commit, commit_time_us };
                self.open = Some(Open { start, begin_sent: false, unusable: HashSet::new() });
            }
            Message::Commit { end } => match self.open.take().ok_or(OUTSIDE)?.begin_sent {
                true => events.push_back(Event::Commit { end }),
                false => nothing_below(end, events),
            },
            Message::Relation { id, relation } => {
                self.tables.insert(id, self.routes.bind(id, relation));
            }
            Message::Insert { relation, new } => {
                let change = self.table(relation)?.inserted(&new)?;
                self.changed(relation, change, events)?;
            }
            Message::Update { relation, old, new } => {
                let change = self.table(relation)?.updated(old.as_ref(), &new)?;
                self.changed(relation, change, events)?;
            }
            Message::Delete { relation, old } => {
                let change = self.table(relation)?.deleted(&old)?;
                self.changed(relation, change, events)?;
            }
            Message::Truncate { relations } => self.truncated(&relations, events)?,
            Message::Other => {}
        }
        Ok(())
    }

    /// The server says that nothing below `position` is still to come. Inside a transaction that says
    /// nothing about it.
    pub(super) fn keepalive(&self, position: Lsn, events: &mut VecDeque<Event>) {
        if self.open.is_none() {
            nothing_below(position, events);
        }
    }

    fn table(&self, id: u32) -> Result<&BoundTable, Malformed> {
        self.tables.get(&id).ok_or(Malformed("a row of a table that it did not describe"))
    }

    fn changed(&mut self, id: u32, change: RowChange, events: &mut VecDeque<Event>) -> Result<(), RowError> {
        let open = self.open.as_mut().ok_or(OUTSIDE)?;
        if !change.hits.is_empty() {
            open.tell(events);
            events.push_back(Event::Change(change.hits));
        }
        for unusable in change.unusable {
            open.lose(id, unusable, events);
        }
        Ok(())
    }

    fn truncated(&mut self, ids: &[u32], events: &mut VecDeque<Event>) -> Result<(), RowError> {
        let mut indexes = BTreeSet::new();
        let mut tables = Vec::new();
        let mut mismatches = Vec::new();
        for id in ids {
            let table = self.table(*id)?;
            let of_table = table.indexes();
            if !of_table.is_empty() {
                tables.push(table.table().clone());
                indexes.extend(of_table);
            }
            mismatches.extend(table.mismatches().into_iter().map(|unusable| (*id, unusable)));
        }
        let open = self.open.as_mut().ok_or(OUTSIDE)?;
        for (id, unusable) in mismatches {
            open.lose(id, unusable, events);
        }
        if !tables.is_empty() {
            open.tell(events);
            events.push_back(Event::Truncate { tables, indexes });
        }
        Ok(())
    }
}

impl Open {
    /// Reports what is lost, once per transaction and table.
    fn lose(&mut self, id: u32, unusable: Unusable, events: &mut VecDeque<Event>) {
        if self.unusable.insert((id, unusable.clone())) {
            self.tell(events);
            let Unusable { indexes, cause, reason } = unusable;
            events.push_back(Event::Unusable { indexes, cause, reason });
        }
    }

    fn tell(&mut self, events: &mut VecDeque<Event>) {
        if !std::mem::replace(&mut self.begin_sent, true) {
            events.push_back(Event::Begin(self.start));
        }
    }
}

/// A position supersedes the one before it where nothing came in between.
fn nothing_below(position: Lsn, events: &mut VecDeque<Event>) {
    match events.back_mut() {
        Some(Event::Keepalive(before)) => *before = position.max(*before),
        _ => events.push_back(Event::Keepalive(position)),
    }
}

#[cfg(test)]
mod tests {
    use flusso_runtime::documents::Key;
    use flusso_runtime::source::DirtyKey;
    use flusso_schemas::name::TableName;
    use flusso_schemas::state::StaleCause;

    use super::super::fixture::{Plan, begin, commit, delete, insert, relation, update};
    use super::*;

    fn plan() -> Plan {
        Plan::default().edge(0, "shop.items", &["order_id"], &["note"]).edge(
            1,
            "shop.items",
            &["id"],
            &["id"],
        )
    }

    fn records() -> BTreeMap<usize, CatalogRecord> {
        plan().records(&[("shop.items", 7, &["id", "order_id"])])
    }

    fn items(columns: &[(&str, bool)]) -> Vec<u8> {
        relation(7, "shop", "items", b'd', columns)
    }

    fn other() -> Vec<u8> {
        relation(8, "shop", "other", b'd', &[("id", true)])
    }

    fn events(messages: &[Vec<u8>]) -> Vec<Event> {
        let mut transactions = Transactions::new(&plan().lock(), &records());
        let mut events = VecDeque::new();
        for message in messages {
            transactions.message(message, &mut events).expect("a message that fits");
        }
        events.into()
    }

    fn started(xid: u32) -> Event {
        Event::Begin(TransactionStart { xid, commit: Lsn(100), commit_time_us: 5 })
    }

    fn hit(index: usize, key: &str) -> DirtyKey {
        DirtyKey { index, edge: 0, key: Key(vec![key.to_owned()]) }
    }

    const COLUMNS: &[(&str, bool)] = &[("id", true), ("order_id", true)];

    #[test]
    fn a_transaction_begins_with_its_first_hit_and_ends_with_its_commit() {
        let row: &[Option<&str>] = &[Some("1"), Some("10")];
        let got = events(&[
            begin(100, 5),
            other(),
            insert(8, &[Some("1")]),
            items(COLUMNS),
            insert(7, row),
            commit(120),
        ]);
        let change = Event::Change(vec![hit(0, "10"), hit(1, "1")]);
        assert_eq!(got, [started(5), change, Event::Commit { end: Lsn(120) }]);
    }

    #[test]
    fn a_transaction_in_which_nothing_matters_only_moves_the_position() {
        let got =
            events(&[begin(100, 5), commit(120), begin(130, 6), other(), insert(8, &[None]), commit(140)]);
        assert_eq!(got, [Event::Keepalive(Lsn(140))]);
    }

    #[test]
    fn a_keepalive_inside_a_transaction_moves_nothing() {
        let mut transactions = Transactions::new(&plan().lock(), &records());
        let mut events = VecDeque::new();
        transactions.keepalive(Lsn(90), &mut events);
        transactions.message(&begin(100, 5), &mut events).expect("a begin");
        transactions.keepalive(Lsn(110), &mut events);
        assert_eq!(events, [Event::Keepalive(Lsn(90))]);
    }

    #[test]
    fn relation_identity_a_table_under_another_name_is_lost_and_never_routed_by_name() {
        let row: &[Option<&str>] = &[Some("1"), Some("10")];
        let renamed = relation(7, "shop", "moved", b'd', COLUMNS);
        let replacing = relation(9, "shop", "items", b'd', COLUMNS);
        let got = events(&[
            begin(100, 5),
            renamed,
            insert(7, row),
            insert(7, row),
            replacing,
            insert(9, row),
            commit(120),
        ]);
        let lost = |reason: &str| Event::Unusable {
            indexes: BTreeSet::from([0, 1]),
            cause: StaleCause::TableReplaced,
            reason: reason.to_owned(),
        };
        let away = "rows of `shop.items` were written while it was named `shop.moved`";
        let other = "rows were written while another table was named `shop.items`";
        let end = Event::Commit { end: Lsn(120) };
        assert_eq!(got, [started(5), lost(away), lost(other), end], "once a transaction, for every index");
    }

    #[test]
    fn relation_identity_a_truncate_of_a_renamed_table_is_lost() {
        let truncate = b"T\0\0\0\x01\x01\0\0\0\x07".to_vec();
        let renamed = relation(7, "shop", "moved", b'd', COLUMNS);
        let got = events(&[begin(100, 5), renamed, truncate, commit(120)]);
        let Event::Unusable { indexes, cause, .. } = &got[1] else { panic!("{got:?}") };
        assert_eq!((indexes, *cause), (&BTreeSet::from([0, 1]), StaleCause::TableReplaced));
        assert_eq!(got.len(), 3, "{got:?}");
    }

    #[test]
    fn a_truncate_names_the_tables_and_indexes_that_matter() {
        let truncate = b"T\0\0\0\x02\x01\0\0\0\x07\0\0\0\x08".to_vec();
        let got = events(&[begin(100, 5), items(COLUMNS), other(), truncate, commit(120)]);
        let tables = vec![TableName::new("shop", "items")];
        assert_eq!(got[1], Event::Truncate { tables, indexes: BTreeSet::from([0, 1]) });
    }

    #[test]
    fn a_table_whose_old_rows_do_not_serve_is_told_once_a_transaction() {
        let key_only = items(&[("id", true), ("order_id", false)]);
        let gone = || delete(7, b'K', &[Some("1"), None]);
        let changed = update(7, None, &[Some("2"), Some("10")]);
        let got =
            events(&[begin(100, 5), key_only, gone(), changed, gone(), commit(120), begin(100, 6), gone()]);
        let unusable = got.iter().filter(|event| matches!(event, Event::Unusable { .. })).count();
        assert_eq!(unusable, 2);
        assert_eq!(got.iter().filter(|event| matches!(event, Event::Change(_))).count(), 4);
    }

    #[test]
    fn a_row_out_of_place_is_an_error() {
        let mut transactions = Transactions::new(&plan().lock(), &records());
        let mut events = VecDeque::new();
        let row = insert(7, &[Some("1"), Some("10")]);
        assert!(transactions.message(&row, &mut events).is_err(), "its table was not described");
        transactions.message(&items(COLUMNS), &mut events).expect("a relation");
        assert!(transactions.message(&row, &mut events).is_err(), "no transaction is open");
        assert!(transactions.message(&commit(120), &mut events).is_err(), "no transaction is open");
        assert_eq!(events, []);
    }
}

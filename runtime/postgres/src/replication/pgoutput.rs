//! Decoder of pgoutput's messages, protocol version 1, over borrowed bytes.
//!
//! Nothing is copied but relation descriptions, and no length that the bytes claim is believed: what
//! is cut short is [`Malformed`], never a panic.

use flusso_schemas::lsn::Lsn;
use flusso_schemas::name::{Ident, TableName};

use super::bytes::{Cursor, Malformed};

/// The schema meant by an empty namespace in a relation message.
const CATALOG_SCHEMA: &str = "pg_catalog";
/// Column flag: part of the replica identity.
const FLAG_IDENTITY: u8 = 1;

/// A message of the protocol `pgoutput`, version 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message<'a> {
    /// A transaction begins; all of it is committed.
    Begin {
        commit: Lsn,
        commit_time_us: i64,
        xid: u32,
    },
    Commit {
        end: Lsn,
    },
    /// Describes the rows that follow under an id, until the id is described again.
    Relation {
        id: u32,
        relation: Relation,
    },
    Insert {
        relation: u32,
        new: Row<'a>,
    },
    /// A row changed; the old one is there where its identity changed or is full.
    Update {
        relation: u32,
        old: Option<Row<'a>>,
        new: Row<'a>,
    },
    /// A deleted row, with as many columns as the identity holds.
    Delete {
        relation: u32,
        old: Row<'a>,
    },
    Truncate {
        relations: Vec<u32>,
    },
    /// A type, an origin or a logical message: nothing to act on.
    Other,
}

/// A table as the server saw it when it wrote the rows that follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Relation {
    pub(super) table: TableName,
    /// Whether an old row holds every column.
    pub(super) identity_full: bool,
    /// Its columns in the order of each row.
    pub(super) columns: Vec<Column>,
}

/// A column of a [`Relation`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: Ident,
    /// Whether an old row holds it.
    pub(super) identity: bool,
    /// Oid of its type.
    pub(super) type_oid: u32,
}

/// The values of one row, in the order of its relation's columns.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row<'a>(pub(super) Vec<Value<'a>>);

/// A value of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// Null; in an old row also: not part of the identity.
    Null,
    /// Stored out of line and not changed, so not sent.
    Unchanged,
    /// The value as text in the session's encoding.
    Text(&'a [u8]),
}

/// Decodes the payload of one `XLogData` message.
pub(super) fn decode(bytes: &[u8]) -> Result<Message<'_>, Malformed> {
    let mut cursor = Cursor::new(bytes);
    let message = match cursor.u8()? {
        b'B' => begin(&mut cursor)?,
        b'C' => commit(&mut cursor)?,
        b'R' => relation(&mut cursor)?,
        b'I' => insert(&mut cursor)?,
        b'U' => update(&mut cursor)?,
        b'D' => delete(&mut cursor)?,
        b'T' => truncate(&mut cursor)?,
        b'Y' | b'O' | b'M' => return Ok(Message::Other),
        _ => return Err(Malformed("a message of an unknown kind")),
    };
    cursor.finish().map(|()| message)
}

fn begin<'a>(cursor: &mut Cursor<'a>) -> Result<Message<'a>, Malformed> {
    Ok(Message::Begin { commit: cursor.lsn()?, commit_time_us: cursor.i64()?, xid: cursor.u32()? })
}

fn commit<'a>(cursor: &mut Cursor<'a>) -> Result<Message<'a>, Malformed> {
    let _flags = cursor.u8()?;
    let _start = cursor.lsn()?;
    let end = cursor.lsn()?;
    let _commit_time_us = cursor.i64()?;
    Ok(Message::Commit { end })
}

fn relation<'a>(cursor: &mut Cursor<'a>) -> Result<Message<'a>, Malformed> {
    let id = cursor.u32()?;
    let schema = match cursor.text()? {
        "" => CATALOG_SCHEMA,
        schema => schema,
    };
    let table = TableName::new(schema, cursor.text()?);
    let identity_full = cursor.u8()? == b'f';
    let columns = (0..cursor.u16()?).map(|_| column(cursor)).collect::<Result<_, _>>()?;
    Ok(Message::Relation { id, relation: Relation { table, identity_full, columns } })
}

fn column(cursor: &mut Cursor<'_>) -> Result<Column, Malformed> {
    let identity = cursor.u8()? & FLAG_IDENTITY != 0;
    let name = Ident::new(cursor.text()?);
    let type_oid = cursor.u32()?;
    let _type_modifier = cursor.u32()?;
    Ok(Column { name, identity, type_oid })
}

fn insert<'a>(cursor: &mut Cursor<'a>) -> Result<Message<'a>, Malformed> {
    let relation = cursor.u32()?;
    match cursor.u8()? {
        b'N' => Ok(Message::Insert { relation, new: row(cursor)? }),
        _ => Err(Malformed("an insert without a new row")),
    }
}

fn update<'a>(cursor: &mut Cursor<'a>) -> Result<Message<'a>, Malformed> {
    let relation = cursor.u32()?;
    let mut marker = cursor.u8()?;
    let mut old = None;
    if matches!(marker, b'K' | b'O') {
        old = Some(row(cursor)?);
        marker = cursor.u8()?;
    }
    match marker {
        b'N' => Ok(Message::Update { relation, old, new: row(cursor)? }),
        _ => Err(Malformed("an update without a new row")),
    }
}

fn delete<'a>(cursor: &mut Cursor<'a>) -> Result<Message<'a>, Malformed> {
    let relation = cursor.u32()?;
    match cursor.u8()? {
        b'K' | b'O' => Ok(Message::Delete { relation, old: row(cursor)? }),
        _ => Err(Malformed("a delete without an old row")),
    }
}

fn truncate<'a>(cursor: &mut Cursor<'a>) -> Result<Message<'a>, Malformed> {
    let count = cursor.u32()?;
    let _options = cursor.u8()?;
    let relations = (0..count).map(|_| cursor.u32()).collect::<Result<_, _>>()?;
    Ok(Message::Truncate { relations })
}

fn row<'a>(cursor: &mut Cursor<'a>) -> Result<Row<'a>, Malformed> {
    let count = cursor.u16()?;
    (0..count).map(|_| value(cursor)).collect::<Result<_, _>>().map(Row)
}

fn value<'a>(cursor: &mut Cursor<'a>) -> Result<Value<'a>, Malformed> {
    match cursor.u8()? {
        b'n' => Ok(Value::Null),
        b'u' => Ok(Value::Unchanged),
        b't' => {
            let length = cursor.u32()?;
            Ok(Value::Text(cursor.take(length as usize)?))
        }
        _ => Err(Malformed("a value of an unknown form")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{begin, commit, relation, row_bytes, update};
    use super::*;

    fn update_with_old_row() -> Vec<u8> {
        update(7, Some((b'O', &[Some("1"), None])), &[Some("2"), Some("é")])
    }

    #[test]
    fn a_transaction_carries_its_commit_position_and_its_end() {
        assert_eq!(
            decode(&begin(0x1_0000_0010, 42)),
            Ok(Message::Begin { commit: Lsn(0x1_0000_0010), commit_time_us: 5, xid: 42 })
        );
        assert_eq!(decode(&commit(0x20)), Ok(Message::Commit { end: Lsn(0x20) }));
    }

    #[test]
    fn a_relation_says_which_columns_an_old_row_holds() {
        let bytes = relation(7, "", "Odd \"name\"", b'd', &[("id", true), ("v", false)]);
        let Ok(Message::Relation { id: 7, relation }) = decode(&bytes) else { panic!("a relation") };
        assert_eq!(relation.table, TableName::new("pg_catalog", "Odd \"name\""));
        assert!(!relation.identity_full);
        let identity: Vec<bool> = relation.columns.iter().map(|column| column.identity).collect();
        assert_eq!(identity, [true, false]);
    }

    #[test]
    fn an_update_brings_the_old_row_before_the_new_one() {
        let bytes = update_with_old_row();
        let Ok(Message::Update { relation: 7, old: Some(old), new }) = decode(&bytes) else {
            panic!("an update")
        };
        assert_eq!(old.0, [Value::Text(b"1"), Value::Null]);
        assert_eq!(new.0, [Value::Text(b"2"), Value::Text("é".as_bytes())]);
    }

    #[test]
    fn an_unchanged_out_of_line_value_is_not_null() {
        let bytes = [&b"I\0\0\0\x07N\0\x01"[..], b"u"].concat();
        let Ok(Message::Insert { new, .. }) = decode(&bytes) else { panic!("an insert") };
        assert_eq!(new.0, [Value::Unchanged]);
    }

    #[test]
    fn a_truncate_lists_every_table() {
        let bytes = b"T\0\0\0\x02\x01\0\0\0\x07\0\0\0\x08";
        assert_eq!(decode(bytes), Ok(Message::Truncate { relations: vec![7, 8] }));
    }

    #[test]
    fn a_message_cut_anywhere_is_malformed() {
        let insert = [&b"I\0\0\0\x07N"[..], &row_bytes(&[Some("1"), None])].concat();
        for whole in [
            begin(1, 2),
            commit(3),
            relation(7, "s", "t", b'f', &[("id", true)]),
            insert,
            update_with_old_row(),
            b"T\0\0\0\x02\x01\0\0\0\x07\0\0\0\x08".to_vec(),
        ] {
            assert!(decode(&whole).is_ok());
            for end in 0..whole.len() {
                assert!(decode(&whole[..end]).is_err(), "{:?} cut at {end}", whole[0] as char);
            }
        }
    }

    #[test]
    fn a_length_that_lies_is_malformed() {
        let longer_than_the_message = b"I\0\0\0\x07N\0\x01t\xff\xff\xff\xff1";
        assert!(decode(longer_than_the_message).is_err());
        let more_tables_than_bytes = b"T\xff\xff\xff\xff\x01\0\0\0\x07";
        assert!(decode(more_tables_than_bytes).is_err());
        let bytes_after_the_end = [commit(3), vec![0]].concat();
        assert!(decode(&bytes_after_the_end).is_err());
    }
}

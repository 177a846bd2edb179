//! Parameters of the lock's queries: keys as arrays of text, and numbers of rows.

use std::error::Error;

use bytes::BytesMut;
use flusso_runtime::documents::Key;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::fault::Fault;

/// A parameter. Its type is declared when the statement is parsed, so that the server, not the client,
/// turns text into a key's type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Parameter<'a> {
    /// `text[]`: one part of every key.
    Texts(Vec<&'a str>),
    /// `bigint`: the limit of rows.
    Number(i64),
}

impl<'a> Parameter<'a> {
    /// Keys of so many parts, one array a part.
    pub(super) fn of_keys(keys: &'a [Key], parts: usize) -> Result<Vec<Self>, Fault> {
        if keys.iter().any(|key| key.0.len() != parts) {
            return Err(Fault::Internal(format!("a key has not {parts} parts")));
        }
        let part = |at: usize| keys.iter().map(|key| key.0[at].as_str()).collect();
        Ok((0..parts).map(|at| Self::Texts(part(at))).collect())
    }

    /// A limit of rows; an error beyond `bigint`.
    pub(super) fn number(rows: u64) -> Result<Self, Fault> {
        let number = i64::try_from(rows)
            .map_err(|_| Fault::Internal(format!("the limit of rows {rows} is out of range")));
        number.map(Self::Number)
    }

    /// How many keys it holds a part of.
    pub(super) fn keys(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.len(),
            Self::Number(_) => 0,
        }
    }

    /// The type that the statement is prepared with.
    pub(super) fn type_of(&self) -> Type {
        match self {
            Self::Texts(_) => Type::TEXT_ARRAY,
            Self::Number(_) => Type::INT8,
        }
    }
}

impl ToSql for Parameter<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Texts(texts) => texts.to_sql(ty, out),
            Self::Number(number) => number.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A column of text as its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TextBytes<'a>(pub(super) &'a [u8]);

impl<'a> FromSql<'a> for TextBytes<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::TEXT | Type::VARCHAR)
    }
}

//! `ignore_above` as it is written, against how long a value may be.

use flusso_lints::ignore_above_too_high;

use super::Checker;
use super::scalar::TypedValue;
use crate::kinds::{TERM_BYTES_MAX, UNIT_BYTES_MAX};
use crate::pg_type::{BaseType, PgType};
use crate::syntax;

/// Bytes of UTF-8 that a character takes at most.
const CHARACTER_BYTES_MAX: u64 = 4;

impl Checker<'_> {
    /// Warns of limits above which a value of this type can lose its document.
    pub(super) fn indexed_lengths(&mut self, written: &syntax::scalar::ParsedScalar, value: &TypedValue) {
        let Some(unit) = bytes_of_unit(&value.pg_type) else { return };
        let safe = TERM_BYTES_MAX / unit;
        for limit in written.index_limits.iter().filter(|limit| limit.value > safe) {
            let finding = ignore_above_too_high::finding(limit.value, safe, limit.place.clone());
            let finding = finding.note(value.note.clone());
            self.push(value.named_in(finding));
        }
    }
}

/// Bytes that a UTF-16 unit of a value's text takes; none where no text of the type is too long for a term.
fn bytes_of_unit(pg_type: &PgType) -> Option<u64> {
    match pg_type.base {
        BaseType::Varchar(Some(length)) => {
            (u64::from(length) * CHARACTER_BYTES_MAX > TERM_BYTES_MAX).then_some(UNIT_BYTES_MAX)
        }
        BaseType::Text
        | BaseType::Varchar(None)
        | BaseType::Char
        | BaseType::Citext
        | BaseType::Ltree
        | BaseType::Xml => Some(UNIT_BYTES_MAX),
        // Digits alone; a `numeric` without a scale has up to 147,455 of them.
        BaseType::Numeric(None) | BaseType::Bit | BaseType::Varbit => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pg_type::Enums;

    #[test]
    fn only_texts_that_can_be_longer_than_a_term_have_a_limit() {
        for (name, expected) in [
            ("text", Some(3)),
            ("text[]", Some(3)),
            ("character varying(8191)", None),
            ("character varying(8192)", Some(3)),
            ("numeric", Some(1)),
            ("numeric(12,2)", None),
            ("name", None),
            ("uuid", None),
        ] {
            assert_eq!(bytes_of_unit(&PgType::of_text(name, &Enums::new())), expected, "{name}");
        }
    }
}

//! A value as the text that its type prints.

use super::{BaseType, PgType};

impl PgType {
    /// `x` as text, NULL where it is.
    ///
    /// A cast to text calls the function of a `create cast`. The owner of a type can write one, and it may read a
    /// table, act or fail; the type's output function is what the stream of changes prints with.
    /// For the types of Postgres itself the cast is that function, or one of Postgres' own.
    pub(crate) fn output(&self, x: &str) -> String {
        match &self.base {
            _ if self.array => format!("textin(array_out({x}))"),
            BaseType::Enum { .. } => format!("textin(enum_out({}))", self.as_enum(x)),
            BaseType::Composite => format!("textin(record_out({x}))"),
            // No function takes ranges and multiranges alike, and `concat` gives the empty text for NULL.
            BaseType::Range(_) | BaseType::Other(_) => {
                format!("case when {x} is not null then concat({x}) end")
            }
            _ => format!("{x}::text"),
        }
    }

    /// The functions that take any enum do not take a domain over one.
    fn as_enum(&self, x: &str) -> String {
        if self.declared == self.base_name { x.to_owned() } else { format!("{x}::{}", self.base_name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pg_type::Enums;

    #[test]
    fn a_users_type_is_printed_by_its_output_function_and_never_cast() {
        let enums = Enums::from([("s.mood".to_owned(), vec!["a".to_owned()])]);
        let output = |text: &str| PgType::of_text(text, &enums).output("t.x");
        assert_eq!(output("s.mood"), "textin(enum_out(t.x))");
        assert_eq!(output("s.mood[]"), "textin(array_out(t.x))");
        assert_eq!(output("int4range"), "case when t.x is not null then concat(t.x) end");
        assert_eq!(output("s.other"), "case when t.x is not null then concat(t.x) end");
        assert_eq!(output("bigint"), "t.x::text");
        let domain = PgType { declared: "s.feeling".to_owned(), ..PgType::of_text("s.mood", &enums) };
        assert_eq!(domain.output("t.x"), "textin(enum_out(t.x::s.mood))");
        let row = PgType { base: BaseType::Composite, ..PgType::of_text("s.pair", &enums) };
        assert_eq!(row.output("t.x"), "textin(record_out(t.x))");
    }
}

//! Fields of a document or of an object in it, each bound to the table whose row it stands in.

use std::sync::Arc;

use serde_json::Value as Json;

use super::Checker;
use crate::diagnostic::Diagnostic;
use crate::kinds::{self, Kind};
use crate::model::{Field, Form, Table};
use crate::syntax;
use crate::syntax::scalar::constant_kind;
use crate::syntax::tree::{Content, Node, Scalar};

impl Checker<'_> {
    /// Binds fields, sorted by key; none where one of them could not be bound.
    pub(super) fn fields(
        &mut self,
        fields: &[syntax::field::Field],
        table: &Arc<Table>,
    ) -> Option<Vec<Field>> {
        let bound: Vec<Option<Field>> = fields.iter().map(|field| self.field(field, table)).collect();
        let mut bound: Vec<Field> = bound.into_iter().collect::<Option<_>>()?;
        bound.sort_by(|a, b| a.key.cmp(&b.key));
        Some(bound)
    }

    fn field(&mut self, field: &syntax::field::Field, table: &Arc<Table>) -> Option<Field> {
        let when = field.when.as_ref().map(|conditions| self.conditions(conditions, table));
        let form = self.form(field, table);
        let when = match when {
            Some(bound) => Some(bound?),
            None => None,
        };
        Some(Field { key: field.key.value.clone(), path: field.path.clone(), when, form: form? })
    }

    fn form(&mut self, field: &syntax::field::Field, table: &Arc<Table>) -> Option<Form> {
        match field.form.as_ref()? {
            syntax::field::Form::Scalar(scalar) => {
                self.scalar_of_field(field, scalar, table).map(Form::Scalar)
            }
            syntax::field::Form::SameRow { fields, options } => {
                let fields = self.fields(fields, table)?;
                Some(Form::SameRow { fields, options: options.clone() })
            }
            syntax::field::Form::Constant { value, scalar } => self.constant(value, scalar),
            syntax::field::Form::Relation(relation) => {
                self.relation(field, relation, table).map(Form::Relation)
            }
            syntax::field::Form::Aggregate(aggregate) => {
                self.aggregate(field, aggregate, table).map(Form::Aggregate)
            }
        }
    }

    fn constant(&mut self, value: &Node, scalar: &syntax::scalar::Scalar) -> Option<Form> {
        let own = constant_kind(value);
        let Some(own) = own else {
            let message = "a constant is one text, number or boolean, or a list of one kind of them";
            self.push(
                Diagnostic::deny("wrong-type", scalar.place.clone(), message).help("write such a value"),
            );
            return None;
        };
        let kind = scalar.kind.as_ref().map_or(own, |kind| kind.value);
        if !takes_constant(kind, own) {
            let message =
                format!("`{}` does not take this constant, so every document would be refused", kind.name());
            self.push(
                Diagnostic::deny("kind-mismatch", scalar.place.clone(), message)
                    .help(format!("write `{}`", own.name())),
            );
            return None;
        }
        Some(Form::Constant { value: constant_json(value), kind, options: scalar.options.clone() })
    }
}

fn takes_constant(kind: &'static dyn Kind, own: &'static dyn Kind) -> bool {
    let whole = ["byte", "short", "integer", "long"];
    let fraction = ["half_float", "float", "double", "decimal"];
    let text = ["keyword", "text", "identifier", "enum", "uuid", "date", "timestamp", "ip"];
    match own.name() {
        "boolean" => kind.name() == "boolean",
        "long" => whole.contains(&kind.name()) || fraction.contains(&kind.name()),
        "double" => fraction.contains(&kind.name()),
        _ => text.contains(&kind.name()),
    }
}

/// A constant as the document prints it: numbers as written.
fn constant_json(node: &Node) -> Json {
    match (&node.content, node.scalar()) {
        (Content::List(items), _) => items.iter().map(constant_json).collect(),
        (_, Some(Scalar::Integer(digits))) => {
            digits.parse::<i64>().map_or_else(|_| Json::String(digits), Json::from)
        }
        _ => node.json(),
    }
}

/// The kind of that name, which is one of ours.
pub(super) fn known_kind(name: &str) -> &'static dyn Kind {
    kinds::find(name).expect("it is one of the kinds that every version has")
}

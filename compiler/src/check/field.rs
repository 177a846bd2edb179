//! Fields of a document or of an object in it, each bound to the table whose row has it.

use std::collections::BTreeMap;
use std::sync::Arc;

use flusso_lints::default_type_mismatch;
use serde_json::Value as Json;

use super::Checker;
use super::point::DecimalNumber;
use crate::kinds::{JsonValue, Kind};
use crate::model::{Field, Form, Table};
use crate::syntax;
use crate::syntax::keys::At;
use crate::syntax::tree::{Content, Node};

impl Checker<'_> {
    /// Binds fields, sorted by key; none where one of them could not be bound.
    pub(super) fn fields(
        &mut self,
        fields: &[syntax::field::ParsedField],
        table: &Arc<Table>,
    ) -> Option<Vec<Field>> {
        let bound: Vec<Option<Field>> = fields.iter().map(|field| self.field(field, table)).collect();
        let mut bound: Vec<Field> = bound.into_iter().collect::<Option<_>>()?;
        bound.sort_by(|a, b| a.key.cmp(&b.key));
        Some(bound)
    }

    fn field(&mut self, field: &syntax::field::ParsedField, table: &Arc<Table>) -> Option<Field> {
        let when = field.when.as_ref().map(|conditions| self.conditions(conditions, table));
        let form = self.form(field, table);
        let when = match when {
            Some(bound) => Some(bound?),
            None => None,
        };
        Some(Field { key: field.key.value.clone(), path: field.path.clone(), when, form: form? })
    }

    fn form(&mut self, field: &syntax::field::ParsedField, table: &Arc<Table>) -> Option<Form> {
        match field.form.as_ref()? {
            syntax::field::ParsedForm::Scalar(scalar) => {
                self.scalar_of_field(field, scalar, table).map(Form::Scalar)
            }
            syntax::field::ParsedForm::SameRow { fields, options } => {
                let fields = self.fields(fields, table)?;
                Some(Form::SameRow { fields, options: options.clone() })
            }
            syntax::field::ParsedForm::Constant { written, value, scalar } => {
                self.constant(written, value, scalar)
            }
            syntax::field::ParsedForm::Relation(relation) => {
                self.relation(field, relation, table).map(Form::Relation)
            }
            syntax::field::ParsedForm::Aggregate(aggregate) => {
                self.aggregate(field, aggregate, table).map(Form::Aggregate)
            }
        }
    }

    fn constant(
        &mut self,
        written: &Node,
        value: &At<Json>,
        scalar: &syntax::scalar::ParsedScalar,
    ) -> Option<Form> {
        // A constant of no kind was refused when it was read.
        let own = self.kinds.of_constant(written)?;
        let kind = scalar.kind.as_ref().map_or(own, |kind| kind.value);
        let items = value.value.as_array().map_or(std::slice::from_ref(&value.value), Vec::as_slice);
        let parameters = constant_parameters(kind, written);
        let format = scalar.options.get("format").and_then(Json::as_str);
        let refused = items
            .iter()
            .find_map(|value| kind.refuses_json(&JsonValue { value, parameters: &parameters, format }));
        if let Some(expected) = refused {
            self.push(default_type_mismatch::constant(
                kind.name(),
                &expected,
                own.name(),
                value.place.clone(),
            ));
            return None;
        }
        let (value, options) = (value.value.clone(), scalar.options.clone());
        Some(Form::Constant { value, kind, parameters, options })
    }
}

/// A `decimal` keeps as many digits after the point as the constant is written with.
fn constant_parameters(kind: &'static dyn Kind, written: &Node) -> BTreeMap<String, Json> {
    if !kind.own_keys().iter().any(|key| key.name == "scale") {
        return BTreeMap::new();
    }
    let items = match &written.content {
        Content::List(items) => items.as_slice(),
        _ => std::slice::from_ref(written),
    };
    let scale = |item: &Node| match &item.content {
        Content::Scalar { text, .. } => DecimalNumber::parse(text).map(|decimal| decimal.digits().1),
        _ => None,
    };
    let scale = items.iter().filter_map(scale).max().unwrap_or(0);
    BTreeMap::from([("scale".to_owned(), scale.into())])
}

//! Fields of a document or of an object in it, each bound to the table whose row it stands in.

use std::collections::BTreeMap;
use std::sync::Arc;

use flusso_lints::{default_type_mismatch, kind_mismatch, wrong_type};
use serde_json::Value as Json;

use super::Checker;
use super::point::Decimal;
use crate::kinds::{self, Kind, MappingContext};
use crate::model::{Field, Form, Table};
use crate::opensearch::document::{self, FieldType};
use crate::pg_type::{Enums, PgType};
use crate::syntax;
use crate::syntax::keys::At;
use crate::syntax::scalar::constant_kind;
use crate::syntax::tree::{Content, Node};

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
            syntax::field::Form::Constant { written, value, scalar } => self.constant(written, value, scalar),
            syntax::field::Form::Relation(relation) => {
                self.relation(field, relation, table).map(Form::Relation)
            }
            syntax::field::Form::Aggregate(aggregate) => {
                self.aggregate(field, aggregate, table).map(Form::Aggregate)
            }
        }
    }

    fn constant(
        &mut self,
        written: &Node,
        value: &At<Json>,
        scalar: &syntax::scalar::Scalar,
    ) -> Option<Form> {
        let own = constant_kind(written);
        let Some(own) = own else {
            self.push(wrong_type::constant(scalar.place.clone()));
            return None;
        };
        let kind = scalar.kind.as_ref().map_or(own, |kind| kind.value);
        let items = value.value.as_array().map_or(std::slice::from_ref(&value.value), Vec::as_slice);
        let parameters = constant_parameters(kind, written);
        let format = scalar.options.get("format").and_then(Json::as_str);
        let refused = items.iter().find_map(|item| refused_value(kind, &parameters, format, item));
        if let (true, Some(wanted)) = (takes_constant(kind, own), refused) {
            self.push(default_type_mismatch::constant(kind.name(), &wanted, value.place.clone()));
            return None;
        }
        if !takes_constant(kind, own) {
            self.push(kind_mismatch::of_constant(kind.name(), own.name(), scalar.place.clone()));
            return None;
        }
        let (value, options) = (value.value.clone(), scalar.options.clone());
        Some(Form::Constant { value, kind, parameters, options })
    }
}

/// What a kind takes, where its field would refuse the value.
pub(super) fn refused_value(
    kind: &'static dyn Kind,
    parameters: &BTreeMap<String, Json>,
    format: Option<&str>,
    value: &Json,
) -> Option<String> {
    let text = PgType::of_text("text", &Enums::new());
    let mapping = kind.mapping(&MappingContext { path: "", pg_type: &text, parameters }).parameters;
    let name = mapping["type"].as_str().expect("a mapping's type is a text");
    let scaling_factor = mapping.get("scaling_factor").and_then(Json::as_u64).unwrap_or(1);
    // The count is the index's own; the document holds the text.
    let name = if name == "token_count" { "text" } else { name };
    document::refusal(&FieldType { name, scaling_factor, format }, value)
}

/// A `decimal` keeps as many digits after the point as the constant is written with.
fn constant_parameters(kind: &'static dyn Kind, written: &Node) -> BTreeMap<String, Json> {
    if !kind.own_keys().contains(&"scale") {
        return BTreeMap::new();
    }
    let items = match &written.content {
        Content::List(items) => items.as_slice(),
        _ => std::slice::from_ref(written),
    };
    let scale = |item: &Node| match &item.content {
        Content::Scalar { text, .. } => Decimal::parse(text).map(|decimal| decimal.digits().1),
        _ => None,
    };
    let scale = items.iter().filter_map(scale).max().unwrap_or(0);
    BTreeMap::from([("scale".to_owned(), scale.into())])
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

/// The kind of that name, which is one of ours.
pub(super) fn known_kind(name: &str) -> &'static dyn Kind {
    kinds::find(name).expect("it is one of the kinds that every version has")
}

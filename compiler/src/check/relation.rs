//! Relations: the verb against the facts of the catalog, the order, and the indexed part of the target.

use std::sync::Arc;

use flusso_lints::to_one_not_unique::Several;
use flusso_lints::{
    kind_mismatch, mutually_exclusive_keys, nullable_required, unordered_limit, wrong_direction,
};

use super::Checker;
use super::join::PathOwner;
use crate::diagnostic::Place;
use crate::model::{Join, OrderItem, Relation, Shape, Table, Verb};
use crate::syntax;
use crate::syntax::relation::{Order, Source};

impl Checker<'_> {
    /// Binds a relation of a row of `table`.
    pub(super) fn relation(
        &mut self,
        field: &syntax::field::ParsedField,
        relation: &syntax::field::ParsedRelation,
        table: &Arc<Table>,
    ) -> Option<Relation> {
        let verb = relation.verb.value;
        let owner = PathOwner {
            name: verb.name(),
            verb: Some(verb),
            place: &relation.verb.place,
            when: field.when.as_ref(),
        };
        let (target, joins) = self.path(&relation.path, table, &owner);
        let target = target?;
        let joins = joins.filter(|joins| self.verb_holds(relation, joins, table));
        let order_by = self.order_by(&relation.order_by, &target);
        let shape = self.shape(&relation.shape, &target);
        let joins = joins?;
        let shape = self.promised(field, &joins, table, shape?)?;
        self.order_is_certain(relation, &target)?;
        Some(Relation {
            verb,
            path: joins,
            order_by: order_by?,
            limit: relation.limit,
            distinct: relation.distinct,
            required: field.required.is_some(),
            shape,
        })
    }

    fn verb_holds(
        &mut self,
        relation: &syntax::field::ParsedRelation,
        joins: &[Join],
        table: &Arc<Table>,
    ) -> bool {
        let to_many = joins.iter().position(|join| !join.to_one);
        let is_ordered = !relation.order_by.is_empty();
        match (relation.verb.value, to_many) {
            (verb, Some(at)) if verb == Verb::BelongsTo || (verb == Verb::HasOne && !is_ordered) => {
                let before = if at == 0 { table } else { &joins[at - 1].table };
                self.not_unique(relation, &joins[at], before);
                false
            }
            (Verb::HasOne, None) if is_ordered => {
                let target = self.short(&relation.path.target.value);
                let place = place_of(&relation.order_by[0].source);
                self.push(mutually_exclusive_keys::order_of_one_row(&target, place));
                false
            }
            (Verb::HasMany, None) if joins.len() > 1 => {
                let target = self.short(&relation.path.target.value);
                self.push(wrong_direction::no_list(&target, relation.verb.place.clone()));
                false
            }
            _ => true,
        }
    }

    fn not_unique(&mut self, relation: &syntax::field::ParsedRelation, join: &Join, before: &Table) {
        let (before, joined) = (self.short(&before.name), self.short(&join.table.name));
        let columns: Vec<&str> = join.pairs.iter().map(|pair| pair.child.as_str()).collect();
        let several = Several { before: &before, joined: &joined, columns: &columns };
        let place =
            Place::new(relation.verb.place.file, relation.verb.place.start..relation.path.target.place.end);
        self.push(match relation.verb.value {
            Verb::HasOne => several.has_one(&self.short(&relation.path.target.value), place),
            _ => several.belongs_to(place),
        });
    }

    fn order_by(&mut self, items: &[Order], target: &Table) -> Option<Vec<OrderItem>> {
        let bound: Vec<Option<OrderItem>> = items.iter().map(|item| self.order_item(item, target)).collect();
        bound.into_iter().collect()
    }

    fn order_item(&mut self, item: &Order, target: &Table) -> Option<OrderItem> {
        let value = self.value(&item.source, target)?;
        if !value.pg_type.is_ordered() {
            let pg_type = value.pg_type.to_string();
            self.push(kind_mismatch::of_order(&pg_type, &value.note, place_of(&item.source)));
            return None;
        }
        let (descending, nulls_first) = (item.descending, item.nulls_first);
        Some(OrderItem { value: value.source, descending, nulls_first, pg_type: value.pg_type })
    }

    /// A limited list needs an order: without one it is chance which rows remain.
    fn order_is_certain(&mut self, relation: &syntax::field::ParsedRelation, target: &Table) -> Option<()> {
        let is_value = matches!(relation.shape, syntax::field::ParsedShape::Value(_));
        let is_cut = relation.limit.is_some() || relation.verb.value == Verb::HasOne;
        if !is_cut || is_value || !relation.order_by.is_empty() || target.primary_key().is_some() {
            return Some(());
        }
        let short = self.short(&target.name);
        let Some(limit) = relation.limit else { return Some(()) };
        self.push(unordered_limit::finding(&short, limit, relation.path.target.place.clone()));
        None
    }

    fn shape(&mut self, shape: &syntax::field::ParsedShape, target: &Arc<Table>) -> Option<Shape> {
        match shape {
            syntax::field::ParsedShape::Object { fields, nested, options } => {
                let fields = self.fields(fields, target)?;
                Some(Shape::Object { fields, nested: *nested, options: options.clone() })
            }
            syntax::field::ParsedShape::Value(scalar) => {
                let zone_holds = self.zone_is_known(scalar, target);
                let value = self.value(scalar.source.as_ref()?, target)?;
                let bound = self.scalar(scalar, value, scalar.kind.as_ref().map(|kind| kind.value))?;
                zone_holds.then(|| Shape::Value(Box::new(bound)))
            }
        }
    }

    /// `required` on a to-one: every row has its related row, and that its value.
    fn promised(
        &mut self,
        field: &syntax::field::ParsedField,
        joins: &[Join],
        table: &Arc<Table>,
        shape: Shape,
    ) -> Option<Shape> {
        let Some(place) = &field.required else { return Some(shape) };
        if field.when.is_some() || !self.always_joins(joins, table) {
            self.push(nullable_required::related_row(place.clone()));
            return None;
        }
        match shape {
            Shape::Value(scalar) => {
                self.required(Some(place), *scalar).map(|scalar| Shape::Value(Box::new(scalar)))
            }
            shape => Some(shape),
        }
    }

    fn always_joins(&self, joins: &[Join], table: &Arc<Table>) -> bool {
        let mut before = table;
        for join in joins {
            let is_key = |key: &&flusso_schemas::facts::ForeignKeyFacts| {
                let parents: Vec<&String> = join.pairs.iter().map(|pair| &pair.parent).collect();
                key.from == before.name
                    && key.to == join.table.name
                    && key.valid
                    && key.columns.len() == parents.len()
                    && key.columns.iter().all(|column| parents.contains(&column))
            };
            let not_null = join
                .pairs
                .iter()
                .all(|pair| before.column(&pair.parent).is_some_and(|column| column.not_null));
            if !not_null
                || join.condition.is_some()
                || !self.facts.foreign_keys.iter().any(|key| is_key(&key))
            {
                return false;
            }
            before = &join.table;
        }
        true
    }
}

fn place_of(source: &Source) -> Place {
    match source {
        Source::Column(text) | Source::Sql(text) => text.place.clone(),
    }
}

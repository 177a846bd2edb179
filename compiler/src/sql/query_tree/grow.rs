//! Grows the tree from an index's fields.

use std::collections::BTreeSet;

use crate::condition::Condition;
use crate::model::{Aggregate, Field, Form, Join, Relation, Shape, ValueSource};
use crate::non_empty::NonEmpty;

use super::{
    Member, MemberValue, NodeContent, NodeId, Presence, QueryNode, QueryTree, RelationShape, Row, RowId,
};
use crate::sql::order::tie_columns;

impl<'a> QueryTree<'a> {
    pub(super) fn members(
        &mut self,
        fields: &'a [Field],
        row: RowId,
        left_joins: &mut Vec<RowId>,
    ) -> Vec<Member<'a>> {
        let mut members = Vec::new();
        for (place, field) in fields.iter().enumerate() {
            self.rows[row].columns.extend(field.when.iter().flat_map(Condition::columns));
            let part = match &field.form {
                Form::Aggregate(_) => match self.aggregates(&fields[place..], &fields[..place], row) {
                    Some(node) => MemberValue::Aggregates(node),
                    None => continue,
                },
                _ => self.part(field, row, left_joins),
            };
            members.push(Member { key: &field.key, part });
        }
        members
    }

    fn part(&mut self, field: &'a Field, row: RowId, left_joins: &mut Vec<RowId>) -> MemberValue<'a> {
        let when = field.when.as_ref();
        match &field.form {
            Form::Scalar(scalar) => {
                self.read(row, &scalar.value);
                MemberValue::Scalar { row, scalar, when, may_be_absent: false }
            }
            Form::Constant { value, .. } => MemberValue::Constant { row, token: value.to_string(), when },
            Form::SameRow { fields, .. } => {
                let members = self.members(fields, row, left_joins);
                let presence = when.map_or(Presence::Always, |when| Presence::When(row, when));
                MemberValue::Object { presence, members }
            }
            Form::Relation(relation) if is_inline(relation) => self.inline(field, relation, row, left_joins),
            Form::Relation(relation) => MemberValue::Slot(self.related(field, relation, row)),
            Form::Aggregate(_) => unreachable!("aggregates are taken together by their caller"),
        }
    }

    /// A to-one: rows of the same node.
    fn inline(
        &mut self,
        field: &'a Field,
        relation: &'a Relation,
        row: RowId,
        left_joins: &mut Vec<RowId>,
    ) -> MemberValue<'a> {
        let chain = self.chain(&relation.path, row, &field.path, Some(self.rows[row].first));
        self.rows[chain[0]].when = field.when.as_ref();
        left_joins.extend(chain.iter());
        let target = *chain.last();
        match &relation.shape {
            Shape::Object { fields, .. } => {
                let members = self.members(fields, target, left_joins);
                MemberValue::Object { presence: Presence::Row(target), members }
            }
            Shape::Value(scalar) => {
                self.read(target, &scalar.value);
                MemberValue::Scalar { row: target, scalar, when: None, may_be_absent: true }
            }
        }
    }

    fn related(&mut self, field: &'a Field, relation: &'a Relation, row: RowId) -> NodeId {
        let chain = self.chain(&relation.path, row, &field.path, None);
        let target = *chain.last();
        relation.order_by.iter().for_each(|item| self.read(target, &item.value));
        let ties = tie_columns(self, &chain);
        self.rows[target].columns.extend(ties);
        let mut left_joins = Vec::new();
        let shape = match &relation.shape {
            Shape::Object { fields, .. } => {
                RelationShape::Object(self.members(fields, target, &mut left_joins))
            }
            Shape::Value(scalar) => {
                self.read(target, &scalar.value);
                RelationShape::Value(scalar)
            }
        };
        let content = NodeContent::Related(relation, shape);
        let when = field.when.as_ref();
        self.nodes.push(QueryNode { path: &field.path, chain, when, left_joins, content });
        self.nodes.len() - 1
    }

    /// One node for the first of these fields and all after it that aggregate over the same rows; none where
    /// one of those before it has taken it.
    fn aggregates(&mut self, fields: &'a [Field], before: &'a [Field], row: RowId) -> Option<NodeId> {
        let first = &fields[0];
        if before.iter().any(|field| same_rows(field, first)) {
            return None;
        }
        let merged = || fields.iter().filter(|field| same_rows(field, first));
        let members: Vec<(&'a str, &'a Aggregate)> = merged()
            .filter_map(|field| match &field.form {
                Form::Aggregate(aggregate) => Some((field.key.as_str(), aggregate)),
                _ => None,
            })
            .collect();
        let chain = self.chain(&members[0].1.path, row, &first.path, None);
        for field in merged().skip(1) {
            self.add_roles(&chain, &field.path);
        }
        let target = *chain.last();
        for (_, aggregate) in &members {
            aggregate.of.iter().for_each(|of| self.read(target, of));
            if aggregate.distinct && aggregate.of.is_none() {
                let key = self.rows[target].table.primary_key().unwrap_or_default();
                self.rows[target].columns.extend(key.into_iter().map(str::to_owned));
            }
        }
        let content = NodeContent::Aggregates(members);
        let when = first.when.as_ref();
        self.nodes.push(QueryNode { path: &first.path, chain, when, left_joins: Vec::new(), content });
        Some(self.nodes.len() - 1)
    }

    /// The rows of a path, each joined to the one before; without a node's first row they begin one.
    fn chain(
        &mut self,
        path: &'a NonEmpty<Join>,
        from: RowId,
        field: &str,
        first: Option<RowId>,
    ) -> NonEmpty<RowId> {
        let first = first.unwrap_or(self.rows.len());
        let mut parent = from;
        let mut chain = Vec::new();
        for join in path.iter() {
            self.rows[parent].columns.extend(join.pairs.iter().map(|pair| pair.parent.clone()));
            let mut columns: BTreeSet<String> = join.pairs.iter().map(|pair| pair.child.clone()).collect();
            columns.extend(join.condition.iter().flat_map(Condition::columns));
            self.rows.push(Row {
                table: &join.table,
                parent: Some(parent),
                pairs: &join.pairs,
                condition: join.condition.as_ref(),
                when: None,
                to_one: join.to_one,
                roles: BTreeSet::new(),
                columns,
                first,
            });
            parent = self.rows.len() - 1;
            chain.push(parent);
        }
        self.add_roles(&chain, field);
        NonEmpty::new(chain).expect("a path has at least one join")
    }

    /// Names the field in its rows' roles; if its path joins a table twice, the hops' numbers distinguish them.
    fn add_roles(&mut self, chain: &[RowId], field: &str) {
        for (place, row) in chain.iter().enumerate() {
            let name = &self.rows[*row].table.name;
            let is_twice = chain.iter().filter(|other| self.rows[**other].table.name == *name).count() > 1;
            let role = if is_twice { format!("{field}#{}", place + 1) } else { field.to_owned() };
            self.rows[*row].roles.insert(role);
        }
    }

    fn read(&mut self, row: RowId, value: &ValueSource) {
        match value {
            ValueSource::Column(column) => {
                self.rows[row].columns.insert(column.clone());
            }
            ValueSource::Sql(text) => self.rows[row].columns.extend(text.columns()),
        }
    }
}

/// Whether a relation is read by LEFT JOINs of the node that contains it.
fn is_inline(relation: &Relation) -> bool {
    !relation.verb.is_to_many() && relation.path.iter().all(|join| join.to_one)
}

/// Whether two fields of one object aggregate over the same rows.
fn same_rows(left: &Field, right: &Field) -> bool {
    let (Form::Aggregate(one), Form::Aggregate(other)) = (&left.form, &right.form) else { return false };
    let same_join = |(a, b): (&Join, &Join)| {
        a.table.name == b.table.name && a.pairs == b.pairs && a.condition == b.condition
    };
    left.when == right.when
        && one.path.len() == other.path.len()
        && one.path.iter().zip(other.path.iter()).all(same_join)
}

//! Conditions bound to a table's row: every column exists, every value is of its column's type.

use flusso_lints::{unknown_column, wrong_type};

use super::Checker;
use super::column::{described, type_of};
use super::literal::ExpectedType;
use crate::condition::{Condition, Literal, Test};
use crate::diagnostic::Place;
use crate::model::Table;
use crate::pg_type::PgType;
use crate::syntax::condition::{Conditions, Part, Tests, empty_list};
use crate::syntax::keys::At;
use crate::syntax::tree::{Content, Node, YamlScalar};

/// What to do about an empty list.
const ADD_VALUES: &str = "add values, or remove the test";

impl Checker<'_> {
    /// Binds conditions that must all hold, and lets the server judge them.
    pub(super) fn conditions(&mut self, conditions: &Conditions, table: &Table) -> Option<Condition> {
        let bound = self.all(conditions, table)?;
        let place = conditions.first().and_then(place_of)?;
        self.judge_condition(&bound, &place, table).then_some(bound)
    }

    /// Parts that must all hold, in an order of their own: that of a map's keys has no meaning.
    fn all(&mut self, conditions: &Conditions, table: &Table) -> Option<Condition> {
        let parts: Vec<Option<Condition>> = conditions.iter().map(|part| self.part(part, table)).collect();
        let bound = parts.into_iter().collect::<Option<Vec<Condition>>>()?;
        let places = conditions.iter().map(place_of);
        self.can_hold(bound.iter().zip(places), table)?;
        Some(single_or(Condition::All)(sorted(bound)))
    }

    fn part(&mut self, part: &Part, table: &Table) -> Option<Condition> {
        let mut each = |list: &[Conditions]| {
            let bound: Vec<Option<Condition>> =
                list.iter().map(|conditions| self.all(conditions, table)).collect();
            bound.into_iter().collect::<Option<Vec<_>>>()
        };
        match part {
            Part::Any(list) => each(list).map(single_or(Condition::Any)),
            Part::All(list) => each(list).map(single_or(Condition::All)),
            Part::Not(conditions) => self.all(conditions, table).map(|inner| Condition::Not(Box::new(inner))),
            Part::Sql(text) => self.sql_text(&text.value, &text.place, table).map(Condition::Sql),
            Part::Column(name, tests) => self.tests(name, tests, table),
        }
    }

    fn tests(&mut self, name: &At<String>, tests: &Tests, table: &Table) -> Option<Condition> {
        if table.column(&name.value).is_none() && name.value.contains('.') {
            let short = self.short(&table.name);
            self.push(unknown_column::of_another_row(&short, &name.value, name.place.clone()));
            return None;
        }
        let column = self.column(table, name, ", so it cannot filter rows")?;
        let expected = ExpectedType {
            pg_type: type_of(table, column),
            column: column.name.clone(),
            note: described(&self.short(&table.name), column),
        };
        let nullable = !column.not_null;
        let bind = |test: Test| Condition::Column { column: expected.column.clone(), nullable, test };
        let found = match tests {
            Tests::Equal(node) => self.equal(node, &expected),
            Tests::In(nodes, place) => return self.one_of(nodes, place, &expected, nullable),
            Tests::Operators(operators) => {
                let parts: Vec<Option<Condition>> = operators
                    .iter()
                    .map(|(operator, node)| {
                        self.operator(operator, node, &expected)
                            .map(|test| test.into_condition(&expected, nullable))
                    })
                    .collect();
                return parts
                    .into_iter()
                    .collect::<Option<Vec<_>>>()
                    .map(sorted)
                    .map(single_or(Condition::All));
            }
        };
        found.map(bind)
    }

    /// PREPARE accepts the comparison of a row whose parts have no equality, but the first row fails.
    fn has_equality(&mut self, place: Place, expected: &ExpectedType) -> Option<()> {
        if expected.pg_type.has_equality() {
            return Some(());
        }
        self.push(expected.as_compared().no_equality(place));
        None
    }

    fn equal(&mut self, node: &Node, expected: &ExpectedType) -> Option<Test> {
        if node.scalar() == Some(YamlScalar::Null) {
            return Some(Test::Null);
        }
        self.has_equality(Place::new(self.file, node.span.clone()), expected)?;
        self.scalar_only(node, expected)?;
        Some(Test::Compare("=", self.literal(node, expected)?))
    }

    /// An array is not compared with one value.
    fn scalar_only(&mut self, node: &Node, expected: &ExpectedType) -> Option<()> {
        if !expected.pg_type.array {
            return Some(());
        }
        let place = Place::new(self.file, node.span.clone());
        self.push(expected.as_compared().list_with_one_value(&node.json().to_string(), place));
        None
    }

    /// `[a, null]`: one of the values, or null.
    fn one_of(
        &mut self,
        nodes: &[Node],
        place: &Place,
        expected: &ExpectedType,
        nullable: bool,
    ) -> Option<Condition> {
        let bind = |test: Test| Condition::Column { column: expected.column.clone(), nullable, test };
        if nodes.is_empty() {
            self.push(empty_list(place.clone(), "no row can match", ADD_VALUES));
            return None;
        }
        if let Some(node) = nodes.iter().find(|node| !is_null(node)) {
            self.scalar_only(node, expected)?;
            self.has_equality(place.clone(), expected)?;
        }
        let (values, has_null) = self.list(nodes, expected)?;
        Some(match (values.is_empty(), has_null) {
            (true, _) => bind(Test::Null),
            (false, false) => bind(Test::In(values)),
            (false, true) => Condition::Any(vec![bind(Test::In(values)), bind(Test::Null)]),
        })
    }

    /// The values of a list that are not null, and whether null is among them.
    fn list(&mut self, nodes: &[Node], expected: &ExpectedType) -> Option<(Vec<Literal>, bool)> {
        let has_null = nodes.iter().any(|node| node.scalar() == Some(YamlScalar::Null));
        let others = nodes.iter().filter(|node| node.scalar() != Some(YamlScalar::Null));
        let values: Vec<Option<Literal>> = others.map(|node| self.literal(node, expected)).collect();
        Some((values.into_iter().collect::<Option<_>>()?, has_null))
    }

    fn operator(&mut self, operator: &At<String>, node: &Node, expected: &ExpectedType) -> Option<Bound> {
        self.operator_fits(operator, node, expected)?;
        let test = match operator.value.as_str() {
            "ne" => return self.not_equal(node, expected),
            "lt" => Test::Compare("<", self.literal(node, expected)?),
            "lte" => Test::Compare("<=", self.literal(node, expected)?),
            "gt" => Test::Compare(">", self.literal(node, expected)?),
            "gte" => Test::Compare(">=", self.literal(node, expected)?),
            "between" => self.between(operator, node, expected)?,
            "like" => text_test("like", self.pattern(node, expected)?, &expected.pg_type),
            "ilike" => text_test("ilike", self.pattern(node, expected)?, &expected.pg_type),
            "starts_with" => starts_with(self.literal(node, &expected.as_text())?, &expected.pg_type),
            "contains" => Test::Compare("@>", self.many("contains", node, expected)?),
            _ => Test::Compare("&&", self.many("overlaps", node, expected)?),
        };
        Some(Bound::One(test))
    }

    fn operator_fits(&mut self, operator: &At<String>, node: &Node, expected: &ExpectedType) -> Option<()> {
        let pg_type = &expected.pg_type;
        if ["like", "ilike", "starts_with"].contains(&operator.value.as_str())
            && !pg_type.collation_deterministic
        {
            // PREPARE takes it, and the first row fails.
            let compared = expected.as_compared();
            self.push(compared.nondeterministic_collation(&operator.value, operator.place.clone()));
            return None;
        }
        let value = values_of(node).iter().find(|node| !is_null(node));
        let needs_equality = match operator.value.as_str() {
            "ne" => value.is_some(),
            "contains" | "overlaps" => pg_type.array,
            _ => false,
        };
        if needs_equality {
            self.has_equality(operator.place.clone(), expected)?;
        }
        let is_compared = ["ne", "lt", "lte", "gt", "gte", "between"].contains(&operator.value.as_str());
        if let Some(value) = value.filter(|_| is_compared) {
            self.scalar_only(value, expected)?;
        }
        let (fits, needs) = match operator.value.as_str() {
            "lt" | "lte" | "gt" | "gte" | "between" => (pg_type.is_ordered(), "a type with an order"),
            "like" | "ilike" | "starts_with" => (pg_type.is_text(), "text"),
            "contains" => (pg_type.array || takes_contains(pg_type), "a list, a range or jsonb"),
            "overlaps" => (pg_type.array || is_range(pg_type), "a list or a range"),
            _ => (true, ""),
        };
        if fits {
            return Some(());
        }
        self.push(expected.as_compared().operator(&operator.value, needs, operator.place.clone()));
        None
    }

    fn not_equal(&mut self, node: &Node, expected: &ExpectedType) -> Option<Bound> {
        if let Content::List(nodes) = &node.content {
            self.names_values(nodes, node, "`ne` excludes nothing")?;
            let (values, has_null) = self.list(nodes, expected)?;
            return Some(match (values.is_empty(), has_null) {
                (true, _) => Bound::One(Test::NotNull),
                (false, false) => Bound::One(Test::NotIn(values)),
                (false, true) => Bound::Both(Test::NotIn(values), Test::NotNull),
            });
        }
        if node.scalar() == Some(YamlScalar::Null) && !node.is_missing() {
            return Some(Bound::One(Test::NotNull));
        }
        Some(Bound::One(Test::NotEqual(self.literal(node, expected)?)))
    }

    fn names_values(&mut self, nodes: &[Node], list: &Node, so: &str) -> Option<()> {
        if !nodes.is_empty() {
            return Some(());
        }
        let place = Place::new(self.file, list.span.clone());
        self.push(empty_list(place, so, ADD_VALUES));
        None
    }

    fn between(&mut self, operator: &At<String>, node: &Node, expected: &ExpectedType) -> Option<Test> {
        let Content::List(nodes) = &node.content else { return self.two_values(operator) };
        let [low, high] = nodes.as_slice() else { return self.two_values(operator) };
        let (low, high) = (self.literal(low, expected), self.literal(high, expected));
        Some(Test::Between(low?, high?))
    }

    fn two_values(&mut self, operator: &At<String>) -> Option<Test> {
        self.push(wrong_type::two_values(operator.place.clone()));
        None
    }

    /// What an array or a range contains or overlaps: one value or several.
    fn many(&mut self, operator: &str, node: &Node, expected: &ExpectedType) -> Option<Literal> {
        if !expected.pg_type.array {
            return match expected.as_bound().filter(|_| operator == "contains" && is_bound(node)) {
                Some(bound) => Some(self.literal(node, &bound)?.typed(&bound.pg_type)),
                None => self.literal(node, &expected.as_opaque()),
            };
        }
        let element = ExpectedType { pg_type: expected.pg_type.element(), ..expected.clone() };
        let nodes = values_of(node);
        self.names_values(nodes, node, "there is nothing to compare with")?;
        let values: Vec<Option<Literal>> = nodes.iter().map(|node| self.literal(node, &element)).collect();
        Some(Literal::Array(values.into_iter().collect::<Option<_>>()?, expected.pg_type.cast_name()))
    }
}

/// What one operator comes to.
enum Bound {
    One(Test),
    Both(Test, Test),
}

impl Bound {
    fn into_condition(self, expected: &ExpectedType, nullable: bool) -> Condition {
        let bind = |test: Test| Condition::Column { column: expected.column.clone(), nullable, test };
        match self {
            Self::One(test) => bind(test),
            Self::Both(first, second) => Condition::All(vec![bind(first), bind(second)]),
        }
    }
}

fn is_null(node: &Node) -> bool {
    node.scalar() == Some(YamlScalar::Null) && !node.is_missing()
}

/// The values of a list, or the single value.
fn values_of(node: &Node) -> &[Node] {
    match &node.content {
        Content::List(nodes) => nodes,
        _ => std::slice::from_ref(node),
    }
}

/// Whether it is one value that a range may contain, and no range.
fn is_bound(node: &Node) -> bool {
    match node.scalar() {
        Some(YamlScalar::Text(text)) => !text.starts_with(['[', '(', '{']) && text.trim() != "empty",
        scalar => scalar.is_some(),
    }
}

/// Enums, XML and paths have no `like` of their own.
fn text_test(operator: &'static str, value: Literal, pg_type: &PgType) -> Test {
    use crate::pg_type::BaseType as B;
    match pg_type.base {
        B::Enum { .. } | B::Xml | B::Ltree => Test::TextLike(operator, value, Box::new(pg_type.clone())),
        _ => Test::Compare(operator, value),
    }
}

/// A cast to text would make comparisons of `citext` case-sensitive.
fn starts_with(value: Literal, pg_type: &PgType) -> Test {
    match pg_type.base {
        crate::pg_type::BaseType::Citext => Test::StartsWithFolded(value),
        _ => Test::StartsWith(value, Box::new(pg_type.clone())),
    }
}

fn is_range(pg_type: &PgType) -> bool {
    matches!(pg_type.base, crate::pg_type::BaseType::Range(_))
}

fn takes_contains(pg_type: &PgType) -> bool {
    is_range(pg_type)
        || matches!(pg_type.base, crate::pg_type::BaseType::Jsonb | crate::pg_type::BaseType::Hstore)
}

/// One condition by itself, several as a combination.
fn single_or(combine: fn(Vec<Condition>) -> Condition) -> impl FnOnce(Vec<Condition>) -> Condition {
    move |mut parts| if parts.len() == 1 { parts.remove(0) } else { combine(parts) }
}

/// Tests of columns first, by name, and expressions last: Postgres tests parts of equal cost in this order, so
/// `{ total: { gt: 0 }, sql: "100 / total > 5" }` divides by no zero.
fn sorted(mut parts: Vec<Condition>) -> Vec<Condition> {
    let rank = |part: &Condition| match part {
        Condition::Column { .. } => 0,
        Condition::All(_) | Condition::Any(_) | Condition::Not(_) => 1,
        Condition::Sql(_) => 2,
    };
    parts.sort_by_cached_key(|part| (rank(part), part.text()));
    parts
}

fn place_of(part: &Part) -> Option<Place> {
    match part {
        Part::Column(name, _) => Some(name.place.clone()),
        Part::Sql(text) => Some(text.place.clone()),
        Part::Any(list) | Part::All(list) => list.iter().flatten().find_map(place_of),
        Part::Not(list) => list.iter().find_map(place_of),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pg_type::Enums;

    #[test]
    fn citext_begins_so_in_either_case() {
        let beginning = |name: &str| {
            let pg_type = PgType::of_text(name, &Enums::new());
            starts_with(Literal::Text("AnN".to_owned()), &pg_type)
        };
        assert_eq!(beginning("public.citext"), Test::StartsWithFolded(Literal::Text("AnN".to_owned())));
        assert!(matches!(beginning("text"), Test::StartsWith(..)));
    }
}

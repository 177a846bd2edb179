//! The forms of a field: what its keys may be depends on its head.

use crate::model::{Function, Verb};

/// A set of forms. A mapping with one form only has them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forms(u32);

impl Forms {
    /// `kind` alone: a value of the row.
    pub const SCALAR: Self = Self(1);
    /// `fields` alone: an object over the row.
    pub const OBJECT: Self = Self(1 << 1);
    /// `constant` alone: the kind follows from the value.
    pub const CONSTANT: Self = Self(1 << 2);
    /// `constant` with a `kind` beside it.
    pub const CONSTANT_OF_KIND: Self = Self(1 << 3);
    /// `belongs_to` with `fields`: one object.
    pub const BELONGS_TO_OBJECT: Self = Self(1 << 4);
    /// `belongs_to` with `value`: one value.
    pub const BELONGS_TO_VALUE: Self = Self(1 << 5);
    /// `has_one` with `fields`: one object.
    pub const HAS_ONE_OBJECT: Self = Self(1 << 6);
    /// `has_one` with `value`: one value.
    pub const HAS_ONE_VALUE: Self = Self(1 << 7);
    /// `has_many` with `fields`: a list of objects.
    pub const HAS_MANY_OBJECTS: Self = Self(1 << 8);
    /// `has_many` with `value`: a list of values.
    pub const HAS_MANY_VALUES: Self = Self(1 << 9);
    /// `many_to_many` with `fields`: a list of objects.
    pub const MANY_TO_MANY_OBJECTS: Self = Self(1 << 10);
    /// `many_to_many` with `value`: a list of values.
    pub const MANY_TO_MANY_VALUES: Self = Self(1 << 11);
    /// `count` alone, which is `long`.
    pub const COUNT: Self = Self(1 << 12);
    /// `count` with a `kind`.
    pub const COUNT_OF_KIND: Self = Self(1 << 13);
    /// `avg` alone, which is `double`.
    pub const AVG: Self = Self(1 << 14);
    /// `avg` with a `kind`.
    pub const AVG_OF_KIND: Self = Self(1 << 15);
    /// `sum`, whose kind is required.
    pub const SUM: Self = Self(1 << 16);
    /// `min`, whose kind is required.
    pub const MIN: Self = Self(1 << 17);
    /// `max`, whose kind is required.
    pub const MAX: Self = Self(1 << 18);
    /// `exists`, which is always `boolean`.
    pub const EXISTS: Self = Self(1 << 19);

    /// Every form of a field.
    pub const ALL: Self = Self((1 << 20) - 1);
    /// `constant` with and without `kind`.
    pub const CONSTANTS: Self = Self::CONSTANT.and(Self::CONSTANT_OF_KIND);
    /// A relation that shows objects.
    pub const OF_OBJECTS: Self = Self::BELONGS_TO_OBJECT
        .and(Self::HAS_ONE_OBJECT)
        .and(Self::HAS_MANY_OBJECTS)
        .and(Self::MANY_TO_MANY_OBJECTS);
    /// A relation that shows one value, or nothing.
    pub const TO_ONE_VALUE: Self = Self::BELONGS_TO_VALUE.and(Self::HAS_ONE_VALUE);
    /// A relation that shows a list of values.
    pub const TO_MANY_VALUES: Self = Self::HAS_MANY_VALUES.and(Self::MANY_TO_MANY_VALUES);
    /// A relation that shows values.
    pub const OF_VALUES: Self = Self::TO_ONE_VALUE.and(Self::TO_MANY_VALUES);
    /// A relation that gives at most one row.
    pub const TO_ONE: Self = Self::TO_ONE_VALUE.and(Self::BELONGS_TO_OBJECT).and(Self::HAS_ONE_OBJECT);
    /// A relation that gives a list.
    pub const TO_MANY: Self =
        Self::TO_MANY_VALUES.and(Self::HAS_MANY_OBJECTS).and(Self::MANY_TO_MANY_OBJECTS);
    /// `has_one` in both forms.
    pub const HAS_ONE: Self = Self::HAS_ONE_OBJECT.and(Self::HAS_ONE_VALUE);
    /// `many_to_many` in both forms.
    pub const MANY_TO_MANY: Self = Self::MANY_TO_MANY_OBJECTS.and(Self::MANY_TO_MANY_VALUES);
    /// Every form with a relation.
    pub const RELATIONS: Self = Self::TO_ONE.and(Self::TO_MANY);
    /// `count` with and without `kind`.
    pub const COUNTS: Self = Self::COUNT.and(Self::COUNT_OF_KIND);
    /// `avg` with and without `kind`.
    pub const AVGS: Self = Self::AVG.and(Self::AVG_OF_KIND);
    /// Aggregates whose result has the kind that is written.
    pub const SUM_MIN_MAX: Self = Self::SUM.and(Self::MIN).and(Self::MAX);
    /// Aggregates that have no value over no rows.
    pub const MAYBE_NULL: Self = Self::SUM_MIN_MAX.and(Self::AVGS);
    /// Every form with an aggregate.
    pub const AGGREGATES: Self = Self::MAYBE_NULL.and(Self::COUNTS).and(Self::EXISTS);
    /// Forms with any kind beside them that may bring keys of its own.
    pub const OF_KIND: Self = Self::SCALAR
        .and(Self::OF_VALUES)
        .and(Self::SUM_MIN_MAX)
        .and(Self::COUNT_OF_KIND)
        .and(Self::AVG_OF_KIND);

    /// The union of both sets.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether they have a form in common.
    pub const fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Every form by itself.
    pub fn each() -> impl Iterator<Item = Self> {
        (0..20).map(|bit| Self(1 << bit))
    }

    /// A relation that shows objects, or values.
    pub fn of_relation(verb: Verb, shows_objects: bool) -> Self {
        match (verb, shows_objects) {
            (Verb::BelongsTo, true) => Self::BELONGS_TO_OBJECT,
            (Verb::BelongsTo, false) => Self::BELONGS_TO_VALUE,
            (Verb::HasOne, true) => Self::HAS_ONE_OBJECT,
            (Verb::HasOne, false) => Self::HAS_ONE_VALUE,
            (Verb::HasMany, true) => Self::HAS_MANY_OBJECTS,
            (Verb::HasMany, false) => Self::HAS_MANY_VALUES,
            (Verb::ManyToMany, true) => Self::MANY_TO_MANY_OBJECTS,
            (Verb::ManyToMany, false) => Self::MANY_TO_MANY_VALUES,
        }
    }

    /// An aggregate with a kind that is written, or without.
    pub fn of_aggregate(function: Function, has_kind: bool) -> Self {
        match (function, has_kind) {
            (Function::Count, false) => Self::COUNT,
            (Function::Count, true) => Self::COUNT_OF_KIND,
            (Function::Avg, false) => Self::AVG,
            (Function::Avg, true) => Self::AVG_OF_KIND,
            (Function::Sum, _) => Self::SUM,
            (Function::Min, _) => Self::MIN,
            (Function::Max, _) => Self::MAX,
            (Function::Exists, _) => Self::EXISTS,
        }
    }

    /// The head of one form; none where it has none.
    pub(super) fn head(self) -> Option<&'static str> {
        const HEADS: [(&str, Forms); 11] = [
            ("constant", Forms::CONSTANTS),
            ("belongs_to", Forms::BELONGS_TO_OBJECT.and(Forms::BELONGS_TO_VALUE)),
            ("has_one", Forms::HAS_ONE),
            ("has_many", Forms::HAS_MANY_OBJECTS.and(Forms::HAS_MANY_VALUES)),
            ("many_to_many", Forms::MANY_TO_MANY),
            ("count", Forms::COUNTS),
            ("avg", Forms::AVGS),
            ("sum", Forms::SUM),
            ("min", Forms::MIN),
            ("max", Forms::MAX),
            ("exists", Forms::EXISTS),
        ];
        HEADS.iter().find(|(_, forms)| forms.holds(self)).map(|(head, _)| *head)
    }

    /// What a field of these forms is called in messages.
    pub fn name(self) -> &'static str {
        match self {
            forms if Self::CONSTANTS.holds(forms) => "a constant",
            forms if Self::RELATIONS.holds(forms) => "a relation",
            forms if Self::AGGREGATES.holds(forms) => "an aggregate",
            _ => "a field",
        }
    }

    const fn holds(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

//! A list with at least one item: the joins of a path, the rows of a query.

use std::ops::Deref;

/// At least one item, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NonEmpty<T>(Vec<T>);

impl<T> NonEmpty<T> {
    /// A list of exactly one item.
    pub fn one(item: T) -> Self {
        Self(vec![item])
    }

    /// These items; none where there are none.
    pub fn new(items: Vec<T>) -> Option<Self> {
        (!items.is_empty()).then_some(Self(items))
    }

    /// The last item: the target of a path.
    pub fn last(&self) -> &T {
        self.split_last().0
    }

    /// The last item and those before it: the target of a path and its hops.
    pub fn split_last(&self) -> (&T, &[T]) {
        self.0.split_last().expect("no constructor takes an empty list")
    }
}

impl<T> Deref for NonEmpty<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

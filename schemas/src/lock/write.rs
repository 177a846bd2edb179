//! The canonical writer.

use super::{IndexPlan, Lock};

/// The lock's one spelling.
pub fn write(_lock: &Lock) -> String {
    todo!()
}

/// The one `[[index]]` block with its nodes and edges, as it stands in the lock.
pub fn index_text(_index: &IndexPlan) -> String {
    todo!()
}

//! Whether the catalog of now is the one that a generation was built under, and what its record becomes.

use flusso_schemas::state::CatalogRecord;

use crate::drift::{Compare, Difference, differences, renewed, with_managed};

/// What the catalog means for a generation that is not known to be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It was built under this very catalog.
    Same,
    /// It was built under a catalog that differs in what documents do not depend on: the record to write
    /// instead. Unwritten, a file node of today and a column's version of tomorrow would look like a rewrite.
    Renewed(CatalogRecord),
    /// The rows of a table may have been rewritten, which no change tells: only comparing every document
    /// settles it.
    Doubtful(Doubt),
}

/// What casts doubt on a generation, and what its record becomes on both sides of the comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The tables that may have been rewritten; never empty.
    pub differences: Vec<Difference>,
    /// The record until then: whoever reads it finds the comparison still owed.
    pub meanwhile: CatalogRecord,
    /// The record once every document was compared. It was read before the comparison, so that a rewrite
    /// during it shows.
    pub compared: CatalogRecord,
}

impl Fit {
    /// Compares two records of a catalog. The error is every difference, where one of them means that
    /// documents are wrong.
    pub fn of(
        recorded: &CatalogRecord,
        now: CatalogRecord,
        compare: Compare,
    ) -> Result<Self, Vec<Difference>> {
        let differences = differences(recorded, &now, compare);
        if !differences.iter().all(Difference::is_doubt) {
            return Err(differences);
        }
        let now = renewed(recorded, now);
        Ok(match differences.is_empty() {
            true if now == *recorded => Self::Same,
            true => Self::Renewed(now),
            false => {
                let meanwhile = with_managed(recorded, &now);
                Self::Doubtful(Doubt { differences, meanwhile, compared: now })
            }
        })
    }
}

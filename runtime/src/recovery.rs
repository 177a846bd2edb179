//! Why following cannot continue from what was confirmed, and the remedy for each cause.
//!
//! A [`DriftCause`] is raised where it is noticed, with what is known there; its help is added where the
//! command ends, because only there slot, state indexes and connections are known by name
//! ([`Names`]). A cause that concerns the whole source needs everything to be rebuilt from a new slot;
//! a cause that concerns one index needs that index only.
//!
//! Rule *start-up* of docs/correctness.md.

mod names;

pub use names::Names;

use flusso_schemas::lsn::Lsn;

use crate::drift::{Difference, listed};
use crate::error::{Error, ErrorKind};

/// What no longer fits the state, so that documents may have missed changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DriftCause {
    /// The system identifier is another one: mostly a wrong connection, which must never lead one
    /// environment's alias to another's rows.
    OtherCluster {
        /// The sink whose state says so.
        sink: String,
    },
    /// Another database of the same cluster: mostly a wrong connection, as above.
    OtherDatabase {
        /// The sink whose state says so.
        sink: String,
        /// The database that the state was written for.
        recorded: String,
        /// The database of the connection.
        current: String,
        /// The slot that the state names.
        slot: String,
    },
    /// The timeline is another one: a standby was promoted, and what the old primary wrote last may
    /// not be there.
    OtherTimeline {
        /// The sink whose state says so.
        sink: String,
        /// The timeline of the state.
        recorded: u32,
        /// The timeline of the server now.
        current: u32,
    },
    /// The log ends before what was confirmed: the database is an earlier copy of itself.
    Restored {
        /// The sink whose state says so.
        sink: String,
        /// The position that the state holds as confirmed.
        confirmed: Lsn,
        /// Where the log ends.
        end: Lsn,
    },
    /// The log does not hold what was confirmed: the database was restored from a copy and has written past
    /// what was confirmed since.
    HistoryDiffers {
        /// The position that the state holds as confirmed.
        confirmed: Lsn,
    },
    /// The lock names another slot than the one that was followed.
    OtherSlot {
        /// The sink whose state says so.
        sink: String,
        /// The slot that the state names.
        recorded: String,
        /// The slot that the lock names.
        planned: String,
    },
    /// The publication was dropped: the slot's changes can no longer be decoded.
    PublicationGone {
        /// Name of the publication.
        publication: String,
    },
    /// The publication was dropped and created again: changes in between were not published.
    PublicationRecreated {
        /// Name of the publication.
        publication: String,
    },
    /// The slot was dropped: nothing kept the changes since.
    SlotGone {
        /// Name of the slot.
        slot: String,
    },
    /// A slot of the same name that something else created.
    SlotForeign {
        /// Name of the slot.
        slot: String,
        /// How it differs, a sentence that begins with `it`.
        difference: String,
    },
    /// A slot of the same name that belongs to another database of the cluster.
    SlotElsewhere {
        /// Name of the slot.
        slot: String,
        /// The database it belongs to.
        database: String,
        /// The database of the connection.
        current: String,
    },
    /// A slot of ours without a state: the state was deleted, or is in another cluster than the sinks'.
    SlotUnclaimed {
        /// Name of the slot.
        slot: String,
    },
    /// Postgres removed log that the slot still needed.
    SlotLost {
        /// Name of the slot.
        slot: String,
    },
    /// The slot was advanced, or dropped and created again: changes were skipped.
    SlotAhead {
        /// Name of the slot.
        slot: String,
        /// Where the slot is.
        position: Lsn,
        /// The position that the state holds as confirmed.
        confirmed: Lsn,
    },
    /// The stream carries a change without the columns that lead to its documents.
    UnusableChange {
        /// The missing part, as a clause.
        reason: String,
    },
    /// The state index was deleted.
    StateGone {
        /// Name of the project.
        project: String,
    },
    /// Something about one generation; everything else is still right.
    Index {
        /// Name of its concrete index.
        generation: String,
        /// What happened to it.
        drift: IndexDrift,
    },
}

/// What happened to one generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexDrift {
    /// It was marked as stale before.
    Stale {
        /// Changes from here on may be missing.
        since: Lsn,
        /// Why it was marked.
        reason: String,
    },
    /// The concrete index was deleted.
    Gone,
    /// It was deleted, and another index has its name.
    Recreated,
    /// It was restored from a snapshot, which lacks what was written since.
    Restored,
    /// It was not fed while other indexes were.
    MissedChanges,
    /// Something changed in the source's catalog that sends no change of a row.
    CatalogChanged {
        /// What changed, at least one item.
        differences: Vec<Difference>,
    },
}

impl DriftCause {
    /// The error that stops a command for this cause.
    pub fn error(self) -> Error {
        Error::new(ErrorKind::Drift, self.message()).with_cause(self)
    }

    /// What happened, and what follows from it.
    pub fn message(&self) -> String {
        match self {
            Self::OtherCluster { sink } => format!(
                "the state in sink `{sink}` was written for another Postgres cluster: the rows of this database may not be those of the indexes"
            ),
            Self::OtherDatabase { sink, recorded, current, .. } if recorded == current => format!(
                "the state in sink `{sink}` was written for an earlier database `{recorded}`: it was dropped \
                 and created again, and may hold other rows than the indexes"
            ),
            Self::OtherDatabase { sink, recorded, current, .. } => format!(
                "the state in sink `{sink}` was written for database `{recorded}`, and the connection leads to \
                 database `{current}` of the same Postgres cluster, which may hold other rows than the indexes"
            ),
            Self::OtherTimeline { sink, recorded, current } => format!(
                "the state in sink `{sink}` was written on timeline {recorded} and the primary is on timeline \
                 {current}: it was promoted, and changes around the promotion may be missing"
            ),
            Self::Restored { sink, confirmed, end } => format!(
                "sink `{sink}` holds changes up to `{confirmed}` and the log ends at `{end}`: the database was \
                 restored to an earlier time"
            ),
            Self::HistoryDiffers { confirmed } => format!(
                "the source has another history than the one that was followed (`{confirmed}` was confirmed last): \
                 the database was restored from a copy, and the indexes may hold rows that it does not"
            ),
            Self::OtherSlot { sink, recorded, planned } => format!(
                "the state in sink `{sink}` follows slot `{recorded}` and the lock names slot `{planned}`: the \
                 new slot lacks the changes since"
            ),
            Self::PublicationGone { publication } => {
                format!("publication `{publication}` was dropped: the changes since then cannot be read")
            }
            Self::PublicationRecreated { publication } => format!(
                "publication `{publication}` was dropped and created again: changes in between are lost"
            ),
            Self::SlotGone { slot } => {
                format!("replication slot `{slot}` was dropped: the changes since then are lost")
            }
            Self::SlotForeign { slot, difference } => {
                format!("replication slot `{slot}` was not created by flusso: {difference}")
            }
            Self::SlotElsewhere { slot, database, current } => format!(
                "replication slot `{slot}` belongs to database `{database}`, and the connection leads to \
                 database `{current}` of the same Postgres cluster"
            ),
            Self::SlotUnclaimed { slot } => format!(
                "replication slot `{slot}` exists, and no state in a sink knows it: the state was deleted, the sinks \
                 or their `index_prefix` are others than before, or another project uses the slot"
            ),
            Self::SlotLost { slot } => {
                format!("replication slot `{slot}` is lost: Postgres removed WAL that it still needed")
            }
            Self::SlotAhead { slot, position, confirmed } => format!(
                "replication slot `{slot}` is at `{position}`, past the confirmed `{confirmed}`: something else \
                 advanced or recreated it, and the changes in between are lost"
            ),
            Self::UnusableChange { reason } => format!("a change arrived that cannot be followed: {reason}"),
            Self::StateGone { project } => {
                format!("the state of project `{project}` was deleted: the confirmed position is unknown")
            }
            Self::Index { generation, drift } => drift.message(generation),
        }
    }

    /// The way back, as one imperative that is complete enough to paste.
    pub fn help(&self, names: &Names) -> String {
        let rebuild = || names.rebuild_everything(names.slot());
        match self {
            Self::OtherCluster { sink } => format!(
                "check that {} and {} belong together: continuing would point {} at the rows of this database; only if \
                 the database moved to a new cluster, {}",
                names.source(),
                names.sink(sink),
                names.aliases(sink),
                names.move_to_new_cluster(names.slot())
            ),
            Self::OtherDatabase { sink, recorded, current, slot } => format!(
                "check that {} names database `{recorded}`: continuing would point {} in {} at the rows of database \
                 `{current}`; only if the project moved to it, {}",
                names.source(),
                names.aliases(sink),
                names.sink(sink),
                names.accept_new_source(slot)
            ),
            Self::SlotElsewhere { slot, database, current } => format!(
                "check that {} names database `{database}`: continuing would point {} at the rows of database \
                 `{current}`; only if slot `{slot}` belongs to another project, set `source.postgres.slot` to an unused name, \
                 then run `flusso compile`",
                names.source(),
                names.all_aliases(),
            ),
            Self::Restored { .. } | Self::OtherTimeline { .. } | Self::HistoryDiffers { .. } => {
                format!("check that {} is the current primary, then {}", names.source(), rebuild())
            }
            Self::OtherSlot { recorded, planned, .. } => format!(
                "set `source.postgres.slot` back to `{recorded}` and run `flusso compile`; to follow slot \
                 `{planned}` instead, {}",
                names.rebuild_everything(recorded)
            ),
            Self::SlotForeign { .. } => format!(
                "set `source.postgres.slot` to an unused name, run `flusso compile`, then {}",
                names.forget_states()
            ),
            Self::SlotGone { .. } => names.forget_states(),
            Self::SlotUnclaimed { slot } => {
                format!(
                    "check that the state of slot `{slot}` should be in {}, and that no other project uses the \
                     slot; only then {}",
                    names.states(),
                    names.rebuild_from(slot)
                )
            }
            Self::SlotLost { .. } => {
                format!("raise `max_slot_wal_keep_size` on the server, then {}", rebuild())
            }
            Self::PublicationGone { .. }
            | Self::PublicationRecreated { .. }
            | Self::SlotAhead { .. }
            | Self::StateGone { .. }
            | Self::UnusableChange { .. } => rebuild(),
            Self::Index { drift: IndexDrift::CatalogChanged { .. }, .. } => format!(
                "run `flusso compile`, after a rename with the new name in the index file; then {}",
                names.rebuild_one()
            ),
            Self::Index { .. } => names.rebuild_one(),
        }
    }
}

impl IndexDrift {
    fn message(&self, generation: &str) -> String {
        match self {
            Self::Stale { since, reason } => {
                format!("index `{generation}` may have missed changes since `{since}`: {reason}")
            }
            Self::Gone => format!("index `{generation}` was deleted, with everything written to it"),
            Self::Recreated => {
                format!("index `{generation}` was deleted and created again: its documents are lost")
            }
            Self::Restored => format!(
                "index `{generation}` was restored from a snapshot: changes since that snapshot are missing"
            ),
            Self::MissedChanges => {
                format!("index `{generation}` has missed changes: it was not fed while others were")
            }
            Self::CatalogChanged { differences } => format!(
                "the catalog changed without a row changing, so index `{generation}` may be wrong: {}",
                listed(differences)
            ),
        }
    }
}

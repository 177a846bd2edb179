//! Every bound of the runtime: nothing waits, queues or retries without one of these.

use std::time::Duration;

/// Longest wait for writers that may have missed a publication change, and for the slot's creation.
pub const GATE_WAIT: Duration = Duration::from_secs(600);
/// Longest wait for a slot that someone holds: `wal_sender_timeout` (60 s) and 15 s, because our own
/// dead walsender lives on that long after a kill.
pub const SLOT_WAIT: Duration = Duration::from_secs(75);
/// Longest reading transaction, from BEGIN to COMMIT.
pub const READING_TRANSACTION: Duration = Duration::from_secs(10);
/// How long a chunk's reading transaction aims to take.
pub const CHUNK_TIME_TARGET: Duration = Duration::from_secs(1);
/// How many bytes a chunk aims at.
pub const CHUNK_BYTES_TARGET: usize = 4 << 20;
/// Most bytes a chunk may have in arenas and documents before its keys are halved.
pub const CHUNK_BYTES_MAX: usize = 16 << 20;
/// Most rows of the first chunk, and of any other.
pub const CHUNK_ROWS_FIRST: u64 = 500;
/// Most rows a chunk grows to.
pub const CHUNK_ROWS_MAX: u64 = 50_000;
/// Most bytes of one document.
pub const DOCUMENT_BYTES_MAX: usize = 8 << 20;
/// Most keys of one batch of changes.
pub const BATCH_KEYS_MAX: usize = 5_000;
/// Most root keys that one resolve statement returns.
pub const RESOLVE_PAGE_KEYS: usize = 5_000;
/// Most events that wait between capture and pipeline.
pub const EVENT_QUEUE: usize = 2 * BATCH_KEYS_MAX;
/// Longest wait for replicas before the swap.
pub const REPLICAS_WAIT: Duration = Duration::from_secs(300);
/// How often a status update goes out at least.
pub const STATUS_INTERVAL: Duration = Duration::from_secs(1);
/// How often a position is confirmed at most.
pub const CONFIRM_INTERVAL: Duration = Duration::from_secs(1);
/// Longest time between a snapshot and the last answer to what was built in it, by the source's
/// clock. Half of `gc_deletes` (2 min): a delete that is newer than the snapshot is then still remembered.
pub const WRITE_DEADLINE: Duration = Duration::from_secs(60);
/// Nothing is sent later than this after BEGIN, by our own monotonic clock.
pub const SEND_DEADLINE: Duration = Duration::from_secs(30);
/// `gc_deletes` of our generations, milliseconds.
pub const GC_DELETES_MS: u64 = 120_000;
/// How often the catalog's facts and the indexes' identities are compared while following.
pub const DRIFT_INTERVAL: Duration = Duration::from_secs(60);
/// First pause before a broken session is begun again; doubled up to [`RETRY_PAUSE_MAX`].
pub const RETRY_PAUSE_FIRST: Duration = Duration::from_millis(200);
/// Longest pause between two attempts.
pub const RETRY_PAUSE_MAX: Duration = Duration::from_secs(10);
/// How long a session must last, or confirm something, before an outage counts as over.
pub const SESSION_GOOD_AFTER: Duration = Duration::from_secs(5);
/// How long `apply` tries to reach a source or sink that it never reached; `run` does not stop trying.
pub const REACH_TOTAL_APPLY: Duration = Duration::from_secs(30);
/// The same for what it had reached before.
pub const RETRY_TOTAL_APPLY: Duration = Duration::from_secs(120);
/// How long credentials that worked before may be refused before the run ends.
pub const CREDENTIALS_WAIT: Duration = Duration::from_secs(600);
/// How long a run that was asked to stop waits for what servers still owe it. Ending without that is
/// what a kill does: nothing is confirmed that is not durable.
pub const STOP_GRACE: Duration = Duration::from_secs(3);
/// After so long a process that was asked to stop ends itself, whatever holds it.
pub const STOP_AT_LAST: Duration = Duration::from_millis(4_500);
/// How long the follower may take to pass what had happened, before a repair or a swap.
pub const PASS_WAIT: Duration = Duration::from_secs(300);
/// Rounds of repair that verify makes before it gives up.
pub const VERIFY_ROUNDS_MAX: usize = 3;
/// Looks at a document that changes all the time before verify counts it as hot.
pub const VERIFY_LOOKS_MAX: usize = 10;
/// Documents that verify rebuilds and compares, beside comparing every key.
pub const VERIFY_SAMPLE_DOCUMENTS: usize = 1_000;
/// Ids in one page of an index's listing.
pub const IDS_PAGE: usize = 5_000;

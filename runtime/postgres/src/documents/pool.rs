//! The connections that read documents: opened once, lent one reading transaction at a time.

use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use flusso_runtime::error::Result;
use flusso_runtime::limits::READING_TRANSACTION;
use flusso_schemas::name::quote_identifier;
use futures_util::future::try_join_all;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_postgres::Statement;
use tokio_postgres::types::Type;

use super::fault::Fault;
use crate::connect::ConnectPlan;
use crate::session::{Bond, Session, cancel, connect};

/// The text and types that a statement is prepared with.
#[derive(Clone, Debug)]
pub(super) struct StatementText {
    pub(super) text: String,
    /// Whether the same text comes again, so that the connection keeps it.
    pub(super) kept: bool,
}

/// Every connection that reads documents.
#[derive(Debug)]
pub(super) struct Pool {
    bond: Bond,
    idle: Mutex<Vec<Reader>>,
    permits: Semaphore,
}

/// One connection and what was prepared in it.
pub(super) struct Reader {
    session: Session,
    search_path: String,
    kept: HashMap<String, Statement>,
    cancelled: AtomicBool,
}

/// A connection that is lent; it goes back when this is dropped.
#[derive(Debug)]
pub(super) struct Lent<'a> {
    pool: &'a Pool,
    reader: Option<Reader>,
    _permit: SemaphorePermit<'a>,
}

impl Pool {
    /// Opens all connections at once; one that fails fails the pool.
    pub(super) async fn open(plan: &ConnectPlan, bond: &Bond, connections: usize) -> Result<Self> {
        let readers = try_join_all((0..connections).map(|_| Reader::open(plan, bond))).await?;
        Ok(Self { bond: bond.clone(), idle: Mutex::new(readers), permits: Semaphore::new(connections) })
    }

    /// The next free connection. An error where any connection of the session is lost.
    pub(super) async fn reader(&self) -> Result<Lent<'_>, Fault> {
        self.bond.check()?;
        let permit = self.permits.acquire().await.expect("the semaphore is never closed");
        let reader = self.idle.lock().expect("no holder panics").pop();
        Ok(Lent { pool: self, reader, _permit: permit })
    }

    /// Passes a result on where every connection of the session is still there: what was read beside
    /// a lost one is void.
    pub(super) fn unless_severed<T>(&self, result: Result<T, Fault>) -> Result<T, Fault> {
        if let Err(Fault::Lost(reason)) = &result {
            self.bond.sever(reason.as_str());
        }
        self.bond.check()?;
        result
    }
}

impl Lent<'_> {
    pub(super) fn get(&mut self) -> &mut Reader {
        self.reader.as_mut().expect("there are as many readers as permits, and only dropping takes it")
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.take() {
            self.pool.idle.lock().expect("no holder panics").push(reader);
        }
    }
}

impl Reader {
    async fn open(plan: &ConnectPlan, bond: &Bond) -> Result<Self> {
        let mut session = connect(plan, "documents", bond).await?;
        // So that an abandoned transaction is ended.
        session.allow(READING_TRANSACTION).await?;
        Ok(Self {
            session,
            search_path: "pg_catalog".to_owned(),
            kept: HashMap::new(),
            cancelled: AtomicBool::new(false),
        })
    }

    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// Asks the server to cancel what runs. The request takes a way of its own and may arrive when what
    /// it was meant for has ended: then it hits the next statement.
    pub(super) async fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
        cancel(self.session.plan(), self.session.cancel_token()).await;
    }

    /// Whether a statement that was cancelled may have been hit by [`Self::cancel`] of an earlier one;
    /// once for each.
    pub(super) fn take_late_cancel(&self) -> bool {
        self.cancelled.swap(false, Ordering::Relaxed)
    }

    /// Sets the schemas that unqualified names are looked up in, for all statements to come.
    pub(super) async fn use_search_path(&mut self, schemas: &[String]) -> Result<(), Fault> {
        let path = schemas.iter().map(|schema| quote_identifier(schema)).collect::<Vec<_>>().join(", ");
        if path != self.search_path {
            self.session.run("setting the search path", &format!("set search_path = {path}")).await?;
            self.search_path = path;
        }
        Ok(())
    }

    /// Prepares statements in one round trip; those that are kept and known cost nothing.
    pub(super) async fn prepare(
        &mut self,
        texts: &[StatementText],
        types: &[Type],
    ) -> Result<Vec<Statement>, Fault> {
        let session = &self.session;
        let prepared = texts.iter().map(async |wanted| match self.kept.get(&wanted.text) {
            Some(kept) => Ok::<_, Fault>(kept.clone()),
            None => Ok(session.prepare("preparing the lock's queries", &wanted.text, types).await??),
        });
        let prepared = try_join_all(prepared).await?;
        for (wanted, statement) in texts.iter().zip(&prepared).filter(|(wanted, _)| wanted.kept) {
            self.kept.entry(wanted.text.clone()).or_insert_with(|| statement.clone());
        }
        Ok(prepared)
    }

    /// Forgets what was prepared, because the catalog may have changed under it.
    pub(super) fn forget(&mut self) {
        self.kept.clear();
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("session", &self.session).field("kept", &self.kept.len()).finish()
    }
}

//! The one way of every statement to the server: bounded by ourselves, and void with the session.
//!
//! `statement_timeout` is the server's own bound, and keeps nothing from a backend that is frozen or a
//! network that swallows every packet. So each statement also has a bound here, a little above the
//! server's: who has not answered by then is gone, and with it every connection of the session.

use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use flusso_runtime::Result;
use tokio::time::{sleep, timeout};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{
    CancelToken, Client, Connection, Row, RowStream, SimpleQueryMessage, Socket, Statement, ToStatement,
};

use crate::session::{Bond, failed, lost, words};

/// How much longer than the server's own bound an answer is waited for.
const ANSWER_MARGIN: Duration = Duration::from_secs(5);
/// Longest wait for the server to close a connection that we have left.
const CLOSE_WAIT: Duration = Duration::from_secs(1);

/// What the library gives back: an answer, or what the server objects.
type Answered<T> = Result<T, tokio_postgres::Error>;
/// Parameters of a statement.
pub(crate) type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// One connection for statements.
#[derive(Debug)]
pub struct Statements {
    client: Client,
    bond: Bond,
    bound: Duration,
    _alive: tokio::sync::oneshot::Sender<()>,
}

impl Statements {
    /// Takes a connection over. It is closed when this is dropped and when the bond is severed, whatever
    /// the server owes it; when the server ends it, it severs the bond. `statement_timeout` is the server's
    /// bound of a statement.
    pub(crate) fn begin<T>(
        client: Client,
        connection: Connection<Socket, T>,
        statement_timeout: Duration,
        bond: &Bond,
    ) -> Self
    where
        T: tokio_postgres::tls::TlsStream + Unpin + Send + 'static,
    {
        let (alive, dropped) = tokio::sync::oneshot::channel();
        tokio::spawn(drive(connection, bond.clone(), dropped));
        let bound = statement_timeout + ANSWER_MARGIN;
        Self { client, bond: bond.clone(), bound, _alive: alive }
    }

    /// Takes the server's bound of a statement as the measure of ours.
    pub(crate) fn allow(&mut self, statement_timeout: Duration) {
        self.bound = statement_timeout + ANSWER_MARGIN;
    }

    /// Whether the connection has ended.
    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// What cancels the statement that runs here.
    pub fn cancel_token(&self) -> CancelToken {
        self.client.cancel_token()
    }

    /// Rows of a statement; `what` is said where it fails or is not answered.
    pub async fn query<S>(&self, what: &str, statement: &S, parameters: Parameters<'_>) -> Result<Vec<Row>>
    where
        S: ?Sized + ToStatement + Sync,
    {
        self.answer(what, self.client.query(statement, parameters)).await
    }

    /// The only row of a statement.
    pub async fn query_one<S>(&self, what: &str, statement: &S, parameters: Parameters<'_>) -> Result<Row>
    where
        S: ?Sized + ToStatement + Sync,
    {
        self.answer(what, self.client.query_one(statement, parameters)).await
    }

    /// The only row of a statement, where there is one.
    pub async fn query_opt<S>(
        &self,
        what: &str,
        statement: &S,
        parameters: Parameters<'_>,
    ) -> Result<Option<Row>>
    where
        S: ?Sized + ToStatement + Sync,
    {
        self.answer(what, self.client.query_opt(statement, parameters)).await
    }

    /// Statements that return nothing. `more` is what they may take together beyond one statement's bound.
    pub(crate) async fn run(&self, what: &str, statements: &str, more: Duration) -> Result<()> {
        let answered = self.bounded(what, self.bound + more, self.client.batch_execute(statements)).await?;
        answered.map_err(|error| failed(what, &error))
    }

    /// A prepared statement, or what the server objects to it.
    pub(crate) async fn prepare(&self, what: &str, sql: &str, types: &[Type]) -> Result<Answered<Statement>> {
        self.bounded(what, self.bound, self.client.prepare_typed(sql, types)).await
    }

    /// What a statement without parameters prints, in one round trip, or what the server objects to it.
    pub(crate) async fn simple(&self, what: &str, sql: &str) -> Result<Answered<Vec<SimpleQueryMessage>>> {
        self.bounded(what, self.bound, self.client.simple_query(sql)).await
    }

    /// Sends statements that return nothing, to be answered later.
    pub(crate) async fn send_batch<'a>(&'a self, sql: &'a str) -> Sent<'a, ()> {
        self.send(self.client.batch_execute(sql)).await
    }

    /// Sends a query, whose rows are taken as they come. What bounds it is [`Self::unless_silent`] around
    /// the taking.
    pub(crate) async fn send_query<'a, P, I>(
        &'a self,
        statement: &'a Statement,
        parameters: I,
    ) -> Sent<'a, RowStream>
    where
        P: tokio_postgres::types::BorrowToSql + 'a,
        I: IntoIterator<Item = P> + Send + 'a,
        I::IntoIter: ExactSizeIterator + Send + 'a,
    {
        self.send(self.client.query_raw(statement, parameters)).await
    }

    /// Awaits answers to what was sent, within the bound of one statement.
    pub(crate) async fn unless_silent<T>(&self, what: &str, answers: impl Future<Output = T>) -> Result<T> {
        self.bounded(what, self.bound, answers).await
    }

    async fn answer<T>(&self, what: &str, request: impl Future<Output = Answered<T>>) -> Result<T> {
        self.bounded(what, self.bound, request).await?.map_err(|error| failed(what, &error))
    }

    async fn bounded<T>(&self, what: &str, bound: Duration, request: impl Future<Output = T>) -> Result<T> {
        self.bond.check()?;
        tokio::select! {
            biased;
            answer = request => Ok(answer),
            error = self.bond.severed() => Err(error),
            () = sleep(bound) => {
                let reason = format!("no answer within {} s while {what}", bound.as_secs());
                self.bond.sever(reason.as_str());
                Err(lost(&reason))
            }
        }
    }

    /// The library sends a request when its future is polled for the first time.
    async fn send<'a, T>(&self, request: impl Future<Output = Answered<T>> + Send + 'a) -> Sent<'a, T> {
        let mut state = State::Waiting(Box::pin(request));
        std::future::poll_fn(|context| {
            if let State::Waiting(request) = &mut state
                && let Poll::Ready(answer) = request.as_mut().poll(context)
            {
                state = State::Answered(answer);
            }
            Poll::Ready(())
        })
        .await;
        Sent(state)
    }
}

/// A request that was sent and whose answer is awaited later.
pub(crate) struct Sent<'a, T>(State<'a, T>);

enum State<'a, T> {
    Waiting(Pin<Box<dyn Future<Output = Answered<T>> + Send + 'a>>),
    Answered(Answered<T>),
}

impl<T> Sent<'_, T> {
    /// The answer. Unbounded by itself: await it inside [`Statements::unless_silent`].
    pub(crate) async fn answer(self) -> Answered<T> {
        match self.0 {
            State::Waiting(request) => request.await,
            State::Answered(answer) => answer,
        }
    }
}

/// Moves bytes until the connection ends, the session is void, or no statement can come any more.
async fn drive<T>(
    mut connection: Connection<Socket, T>,
    bond: Bond,
    dropped: tokio::sync::oneshot::Receiver<()>,
) where
    T: tokio_postgres::tls::TlsStream + Unpin + Send + 'static,
{
    tokio::select! {
        ended = &mut connection => {
            // It ends without an error only when we drop the client.
            if let Err(error) = ended {
                bond.sever(words(&error));
            }
        }
        // Dropping the connection closes it, though the server may owe it an answer.
        _ = bond.severed() => {}
        _ = dropped => {
            let _ = timeout(CLOSE_WAIT, connection).await;
        }
    }
}

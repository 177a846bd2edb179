//! A client of the replication protocol: connecting, simple queries, and copying both ways.

use std::io;
use std::time::{Duration, Instant};

use bytes::{Buf as _, Bytes, BytesMut};
use flusso_runtime::{Error, ErrorKind, Result};
use flusso_schemas::lsn::Lsn;
use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::authentication;
use super::bytes::{Cursor, Malformed};
use super::server_error::ServerError;
use crate::connect::{ConnectPlan, RawStream, raw_stream};
use crate::login;
use crate::session::{PINNED_SETTINGS, WITHOUT_IDLE_TIMEOUT, sqlstate};

/// How many bytes one read requests.
const READ_BYTES: usize = 64 << 10;
/// A buffer that one large row has grown beyond this is given back.
const BUFFER_BYTES_KEPT: usize = 1 << 20;
/// Longest wait for an answer outside the stream, and for our own bytes to leave.
const ANSWER_WAIT: Duration = Duration::from_secs(30);
/// Longest wait for a farewell.
const CLOSE_WAIT: Duration = Duration::from_secs(2);
/// Bytes of a message's kind and length.
const HEADER_BYTES: usize = 5;

/// One message of the server.
#[derive(Debug)]
pub(super) struct Frame {
    /// Type of the message, one ASCII letter.
    pub(super) tag: u8,
    /// The bytes behind its length.
    pub(super) body: Bytes,
}

/// Rows of a simple query, each value as text.
pub(super) type TextRows = Vec<Vec<Option<String>>>;

/// A replication connection, which speaks the protocol without the SQL client.
pub(super) struct Walsender {
    stream: RawStream,
    input: BytesMut,
    output: BytesMut,
    /// The server's process behind it.
    pub(super) process_id: i32,
}

impl Walsender {
    /// Connects, logs in and pins the settings that decide how values are printed. `purpose` is what
    /// `pg_stat_activity` shows. An error is [`ErrorKind::Unreachable`].
    pub(super) async fn connect(plan: &ConnectPlan, purpose: &str) -> Result<Self> {
        let mut walsender = Self {
            stream: raw_stream(plan).await?,
            input: BytesMut::new(),
            output: BytesMut::new(),
            process_id: 0,
        };
        let logged_in = timeout(ANSWER_WAIT, walsender.log_in(plan, purpose)).await;
        match logged_in.unwrap_or_else(|_| Err(lost("the login timed out"))) {
            Ok(()) => Ok(walsender),
            Err(error) => Err(match sqlstate(&error) {
                Some(code) => login::refused(plan, login::Purpose::Replication, code, &error),
                None => plan.unreachable(&error).into_kind(match error.kind {
                    ErrorKind::Misconfigured => ErrorKind::Misconfigured,
                    _ => ErrorKind::Unreachable,
                }),
            }),
        }
    }

    async fn log_in(&mut self, plan: &ConnectPlan, purpose: &str) -> Result<()> {
        let application_name = plan.application_name(purpose);
        let parameters = [
            ("user", plan.user()),
            ("database", plan.database()),
            ("replication", "database"),
            ("application_name", application_name.as_str()),
            ("client_encoding", "UTF8"),
        ];
        frontend::startup_message(parameters, &mut self.output).map_err(broken)?;
        self.send().await?;
        authentication::authenticate(self, plan).await?;
        self.until_ready().await?;
        let pinned: String =
            PINNED_SETTINGS.iter().map(|(name, value)| format!("set {name} = '{value}';")).collect();
        self.query(&format!("{WITHOUT_IDLE_TIMEOUT}{pinned}"))
            .await?
            .map(drop)
            .map_err(|error| error.failed("pinning the session's settings"))
    }

    async fn until_ready(&mut self) -> Result<()> {
        loop {
            let frame = self.receive().await?;
            match frame.tag {
                b'K' => self.process_id = Cursor::new(&frame.body).u32().map_err(garbled)?.cast_signed(),
                b'E' => return Err(parse_error(&frame.body)?.failed("logging in")),
                b'Z' => return Ok(()),
                _ => {}
            }
        }
    }

    /// Runs a statement or a replication command that returns rows.
    pub(super) async fn query(&mut self, sql: &str) -> Result<Result<TextRows, ServerError>> {
        frontend::query(sql, self.output()).map_err(broken)?;
        self.send().await?;
        let answered = timeout(ANSWER_WAIT, self.answer(|_| false)).await;
        answered.unwrap_or_else(|_| Err(lost("a statement was not answered in time")))
    }

    /// Begins the stream of a slot at the slot's own position.
    pub(super) async fn start(&mut self, command: &str) -> Result<Result<(), ServerError>> {
        frontend::query(command, self.output()).map_err(broken)?;
        self.send().await?;
        let answered = timeout(ANSWER_WAIT, self.answer(|tag| tag == b'W')).await;
        let answered = answered.unwrap_or_else(|_| Err(lost("the stream did not begin in time")))?;
        Ok(answered.map(drop))
    }

    /// Collects an answer up to the message that `is_last` or that says that the server is ready.
    async fn answer(&mut self, is_last: impl Fn(u8) -> bool) -> Result<Result<TextRows, ServerError>> {
        let mut answer = Ok(TextRows::new());
        loop {
            let frame = self.receive().await?;
            match (frame.tag, &mut answer) {
                (b'D', Ok(rows)) => rows.push(data_row(&frame.body).map_err(garbled)?),
                (b'E', _) => {
                    let error = parse_error(&frame.body)?;
                    if crate::session::kind_of(&error.code) == ErrorKind::ConnectionLost {
                        return Err(error.failed("asking the server"));
                    }
                    answer = Err(error);
                }
                (b'Z', _) => return Ok(answer),
                (tag, _) if is_last(tag) => return Ok(answer),
                _ => {}
            }
        }
    }

    /// The next message, which may have to be waited for.
    pub(super) async fn receive(&mut self) -> Result<Frame> {
        loop {
            if let Some(frame) = self.next_frame()? {
                return Ok(frame);
            }
            self.fill().await?;
        }
    }

    /// The next message, where it was read whole already.
    pub(super) fn next_frame(&mut self) -> Result<Option<Frame>> {
        let Some(length) = self.frame_bytes()?.filter(|length| self.input.len() >= *length) else {
            return Ok(None);
        };
        let mut body = self.input.split_to(length).freeze();
        let tag = body[0];
        body.advance(HEADER_BYTES);
        Ok(Some(Frame { tag, body }))
    }

    /// Reads more bytes. Cancelling it loses nothing.
    pub(super) async fn fill(&mut self) -> Result<()> {
        let missing = self.frame_bytes()?.map_or(0, |length| length.saturating_sub(self.input.len()));
        if self.input.is_empty() && self.input.capacity() > BUFFER_BYTES_KEPT {
            self.input = BytesMut::new();
        }
        self.input.reserve(missing.max(READ_BYTES));
        match self.stream.read_buf(&mut self.input).await {
            Ok(0) => Err(lost("the server closed it")),
            Ok(_) => Ok(()),
            Err(error) => Err(broken(error)),
        }
    }

    /// Bytes of the next message with its header, where that was read.
    fn frame_bytes(&self) -> Result<Option<usize>> {
        if self.input.len() < HEADER_BYTES {
            return Ok(None);
        }
        let length = (&self.input[1..]).get_i32();
        match usize::try_from(length) {
            Ok(length) if length >= HEADER_BYTES - 1 => Ok(Some(length + 1)),
            _ => Err(garbled(Malformed("a message of no length"))),
        }
    }

    /// Where the next messages to send are put.
    pub(super) fn output(&mut self) -> &mut BytesMut {
        &mut self.output
    }

    /// Sends what was put into [`Self::output`]. Cancelling it breaks the connection.
    pub(super) async fn send(&mut self) -> Result<()> {
        let sent = timeout(ANSWER_WAIT, async {
            self.stream.write_all_buf(&mut self.output).await?;
            self.stream.flush().await
        });
        sent.await.map_err(|_| lost("the server stopped reading"))?.map_err(broken)
    }

    /// Says where we are: `write` is what we received, and `flush` what the slot may forget, if
    /// anything. Asks for an answer.
    pub(super) fn put_status(&mut self, write: Lsn, flush: Lsn) {
        const STATUS_BYTES: u32 = 4 + 1 + 8 + 8 + 8 + 8 + 1;
        let output = &mut self.output;
        output.extend_from_slice(b"d");
        output.extend_from_slice(&STATUS_BYTES.to_be_bytes());
        output.extend_from_slice(b"r");
        for position in [write, flush, Lsn::ZERO] {
            output.extend_from_slice(&position.0.to_be_bytes());
        }
        output.extend_from_slice(&clock_us().to_be_bytes());
        output.extend_from_slice(&[1]);
    }

    /// Ends the stream so that the slot is free at once.
    pub(super) async fn close(mut self, streaming: bool) {
        let began = Instant::now();
        self.output.clear();
        if streaming {
            frontend::copy_done(&mut self.output);
        }
        frontend::terminate(&mut self.output);
        let farewell = async {
            self.stream.write_all_buf(&mut self.output).await?;
            self.stream.shutdown().await
        };
        // The server notices a connection that is simply gone as well, only later.
        let outcome = timeout(CLOSE_WAIT, farewell).await;
        tracing::debug!(?outcome, elapsed = ?began.elapsed(), "replication connection closed");
    }
}

/// Microseconds since 2000-01-01 UTC, as the protocol counts; servers only show it.
fn clock_us() -> i64 {
    const EPOCH_2000_UNIX_S: u64 = 946_684_800;
    let since_epoch = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    let since_2000 = since_epoch.saturating_sub(Duration::from_secs(EPOCH_2000_UNIX_S));
    i64::try_from(since_2000.as_micros()).unwrap_or_default()
}

fn data_row(body: &[u8]) -> Result<Vec<Option<String>>, Malformed> {
    let mut cursor = Cursor::new(body);
    let value = |cursor: &mut Cursor<'_>| match cursor.u32()? {
        u32::MAX => Ok(None),
        length => Ok(Some(String::from_utf8_lossy(cursor.take(length as usize)?).into_owned())),
    };
    (0..cursor.u16()?).map(|_| value(&mut cursor)).collect()
}

pub(super) fn parse_error(body: &[u8]) -> Result<ServerError> {
    ServerError::parse(body).map_err(garbled)
}

/// The connection is lost; why, in words.
pub(super) fn lost(why: &str) -> Error {
    Error::new(ErrorKind::ConnectionLost, format!("the replication connection is lost: {why}"))
}

fn broken(error: io::Error) -> Error {
    lost(&error.to_string()).with_source(error)
}

/// The server does not speak the protocol that we know.
pub(super) fn garbled(error: Malformed) -> Error {
    Error::new(ErrorKind::Internal, format!("replication protocol error: {error}"))
}

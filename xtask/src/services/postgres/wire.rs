//! A minimal Postgres client: one connection, trusted, simple queries, everything as text.
//!
//! It serves the launcher (is the server there?) and loads fixtures before any client crate is built. The
//! product does not use it.

use std::io::{self, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use crate::services::{Error, socket};

/// The protocol's version 3.0 as its startup message spells it.
const PROTOCOL_VERSION: i32 = 196_608;
/// How long opening a session may take.
const OPEN_PATIENCE: Duration = Duration::from_secs(30);
/// How long the server may be silent over a statement, where nothing else is said.
const ANSWER_PATIENCE: Duration = Duration::from_secs(120);
/// How much of a statement an error shows.
const SHOWN_CHARACTERS: usize = 120;

/// A connection with one statement at a time.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
    address: String,
    patience: Duration,
    /// What the server was asked last.
    request: String,
}

/// A row of an answer: each value as text, `None` for null.
pub type Row = Vec<Option<String>>;

impl Connection {
    /// Opens a session by a URL `postgres://user@host:port/database`, without a password.
    pub fn open_url(url: &str) -> Result<Self, Error> {
        let parts = url.split_once("://").and_then(|(_, rest)| {
            let (user, rest) = rest.split_once('@')?;
            let (address, database) = rest.split_once('/')?;
            Some((user, address, database))
        });
        let (user, address, database) = parts.ok_or_else(|| {
            answered("a session is opened by a URL such as `postgres://user@host:port/database`".to_owned())
        })?;
        Self::open(address, user.split(':').next().unwrap_or(user), database)
    }

    /// Opens a session without a password.
    pub fn open(address: &str, user: &str, database: &str) -> Result<Self, Error> {
        let mut connection = Self::open_within(OPEN_PATIENCE, address, user, database)?;
        connection.set_patience(ANSWER_PATIENCE)?;
        Ok(connection)
    }

    /// As `open`, where the server may be silent for so long, then and later.
    pub fn open_within(patience: Duration, address: &str, user: &str, database: &str) -> Result<Self, Error> {
        let unreachable =
            |source| Error::Unreachable { server: "Postgres", address: address.to_owned(), source };
        let stream = socket::connect(address, patience).map_err(unreachable)?;
        let mut connection = Self {
            stream: BufReader::new(stream),
            address: address.to_owned(),
            patience,
            request: format!("to open a session in `{database}`"),
        };
        let mut body = PROTOCOL_VERSION.to_be_bytes().to_vec();
        for text in ["user", user, "database", database, "client_encoding", "UTF8"] {
            body.extend(text.bytes().chain([0]));
        }
        body.push(0);
        connection.send(None, &body)?;
        connection.answer(|_| {})?;
        Ok(connection)
    }

    /// How long the server may be silent over one statement.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// Sets how long the server may be silent over one statement.
    pub fn set_patience(&mut self, patience: Duration) -> Result<(), Error> {
        self.patience = patience;
        socket::set_patience(self.stream.get_ref(), patience).map_err(|source| self.unreachable(source))
    }

    /// Runs one or several statements; the rows of all of them, every value as text.
    pub fn query(&mut self, sql: &str) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::new();
        self.query_each(sql, |row| rows.push(row))?;
        Ok(rows)
    }

    /// As `query`, giving each row to a function so that no answer is held as a whole.
    pub fn query_each(&mut self, sql: &str, each: impl FnMut(Row)) -> Result<(), Error> {
        self.request = sql.chars().take(SHOWN_CHARACTERS).collect();
        let body: Vec<u8> = sql.bytes().chain([0]).collect();
        self.send(Some(b'Q'), &body)?;
        self.answer(each)
    }

    fn send(&mut self, tag: Option<u8>, body: &[u8]) -> Result<(), Error> {
        let length = i32::try_from(body.len() + 4).expect("a statement is below 2 GiB");
        let mut message: Vec<u8> = tag.into_iter().collect();
        message.extend(length.to_be_bytes());
        message.extend(body);
        let written = self.stream.get_mut().write_all(&message);
        written.map_err(|source| self.unreachable(source))
    }

    /// Reads to the server's `ReadyForQuery`; an error message on the way is the outcome.
    fn answer(&mut self, mut each: impl FnMut(Row)) -> Result<(), Error> {
        let mut failure = None;
        loop {
            let (tag, body) = self.receive().map_err(|source| self.unreachable(source))?;
            match tag {
                b'D' => each(row_of(&body)),
                b'E' => failure = Some(message_of(&body)),
                b'R' if body != [0; 4] => failure = Some("asks for a password".to_owned()),
                b'Z' => return failure.map_or(Ok(()), |message| Err(answered(message))),
                _ => {}
            }
            // Before the session is ready an error is followed by nothing.
            if matches!(tag, b'E' | b'R') && failure.as_ref().is_some_and(|text| is_final(tag, text)) {
                return Err(answered(failure.expect("just seen")));
            }
        }
    }

    fn receive(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut head = [0; 5];
        self.stream.read_exact(&mut head)?;
        let length = i32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        let mut body = vec![0; usize::try_from(length - 4).unwrap_or(0)];
        self.stream.read_exact(&mut body)?;
        Ok((head[0], body))
    }

    /// A session whose answer is overdue is over: what came late would be taken for the next answer.
    fn unreachable(&self, source: io::Error) -> Error {
        if socket::is_timeout(&source) {
            // Its other end may have closed it already.
            drop(self.stream.get_ref().shutdown(Shutdown::Both));
            let (address, request) = (self.address.clone(), self.request.clone());
            return Error::Silent { server: "Postgres", address, patience: self.patience, request };
        }
        Error::Unreachable { server: "Postgres", address: self.address.clone(), source }
    }
}

fn answered(message: String) -> Error {
    Error::Answer { server: "Postgres", message }
}

/// An error after which the server says nothing more: FATAL, PANIC, or a way of logging in that
/// this client does not have.
fn is_final(tag: u8, message: &str) -> bool {
    tag == b'R' || message.starts_with("FATAL") || message.starts_with("PANIC")
}

/// Severity and message of an error: its fields are a letter, text and a zero byte each.
fn message_of(body: &[u8]) -> String {
    let fields: Vec<&[u8]> = body.split(|byte| *byte == 0).filter(|field| !field.is_empty()).collect();
    let field = |letter: u8| {
        let found = fields.iter().find(|field| field[0] == letter);
        found.map_or_else(String::new, |field| String::from_utf8_lossy(&field[1..]).into_owned())
    };
    format!("{}: {}", field(b'S'), field(b'M'))
}

fn row_of(body: &[u8]) -> Row {
    let mut row = Vec::new();
    let mut rest = body.get(2..).unwrap_or_default();
    while let Some((head, after)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(i32::from_be_bytes(*head)).ok();
        let (value, next) = after.split_at(length.unwrap_or(0).min(after.len()));
        row.push(length.map(|_| String::from_utf8_lossy(value).into_owned()));
        rest = next;
    }
    row
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[test]
    fn a_row_keeps_null_apart_from_empty() {
        let mut body = 3_u16.to_be_bytes().to_vec();
        body.extend((-1_i32).to_be_bytes());
        body.extend(0_i32.to_be_bytes());
        body.extend(2_i32.to_be_bytes());
        body.extend(b"ab");
        assert_eq!(row_of(&body), [None, Some(String::new()), Some("ab".to_owned())]);
    }

    #[test]
    fn an_error_says_its_severity_and_message() {
        let body = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0";
        assert_eq!(message_of(body), "FATAL: the database system is starting up");
    }

    /// A server that lets a session in, says nothing more, and keeps the session open.
    fn silent_server() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound").to_string();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("somebody comes");
            // AuthenticationOk and ReadyForQuery.
            stream.write_all(b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I").expect("it is open");
            drop(stream.read_to_end(&mut Vec::new()));
        });
        address
    }

    #[test]
    fn a_server_that_keeps_silent_is_named_with_the_statement_and_the_session_is_over() {
        let address = silent_server();
        let mut session = Connection::open(&address, "postgres", "postgres").expect("it is let in");
        session.set_patience(Duration::from_millis(1_500)).expect("the socket is open");
        let error = session.query("select 1 from nowhere").expect_err("nothing answers").to_string();
        assert_eq!(
            error,
            format!("Postgres at `{address}` does not answer within 1 s: select 1 from nowhere")
        );
        session.query("select 2").expect_err("a late answer is no answer to this");
    }
}

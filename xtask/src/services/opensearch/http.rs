//! A minimal HTTP client for a node on this machine: one request a connection.

use std::io::{self, Read, Write};
use std::time::Duration;

use crate::services::socket;

/// How long one answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// Asks by GET; the status and the body.
pub fn get(address: &str, path: &str) -> io::Result<(u16, String)> {
    request("GET", address, path, "")
}

/// Sends a request with a JSON body, or without one if it is empty; returns the status and the body.
///
/// Version 1.0 of the protocol, so that the answer ends with the connection and is never chunked.
pub fn request(method: &str, address: &str, path: &str, body: &str) -> io::Result<(u16, String)> {
    exchange(ANSWER_TIMEOUT, method, address, path, body).map_err(|error| {
        if !socket::is_timeout(&error) {
            return error;
        }
        let text = format!("no answer to {method} {path} within {} s", ANSWER_TIMEOUT.as_secs());
        io::Error::new(io::ErrorKind::TimedOut, text)
    })
}

fn exchange(
    patience: Duration,
    method: &str,
    address: &str,
    path: &str,
    body: &str,
) -> io::Result<(u16, String)> {
    let mut stream = socket::connect(address, patience)?;
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    parse(&answer).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP"))
}

fn parse(answer: &str) -> Option<(u16, String)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_its_status_and_its_body() {
        let answer = "HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n{\"a\":1}";
        assert_eq!(parse(answer), Some((200, "{\"a\":1}".to_owned())));
        assert_eq!(parse("hello"), None);
    }
}

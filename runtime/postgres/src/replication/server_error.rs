//! Errors of the server in its own words, without the parts that may quote a row's values.

use flusso_runtime::{Error, ErrorKind};

use super::bytes::{Cursor, Malformed};
use crate::refusal;
use crate::session::{SqlState, kind_of};

/// SQLSTATE of a slot that someone holds.
const OBJECT_IN_USE: &str = "55006";

/// An `ErrorResponse` of the server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.words())]
pub(super) struct ServerError {
    /// Five characters of SQLSTATE.
    pub(super) code: String,
    message: String,
}

impl ServerError {
    /// Reads the body of an error response.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(body);
        let (mut code, mut message) = (String::new(), String::new());
        loop {
            match cursor.u8()? {
                0 => return Ok(Self { code, message }),
                b'C' => code = cursor.lossy_text()?,
                b'M' => message = cursor.lossy_text()?,
                _ => drop(cursor.lossy_text()?),
            }
        }
    }

    /// Whether someone else holds the slot.
    pub(super) fn is_in_use(&self) -> bool {
        self.code == OBJECT_IN_USE
    }

    /// The error of the runtime; `what` was being done.
    pub(super) fn failed(self, what: &str) -> Error {
        let kind = match kind_of(&self.code) {
            ErrorKind::ConnectionLost => ErrorKind::ConnectionLost,
            // A walsender refuses the same again at the same position.
            _ => ErrorKind::Drift,
        };
        Error::new(kind, format!("{what}: {self}")).with_source(SqlState(self.code))
    }

    fn words(&self) -> String {
        refusal::words(&self.code, &self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(code: &str, message: &str) -> ServerError {
        let body = format!("SFATAL\0VFATAL\0C{code}\0M{message}\0Dkey (secret) exists\0\0");
        ServerError::parse(body.as_bytes()).expect("a whole response")
    }

    #[test]
    fn a_shutdown_is_a_lost_connection_and_a_decoding_error_is_not_retried() {
        let shutdown = response("57P01", "terminating connection").failed("streaming");
        assert_eq!(shutdown.kind, ErrorKind::ConnectionLost);
        assert_eq!(shutdown.to_string(), "streaming: terminating connection (57P01)");
        assert_eq!(response("54000", "out of memory").failed("streaming").kind, ErrorKind::Drift);
    }

    #[test]
    fn what_may_quote_a_value_is_left_out() {
        let error = response("22021", "invalid byte sequence: 0xff");
        assert_eq!(error.to_string(), "character that the encoding does not have (22021)");
    }

    #[test]
    fn a_response_that_is_cut_short_is_malformed() {
        assert!(ServerError::parse(b"C57P01\0Mterminat").is_err());
        assert!(ServerError::parse(b"").is_err());
    }
}

//! Connections to servers that may be frozen: no wait without a bound.

use std::io;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

/// Connects to `host:port`; every later read and write has the same bound.
pub(super) fn connect(address: &str, patience: Duration) -> io::Result<TcpStream> {
    let mut outcome = Err(io::Error::new(io::ErrorKind::NotFound, "the host has no address"));
    for resolved in address.to_socket_addrs()? {
        outcome = TcpStream::connect_timeout(&resolved, patience);
        if outcome.is_ok() {
            break;
        }
    }
    let stream = outcome?;
    stream.set_nodelay(true)?;
    set_patience(&stream, patience)?;
    Ok(stream)
}

/// Bounds every later read and write.
pub(super) fn set_patience(stream: &TcpStream, patience: Duration) -> io::Result<()> {
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))
}

/// Whether an error means that a bound was reached; systems call it by different names.
pub(super) fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

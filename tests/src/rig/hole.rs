//! A network between the binary and a server that can swallow everything, refuse, or lose requests.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// How often a connection looks whether the network has changed.
const LOOK: Duration = Duration::from_millis(50);

const FORWARD: u8 = 0;
const SWALLOW: u8 = 1;
const REFUSE: u8 = 2;
const END: u8 = 3;

/// A proxy in front of a server. Dropped, it takes no more connections.
pub(crate) struct Hole {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    target: String,
    mode: AtomicU8,
    /// Of 100 requests so many are lost, some before and some after they were carried out.
    percent_lost: u64,
    requests: AtomicU64,
    lost: AtomicU64,
}

impl Hole {
    /// A proxy to `host:port` that forwards.
    pub(crate) fn start(target: &str) -> Self {
        Self::over(target, 0, FORWARD)
    }

    /// A proxy that refuses every connection at first.
    pub(crate) fn refusing(target: &str) -> Self {
        Self::over(target, 0, REFUSE)
    }

    /// A proxy for HTTP that loses so many of 100 requests.
    pub(crate) fn losing(target: &str, percent: u64) -> Self {
        Self::over(target, percent, FORWARD)
    }

    fn over(target: &str, percent_lost: u64, mode: u8) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a listener");
        let port = listener.local_addr().expect("it is bound").port();
        let shared = Arc::new(Shared {
            target: target.to_owned(),
            mode: AtomicU8::new(mode),
            percent_lost,
            requests: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        });
        let accepting = shared.clone();
        thread::spawn(move || accept(&listener, &accepting));
        Self { port, shared }
    }

    /// `127.0.0.1:port` of the proxy.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// From now on nothing that is sent arrives, and nobody is told.
    pub(crate) fn swallow(&self) {
        self.shared.mode.store(SWALLOW, Ordering::SeqCst);
    }

    /// From now on connections are closed, old and new.
    pub(crate) fn refuse(&self) {
        self.shared.mode.store(REFUSE, Ordering::SeqCst);
    }

    /// Forwards again; what was swallowed arrives late.
    pub(crate) fn open(&self) {
        self.shared.mode.store(FORWARD, Ordering::SeqCst);
    }

    /// How many requests came, and how many of them were lost.
    pub(crate) fn requests(&self) -> (u64, u64) {
        (self.shared.requests.load(Ordering::SeqCst), self.shared.lost.load(Ordering::SeqCst))
    }
}

impl Drop for Hole {
    fn drop(&mut self) {
        self.shared.mode.store(END, Ordering::SeqCst);
    }
}

impl Shared {
    fn mode(&self) -> u8 {
        self.mode.load(Ordering::SeqCst)
    }

    /// Whether the next request is lost, and after it was carried out. Even over the sequence, not random:
    /// the same run loses the same share.
    fn fate(&self) -> Fate {
        let number = self.requests.fetch_add(1, Ordering::SeqCst);
        // Steps by a number without a common divisor with 100 visit every residue.
        if number * 37 % 100 >= self.percent_lost {
            return Fate::Answered;
        }
        match self.lost.fetch_add(1, Ordering::SeqCst) % 3 {
            0 => Fate::LostBefore,
            1 => Fate::LostAfter,
            _ => Fate::Refused,
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Answered,
    LostBefore,
    LostAfter,
    Refused,
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    while shared.mode() != END {
        match listener.accept() {
            Ok((client, _)) if shared.mode() != REFUSE => {
                let shared = shared.clone();
                thread::spawn(move || connected(client, &shared));
            }
            Ok(_) => {}
            Err(_) => thread::sleep(LOOK / 5),
        }
    }
}

fn connected(client: TcpStream, shared: &Arc<Shared>) {
    let address: SocketAddr = shared.target.parse().expect("an address");
    while shared.mode() == SWALLOW {
        thread::sleep(LOOK);
    }
    let Ok(server) = TcpStream::connect(address) else { return };
    // A connection that breaks is what this proxy is for.
    if shared.percent_lost > 0 {
        let _ = requests(client, server, shared);
        return;
    }
    let (Ok(client_too), Ok(server_too)) = (client.try_clone(), server.try_clone()) else { return };
    let shared_too = shared.clone();
    let back = thread::spawn(move || copy(server_too, client_too, &shared_too));
    copy(client, server, shared);
    let _ = back.join();
}

/// Copies one way until an end or until connections are closed.
fn copy(mut from: TcpStream, mut to: TcpStream, shared: &Shared) {
    let mut buffer = vec![0; 64 << 10];
    if from.set_read_timeout(Some(LOOK)).is_err() {
        return;
    }
    loop {
        match shared.mode() {
            // Not read, so that it arrives late where the network comes back.
            SWALLOW => {
                thread::sleep(LOOK);
                continue;
            }
            REFUSE | END => break,
            _ => {}
        }
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => {
                while shared.mode() == SWALLOW {
                    thread::sleep(LOOK);
                }
                if to.write_all(&buffer[..length]).is_err() {
                    break;
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
    }
    let _ = from.shutdown(std::net::Shutdown::Both);
    let _ = to.shutdown(std::net::Shutdown::Both);
}

/// Requests of one connection, one after the other.
fn requests(mut client: TcpStream, mut server: TcpStream, shared: &Shared) -> std::io::Result<()> {
    while let Some(request) = message(&mut client)? {
        let fate = shared.fate();
        match fate {
            Fate::LostBefore => return Ok(()),
            Fate::Refused => {
                client.write_all(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n")?;
                continue;
            }
            Fate::Answered | Fate::LostAfter => server.write_all(&request)?,
        }
        let Some(answer) = message(&mut server)? else { return Ok(()) };
        if fate == Fate::LostAfter {
            return Ok(());
        }
        client.write_all(&answer)?;
    }
    Ok(())
}

/// One HTTP message: its head and as many bytes as that announces, or chunks up to the last. None at the
/// end of the connection.
fn message(stream: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            if head.contains("transfer-encoding: chunked") && bytes.ends_with(b"\r\n0\r\n\r\n") {
                return Ok(Some(bytes));
            }
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
            if !head.contains("transfer-encoding: chunked") && bytes.len() >= end + 4 + length {
                return Ok(Some(bytes));
            }
        }
        match stream.read(&mut buffer)? {
            0 => return Ok(None),
            length => bytes.extend_from_slice(&buffer[..length]),
        }
    }
}

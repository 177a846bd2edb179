//! A real proxy in front of a node that can lose an answer or stop listening.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Forwards every connection to a node.
pub(super) struct Proxy {
    /// `127.0.0.1:port` of the proxy.
    pub(super) address: String,
    traffic: Arc<Traffic>,
    task: JoinHandle<()>,
}

/// What goes through the proxy.
#[derive(Default)]
struct Traffic {
    /// How long every answer is held back.
    delay: Duration,
    /// Answers still to be lost.
    lose: AtomicU32,
    /// Requests without an answer yet, and the most there were at once.
    waiting: AtomicU32,
    waiting_max: AtomicU32,
}

impl Proxy {
    pub(super) async fn start(target: &str) -> Self {
        Self::slow(target, Duration::ZERO).await
    }

    /// The same with every answer held back for a while.
    pub(super) async fn slow(target: &str, delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound").to_string();
        let traffic = Arc::new(Traffic { delay, ..Traffic::default() });
        let task = tokio::spawn(accept(listener, target.to_owned(), traffic.clone()));
        Self { address, traffic, task }
    }

    /// The next so many answers of the node are lost, with their connections.
    pub(super) fn lose_answers(&self, number: u32) {
        self.traffic.lose.store(number, Ordering::SeqCst);
    }

    /// How many answers are still to be lost.
    pub(super) fn left_to_lose(&self) -> u32 {
        self.traffic.lose.load(Ordering::SeqCst)
    }

    /// The most requests that waited for their answers at once.
    pub(super) fn waiting_max(&self) -> u32 {
        self.traffic.waiting_max.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, target: String, traffic: Arc<Traffic>) {
    while let Ok((client, _)) = listener.accept().await {
        let (target, traffic) = (target.clone(), traffic.clone());
        tokio::spawn(async move {
            // A connection that breaks is what this proxy is for.
            let _ = forward(client, &target, &traffic).await;
        });
    }
}

async fn forward(mut client: TcpStream, target: &str, traffic: &Traffic) -> io::Result<()> {
    let mut node = TcpStream::connect(target).await?;
    let (mut request, mut answer) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    let mut is_waiting = false;
    loop {
        tokio::select! {
            read = client.read(&mut request) => match read? {
                0 => return Ok(()),
                length => {
                    if !is_waiting {
                        is_waiting = true;
                        let waiting = traffic.waiting.fetch_add(1, Ordering::SeqCst) + 1;
                        traffic.waiting_max.fetch_max(waiting, Ordering::SeqCst);
                    }
                    node.write_all(&request[..length]).await?;
                }
            },
            read = node.read(&mut answer) => {
                let length = read?;
                tokio::time::sleep(traffic.delay).await;
                if is_waiting {
                    is_waiting = false;
                    traffic.waiting.fetch_sub(1, Ordering::SeqCst);
                }
                let take = |left: u32| left.checked_sub(1);
                if length == 0 || traffic.lose.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok() {
                    return Ok(());
                }
                client.write_all(&answer[..length]).await?;
            }
        }
    }
}

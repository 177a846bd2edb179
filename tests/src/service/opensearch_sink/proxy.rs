//! A real proxy in front of a node that can lose an answer or stop listening.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Forwards every connection to a node.
pub(super) struct Proxy {
    /// `127.0.0.1:port` of the proxy.
    pub(super) address: String,
    lose: Arc<AtomicU32>,
    task: JoinHandle<()>,
}

impl Proxy {
    pub(super) async fn start(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound").to_string();
        let lose = Arc::new(AtomicU32::new(0));
        let task = tokio::spawn(accept(listener, target.to_owned(), lose.clone()));
        Self { address, lose, task }
    }

    /// The next so many answers of the node are lost, with their connections.
    pub(super) fn lose_answers(&self, number: u32) {
        self.lose.store(number, Ordering::SeqCst);
    }

    /// How many answers are still to be lost.
    pub(super) fn left_to_lose(&self) -> u32 {
        self.lose.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, target: String, lose: Arc<AtomicU32>) {
    while let Ok((client, _)) = listener.accept().await {
        let (target, lose) = (target.clone(), lose.clone());
        tokio::spawn(async move {
            // A connection that breaks is what this proxy is for.
            let _ = forward(client, &target, &lose).await;
        });
    }
}

async fn forward(mut client: TcpStream, target: &str, lose: &AtomicU32) -> io::Result<()> {
    let mut node = TcpStream::connect(target).await?;
    let (mut request, mut answer) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    loop {
        tokio::select! {
            read = client.read(&mut request) => match read? {
                0 => return Ok(()),
                length => node.write_all(&request[..length]).await?,
            },
            read = node.read(&mut answer) => {
                let length = read?;
                let take = |left: u32| left.checked_sub(1);
                if length == 0 || lose.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok() {
                    return Ok(());
                }
                client.write_all(&answer[..length]).await?;
            }
        }
    }
}

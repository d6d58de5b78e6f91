//! A proxy that can lose the server's answer to a call.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A proxy in front of the server.
pub struct Proxy {
    pub url: String,
    cut: Arc<AtomicBool>,
}

impl Proxy {
    pub async fn start(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("{}?sslmode=disable", url.split('?').next().unwrap());
        let (front, server) = url.split_once('@').expect("user@host");
        let (server, rest) = server.split_once('/').expect("host/database");
        let url = format!("{front}@127.0.0.1:{port}/{rest}");
        let (server, cut) = (server.to_owned(), Arc::new(AtomicBool::new(false)));
        let shared = Arc::clone(&cut);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(pass(client, server, Arc::clone(&shared)));
            }
        });
        Self { url, cut }
    }

    /// The answer to the next call of `append` is lost, and its connection with it.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }

    pub fn is_cut(&self) -> bool {
        !self.cut.load(Ordering::SeqCst)
    }
}

/// What the payload of the call to be cut contains.
pub const MARK: &str = "the answer to this is lost";

async fn pass(mut client: TcpStream, mut server: TcpStream, cut: Arc<AtomicBool>) {
    let (mut asked, mut answered) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let mut armed = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => match read {
                Ok(length @ 1..) => {
                    let text = &asked[..length];
                    armed |= cut.load(Ordering::SeqCst)
                        && text.windows(MARK.len()).any(|part| part == MARK.as_bytes());
                    if server.write_all(text).await.is_err() {
                        return;
                    }
                }
                _ => return,
            },
            read = server.read(&mut answered) => match read {
                Ok(length @ 1..) => {
                    if armed {
                        // The server has committed before it answers.
                        cut.store(false, Ordering::SeqCst);
                        return;
                    }
                    if client.write_all(&answered[..length]).await.is_err() {
                        return;
                    }
                }
                _ => return,
            },
        }
    }
}

//! Opens a connection to Redis: TCP, then `AUTH` and `SELECT` if the URL has a
//! password or a database.
//!
//! `upstream.rs` and `events.rs` use it; they decide when to connect again.

use std::io;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::redis_url::RedisUrl;
use crate::resp::{ProtocolError, Reply, ReplyReader, write_command};

/// Why a connection could not be opened. For the log; a client only learns that Redis
/// cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No server answers at the address (yet).
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A server answers that is not Redis.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    /// Redis refused `AUTH` or `SELECT`. The text is its own.
    #[error("Redis refused the connection: {0}")]
    Refused(String),
}

impl ConnectError {
    /// Whether another attempt may succeed.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Io(_))
    }
}

/// Connects, authenticates, and selects the database.
pub async fn connect(url: &RedisUrl) -> Result<TcpStream, ConnectError> {
    let mut stream = TcpStream::connect((url.host.as_str(), url.port)).await?;
    // Small commands must not wait for a full packet.
    stream.set_nodelay(true)?;

    let mut commands = BytesMut::new();
    let mut expected = 0;
    if let Some(password) = &url.password {
        let user = url.user.as_deref().unwrap_or("default");
        write_command(&["AUTH", user, password], &mut commands);
        expected += 1;
    }
    if url.database != 0 {
        write_command(&["SELECT", &url.database.to_string()], &mut commands);
        expected += 1;
    }
    stream.write_all(&commands).await?;
    let mut reader = ReplyReader::default();
    for _ in 0..expected {
        let reply = read_reply(&mut stream, &mut reader).await?;
        if let Some(text) = reply.error_text() {
            return Err(ConnectError::Refused(text));
        }
    }
    Ok(stream)
}

/// Reads the next reply, waiting for all of it.
pub async fn read_reply(
    stream: &mut TcpStream,
    reader: &mut ReplyReader,
) -> Result<Reply, ConnectError> {
    loop {
        if let Some(reply) = reader.next_reply()? {
            return Ok(reply);
        }
        if stream.read_buf(reader.buffer()).await? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
    }
}

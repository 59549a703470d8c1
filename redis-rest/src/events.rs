//! `/subscribe`, `/psubscribe` and `/monitor`: server-sent events.
//!
//! Each client has a connection to Redis of its own, which is closed with the
//! client's. Each message that Redis pushes becomes one event:
//! `data: message,chat,hello`.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::command::Command;
use crate::connect::{connect, read_reply};
use crate::redis_url::RedisUrl;
use crate::resp::{Element, Reply, ReplyReader, read_element, write_command};
use crate::upstream::UpstreamError;

/// Interval of comments on a quiet stream, which keep proxies from closing it.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// Events that wait for a slow client before Redis waits as well.
const QUEUED_EVENTS: usize = 64;

/// The name of the command, if it is one that streams.
///
/// The request's body is ignored: the TypeScript SDK sends `[]`.
pub fn stream_command(command: &Command) -> Option<&'static str> {
    ["SUBSCRIBE", "PSUBSCRIBE", "MONITOR"]
        .into_iter()
        .find(|name| name.as_bytes().eq_ignore_ascii_case(&command.argv[0]))
}

/// Why a stream cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum EventsError {
    /// Redis cannot be reached.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    /// Redis answered the command with an error.
    #[error("{0}")]
    Refused(String),
}

/// Opens a connection, runs `command` and returns the body of the stream.
///
/// The stream ends when its client disconnects, when the connection to Redis ends,
/// or when `stop` becomes true.
pub async fn open(
    url: &RedisUrl,
    command: &Command,
    connect_timeout: Duration,
    stop: watch::Receiver<bool>,
) -> Result<Body, EventsError> {
    let opening = timeout(connect_timeout, async {
        let mut stream = connect(url).await?;
        let mut bytes = BytesMut::new();
        write_command(&command.argv, &mut bytes);
        stream.write_all(&bytes).await?;
        let mut reader = ReplyReader::default();
        let first = read_reply(&mut stream, &mut reader).await?;
        Ok::<_, crate::connect::ConnectError>((stream, reader, first))
    });
    let (stream, reader, first) = match opening.await {
        Ok(Ok(opened)) => opened,
        Ok(Err(error)) => {
            tracing::warn!(redis = %url, %error, "cannot open a stream");
            return Err(UpstreamError::Unreachable.into());
        }
        Err(_) => return Err(UpstreamError::Unreachable.into()),
    };
    if let Some(text) = first.error_text() {
        return Err(EventsError::Refused(text));
    }
    let (events, body) = mpsc::channel(QUEUED_EVENTS);
    tokio::spawn(forward(stream, reader, first, events, stop));
    Ok(Body::from_stream(stream::unfold(body, |mut body| async {
        let event = body.recv().await?;
        Some((Ok::<_, Infallible>(event), body))
    })))
}

/// Forwards replies as events until one side ends.
async fn forward(
    mut stream: TcpStream,
    mut reader: ReplyReader,
    first: Reply,
    events: mpsc::Sender<Bytes>,
    mut stop: watch::Receiver<bool>,
) {
    let mut next = Some(event(&first));
    loop {
        if let Some(event) = next.take()
            && events.send(event).await.is_err()
        {
            return;
        }
        tokio::select! {
            reply = read_reply(&mut stream, &mut reader) => match reply {
                Ok(reply) => next = Some(event(&reply)),
                Err(_) => return,
            },
            () = tokio::time::sleep(KEEP_ALIVE_INTERVAL) => next = Some(Bytes::from_static(b": keep-alive\n\n")),
            () = events.closed() => return,
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// One pushed reply as an event. A line break inside a message starts another
/// `data:` line, as the format demands; bytes that are not UTF-8 become U+FFFD.
fn event(reply: &Reply) -> Bytes {
    let mut parts: Vec<String> = Vec::new();
    let mut rest: &[u8] = reply.raw();
    while let Ok(Some((element, len))) = read_element(rest) {
        rest = &rest[len..];
        match element {
            // The only status is the OK of MONITOR, which Upstash quotes.
            Element::Simple(b"OK") => parts.push("\"OK\"".to_owned()),
            Element::Simple(text)
            | Element::Error(text)
            | Element::Integer(text)
            | Element::Bulk(Some(text)) => parts.push(String::from_utf8_lossy(text).into_owned()),
            Element::Bulk(None) | Element::Array(None) => parts.push("null".to_owned()),
            Element::Array(Some(_)) => {}
        }
    }
    let mut out = String::new();
    for line in parts.join(",").split(['\n', '\r']) {
        out.push_str("data: ");
        out.push_str(line);
        out.push('\n');
    }
    out.push('\n');
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_has_the_elements_of_one_push() {
        for (raw, text) in [
            (
                "*3\r\n$7\r\nmessage\r\n$4\r\nchat\r\n$5\r\nhello\r\n",
                "data: message,chat,hello\n\n",
            ),
            (
                "*3\r\n$9\r\nsubscribe\r\n$4\r\nchat\r\n:1\r\n",
                "data: subscribe,chat,1\n\n",
            ),
            ("+OK\r\n", "data: \"OK\"\n\n"),
            (
                "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$3\r\na\nb\r\n",
                "data: message,c,a\ndata: b\n\n",
            ),
        ] {
            let reply = ReplyReader::with(raw.as_bytes().into())
                .next_reply()
                .unwrap()
                .unwrap();
            assert_eq!(event(&reply), text.as_bytes());
        }
    }
}

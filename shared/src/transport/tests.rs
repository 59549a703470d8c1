//! The rules of a call, on a server that is told byte by byte what to send.

use std::future::Future;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::spawn;
use std::time::{Duration, Instant};

use super::{Response, SendError, send};

/// How long the calls may take that are meant to run into it, in milliseconds.
const SHORT_MS: u64 = 300;
/// How long the others may take.
const LONG_MS: u64 = 20_000;

/// Answers requests one after the other, each with `answer` and the number of the
/// connection; returns the address.
fn serve(answer: impl Fn(&mut TcpStream, usize) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    spawn(move || {
        for number in 0.. {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            answer(&mut stream, number);
        }
    });
    format!("http://{address}/with/a-secret")
}

/// A server whose response is this text, after which it is silent until the client goes.
fn sends(text: &'static str) -> String {
    serve(move |stream, _| {
        stream.write_all(text.as_bytes()).unwrap();
        let _ = stream.read(&mut [0]);
    })
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(future)
}

async fn get(url: &str, timeout_ms: u64) -> Result<Response, SendError> {
    send(reqwest::Client::new().get(url), timeout_ms).await
}

/// What reading up to `limit` comes to.
fn read(url: &str, limit: usize) -> Result<Option<String>, SendError> {
    let body = block_on(async { get(url, LONG_MS).await?.read(limit).await })?;
    Ok(body.map(|body| String::from_utf8(body).unwrap()))
}

#[test]
fn a_body_is_read_up_to_its_limit_with_and_without_a_length() {
    let some = |text: &str| Ok(Some(text.to_owned()));
    let declared = sends("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
    assert_eq!(read(&declared, 5), some("hello"));
    assert_eq!(read(&declared, 4), Ok(None));
    // More than that is not of this response.
    let longer = sends("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello world");
    assert_eq!(read(&longer, 5), some("hello"));
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n";
    let chunked = serve(move |stream, _| write!(stream, "{chunked}0\r\n\r\n").unwrap());
    assert_eq!(read(&chunked, 5), some("hello"));
    assert_eq!(read(&chunked, 4), Ok(None));
    let until_closed = serve(|stream, _| write!(stream, "HTTP/1.1 200 OK\r\n\r\nhello").unwrap());
    assert_eq!(read(&until_closed, 5), some("hello"));
    assert_eq!(read(&until_closed, 4), Ok(None));
}

/// Where nothing is known of the length, and where it is known to be too much, nobody
/// waits for a body that never comes to its end.
#[test]
fn what_is_too_long_is_not_read_to_its_end() {
    let declared = sends("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nh");
    let endless = sends("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n");
    let started = Instant::now();
    assert_eq!(read(&declared, 4), Ok(None));
    assert_eq!(read(&endless, 4), Ok(None));
    assert!(started.elapsed() < Duration::from_millis(LONG_MS / 2));
}

#[test]
fn the_length_of_an_encoded_body_is_not_known() {
    let length = |head: &'static str| {
        let url = sends(head);
        block_on(async { get(&url, LONG_MS).await.unwrap().declared_length() })
    };
    let declared = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n";
    assert_eq!(length(declared), Some(5));
    let encoded = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-encoding: gzip\r\n\r\n";
    assert_eq!(length(encoded), None);
    assert_eq!(length("HTTP/1.1 200 OK\r\n\r\n"), None);
}

#[test]
fn a_call_is_over_in_time_whatever_it_waits_for() {
    let silent = sends("");
    let half = sends("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel");
    let endless = sends("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nh\r\n");
    for url in [silent, half, endless] {
        let started = Instant::now();
        let whole = block_on(async { get(&url, SHORT_MS).await?.bytes().await });
        assert_eq!(whole, Err(SendError::TimedOut(SHORT_MS)));
        let limited = block_on(async { get(&url, SHORT_MS).await?.read(100).await });
        assert_eq!(limited, Err(SendError::TimedOut(SHORT_MS)));
        assert!(started.elapsed() < Duration::from_millis(LONG_MS / 2));
    }
    assert_eq!(SendError::TimedOut(300).to_string(), "not within 300 ms");
}

#[test]
fn what_was_not_reached_or_is_cut_off_is_told_without_its_address() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    let nobody = format!("http://{}/with/a-secret", nobody.unwrap());
    let closes = serve(|_, _| ());
    let cut_off = serve(|stream, _| {
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel").unwrap();
    });
    for (url, expected) in [
        (nobody, SendError::NOT_SENT),
        (closes, SendError::NOT_SENT),
        (cut_off, SendError::BODY_CUT_OFF),
    ] {
        let whole = block_on(async { get(&url, LONG_MS).await?.bytes().await });
        assert_eq!(whole.as_ref(), Err(&expected));
        assert_eq!(read(&url, 100).as_ref(), Err(&expected));
        let text = expected.to_string();
        assert!(!text.contains("127.0.0.1") && !text.contains("secret"));
    }
}

#[test]
fn a_redirect_is_followed() {
    let url = serve(|stream, number| {
        let text = match number {
            0 => "HTTP/1.1 307 X\r\nlocation: /there\r\ncontent-length: 0\r\n\r\n",
            _ => "HTTP/1.1 201 X\r\ncontent-length: 5\r\n\r\nthere",
        };
        let close = text.replacen("\r\n", "\r\nconnection: close\r\n", 1);
        stream.write_all(close.as_bytes()).unwrap();
    });
    let response = block_on(get(&url, LONG_MS)).unwrap();
    assert_eq!(response.status(), 201);
}

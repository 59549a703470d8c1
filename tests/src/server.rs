//! An HTTP server inside the test process, and forwarding from it.
//!
//! A handler can drop its connection, which no HTTP framework offers by itself:
//! see [`Connection`]. Every response closes its connection, so that dropping
//! one loses exactly one request.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd as _;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::map_response;
use axum::response::Response;
use axum::serve::IncomingStream;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// How long the server behind a forwarded request may take.
const FORWARD_WITHIN: Duration = Duration::from_secs(30);

/// Headers that are about one connection and not about the message.
const PER_CONNECTION: [header::HeaderName; 4] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::HOST,
    header::TRANSFER_ENCODING,
];

/// What all asynchronous code of a test binary runs on.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
    });
    &RUNTIME
}

/// The connection that a request came over.
#[derive(Debug, Clone)]
pub struct Connection(Arc<io::Result<TcpStream>>);

impl Connected<IncomingStream<'_, TcpListener>> for Connection {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        let duplicate = stream.io().as_fd().try_clone_to_owned();
        Self(Arc::new(duplicate.map(TcpStream::from)))
    }
}

impl Connection {
    /// Closes it. The client gets no response, whatever the handler returns.
    pub fn close(&self) {
        let stream = self.0.as_ref().as_ref().unwrap();
        // The client may have closed it first.
        let _ = stream.shutdown(Shutdown::Both);
    }
}

/// Serves `router` on a free port of 127.0.0.1 until the process ends. Handlers
/// can extract `ConnectInfo<Connection>`. Returns the port.
pub fn serve(router: Router) -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let service = router
        .layer(DefaultBodyLimit::disable())
        .layer(map_response(close_connection))
        .into_make_service_with_connect_info::<Connection>();
    runtime().spawn(async move {
        let listener = TcpListener::from_std(listener).unwrap();
        axum::serve(listener, service).await
    });
    port
}

/// Serves a proxy, which passes each request on with `pass`. Where that gives no
/// response, the connection closes without one. Returns the port.
pub fn serve_proxy<F, R>(pass: F) -> u16
where
    F: Fn(Request) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Option<Response>> + Send + 'static,
{
    let handle = move |ConnectInfo(connection): ConnectInfo<Connection>, request: Request| {
        // Goes on when the client is gone, as a network does.
        let passed = tokio::spawn(pass(request));
        async move {
            passed.await.unwrap().unwrap_or_else(|| {
                connection.close();
                Response::default()
            })
        }
    };
    serve(Router::new().fallback(handle))
}

async fn close_connection(mut response: Response) -> Response {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

/// Reads a request with its body. Errors when the client is gone.
pub async fn read(request: Request) -> Result<Request<Vec<u8>>, axum::Error> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await?;
    Ok(Request::from_parts(parts, body.into()))
}

/// Sends `request` to the server on `port` and returns its complete response.
pub async fn forward(request: Request<Vec<u8>>, port: u16) -> Result<Response, reqwest::Error> {
    static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(|| {
        reqwest::Client::builder()
            // A pooled connection may lead to a server that was killed since.
            .pool_max_idle_per_host(0)
            .timeout(FORWARD_WITHIN)
            .build()
            .unwrap()
    });
    let (parts, body) = request.into_parts();
    let url = format!("http://127.0.0.1:{port}{}", parts.uri);
    let request = CLIENT
        .request(parts.method, url)
        .headers(end_to_end(parts.headers))
        .body(body);
    let response = request.send().await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut complete = Response::new(Body::from(response.bytes().await?));
    *complete.status_mut() = status;
    *complete.headers_mut() = end_to_end(headers);
    Ok(complete)
}

fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    for name in PER_CONNECTION {
        headers.remove(name);
    }
    headers
}

#[cfg(test)]
mod tests {
    use axum::routing::get;

    use super::*;
    use crate::http::{RESPONSE_WITHIN, send};

    #[test]
    fn a_closed_connection_gives_no_response_and_a_forwarded_one_the_same() {
        let port = serve(
            Router::new()
                .route("/answers", get(|| async { "here" }))
                .route(
                    "/closes",
                    get(
                        |ConnectInfo(connection): ConnectInfo<Connection>| async move {
                            connection.close();
                            "too late"
                        },
                    ),
                ),
        );
        let proxy = serve_proxy(move |request| async move {
            let request = read(request).await.ok()?;
            forward(request, port).await.ok()
        });
        for port in [port, proxy] {
            let get = |path: &str| {
                let url = format!("http://127.0.0.1:{port}{path}");
                send("GET", &url, &[], None, RESPONSE_WITHIN)
            };
            assert_eq!(get("/answers").unwrap().text, "here");
            assert!(get("/closes").is_err());
        }
    }
}

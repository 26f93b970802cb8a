//! The HTTP echo server on hyper, one thread: HTTP/1.1, and HTTP/2 without TLS. The body of each request becomes that of its answer.

use hyper::service::{make_service_fn, service_fn};
use hyper::{Body, Request, Response, Server};
use std::convert::Infallible;
use std::io::Write;

async fn echo(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(request.into_body()))
}

#[derive(Clone)]
struct Here;

impl<F: std::future::Future + 'static> hyper::rt::Executor<F> for Here {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(async move {
            future.await;
        });
    }
}

async fn serve() -> Result<(), Box<dyn std::error::Error>> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    println!("ready {}", listener.local_addr()?.port());
    std::io::stdout().flush()?;
    Server::from_tcp(listener)?
        .executor(Here)
        .tcp_nodelay(true)
        .http2_max_concurrent_streams(1000)
        .serve(make_service_fn(|_| async { Ok::<_, Infallible>(service_fn(echo)) }))
        .await?;
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, serve())
}

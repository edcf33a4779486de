//! The host's front: it accepts connections and reads requests as Kestrel does.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::body::Body;
use super::head::{self, Head, NoHead};
use super::reply::Reply;
use super::wire::Wire;
use super::{Inner, Phase};

/// HTTP/2's GOAWAY frame with the error `HTTP_1_1_REQUIRED`.
const GO_AWAY: &[u8] = b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x0d";

/// Listens on a loopback port, or on a free one for 0.
pub(super) async fn bind(port: u16) -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.expect("a free loopback port");
    let address = listener.local_addr().expect("a bound address");
    (listener, address)
}

/// Serves until the host ends; then connections are refused.
pub(super) async fn serve(listener: TcpListener, inner: Arc<Inner>) {
    let mut connections = JoinSet::new();
    let mut phase = inner.phase.clone();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { return };
                connections.spawn(connection(Wire::new(stream), Arc::clone(&inner)));
                while connections.try_join_next().is_some() {}
            }
            Ok(_) = phase.wait_for(|phase| *phase == Phase::HostStopped) => return,
        }
    }
}

async fn connection(mut wire: Wire, inner: Arc<Inner>) {
    loop {
        match head::read(&mut wire).await {
            Ok(head) => {
                if !request(&mut wire, &head, &inner).await {
                    return;
                }
            }
            Err(NoHead::End) => return,
            Err(NoHead::Http2) => {
                let _ = wire.send(GO_AWAY).await;
                return;
            }
            Err(NoHead::Refused(status)) => {
                Reply::bare(status).send(&mut wire, None, &inner.connections).await;
                return;
            }
        }
    }
}

/// Answers a request; true if the connection can go on.
async fn request(wire: &mut Wire, head: &Head, inner: &Inner) -> bool {
    let mut body = Body::new(head.framing, inner.memory.limit);
    body.continue_due = head.expects_continue() && !head.is_http_10;
    let mut reply = inner.answer(head, &mut body, wire).await;
    let memory = reply.held.take();
    let goes_on = reply.send(wire, Some(head), &inner.connections).await;
    drop(memory);
    // A client that still waits for 100 Continue will not send its body.
    if !goes_on || std::mem::take(&mut body.continue_due) && !body.is_done() {
        return false;
    }
    let drained = tokio::time::timeout(inner.options.timing.drain, body.skip(wire)).await;
    drained.is_ok_and(|result| result.is_ok()) && !head.is_last
}

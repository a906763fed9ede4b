//! On a real port: assets, live updates, and an end that lets requests finish.

use std::time::Duration;

use engine::changes::Subject;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{App, open_shop};

async fn request(address: std::net::SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// Reads until `wanted` has come; a minute is more than any machine needs.
async fn read_until(stream: &mut TcpStream, wanted: &str) -> String {
    let mut text = String::new();
    let reading = async {
        let mut buffer = [0_u8; 4096];
        while !text.contains(wanted) {
            let n = stream.read(&mut buffer).await.unwrap();
            assert!(n > 0, "the connection ended without `{wanted}`: {text}");
            text.push_str(std::str::from_utf8(&buffer[..n]).unwrap());
        }
    };
    tokio::time::timeout(Duration::from_mins(1), reading)
        .await
        .expect("no answer");
    text
}

#[tokio::test]
async fn live_updates_reach_the_sellers_own_pages_and_the_server_ends_in_good_order() {
    let database = testkit::sqlite();
    let app = App::new(&database).await;
    let other = open_shop(&app.engine, "Other", "17841400000000002").await;
    let browser = app.owner().await;
    let cookie = format!("eziseller={}", browser.cookies["eziseller"]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let router = app.router.clone();
    let server = tokio::spawn(async move {
        web::serve(listener, router, async { stopped.await.unwrap_or(()) }).await
    });

    let mut css = request(
        address,
        "GET /assets/app.css HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert!(read_until(&mut css, "--accent").await.contains("text/css"));

    let mut live = request(
        address,
        &format!("GET /live HTTP/1.1\r\nhost: x\r\ncookie: {cookie}\r\n\r\n"),
    )
    .await;
    read_until(&mut live, "text/event-stream").await;
    app.engine.switchboard().tell(other.id, Subject::Orders);
    app.engine.switchboard().tell(app.shop.id, Subject::Drafts);
    let told = read_until(&mut live, "data: drafts").await;
    assert!(!told.contains("orders"), "another seller's news: {told}");

    // Without a session there is no stream.
    let mut nobody = request(
        address,
        "GET /live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert!(
        read_until(&mut nobody, "\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 303")
    );

    // The open stream does not hold the end up.
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(30), server)
        .await
        .expect("the server ends")
        .unwrap()
        .unwrap();
}

//! Failures of every kind: what the advice is, and that no secret is printed.

use meta::graph::{
    Access, Advice, Channel, Graph, GraphError, Outgoing, Reason, SendError, Sender,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::server::{Meta, SECRET, TOKEN, config};

async fn send(graph: &Graph) -> GraphError {
    let access = Access::facebook(TOKEN);
    let sender = Sender {
        channel: Channel::Instagram,
        node: "105",
        access: &access,
    };
    match graph
        .send(&sender, &Outgoing::text("902", "planted words"))
        .await
        .unwrap_err()
    {
        SendError::Graph(error) => error,
        SendError::NotOnThisChannel(_) => panic!("it is on this channel"),
    }
}

async fn ask(graph: &Graph) -> GraphError {
    graph
        .profile(&Access::facebook(TOKEN), Channel::Instagram, "902")
        .await
        .unwrap_err()
}

fn says_nothing(error: &GraphError) {
    for text in [error.to_string(), format!("{error:?}")] {
        for planted in [TOKEN, SECRET, "planted", "127.0.0.1"] {
            assert!(!text.contains(planted), "{text}");
        }
    }
}

#[tokio::test]
async fn metas_errors_become_advice_by_code() {
    let meta = Meta::start().await;
    for (body, advice, reason) in [
        (
            r#"{"error":{"message":"planted words","code":10,"error_subcode":2534022,"fbtrace_id":"A1"}}"#,
            Advice::Drop,
            Reason::OutsideWindow,
        ),
        (
            r#"{"error":{"message":"メッセージ","code":"190","error_subcode":"463"}}"#,
            Advice::Reconnect,
            Reason::TokenInvalid,
        ),
        (
            r#"{"error":{"code":200,"error_subcode":2534041,"error_data":"{\"a\":1}"}}"#,
            Advice::Fix,
            Reason::MessageAccessOff,
        ),
        (
            r#"{"error":{"code":1,"error_subcode":1357046}}"#,
            Advice::AlreadyDone,
            Reason::SentDespiteError,
        ),
        (
            r#"{"error":{"code":424242,"is_transient":true}}"#,
            Advice::Retry { times: 3 },
            Reason::Unknown,
        ),
    ] {
        // The HTTP status is not to be relied on: some come with 200.
        for status in [400, 200, 500] {
            meta.will_answer(status, body);
            let error = send(&meta.graph).await;
            assert_eq!((error.advice, error.reason), (advice, reason), "{body}");
            says_nothing(&error);
        }
    }
}

#[tokio::test]
async fn a_throttle_waits_as_long_as_the_header_says() {
    let meta = Meta::start().await;
    let header =
        r#"{"105":[{"type":"instagram","call_count":100,"estimated_time_to_regain_access":19}]}"#;
    let headers = vec![
        ("x-business-use-case-usage", header.to_owned()),
        ("x-app-usage", r#"{"call_count":99}"#.to_owned()),
    ];
    meta.will_answer_with(400, headers, r#"{"error":{"code":80002}}"#);
    let error = ask(&meta.graph).await;
    assert_eq!(error.advice.delay_seconds(1), Some(19 * 60));
    assert_eq!(error.usage.business[0].object_id, "105");
    assert_eq!(error.usage.app.unwrap().highest(), 99);
}

#[tokio::test]
async fn what_is_no_answer_is_unknown_for_a_send_and_tried_again_otherwise() {
    let meta = Meta::start().await;
    let cases = [
        (200, "Service Unavailable", Reason::NotJson),
        (200, "", Reason::NotJson),
        (502, "<html>Bad gateway</html>", Reason::NotJson),
        (500, "{}", Reason::UnexpectedShape),
        (200, r#""ok""#, Reason::UnexpectedShape),
        (302, "{}", Reason::UnexpectedShape),
    ];
    for (status, body, reason) in cases {
        meta.will_answer(status, body).will_answer(status, body);
        let error = send(&meta.graph).await;
        assert_eq!(
            (error.advice, error.reason),
            (Advice::OutcomeUnknown, reason),
            "{status} {body}"
        );
        assert_eq!(error.status, Some(status));
        let error = ask(&meta.graph).await;
        assert_eq!(
            (error.advice, error.reason),
            (Advice::Retry { times: 3 }, reason),
            "{status} {body}"
        );
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_token() {
    let meta = Meta::start().await;
    let other = Meta::start().await;
    meta.will_answer_with(
        307,
        vec![("location", format!("{}/steal", other.url))],
        "{}",
    );
    assert_eq!(send(&meta.graph).await.advice, Advice::OutcomeUnknown);
    assert_eq!(other.asked_times(), 0);
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = send(&Graph::new(config(&url)).unwrap()).await;
    assert_eq!(error.reason, Reason::NotConnected);
    assert!(matches!(error.advice, Advice::Retry { .. }), "{error:?}");
    says_nothing(&error);
}

/// A server that reads the request and then does as told.
async fn rude(answer: &'static [u8], hang: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(answer).await;
            if hang {
                held.push(stream);
            }
        }
    });
    url
}

#[tokio::test]
async fn once_something_was_sent_silence_is_an_unknown_outcome() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"message_id\":";
    for (answer, hang, reason) in [
        (&b""[..], true, Reason::TimedOut),
        (b"", false, Reason::ConnectionLost),
        (half, false, Reason::ConnectionLost),
        (half, true, Reason::TimedOut),
    ] {
        let graph = Graph::new(config(&rude(answer, hang).await)).unwrap();
        let error = send(&graph).await;
        assert_eq!(
            (error.advice, error.reason),
            (Advice::OutcomeUnknown, reason)
        );
        says_nothing(&error);
        let error = ask(&graph).await;
        assert_eq!(
            (error.advice, error.reason),
            (Advice::Retry { times: 3 }, reason)
        );
    }
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n[").await;
        let spaces = vec![b' '; 1 << 20];
        while stream.write_all(&spaces).await.is_ok() {}
    });
    let config = meta::graph::Config {
        timeout: std::time::Duration::from_secs(30),
        ..config(&url)
    };
    let error = ask(&Graph::new(config).unwrap()).await;
    assert_eq!(error.reason, Reason::UnexpectedShape);
}

#[tokio::test]
async fn connections_are_used_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let accepted = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = accepted.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).await.is_ok_and(|n| n > 0) {
                    let _ = stream
                        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
                        .await;
                }
            });
        }
    });
    let graph = Graph::new(config(&url)).unwrap();
    for _ in 0..10 {
        graph
            .profile(&Access::facebook(TOKEN), Channel::Instagram, "902")
            .await
            .unwrap();
    }
    assert_eq!(accepted.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[tokio::test]
async fn nothing_secret_is_printed() {
    let meta = Meta::start().await;
    let access = Access::facebook(TOKEN);
    for text in [
        format!("{:?}", meta.graph),
        format!("{access:?}"),
        format!("{:?}", meta.graph.config()),
    ] {
        assert!(!text.contains(TOKEN) && !text.contains(SECRET), "{text}");
    }
    // A token that no header can carry fails before anything is sent.
    let broken = Access::facebook("planted\ntoken");
    let error = meta
        .graph
        .profile(&broken, Channel::Instagram, "902")
        .await
        .unwrap_err();
    assert_eq!((error.advice, meta.asked_times()), (Advice::Fix, 0));
    says_nothing(&error);
}

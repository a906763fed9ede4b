//! No token, secret or customer's word in any log line, at any level.

use std::io;
use std::sync::{Arc, Mutex};

use domain::Timestamp;
use sandbox::Fault;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::World;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn planted_values_never_reach_the_log() {
    const WORDS: &str = "two blue mugs for zanzibar-planted-words";
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(captured.clone())
        .finish();
    // This test's own thread only: its runtime has no other.
    let _guard = tracing::subscriber::set_default(subscriber);
    let db = testkit::sqlite();
    let world = World::new(&db).await;
    let error = |code| Fault::Error {
        code,
        subcode: None,
        after_effect: false,
    };
    for fault in [
        error(2),
        Fault::CutAfter,
        Fault::Text200,
        error(100),
        error(190),
    ] {
        world.meta.next_calls(1, "messages", fault);
        world.customer("planted").say(WORDS);
        world.settle().await;
        world.clock.advance(2 * Timestamp::MINUTE);
        world.engine.reconcile_step().await.unwrap();
    }
    let wrong = world
        .engine
        .intake()
        .take(Some("sha256=00"), WORDS.as_bytes());
    wrong.await;
    let conversation = world.conversation().await.id;
    let _ = world.engine.reply(world.by(), conversation, WORDS).await;
    world.settle().await;
    let log = String::from_utf8_lossy(&captured.0.lock().unwrap()).into_owned();
    assert!(log.contains("engine"), "the log was captured");
    // The sandbox shares the process and its log shows what Meta knows anyway.
    let ours: Vec<&str> = log.lines().filter(|l| !l.contains("sandbox")).collect();
    let account = world.meta.account();
    for secret in [
        WORDS,
        "zanzibar",
        &account.access_token,
        &world.meta.app().secret,
        "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
    ] {
        let leak = ours.iter().find(|line| line.contains(secret));
        assert!(leak.is_none(), "in the log: {leak:?}");
    }
}

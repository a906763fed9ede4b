//! No token, secret or customer's word in any log line, at any level, and no secret in the database.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use domain::Timestamp;
use engine::connect::Connecting;
use engine::sync::{SyncCause, SyncKind, SyncStep};
use engine::tasks::Step;
use meta::graph::{App, Host};
use sandbox::{Change, Consent, Fault, through_dialog};
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

const WORDS: &str = "two blue mugs for zanzibar-planted-words";
const KEY: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

const fn error(code: i64) -> Fault {
    Fault::Error {
        code,
        subcode: None,
        after_effect: false,
    }
}

/// Messages in and out, with every kind of failure.
async fn talk(world: &World) {
    for fault in [
        error(2),
        Fault::CutAfter,
        Fault::Text200,
        error(100),
        error(551),
    ] {
        world.meta.next_calls(1, "messages", fault);
        world.customer("planted").say(WORDS);
        world.settle().await;
        world.clock.advance(2 * Timestamp::MINUTE);
        world.engine.reconcile_step().await.unwrap();
        world.engine.sweep_step().await.unwrap();
        world.engine.profiles_step().await.unwrap();
    }
    let intake = world.engine.intake();
    intake.take(Some("sha256=00"), WORDS.as_bytes()).await;
    let conversation = world.conversation().await.id;
    let _ = world.engine.reply(world.by(), conversation, WORDS).await;
    world.settle().await;
}

/// The login's dialog, once called off, once refused by Meta, once to its end; what went through the
/// browser.
async fn connect(world: &World) -> Vec<String> {
    let mut seen = Vec::new();
    for (deny, fault) in [(true, None), (false, Some(error(100))), (false, None)] {
        world.meta.change(Change::Consent(Consent {
            auto: true,
            deny,
            ..Consent::default()
        }));
        let who = Connecting {
            seller: world.seller,
            member: None,
            host: Host::Facebook,
            again: true,
        };
        let url = world.engine.connect_begin(who).await.unwrap();
        let back = through_dialog(&url).await.unwrap();
        if let Some(fault) = fault {
            world.meta.next_calls(1, "oauth", fault);
        }
        let code = back.code.as_deref();
        let _ = world
            .engine
            .connect_finish(world.seller, &back.state, code)
            .await;
        seen.push(back.state);
        seen.extend(back.code);
    }
    seen
}

/// A sync that meets failures, to its end.
async fn sync(world: &World) {
    let store = world.engine.store().seller(world.seller);
    let catalog = store.catalogs().await.unwrap().remove(0).id;
    for code in [190, 80_014, 2, 100] {
        world.meta.next_calls(1, "items_batch", error(code));
        let start = world
            .engine
            .sync_start(world.seller, catalog, SyncKind::Full, SyncCause::Hand);
        start.await.unwrap();
        for _ in 0..100 {
            let step = world.engine.sync_step(world.seller, catalog, "test");
            match step.await.unwrap() {
                SyncStep::Ended(_) => break,
                SyncStep::Did => {}
                SyncStep::WaitUntil(then) => world.clock.set(then),
            }
        }
    }
}

/// The doctor on a healthy account and on broken ones, and tokens that are renewed or die.
async fn look_after(world: &World) {
    let doctor = async || world.engine.doctor(None).await.unwrap();
    let mut told = doctor().await;
    world.clock.advance(45 * Timestamp::DAY);
    for fault in [Some(error(2)), None] {
        if let Some(fault) = fault {
            world.meta.next_calls(1, "oauth", fault);
        }
        world.clock.advance(7 * Timestamp::HOUR);
        while let Step::Did(_) = world.engine.connections_step().await.unwrap() {}
    }
    world.meta.change(Change::RevokeTokens {
        account: None,
        subcode: 460,
    });
    told.extend(doctor().await);
    world.clock.advance(7 * Timestamp::HOUR);
    while let Step::Did(_) = world.engine.connections_step().await.unwrap() {}
    told.extend(doctor().await);
    // What the doctor says goes to terminals and pages: it may name no secret either.
    tracing::info!(target: "engine::told", "{told:?}");
}

/// Everything in the database's files.
fn database(url: &str) -> Vec<u8> {
    let path = Path::new(url.strip_prefix("sqlite:").unwrap());
    let mut bytes = Vec::new();
    for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        bytes.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    bytes
}

fn holds(bytes: &[u8], secret: &str) -> bool {
    bytes
        .windows(secret.len())
        .any(|window| window == secret.as_bytes())
}

#[tokio::test]
async fn planted_values_reach_neither_the_log_nor_the_database() {
    let captured = Captured::default();
    // Everything at the most talkative level: what any other level shows is among it.
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(captured.clone())
        .finish();
    // This test's own thread only: its runtime has no other.
    let _guard = tracing::subscriber::set_default(subscriber);
    let db = testkit::sqlite();
    let mut world = World::new(&db).await;
    let app = world.meta.app();
    let secret = app.secret.clone();
    world
        .restart_with(|config| {
            config.graph.app = Some(App {
                id: app.id,
                secret: app.secret.into(),
            });
            config.public_url = Some("https://shop.example.com".to_owned());
        })
        .await;
    talk(&world).await;
    let browser = connect(&world).await;
    sync(&world).await;
    look_after(&world).await;

    let log = String::from_utf8_lossy(&captured.0.lock().unwrap()).into_owned();
    for level in ["WARN", "INFO", "DEBUG", "TRACE"] {
        assert!(log.contains(level), "the log has lines at {level}");
    }
    // The sandbox shares the process and its log shows what Meta knows anyway.
    let ours: Vec<&str> = log.lines().filter(|l| !l.contains(" sandbox::")).collect();
    let account = world.meta.account();
    let stored = world.account().await;
    let tokens = [
        world.engine.access_token(&stored).unwrap(),
        world.engine.user_token(&stored).unwrap(),
    ];
    let mut secrets = vec![
        account.access_token,
        account.user_token,
        secret,
        app.instagram_secret,
        KEY.to_owned(),
    ];
    secrets.extend(browser);
    for token in tokens.into_iter().flatten() {
        secrets.push(secrecy::ExposeSecret::expose_secret(&token).to_owned());
    }
    assert!(secrets.len() >= 12, "{}", secrets.len());
    for secret in secrets
        .iter()
        .map(String::as_str)
        .chain([WORDS, "zanzibar"])
    {
        let leak = ours.iter().find(|line| line.contains(secret));
        assert!(leak.is_none(), "in the log: {leak:?}");
    }
    let bytes = database(db.url());
    assert!(holds(&bytes, "zanzibar"), "the database was read");
    for secret in &secrets {
        assert!(!holds(&bytes, secret), "{secret} is in the database");
    }
}

//! How many DMs a second are taken in, and how many become draft orders, replies included.
//!
//! `cargo bench -p engine --bench pipeline -- [sqlite|postgres] [events] [events a conversation]`

use std::sync::Arc;
use std::time::Instant;

use domain::catalog::file;
use engine::config::EngineConfig;
use engine::intake::Outcome;
use engine::keyring::Keyring;
use engine::sellers::{AddAccount, AddSeller};
use engine::tasks::Step;
use engine::{Engine, clock::SystemClock};
use store::Store;

const SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
const SELLERS: usize = 5;
const CALLERS: usize = 64;

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with("--"))
        .collect();
    let which = arguments.first().map_or("sqlite", String::as_str);
    let number = |i: usize, default| {
        arguments
            .get(i)
            .and_then(|n| n.parse().ok())
            .unwrap_or(default)
    };
    let (events, each) = (number(1, 20_000), number(2, 10));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(run(which, events, each));
}

async fn run(which: &str, events: usize, each: usize) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let database = match which {
        "postgres" => testkit::postgres().await,
        _ => testkit::sqlite(),
    };
    let key = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=".to_owned();
    let mut config = EngineConfig::new(Keyring::parse(&key.into()).expect("a key"));
    config.secrets.meta = Some(SECRET.to_owned().into());
    let workers = config.pipeline_workers;
    let store = Store::open(database.url()).await.expect("a database");
    let engine = Engine::new(store, config, Arc::new(SystemClock)).expect("an engine");
    for seller in 0..SELLERS {
        add_seller(&engine, seller).await;
    }
    let bodies: Vec<(String, String)> = (0..events).map(|n| body(n, events / each)).collect();
    let bodies = Arc::new(bodies);

    let start = Instant::now();
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (engine, bodies) = (engine.clone(), bodies.clone());
            tokio::spawn(async move {
                for (signature, body) in bodies.iter().skip(caller).step_by(CALLERS) {
                    let outcome = engine.intake().take(Some(signature), body.as_bytes()).await;
                    assert_eq!(outcome, Outcome::Accepted { events: 1 });
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.expect("a caller");
    }
    let taken = start.elapsed().as_secs_f64();

    let start = Instant::now();
    let workers: Vec<_> = (0..workers)
        .map(|_| {
            let engine = engine.clone();
            tokio::spawn(async move {
                while let Step::Did(_) = engine.pipeline_step().await.expect("a step") {}
            })
        })
        .collect();
    let count = workers.len();
    for worker in workers {
        worker.await.expect("a worker");
    }
    let read = start.elapsed().as_secs_f64();
    let stats = engine.store().stats().await.expect("figures");
    let rate = |seconds: f64| events as f64 / seconds;
    println!(
        "{which}: {events} events in {} conversations; taken in {:.0}/s ({CALLERS} callers), \
         read and decided {:.0}/s ({count} workers)\n{stats}",
        events / each,
        rate(taken),
        rate(read),
    );
}

async fn add_seller(engine: &Engine, number: usize) {
    let added = engine
        .add_seller(&AddSeller {
            name: format!("Shop {number}"),
            country: "US".to_owned(),
            currency: "USD".parse().expect("a currency"),
            language: None,
            time_zone: None,
        })
        .await
        .expect("a seller");
    let goods: Vec<String> = (0..200)
        .map(|n| {
            format!(r#"{{"retailer_id":"SKU-{n}","title":"Product {n} of clay","price":"{n}.50"}}"#)
        })
        .collect();
    let goods = format!(r#"{{"currency":"USD","products":[{}]}}"#, goods.join(","));
    let goods = file::parse(&goods, None).expect("a catalog").products;
    let store = engine.store().seller(added.seller.id);
    store
        .put_products(goods, engine.now())
        .await
        .expect("products");
    let add = AddAccount {
        instagram_account_id: Some(account(number)),
        ..AddAccount::default()
    };
    engine
        .add_account(added.seller.id, &add)
        .await
        .expect("an account");
}

fn account(seller: usize) -> String {
    format!("1784140000000000{seller}")
}

fn body(n: usize, conversations: usize) -> (String, String) {
    let customer = n % conversations.max(1);
    let account = account(customer % SELLERS);
    let at = 1_793_000_000_000_i64 + n as i64;
    let text = match n / conversations.max(1) {
        0 => format!("Hello! 2 x product {} of clay please", n % 200),
        1 => format!("and 1 product {} of clay", (n * 7) % 200),
        2 => "how much is delivery?".to_owned(),
        _ => format!("also {} product {} of clay", n % 4 + 1, (n * 3) % 200),
    };
    let body = format!(
        r#"{{"object":"instagram","entry":[{{"id":"{account}","time":{at},"messaging":[{{"sender":{{"id":"90{customer}"}},"recipient":{{"id":"{account}"}},"timestamp":{at},"message":{{"mid":"m_{n}","text":"{text}"}}}}]}}]}}"#
    );
    let signature = meta::signature::sign(&SECRET.to_owned().into(), body.as_bytes());
    (signature, body)
}

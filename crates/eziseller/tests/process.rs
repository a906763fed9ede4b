//! The binary as an operator runs it: real processes, real databases, real signals.

#![allow(clippy::unwrap_used)]

mod support;
#[path = "process/sync_kills.rs"]
mod sync_kills;

use std::time::Duration;

use sandbox::{AccountSpec, Change, Sandbox, SandboxConfig};
use serde_json::{Value, json};
use support::{ACCOUNT, PAGE, Server, Site, TOKEN};
use testkit::on_both;

const WRITTEN: &str = "2 canvas elephant tote please";

fn dm(mid: &str, customer: &str, text: &str) -> String {
    json!({"object": "instagram", "entry": [{"id": ACCOUNT, "time": 1_793_000_000_500_i64, "messaging": [{
        "sender": {"id": customer}, "recipient": {"id": ACCOUNT}, "timestamp": 1_793_000_000_100_i64,
        "message": {"mid": mid, "text": text},
    }]}]})
    .to_string()
}

on_both! {
    async fn killed_after_the_acknowledgement_everything_is_processed_once(database: &TestDatabase) {
        let site = Site::new(database.url());
        let seller = site.add_seller();
        // A node that takes requests and does no work: whatever it acknowledges is unprocessed.
        let web = Server::start(&site, &["--role", "web"]).await;
        for i in 0..40 {
            let sent = dm(&format!("mid.{i}"), &format!("90200000000{}", i % 8), WRITTEN);
            assert_eq!(web.deliver(&sent).await, 200);
        }
        web.kill();
        let stats = site.stats();
        assert_eq!(stats["inbound_events"]["pending"], 40, "{stats}");

        let all = Server::start(&site, &[]).await;
        let stats = all.drained(&site).await;
        assert_eq!(stats["inbound_events"]["done"], 40, "{stats}");
        assert_eq!(stats["messages"].as_i64().unwrap() - i64::try_from(site.outbound(&seller)).unwrap(), 40);
        assert_eq!((stats["customers"].clone(), stats["conversations"].clone()), (json!(8), json!(8)));
        let mids: Vec<String> = site
            .export("messages", &seller)
            .iter()
            .filter(|row| row["direction"] == "in")
            .map(|row| row["mid"].as_str().unwrap().to_owned())
            .collect();
        let mut once = mids.clone();
        once.sort();
        once.dedup();
        assert_eq!((mids.len(), once.len()), (40, 40));
        assert_eq!(site.export("draft-orders", &seller).len(), 8);
        all.stop().await;
    }

    async fn a_body_delivered_twenty_times_is_one_message_and_one_draft(database: &TestDatabase) {
        let site = Site::new(database.url());
        let seller = site.add_seller();
        let server = Server::start(&site, &[]).await;
        let sent = dm("mid.twenty", "902000000000011", WRITTEN);
        let answers = futures_util::future::join_all((0..20).map(|_| server.deliver(&sent))).await;
        assert_eq!(answers, [200; 20]);
        server.drained(&site).await;
        server.kill();
        let server = Server::start(&site, &[]).await;
        assert_eq!(server.deliver(&sent).await, 200);
        let stats = server.drained(&site).await;
        assert_eq!(stats["inbound_events"]["done"], 1, "{stats}");
        let drafts = site.export("draft-orders", &seller);
        assert_eq!(drafts.len(), 1);
        assert_eq!(drafts[0]["lines"][0]["product"], "TOT-CAN");
        assert_eq!(drafts[0]["lines"][0]["quantity"], 2);
        server.stop().await;
    }

    async fn what_cannot_be_handled_gets_an_answer_and_is_kept(database: &TestDatabase) {
        let site = Site::new(database.url());
        let server = Server::start(&site, &[]).await;
        let good = dm("mid.1", "902000000000011", WRITTEN);
        assert_eq!(server.post(&good, "sha256=00").await, 403);
        assert_eq!(server.deliver("not json at all \u{0}").await, 200);
        assert_eq!(server.deliver(r#"{"object":"instagram","entry":[{"id":"1","surprise":{}}]}"#).await, 200);
        assert_eq!(server.deliver(&"x".repeat(5 << 20)).await, 413);
        // Nobody owns the account yet.
        assert_eq!(server.deliver(&good).await, 200);
        let stats = server.drained(&site).await;
        assert_eq!(stats["inbound_events"]["unrouted"], 1, "{stats}");
        let kept = site.run(&["events", "list"]);
        let kept: Vec<Value> = kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(kept.len() >= 3 && kept.iter().all(|event| event["reason"].is_string()), "{kept:?}");
        // Once the account is there, its event is read by itself.
        let seller = site.add_seller();
        server.drained(&site).await;
        for _ in 0..100 {
            if site.stats()["inbound_events"]["unrouted"] == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        server.drained(&site).await;
        // It may have been read before the products were there: it is a message in any case.
        let messages = site.export("messages", &seller);
        let mids: Vec<&Value> =
            messages.iter().filter(|row| row["direction"] == "in").map(|row| &row["mid"]).collect();
        assert_eq!(mids, [&json!("mid.1")]);
        server.stop().await;
        let log = site.log();
        for secret in [support::APP_SECRET, support::KEY, support::TOKEN, "panicked"] {
            assert!(!log.contains(secret), "the log holds `{secret}`");
        }
    }
}

#[tokio::test]
async fn a_server_that_starts_before_its_database_waits_for_it() {
    let mut cluster = testkit::Cluster::start();
    let site = Site::new(&cluster.url());
    let seller = site.add_seller();
    cluster.stop();
    let refused = site
        .command(&["serve", "--listen", "127.0.0.1:0", "--database-wait", "0"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && said.contains("cannot be reached"),
        "{said}"
    );

    let (server, ()) = tokio::join!(Server::start(&site, &[]), async {
        while !site.log().contains("Waiting for the database") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        cluster.start_again();
    });
    assert_eq!(
        server
            .deliver(&dm("mid.early", "902000000000012", WRITTEN))
            .await,
        200
    );
    server.drained(&site).await;
    assert_eq!(site.export("draft-orders", &seller).len(), 1);
    server.stop().await;
}

#[tokio::test]
async fn the_doctor_command_says_what_is_wrong_and_ends_by_it() {
    let database = testkit::sqlite();
    let site = Site::new(database.url());
    let seller = site.add_seller();
    let server = Server::start(&site, &[]).await;
    let meta = Sandbox::start(SandboxConfig {
        accounts: vec![AccountSpec {
            access_token: Some(TOKEN.to_owned()),
            instagram_account_id: Some(ACCOUNT.to_owned()),
            page_id: Some(PAGE.to_owned()),
            ..AccountSpec::default()
        }],
        ..SandboxConfig::default()
    })
    .await;
    let app = meta.app();
    let doctor = |arguments: &[&str], set: &[(&str, &str)]| {
        let mut command = site.command(&[&["doctor"], arguments].concat());
        command
            .env("GRAPH_API_URL", meta.url())
            .env("META_APP_ID", &app.id)
            .env("META_APP_SECRET", &app.secret)
            .env("PUBLIC_URL", server.url())
            .envs(set.iter().copied());
        // The stand-in runs in this test's own process: it must go on meanwhile.
        tokio::task::spawn_blocking(move || command.output().unwrap())
    };
    let said = doctor(&["--seller", &seller], &[]).await.unwrap();
    let text = String::from_utf8(said.stdout).unwrap();
    assert_eq!(
        (said.status.code(), text.trim()),
        (Some(0), "Everything is well.")
    );

    // What only warns does not fail.
    let said = doctor(&[], &[("PUBLIC_URL", "")]).await.unwrap();
    let text = String::from_utf8(said.stdout).unwrap();
    assert!(text.contains("[no_public_url]"), "{text}");
    assert_eq!(said.status.code(), Some(0), "{text}");

    meta.change(Change::MessageAccess {
        account: None,
        on: false,
    });
    let said = doctor(&["--json"], &[]).await.unwrap();
    let found: Value = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!(said.status.code(), Some(1), "{found}");
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found[0]["check"], "message_access_off");
    assert_eq!(found[0]["severity"], "error");
    let remedy = found[0]["remedy"].as_str().unwrap();
    assert!(remedy.contains("Allow access to messages"), "{remedy}");
    let errors = String::from_utf8_lossy(&said.stderr);
    assert!(!errors.contains(TOKEN) && !errors.contains(&app.secret));
    server.stop().await;
}

#[test]
fn wrong_settings_are_refused_in_one_clear_line() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", directory.path().join("a.db").display());
    let site = Site::new(&url);
    for (arguments, key, expected) in [
        (vec!["serve"], None, "ENCRYPTION_KEY is not set"),
        (vec!["serve"], Some("short"), "ENCRYPTION_KEY"),
        (
            vec!["stats", "--database-url", "mysql://x"],
            Some(support::KEY),
            "sqlite:PATH or postgres://",
        ),
        (
            vec!["stats", "--database-url", "sqlite:/nowhere/at/all.db"],
            Some(support::KEY),
            "does not exist",
        ),
        (
            vec![
                "stats",
                "--database-url",
                "postgres://u:secretpass@127.0.0.1:1/x",
            ],
            Some(support::KEY),
            "cannot be reached",
        ),
        (
            vec!["export", "orders", "--seller", "nobody"],
            Some(support::KEY),
            "is not a seller id",
        ),
        (
            vec!["product", "import", "--seller", "x", "/nowhere.csv"],
            Some(support::KEY),
            "check the path",
        ),
        (
            vec![
                "seller",
                "add",
                "--name",
                "A",
                "--country",
                "Lanka",
                "--currency",
                "LKR",
            ],
            Some(support::KEY),
            "country",
        ),
        (
            vec![
                "seller",
                "add",
                "--name",
                "A",
                "--country",
                "LK",
                "--currency",
                "RUPEES",
            ],
            Some(support::KEY),
            "ISO 4217",
        ),
        (
            vec!["events", "list", "--state", "odd"],
            Some(support::KEY),
            "is no state",
        ),
    ] {
        let mut command = site.command(&arguments);
        match key {
            Some(key) => command.env("ENCRYPTION_KEY", key),
            None => command.env_remove("ENCRYPTION_KEY"),
        };
        let done = command.output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(!done.status.success(), "{arguments:?} succeeded");
        assert!(said.contains(expected), "{arguments:?}: {said}");
        assert!(
            !said.contains("secretpass") && !said.contains("panicked"),
            "{said}"
        );
        let lines = said
            .lines()
            .filter(|line| line.starts_with("error: "))
            .count();
        assert_eq!(lines, 1, "{said}");
    }
}

#[test]
fn parse_answers_each_line_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", directory.path().join("a.db").display());
    let site = Site::new(&url);
    let shop = concat!(env!("CARGO_MANIFEST_DIR"), "/src/commands/demo/shop.json");
    let input = concat!(
        r#"{"id":"a","text":"2 potli bags in wine please"}"#,
        "\n",
        r#"{"id":2,"messages":["1 rose candle","make it 3","my number is 98290 12345"]}"#,
        "\n"
    );
    let output = site.run_with(&["parse", "--catalog", shop], input);
    let answers: Vec<Value> = output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[0]["id"], "a");
    assert_eq!(answers[0]["intent"], "order");
    let line = &answers[0]["lines"][0];
    assert_eq!(
        (&line["product"], &line["quantity"]),
        (&json!("POT-BAG"), &json!(2))
    );
    assert_eq!(line["options"], json!([{"name": "color", "value": "wine"}]));
    assert_eq!(answers[1]["id"], 2);
    assert_eq!(answers[1]["lines"][0]["quantity"], 3);
    assert_eq!(answers[1]["customer"]["phone"], "+919829012345");
}

#[test]
fn the_demo_plays_to_its_end_and_a_second_run_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("demo").display().to_string();
    let url = format!("sqlite:{data}/eziseller.db");
    let site = Site::new(&url);
    let first = site.run(&["demo", "--once", "--data-dir", &data]);
    assert!(first.contains("Every expected order is there."), "{first}");
    let before = site.stats();
    let second = site.run(&["demo", "--once", "--data-dir", &data]);
    assert!(
        second.contains("Every expected order is there."),
        "{second}"
    );
    let after = site.stats();
    assert_eq!(before["orders"], after["orders"]);
    assert_eq!(before["messages"], after["messages"]);
}

#[test]
fn operators_can_copy_the_database_change_the_key_and_read_the_document() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", directory.path().join("a.db").display());
    let site = Site::new(&url);
    site.add_seller();
    let copy = directory.path().join("copy.db");
    site.run(&["backup", &copy.display().to_string()]);
    assert!(copy.exists());
    let again = site
        .command(&["backup", &copy.display().to_string()])
        .output()
        .unwrap();
    assert!(
        !again.status.success(),
        "an existing file is never overwritten"
    );

    let newer = "ab".repeat(32);
    let both = format!("{newer},{}", support::KEY);
    let rotated = site
        .command(&["keys", "rotate"])
        .env("ENCRYPTION_KEY", &both)
        .output()
        .unwrap();
    let rotated: Value = serde_json::from_slice(&rotated.stdout).unwrap();
    assert_eq!(
        (&rotated["resealed"], &rotated["unreadable"]),
        (&json!(1), &json!(0))
    );
    let rotated = site
        .command(&["keys", "rotate"])
        .env("ENCRYPTION_KEY", &newer)
        .output()
        .unwrap();
    let rotated: Value = serde_json::from_slice(&rotated.stdout).unwrap();
    assert_eq!(
        (&rotated["resealed"], &rotated["current"]),
        (&json!(0), &json!(1))
    );

    let document: Value = serde_json::from_str(&site.run(&["openapi"])).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(document["paths"]["/api/v1/draft-orders"].is_object());
}

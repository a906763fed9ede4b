//! Whatever is rightly signed is taken, kept, and worked through: no bytes stop the pipeline.

use engine::intake::Outcome;
use engine::tasks::Step;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use store::EventState;

use crate::support::{START, World};

fn seeds(account: &str) -> Vec<String> {
    let item = |item: &str| {
        format!(
            r#"{{"object":"instagram","entry":[{{"id":"{account}","time":{START},"messaging":[{{"sender":{{"id":"902"}},"recipient":{{"id":"{account}"}},"timestamp":{START},{item}}}]}}]}}"#
        )
    };
    [
        r#""message":{"mid":"m1","text":"2 blue mugs please \ud83d\ude00"}"#,
        r#""message":{"mid":"m2","text":"Confirm","quick_reply":{"payload":"e1.C.0.0.zz.AAAA"}}"#,
        r#""message":{"mid":"m1","is_deleted":true}"#,
        r#""message_edit":{"mid":"m1","text":"3 teapots","num_edit":1}"#,
        r#""message":{"mid":"m3","text":"Thanks","is_echo":true}"#,
        r#""message":{"mid":"m4","attachments":[{"type":"image","payload":{"url":"https://x"}}]}"#,
        r#""message":{"mid":"m5","text":"this?","referral":{"product":{"id":"MUG-RED"}}}"#,
        r#""read":{"mid":"m3"}"#,
        r#""pass_thread_control":{"new_owner_app_id":"7"}"#,
        r#""postback":{"title":"Track","payload":"TRACK"}"#,
    ]
    .map(item)
    .to_vec()
}

/// A body with some of its bytes replaced, cut out or doubled.
fn mutated(body: &str, changes: &[(prop::sample::Index, u8, u8)]) -> Vec<u8> {
    let mut bytes = body.as_bytes().to_vec();
    for (place, what, byte) in changes {
        if bytes.is_empty() {
            break;
        }
        let at = place.index(bytes.len());
        match what % 4 {
            0 => bytes[at] = *byte,
            1 => {
                bytes.remove(at);
            }
            2 => bytes.insert(at, *byte),
            _ => {
                let end = (at + usize::from(*byte)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

#[test]
fn any_rightly_signed_bytes_are_taken_and_worked_through() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let db = testkit::sqlite();
    let world = runtime.block_on(World::new(&db));
    let seeds = seeds(&world.meta.account().instagram_account_id);
    let secret = world.meta.app().secret.into();
    let change = (any::<prop::sample::Index>(), any::<u8>(), any::<u8>());
    let bodies = (
        0..seeds.len(),
        prop::collection::vec(change, 0..6),
        prop::collection::vec(any::<u8>(), 0..60),
    );
    let bodies = prop::collection::vec(bodies, 1..16);
    let mut runner = TestRunner::new(Config {
        cases: 60,
        failure_persistence: None,
        ..Config::default()
    });
    let tried = runner.run(&bodies, |bodies| {
        runtime.block_on(async {
            for (seed, changes, noise) in &bodies {
                for body in [mutated(&seeds[*seed], changes), noise.clone()] {
                    let signature = meta::signature::sign(&secret, &body);
                    let outcome = world.engine.intake().take(Some(&signature), &body).await;
                    let taken = matches!(outcome, Outcome::Accepted { events } if events > 0);
                    prop_assert!(taken, "answered otherwise than 200");
                }
            }
            while let Step::Did(_) = world.engine.pipeline_step().await.unwrap() {}
            let left = world.events(EventState::Pending).await;
            prop_assert!(left.is_empty(), "{left:?}");
            let failed = world.events(EventState::Failed).await;
            prop_assert!(failed.is_empty(), "{failed:?}");
            Ok(())
        })
    });
    tried.unwrap();
}

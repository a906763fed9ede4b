//! Events are on disk when `append` returns, once each.

use domain::Timestamp;
use store::{Appended, EventState, IntakeWriter};

use crate::fixture::{NOW, dm, open};

testkit::on_both! {
    async fn a_redelivery_changes_nothing(db: &TestDatabase) {
        let store = open(db).await;
        let events: Vec<_> = (0..700).map(|i| dm("ig", "p", &format!("m{i}"))).collect();
        let first = store.intake().append(&events).await.unwrap();
        assert_eq!(first, Appended { inserted: 700, duplicates: 0 });
        // Redelivered: other ids, later, the same events.
        let again: Vec<_> = events
            .iter()
            .map(|e| store::NewEvent {
                id: domain::EventId::fresh(),
                received_at: NOW.plus(Timestamp::HOUR),
                ..e.clone()
            })
            .collect();
        let second = store.intake().append(&again).await.unwrap();
        assert_eq!(second, Appended { inserted: 0, duplicates: 700 });
        // The same message id at another account is another event.
        let other = store.intake().append(&[dm("ig2", "p", "m1")]).await.unwrap();
        assert_eq!(other.inserted, 1);
        assert_eq!(store.stats().await.unwrap()["inbound_events"]["pending"], 701);
    }

    async fn a_second_of_its_own_tells_events_apart_and_a_bodys_does_not(db: &TestDatabase) {
        let store = open(db).await;
        let at = Timestamp(1_793_000_000_100);
        let delivered = |millis, dated| store::NewEvent {
            occurred_at: Some(at.plus(millis)),
            dated,
            ..dm("ig", "p", if dated { "dated" } else { "undated" })
        };
        for (event, is_new) in [
            (delivered(0, true), 1),
            (delivered(800, true), 0),  // The sweep knows the second only.
            (delivered(1_000, true), 1),
            (delivered(0, false), 1),
            (delivered(5 * Timestamp::MINUTE, false), 0), // The same, in another body.
        ] {
            let appended = store.intake().append(std::slice::from_ref(&event)).await.unwrap();
            assert_eq!(appended.inserted, is_new, "{event:?}");
        }
    }

    async fn twice_in_one_batch_is_once(db: &TestDatabase) {
        let store = open(db).await;
        let events = [dm("ig", "p", "m"), dm("ig", "p", "m")];
        let appended = store.intake().append(&events).await.unwrap();
        assert_eq!(appended, Appended { inserted: 1, duplicates: 1 });
    }

    async fn the_writer_answers_each_of_many_callers_after_the_commit(db: &TestDatabase) {
        let store = open(db).await;
        let writer = IntakeWriter::start(store.clone(), 1_000);
        let callers: Vec<_> = (0..200)
            .map(|i| {
                let (writer, store) = (writer.clone(), store.clone());
                tokio::spawn(async move {
                    let event = dm("ig", "p", &format!("m{}", i / 2));
                    writer.append(vec![event]).await.unwrap();
                    // Committed: whoever looks sees at least this one.
                    let stats = store.stats().await.unwrap();
                    assert!(stats["inbound_events"]["pending"].as_i64() > Some(0));
                })
            })
            .collect();
        for caller in callers {
            caller.await.unwrap();
        }
        assert_eq!(store.stats().await.unwrap()["inbound_events"]["pending"], 100);
    }

    async fn whatever_a_body_holds_can_be_stored(db: &TestDatabase) {
        let store = open(db).await;
        let mut event = dm("ig", "p\0q", "m\0");
        event.payload = "nul \0 and \u{1F600} and ' \\ \"".into();
        event.lane = "x".repeat(100_000);
        event.kind = "a\0b".into();
        store.intake().append(&[event]).await.unwrap();
        let batch = store.pipeline().claim(9, NOW).await.unwrap().unwrap();
        assert!(batch.lanes[0].events[0].payload.ends_with("and ' \\ \""));
        assert!(batch.lanes[0].lane.len() < 100);
    }

    async fn what_nobody_shall_read_is_kept_with_its_reason(db: &TestDatabase) {
        let store = open(db).await;
        let mut event = dm("ig", "p", "m");
        event.state = EventState::Kept;
        event.reason = Some("not JSON".into());
        store.intake().append(&[event]).await.unwrap();
        assert!(store.pipeline().claim(10, NOW).await.unwrap().is_none());
        let kept = store.system().events(EventState::Kept, None, 10).await.unwrap();
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].reason.as_deref(), Some("not JSON"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_at_once() {
    let db = testkit::sqlite();
    let store = open(&db).await;
    let writer = IntakeWriter::start(store, 1);
    let callers: Vec<_> = (0..500)
        .map(|i| {
            let writer = writer.clone();
            tokio::spawn(async move { writer.append(vec![dm("ig", "p", &format!("m{i}"))]).await })
        })
        .collect();
    let mut refused = 0;
    for caller in callers {
        match caller.await.unwrap() {
            Ok(()) => {}
            Err(store::StoreError::Saturated) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(refused > 0, "500 callers and one place");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_database_is_an_error_and_its_return_is_noticed() {
    let mut cluster = testkit::Cluster::start();
    let store = store::Store::open(&cluster.url()).await.unwrap();
    let writer = IntakeWriter::start(store.clone(), 100);
    writer.append(vec![dm("ig", "p", "m1")]).await.unwrap();
    cluster.stop();
    let error = writer.append(vec![dm("ig", "p", "m2")]).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert!(store.ready().await.is_err());
    cluster.start_again();
    writer.append(vec![dm("ig", "p", "m2")]).await.unwrap();
    assert_eq!(store.stats().await.unwrap()["inbound_events"]["pending"], 2);
}

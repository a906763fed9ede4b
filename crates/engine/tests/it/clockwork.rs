//! What time alone does: drafts and hand-overs end, old data is forgotten, loops run and stop.

use std::time::Duration;

use domain::Timestamp;
use domain::draft::Stage;
use engine::Role;
use engine::tasks::Tasks;

use crate::support::World;

async fn wake(world: &World) {
    while let engine::tasks::Step::Did(_) = world.engine.timers_step().await.unwrap() {}
}

testkit::on_both! {
    async fn no_draft_hangs_for_ever(db: &TestDatabase) {
        let world = World::new(db).await;
        let ana = world.customer("ana");
        ana.say("2 blue mugs please");
        world.settle().await;
        for _ in 0..30 {
            world.clock.advance(Timestamp::DAY);
            wake(&world).await;
            world.settle().await;
        }
        let draft = world.drafts().await.remove(0);
        assert_eq!(draft.stage, Stage::Expired);
        assert!(world.conversation().await.wake_at.is_none(), "nothing is left to wake for");
        let moves = world.engine.store().seller(world.seller);
        let moves = moves.draft_transitions(draft.id).await.unwrap();
        assert!(moves.iter().any(|t| t.to_stage == Some(Stage::Expired)));
    }

    async fn a_hand_over_ends_by_itself(db: &TestDatabase) {
        let world = World::new(db).await;
        let ana = world.customer("ana");
        ana.say("hello");
        world.settle().await;
        let conversation = world.conversation().await.id;
        world.engine.reply(world.by(), conversation, "One moment please").await.unwrap();
        world.settle().await;
        let before = world.meta.sent_to(ana.id()).len();
        world.clock.advance(13 * Timestamp::HOUR);
        wake(&world).await;
        ana.say("2 blue mugs please");
        world.settle().await;
        assert!(world.meta.sent_to(ana.id()).len() > before);
    }

    async fn the_loops_do_all_of_it_by_themselves_and_stop(db: &TestDatabase) {
        let world = World::new(db).await;
        let tasks = Tasks::new();
        world.engine.spawn(Role::All, &tasks);
        world.customer("ana").say("2 blue mugs please");
        let sent = tokio::time::timeout(Duration::from_secs(20), world.meta.wait_sent(1)).await;
        assert_eq!(sent.expect("a reply within seconds").len(), 1);
        tokio::time::timeout(Duration::from_secs(20), tasks.stop()).await.expect("it stops");
        assert_eq!(world.drafts().await.len(), 1);
    }

    async fn customers_get_their_names_once(db: &TestDatabase) {
        let world = World::new(db).await;
        let ana = world.customer("ana");
        ana.say("hello");
        world.settle().await;
        while let engine::tasks::Step::Did(_) = world.engine.profiles_step().await.unwrap() {}
        let store = world.engine.store().seller(world.seller);
        let id = world.conversation().await.customer_id;
        let known = store.customer(id).await.unwrap().unwrap();
        assert!(known.username.is_some() && known.profiled_at.is_some(), "{known:?}");
        let calls = world.meta.calls().len();
        ana.say("2 blue mugs please");
        world.meta.drain().await;
        world.read().await;
        while let engine::tasks::Step::Did(_) = world.engine.profiles_step().await.unwrap() {}
        assert_eq!(world.meta.calls().len(), calls, "asked once");
    }
}

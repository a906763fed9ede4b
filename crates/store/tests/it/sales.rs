//! Orders: numbers without gaps, stock that adds up, moves recorded.

use domain::draft::lifecycle::Transition;
use domain::draft::{Actor, DraftEvent, DraftOrder, Stage};
use domain::order::OrderStatus;
use domain::{DraftOrderId, SellerId};
use store::{
    ChannelAccount, CommitError, DraftFilter, LaneEffects, NewWaiting, OrderChange, OrderFilter,
    Seller, Store,
};

use crate::fixture::{
    Ids, NOW, account, conversation_write, dm, done, draft, draft_write, first_message, open,
    order_write, outbox, product, rid, seller,
};

/// Confirms an order of `quantity` mugs for a new customer.
fn confirm(s: &Seller, a: &ChannelAccount, ids: Ids, quantity: u32) -> LaneEffects {
    let mut effects = first_message(s, a, ids, &ids.customer.to_string(), "m1");
    let id = effects.drafts[0].draft.id;
    effects.drafts[0].draft.stage = Stage::Confirmed;
    effects.transitions = vec![Transition {
        draft_order: Some(id),
        from: None,
        event: DraftEvent::Confirm,
        to: Some(Stage::Confirmed),
        by: Actor::Customer,
        at: NOW,
        why: "said yes".into(),
    }];
    effects.order = Some(order_write(ids, id, "mug", quantity));
    effects.outbox = vec![outbox(a, ids, "Order {order_number} is confirmed")];
    effects
}

/// `holds + free = stock`, and the reservation is the sum of the holds.
async fn assert_adds_up(store: &Store, seller: SellerId, stock: i64, free: i64) {
    let item = store
        .seller(seller)
        .stock_of(&rid("mug"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((item.stock, item.free()), (Some(stock), Some(free)));
}

async fn shop(store: &Store, stock: i64) -> (Seller, ChannelAccount) {
    let s = seller(store, "a").await;
    let a = account(store, &s, "ig").await;
    store
        .seller(s.id)
        .put_products([product("mug", Some(stock))], NOW)
        .await
        .unwrap();
    (s, a)
}

fn change(order_id: domain::OrderId, to: OrderStatus) -> OrderChange {
    OrderChange {
        order_id,
        to,
        actor: Actor::Member { id: None },
        at: NOW,
        why: "by hand".into(),
    }
}

testkit::on_both! {
    async fn an_order_is_numbered_reserved_frozen_and_told(db: &TestDatabase) {
        let store = open(db).await;
        let (s, a) = shop(&store, 5).await;
        let mine = store.seller(s.id);
        let ids = Ids::fresh();
        let effects = confirm(&s, &a, ids, 2);
        let (draft_id, order_id) = (effects.drafts[0].draft.id, effects.order.as_ref().unwrap().order.id);
        let applied = mine.apply(&effects, NOW).await.unwrap();
        assert_eq!(applied.orders, [(order_id, 1)]);
        assert_adds_up(&store, s.id, 5, 3).await;
        let order = mine.order(order_id).await.unwrap().unwrap();
        assert_eq!((order.number, order.status, order.lines.len()), (1, OrderStatus::Confirmed, 1));
        assert_eq!(order.totals.total.minor, 1_000);
        assert_eq!(order.lines, effects.order.unwrap().order.lines);
        let row = mine.draft_order(draft_id).await.unwrap().unwrap();
        assert_eq!((row.stage, row.order_id), (Stage::Confirmed, Some(order_id)));
        assert_eq!(mine.draft_transitions(draft_id).await.unwrap()[0].why, "said yes");
        let sent = store.outbox().claim(1, NOW).await.unwrap();
        assert_eq!(sent[0].message.text.as_deref(), Some("Order 1 is confirmed"));
        assert_eq!(sent[0].message.body, r#"{"text":"Order 1 is confirmed"}"#);
        assert_eq!(mine.order_by_number(1).await.unwrap().unwrap().id, order_id);
        // The products' stock for sale is what is free.
        let row = mine.product_by_retailer_id(&rid("mug")).await.unwrap().unwrap();
        assert_eq!((row.product.stock, row.for_sale().stock), (Some(5), Some(3)));
    }

    async fn too_little_stock_writes_nothing_and_takes_no_number(db: &TestDatabase) {
        let store = open(db).await;
        let (s, a) = shop(&store, 1).await;
        let mine = store.seller(s.id);
        let effects = confirm(&s, &a, Ids::fresh(), 2);
        let Err(CommitError::StockShort(short)) = mine.apply(&effects, NOW).await else {
            panic!("one mug is not two");
        };
        assert_eq!((short[0].wanted, short[0].free), (2, 1));
        assert_eq!(short[0].draft_order_id, effects.drafts[0].draft.id);
        assert_eq!(store.stats().await.unwrap()["customers"], 0);
        assert_adds_up(&store, s.id, 1, 1).await;
        let applied = mine.apply(&confirm(&s, &a, Ids::fresh(), 1), NOW).await.unwrap();
        assert_eq!(applied.orders[0].1, 1, "the refused one took no number");
        // The seller may oversell knowingly; the order says so.
        let mut oversold = confirm(&s, &a, Ids::fresh(), 3);
        oversold.order.as_mut().unwrap().order.oversell = true;
        let id = mine.apply(&oversold, NOW).await.unwrap().orders[0].0;
        assert!(mine.order(id).await.unwrap().unwrap().oversold);
        assert_adds_up(&store, s.id, 1, -3).await;
    }

    async fn a_batch_that_runs_short_is_decided_again(db: &TestDatabase) {
        let store = open(db).await;
        let (s, a) = shop(&store, 1).await;
        store.intake().append(&[dm("ig", "p1", "m1"), dm("ig", "p2", "m2")]).await.unwrap();
        let mut batch = store.pipeline().claim(9, NOW).await.unwrap().unwrap();
        let ids = [Ids::fresh(), Ids::fresh()];
        let mut effects: Vec<_> = batch.lanes.iter().zip(ids).map(|(lane, ids)| LaneEffects {
            outcomes: done(&lane.events),
            ..confirm(&s, &a, ids, 1)
        }).collect();
        let Err(CommitError::StockShort(short)) = batch.commit(&effects, NOW).await else {
            panic!("one mug for two");
        };
        let loser = effects.iter_mut().find(|e| e.drafts[0].draft.id == short[0].draft_order_id).unwrap();
        loser.order = None;
        loser.drafts[0].draft.stage = Stage::AwaitingCustomer;
        loser.waiting = vec![NewWaiting {
            retailer_id: rid("mug"), customer_id: loser.customer.as_ref().unwrap().id,
            conversation_id: None, quantity: 1,
        }];
        let applied = batch.commit(&effects, NOW).await.unwrap();
        assert_eq!(applied.orders.len(), 1);
        let stats = store.stats().await.unwrap();
        assert_eq!((&stats["orders"], &stats["inbound_events"]["done"]), (&1.into(), &2.into()));
        assert_adds_up(&store, s.id, 1, 0).await;
        let mine = store.seller(s.id);
        let mug = mine.product_by_retailer_id(&rid("mug")).await.unwrap().unwrap();
        assert_eq!(mine.waiting_for(mug.id, None, 9).await.unwrap().rows.len(), 1);
    }

    async fn cancelling_releases_and_shipping_takes_along(db: &TestDatabase) {
        let store = open(db).await;
        let (s, a) = shop(&store, 5).await;
        let mine = store.seller(s.id);
        let one = mine.apply(&confirm(&s, &a, Ids::fresh(), 2), NOW).await.unwrap().orders[0].0;
        let two = mine.apply(&confirm(&s, &a, Ids::fresh(), 1), NOW).await.unwrap().orders[0].0;
        assert_adds_up(&store, s.id, 5, 2).await;
        assert!(mine.change_order(&change(one, OrderStatus::Cancelled), NOW).await.unwrap());
        assert_adds_up(&store, s.id, 5, 4).await;
        assert!(mine.change_order(&change(two, OrderStatus::Shipped), NOW).await.unwrap());
        assert!(mine.change_order(&change(two, OrderStatus::Delivered), NOW).await.unwrap());
        assert_adds_up(&store, s.id, 4, 4).await;
        assert!(!mine.change_order(&change(two, OrderStatus::Cancelled), NOW).await.unwrap());
        assert_adds_up(&store, s.id, 4, 4).await;
        let moves = mine.order_transitions(two).await.unwrap();
        let seen: Vec<_> = moves.iter().map(|m| (m.to_status, m.refused)).collect();
        assert_eq!(seen, [
            (OrderStatus::Confirmed, false), (OrderStatus::Shipped, false),
            (OrderStatus::Delivered, false), (OrderStatus::Cancelled, true),
        ]);
        let open = OrderFilter { statuses: vec![OrderStatus::Delivered], limit: 9, ..OrderFilter::default() };
        assert_eq!(mine.orders(&open).await.unwrap().rows.len(), 1);
    }

    async fn draft_orders_are_listed_by_stage_and_page(db: &TestDatabase) {
        let store = open(db).await;
        let (s, a) = shop(&store, 5).await;
        let mine = store.seller(s.id);
        for i in 0..5 {
            mine.apply(&first_message(&s, &a, Ids::fresh(), &format!("p{i}"), "m"), NOW).await.unwrap();
        }
        let mut filter = DraftFilter { stages: vec![Stage::Open, Stage::AwaitingSeller], limit: 2, ..DraftFilter::default() };
        let mut seen = Vec::new();
        loop {
            let page = mine.draft_orders(&filter).await.unwrap();
            seen.extend(page.rows.iter().map(|r| r.id));
            filter.after = page.next;
            if filter.after.is_none() { break; }
        }
        assert_eq!(seen.len(), 5);
        assert!(seen.is_sorted_by(|a, b| a > b), "newest first");
        filter = DraftFilter { stages: vec![Stage::Expired], limit: 9, ..DraftFilter::default() };
        assert!(mine.draft_orders(&filter).await.unwrap().rows.is_empty());
    }

    async fn a_draft_order_is_kept_whole(db: &TestDatabase) {
        let store = open(db).await;
        let (s, a) = shop(&store, 5).await;
        let mine = store.seller(s.id);
        let ids = Ids::fresh();
        mine.apply(&LaneEffects { drafts: vec![], ..first_message(&s, &a, ids, "p", "m") }, NOW).await.unwrap();
        let whole = DraftOrder { note: Some("gift".into()), ..draft(DraftOrderId::fresh(), Stage::AwaitingSeller) };
        let effects = LaneEffects {
            seller_id: Some(s.id),
            conversation: Some(conversation_write(&a, ids, Some(0))),
            drafts: vec![draft_write(&a, ids, whole.clone())],
            ..LaneEffects::default()
        };
        mine.apply(&effects, NOW).await.unwrap();
        assert_eq!(mine.draft_order(whole.id).await.unwrap().unwrap().body, whole);
    }
}

//! The waiting list: places in it, who is told once, and what ends the waiting.

use domain::catalog::RetailerId;
use domain::draft::Stage;
use domain::{ProductId, Timestamp};
use store::{ChannelAccount, CommitError, LaneEffects, NewWaiting, Seller, Store, WaitingEntry};
use testkit::on_both;

use crate::fixture::{
    Ids, NOW, account, conversation_write, draft, draft_write, first_message, open, order_write,
    product, rid, seller,
};

struct Shop {
    store: Store,
    seller: Seller,
    account: ChannelAccount,
}

impl Shop {
    async fn open(db: &testkit::TestDatabase, stock: i64) -> Self {
        let store = open(db).await;
        let seller = seller(&store, "a").await;
        let account = account(&store, &seller, "ig").await;
        let shop = Self {
            store,
            seller,
            account,
        };
        shop.stock(stock).await;
        shop
    }

    async fn stock(&self, stock: i64) {
        let mug = product("mug", Some(stock));
        let mine = self.store.seller(self.seller.id);
        mine.put_products([mug], NOW).await.unwrap();
    }

    async fn customer(&self) -> Ids {
        let ids = Ids::fresh();
        let name = ids.customer.to_string();
        self.apply(first_message(&self.seller, &self.account, ids, &name, "m"))
            .await
            .unwrap();
        ids
    }

    async fn apply(&self, effects: LaneEffects) -> Result<(), CommitError> {
        let mine = self.store.seller(self.seller.id);
        mine.apply(&effects, NOW).await.map(|_| ())
    }

    fn effects(&self) -> LaneEffects {
        LaneEffects {
            seller_id: Some(self.seller.id),
            ..LaneEffects::default()
        }
    }

    async fn waits(&self, ids: Ids, quantity: u32) {
        let wish = NewWaiting {
            retailer_id: rid("mug"),
            customer_id: ids.customer,
            conversation_id: Some(ids.conversation),
            quantity,
        };
        let effects = LaneEffects {
            // Two taps read together are one wish.
            waiting: vec![wish.clone(), wish],
            ..self.effects()
        };
        self.apply(effects).await.unwrap();
    }

    async fn tell(&self, entry: &WaitingEntry) -> Result<(), CommitError> {
        let effects = LaneEffects {
            told: vec![entry.id],
            ..self.effects()
        };
        self.apply(effects).await
    }

    async fn line(&self, now: Timestamp) -> Vec<WaitingEntry> {
        let mine = self.store.seller(self.seller.id);
        mine.waiting_line(&rid("mug"), now.plus(-Timestamp::HOUR), now)
            .await
            .unwrap()
    }

    async fn mug(&self) -> ProductId {
        let mine = self.store.seller(self.seller.id);
        let mug = mine.product_by_retailer_id(&rid("mug")).await.unwrap();
        mug.unwrap().id
    }

    async fn back(&self, now: Timestamp) -> Vec<RetailerId> {
        let found = self.store.system().back_in_stock(None, 9, now).await;
        found.unwrap().into_iter().map(|b| b.retailer_id).collect()
    }
}

fn customers(line: &[WaitingEntry]) -> Vec<domain::CustomerId> {
    line.iter().map(|entry| entry.customer_id).collect()
}

on_both! {
    async fn the_line_is_in_order_of_asking_and_nobody_stands_in_it_twice(db: &TestDatabase) {
        let shop = Shop::open(db, 0).await;
        let (ana, ben) = (shop.customer().await, shop.customer().await);
        shop.waits(ana, 1).await;
        shop.waits(ben, 1).await;
        shop.waits(ana, 3).await;
        let line = shop.line(NOW).await;
        assert_eq!(customers(&line), [ana.customer, ben.customer]);
        assert_eq!((line[0].quantity, line[0].created_at), (3, NOW));
        // Once told, who asks again is the last.
        shop.tell(&line[0]).await.unwrap();
        assert_eq!(customers(&shop.line(NOW).await), [ana.customer, ben.customer]);
        shop.waits(ana, 1).await;
        let line = shop.line(NOW).await;
        assert_eq!(customers(&line), [ben.customer, ana.customer]);
        assert!(line.iter().all(|entry| entry.notified_at.is_none()));
    }

    async fn nobody_is_told_twice(db: &TestDatabase) {
        let shop = Shop::open(db, 1).await;
        shop.waits(shop.customer().await, 1).await;
        let line = shop.line(NOW).await;
        shop.tell(&line[0]).await.unwrap();
        let again = shop.tell(&line[0]).await;
        assert!(matches!(again, Err(CommitError::Conflict)), "{again:?}");
        let later = NOW.plus(Timestamp::HOUR);
        assert!(shop.line(later).await.is_empty(), "the units are free again");
        let all = shop.store.seller(shop.seller.id).waiting_for(shop.mug().await, None, 9).await.unwrap();
        assert_eq!(all.rows[0].notified_at, Some(NOW));
    }

    async fn what_is_back_is_found_while_somebody_can_be_told(db: &TestDatabase) {
        let shop = Shop::open(db, 0).await;
        let ana = shop.customer().await;
        shop.waits(ana, 1).await;
        assert!(shop.back(NOW).await.is_empty(), "nothing is there");
        shop.stock(2).await;
        assert_eq!(shop.back(NOW).await, [rid("mug")]);
        let found = shop.store.system().back_in_stock(None, 9, NOW).await.unwrap();
        let rest = shop.store.system().back_in_stock(found.last(), 9, NOW).await.unwrap();
        assert!(rest.is_empty());
        // The window is closed: not in line, but still on the list.
        let closed = NOW.plus(Timestamp::DAY);
        assert!(shop.back(closed).await.is_empty());
        assert!(shop.line(closed).await.is_empty());
        let mine = shop.store.seller(shop.seller.id);
        let all = mine.waiting_for(shop.mug().await, None, 9).await.unwrap().rows;
        assert_eq!(all[0].waiter().state(closed), domain::waiting::WaitState::OutOfReach);
        shop.tell(&shop.line(NOW).await[0]).await.unwrap();
        assert!(shop.back(NOW).await.is_empty(), "everybody was told");
    }

    async fn who_orders_it_waits_no_more(db: &TestDatabase) {
        let shop = Shop::open(db, 3).await;
        let (ana, ben) = (shop.customer().await, shop.customer().await);
        shop.waits(ana, 1).await;
        shop.waits(ben, 1).await;
        let filter = store::DraftFilter {
            conversation_id: Some(ana.conversation),
            limit: 1,
            ..store::DraftFilter::default()
        };
        let mine = shop.store.seller(shop.seller.id);
        let id = mine.draft_orders(&filter).await.unwrap().rows[0].id;
        let effects = LaneEffects {
            conversation: Some(conversation_write(&shop.account, ana, Some(0))),
            drafts: vec![draft_write(&shop.account, ana, draft(id, Stage::Confirmed))],
            order: Some(order_write(ana, id, "mug", 1)),
            ..shop.effects()
        };
        shop.apply(effects).await.unwrap();
        assert_eq!(customers(&shop.line(NOW).await), [ben.customer]);
    }

    async fn the_list_of_a_product_comes_in_pages(db: &TestDatabase) {
        let shop = Shop::open(db, 0).await;
        let mut asked = Vec::new();
        for _ in 0..3 {
            let ids = shop.customer().await;
            shop.waits(ids, 1).await;
            asked.push(ids.customer);
        }
        let mine = shop.store.seller(shop.seller.id);
        let mug = shop.mug().await;
        let first = mine.waiting_for(mug, None, 2).await.unwrap();
        let rest = mine.waiting_for(mug, first.next.as_deref(), 2).await.unwrap();
        assert_eq!([customers(&first.rows), customers(&rest.rows)].concat(), asked);
        assert!(rest.next.is_none());
    }
}

//! No row of one seller is ever visible to another, or changed by it: every method of
//! `SellerStore` is called by one seller with the ids of the other.

use std::collections::BTreeMap;
use std::path::Path;

use domain::conversation::DetailChange;
use domain::customer::{Detail, DetailKind, DetailSource};
use domain::draft::{Actor, Stage};
use domain::order::OrderStatus;
use domain::{ApiKeyId, MemberId, SyncRunId};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use store::{
    AccountState, CatalogItem, ChannelAccount, CommitError, ConversationWrite, CustomerFilter,
    DraftFilter, EventState, Image, LaneEffects, Member, MessageChange, NewNotification,
    NewWaiting, OrderChange, OrderFilter, OutboxChange, ProductFilter, Role, Seller, SellerWrite,
    Store, SyncBatch, Tokens,
};
use uuid::Uuid;

use crate::fixture::{
    Ids, NOW, account, conversation_write, dm, done, first_message, message, open, order_write,
    product, rid, seller,
};
use crate::syncing::catalog;

/// Everything that a seller may own, with the ids it is known by.
struct Owned {
    seller: Seller,
    account: ChannelAccount,
    ids: Ids,
    draft: domain::DraftOrderId,
    order: domain::OrderId,
    product: domain::ProductId,
    outbox: domain::OutboxId,
    member: MemberId,
    key: ApiKeyId,
    catalog: domain::CatalogId,
    run: store::SyncRun,
    batch: SyncBatch,
    image: Uuid,
    waiting: Uuid,
    notification: Uuid,
}

async fn own_everything(store: &Store, slug: &str) -> Owned {
    let s = seller(store, slug).await;
    let mine = store.seller(s.id);
    let a = account(store, &s, &format!("ig-{slug}")).await;
    let ids = Ids::fresh();
    mine.put_products([product("mug", Some(5))], NOW)
        .await
        .unwrap();
    let mut effects = first_message(&s, &a, ids, "person", "mid");
    effects.drafts[0].draft.stage = Stage::Confirmed;
    effects.order = Some(order_write(ids, effects.drafts[0].draft.id, "mug", 1));
    effects.details = vec![DetailChange {
        kind: DetailKind::Phone,
        detail: Some(Detail {
            value: "+1".into(),
            source: DetailSource::Seller,
            at: NOW,
        }),
    }];
    effects.waiting = vec![NewWaiting {
        retailer_id: rid("mug"),
        customer_id: ids.customer,
        conversation_id: Some(ids.conversation),
        quantity: 1,
    }];
    mine.apply(&effects, NOW).await.unwrap();
    let notice = NewNotification {
        kind: "k".into(),
        text: "t".into(),
        subject_kind: None,
        subject_id: None,
    };
    mine.notify(&notice, NOW).await.unwrap();
    let member = Member {
        id: MemberId::fresh(),
        seller_id: Some(s.id),
        email: format!("{slug}@example.com"),
        name: "M".into(),
        role: Role::Owner,
        admin: false,
        password_hash: "h".into(),
        created_at: NOW,
        signed_in_at: None,
    };
    store.system().add_member(&member).await.unwrap();
    let key = ApiKeyId::fresh();
    mine.add_api_key(key, "k", &format!("secret-{slug}"), NOW)
        .await
        .unwrap();
    let c = mine.put_catalog(&catalog(s.id, "77"), NOW).await.unwrap();
    mine.put_catalog_items(c.id, &[CatalogItem::new(rid("mug"), "pending")], NOW)
        .await
        .unwrap();
    let run = mine
        .begin_sync_run(SyncRunId::fresh(), c.id, "full", "hand", NOW)
        .await
        .unwrap();
    mine.log_sync(run.id, "info", None, "begun", NOW)
        .await
        .unwrap();
    let batch = SyncBatch {
        id: Uuid::now_v7(),
        run_id: run.id,
        handle: None,
        state: "sending".into(),
        items: "[]".into(),
        reason: None,
        sent_at: NOW,
        checked_at: None,
        ended_at: None,
    };
    mine.put_sync_batch(c.id, &batch).await.unwrap();
    let image = Image {
        content_type: "image/png".into(),
        width: 1,
        height: 1,
        bytes: vec![1],
    };
    mine.set_words("en", "greet", Some("Hi"), NOW)
        .await
        .unwrap();
    mine.set_media_products("reel", "seller", &[rid("mug")], NOW)
        .await
        .unwrap();
    mine.audit("owner", "did", "it", None, NOW).await.unwrap();
    store
        .intake()
        .append(&[dm(&format!("ig-{slug}"), "person", "kept")])
        .await
        .unwrap();
    let mut claim = store.pipeline().claim(9, NOW).await.unwrap().unwrap();
    let kept = LaneEffects {
        seller_id: Some(s.id),
        outcomes: done(&claim.lanes[0].events),
        ..LaneEffects::default()
    };
    claim.commit(&[kept], NOW).await.unwrap();
    Owned {
        draft: effects.drafts[0].draft.id,
        order: effects.order.unwrap().order.id,
        product: mine
            .product_by_retailer_id(&rid("mug"))
            .await
            .unwrap()
            .unwrap()
            .id,
        outbox: effects.outbox[0].id,
        waiting: mine.waiting_line(&rid("mug"), NOW, NOW).await.unwrap()[0].id,
        notification: mine.notifications(9).await.unwrap()[0].id,
        image: mine.put_image(&image, NOW).await.unwrap(),
        member: member.id,
        catalog: c.id,
        seller: s,
        account: a,
        ids,
        key,
        run,
        batch,
    }
}

/// Every row of the seller in every table, as text.
async fn rows_of(db: &testkit::TestDatabase, seller: &Seller) -> BTreeMap<String, Vec<String>> {
    let mut rows = BTreeMap::new();
    if db.is_postgres() {
        let mut c = PgConnection::connect(db.url()).await.unwrap();
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT table_name::text FROM information_schema.columns \
             WHERE column_name = 'seller_id' AND table_schema = 'public'",
        )
        .fetch_all(&mut c)
        .await
        .unwrap();
        for table in tables {
            let sql =
                format!("SELECT CAST(t AS TEXT) FROM {table} t WHERE seller_id = $1 ORDER BY 1");
            let found = sqlx::query_scalar(AssertSqlSafe(sql))
                .bind(seller.id.0)
                .fetch_all(&mut c)
                .await
                .unwrap();
            rows.insert(table, found);
        }
    } else {
        let mut c = SqliteConnection::connect(db.url()).await.unwrap();
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) p \
             WHERE m.type = 'table' AND p.name = 'seller_id'",
        )
        .fetch_all(&mut c)
        .await
        .unwrap();
        for table in tables {
            let columns: Vec<String> = sqlx::query_scalar("SELECT name FROM pragma_table_info($1)")
                .bind(&table)
                .fetch_all(&mut c)
                .await
                .unwrap();
            let quoted: Vec<String> = columns
                .iter()
                .map(|name| format!("quote({name})"))
                .collect();
            let sql = format!(
                "SELECT {} FROM {table} WHERE seller_id = $1 ORDER BY 1",
                quoted.join(" || ',' || ")
            );
            let found = sqlx::query_scalar(AssertSqlSafe(sql))
                .bind(seller.id.0)
                .fetch_all(&mut c)
                .await
                .unwrap();
            rows.insert(table, found);
        }
    }
    rows
}

testkit::on_both! {
    async fn another_sellers_rows_are_never_seen_nor_changed(db: &TestDatabase) {
        let store = open(db).await;
        let theirs = own_everything(&store, "theirs").await;
        let before = rows_of(db, &theirs.seller).await;
        let empty: Vec<_> = before.iter().filter(|(_, rows)| rows.is_empty()).map(|(t, _)| t.as_str()).collect();
        // Tables that the seller owns nothing in would prove nothing.
        assert_eq!(empty, ["draft_order_transitions", "oauth_states"]);
        let me = seller(&store, "me").await;
        see_nothing(&store, &me, &theirs).await;
        change_nothing(&store, &me, &theirs).await;
        write_nothing(&store, &me, &theirs).await;
        assert_eq!(rows_of(db, &theirs.seller).await, before);
    }
}

async fn see_nothing(store: &Store, me: &Seller, theirs: &Owned) {
    let mine = store.seller(me.id);
    assert_eq!(mine.get().await.unwrap().id, me.id);
    assert_eq!(mine.catalog_version().await.unwrap(), 0);
    assert!(mine.notifications(9).await.unwrap().is_empty());
    assert!(mine.words().await.unwrap().is_empty());
    assert!(mine.audit_log(9).await.unwrap().is_empty());
    assert!(mine.conversations(None, 9).await.unwrap().is_empty());
    assert!(
        mine.conversation(theirs.ids.conversation)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        mine.conversations_of(theirs.ids.customer)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        mine.messages(theirs.ids.conversation, None, 9)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        mine.message(theirs.ids.conversation, "mid")
            .await
            .unwrap()
            .is_none()
    );
    assert!(mine.all_messages(None, 9).await.unwrap().is_empty());
    assert!(mine.customer(theirs.ids.customer).await.unwrap().is_none());
    assert!(
        mine.customers_by_id(&[theirs.ids.customer])
            .await
            .unwrap()
            .is_empty()
    );
    let all = CustomerFilter {
        limit: 9,
        ..CustomerFilter::default()
    };
    assert!(mine.customers(&all).await.unwrap().rows.is_empty());
    assert!(mine.draft_order(theirs.draft).await.unwrap().is_none());
    let all = DraftFilter {
        limit: 9,
        ..DraftFilter::default()
    };
    assert!(mine.draft_orders(&all).await.unwrap().rows.is_empty());
    assert!(
        mine.draft_transitions(theirs.draft)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(mine.order(theirs.order).await.unwrap().is_none());
    assert!(mine.order_by_number(1).await.unwrap().is_none());
    let all = OrderFilter {
        limit: 9,
        ..OrderFilter::default()
    };
    assert!(mine.orders(&all).await.unwrap().rows.is_empty());
    assert!(
        mine.order_transitions(theirs.order)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(mine.stock().await.unwrap().is_empty());
    assert!(mine.stock_of(&rid("mug")).await.unwrap().is_none());
    let line = mine.waiting_line(&rid("mug"), NOW, NOW).await.unwrap();
    assert!(line.is_empty());
    let all = mine.waiting_for(theirs.product, None, 9).await.unwrap();
    assert!(all.rows.is_empty());
    assert!(mine.outbox_message(theirs.outbox).await.unwrap().is_none());
    assert!(
        mine.outbox_of(theirs.ids.conversation, &[])
            .await
            .unwrap()
            .is_empty()
    );
    assert!(mine.outbox_troubles(9).await.unwrap().is_empty());
    assert!(mine.accounts().await.unwrap().is_empty());
    assert!(mine.account(theirs.account.id).await.unwrap().is_none());
    let ever = (domain::Timestamp(0), NOW.plus(domain::Timestamp::DAY));
    assert_eq!(mine.unechoed(theirs.account.id, ever).await.unwrap(), 0);
    let waiting = mine.waiting_outbox(theirs.account.id, 9).await.unwrap();
    assert!(waiting.is_empty());
    assert!(mine.members().await.unwrap().is_empty());
    assert!(mine.api_keys().await.unwrap().is_empty());
    let all = ProductFilter {
        limit: 9,
        ..ProductFilter::default()
    };
    assert!(mine.products(&all).await.unwrap().rows.is_empty());
    assert!(mine.product(theirs.product).await.unwrap().is_none());
    assert!(
        mine.product_by_retailer_id(&rid("mug"))
            .await
            .unwrap()
            .is_none()
    );
    assert!(mine.products_since(0).await.unwrap().is_empty());
    assert!(mine.media_products().await.unwrap().is_empty());
    assert!(mine.image(theirs.image).await.unwrap().is_none());
    assert!(mine.catalogs().await.unwrap().is_empty());
    assert!(mine.catalog(theirs.catalog).await.unwrap().is_none());
    assert!(
        mine.catalog_items(theirs.catalog, &[], None, 9)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        mine.catalog_item_counts(theirs.catalog)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(mine.sync_run(theirs.run.id).await.unwrap().is_none());
    assert!(
        mine.sync_runs(Some(theirs.catalog), 9)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        mine.sync_log(theirs.run.id, None, 9)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        mine.last_lost_batch(theirs.catalog, domain::Timestamp(0))
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        mine.open_sync_batches(theirs.catalog)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(mine.held().await.unwrap().is_empty());
    let counts = mine.counts().await.unwrap();
    assert_eq!(
        (
            counts.drafts_in_progress,
            counts.drafts_waiting,
            counts.unread
        ),
        (0, 0, 0)
    );
    assert!(mine.meta_item_ids().await.unwrap().is_empty());
    assert!(mine.changed_products(0, None, 9).await.unwrap().is_empty());
    let mugs = ["mug".to_owned()];
    assert!(
        mine.products_by_retailer_ids(&mugs)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        mine.catalog_items_of(theirs.catalog, &mugs)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        mine.catalog_items_by_ids(theirs.catalog, &[rid("mug")])
            .await
            .unwrap()
            .is_empty()
    );
    for state in EventState::ALL {
        assert!(mine.events(*state, None, 9).await.unwrap().is_empty());
    }
}

/// Changes by the other's ids: refused or without effect, whichever; the rows are compared after.
async fn change_nothing(store: &Store, me: &Seller, theirs: &Owned) {
    let mine = store.seller(me.id);
    let _ = mine
        .read_notifications(Some(theirs.notification), NOW)
        .await;
    let _ = mine.set_words("en", "greet", None, NOW).await;
    let _ = mine.mark_seen(theirs.ids.conversation).await;
    let _ = mine
        .set_profile(theirs.ids.customer, Some("x"), Some("x"), NOW)
        .await;
    let change = OrderChange {
        order_id: theirs.order,
        to: OrderStatus::Cancelled,
        actor: Actor::Automation,
        at: NOW,
        why: "x".into(),
    };
    assert!(mine.change_order(&change, NOW).await.is_err());
    assert!(mine.set_stock(&rid("mug"), Some(0), NOW).await.is_err());
    let tells = LaneEffects {
        seller_id: Some(mine.id()),
        told: vec![theirs.waiting],
        ..LaneEffects::default()
    };
    assert!(mine.apply(&tells, NOW).await.is_err());
    let tokens = Tokens {
        access_token: Some(vec![1]),
        ..Tokens::default()
    };
    assert!(
        mine.set_tokens(theirs.account.id, &tokens, NOW)
            .await
            .is_err()
    );
    assert!(
        mine.set_account_state(theirs.account.id, AccountState::Disconnected, None, NOW)
            .await
            .is_err()
    );
    assert!(
        mine.set_account_settings(theirs.account.id, "x", NOW)
            .await
            .is_err()
    );
    assert!(mine.set_sweep(theirs.account.id, Some("x")).await.is_err());
    assert!(
        mine.set_member_role(theirs.member, Role::Staff)
            .await
            .is_err()
    );
    let _ = mine.settle_unlisted(theirs.catalog, NOW.plus(9), NOW).await;
    let _ = mine.remove_member(theirs.member).await;
    assert!(mine.revoke_api_key(theirs.key, NOW).await.is_err());
    assert!(mine.archive_product(theirs.product, NOW).await.is_err());
    let _ = mine.set_media_products("reel", "seller", &[], NOW).await;
    let _ = mine.remove_catalog(theirs.catalog).await;
    assert!(
        !mine
            .lease_catalog(theirs.catalog, "me", NOW.plus(9), NOW)
            .await
            .unwrap()
    );
    let _ = mine.release_catalog(theirs.catalog, "me").await;
    let item = CatalogItem::new(rid("mug"), "stolen");
    assert!(
        mine.put_catalog_items(theirs.catalog, &[item], NOW)
            .await
            .is_err()
    );
    assert_eq!(mine.forget_accepted(theirs.catalog).await.unwrap(), 0);
    let _ = mine
        .remove_catalog_items(theirs.catalog, &[rid("mug")])
        .await;
    assert!(
        mine.begin_sync_run(SyncRunId::fresh(), theirs.catalog, "full", "hand", NOW)
            .await
            .is_err()
    );
    let _ = mine
        .put_sync_run(&store::SyncRun {
            status: "failed".into(),
            ..theirs.run.clone()
        })
        .await;
    let _ = mine.log_sync(theirs.run.id, "info", None, "x", NOW).await;
    let lost = SyncBatch {
        state: "lost".into(),
        ..theirs.batch.clone()
    };
    let _ = mine.put_sync_batch(theirs.catalog, &lost).await;
}

/// Writes of the same names are the seller's own; effects on the other's ids conflict.
async fn write_nothing(store: &Store, me: &Seller, theirs: &Owned) {
    let mine = store.seller(me.id);
    let notice = NewNotification {
        kind: "k".into(),
        text: "t".into(),
        subject_kind: None,
        subject_id: None,
    };
    // The other's unread one of the same words does not count as told; the own one does.
    for _ in 0..2 {
        mine.notify_once(&notice, NOW).await.unwrap();
    }
    let told = mine.notifications(10).await.unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    mine.audit("me", "did", "it", None, NOW).await.unwrap();
    mine.update(
        &SellerWrite {
            name: Some("Me".into()),
            ..SellerWrite::default()
        },
        NOW,
    )
    .await
    .unwrap();
    mine.put_products([product("mug", Some(1))], NOW)
        .await
        .unwrap();
    mine.put_catalog(&catalog(theirs.seller.id, "77"), NOW)
        .await
        .unwrap();
    let image = Image {
        content_type: "image/gif".into(),
        width: 1,
        height: 1,
        bytes: vec![1],
    };
    mine.put_image(&image, NOW).await.unwrap();
    assert!(
        mine.add_api_key(theirs.key, "k", "other", NOW)
            .await
            .is_err()
    );
    let stolen = store::NewAccount {
        id: theirs.account.id,
        channel: domain::Channel::Instagram,
        name: "x".into(),
        username: None,
        instagram_account_id: Some("ig-theirs".into()),
        app_scoped_id: None,
        page_id: None,
        whatsapp_phone_number_id: None,
        whatsapp_business_account_id: None,
        business_id: None,
        login: "manual".into(),
    };
    assert!(mine.connect_account(&stolen, NOW).await.is_err());
    let nothing = || LaneEffects {
        seller_id: Some(me.id),
        ..LaneEffects::default()
    };
    let conversation: ConversationWrite = conversation_write(&theirs.account, theirs.ids, Some(0));
    let customer = first_message(me, &theirs.account, theirs.ids, "person", "x").customer;
    for effects in [
        LaneEffects {
            conversation: Some(conversation),
            ..nothing()
        },
        LaneEffects {
            customer,
            ..nothing()
        },
        LaneEffects {
            order_changes: vec![OrderChange {
                order_id: theirs.order,
                to: OrderStatus::Paid,
                actor: Actor::Automation,
                at: NOW,
                why: "x".into(),
            }],
            ..nothing()
        },
    ] {
        let as_new = mine.apply_for_new_customer(&effects, NOW).await;
        assert!(
            !matches!(as_new, Ok(true)),
            "another seller's rows were written"
        );
        assert!(mine.apply(&effects, NOW).await.is_err());
    }
    let conversation_id = theirs.ids.conversation;
    let quiet = LaneEffects {
        message_changes: vec![
            MessageChange::Edit {
                conversation_id,
                mid: "mid".into(),
                text: "x".into(),
                reading: None,
            },
            MessageChange::Delete {
                conversation_id,
                mid: "mid".into(),
            },
            MessageChange::ReadUntil {
                conversation_id,
                at: NOW.plus(9),
            },
        ],
        outbox_changes: vec![
            OutboxChange::Cancel {
                id: theirs.outbox,
                reason: "x".into(),
            },
            OutboxChange::CancelWaiting {
                conversation_id,
                reason: "x".into(),
            },
            OutboxChange::Echoed {
                id: theirs.outbox,
                mid: "x".into(),
                at: NOW,
            },
        ],
        // The same message id in the other's conversation: not written over.
        messages: vec![message(theirs.ids, "mid")],
        ..nothing()
    };
    mine.apply(&quiet, NOW).await.unwrap();
    let foreign = LaneEffects {
        seller_id: Some(theirs.seller.id),
        ..LaneEffects::default()
    };
    assert!(matches!(
        mine.apply(&foreign, NOW).await,
        Err(CommitError::Store(_))
    ));
}

/// The methods of every `impl SellerStore` block, and the text of those blocks.
fn seller_store_methods() -> Vec<(String, String)> {
    let mut methods = Vec::new();
    let mut directories = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for block in text.split("impl SellerStore<'_> {\n").skip(1) {
                let block = block.split("\n}\n").next().unwrap();
                for method in block.split("    pub async fn ").skip(1) {
                    let name = method.split(['(', '<']).next().unwrap();
                    methods.push((name.to_owned(), method.to_owned()));
                }
            }
        }
    }
    methods
}

#[test]
fn every_method_of_the_seller_store_is_called_here() {
    let methods = seller_store_methods();
    assert!(methods.len() > 60, "{} methods", methods.len());
    let here: String = include_str!("tenants.rs").split_whitespace().collect();
    for (name, _) in &methods {
        assert!(
            here.contains(&format!("mine.{name}(")),
            "call `{name}` in one of this file's functions, with another seller's ids"
        );
    }
}

#[test]
fn every_statement_of_the_seller_store_names_the_seller() {
    for (name, body) in seller_store_methods() {
        for statement in body.split('"').filter(|text| {
            ["SELECT ", "UPDATE ", "DELETE ", "INSERT "]
                .iter()
                .any(|verb| text.starts_with(verb))
        }) {
            // `sellers` is keyed by the seller itself.
            let bound = statement.contains("seller_id") || statement.contains("sellers ");
            assert!(bound, "{name}: {statement}");
        }
    }
}

//! The faults: how each is made, what the doctor must say, and how it is mended.

use std::pin::Pin;

use domain::Timestamp;
use domain::catalog::ProductStatus;
use engine::config::Secrets;
use engine::sync::SyncKind;
use futures_util::future::join_all;
use meta::graph::PAGE_FIELDS;
use sandbox::{Change, Fault as Broken, FaultRule, Login};
use store::Requeue;

use crate::world::{KEY, NEWER_KEY, World, keyring, product};

type Done<'w> = Pin<Box<dyn Future<Output = ()> + Send + 'w>>;

/// One row.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    pub(crate) login: Login,
    /// The cause, and then whatever follows from it.
    pub(crate) expected: &'static [&'static str],
    /// In the cause's evidence.
    pub(crate) evidence: &'static str,
    /// In its remedy.
    pub(crate) remedy: &'static str,
    pub(crate) inject: for<'w> fn(&'w mut World) -> Done<'w>,
    pub(crate) mend: for<'w> fn(&'w mut World) -> Done<'w>,
}

/// `name [cause, consequences], evidence, remedy, inject, mend`; the last two are bodies over a world.
macro_rules! fault {
    ($login:ident $name:literal [$($expected:literal),+], $evidence:literal, $remedy:literal,
     |$broken:ident| $inject:block, |$mended:ident| $mend:block) => {
        Fault {
            name: $name,
            login: Login::$login,
            expected: &[$($expected),+],
            evidence: $evidence,
            remedy: $remedy,
            inject: |$broken| Box::pin(async move { $inject }),
            mend: |$mended| Box::pin(async move { $mend }),
        }
    };
}

pub(crate) fn faults() -> Vec<Fault> {
    let mut all = settings();
    all.extend(webhooks());
    all.extend(work());
    all.extend(tokens());
    all.extend(permissions());
    all.extend(account());
    all.extend(messages());
    all.extend(shop());
    all
}

const HOURS: i64 = 2 * Timestamp::HOUR;
const DAY: i64 = 25 * Timestamp::HOUR;

/// A field of a catalogue item that somebody else put in.
fn foreign() -> serde_json::Value {
    serde_json::json!({"title": "Old plate", "price": "5 INR", "link": "https://old.example.com",
        "image_link": "https://old.example.com/1.jpg", "availability": "in stock",
        "condition": "new", "description": "From the old shop."})
}

fn settings() -> Vec<Fault> {
    vec![
        fault!(Facebook "no app secret" ["no_app_secret"], "META_APP_SECRET", "restart",
            |w| { w.restart(|c| c.secrets = Secrets::default()).await; },
            |w| { w.restart(|_| {}).await; }),
        fault!(Facebook "no verify token" ["no_verify_token"], "INSTAGRAM_VERIFY_TOKEN", "Meta's dashboard",
            |w| { w.restart(|c| c.verify_token = None).await; },
            |w| { w.restart(|_| {}).await; }),
        fault!(Facebook "no public address" ["no_public_url"], "PUBLIC_URL", "https",
            |w| { w.restart(|c| c.public_url = None).await; },
            |w| { w.restart(|_| {}).await; }),
        fault!(Facebook "a public address without TLS" ["public_url_not_https"], "http://0.0.0.0", "certificate",
            |w| {
                let url = format!("http://0.0.0.0:{}", w.port());
                w.restart(|c| c.public_url = Some(url)).await;
            },
            |w| { w.restart(|_| {}).await; }),
        fault!(Facebook "nobody answers at the public address" ["webhook_unreachable"], "cannot be reached", "DNS",
            |w| { w.restart(|c| c.public_url = Some("http://127.0.0.1:9".to_owned())).await; },
            |w| { w.restart(|_| {}).await; }),
        fault!(Facebook "somebody else answers at the public address" ["webhook_unreachable"], "answers 4", "proxy",
            |w| {
                let url = w.meta.url();
                w.restart(|c| c.public_url = Some(url)).await;
            },
            |w| { w.restart(|_| {}).await; }),
        fault!(Facebook "no Meta app" ["no_app"], "META_APP_ID", "Connect Instagram",
            |w| {
                w.restart(|c| {
                    c.graph.app = None;
                    c.graph.ig_app = None;
                })
                .await;
            },
            |w| { w.restart(|_| {}).await; }),
        fault!(Facebook "the app secret was reset" ["app_secret_refused", "bad_signatures"], "code 190", "META_APP_SECRET",
        |w| {
            w.meta.change(Change::AppSecret { secret: "another".to_owned() });
            w.customer().say("3 blue mugs");
            w.read().await;
        },
        |w| {
            w.restart(|c| {
                c.secrets.meta = Some("another".to_owned().into());
                c.graph.app.as_mut().unwrap().secret = "another".to_owned().into();
            })
            .await;
            w.pass(HOURS);
            w.settle().await;
        }),
        fault!(Facebook "an old key" ["old_key_in_use"], "2 secrets", "keys rotate",
            |w| { w.restart(|c| c.keyring = keyring(&format!("{NEWER_KEY},{KEY}"))).await; },
            |w| { w.engine.rotate_keys().await.unwrap(); }),
        fault!(Facebook "a lost key" ["unreadable_secrets"], "2 secrets", "ENCRYPTION_KEY",
            |w| { w.restart(|c| c.keyring = keyring(NEWER_KEY)).await; },
            |w| { w.restart(|_| {}).await; }),
        fault!(Facebook "a slow clock" ["clock_skew"], "s behind Meta's", "time synchronisation",
            |w| { w.meta.advance(10 * Timestamp::MINUTE); },
            |w| { w.meta.advance(-10 * Timestamp::MINUTE); }),
        fault!(Facebook "a fast clock" ["clock_skew"], "s ahead of Meta's", "time synchronisation",
            |w| { w.meta.advance(-10 * Timestamp::MINUTE); },
            |w| { w.meta.advance(10 * Timestamp::MINUTE); }),
    ]
}

fn webhooks() -> Vec<Fault> {
    vec![
        fault!(Facebook "a wrong webhook secret" ["bad_signatures"], "in the last hour", "App settings",
        |w| {
            w.restart(|c| c.secrets.meta = Some("wrong".to_owned().into())).await;
            w.customer().say("3 blue mugs");
            w.read().await;
        },
        |w| {
            w.restart(|_| {}).await;
            w.pass(HOURS);
            w.settle().await;
        }),
        fault!(Instagram "the secret of the other login" ["bad_signatures"], "in the last hour", "Instagram app secret",
        |w| {
            w.restart(|c| c.secrets.instagram = None).await;
            w.customer().say("3 blue mugs");
            w.read().await;
        },
        |w| {
            w.restart(|_| {}).await;
            w.pass(HOURS);
            w.settle().await;
        }),
        fault!(Facebook "a secret for another channel" ["wrong_secret_for_object"], "WHATSAPP_APP_SECRET", "META_APP_SECRET",
        |w| {
            w.restart(|c| c.secrets.whatsapp = c.secrets.meta.take()).await;
            w.customer().say("3 blue mugs");
            w.read().await;
        },
        |w| {
            w.restart(|_| {}).await;
            w.pass(HOURS);
            w.settle().await;
        }),
        fault!(Facebook "more webhooks than can be stored" ["not_stored"], "answered 503", "database",
        |w| {
            w.restart(|c| c.intake_queue = 1).await;
            let body = br#"{"object":"instagram","entry":[]}"#;
            let signature = meta::signature::sign(&w.secret().into(), body);
            let intake = w.engine.intake();
            join_all((0..500).map(|_| intake.take(Some(&signature), body))).await;
        },
        |w| {
            w.restart(|_| {}).await;
            w.pass(HOURS);
        }),
        fault!(Facebook "the old webhook address" ["deprecated_route"], "/api/instagram/dm/webhook", "/webhooks/meta",
        |w| {
            w.webhooks_to("/api/instagram/dm/webhook");
            w.customer().say("3 blue mugs");
            w.settle().await;
        },
        |w| {
            w.webhooks_to("/webhooks/meta");
            w.pass(DAY);
        }),
        fault!(Facebook "webhooks that go elsewhere" ["messages_without_webhooks"], "the newest message", "callback",
        |w| {
            w.meta.set_callback("http://127.0.0.1:9/elsewhere", "word");
            w.customer().say("3 blue mugs");
            w.read().await;
            w.pass(20 * Timestamp::MINUTE);
        },
        |w| {
            w.webhooks_to("/webhooks/meta");
            w.customer().say("4 blue mugs");
            w.settle().await;
        }),
        fault!(Facebook "an app in development mode" ["messages_without_webhooks"], "the newest message", "Publish",
        |w| {
            w.meta.change(Change::AppLive { on: false });
            w.customer().say("3 blue mugs");
            w.pass(20 * Timestamp::MINUTE);
        },
        |w| {
            w.meta.change(Change::AppLive { on: true });
            w.customer().say("4 blue mugs");
            w.settle().await;
        }),
        fault!(Facebook "an app in development mode, behind a sweep" ["messages_without_webhooks"], "the newest message", "Publish",
        |w| {
            w.meta.change(Change::AppLive { on: false });
            w.customer().say("3 blue mugs");
            w.pass(20 * Timestamp::MINUTE);
            w.sweep().await;
            let store = w.engine.store().seller(w.seller);
            let swept = store.all_messages(None, 10).await.unwrap();
            assert!(swept.iter().any(|m| m.text.as_deref() == Some("3 blue mugs")));
        },
        |w| {
            w.meta.change(Change::AppLive { on: true });
            w.customer().say("4 blue mugs");
            w.settle().await;
        }),
        fault!(Facebook "a week of silence" ["unusually_quiet"], "the last on", "Write a message",
        |w| { w.pass(8 * Timestamp::DAY); },
        |w| {
            w.customer().say("3 blue mugs");
            w.settle().await;
        }),
    ]
}

fn work() -> Vec<Fault> {
    vec![
        fault!(Facebook "nobody works" ["backlog"], "1 events, the oldest for 20 minutes", "worker",
            |w| {
                w.customer().say("3 blue mugs");
                w.meta.drain().await;
                w.pass(20 * Timestamp::MINUTE);
            },
            |w| { w.settle().await; }),
        fault!(Facebook "an account that nobody connected" ["unrouted_events"], "1 kept events", "Connect the account",
        |w| {
            let account = w.stranger(&[]);
            w.meta.customer_of(&account.instagram_account_id, "eve").say("hello");
            w.read().await;
        },
        |w| {
            let account = w.meta.accounts().remove(1);
            w.second(&account, Some(&account.access_token)).await;
            w.settle().await;
        }),
        fault!(Facebook "a conversation that cannot be read" ["failed_events"], "1 kept events", "events replay",
        |w| {
            w.state = w.write_state("not a state").await;
            w.customer().say("3 blue mugs");
            for _ in 0..7 {
                w.settle().await;
                w.pass(5 * Timestamp::MINUTE);
            }
        },
        |w| {
            w.write_state(&w.state).await;
            w.engine.replay_events(&Requeue::default()).await.unwrap();
            w.settle().await;
        }),
    ]
}

fn tokens() -> Vec<Fault> {
    vec![
        fault!(Facebook "an account without a token" ["no_token"], "no access token", "Connect the account",
        |w| {
            let account = w.stranger(&[]);
            w.other = Some(w.second(&account, None).await);
        },
        |w| {
            let account = w.meta.accounts().remove(1);
            w.add_by_hand(w.other.unwrap(), &account, Some(&account.access_token)).await;
        }),
        fault!(Facebook "a token of another app" ["token_of_another_app"], "does not show it to app", "META_APP_ID",
            |w| { w.meta.change(Change::TokensOfAnotherApp { account: None, on: true }); },
            |w| { w.meta.change(Change::TokensOfAnotherApp { account: None, on: false }); }),
        fault!(Facebook "the person removed the app" ["token_refused"], "190/458", "Connect again",
            |w| { w.meta.change(Change::RevokeTokens { account: None, subcode: 458 }); },
            |w| { w.meta.change(Change::RestoreTokens { account: None }); }),
        fault!(Facebook "the person changed the password" ["token_refused"], "190/460", "Connect again",
            |w| { w.meta.change(Change::RevokeTokens { account: None, subcode: 460 }); },
            |w| { w.meta.change(Change::RestoreTokens { account: None }); }),
        fault!(Facebook "the person lost the role on the page" ["token_refused"], "lost the role", "Connect again",
            |w| { w.meta.change(Change::RevokeTokens { account: None, subcode: 492 }); },
            |w| { w.meta.change(Change::RestoreTokens { account: None }); }),
        fault!(Facebook "an expired token" ["token_refused"], "190/463", "Connect again",
            |w| {
                let at = w.meta.now() - Timestamp::HOUR;
                w.meta.change(Change::TokensExpire { account: None, at });
            },
            |w| { w.meta.change(Change::TokensExpire { account: None, at: 0 }); }),
        fault!(Instagram "an Instagram token that was revoked" ["token_refused"], "190/460", "Connect again",
            |w| { w.meta.change(Change::RevokeTokens { account: None, subcode: 460 }); },
            |w| { w.meta.change(Change::RestoreTokens { account: None }); }),
        fault!(Facebook "a dead token that the server has met" ["needs_reconnect"], "no longer valid", "Connect again",
            |w| {
                w.meta.change(Change::RevokeTokens { account: None, subcode: 463 });
                w.look_after().await;
                w.meta.change(Change::RestoreTokens { account: None });
            },
            |w| { w.connect().await; }),
        fault!(Facebook "a token near its end" ["token_expires"], "on 20", "Connect again",
            |w| {
                let at = w.meta.now() + 3 * Timestamp::DAY;
                w.meta.change(Change::TokensExpire { account: None, at });
            },
            |w| { w.meta.change(Change::TokensExpire { account: None, at: 0 }); }),
        fault!(Instagram "an Instagram token near its end" ["token_expires"], "on 20", "Connect again",
            |w| {
                w.pass(52 * Timestamp::DAY);
                w.customer().say("3 blue mugs");
                w.settle().await;
            },
            |w| { w.look_after().await; }),
        fault!(Facebook "data access near its end" ["data_access_expires"], "on 20", "Connect again",
            |w| {
                let at = w.meta.now() + 3 * Timestamp::DAY;
                w.meta.change(Change::DataAccessExpires { account: None, at });
            },
            |w| { w.meta.change(Change::DataAccessExpires { account: None, at: 0 }); }),
        fault!(Facebook "data access at its end" ["data_access_expires"], "on 20", "Connect again",
            |w| {
                let at = w.meta.now() - Timestamp::HOUR;
                w.meta.change(Change::DataAccessExpires { account: None, at });
            },
            |w| { w.meta.change(Change::DataAccessExpires { account: None, at: 0 }); }),
    ]
}

/// One row a permission that the person takes away.
macro_rules! declined {
    ($($scope:literal)+) => {
        vec![$(fault!(Facebook $scope ["declined_scope"], $scope, "leave every box ticked",
            |w| {
                w.meta.change(Change::Permission {
                    account: None, scope: $scope.to_owned(), granted: false,
                });
            },
            |w| {
                w.meta.change(Change::Permission {
                    account: None, scope: $scope.to_owned(), granted: true,
                });
            }
        )),+]
    };
}

fn permissions() -> Vec<Fault> {
    let mut all = declined![
        "instagram_basic" "instagram_manage_messages" "pages_messaging" "pages_show_list"
        "pages_read_engagement" "pages_manage_metadata" "catalog_management" "business_management"
    ];
    all.extend([
        fault!(Facebook "a token from before a permission" ["missing_scope"], "instagram_manage_messages", "Connect again",
            |w| {
                let account = w.stranger(&["instagram_manage_messages"]);
                w.other = Some(w.second(&account, Some(&account.access_token)).await);
            },
            |w| {
                let account = w.meta.accounts().remove(1);
                w.connect_for(w.other.unwrap(), Some(&account), &[]).await;
            }),
        fault!(Instagram "an Instagram login without messages" ["missing_scope"], "instagram_business_manage_messages", "Connect again",
            |w| {
                let declined = &["instagram_business_manage_messages"];
                w.connect_for(w.seller, None, declined).await;
            },
            |w| { w.connect().await; }),
        fault!(Facebook "permissions for another page" ["scope_not_for_this_account"], "pages_messaging", "tick this page",
            |w| {
                let assets = Some(vec!["105000999999999".to_owned()]);
                w.meta.change(Change::Ticked { account: None, assets });
            },
            |w| { w.meta.change(Change::Ticked { account: None, assets: None }); }),
    ]);
    all
}

fn account() -> Vec<Fault> {
    vec![
        fault!(Facebook "no page linked" ["page_not_linked"], "instagram_business_account is empty", "Linked",
            |w| { w.meta.change(Change::UnlinkPage { account: None }); },
            |w| { w.meta.change(Change::LinkPage { account: None, to: None }); }),
        fault!(Facebook "another account linked" ["linked_to_another_account"], "it is linked to 17841400", "Link the right account",
            |w| {
                let to = Some(w.stranger(&[]).instagram_account_id);
                w.meta.change(Change::LinkPage { account: None, to });
            },
            |w| { w.meta.change(Change::LinkPage { account: None, to: None }); }),
        fault!(Facebook "an hour of failures" ["not_subscribed"], "does not list this app", "by itself within hours",
            |w| { w.meta.change(Change::Unsubscribe { account: None }); },
            |w| { w.look_after().await; }),
        fault!(Instagram "an Instagram account without subscription" ["not_subscribed"], "does not list this app", "by itself within hours",
            |w| { w.meta.change(Change::Unsubscribe { account: None }); },
            |w| { w.look_after().await; }),
        fault!(Facebook "too few fields" ["missing_webhook_fields"], "message_echoes", "tick these fields",
            |w| { w.subscribe(&["messages", "messaging_postbacks"]).await; },
            |w| { w.subscribe(PAGE_FIELDS).await; }),
        fault!(Facebook "message access off" ["message_access_off"], "200/2534041", "Allow access to messages",
            |w| { w.meta.change(Change::MessageAccess { account: None, on: false }); },
            |w| { w.meta.change(Change::MessageAccess { account: None, on: true }); }),
        fault!(Instagram "message access off, Instagram Login" ["message_access_off"], "200/2534041", "Allow access to messages",
            |w| { w.meta.change(Change::MessageAccess { account: None, on: false }); },
            |w| { w.meta.change(Change::MessageAccess { account: None, on: true }); }),
        fault!(Facebook "a restricted page" ["restricted"], "10/1893063", "Account status",
        |w| {
            w.meta.change(Change::PageRestricted { account: None, on: true });
            w.customer().say("3 blue mugs");
            w.settle().await;
        },
        |w| {
            w.meta.change(Change::PageRestricted { account: None, on: false });
            w.pass(HOURS);
            w.settle().await;
        }),
        fault!(Facebook "a limited account" ["restricted", "failed_messages"], "100/2534029", "Account status",
        |w| {
            w.meta.change(Change::AccountLimited { account: None, on: true });
            w.customer().say("3 blue mugs");
            w.settle().await;
        },
        |w| {
            w.meta.change(Change::AccountLimited { account: None, on: false });
            w.pass(DAY);
        }),
        fault!(Facebook "a policy block" ["restricted"], "368", "Account status",
            |w| {
                let error = Broken::Error { code: 368, subcode: None, after_effect: false };
                w.meta.fault(FaultRule::always("conversations", error));
            },
            |w| { w.meta.clear_faults(); }),
        fault!(Facebook "another app owns the threads" ["another_app_owns_threads"], "1 events in standby", "default",
        |w| {
            let app = Some("263902037430900".to_owned());
            w.meta.change(Change::ThreadOwner { account: None, app });
            w.customer().say("3 blue mugs");
            w.settle().await;
        },
        |w| {
            w.meta.change(Change::ThreadOwner { account: None, app: None });
            w.pass(DAY);
        }),
    ]
}

fn messages() -> Vec<Fault> {
    vec![
        fault!(Facebook "Meta throttles" ["rate_limited"], "calls go on at", "Wait",
        |w| {
            w.meta.next_calls(1, "messages", Broken::Throttle { code: 613, minutes: 30 });
            w.customer().say("3 blue mugs");
            w.settle().await;
        },
        |w| {
            w.pass(HOURS);
            w.settle().await;
        }),
        fault!(Instagram "Meta throttles an Instagram login" ["rate_limited"], "calls go on at", "Wait",
        |w| {
            w.meta.next_calls(1, "messages", Broken::Throttle { code: 613, minutes: 30 });
            w.customer().say("3 blue mugs");
            w.settle().await;
        },
        |w| {
            w.pass(HOURS);
            w.settle().await;
        }),
        fault!(Facebook "the hour's budget is used up" ["rate_limited"], "calls go on at", "Wait",
        |w| {
            w.restart(|c| c.limits.account_calls_per_hour = 3).await;
            for name in ["bo", "cy", "di", "ed", "fay"] {
                w.meta.customer(name).say("3 blue mugs");
            }
            w.settle().await;
        },
        |w| {
            w.restart(|_| {}).await;
            w.pass(HOURS);
            w.settle().await;
        }),
        fault!(Facebook "a customer who blocked the shop" ["failed_messages"], "1 in the last day", "Inbox",
        |w| {
            let customer = w.customer();
            customer.say("3 blue mugs");
            w.read().await;
            w.meta.change(Change::CustomerBlocks { customer: customer.id().to_owned(), on: true });
            w.send().await;
        },
        |w| {
            let customer = w.customer().id().to_owned();
            w.meta.change(Change::CustomerBlocks { customer, on: false });
            w.pass(DAY);
        }),
        fault!(Facebook "a reply without its echo" ["not_confirmed_delivered"], "1 in the last day", "message_echoes",
            |w| {
                w.customer().say("3 blue mugs");
                w.read().await;
                w.meta.change(Change::LoseWebhooks { count: 1 });
                w.send().await;
                w.pass(15 * Timestamp::MINUTE);
            },
            |w| { w.pass(DAY); }),
    ]
}

fn shop() -> Vec<Fault> {
    vec![
        fault!(Facebook "a sync that Meta refuses" ["catalog_error"], "code 100", "sync again",
            |w| {
                let error = Broken::Error { code: 100, subcode: None, after_effect: false };
                w.meta.next_calls(1, "items_batch", error);
                w.put([product("MUG", "Bluer mug")]).await;
                w.sync(SyncKind::Incremental).await;
            },
            |w| { w.sync(SyncKind::Incremental).await; }),
        fault!(Facebook "a catalogue under review" ["catalog_not_approved"], "1 items under review", "Wait",
        |w| {
            w.review("MUG", "pending");
            w.sync(SyncKind::Full).await;
        },
        |w| {
            w.review("MUG", "approved");
            w.sync(SyncKind::Full).await;
        }),
        fault!(Facebook "an item that the review rejects" ["items_rejected"], "MUG", "appeal",
        |w| {
            w.review("MUG", "rejected");
            w.sync(SyncKind::Full).await;
        },
        |w| {
            w.review("MUG", "approved");
            w.sync(SyncKind::Full).await;
        }),
        fault!(Facebook "an item that Meta would refuse" ["items_held_back"], "BAD", "names its fix",
        |w| {
            let mut bad = product("BAD", "Bad picture");
            bad.image_urls = vec!["ftp://pictures/9.jpg".to_owned()];
            w.put([bad]).await;
            w.sync(SyncKind::Incremental).await;
        },
        |w| {
            let mut gone = product("BAD", "Bad picture");
            gone.status = ProductStatus::Archived;
            w.put([gone]).await;
            w.sync(SyncKind::Incremental).await;
        }),
        fault!(Facebook "somebody else's item" ["foreign_items"], "not among the products", "Commerce Manager",
        |w| {
            w.meta.change(Change::ForeignItem {
                account: None, retailer_id: "OLD".to_owned(), fields: foreign(),
            });
            w.sync(SyncKind::Full).await;
        },
        |w| {
            w.meta.change(Change::VanishItem { account: None, retailer_id: "OLD".to_owned() });
            w.sync(SyncKind::Full).await;
        }),
    ]
}

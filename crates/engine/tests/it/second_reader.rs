//! The second reader, against a local server that speaks its protocol and misbehaves in every way.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing::post};
use engine::config::LlmConfig;
use engine::tasks::Step;
use serde_json::{Value, json};
use testkit::TestDatabase;

use crate::support::World;

/// What the server does next.
#[derive(Clone, Debug)]
enum Act {
    Say(Value),
    Raw(StatusCode, String),
    Hang,
}

#[derive(Clone)]
struct Reader {
    next: Arc<Mutex<Act>>,
    asked: Arc<Mutex<Vec<(HeaderMap, Value)>>>,
}

async fn answer(State(reader): State<Reader>, headers: HeaderMap, body: Bytes) -> Response {
    let question = serde_json::from_slice(&body).unwrap();
    reader.asked.lock().unwrap().push((headers, question));
    let act = reader.next.lock().unwrap().clone();
    match act {
        Act::Say(content) => {
            let content = content.to_string();
            axum::Json(json!({"choices": [{"message": {"role": "assistant", "content": content}}]}))
                .into_response()
        }
        Act::Raw(status, text) => (status, text).into_response(),
        Act::Hang => {
            tokio::time::sleep(Duration::from_mins(1)).await;
            StatusCode::OK.into_response()
        }
    }
}

impl Reader {
    async fn start() -> (Self, String) {
        let reader = Self {
            next: Arc::new(Mutex::new(Act::Hang)),
            asked: Arc::default(),
        };
        let app = Router::new()
            .route("/v1/chat/completions", post(answer))
            .with_state(reader.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (reader, url)
    }

    fn will(&self, act: Act) {
        *self.next.lock().unwrap() = act;
    }

    fn questions(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

async fn world(db: &TestDatabase) -> (World, Reader) {
    let (reader, url) = Reader::start().await;
    let world = World::with(db, |config| {
        let key = Some("llm-key".to_owned().into());
        config.llm = Some(LlmConfig {
            timeout_ms: 500,
            hourly_max: 50,
            ..LlmConfig::new(&url, "some-model", key)
        });
    })
    .await;
    (world, reader)
}

async fn ask(world: &World) {
    world.settle().await;
    while let Step::Did(_) = world.engine.llm_step().await.unwrap() {}
    world.settle().await;
}

/// Words that the embedded parser cannot make out.
const UNSURE: &str = "I want 3 of the azure drinking thingies";

fn lines(product: &str, quantity: u32) -> Value {
    json!({"intent": "order", "confidence": 0.9,
        "lines": [{"product": product, "quantity": quantity, "options": []}]})
}

testkit::on_both! {
    async fn it_is_asked_about_what_is_unsure_and_its_answer_counts(db: &TestDatabase) {
        let (world, reader) = world(db).await;
        reader.will(Act::Say(lines("MUG-BLUE", 3)));
        let ana = world.customer("ana");
        ana.say("2 red mugs please");
        ask(&world).await;
        let sure = reader.questions();
        assert_eq!(sure, 0, "what is sure is not asked about");
        let ben = world.customer("ben");
        ben.say(UNSURE);
        ask(&world).await;
        assert_eq!(reader.questions(), 1);
        let (headers, question) = reader.asked.lock().unwrap()[0].clone();
        assert_eq!(headers["authorization"], "Bearer llm-key");
        assert_eq!(question["model"], "some-model");
        assert!(question["messages"][1]["content"].as_str().unwrap().contains("MUG-BLUE"));
        let drafts = world.drafts().await;
        let theirs = drafts.iter().find(|d| d.body.lines.iter().any(|l| l.line.product.as_str() == "MUG-BLUE"));
        let line = &theirs.expect("a draft from the second reading").body.lines[0];
        assert_eq!(line.line.quantity, 3);
        assert!(line.confidence <= 0.85);
        // A later message and a withdrawn one leave what the second reader understood.
        let extra = ben.say("and a teapot");
        world.settle().await;
        ben.act(sandbox::Action::Unsend { mid: extra });
        world.settle().await;
        let drafts = world.drafts().await;
        let kept: Vec<_> = drafts.iter().flat_map(|d| &d.body.lines).filter(|l| l.line.product.as_str() == "MUG-BLUE").collect();
        assert_eq!(kept.len(), 1);
    }

    async fn nothing_it_does_wrong_shows(db: &TestDatabase) {
        let (world, reader) = world(db).await;
        let invented = json!({"intent": "order", "confidence": 0.99,
            "lines": [{"product": "MUG-BLUE", "quantity": 3, "options": [{"name": "lid", "value": "gold"}]}]});
        let acts = [
            Act::Hang,
            Act::Raw(StatusCode::INTERNAL_SERVER_ERROR, "boom".to_owned()),
            Act::Raw(StatusCode::OK, "not JSON".to_owned()),
            Act::Raw(StatusCode::OK, "{}".to_owned()),
            Act::Say(json!("not the schema")),
            Act::Say(lines("NO-SUCH-MUG", 3)),
            Act::Say(lines("MUG-BLUE", 7)),
            Act::Say(lines("MUG-BLUE", 0)),
            Act::Say(invented),
            Act::Say(json!({"intent": "confirm", "confidence": 1.0, "lines": []})),
            Act::Raw(StatusCode::OK, "x".repeat(200_000)),
        ];
        for (n, act) in acts.into_iter().enumerate() {
            // Several failures in a row make it rest; this is about each of them.
            world.clock.advance(10 * domain::Timestamp::MINUTE);
            reader.will(act.clone());
            let before = reader.questions();
            world.customer(&format!("c{n}")).say(UNSURE);
            ask(&world).await;
            assert_eq!(reader.questions(), before + 1, "{act:?}");
            let drafts = world.drafts().await;
            let taken = drafts.iter().flat_map(|d| &d.body.lines).count();
            assert_eq!(taken, 0, "{act:?}");
        }
    }

    async fn it_is_bounded_and_left_alone_when_it_fails(db: &TestDatabase) {
        let (world, reader) = world(db).await;
        reader.will(Act::Raw(StatusCode::BAD_GATEWAY, String::new()));
        for n in 0..12 {
            world.customer(&format!("c{n}")).say(UNSURE);
        }
        ask(&world).await;
        assert_eq!(reader.questions(), 5, "five failures in a row are enough");
        world.clock.advance(10 * domain::Timestamp::MINUTE);
        world.customer("later").say(UNSURE);
        ask(&world).await;
        assert_eq!(reader.questions(), 6);
    }
}

//! Posting webhooks, and the GET handshake.

use crate::call::Call;
use crate::server::Shared;
use crate::world::World;
use axum::http::header;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The client for webhooks. The one for https is made when it is first needed: reading the
/// machine's certificates takes longer than starting everything else.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    plain: reqwest::Client,
    secure: Arc<OnceLock<reqwest::Client>>,
    timeout: Duration,
}

impl Http {
    pub(crate) fn new(timeout: Duration) -> Self {
        // One process may hold many sandboxes; whoever was first has set the provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let plain = builder(timeout).tls_certs_only([]).build();
        let plain = plain.expect("a client without special settings can be built");
        Self {
            plain,
            secure: Arc::default(),
            timeout,
        }
    }

    pub(crate) fn to(&self, url: &str) -> &reqwest::Client {
        if !url.starts_with("https") {
            return &self.plain;
        }
        self.secure.get_or_init(|| {
            builder(self.timeout)
                .build()
                .expect("the machine has root certificates")
        })
    }
}

fn builder(timeout: Duration) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
}

/// One delivery after the other until shutdown.
pub(crate) async fn deliver(shared: Arc<Shared>, client: Http, shutdown: CancellationToken) {
    loop {
        let woken = shared.work.notified();
        let next = shared.world().take_delivery();
        let Some(delivery) = next else {
            let wait = idle_wait(&shared.world());
            tokio::select! {
                () = woken => {}
                () = tokio::time::sleep(wait) => {}
                () = shutdown.cancelled() => return,
            }
            continue;
        };
        let answer = client
            .to(&delivery.url)
            .post(&delivery.url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, "facebookexternalua")
            .header("X-Hub-Signature-256", &delivery.signature)
            .body(delivery.body)
            .send()
            .await;
        let status = answer.map_or(0, |a| a.status().as_u16());
        shared.world().finish_delivery(delivery.id, status);
        shared.stir();
    }
}

/// How long a pump may sleep: until the next retry, or a while when time is moved by others.
fn idle_wait(world: &World) -> Duration {
    const LONG: Duration = Duration::from_mins(1);
    match world.outbound.next_due() {
        None => LONG,
        Some(_) if world.clock.is_manual() => Duration::from_millis(50),
        Some(due) => Duration::from_millis((due - world.now()).max(1) as u64).min(LONG),
    }
}

/// Meta's GET handshake, made when an app subscribes a callback: the answer must be the challenge.
pub(crate) async fn handshake(shared: &Shared, client: &Http, call: &Call) -> Option<bool> {
    if !call.is_post() || call.path.last().map(String::as_str) != Some("subscriptions") {
        return None;
    }
    let url = call.text("callback_url")?;
    let token = call.text("verify_token").unwrap_or_default();
    let challenge = shared.world().challenge();
    Some(verify_callback(client, &url, &token, &challenge).await)
}

/// Asks `url` to echo `challenge`.
pub(crate) async fn verify_callback(
    client: &Http,
    url: &str,
    verify_token: &str,
    challenge: &str,
) -> bool {
    let query = [
        ("hub.mode", "subscribe"),
        ("hub.verify_token", verify_token),
        ("hub.challenge", challenge),
    ];
    let Ok(answer) = client.to(url).get(url).query(&query).send().await else {
        return false;
    };
    let ok = answer.status().as_u16() == 200;
    ok && answer.text().await.is_ok_and(|body| body == challenge)
}

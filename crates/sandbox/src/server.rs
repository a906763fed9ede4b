//! The HTTP side: reading calls, playing faults, answering.

use crate::call::Call;
use crate::error::GraphError;
use crate::faults::Fault;
use crate::graph::{Answer, Around};
use crate::line::{CuttableListener, Line};
use crate::post::{Http, deliver, handshake};
use crate::record::CallRecord;
use crate::world::World;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// A batch of 28 MB and something for its envelope.
const BODY_LIMIT: usize = 32 << 20;

/// What handlers and tasks share.
#[derive(Debug)]
pub(crate) struct Shared {
    world: Mutex<World>,
    /// Something to deliver.
    pub(crate) work: Notify,
    /// A delivery ended, a message was sent, time was moved.
    pub(crate) change: Notify,
    /// Grows with every change, for pages that wait for one.
    pub(crate) version: AtomicU64,
}

impl Shared {
    pub(crate) fn new(world: World) -> Arc<Self> {
        Arc::new(Self {
            world: Mutex::new(world),
            work: Notify::new(),
            change: Notify::new(),
            version: AtomicU64::new(1),
        })
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until every webhook that is due was tried.
    pub(crate) async fn drained(&self) {
        loop {
            let changed = self.change.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let idle = {
                let world = self.world();
                let now = world.now();
                world.outbound.is_idle(now)
            };
            if idle {
                return;
            }
            changed.await;
        }
    }

    /// Wakes whoever waits for deliveries or changes.
    pub(crate) fn stir(&self) {
        self.version.fetch_add(1, Ordering::SeqCst);
        self.work.notify_waiters();
        self.work.notify_one();
        self.change.notify_waiters();
    }
}

/// Serves until `shutdown`, delivering webhooks meanwhile.
pub(crate) async fn run(shared: Arc<Shared>, listener: TcpListener, shutdown: CancellationToken) {
    let (concurrency, timeout) = {
        let world = shared.world();
        (
            world.outbound.style.concurrency.max(1),
            world.outbound.style.timeout,
        )
    };
    let client = Http::new(timeout);
    let pumps: Vec<_> = (0..concurrency)
        .map(|_| tokio::spawn(deliver(shared.clone(), client.clone(), shutdown.clone())))
        .collect();
    let app = crate::control::routes(shared.clone(), client.clone())
        .merge(crate::phone::routes())
        .fallback_service(axum::routing::any(handle).with_state((shared, client)));
    let service = app.into_make_service_with_connect_info::<Line>();
    let served = axum::serve(CuttableListener(listener), service)
        .with_graceful_shutdown(shutdown.clone().cancelled_owned());
    tokio::select! {
        _ = served => {}
        () = shutdown.cancelled() => {}
    }
    for pump in pumps {
        pump.abort();
    }
}

type App = (Arc<Shared>, Http);

async fn handle(
    State((shared, client)): State<App>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "Request body too large").into_response();
    };
    let path = parts.uri.path().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    graph(
        &shared,
        &client,
        &line,
        parts.method.as_str(),
        &path,
        &query,
        &parts.headers,
        &body,
    )
    .await
}

/// A Graph API call with its faults.
async fn graph(
    shared: &Shared,
    client: &Http,
    line: &Line,
    method: &str,
    path: &str,
    query: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
    let content_type = text(header::CONTENT_TYPE).unwrap_or_default();
    let call = Call::parse(
        method,
        path,
        query,
        content_type,
        text(header::AUTHORIZATION),
        body,
    );
    let mut call = match call {
        Ok(call) => call,
        Err(error) => return error_response(&mut shared.world(), &error),
    };
    call.base.clone_from(&shared.world().url);
    let verified = handshake(shared, client, &call).await;
    let (endpoint, fault) = {
        let mut world = shared.world();
        let endpoint = world.endpoint(&call);
        let fault = world
            .faults
            .pick(&endpoint, &call.method, &call.path.join("/"));
        (endpoint, fault)
    };
    if let Some(Fault::Latency { ms }) = &fault {
        tokio::time::sleep(Duration::from_millis(*ms)).await;
    }
    let response = {
        let mut world = shared.world();
        let around = Around {
            fault: fault.as_ref(),
            verified,
        };
        play(&mut world, &call, &endpoint, around, line)
    };
    shared.stir();
    response
}

/// Carries out the call under its fault, and records it.
fn play(
    world: &mut World,
    call: &Call,
    endpoint: &str,
    around: Around<'_>,
    line: &Line,
) -> Response {
    let fault = around.fault;
    let mut record = CallRecord {
        at: world.now(),
        method: call.method.clone(),
        path: call.path.join("/"),
        version: call.version.clone(),
        endpoint: endpoint.to_owned(),
        params: recorded(&call.params),
        status: 0,
        code: None,
        subcode: None,
        fault: fault.and_then(|f| {
            serde_json::to_value(f).ok()?["kind"]
                .as_str()
                .map(Into::into)
        }),
    };
    world.meters.usage.clear();
    let response = match fault {
        Some(Fault::Http { status }) => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, "Sorry, something went wrong.").into_response()
        }
        Some(Fault::Text200) => (StatusCode::OK, "Service Unavailable").into_response(),
        Some(Fault::CutBefore) => line.cut(),
        Some(Fault::CutAfter) => {
            let _ = world
                .charge(call, endpoint)
                .and_then(|()| world.answer(call, around));
            line.cut()
        }
        Some(Fault::Error {
            code,
            subcode,
            after_effect,
        }) => {
            if *after_effect {
                let _ = world
                    .charge(call, endpoint)
                    .and_then(|()| world.answer(call, around));
            }
            let mut error = GraphError::new(*code, format!("(#{code}) Injected fault"));
            error.subcode = *subcode;
            (record.code, record.subcode) = (Some(*code), *subcode);
            error_response(world, &error)
        }
        Some(Fault::Throttle { code, minutes }) => {
            let object = call.path.first().cloned().unwrap_or_default();
            world.meters.app_percent = 100;
            world.meters.usage = vec![crate::limits::Usage {
                object,
                kind: "messenger",
                percent: 100,
                regain_minutes: *minutes,
            }];
            record.code = Some(*code);
            let subcode = (*code == 613).then_some(2_534_040);
            let mut error = GraphError::new(*code, format!("(#{code}) Request limit reached"));
            error.subcode = subcode;
            record.subcode = subcode;
            error_response(world, &error)
        }
        _ => match world
            .charge(call, endpoint)
            .and_then(|()| world.answer(call, around))
        {
            Ok(Answer::Json(value)) => json_response(world, StatusCode::OK, &value, call),
            Ok(Answer::Status(status, value)) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
                json_response(world, status, &value, call)
            }
            Ok(Answer::Html(page)) => axum::response::Html(page).into_response(),
            Ok(Answer::Redirect(to)) => {
                (StatusCode::FOUND, [(header::LOCATION, to)]).into_response()
            }
            Err(error) => {
                (record.code, record.subcode) = (Some(error.code), error.subcode);
                error_response(world, &error)
            }
        },
    };
    if !line.is_cut() {
        record.status = response.status().as_u16();
    }
    world.calls.push_back(record);
    while world.calls.len() > world.config.history {
        world.calls.pop_front();
    }
    response
}

fn json_response(world: &World, status: StatusCode, value: &Value, call: &Call) -> Response {
    let (app, business) = world.meters.headers();
    let mut response = (
        status,
        [(header::CONTENT_TYPE, "application/json; charset=UTF-8")],
        value.to_string(),
    )
        .into_response();
    let headers = response.headers_mut();
    if let Ok(date) = crate::conversations::http_date(world.now()).parse() {
        headers.insert(header::DATE, date);
    }
    if let Ok(value) = app.parse() {
        headers.insert("x-app-usage", value);
    }
    if let Some(Ok(value)) = business.map(|b| b.parse()) {
        headers.insert("x-business-use-case-usage", value);
    }
    if let Some(Ok(version)) = call.version.as_ref().map(|v| v.parse()) {
        headers.insert("facebook-api-version", version);
    }
    response
}

fn error_response(world: &mut World, error: &GraphError) -> Response {
    let trace = world.trace();
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
    json_response(world, status, &error.body(&trace), &Call::default())
}

/// Parameters without secrets, long values cut.
fn recorded(params: &Map<String, Value>) -> Value {
    const SECRET: &[&str] = &[
        "access_token",
        "appsecret_proof",
        "client_secret",
        "fb_exchange_token",
        "input_token",
        "code",
        "code_verifier",
        "verify_token",
    ];
    let cut = |value: &Value| match value {
        Value::Array(items) if items.len() > 20 => format!("({} elements)", items.len()).into(),
        Value::String(text) if text.len() > 2000 => format!("({} bytes)", text.len()).into(),
        other => other.clone(),
    };
    params
        .iter()
        .map(|(k, v)| {
            let hide = SECRET.contains(&k.as_str());
            (
                k.clone(),
                if hide {
                    Value::from("(hidden)")
                } else {
                    cut(v)
                },
            )
        })
        .collect::<Map<_, _>>()
        .into()
}

//! The HTTP side: reading calls, playing faults, answering, and posting webhooks.

use crate::call::Call;
use crate::error::GraphError;
use crate::faults::Fault;
use crate::graph::{Answer, Around};
use crate::record::CallRecord;
use crate::world::World;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::serve::{IncomingStream, Listener};
use serde_json::{Map, Value};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
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

/// One delivery after the other until shutdown.
async fn deliver(shared: Arc<Shared>, client: Http, shutdown: CancellationToken) {
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

/// Meta's GET handshake, made when an app subscribes a callback: the answer must be the challenge.
async fn handshake(shared: &Shared, client: &Http, call: &Call) -> Option<bool> {
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

/// A handle on the connection a request came by, to cut it.
#[derive(Clone, Debug)]
pub(crate) struct Line(Arc<AtomicBool>);

impl Line {
    /// Cuts the connection: nothing of the answer is written.
    fn cut(&self) -> Response {
        self.0.store(true, Ordering::SeqCst);
        Response::new(Body::empty())
    }

    fn is_cut(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl axum::extract::connect_info::Connected<IncomingStream<'_, CuttableListener>> for Line {
    fn connect_info(stream: IncomingStream<'_, CuttableListener>) -> Self {
        Self(stream.io().cut.clone())
    }
}

/// A listener whose connections can be cut from within a handler.
struct CuttableListener(TcpListener);

impl Listener for CuttableListener {
    type Io = CuttableStream;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        let _ = stream.set_nodelay(true);
        (
            CuttableStream {
                stream,
                cut: Arc::default(),
            },
            address,
        )
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

struct CuttableStream {
    stream: TcpStream,
    cut: Arc<AtomicBool>,
}

impl CuttableStream {
    fn check(&self) -> io::Result<()> {
        if self.cut.load(Ordering::SeqCst) {
            return Err(io::Error::new(
                io::ErrorKind::ConnectionReset,
                "cut by the sandbox",
            ));
        }
        Ok(())
    }
}

impl AsyncRead for CuttableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for CuttableStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

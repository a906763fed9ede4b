//! The engine: what everything above calls, and the loops behind it.

use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use meta::graph::Graph;
use meta::signature::AppSecrets;
use store::{IntakeWriter, Store};
use tokio::sync::{Notify, Semaphore, broadcast};

use crate::changes::{Changed, Changes};
use crate::clock::Clock;
use crate::config::EngineConfig;
use crate::error::EngineError;
use crate::health::{Health, Heard};
use crate::intake::Intake;
use crate::keyring::Keyring;
use crate::llm::{Llm, Queue};
use crate::outbox::{InFlight, KnownShares, StuckTold};
use crate::pictures::Darkroom;
use crate::pipeline::Caution;
use crate::profiles::Strangers;
use crate::snapshot::Snapshots;
use crate::tasks::Tasks;

/// Everything that works without being asked looks at the clock this often at the latest.
const POLL: Duration = Duration::from_secs(1);
const SLOW_POLL: Duration = Duration::from_secs(15);

/// What a node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Role {
    /// Takes requests and works.
    #[default]
    All,
    /// Takes requests only.
    Web,
    /// Works only.
    Worker,
}

/// The use cases. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Engine(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) config: EngineConfig,
    pub(crate) clock: Arc<dyn Clock>,
    /// Names this process among the nodes.
    pub(crate) node: String,
    pub(crate) graph: Graph,
    pub(crate) intake: Intake,
    pub(crate) health: Arc<Health>,
    pub(crate) heard: Arc<Heard>,
    pub(crate) changes: Changes,
    pub(crate) snapshots: Snapshots,
    pub(crate) caution: Caution,
    pub(crate) in_flight: InFlight,
    pub(crate) stuck_told: StuckTold,
    pub(crate) shares: KnownShares,
    pub(crate) llm: Option<Llm>,
    pub(crate) unsure: Queue,
    pub(crate) strangers: Strangers,
    pub(crate) darkroom: Darkroom,
    pub(crate) events_waiting: Arc<Notify>,
    pub(crate) outbox_waiting: Arc<Notify>,
    /// Stock moved: those who wait for it may be told.
    pub(crate) restocked: Arc<Notify>,
}

impl Engine {
    /// An engine over an open store. Must be called inside a Tokio runtime, after a TLS provider was
    /// installed; starts nothing but the writer of inbound events.
    pub fn new(
        store: Store,
        config: EngineConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, EngineError> {
        let graph =
            Graph::new(config.graph.clone()).map_err(|e| EngineError::Setup(e.to_string()))?;
        let llm = config
            .llm
            .clone()
            .map(Llm::new)
            .transpose()
            .map_err(|_| EngineError::Setup("the HTTP client could not be made".to_owned()))?;
        let health = Arc::new(Health::default());
        let heard = Arc::new(Heard::default());
        let events_waiting = Arc::new(Notify::new());
        let secrets: Arc<AppSecrets> = Arc::new(config.secrets.prepared());
        let intake = Intake::new(
            secrets,
            IntakeWriter::start(store.clone(), config.intake_queue),
            health.clone(),
            heard.clone(),
            clock.clone(),
            events_waiting.clone(),
        );
        Ok(Self(Arc::new(Inner {
            store,
            config,
            clock,
            node: uuid::Uuid::now_v7().simple().to_string(),
            graph,
            intake,
            health,
            heard,
            changes: Changes::default(),
            snapshots: Snapshots::default(),
            caution: Caution::default(),
            in_flight: InFlight::default(),
            stuck_told: StuckTold::default(),
            shares: KnownShares::default(),
            llm,
            unsure: Queue::default(),
            strangers: Strangers::default(),
            darkroom: Darkroom::default(),
            events_waiting,
            outbox_waiting: Arc::new(Notify::new()),
            restocked: Arc::new(Notify::new()),
        })))
    }

    /// The store, for reading.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.0.clock.clone()
    }

    /// What it was told.
    #[must_use]
    pub fn config(&self) -> &EngineConfig {
        &self.0.config
    }

    /// The keys of secrets at rest.
    #[must_use]
    pub fn keyring(&self) -> &Keyring {
        &self.0.config.keyring
    }

    /// The Graph API.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.0.graph
    }

    /// Where webhook bodies go.
    #[must_use]
    pub fn intake(&self) -> &Intake {
        &self.0.intake
    }

    /// What changes on this node from now on, for open pages.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<Changed> {
        self.0.changes.listen()
    }

    /// Counts something that concerns no seller, for the doctor (a deprecated route, ...). `Some(n)`:
    /// log it now, for n of them.
    pub fn count(&self, name: &'static str, detail: &str) -> Option<i64> {
        self.0.health.count(name, detail, self.now())
    }

    /// Where other parts of the shell tell what they changed.
    #[must_use]
    pub fn switchboard(&self) -> &Changes {
        &self.0.changes
    }

    /// Starts the loops of a role. They end when `tasks` is stopped.
    pub fn spawn(&self, role: Role, tasks: &Tasks) {
        let clock = || self.0.clock.clone();
        let idle = || Arc::new(Notify::new());
        let engine = self.clone();
        tasks.every("health", clock(), idle(), SLOW_POLL, move || {
            let engine = engine.clone();
            async move { engine.health_step().await }
        });
        if role == Role::Web {
            return;
        }
        self.spawn_wakeups(tasks);
        for _ in 0..self.0.config.pipeline_workers.max(1) {
            let engine = self.clone();
            tasks.every(
                "pipeline",
                clock(),
                self.0.events_waiting.clone(),
                POLL,
                move || {
                    let engine = engine.clone();
                    async move { engine.pipeline_turn().await }
                },
            );
        }
        let engine = self.clone();
        let turns = Arc::new(Semaphore::new(self.config().outbox_workers.max(1)));
        let sends = tasks.clone();
        tasks.every(
            "outbox",
            clock(),
            self.0.outbox_waiting.clone(),
            POLL,
            move || {
                let (engine, turns, sends) = (engine.clone(), turns.clone(), sends.clone());
                async move { engine.outbox_pump(&turns, &sends).await }
            },
        );
        let engine = self.clone();
        tasks.every("reconcile", clock(), idle(), SLOW_POLL, move || {
            let engine = engine.clone();
            async move { engine.reconcile_step().await }
        });
        let engine = self.clone();
        tasks.every("timers", clock(), idle(), POLL, move || {
            let engine = engine.clone();
            async move { engine.timers_step().await }
        });
        let engine = self.clone();
        tasks.every(
            "waiting list",
            clock(),
            self.0.restocked.clone(),
            SLOW_POLL,
            move || {
                let engine = engine.clone();
                async move { engine.waiting_step().await }
            },
        );
        let engine = self.clone();
        tasks.every("sweep", clock(), idle(), SLOW_POLL, move || {
            let engine = engine.clone();
            async move { engine.sweep_step().await }
        });
        let engine = self.clone();
        tasks.every("profiles", clock(), idle(), POLL, move || {
            let engine = engine.clone();
            async move { engine.profiles_step().await }
        });
        let askers = self.config().llm.as_ref().map_or(0, |llm| llm.concurrency);
        for _ in 0..askers {
            let engine = self.clone();
            tasks.every("second reader", clock(), idle(), POLL, move || {
                let engine = engine.clone();
                async move { engine.llm_step().await }
            });
        }
        let engine = self.clone();
        tasks.every("connections", clock(), idle(), SLOW_POLL, move || {
            let engine = engine.clone();
            async move { engine.connections_step().await }
        });
        let engine = self.clone();
        // A name of this process's own: a run is driven by one process at a time.
        let holder: Arc<str> = uuid::Uuid::now_v7().to_string().into();
        tasks.every("sync", clock(), idle(), POLL, move || {
            let (engine, holder) = (engine.clone(), holder.clone());
            async move { engine.sync_loop_step(&holder).await }
        });
        let engine = self.clone();
        tasks.every("retention", clock(), idle(), SLOW_POLL, move || {
            let engine = engine.clone();
            async move { engine.retention_step().await }
        });
    }

    /// Other nodes' news (PostgreSQL) wakes this node's loops.
    fn spawn_wakeups(&self, tasks: &Tasks) {
        let pairs = [
            (self.0.store.event_wakeups(), self.0.events_waiting.clone()),
            (self.0.store.outbox_wakeups(), self.0.outbox_waiting.clone()),
        ];
        if !self.0.store.is_postgres() {
            return;
        }
        for (mut wakeups, notify) in pairs {
            let stop = tasks.stopping();
            tasks.spawn(async move {
                loop {
                    tokio::select! {
                        () = stop.cancelled() => break,
                        () = wakeups.next(POLL) => notify.notify_one(),
                    }
                }
            });
        }
    }
}

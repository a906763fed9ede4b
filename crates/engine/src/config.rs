//! What the engine must be told: secrets, addresses, sizes. Read from the environment by the binary.

use meta::signature::{AppSecret, AppSecrets, SecretKind};
use secrecy::{ExposeSecret, SecretString};

use crate::keyring::Keyring;

/// Everything the engine must be told. [`EngineConfig::new`] gives defaults for what has one.
#[derive(Debug)]
pub struct EngineConfig {
    /// The keys of secrets at rest.
    pub keyring: Keyring,
    /// `INSTAGRAM_APP_SECRET`, `WHATSAPP_APP_SECRET`, `META_APP_SECRET`.
    pub secrets: Secrets,
    /// `INSTAGRAM_VERIFY_TOKEN`: the fallback of the handshake.
    pub verify_token: Option<SecretString>,
    /// Where Meta's Graph API is, and which app we are to it.
    pub graph: meta::graph::Config,
    /// `PUBLIC_URL`: where customers and Meta reach this server, without a slash at its end.
    pub public_url: Option<String>,
    /// Meta's rate limits, as far as they are ours to set.
    pub limits: meta::limits::Limits,
    /// How long things are kept.
    pub retention: Retention,
    /// How often each account's conversations are looked through for messages that no webhook
    /// delivered, in milliseconds.
    pub sweep_every_ms: i64,
    /// How many requests may wait for the writer before new ones are answered 503.
    pub intake_queue: usize,
    /// How many batches of events are worked on at once.
    pub pipeline_workers: usize,
    /// How many messages are sent at once.
    pub outbox_workers: usize,
    /// The second reader, where the operator wants one.
    pub llm: Option<LlmConfig>,
}

impl EngineConfig {
    /// The defaults, with these keys.
    #[must_use]
    pub fn new(keyring: Keyring) -> Self {
        Self {
            keyring,
            secrets: Secrets::default(),
            verify_token: None,
            graph: meta::graph::Config::default(),
            public_url: None,
            // Half of a budget is kept for messages to customers: sweeps and syncs can wait.
            limits: meta::limits::Limits {
                message_reserve_percent: 50,
                ..meta::limits::Limits::default()
            },
            retention: Retention::default(),
            sweep_every_ms: 15 * domain::Timestamp::MINUTE,
            intake_queue: 4096,
            pipeline_workers: std::thread::available_parallelism()
                .map_or(2, usize::from)
                .min(8),
            outbox_workers: 32,
            llm: None,
        }
    }
}

/// The app secrets, each possibly a comma-separated list during a rotation.
#[derive(Debug, Default)]
pub struct Secrets {
    /// `INSTAGRAM_APP_SECRET`
    pub instagram: Option<SecretString>,
    /// `WHATSAPP_APP_SECRET`
    pub whatsapp: Option<SecretString>,
    /// `META_APP_SECRET`
    pub meta: Option<SecretString>,
}

impl Secrets {
    /// Each secret with what it may sign, the newest of a list first.
    pub fn list(&self) -> Vec<AppSecret> {
        let kinds = [
            (SecretKind::Instagram, &self.instagram),
            (SecretKind::Whatsapp, &self.whatsapp),
            (SecretKind::Meta, &self.meta),
        ];
        let mut list = Vec::new();
        for (kind, value) in kinds {
            let Some(value) = value else { continue };
            let parts = value.expose_secret().split(',').map(str::trim);
            for (i, secret) in parts.filter(|s| !s.is_empty()).enumerate() {
                let name = match i {
                    0 => kind.variable().to_owned(),
                    i => format!("{}#{}", kind.variable(), i + 1),
                };
                list.push(AppSecret {
                    name,
                    kind,
                    secret: secret.to_owned().into(),
                });
            }
        }
        list
    }

    /// The secrets, ready to verify with.
    pub fn prepared(&self) -> AppSecrets {
        AppSecrets::new(self.list())
    }
}

/// How long things are kept, in days. `None`: for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Raw inbound events, once they are done.
    pub events_days: Option<u32>,
    /// The words of messages.
    pub texts_days: Option<u32>,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            events_days: Some(30),
            texts_days: Some(365),
        }
    }
}

/// A second reader behind an OpenAI-compatible chat endpoint.
#[derive(Debug, Clone)]
pub struct LlmConfig {
    /// `LLM_BASE_URL`, up to and without `/chat/completions`.
    pub base_url: String,
    /// `LLM_MODEL`
    pub model: String,
    /// `LLM_API_KEY`
    pub api_key: Option<SecretString>,
    /// How long one answer may take, in milliseconds.
    pub timeout_ms: u64,
    /// How many questions may be out at once.
    pub concurrency: usize,
    /// How many questions may be asked in an hour.
    pub hourly_max: u32,
}

impl LlmConfig {
    /// The default bounds for an endpoint.
    #[must_use]
    pub fn new(base_url: &str, model: &str, api_key: Option<SecretString>) -> Self {
        Self {
            base_url: base_url.trim_end_matches('/').to_owned(),
            model: model.to_owned(),
            api_key,
            timeout_ms: 10_000,
            concurrency: 4,
            hourly_max: 600,
        }
    }
}

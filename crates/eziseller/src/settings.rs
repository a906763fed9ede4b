//! The environment, read once: every variable that Eziseller knows, and what it becomes.
//! docs/configuration.md lists them for people; a test holds the two together.

use anyhow::{Context, Result, anyhow, bail};
use engine::config::{EngineConfig, LlmConfig, Retention, Secrets};
use engine::keyring::Keyring;
use meta::graph::{App, Config};
use secrecy::SecretString;

/// Every variable, with what it is for.
pub(crate) const VARIABLES: &[(&str, &str)] = &[
    (
        "ENCRYPTION_KEY",
        "keys of secrets at rest: 32 bytes in base64 or hex, newest first",
    ),
    (
        "INSTAGRAM_APP_SECRET",
        "may sign `instagram` and `page` webhooks",
    ),
    (
        "WHATSAPP_APP_SECRET",
        "may sign `whatsapp_business_account` webhooks",
    ),
    ("META_APP_SECRET", "may sign every webhook"),
    ("INSTAGRAM_VERIFY_TOKEN", "the webhook handshake's token"),
    ("META_APP_ID", "the Meta app that sellers connect through"),
    (
        "INSTAGRAM_APP_ID",
        "the Instagram app of the Instagram-Login path",
    ),
    ("GRAPH_API_URL", "another Graph API, such as the sandbox"),
    ("GRAPH_API_VERSION", "the Graph API's version"),
    (
        "META_ACCOUNT_CALLS_PER_HOUR",
        "calls an hour of each connected account; default 200",
    ),
    (
        "META_APP_CALLS_PER_HOUR",
        "the Meta app's limit, shared out among the sellers",
    ),
    ("PUBLIC_URL", "where customers and Meta reach this server"),
    ("DATABASE_URL", "sqlite:PATH or postgres://..."),
    ("LISTEN", "address of the server"),
    (
        "BEHIND_PROXY",
        "`true`: a proxy in front sets X-Forwarded-For",
    ),
    ("EZISELLER_ENV", "`development` opens the test routes"),
    ("EZISELLER_LOG", "log filter, such as info or engine=debug"),
    ("EZISELLER_LOG_FORMAT", "`json` or `text`"),
    (
        "EVENT_RETENTION_DAYS",
        "how long raw events are kept once done; 0: for ever",
    ),
    (
        "TEXT_RETENTION_DAYS",
        "how long message texts are kept; 0: for ever",
    ),
    (
        "LLM_BASE_URL",
        "an OpenAI-compatible endpoint as a second reader",
    ),
    ("LLM_MODEL", "its model"),
    ("LLM_API_KEY", "its key"),
    (
        "INSTAGRAM_ACCESS_TOKEN",
        "only for the development test routes",
    ),
    ("INSTAGRAM_PAGE_ID", "only for the development test routes"),
];

/// A variable's value, `None` when it is unset or blank.
pub(crate) fn variable(name: &str) -> Result<Option<String>> {
    debug_assert!(
        VARIABLES.iter().any(|(known, _)| *known == name),
        "list `{name}`"
    );
    match std::env::var(name) {
        Ok(value) if value.trim().is_empty() => Ok(None),
        Ok(value) => Ok(Some(value.trim().to_owned())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => bail!("{name} is not UTF-8 text; set it again"),
    }
}

fn secret(name: &str) -> Result<Option<SecretString>> {
    Ok(variable(name)?.map(SecretString::from))
}

/// Whether the development test routes are open.
pub(crate) fn development() -> Result<bool> {
    Ok(variable("EZISELLER_ENV")?.as_deref() == Some("development"))
}

/// The keys of secrets at rest, where they are set.
pub(crate) fn keyring_if_set() -> Result<Option<Keyring>> {
    let text = secret("ENCRYPTION_KEY")?;
    Ok(text.map(|text| Keyring::parse(&text)).transpose()?)
}

/// The keys of secrets at rest.
pub(crate) fn keyring() -> Result<Keyring> {
    keyring_if_set()?.ok_or_else(|| {
        anyhow!(
            "ENCRYPTION_KEY is not set; it encrypts the sellers' access tokens. Make one with \
             `openssl rand -base64 32`, keep it safe, and set it"
        )
    })
}

/// The engine's configuration, all of it from the environment.
pub(crate) fn engine_config(keyring: Keyring) -> Result<EngineConfig> {
    let mut config = EngineConfig::new(keyring);
    config.secrets = Secrets {
        instagram: secret("INSTAGRAM_APP_SECRET")?,
        whatsapp: secret("WHATSAPP_APP_SECRET")?,
        meta: secret("META_APP_SECRET")?,
    };
    config.verify_token = secret("INSTAGRAM_VERIFY_TOKEN")?;
    config.public_url = variable("PUBLIC_URL")?.map(|url| url.trim_end_matches('/').to_owned());
    config.graph = graph()?;
    config.limits.app_calls_per_hour = calls("META_APP_CALLS_PER_HOUR")?;
    if let Some(calls) = calls("META_ACCOUNT_CALLS_PER_HOUR")? {
        config.limits.account_calls_per_hour = calls;
    }
    config.retention = Retention {
        events_days: days("EVENT_RETENTION_DAYS", config.retention.events_days)?,
        texts_days: days("TEXT_RETENTION_DAYS", config.retention.texts_days)?,
    };
    if let Some(base_url) = variable("LLM_BASE_URL")? {
        let model = variable("LLM_MODEL")?
            .context("LLM_BASE_URL is set but LLM_MODEL is not; name the model")?;
        config.llm = Some(LlmConfig::new(&base_url, &model, secret("LLM_API_KEY")?));
    }
    Ok(config)
}

/// Where the Graph API is and who we are to it.
fn graph() -> Result<Config> {
    let mut graph = match variable("GRAPH_API_URL")? {
        Some(url) if url.starts_with("http://") || url.starts_with("https://") => Config::at(&url),
        Some(_) => bail!("GRAPH_API_URL is no address; write it like https://graph.facebook.com"),
        None => Config::default(),
    };
    if let Some(version) = variable("GRAPH_API_VERSION")? {
        let numbers = version.strip_prefix('v').and_then(|v| v.split_once('.'));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !numbers.is_some_and(|(major, minor)| digits(major) && digits(minor)) {
            bail!("GRAPH_API_VERSION `{version}` is no version; write it like v25.0");
        }
        graph.version = version;
    }
    graph.app = app("META_APP_ID", "META_APP_SECRET")?;
    graph.ig_app = app("INSTAGRAM_APP_ID", "INSTAGRAM_APP_SECRET")?;
    Ok(graph)
}

/// An app that calls are made as: its id with the newest of its secrets.
fn app(id: &str, secret: &str) -> Result<Option<App>> {
    let (Some(id), Some(secrets)) = (variable(id)?, variable(secret)?) else {
        return Ok(None);
    };
    let newest = secrets
        .split(',')
        .map(str::trim)
        .find(|secret| !secret.is_empty());
    Ok(newest.map(|secret| App {
        id,
        secret: secret.to_owned().into(),
    }))
}

fn calls(name: &str) -> Result<Option<u32>> {
    let Some(text) = variable(name)? else {
        return Ok(None);
    };
    match text.parse() {
        Ok(calls) if calls > 0 => Ok(Some(calls)),
        _ => bail!("{name} `{text}` is no number of calls; write it like 60000"),
    }
}

fn days(name: &str, default: Option<u32>) -> Result<Option<u32>> {
    match variable(name)? {
        None => Ok(default),
        Some(text) => {
            let days: u32 = text.parse().with_context(|| {
                format!("{name} `{text}` is no number of days; write it like 30")
            })?;
            Ok((days > 0).then_some(days))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::VARIABLES;

    #[test]
    fn the_documentation_names_every_variable_and_no_other() {
        let page = include_str!("../../../docs/configuration.md");
        for (name, _) in VARIABLES {
            assert!(
                page.contains(&format!("`{name}`")),
                "docs/configuration.md lacks {name}"
            );
        }
        for line in page.lines().filter(|line| line.starts_with("| `")) {
            let name = line.split('`').nth(1).unwrap_or_default();
            let known = VARIABLES.iter().any(|(known, _)| *known == name);
            assert!(
                known,
                "docs/configuration.md lists {name}, which nothing reads"
            );
        }
    }
}

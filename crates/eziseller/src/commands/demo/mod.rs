//! `eziseller demo`: the whole product on one machine, with a shop whose customers write.

mod home;
mod outcome;
mod pictures;
mod script;

use std::time::Duration;

use ::sandbox::{AccountSpec, Callback, Sandbox, SandboxConfig};
use anyhow::{Context, Result, bail};
use domain::SellerId;
use domain::policy::{Confirmation, Policy};
use engine::sealed::PlainTokens;
use engine::sellers::{AddAccount, AddSeller};
use engine::{Engine, EngineConfig, Role};
use secrecy::ExposeSecret;
use store::Store;
use tokio::time::{Instant, sleep};
use web::WebConfig;

use crate::cli::DemoArgs;
use crate::server::{Server, bind};
use crate::{shell, telemetry};
use home::Home;

const SHOP: &str = include_str!("shop.json");
const INSTAGRAM_ACCOUNT: &str = "17841400000000001";
const PAGE: &str = "105000000000001";
const USERNAME: &str = "mira.handloom";
const MEMBER: &str = "mira@demo.example";
/// How long the last message may take to be read and answered.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between two messages when somebody watches.
const PACE: Duration = Duration::from_millis(1200);

/// Runs the demo until it is stopped, or with `--once` until the script was played.
pub(crate) fn run(args: &DemoArgs) -> Result<std::process::ExitCode> {
    telemetry::start_logs("warn")?;
    shell::run(async {
        let home = Home::open(&args.data_dir)?;
        // An unattended run takes any free port: it must not fail because a demo is open already.
        let listen = if args.once {
            "127.0.0.1:0"
        } else {
            &args.listen
        };
        let listener = bind(listen).await?;
        let address = listener
            .local_addr()
            .context("the listener has no address")?;
        let url = format!("http://{address}");
        let sandbox = start_sandbox(&home, &url).await;
        let store = Store::open(&home.database_url()).await?;
        let engine = shell::engine_over(store, config(&home, &sandbox, &url)?)?;
        let seller = open_shop(&engine, &home).await?;
        let web = WebConfig {
            public_url: Some(url.clone()),
            ..WebConfig::default()
        };
        let metrics = telemetry::start_metrics()?;
        let server = Server::start(&engine, Role::All, Some(listener), web, metrics);
        let result = if args.once {
            play_once(&engine, &sandbox, seller).await
        } else {
            stay_open(&sandbox, &home, &url).await
        };
        server.stop().await;
        result
    })
}

async fn start_sandbox(home: &Home, url: &str) -> Sandbox {
    Sandbox::start(SandboxConfig {
        app_secret: Some(home.secrets.app_secret.clone()),
        callback: Some(Callback {
            url: format!("{url}/webhooks/meta"),
            verify_token: home.secrets.verify_token.clone(),
        }),
        accounts: vec![AccountSpec {
            username: USERNAME.to_owned(),
            access_token: Some(home.secrets.access_token.clone()),
            instagram_account_id: Some(INSTAGRAM_ACCOUNT.to_owned()),
            page_id: Some(PAGE.to_owned()),
            ..AccountSpec::default()
        }],
        ..SandboxConfig::default()
    })
    .await
}

fn config(home: &Home, sandbox: &Sandbox, url: &str) -> Result<EngineConfig> {
    let mut config = EngineConfig::new(home.keyring()?);
    config.secrets.meta = Some(home.secrets.app_secret.clone().into());
    config.verify_token = Some(home.secrets.verify_token.clone().into());
    config.graph = meta::graph::Config::at(&sandbox.url());
    config.public_url = Some(url.to_owned());
    Ok(config)
}

/// The demo shop, as it was left by an earlier run or opened now.
async fn open_shop(engine: &Engine, home: &Home) -> Result<SellerId> {
    let account = engine
        .store()
        .system()
        .account_by_external_id(INSTAGRAM_ACCOUNT)
        .await?;
    let seller = match account {
        Some(account) => account.seller_id,
        None => {
            let added = engine
                .add_seller(&AddSeller {
                    name: "Mira Handloom".to_owned(),
                    country: "IN".to_owned(),
                    currency: "INR".parse()?,
                    language: None,
                    time_zone: Some("Asia/Kolkata".to_owned()),
                })
                .await?;
            added.seller.id
        }
    };
    engine
        .add_account(
            seller,
            &AddAccount {
                instagram_account_id: Some(INSTAGRAM_ACCOUNT.to_owned()),
                page_id: Some(PAGE.to_owned()),
                username: Some(USERNAME.to_owned()),
                tokens: PlainTokens {
                    access: Some(home.secrets.access_token.clone().into()),
                    ..PlainTokens::default()
                },
                ..AddAccount::default()
            },
        )
        .await?;
    let policy = Policy {
        // INR 5,000.00: larger orders wait for the seller's tap.
        confirmation: Confirmation::AutoConfirm {
            min_confidence: 0.8,
            max_total_minor: 500_000,
        },
        ..Policy::default()
    };
    engine.set_policy(seller, &policy).await?;
    let known = engine.store().seller(seller).catalog_version().await?;
    if known == 0 {
        let open = || Ok(SHOP.as_bytes());
        engine.import_products(seller, open, |_| {}).await?;
    }
    pictures::hang(engine, seller).await?;
    if engine
        .store()
        .system()
        .member_by_email(MEMBER)
        .await?
        .is_none()
    {
        let hash = web::password::hash(&home.secrets.password.clone().into());
        let owner = store::Role::Owner;
        engine
            .add_member(Some(seller), MEMBER, "Mira", owner, true, hash)
            .await?;
    }
    Ok(seller)
}

/// Plays the script as fast as it is read, and checks what came of it.
async fn play_once(
    engine: &Engine,
    sandbox: &Sandbox,
    seller: SellerId,
) -> Result<std::process::ExitCode> {
    let script = script::load()?;
    let customers = script::customers(sandbox, &script);
    for (part, customer) in script.iter().zip(&customers) {
        for n in 0..part.says.len() {
            part.say(customer, n);
            settled(engine, sandbox).await?;
        }
    }
    let outcomes = outcome::outcomes(engine, seller, &script, &customers).await?;
    for outcome in &outcomes {
        println!("{outcome}");
    }
    let wrong = outcomes
        .iter()
        .filter(|outcome| !outcome.is_as_expected())
        .count();
    let stats = engine.store().stats().await?;
    println!(
        "{} customers, {} messages, {} orders, {} replies sent",
        outcomes.len(),
        stats["messages"],
        stats["orders"],
        stats["outbox"]["sent"],
    );
    if wrong > 0 {
        bail!(
            "{wrong} of {} customers did not get what they ordered",
            outcomes.len()
        );
    }
    println!("Every expected order is there.");
    Ok(std::process::ExitCode::SUCCESS)
}

/// Waits until everything delivered is read and everything decided is sent.
async fn settled(engine: &Engine, sandbox: &Sandbox) -> Result<()> {
    let began = Instant::now();
    loop {
        sandbox.drain().await;
        let stats = engine.store().stats().await?;
        let count = |group: &str, state: &str| stats[group][state].as_u64().unwrap_or(0);
        if count("inbound_events", "pending")
            + count("outbox", "pending")
            + count("outbox", "sending")
            == 0
        {
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            bail!("messages are still waiting after {PATIENCE:?}: {stats}");
        }
        sleep(Duration::from_millis(10)).await;
    }
}

/// Prints where to look, plays the script at a person's pace, and stays until Ctrl-C.
async fn stay_open(sandbox: &Sandbox, home: &Home, url: &str) -> Result<std::process::ExitCode> {
    println!("Mira Handloom is open.\n");
    println!("  Dashboard        {url}");
    println!("  Sign in as       {MEMBER}");
    println!("  Password         {}", home.secrets.password);
    println!("  Be a customer    {}", sandbox.url());
    println!("  Data             {}\n", home.directory().display());
    println!("Customers write now. Ctrl-C stops.\n");
    let script = script::load()?;
    let customers = script::customers(sandbox, &script);
    let play = async {
        for round in 0..script.iter().map(|part| part.says.len()).max().unwrap_or(0) {
            for (part, customer) in script.iter().zip(&customers) {
                if let Some(said) = part.says.get(round) {
                    part.say(customer, round);
                    println!("{:>16}  {}", part.who, script::shown(said));
                    sleep(PACE).await;
                }
            }
        }
        println!("\nEverybody has written. The shop stays open; Ctrl-C stops.");
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = play => {}
        () = shell::asked_to_stop() => {}
    }
    println!("\nClosing the shop.");
    Ok(std::process::ExitCode::SUCCESS)
}

/// The keyring is read from the file of secrets, which is never printed.
impl Home {
    fn keyring(&self) -> Result<engine::keyring::Keyring> {
        let key = secrecy::SecretString::from(self.secrets.encryption_key.clone());
        debug_assert!(!key.expose_secret().is_empty());
        Ok(engine::keyring::Keyring::parse(&key)?)
    }
}

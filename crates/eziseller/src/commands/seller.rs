//! `eziseller seller add` and `eziseller member set-password`.

use std::io::Read;

use anyhow::{Context, Result, bail};
use domain::MemberId;
use engine::sealed::PlainTokens;
use engine::sellers::{AddAccount, AddSeller};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use store::Role;

use crate::cli::{MemberPasswordArgs, SellerAddArgs};
use crate::shell;

/// Adds a seller, its account, and an owner where one is named.
pub(crate) fn add(args: &SellerAddArgs) -> Result<()> {
    let token = if args.access_token_stdin {
        Some(secret_from_stdin("access token")?)
    } else {
        None
    };
    let currency = args.currency.parse().context("--currency")?;
    let url = &args.database.database_url;
    shell::run(async {
        let engine = match &token {
            Some(_) => shell::open_engine(url).await?,
            None => shell::open_engine_without_secrets(url).await?,
        };
        let account = AddAccount {
            instagram_account_id: args.instagram_account_id.clone(),
            page_id: args.page_id.clone(),
            whatsapp_phone_number_id: args.whatsapp_phone_number_id.clone(),
            username: args.username.clone(),
            instagram_login: false,
            tokens: PlainTokens {
                access: token,
                ..PlainTokens::default()
            },
        };
        let named = account.instagram_account_id.is_some()
            || account.page_id.is_some()
            || account.whatsapp_phone_number_id.is_some();
        if !named && (args.username.is_some() || args.access_token_stdin) {
            bail!(
                "a user name or token belongs to an account; add --instagram-account-id, --page-id \
                 or --whatsapp-phone-number-id"
            );
        }
        let added = engine
            .add_seller(&AddSeller {
                name: args.name.clone(),
                country: args.country.clone(),
                currency,
                language: None,
                time_zone: None,
            })
            .await?;
        let seller = added.seller.id;
        if named && let Err(error) = engine.add_account(seller, &account).await {
            // Nothing is left of a seller whose account belongs to another one.
            engine.store().system().remove_seller(seller).await?;
            return Err(error.into());
        }
        let mut line = json!({
            "seller_id": seller,
            "name": added.seller.name,
            "api_key": added.api_key.expose_secret(),
        });
        if let Some(email) = &args.member {
            let password = generated_password();
            let hash = web::password::hash(&password);
            engine
                .add_member(Some(seller), email, &args.name, Role::Owner, false, hash)
                .await?;
            line["member"] = json!(email);
            line["password"] = json!(password.expose_secret());
        }
        println!("{line}");
        Ok(())
    })
}

/// Sets a member's password, or adds the member.
pub(crate) fn set_password(args: &MemberPasswordArgs) -> Result<()> {
    let password = secret_from_stdin("password")?;
    web::password::check_strength(&password)?;
    shell::run(async {
        let url = &args.database.database_url;
        let engine = shell::open_engine_without_secrets(url).await?;
        let seller = shell::seller(engine.store(), &args.seller).await?;
        let hash = web::password::hash(&password);
        let system = engine.store().system();
        let id: MemberId = match system.member_by_email(&args.email).await? {
            Some(member) if member.seller_id != Some(seller) => {
                bail!("`{}` signs in for another seller", args.email)
            }
            Some(member) => {
                system.set_password(member.id, &hash).await?;
                member.id
            }
            None => {
                let name = args.email.split('@').next().unwrap_or(&args.email);
                engine
                    .add_member(
                        Some(seller),
                        &args.email,
                        name,
                        Role::Owner,
                        args.admin,
                        hash,
                    )
                    .await?
            }
        };
        println!("{}", json!({ "member_id": id, "email": args.email }));
        Ok(())
    })
}

/// Four groups of five letters and digits without look-alikes: 96 bits and more.
pub(crate) fn generated_password() -> SecretString {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789+";
    let mut bytes = [0_u8; 20];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    let groups: Vec<String> = bytes
        .chunks(5)
        .map(|group| {
            group
                .iter()
                .map(|b| LETTERS[usize::from(*b) % 32] as char)
                .collect()
        })
        .collect();
    groups.join("-").into()
}

fn secret_from_stdin(what: &str) -> Result<SecretString> {
    let mut text = String::new();
    std::io::stdin()
        .take(16 << 10)
        .read_to_string(&mut text)
        .with_context(|| format!("the {what} cannot be read from standard input"))?;
    let text = text.trim();
    if text.is_empty() {
        bail!(
            "standard input holds no {what}; pipe it in, for example with printf '%s' \"$TOKEN\" |"
        );
    }
    Ok(text.to_owned().into())
}

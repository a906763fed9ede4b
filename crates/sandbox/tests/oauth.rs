//! Both logins from the dialog to a token that lasts, and what shortens its life.

#![allow(clippy::unwrap_used)]

mod common;
use common::{DAY, HOUR, call, client, code, start, start_with};
use sandbox::{AccountSpec, Change, Consent, Login, Sandbox, SandboxConfig};
use serde_json::{Value, json};
use std::collections::HashMap;

const REDIRECT: &str = "https://app.example/oauth/callback";

/// Opens the dialog; where the browser is sent, as its query parameters.
async fn dialog(sandbox: &Sandbox, path: &str, extra: &[(&str, &str)]) -> HashMap<String, String> {
    let app = sandbox.app();
    let id = if path.starts_with("oauth") {
        app.instagram_id
    } else {
        app.id
    };
    let mut query = vec![
        ("client_id", id.as_str()),
        ("redirect_uri", REDIRECT),
        ("state", "s 1"),
    ];
    query.extend(extra);
    let answer = client()
        .get(format!("{}/{path}", sandbox.url()))
        .query(&query)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 302);
    let to = answer.headers()["location"].to_str().unwrap().to_owned();
    let (base, query) = to.split_once('?').unwrap();
    assert_eq!(base, REDIRECT);
    query
        .trim_end_matches("#_")
        .split('&')
        .filter_map(|p| p.split_once('='))
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect()
}

async fn get(sandbox: &Sandbox, path: &str, query: &[(&str, &str)]) -> Value {
    let url = format!("{}/v25.0/{path}", sandbox.url());
    client()
        .get(url)
        .query(query)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}

#[tokio::test]
async fn facebook_login_from_dialog_to_page_token() {
    let (sandbox, _receiver) = start().await;
    let (app, account) = (sandbox.app(), sandbox.account());
    let page = account.page_id.clone().unwrap();
    sandbox.change(Change::Consent(Consent {
        auto: true,
        declined: vec!["catalog_management".into()],
        assets: Some(vec![page.clone()]),
        ..Consent::default()
    }));
    let scope = "pages_show_list,instagram_basic,instagram_manage_messages,catalog_management";
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let extra = [("scope", scope), ("code_challenge", challenge)];
    let back = dialog(&sandbox, "v25.0/dialog/oauth", &extra).await;
    assert_eq!(back["state"], "s%201");
    let redeem = |redirect: &'static str, verifier: &'static str| {
        let (id, secret, code) = (app.id.clone(), app.secret.clone(), back["code"].clone());
        let sandbox = &sandbox;
        async move {
            let query = [
                ("client_id", id.as_str()),
                ("client_secret", secret.as_str()),
                ("redirect_uri", redirect),
                ("code", code.as_str()),
                ("code_verifier", verifier),
            ];
            get(sandbox, "oauth/access_token", &query).await
        }
    };
    assert_eq!(
        code(&redeem("https://other.example/", verifier).await),
        (100, 36_008)
    );
    assert_eq!(code(&redeem(REDIRECT, "wrong").await), (100, 0));
    let short = redeem(REDIRECT, verifier).await;
    assert_eq!(short["expires_in"], 7200);
    assert_eq!(
        code(&redeem(REDIRECT, verifier).await),
        (100, 36_009),
        "single use"
    );

    let short = short["access_token"].as_str().unwrap();
    let permissions = call(&sandbox, "GET", "me/permissions", short, None).await.1;
    let declined: Vec<&Value> = permissions["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|p| p["status"] == "declined")
        .collect();
    assert_eq!(declined.len(), 1);
    assert_eq!(declined[0]["permission"], "catalog_management");
    let exchange = [
        ("grant_type", "fb_exchange_token"),
        ("client_id", app.id.as_str()),
        ("client_secret", app.secret.as_str()),
        ("fb_exchange_token", short),
    ];
    let long = get(&sandbox, "oauth/access_token", &exchange).await;
    let long = long["access_token"].as_str().unwrap();
    let fields = "me/accounts?fields=id,access_token,instagram_business_account";
    let pages = call(&sandbox, "GET", fields, long, None).await.1;
    let token = pages["data"][0]["access_token"].as_str().unwrap();
    assert_eq!(
        pages["data"][0]["instagram_business_account"]["id"],
        account.instagram_account_id.as_str()
    );
    let own = format!("{}|{}", app.id, app.secret);
    let debug = call(
        &sandbox,
        "GET",
        &format!("debug_token?input_token={token}"),
        &own,
        None,
    )
    .await
    .1;
    let data = &debug["data"];
    assert_eq!(
        (&data["expires_at"], &data["type"]),
        (&json!(0), &json!("PAGE"))
    );
    assert_eq!(data["granular_scopes"][0]["target_ids"], json!([page]));
    assert_eq!(data["scopes"].as_array().unwrap().len(), 4, "{data}");

    sandbox.advance(90 * DAY);
    let answer = call(&sandbox, "GET", &account.instagram_account_id, token, None)
        .await
        .1;
    assert_eq!(
        code(&answer),
        (10, 0),
        "data access lapsed although the token lives"
    );
    assert_eq!(
        code(&call(&sandbox, "GET", "me", long, None).await.1),
        (190, 463)
    );
    let debug = call(
        &sandbox,
        "GET",
        &format!("debug_token?input_token={long}"),
        &own,
        None,
    )
    .await
    .1;
    assert_eq!(
        (
            &debug["data"]["is_valid"],
            &debug["data"]["error"]["subcode"]
        ),
        (&json!(false), &json!(463))
    );
}

#[tokio::test]
async fn instagram_login_lasts_as_long_as_it_is_refreshed() {
    let spec = AccountSpec {
        login: Login::Instagram,
        ..AccountSpec::default()
    };
    let config = SandboxConfig {
        accounts: vec![spec],
        ..SandboxConfig::default()
    };
    let (sandbox, _receiver) = start_with(config).await;
    let app = sandbox.app();
    sandbox.change(Change::Consent(Consent {
        auto: true,
        ..Consent::default()
    }));
    let scope = (
        "scope",
        "instagram_business_basic,instagram_business_manage_messages",
    );
    let back = dialog(&sandbox, "oauth/authorize", &[scope]).await;
    let form = [
        ("client_id", app.instagram_id.as_str()),
        ("client_secret", app.instagram_secret.as_str()),
        ("grant_type", "authorization_code"),
        ("redirect_uri", REDIRECT),
        ("code", back["code"].as_str()),
    ];
    let post = || {
        client()
            .post(format!("{}/oauth/access_token", sandbox.url()))
            .form(&form)
            .send()
    };
    let short: Value = post().await.unwrap().json().await.unwrap();
    let again = post().await.unwrap();
    assert_eq!(again.status().as_u16(), 400);
    assert_eq!(
        again.json::<Value>().await.unwrap()["error_type"],
        "OAuthException"
    );
    let short = &short["data"][0];
    assert_eq!(short["permissions"].as_array().unwrap().len(), 2);
    let short = short["access_token"].as_str().unwrap();
    let path = format!(
        "access_token?grant_type=ig_exchange_token&client_secret={}&access_token={short}",
        app.instagram_secret
    );
    let long = call(&sandbox, "GET", &path, "", None).await.1;
    assert_eq!(long["expires_in"], 60 * 86_400);
    let mut token = long["access_token"].as_str().unwrap().to_owned();
    let refresh = |token: String| {
        let path = format!("refresh_access_token?grant_type=ig_refresh_token&access_token={token}");
        let sandbox = &sandbox;
        async move { call(sandbox, "GET", &path, "", None).await.1 }
    };
    assert_eq!(
        code(&refresh(token.clone()).await),
        (100, 0),
        "not yet 24 hours old"
    );
    for _ in 0..4 {
        sandbox.advance(50 * DAY);
        let renewed = refresh(token.clone()).await;
        token = renewed["access_token"].as_str().unwrap().to_owned();
    }
    sandbox.advance(60 * DAY + HOUR);
    assert_eq!(
        code(&refresh(token).await),
        (190, 463),
        "an expired token cannot be refreshed"
    );
}

#[tokio::test]
async fn the_consent_page_is_shown_answered_and_refused() {
    let (sandbox, _receiver) = start().await;
    let app = sandbox.app();
    let query = [
        ("client_id", app.id.as_str()),
        ("redirect_uri", REDIRECT),
        ("scope", "pages_show_list"),
        ("state", "x"),
    ];
    let url = format!("{}/v25.0/dialog/oauth", sandbox.url());
    let page = client().get(&url).query(&query).send().await.unwrap();
    let text = page.text().await.unwrap();
    assert!(
        text.contains("wants access") && text.contains("pages_show_list"),
        "{text}"
    );
    let form: Vec<(&str, &str)> = query.into_iter().chain([("_answer", "deny")]).collect();
    let answer = client().post(&url).form(&form).send().await.unwrap();
    assert!(
        answer.headers()["location"]
            .to_str()
            .unwrap()
            .contains("error=access_denied")
    );
    sandbox.change(Change::RedirectUris {
        uris: vec!["https://only.example/".into()],
    });
    let answer = client().get(&url).query(&query).send().await.unwrap();
    assert_eq!(code(&answer.json().await.unwrap()), (191, 0));
}

#[tokio::test]
async fn removing_the_app_kills_every_token() {
    let (sandbox, _receiver) = start().await;
    let account = sandbox.account();
    let done = call(
        &sandbox,
        "DELETE",
        "me/permissions",
        &account.user_token,
        None,
    )
    .await
    .1;
    assert_eq!(done, json!({"success": true}));
    for token in [&account.user_token, &account.access_token] {
        assert_eq!(
            code(&call(&sandbox, "GET", "me", token, None).await.1),
            (190, 458)
        );
    }
}

#[tokio::test]
async fn unknown_paths_and_odd_bodies_get_graph_errors() {
    let (sandbox, _receiver) = start().await;
    let token = sandbox.account().user_token;
    for (method, path, want) in [
        ("GET", "12345", (100, 33)),
        ("POST", "me/nothing", (100, 33)),
        ("GET", "a/b/c/d", (2500, 0)),
        ("DELETE", "me", (100, 33)),
        ("GET", "", (2500, 0)),
    ] {
        let answer = call(&sandbox, method, path, &token, None).await.1;
        assert_eq!(code(&answer), want, "{method} {path}");
    }
    let odd = client()
        .post(format!("{}/v25.0/me/messages", sandbox.url()))
        .header("content-type", "application/json")
        .body("{not json")
        .send()
        .await
        .unwrap();
    assert_eq!(code(&odd.json().await.unwrap()), (100, 0));
}

#[tokio::test]
async fn a_person_may_have_several_pages() {
    let (sandbox, _receiver) = start().await;
    let first = sandbox.account();
    let second = sandbox.add_account(AccountSpec {
        username: "second.shop".into(),
        same_owner_as: Some(first.username.clone()),
        ..AccountSpec::default()
    });
    assert_eq!(second.user_id, first.user_id);
    let path = "me/accounts?fields=id,name";
    let pages = call(&sandbox, "GET", path, &first.user_token, None).await.1;
    let names: Vec<&Value> = pages["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| &p["name"])
        .collect();
    assert_eq!(names, ["Demo Boutique", "Second Shop"]);
    let other = second.page_id.unwrap();
    let answer = call(&sandbox, "GET", &other, &first.access_token, None)
        .await
        .1;
    assert_eq!(
        code(&answer),
        (100, 33),
        "a page token speaks for its own page only"
    );
}

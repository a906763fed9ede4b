//! The sandbox alone, without the product around it: `cargo run -p sandbox --example serve`.
//!
//! The address may be given: `... --example serve -- 127.0.0.1:4001`.

use sandbox::SandboxConfig;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:4001".into());
    let listener = tokio::net::TcpListener::bind(&address).await?;
    println!("sandbox on http://{}", listener.local_addr()?);
    sandbox::serve(SandboxConfig::default(), listener, CancellationToken::new()).await;
    Ok(())
}

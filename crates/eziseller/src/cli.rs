//! The command line: what can be asked of `eziseller`, and how each command explains itself.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Instagram DMs in, orders out; a product catalogue in, Instagram Shopping out.
#[derive(Debug, Parser)]
#[command(
    name = "eziseller",
    version,
    about,
    arg_required_else_help = true,
    after_help = "Start here:\n  eziseller demo        the whole product on your machine, with customers who write"
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the whole product with a stand-in for Meta and a demo shop whose customers write.
    Demo(DemoArgs),
    /// Run the server.
    Serve(ServeArgs),
    /// Sellers: add one.
    Seller(SellerArgs),
    /// Products: import a file.
    Product(ProductArgs),
    /// Members: set the password of a person who signs in.
    Member(MemberArgs),
    /// Read messages against a catalogue: JSON lines in, JSON lines out.
    Parse(ParseArgs),
    /// Print counts of everything as one JSON line.
    Stats(StatsArgs),
    /// Print a seller's orders, draft orders, messages or customers.
    Export(ExportArgs),
    /// Push a seller's catalogue to Meta.
    Sync(SyncArgs),
    /// Kept events: list them, run them again.
    Events(EventsArgs),
    /// Find what is wrong with the configuration or the connection to Meta, and say what to do.
    Doctor(DoctorArgs),
    /// Run the stand-in for Meta's Graph API alone.
    Sandbox(SandboxArgs),
    /// Print the OpenAPI 3.1 document of the REST API.
    #[command(after_help = "Example:\n  eziseller openapi > openapi.json")]
    Openapi,
    /// Copy the SQLite database while a server runs.
    Backup(BackupArgs),
    /// Encryption keys: re-encrypt everything under the newest one.
    Keys(KeysArgs),
}

/// Where the data is.
#[derive(Debug, Clone, Args)]
pub(crate) struct DatabaseArgs {
    /// `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/NAME`.
    #[arg(
        long,
        env = "DATABASE_URL",
        default_value = "sqlite:eziseller.db",
        value_name = "U",
        hide_env_values = true
    )]
    pub(crate) database_url: String,
}

/// `eziseller demo`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  eziseller demo\n  eziseller demo --once\n\n\
    --once plays the script unattended and exits 0 only if every expected order is there."
)]
pub(crate) struct DemoArgs {
    /// Address of the dashboard.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "A")]
    pub(crate) listen: String,
    /// Where the demo keeps its database and its generated secrets.
    #[arg(long, default_value = "eziseller-data/demo", value_name = "D")]
    pub(crate) data_dir: PathBuf,
    /// Play the script, print what came of it, and stop.
    #[arg(long)]
    pub(crate) once: bool,
}

/// Which part of the work a node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleArg {
    /// Everything.
    All,
    /// HTTP only.
    Web,
    /// Background work only.
    Worker,
}

/// `eziseller serve`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  eziseller serve --database-url sqlite:/var/lib/eziseller/shop.db\n  \
    eziseller serve --listen 0.0.0.0:8080 --role web --database-url postgres://eziseller@db/eziseller\n\n\
    Environment: INSTAGRAM_APP_SECRET, WHATSAPP_APP_SECRET, META_APP_SECRET (each possibly several,\n\
    separated by commas), INSTAGRAM_VERIFY_TOKEN, ENCRYPTION_KEY, GRAPH_API_URL, GRAPH_API_VERSION,\n\
    PUBLIC_URL. See docs/configuration.md."
)]
pub(crate) struct ServeArgs {
    /// Address to listen on.
    #[arg(
        long,
        env = "LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "A"
    )]
    pub(crate) listen: String,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    /// Which part of the work this node does.
    #[arg(long, value_enum, default_value_t = RoleArg::All)]
    pub(crate) role: RoleArg,
    /// How many seconds to wait at the start for a PostgreSQL that does not answer yet.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    pub(crate) database_wait: u64,
}

/// `eziseller seller`
#[derive(Debug, Args)]
pub(crate) struct SellerArgs {
    #[command(subcommand)]
    pub(crate) command: SellerCommand,
}

/// `eziseller seller ...`
#[derive(Debug, Subcommand)]
pub(crate) enum SellerCommand {
    /// Add a seller; prints its id and an API key, which is shown this once.
    #[command(
        after_help = "Example:\n  printf '%s' \"$PAGE_TOKEN\" | eziseller seller add --name 'Amaya Boutique' \\\n    \
        --country LK --currency LKR --instagram-account-id 17841400000000001 --page-id 105000000000001 \\\n    \
        --username amaya.boutique --access-token-stdin"
    )]
    Add(SellerAddArgs),
}

/// `eziseller seller add`
#[derive(Debug, Args)]
pub(crate) struct SellerAddArgs {
    /// The shop's name.
    #[arg(long, value_name = "N")]
    pub(crate) name: String,
    /// ISO 3166-1 alpha-2, such as LK.
    #[arg(long, value_name = "CC")]
    pub(crate) country: String,
    /// ISO 4217, such as LKR.
    #[arg(long, value_name = "CUR")]
    pub(crate) currency: String,
    /// The Instagram professional account's id, as webhooks carry it.
    #[arg(long, value_name = "ID")]
    pub(crate) instagram_account_id: Option<String>,
    /// The linked Facebook page's id.
    #[arg(long, value_name = "ID")]
    pub(crate) page_id: Option<String>,
    /// The WhatsApp phone number's id (not the number).
    #[arg(long, value_name = "ID")]
    pub(crate) whatsapp_phone_number_id: Option<String>,
    /// The Instagram user name, without @.
    #[arg(long, value_name = "U")]
    pub(crate) username: Option<String>,
    /// Read the access token from standard input.
    #[arg(long)]
    pub(crate) access_token_stdin: bool,
    /// Also add an owner who signs in with this address; the password is made and shown once.
    #[arg(long, value_name = "EMAIL")]
    pub(crate) member: Option<String>,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

/// `eziseller member`
#[derive(Debug, Args)]
pub(crate) struct MemberArgs {
    #[command(subcommand)]
    pub(crate) command: MemberCommand,
}

/// `eziseller member ...`
#[derive(Debug, Subcommand)]
pub(crate) enum MemberCommand {
    /// Set a member's password, read from standard input; adds the member where there is none.
    #[command(
        after_help = "Example:\n  printf '%s' 'a long sentence of your own' | \\\n    \
        eziseller member set-password --seller ID --email amaya@example.com"
    )]
    SetPassword(MemberPasswordArgs),
}

/// `eziseller member set-password`
#[derive(Debug, Args)]
pub(crate) struct MemberPasswordArgs {
    /// The seller.
    #[arg(long, value_name = "ID")]
    pub(crate) seller: String,
    /// The address that signs in.
    #[arg(long, value_name = "EMAIL")]
    pub(crate) email: String,
    /// Also operates the whole server (sees kept events of nobody's accounts).
    #[arg(long)]
    pub(crate) admin: bool,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

/// `eziseller product`
#[derive(Debug, Args)]
pub(crate) struct ProductArgs {
    #[command(subcommand)]
    pub(crate) command: ProductCommand,
}

/// `eziseller product ...`
#[derive(Debug, Subcommand)]
pub(crate) enum ProductCommand {
    /// Import products; prints counts and every rejected row with its reason.
    #[command(
        after_help = "Examples:\n  eziseller product import --seller ID products.json\n  \
        eziseller product import --seller ID shopify-export.csv\n\n\
        Reads JSON, our own CSV, Shopify's and WooCommerce's product exports and Meta's feed (CSV or TSV)."
    )]
    Import(ProductImportArgs),
}

/// `eziseller product import`
#[derive(Debug, Args)]
pub(crate) struct ProductImportArgs {
    /// The seller.
    #[arg(long, value_name = "ID")]
    pub(crate) seller: String,
    /// The file.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

/// `eziseller parse`
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  echo '{\"id\":\"1\",\"text\":\"2 red kurtis M pls\"}' | eziseller parse --catalog products.json\n\n\
    Each line is {\"id\",\"text\"} or {\"id\",\"messages\":[...]}; one answer a line, in order."
)]
pub(crate) struct ParseArgs {
    /// The catalogue to read against, in the JSON import format.
    #[arg(long, value_name = "FILE")]
    pub(crate) catalog: PathBuf,
    /// The seller's country, for phone numbers; default: what the catalogue file says.
    #[arg(long, value_name = "CC")]
    pub(crate) country: Option<String>,
    /// Print each stage's result for a person instead of JSON.
    #[arg(long)]
    pub(crate) explain: bool,
}

/// `eziseller stats`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  eziseller stats --database-url sqlite:shop.db | jq .orders")]
pub(crate) struct StatsArgs {
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

/// What can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportWhat {
    /// Confirmed orders with their lines.
    Orders,
    /// Draft orders with their lines.
    DraftOrders,
    /// Messages, with Meta's message id as `mid`.
    Messages,
    /// Customers with what is known of them.
    Customers,
}

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// One JSON object a line.
    Jsonl,
    /// A table with a header; nested values as JSON.
    Csv,
}

/// `eziseller export`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  eziseller export orders --seller ID --format csv > orders.csv")]
pub(crate) struct ExportArgs {
    /// What to print.
    #[arg(value_enum)]
    pub(crate) what: ExportWhat,
    /// The seller.
    #[arg(long, value_name = "ID")]
    pub(crate) seller: String,
    /// How to write it.
    #[arg(long, value_enum, default_value_t = ExportFormat::Jsonl)]
    pub(crate) format: ExportFormat,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

/// `eziseller sync`
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  eziseller sync --seller ID --full\n\nExits 0 when everything arrived, 3 when the run is partial."
)]
pub(crate) struct SyncArgs {
    /// The seller.
    #[arg(long, value_name = "ID")]
    pub(crate) seller: String,
    /// Send everything again and delete what no longer exists here.
    #[arg(long)]
    pub(crate) full: bool,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

/// `eziseller events`
#[derive(Debug, Args)]
pub(crate) struct EventsArgs {
    #[command(subcommand)]
    pub(crate) command: EventsCommand,
}

/// `eziseller events ...`
#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// Kept events and why.
    #[command(after_help = "Example:\n  eziseller events list --state unrouted")]
    List(EventsListArgs),
    /// Run kept events again.
    #[command(after_help = "Example:\n  eziseller events replay --state failed")]
    Replay(EventsListArgs),
}

/// `eziseller events list|replay`
#[derive(Debug, Args)]
pub(crate) struct EventsListArgs {
    /// Only events of this state: pending, done, unrouted, failed, kept.
    #[arg(long, value_name = "S")]
    pub(crate) state: Option<String>,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

/// `eziseller doctor`
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  eziseller doctor --seller ID\n\nExits 1 when something is broken (an ERROR), else 0."
)]
pub(crate) struct DoctorArgs {
    /// Only this seller's connection.
    #[arg(long, value_name = "ID")]
    pub(crate) seller: Option<String>,
    /// Print the findings as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

/// `eziseller sandbox`
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  eziseller sandbox --listen 127.0.0.1:9090\n  \
    GRAPH_API_URL=http://127.0.0.1:9090 eziseller serve"
)]
pub(crate) struct SandboxArgs {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:9090", value_name = "A")]
    pub(crate) listen: String,
}

/// `eziseller backup`
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  eziseller backup /backups/shop-$(date +%F).db --database-url sqlite:shop.db"
)]
pub(crate) struct BackupArgs {
    /// The file to write; must not exist yet.
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

/// `eziseller keys`
#[derive(Debug, Args)]
pub(crate) struct KeysArgs {
    #[command(subcommand)]
    pub(crate) command: KeysCommand,
}

/// `eziseller keys ...`
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Re-encrypt every token under the first key of ENCRYPTION_KEY, while servers run.
    #[command(after_help = "Example:\n  ENCRYPTION_KEY=\"$NEW,$OLD\" eziseller keys rotate")]
    Rotate(KeysRotateArgs),
}

/// `eziseller keys rotate`
#[derive(Debug, Args)]
pub(crate) struct KeysRotateArgs {
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_shows_an_example() {
        fn walk(command: &clap::Command) {
            if command.has_subcommands() {
                command
                    .get_subcommands()
                    .filter(|c| c.get_name() != "help")
                    .for_each(walk);
            } else {
                let help = command
                    .get_after_help()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                assert!(
                    help.contains("Example"),
                    "`{}` has no example",
                    command.get_name()
                );
            }
        }
        Cli::command().get_subcommands().for_each(walk);
    }
}

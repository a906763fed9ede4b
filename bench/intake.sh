#!/usr/bin/env bash
# Durable acknowledgement and end to end, beside the reference servers `sqlite` and `postgres`, in one
# run of the load generator in ../shared/perf (its README says what is measured and how).
#
#   bench/intake.sh sqlite|postgres [all|web]
#
# The second word is the server's role: `all` measures what a shop runs, `web` the acknowledgement
# alone. Settings of run-baselines.sh (ROUNDS, SECONDS_EACH, SERVER_CPUS, ...) are taken from the
# environment. Needs python3 and a release build (BIN names another one).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

database=${1:-sqlite}
role=${2:-all}
BIN=${BIN:-$PWD/target/release/eziseller}
PERF=${PERF:-../shared/perf}
SCRATCH=${SCRATCH:-$PWD/target/perf}
export BIN

[ -x "$BIN" ] || { echo "$BIN is not there; run cargo build --release first" >&2; exit 1; }
[ -f "$PERF/run-baselines.sh" ] || { echo "$PERF has no load generator; set PERF" >&2; exit 1; }
# A copy: it builds where it stands.
mkdir -p "$SCRATCH"
cp -r "$PERF/." "$SCRATCH/"
chmod -R u+w "$SCRATCH"

# One seller an account of the load, with the reference's catalog in our format. No access token: the
# replies are decided and stored, and nothing is sent.
cat >"$SCRATCH/setup.sh" <<'SETUP'
set -euo pipefail
: "${SERVER_DATABASE_URL:=sqlite:$DATA_DIR/eziseller.db}"
export DATABASE_URL=$SERVER_DATABASE_URL ENCRYPTION_KEY=$SERVER_KEY
python3 - "$CATALOG" >"$DATA_DIR/catalog.json" <<'CONVERT'
import json, sys
products = [
    {"retailer_id": p["sku"], "title": p["name"], "aliases": p["keywords"],
     "price": "%d.%02d" % divmod(p["price_cents"], 100)}
    for p in json.load(open(sys.argv[1]))
]
json.dump({"currency": "USD", "country": "US", "products": products}, sys.stdout)
CONVERT
for account in ${ACCOUNT_IDS//,/ }; do
  seller=$("$BIN" seller add --name "Shop $account" --country US --currency USD \
    --instagram-account-id "$account" | sed 's/.*"seller_id":"\([^"]*\)".*/\1/')
  "$BIN" product import --seller "$seller" "$DATA_DIR/catalog.json" >/dev/null
done
SETUP
cat >"$SCRATCH/serve.sh" <<'SERVE'
: "${SERVER_DATABASE_URL:=sqlite:$DATA_DIR/eziseller.db}"
export DATABASE_URL=$SERVER_DATABASE_URL ENCRYPTION_KEY=$SERVER_KEY INSTAGRAM_APP_SECRET=$APP_SECRET
export INSTAGRAM_VERIFY_TOKEN=perf GRAPH_API_URL=http://127.0.0.1:9 EZISELLER_LOG=error
exec "$BIN" serve --listen "$LISTEN" --role "$SERVER_ROLE"
SERVE
cat >"$SCRATCH/count.sh" <<'COUNT'
: "${SERVER_DATABASE_URL:=sqlite:$DATA_DIR/eziseller.db}"
export DATABASE_URL=$SERVER_DATABASE_URL ENCRYPTION_KEY=$SERVER_KEY
"$BIN" stats | python3 -c '
import json, sys
stats = json.load(sys.stdin)
print(stats["inbound_events"]["done"], sum(stats["draft_orders"].values()))'
COUNT

SERVER_KEY=$(openssl rand -hex 32)
export SERVER_KEY SERVER_ROLE=$role
if [ "$database" = postgres ]; then
  export SERVER_NEEDS_PG=1
  prefix='SERVER_DATABASE_URL=$DATABASE_URL '
else
  prefix=
fi
export SERVER_SETUP="${prefix}bash $SCRATCH/setup.sh"
export SERVER_CMD="env ${prefix}bash $SCRATCH/serve.sh"
[ "$role" = all ] && export SERVER_COUNT="${prefix}bash $SCRATCH/count.sh"
export SERVER_NAME="eziseller $database $role"
export TARGETS=${TARGETS:-"$database custom"}
cd "$SCRATCH"
./run-baselines.sh

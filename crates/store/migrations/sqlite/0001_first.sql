-- The whole of the first schema. The same tables and columns as its twin for the other database (a test holds
-- them together). Ids are UUIDs, times UTC milliseconds, money minor units,
-- JSON text (packed where it is large and changes often: a draft order's body, a conversation's state).

CREATE TABLE sellers (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    country TEXT NOT NULL,
    currency TEXT NOT NULL,
    language TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    domain TEXT UNIQUE,
    policy TEXT NOT NULL,
    catalog_version INTEGER NOT NULL,
    last_order_number INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- An admin of the whole server may belong to no seller.
CREATE TABLE members (
    id BLOB NOT NULL PRIMARY KEY,
    seller_id BLOB REFERENCES sellers (id) ON DELETE CASCADE,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    admin INTEGER NOT NULL,
    password_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    signed_in_at INTEGER
) STRICT;
CREATE INDEX members_seller ON members (seller_id);

CREATE TABLE sessions (
    token_hash BLOB NOT NULL PRIMARY KEY,
    member_id BLOB NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    csrf TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    idle_until INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_member ON sessions (member_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE api_keys (
    id BLOB NOT NULL PRIMARY KEY,
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    hint TEXT NOT NULL,
    key_hash BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    used_at INTEGER,
    revoked_at INTEGER
) STRICT;
CREATE INDEX api_keys_seller ON api_keys (seller_id);

CREATE TABLE channel_accounts (
    id BLOB NOT NULL PRIMARY KEY,
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    name TEXT NOT NULL,
    username TEXT,
    instagram_account_id TEXT,
    app_scoped_id TEXT,
    page_id TEXT,
    whatsapp_phone_number_id TEXT,
    whatsapp_business_account_id TEXT,
    business_id TEXT,
    login TEXT NOT NULL,
    access_token BLOB,
    user_token BLOB,
    verify_token BLOB,
    scopes TEXT NOT NULL,
    token_expires_at INTEGER,
    data_access_expires_at INTEGER,
    refreshed_at INTEGER,
    state TEXT NOT NULL,
    state_reason TEXT,
    settings TEXT NOT NULL,
    last_event_at INTEGER,
    checked_at INTEGER,
    sweep TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX channel_accounts_seller ON channel_accounts (seller_id);

-- Every id that Meta may name an account by. An event is routed by any of them.
CREATE TABLE channel_account_ids (
    external_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    account_id BLOB NOT NULL REFERENCES channel_accounts (id) ON DELETE CASCADE,
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    PRIMARY KEY (external_id, kind)
) STRICT;
CREATE INDEX channel_account_ids_account ON channel_account_ids (account_id);

-- The hot table: no index that intake or the claim does not need. `dedup` begins with the time of the event, so
-- that its index grows at one end.
CREATE TABLE inbound_events (
    id BLOB NOT NULL PRIMARY KEY,
    received_at INTEGER NOT NULL,
    occurred_at INTEGER,
    object TEXT NOT NULL,
    kind TEXT NOT NULL,
    account_ids TEXT NOT NULL,
    party_id TEXT,
    lane TEXT NOT NULL,
    dedup BLOB NOT NULL UNIQUE,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    seller_id BLOB
) STRICT;
CREATE INDEX inbound_events_due ON inbound_events (due_at, id) WHERE state = 'pending';
CREATE INDEX inbound_events_put_off ON inbound_events (lane, id) WHERE state = 'pending' AND due_at > received_at;
CREATE INDEX inbound_events_kept ON inbound_events (state, id) WHERE state IN ('unrouted', 'failed', 'kept');

-- One row a conversation, for workers to lock; written by workers only, so that intake never waits.
CREATE TABLE lanes (
    lane TEXT NOT NULL PRIMARY KEY
) STRICT;

CREATE TABLE products (
    id BLOB NOT NULL PRIMARY KEY,
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    retailer_id TEXT NOT NULL,
    title TEXT NOT NULL,
    category TEXT,
    status TEXT NOT NULL,
    availability TEXT NOT NULL,
    price_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    search TEXT NOT NULL,
    body TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (seller_id, retailer_id)
) STRICT;
CREATE INDEX products_title ON products (seller_id, status, title, id);
CREATE INDEX products_revision ON products (seller_id, revision);

-- What is counted and held. A product without variants has one row under its own retailer_id.
CREATE TABLE variants (
    id BLOB NOT NULL PRIMARY KEY,
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    product_id BLOB NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    retailer_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    stock INTEGER,
    stock_reserved INTEGER NOT NULL,
    UNIQUE (seller_id, retailer_id)
) STRICT;
CREATE INDEX variants_product ON variants (product_id, position);

CREATE TABLE images (
    id BLOB NOT NULL PRIMARY KEY,
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    digest BLOB NOT NULL,
    content_type TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (seller_id, digest)
) STRICT;

-- Which products a post, reel or story shows.
CREATE TABLE media_products (
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    media_id TEXT NOT NULL,
    retailer_id TEXT NOT NULL,
    source TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (seller_id, media_id, retailer_id)
) STRICT;

CREATE TABLE customers (
    id BLOB NOT NULL PRIMARY KEY,
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    account_id BLOB REFERENCES channel_accounts (id) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    external_id TEXT,
    username TEXT,
    profile_name TEXT,
    profiled_at INTEGER,
    language TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (account_id, external_id)
) STRICT;
CREATE INDEX customers_seller ON customers (seller_id, id);

-- Phone, e-mail, name, address, and where each came from.
CREATE TABLE customer_details (
    customer_id BLOB NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    value TEXT NOT NULL,
    source TEXT NOT NULL,
    mid TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (customer_id, kind)
) STRICT;

CREATE TABLE conversations (
    id BLOB NOT NULL PRIMARY KEY,
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    account_id BLOB NOT NULL REFERENCES channel_accounts (id) ON DELETE CASCADE,
    customer_id BLOB NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    lane TEXT NOT NULL,
    state BLOB NOT NULL,
    version INTEGER NOT NULL,
    language TEXT,
    window_until INTEGER,
    hand_over_until INTEGER,
    wake_at INTEGER,
    unread INTEGER NOT NULL,
    last_message_at INTEGER NOT NULL,
    last_text TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (account_id, customer_id)
) STRICT;
CREATE INDEX conversations_customer ON conversations (customer_id);
CREATE INDEX conversations_recent ON conversations (seller_id, last_message_at);
CREATE INDEX conversations_wake ON conversations (wake_at) WHERE wake_at IS NOT NULL;

-- `mid_key` is a digest of Meta's message id, which belongs to one conversation; led by the conversation, so that
-- its index also reads a conversation.
CREATE TABLE messages (
    id BLOB NOT NULL PRIMARY KEY,
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    conversation_id BLOB NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    mid_key BLOB NOT NULL,
    mid TEXT NOT NULL,
    event_id BLOB,
    outbox_id BLOB,
    direction TEXT NOT NULL,
    sender TEXT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT,
    content TEXT,
    reading TEXT,
    language TEXT,
    state TEXT NOT NULL,
    reason TEXT,
    at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (conversation_id, mid_key)
) STRICT;

CREATE TABLE draft_orders (
    id BLOB NOT NULL PRIMARY KEY,
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    account_id BLOB REFERENCES channel_accounts (id) ON DELETE SET NULL,
    conversation_id BLOB REFERENCES conversations (id) ON DELETE SET NULL,
    customer_id BLOB REFERENCES customers (id) ON DELETE SET NULL,
    message_source TEXT NOT NULL,
    stage TEXT NOT NULL,
    confidence REAL NOT NULL,
    currency TEXT NOT NULL,
    total_minor INTEGER,
    body BLOB NOT NULL,
    order_id BLOB,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX draft_orders_seller ON draft_orders (seller_id, id);
-- Of a conversation there is one in progress; and what a seller has in progress is found by it.
CREATE UNIQUE INDEX draft_orders_open ON draft_orders (seller_id, conversation_id)
    WHERE stage IN ('open', 'awaiting_customer', 'awaiting_confirmation', 'awaiting_seller');
CREATE INDEX draft_orders_customer ON draft_orders (customer_id);

CREATE TABLE draft_order_transitions (
    id BLOB NOT NULL PRIMARY KEY,
    draft_order_id BLOB NOT NULL REFERENCES draft_orders (id) ON DELETE CASCADE,
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    from_stage TEXT,
    event TEXT NOT NULL,
    to_stage TEXT,
    actor TEXT NOT NULL,
    at INTEGER NOT NULL,
    why TEXT NOT NULL
) STRICT;
CREATE INDEX draft_order_transitions_draft ON draft_order_transitions (draft_order_id, id);

CREATE TABLE orders (
    id BLOB NOT NULL PRIMARY KEY,
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    draft_order_id BLOB NOT NULL UNIQUE,
    account_id BLOB REFERENCES channel_accounts (id) ON DELETE SET NULL,
    conversation_id BLOB REFERENCES conversations (id) ON DELETE SET NULL,
    customer_id BLOB REFERENCES customers (id) ON DELETE SET NULL,
    message_source TEXT NOT NULL,
    status TEXT NOT NULL,
    currency TEXT NOT NULL,
    subtotal_minor INTEGER NOT NULL,
    discount_minor INTEGER NOT NULL,
    delivery_minor INTEGER NOT NULL,
    tax_minor INTEGER NOT NULL,
    tax_inclusive INTEGER NOT NULL,
    total_minor INTEGER NOT NULL,
    customer_name TEXT,
    phone TEXT,
    email TEXT,
    address TEXT,
    note TEXT,
    oversold INTEGER NOT NULL,
    confirmed_by TEXT NOT NULL,
    confirmed_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (seller_id, number)
) STRICT;
CREATE INDEX orders_seller ON orders (seller_id, status, id);
CREATE INDEX orders_customer ON orders (customer_id);
CREATE INDEX orders_conversation ON orders (conversation_id);

CREATE TABLE order_lines (
    order_id BLOB NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    product TEXT NOT NULL,
    variant TEXT,
    title TEXT NOT NULL,
    options TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    unit_minor INTEGER NOT NULL,
    total_minor INTEGER NOT NULL,
    PRIMARY KEY (order_id, position)
) STRICT;

CREATE TABLE order_transitions (
    id BLOB NOT NULL PRIMARY KEY,
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    order_id BLOB NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    from_status TEXT,
    to_status TEXT NOT NULL,
    refused INTEGER NOT NULL,
    actor TEXT NOT NULL,
    at INTEGER NOT NULL,
    why TEXT NOT NULL
) STRICT;
CREATE INDEX order_transitions_order ON order_transitions (order_id, id);

-- What confirmed orders hold of the stock until they are shipped, cancelled or returned:
-- variants.stock_reserved is their sum.
CREATE TABLE stock_holds (
    order_id BLOB NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    retailer_id TEXT NOT NULL,
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    quantity INTEGER NOT NULL,
    oversold INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (order_id, retailer_id)
) STRICT;
CREATE INDEX stock_holds_item ON stock_holds (seller_id, retailer_id);

CREATE TABLE waiting_list (
    id BLOB NOT NULL PRIMARY KEY,
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    retailer_id TEXT NOT NULL,
    customer_id BLOB NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    conversation_id BLOB REFERENCES conversations (id) ON DELETE CASCADE,
    draft_order_id BLOB,
    quantity INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    notified_at INTEGER,
    UNIQUE (retailer_id, customer_id, seller_id)
) STRICT;
CREATE INDEX waiting_list_item ON waiting_list (seller_id, retailer_id, id);
CREATE INDEX waiting_list_untold ON waiting_list (seller_id, retailer_id) WHERE notified_at IS NULL;

CREATE TABLE outbox (
    id BLOB NOT NULL PRIMARY KEY,
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    account_id BLOB NOT NULL REFERENCES channel_accounts (id) ON DELETE CASCADE,
    conversation_id BLOB REFERENCES conversations (id) ON DELETE CASCADE,
    recipient TEXT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT,
    body TEXT NOT NULL,
    by_person INTEGER NOT NULL,
    window_until INTEGER,
    state TEXT NOT NULL,
    reason TEXT,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    claimed_at INTEGER,
    sent_at INTEGER,
    mid TEXT,
    echoed_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_due ON outbox (due_at, id) WHERE state = 'pending';
CREATE INDEX outbox_claimed ON outbox (claimed_at) WHERE state IN ('sending', 'unknown');
CREATE INDEX outbox_conversation ON outbox (conversation_id, state, id);
CREATE INDEX outbox_unechoed ON outbox (conversation_id, id)
    WHERE echoed_at IS NULL AND state IN ('sending', 'unknown', 'sent');
CREATE INDEX outbox_kept ON outbox (seller_id, id) WHERE state IN ('unknown', 'failed', 'cancelled');

CREATE TABLE notifications (
    id BLOB NOT NULL PRIMARY KEY,
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    subject_kind TEXT,
    subject_id TEXT,
    created_at INTEGER NOT NULL,
    read_at INTEGER
) STRICT;
CREATE INDEX notifications_seller ON notifications (seller_id, id);

CREATE TABLE catalogs (
    id BLOB NOT NULL PRIMARY KEY,
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    account_id BLOB REFERENCES channel_accounts (id) ON DELETE SET NULL,
    external_id TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    status_reason TEXT,
    auto_sync INTEGER NOT NULL,
    sync_interval INTEGER NOT NULL,
    next_sync_at INTEGER,
    synced_version INTEGER NOT NULL,
    settings TEXT NOT NULL,
    lease TEXT,
    lease_until INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (seller_id, external_id)
) STRICT;
CREATE INDEX catalogs_due ON catalogs (next_sync_at) WHERE next_sync_at IS NOT NULL;

-- `content_hash` is what the product is now, `sent_hash` what is under way, `accepted_hash` what Meta took last.
CREATE TABLE catalog_items (
    catalog_id BLOB NOT NULL REFERENCES catalogs (id) ON DELETE CASCADE,
    retailer_id TEXT NOT NULL,
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    group_id TEXT,
    content_hash BLOB,
    sent_hash BLOB,
    accepted_hash BLOB,
    sent_handle TEXT,
    external_id TEXT,
    state TEXT NOT NULL,
    review TEXT,
    messages TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    checked_at INTEGER,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (catalog_id, retailer_id)
) STRICT;
CREATE INDEX catalog_items_state ON catalog_items (catalog_id, state, retailer_id);

CREATE TABLE sync_runs (
    id BLOB NOT NULL PRIMARY KEY,
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    catalog_id BLOB NOT NULL REFERENCES catalogs (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    cause TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT,
    total INTEGER NOT NULL,
    sent INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    held_back INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    resume_at INTEGER,
    started_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;
CREATE INDEX sync_runs_catalog ON sync_runs (catalog_id, id);
CREATE INDEX sync_runs_seller ON sync_runs (seller_id, id);
CREATE UNIQUE INDEX sync_runs_running ON sync_runs (catalog_id) WHERE status = 'running';

CREATE TABLE sync_run_log (
    id BLOB NOT NULL PRIMARY KEY,
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    run_id BLOB NOT NULL REFERENCES sync_runs (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    level TEXT NOT NULL,
    retailer_id TEXT,
    message TEXT NOT NULL
) STRICT;
CREATE INDEX sync_run_log_run ON sync_run_log (run_id, id);

CREATE TABLE sync_batches (
    id BLOB NOT NULL PRIMARY KEY,
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    catalog_id BLOB NOT NULL REFERENCES catalogs (id) ON DELETE CASCADE,
    run_id BLOB NOT NULL REFERENCES sync_runs (id) ON DELETE CASCADE,
    handle TEXT,
    state TEXT NOT NULL,
    items TEXT NOT NULL,
    reason TEXT,
    sent_at INTEGER NOT NULL,
    checked_at INTEGER,
    ended_at INTEGER
) STRICT;
CREATE INDEX sync_batches_open ON sync_batches (catalog_id, id) WHERE ended_at IS NULL;
CREATE INDEX sync_batches_run ON sync_batches (run_id, id);

CREATE TABLE rate_limits (
    key TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX rate_limits_updated ON rate_limits (updated_at);

CREATE TABLE oauth_states (
    state_hash BLOB NOT NULL PRIMARY KEY,
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    member_id BLOB,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE health_counters (
    name TEXT NOT NULL,
    hour INTEGER NOT NULL,
    count INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    detail TEXT,
    PRIMARY KEY (name, hour)
) STRICT;

CREATE TABLE data_deletion_requests (
    id BLOB NOT NULL PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    external_id TEXT NOT NULL,
    state TEXT NOT NULL,
    detail TEXT,
    requested_at INTEGER NOT NULL,
    completed_at INTEGER
) STRICT;

CREATE TABLE message_words (
    seller_id BLOB NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    language TEXT NOT NULL,
    key TEXT NOT NULL,
    text TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (seller_id, language, key)
) STRICT;

CREATE TABLE audit (
    id BLOB NOT NULL PRIMARY KEY,
    seller_id BLOB REFERENCES sellers (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT
) STRICT;
CREATE INDEX audit_seller ON audit (seller_id, id);

-- Small facts of the installation itself (which key encrypts now, when a sweep ran last).
CREATE TABLE settings (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

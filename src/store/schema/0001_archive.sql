-- The first schema. Every instant is in milliseconds since 1970-01-01T00:00:00Z. docs/SCHEMA.md says what each table
-- and column means; a test holds it to this file.

create table archive (
    id integer primary key check (id = 1),
    created_at integer not null,
    created_by text not null,
    simulated integer not null default 0 check (simulated in (0, 1))
) strict;

create table run (
    id integer primary key,
    command text not null,
    started_at integer not null,
    ended_at integer,
    result text check (result in ('done', 'interrupted', 'failed')),
    suspect integer not null default 0 check (suspect in (0, 1)),
    version text not null,
    pid integer not null,
    counts text not null default '{}'
) strict;

-- Where posts come from ---------------------------------------------------------------------------------------------

create table input (
    id integer primary key,
    address text not null unique,
    kind text not null check (kind in ('page', 'feed', 'file', 'folder', 'list', 'pages', 'stdin', 'by-hand')),
    format text,
    base text,
    options text not null default '{}',
    added_at integer not null,
    removed_at integer,
    next_refresh_at integer,
    refreshed_at integer,
    problem text
) strict;

create table document (
    id integer primary key,
    input_id integer not null references input (id),
    address text not null,
    format text not null,
    etag text,
    last_modified text,
    modified_at integer,
    size integer not null,
    sha256 blob not null,
    blob_id integer references blob (id),
    first_seen_at integer not null,
    last_read_at integer not null,
    gone_at integer,
    complete integer not null default 0 check (complete in (0, 1)),
    unique (input_id, address)
) strict;

create table post (
    id integer primary key,
    document_id integer not null references document (id),
    address text not null,
    title text,
    author text,
    language text,
    published_at integer,
    modified_at integer,
    first_seen_at integer not null,
    last_seen_at integer not null,
    gone_at integer,
    left_out integer not null default 0,
    unique (document_id, address)
) strict;

create table post_version (
    id integer primary key,
    post_id integer not null references post (id),
    seen_at integer not null,
    sha256 blob not null,
    blob_id integer references blob (id)
) strict;
create index post_version_by_post on post_version (post_id);

create table citation (
    id integer primary key,
    post_id integer not null references post (id),
    source_id integer not null references source (id),
    key integer not null,
    url text not null,
    kind text not null,
    place text not null,
    text text not null,
    context text not null,
    quote text,
    rel text not null,
    line integer not null,
    span_start integer not null,
    span_end integer not null,
    first_seen_at integer not null,
    last_seen_at integer not null,
    gone_at integer,
    unique (post_id, key)
) strict;
create index citation_by_source on citation (source_id);

-- What is cited -----------------------------------------------------------------------------------------------------

create table host (
    id integer primary key,
    name text not null unique,
    site text not null,
    next_request_at integer not null default 0
) strict;

create table robots (
    origin text primary key,
    status text not null check (status in ('present', 'absent', 'unreachable')),
    text text,
    crawl_delay_ms integer,
    read_at integer not null
) strict, without rowid;

create table source (
    id integer primary key,
    address text not null unique,
    host_id integer not null references host (id),
    added_at integer not null,
    cited_since integer,
    next_visit_at integer,
    standing text not null default 'new'
        check (standing in ('new', 'alive', 'failing', 'dead', 'uncertain', 'revived')),
    standing_since integer not null,
    strikes integer not null default 0,
    first_strike_at integer,
    last_strike_at integer,
    hard_strikes integer not null default 0,
    last_hard_strike_at integer,
    failures_in_row integer not null default 0,
    unclear_in_row integer not null default 0,
    quiet_visits integer not null default 0,
    visits integer not null default 0,
    last_visit_at integer,
    last_fine_at integer,
    last_changed_at integer,
    dead_since integer,
    dead_visits integer not null default 0,
    revived_at integer,
    verdict text,
    verdict_since integer,
    last_visit_id integer,
    fine_visit_id integer,
    last_capture_id integer,
    baseline_id integer,
    moved_to text,
    last_full_visit_at integer,
    confirmations integer not null default 0,
    robots text check (robots in ('allowed', 'disallowed', 'unreachable'))
) strict;
create index source_due on source (host_id, next_visit_at) where next_visit_at is not null;

create table alias (
    address text primary key,
    source_id integer not null references source (id),
    reason text not null check (reason in ('trivial', 'moved', 'canonical')),
    first_seen_at integer not null
) strict, without rowid;
create index alias_by_source on alias (source_id);

-- What was seen: facts, never rewritten; features and verdicts, which a better judge may renew ------------------------

create table blob (
    id integer primary key,
    sha256 blob not null unique,
    size integer not null,
    coding text not null check (coding in ('plain', 'zstd')),
    base_id integer references blob (id),
    data blob not null
) strict;

create table peer (
    id integer primary key,
    address text not null unique
) strict;

create table outcome (
    id integer primary key,
    sha256 blob not null unique,
    status integer,
    failure text,
    final_url text,
    media_type text,
    body_sha256 blob,
    body_id integer references blob (id),
    facts text not null
) strict;

create table visit (
    id integer primary key,
    source_id integer not null references source (id),
    at integer not null,
    outcome_id integer not null references outcome (id),
    confirms integer references visit (id),
    not_modified integer not null default 0 check (not_modified in (0, 1)),
    peer_id integer references peer (id),
    elapsed_ms integer not null,
    first_byte_ms integer,
    run_id integer not null references run (id),
    chain blob not null
) strict;
create index visit_by_source on visit (source_id);

create table features (
    outcome_id integer not null references outcome (id),
    version integer not null,
    title text,
    canonical text,
    language text,
    text_chars integer not null,
    detail text not null default '{}',
    primary key (outcome_id, version)
) strict, without rowid;

create table verdict (
    visit_id integer primary key references visit (id),
    code text not null,
    evidence text not null,
    judge_version integer not null,
    judged_at integer not null
) strict;

create table request_headers (
    id integer primary key,
    headers text not null unique
) strict;

create table exchange (
    id integer primary key,
    visit_id integer references visit (id),
    hop integer not null,
    method text not null,
    url text not null,
    at integer not null,
    peer_id integer references peer (id),
    protocol text not null,
    request_headers_id integer not null references request_headers (id),
    status integer not null,
    response_headers text not null,
    body_id integer references blob (id),
    served_sha256 blob,
    served_sha1 text,
    served_size integer,
    truncated text
) strict;
create index exchange_by_visit on exchange (visit_id);

create table capture (
    id integer primary key,
    source_id integer not null references source (id),
    visit_id integer references visit (id),
    at integer not null,
    kind text not null check (kind in ('visit', 'by-hand', 'import', 'browser')),
    url text not null,
    media_type text,
    title text,
    body_id integer not null references blob (id),
    size integer not null,
    served_sha256 blob,
    served_sha1 text,
    truncated text,
    sealed_at integer not null,
    chain blob not null
) strict;
create index capture_by_source on capture (source_id);

-- What happened -------------------------------------------------------------------------------------------------------

create table event (
    id integer primary key,
    at integer not null,
    run_id integer references run (id),
    kind text not null,
    input_id integer references input (id),
    post_id integer references post (id),
    source_id integer references source (id),
    visit_id integer references visit (id),
    capture_id integer references capture (id),
    detail text not null default '{}'
) strict;
create index event_by_source on event (source_id) where source_id is not null;

create trigger event_is_append_only_update before update on event
begin select raise(abort, 'events are append-only'); end;
create trigger visit_is_immutable before update on visit
begin select raise(abort, 'visits are never changed'); end;
create trigger capture_is_sealed before update on capture
begin select raise(abort, 'captures are never changed'); end;
create trigger outcome_is_immutable before update of sha256, status, failure, final_url, media_type, body_sha256, facts on outcome
begin select raise(abort, 'facts are never changed'); end;

-- What inputs lead to: further lists of posts, and posts, each read by itself.

create table discovered (
    id integer primary key,
    input_id integer not null references input (id),
    what text not null check (what in ('api', 'collection', 'feed', 'older', 'sitemap', 'post')),
    address text not null,
    key text not null,
    state text not null check (state in ('due', 'read', 'failed', 'gone', 'disallowed', 'elsewhere', 'left-out')),
    modified_at integer,
    entry_sha256 blob,
    found_at integer not null,
    found_in integer references discovered (id),
    read_at integer,
    next_read_at integer,
    quiet integer not null default 0,
    page integer,
    begun_at integer,
    unique (input_id, what, key)
) strict;
create index discovered_due on discovered (input_id, what, next_read_at) where next_read_at is not null;

-- A post that another document of the same input brings is found by its address.
create index post_by_address on post (address);

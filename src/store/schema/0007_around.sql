-- What is known beside visits: how hosts answer to addresses that were made up, who serves the names of hosts, and a
-- way from the address at which visits ended to what they saw.

create table sibling (
    id integer primary key,
    folder text not null unique,
    at integer not null,
    url text not null,
    status integer not null,
    final_url text,
    body_sha256 blob,
    features_version integer,
    features text
) strict;

create table site_names (
    id integer primary key,
    host text not null unique,
    site text not null,
    at integer not null,
    name_servers text not null default '[]',
    aliases text not null default '[]'
) strict;

create index outcome_by_final_url on outcome (final_url) where final_url is not null;

-- How far the run is that goes on, for whoever looks at the archive meanwhile: one row, while there is one.
create table run_progress (
    run_id integer primary key references run (id),
    at integer not null,
    posts integer not null,
    citations integer not null,
    done integer not null,
    due integer not null,
    problems integer not null
) strict;

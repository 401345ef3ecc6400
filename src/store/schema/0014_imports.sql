-- What was imported: what a capture was where it comes from.

create table capture_import (
    capture_id integer primary key references capture (id),
    file text not null,
    record text,
    kind text not null check (kind in ('visit', 'by-hand', 'import', 'browser')),
    sealed_at integer,
    looked_for integer not null check (looked_for in (0, 1)),
    after_visit_id integer not null
) strict;

-- Exchanges that were imported and are part of no capture; they stay all the same.
create table exchange_import (
    exchange_id integer primary key references exchange (id),
    file text not null
) strict;
create trigger capture_import_is_sealed before update on capture_import
begin select raise(abort, 'captures are never changed'); end;

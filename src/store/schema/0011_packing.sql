-- Small storage: dictionaries, differences from a whole payload, and how far packing anew has come.

create table dictionary (
    id integer primary key,
    kind text not null,
    sha256 blob not null unique,
    made_at integer not null,
    payloads integer not null,
    data blob not null
) strict;

-- One row: blobs up to `tried_to` were tried with what there is now; dictionaries were last made when the newest blob was
-- `trained_at_blob`; `changed` counts up whenever a payload is packed in another way, or removed.
create table packing (
    id integer primary key check (id = 1),
    tried_to integer not null,
    trained_at_blob integer not null,
    changed integer not null
) strict;
insert into packing (id, tried_to, trained_at_blob, changed) values (1, 0, 0, 0);

-- Payloads are most of a file, and rows of theirs stay as they are: only what the table allows is made wider. So no byte of
-- them is copied, as making the table anew would do.
pragma writable_schema = on;
update sqlite_schema set sql = replace(replace(sql,
    'check (coding in (''plain'', ''zstd''))',
    'check (coding in (''plain'', ''zstd'', ''zstd-dict'', ''zstd-delta''))'),
    'base_id integer references blob (id)',
    'base_id integer references blob (id) check ((coding = ''zstd-delta'') = (base_id is not null))')
where type = 'table' and name = 'blob';
pragma writable_schema = reset;
alter table blob add column dictionary_id integer references dictionary (id)
    check ((coding = 'zstd-dict') = (dictionary_id is not null));

create index blob_by_base on blob (base_id) where base_id is not null;
create index blob_by_dictionary on blob (dictionary_id) where dictionary_id is not null;
-- Who needs a payload.
create index capture_by_body on capture (body_id);
create index exchange_by_body on exchange (body_id) where body_id is not null;
create index outcome_by_body on outcome (body_id) where body_id is not null;
create index document_by_blob on document (blob_id) where blob_id is not null;

-- What a payload is a difference from is whole itself, so that one step leads to it.
create trigger blob_base_is_whole before insert on blob
when new.base_id is not null and (select base_id from blob where id = new.base_id) is not null
begin select raise(abort, 'a difference is from a whole payload'); end;
create trigger blob_base_stays_whole before update of base_id on blob
when new.base_id is not null and ((select base_id from blob where id = new.base_id) is not null
    or exists (select 1 from blob where base_id = new.id))
begin select raise(abort, 'a difference is from a whole payload'); end;
create trigger blob_is_immutable before update of id, sha256, size on blob
begin select raise(abort, 'payloads are never changed'); end;

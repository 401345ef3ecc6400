-- What a page needs to be shown: the requisites of captures, by manifests that equal captures share.

create table manifest (
    id integer primary key,
    sha256 blob not null unique,
    needs integer not null,
    has integer not null
) strict;

create table requisite (
    manifest_id integer not null references manifest (id),
    position integer not null,
    kind text not null check (kind in
        ('document', 'style', 'script', 'image', 'icon', 'font', 'frame', 'media', 'download', 'other')),
    exchange_id integer references exchange (id),
    url text,
    missing text,
    primary key (manifest_id, position),
    check ((exchange_id is null) = (missing is not null) and (exchange_id is null) = (url is not null))
) strict, without rowid;
create index requisite_by_exchange on requisite (exchange_id) where exchange_id is not null;
create trigger requisite_is_sealed before update on requisite
begin select raise(abort, 'captures are never changed'); end;
create trigger manifest_is_sealed before update on manifest
begin select raise(abort, 'captures are never changed'); end;

alter table capture add column manifest_id integer references manifest (id);

-- The exchanges that no visit made: those of requisites.
create index exchange_of_requisite on exchange (url, id) where visit_id is null;

create view requisites as
select c.id as capture_id, s.address as source, r.position, r.kind, coalesce(e.url, r.url) as url, e.status,
       strftime('%Y-%m-%dT%H:%M:%SZ', e.at / 1000, 'unixepoch') as at, b.size, b.sha256, r.missing
from capture c
join source s on s.id = c.source_id
join requisite r on r.manifest_id = c.manifest_id
left join exchange e on e.id = r.exchange_id
left join blob b on b.id = e.body_id;

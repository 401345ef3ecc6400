-- Copies that were pruned leave what the hash chain needs of them; and which are never to be pruned.

create table pruned_capture (
    capture_id integer primary key references capture (id),
    pruned_at integer not null,
    body_sha256 blob not null,
    exchanges_sha256 blob not null,
    manifest_sha256 blob
) strict;
create trigger pruned_capture_is_sealed before update on pruned_capture
begin select raise(abort, 'captures are never changed'); end;
create trigger pruned_capture_stays before delete on pruned_capture
begin select raise(abort, 'captures are never changed'); end;

create table hold (
    id integer primary key,
    source_id integer not null references source (id),
    capture_id integer references capture (id),
    made_at integer not null,
    note text
) strict;
create unique index hold_of on hold (source_id, coalesce(capture_id, 0));

-- The body of a capture may be gone; rows stay as they are.
pragma writable_schema = on;
update sqlite_schema set sql = replace(sql,
    'body_id integer not null references blob (id)', 'body_id integer references blob (id)')
where type = 'table' and name = 'capture';
pragma writable_schema = reset;

-- What a capture needs may be taken from it once the chain can do without; nothing else of it is ever changed.
drop trigger capture_is_sealed;
create trigger capture_is_sealed before update on capture
when not (new.body_id is null and new.manifest_id is null and old.body_id is not null
    and (new.id, new.source_id, new.visit_id, new.at, new.kind, new.url, new.media_type, new.title, new.size,
         new.served_sha256, new.served_sha1, new.truncated, new.sealed_at, new.chain)
        is (old.id, old.source_id, old.visit_id, old.at, old.kind, old.url, old.media_type, old.title, old.size,
            old.served_sha256, old.served_sha1, old.truncated, old.sealed_at, old.chain)
    and exists (select 1 from pruned_capture p where p.capture_id = old.id
        and p.body_sha256 = (select b.sha256 from blob b where b.id = old.body_id)
        and p.manifest_sha256 is (select m.sha256 from manifest m where m.id = old.manifest_id)))
begin select raise(abort, 'captures are never changed'); end;

create index capture_by_manifest on capture (manifest_id) where manifest_id is not null;

drop view captures;
create view captures as
select c.id, s.address as source, c.url, strftime('%Y-%m-%dT%H:%M:%SZ', c.at / 1000, 'unixepoch') as at, c.kind,
       c.media_type, c.title, c.size, coalesce(b.sha256, p.body_sha256) as sha256, length(b.data) as stored_size,
       strftime('%Y-%m-%dT%H:%M:%SZ', p.pruned_at / 1000, 'unixepoch') as pruned_at
from capture c
join source s on s.id = c.source_id
left join blob b on b.id = c.body_id
left join pruned_capture p on p.capture_id = c.id;

drop view sources;
create view sources as
select s.id, s.address, h.name as host, h.site, s.standing,
       strftime('%Y-%m-%dT%H:%M:%SZ', s.standing_since / 1000, 'unixepoch') as standing_since,
       s.verdict,
       strftime('%Y-%m-%dT%H:%M:%SZ', s.verdict_since / 1000, 'unixepoch') as verdict_since,
       o.status, coalesce(o.final_url, s.address) as final_url,
       strftime('%Y-%m-%dT%H:%M:%SZ', s.last_visit_at / 1000, 'unixepoch') as checked_at,
       strftime('%Y-%m-%dT%H:%M:%SZ', s.next_visit_at / 1000, 'unixepoch') as next_visit_at,
       (select count(*) from capture c where c.source_id = s.id and c.body_id is not null) as captures,
       (select count(*) from citation c where c.source_id = s.id and c.gone_at is null) as citations,
       m.mark, m.note
from source s
join host h on h.id = s.host_id
left join visit v on v.id = s.verdict_visit_id
left join outcome o on o.id = v.outcome_id
left join mark m on m.source_id = s.id;

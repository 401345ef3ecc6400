-- What people decide in a browser: what becomes of a citation whose source is broken, which copies are not shown, what is to be captured,
-- which inputs rest.

-- While it is set, the input is not read.
alter table input add column paused_at integer;

-- Sources whose copy somebody asked for: the next visit keeps one as if they had been named, and takes the row away.
create table wanted (
    source_id integer primary key references source (id),
    at integer not null,
    by text not null
) strict;

-- When the file was found sound by `verify` last: with all payloads unpacked and hashed, and without (`quick`).
create table verified (
    quick integer primary key check (quick in (0, 1)),
    at integer not null
) strict;

-- Sources of which no copy is shown any more: as if there were none (`hidden`), or for a reason of law (`blocked`).
create table takedown (
    source_id integer primary key references source (id),
    kind text not null check (kind in ('hidden', 'blocked')),
    note text,
    made_at integer not null,
    made_by text not null
) strict;

-- What is to become of a citation, as somebody decided.
create table decision (
    source_id integer not null references source (id),
    post_id integer not null references post (id),
    -- copy: the link is to lead to this copy; address: to this address; unlink: the words stay without a link; leave: as it is.
    action text not null check (action in ('copy', 'address', 'unlink', 'leave')),
    capture_id integer references capture (id),
    address text,
    note text,
    -- What was wrong with the source then. What is wrong with it in another way is to be decided again.
    work text not null check (work in ('dead', 'quote', 'drifted', 'moved')),
    verdict text,
    decided_at integer not null,
    decided_by text not null,
    primary key (source_id, post_id),
    check ((action = 'copy') = (capture_id is not null)),
    check ((action = 'address') = (address is not null))
) strict, without rowid;
create index decision_by_time on decision (decided_at, source_id, post_id);
create index decision_by_post on decision (post_id);

-- What is wrong with a source so that somebody has to decide what becomes of its citations; null where nothing is, or all is decided.
alter table listed add column work text;
create index listed_by_work on listed (work, since, source_id) where work is not null;
update listed set work = case
    when standing = 'dead' then 'dead'
    when exists (select 1 from quote q where q.source_id = listed.source_id and q.told is not null
        and (exists (select 1 from citation c where c.source_id = q.source_id and c.gone_at is null
                 and q.id in (c.quote_id, c.directives_id))
             or exists (select 1 from quote_by_hand h where h.quote_id = q.id and h.removed_at is null))) then 'quote'
    when verdict in ('drifted', 'moved') then verdict end
where exists (select 1 from citation c where c.source_id = listed.source_id and c.gone_at is null and not c.recorded_only);

create table tally_21 (
    what text not null check (what in ('all', 'host', 'year', 'work')),
    key integer not null,
    standing text not null,
    verdict text not null,
    many integer not null,
    primary key (what, key, standing, verdict)
) strict, without rowid;
insert into tally_21 select what, key, standing, verdict, many from tally;
insert into tally_21 select 'work', 0, work, '', count(*) from listed where work is not null group by work;
drop table tally;
alter table tally_21 rename to tally;
create index tally_by_standing on tally (what, standing, key);
create index tally_empty on tally (what, key, standing, verdict) where many = 0;

create trigger listed_decision_came after insert on decision begin
    insert into listed_due (source_id) values (new.source_id) on conflict (source_id) do nothing;
end;
create trigger listed_decision_changed after update of work on decision begin
    insert into listed_due (source_id) values (new.source_id) on conflict (source_id) do nothing;
end;
create trigger listed_decision_went after delete on decision begin
    insert into listed_due (source_id) values (old.source_id) on conflict (source_id) do nothing;
end;
create trigger listed_quote_told after update of told on quote when new.told is not old.told begin
    insert into listed_due (source_id) values (new.source_id) on conflict (source_id) do nothing;
end;
create trigger listed_citation_moved after update of post_id on citation when new.post_id is not old.post_id begin
    insert into listed_due (source_id) values (new.source_id) on conflict (source_id) do nothing;
end;

-- What was decided, as scripts read it.
create view decisions as
select s.address as url, p.address as post, d.action, d.address as new_url, d.capture_id as capture,
    strftime('%Y-%m-%dT%H:%M:%SZ', c.at / 1000, 'unixepoch') as capture_at,
    d.note, d.work, d.verdict, strftime('%Y-%m-%dT%H:%M:%SZ', d.decided_at / 1000, 'unixepoch') as decided_at,
    d.decided_by,
    exists (select 1 from citation i where i.source_id = d.source_id and i.post_id = d.post_id and i.gone_at is null) as is_cited
from decision d
join source s on s.id = d.source_id
join post p on p.id = d.post_id
left join capture c on c.id = d.capture_id;

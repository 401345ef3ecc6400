-- Lists of a million sources, a page at a time, and counts that nobody has to count: what is listed of each source, kept as it changes.

-- Every source that is cited, or named by a user and cited by no post ever; without those that are to be ignored.
create table listed (
    source_id integer primary key references source (id),
    host_id integer not null,
    standing text not null,
    verdict text,
    -- The later of the two instants at which they changed.
    since integer not null,
    -- The year in which it was cited first; 0 where that is unknown.
    year integer not null
) strict;
create index listed_by_since on listed (since, source_id);
create index listed_by_standing on listed (standing, since, source_id);
create index listed_by_verdict on listed (verdict, since, source_id);
create index source_by_host on source (host_id, address);

-- How many of them there are: of each standing and verdict (`all`, with no key), by host, and by year.
create table tally (
    what text not null check (what in ('all', 'host', 'year')),
    key integer not null,
    standing text not null,
    verdict text not null,
    many integer not null,
    primary key (what, key, standing, verdict)
) strict, without rowid;
create index tally_by_standing on tally (what, standing, key);
create index tally_empty on tally (what, key, standing, verdict) where many = 0;

-- How many sources were of each standing at the end of a day's last run.
create table standing_day (
    day integer not null,
    standing text not null,
    many integer not null,
    primary key (day, standing)
) strict, without rowid;

-- Sources of which something may have changed in this transaction; before it ends, their rows are made anew.
create table listed_due (source_id integer primary key) strict;

create trigger listed_source_came after insert on source begin
    insert into listed_due (source_id) values (new.id) on conflict (source_id) do nothing;
end;
create trigger listed_source_changed after update of standing, standing_since, verdict, verdict_since, cited_since, host_id on source
when (new.standing, new.standing_since, new.verdict, new.verdict_since, new.cited_since, new.host_id)
    is not (old.standing, old.standing_since, old.verdict, old.verdict_since, old.cited_since, old.host_id) begin
    insert into listed_due (source_id) values (new.id) on conflict (source_id) do nothing;
end;
create trigger listed_citation_came after insert on citation begin
    insert into listed_due (source_id) values (new.source_id) on conflict (source_id) do nothing;
end;
create trigger listed_citation_changed after update of source_id, gone_at, recorded_only on citation
when (new.source_id, new.gone_at is null, new.recorded_only) is not (old.source_id, old.gone_at is null, old.recorded_only) begin
    insert into listed_due (source_id) values (old.source_id), (new.source_id) on conflict (source_id) do nothing;
end;
create trigger listed_mark_came after insert on mark begin
    insert into listed_due (source_id) values (new.source_id) on conflict (source_id) do nothing;
end;
create trigger listed_mark_changed after update of mark on mark begin
    insert into listed_due (source_id) values (new.source_id) on conflict (source_id) do nothing;
end;
create trigger listed_mark_went after delete on mark begin
    insert into listed_due (source_id) values (old.source_id) on conflict (source_id) do nothing;
end;

insert into listed (source_id, host_id, standing, verdict, since, year)
select s.id, s.host_id, case m.mark when 'alive' then 'alive' when 'dead' then 'dead' else s.standing end,
    case m.mark when 'alive' then 'alive'
    when 'dead' then iif(s.verdict in ('alive', 'moved', 'drifted'), null, s.verdict) else s.verdict end,
    max(s.standing_since, coalesce(s.verdict_since, 0)),
    coalesce(cast(strftime('%Y', s.cited_since / 1000, 'unixepoch') as integer), 0)
from source s left join mark m on m.source_id = s.id
where m.mark is not 'ignore'
  and (exists (select 1 from citation w where w.source_id = s.id and w.gone_at is null and not w.recorded_only)
       or not exists (select 1 from citation w where w.source_id = s.id));

insert into tally (what, key, standing, verdict, many)
select 'all', 0, standing, coalesce(verdict, ''), count(*) from listed group by 3, 4
union all select 'host', host_id, standing, coalesce(verdict, ''), count(*) from listed group by 2, 3, 4
union all select 'year', year, standing, '', count(*) from listed group by 2, 3;

-- Parts of the index of words are merged when there are many: each merge writes all of their words once more, and a question asks some
-- dozens of parts within a millisecond.
insert or replace into search_index_config (k, v) values ('automerge', 64), ('crisismerge', 96);

-- Failures count only once their run has ended and can be trusted; marks made by hand; reports that were read.

alter table source add column second_look_due integer not null default 0 check (second_look_due in (0, 1));
-- The visit whose verdict stands. A failure that does not count leaves it at an earlier one.
alter table source add column verdict_visit_id integer;
update source set verdict_visit_id = last_visit_id;
alter table source add column newest_post_at integer;
alter table source add column interval_days integer;

alter table run add column first_visit_id integer;
alter table run add column doubt text;
alter table run add column walked_to integer;
alter table run add column clock text check (clock in ('behind', 'ahead', 'wrong'));

alter table input add column backlog_told_at integer;

-- Visits that were not fine, until their run has ended.
create table unsettled (
    visit_id integer primary key references visit (id),
    run_id integer not null references run (id),
    source_id integer not null references source (id),
    at integer not null,
    code text not null,
    hard integer not null check (hard in (0, 1)),
    second_look integer not null check (second_look in (0, 1)),
    had_answered integer not null check (had_answered in (0, 1)),
    not_before integer not null
) strict;

create table mark (
    source_id integer primary key references source (id),
    mark text not null check (mark in ('alive', 'dead', 'ignore')),
    made_at integer not null,
    until integer,
    note text,
    verdict text
) strict;

create table report (
    id integer primary key,
    at integer not null,
    run_id integer references run (id)
) strict;

drop view sources;
create view sources as
select s.id, s.address, h.name as host, h.site, s.standing,
       strftime('%Y-%m-%dT%H:%M:%SZ', s.standing_since / 1000, 'unixepoch') as standing_since,
       s.verdict,
       strftime('%Y-%m-%dT%H:%M:%SZ', s.verdict_since / 1000, 'unixepoch') as verdict_since,
       o.status, coalesce(o.final_url, s.address) as final_url,
       strftime('%Y-%m-%dT%H:%M:%SZ', s.last_visit_at / 1000, 'unixepoch') as checked_at,
       strftime('%Y-%m-%dT%H:%M:%SZ', s.next_visit_at / 1000, 'unixepoch') as next_visit_at,
       (select count(*) from capture c where c.source_id = s.id) as captures,
       (select count(*) from citation c where c.source_id = s.id and c.gone_at is null) as citations,
       m.mark, m.note
from source s
join host h on h.id = s.host_id
left join visit v on v.id = s.verdict_visit_id
left join outcome o on o.id = v.outcome_id
left join mark m on m.source_id = s.id;

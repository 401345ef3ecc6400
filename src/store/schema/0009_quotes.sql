-- What posts quote from sources, where that stands, and how far sources have drifted from what was cited.

create table quote (
    id integer primary key,
    source_id integer not null references source (id),
    sha256 blob not null,
    words text not null,
    directives text,
    tied_at integer not null,
    looked_at integer,
    told text check (told in ('altered', 'missing')),
    unique (source_id, sha256)
) strict;
create index quote_not_looked_for on quote (source_id) where looked_at is null;

create table quote_by_hand (
    quote_id integer primary key references quote (id),
    added_at integer not null,
    added_by text,
    note text,
    removed_at integer
) strict;

-- Stored only where something changed: it holds until the next one of the quote.
create table quote_result (
    id integer primary key,
    quote_id integer not null references quote (id),
    at integer not null,
    visit_id integer references visit (id),
    capture_id integer references capture (id),
    state text not null check (state in ('verbatim', 'altered', 'missing')),
    place text check (place in ('main', 'whole')),
    differences text not null default '[]',
    version integer not null
) strict;
create index quote_result_by_quote on quote_result (quote_id, at);

create table fragment (
    source_id integer not null references source (id),
    name text not null,
    state text not null check (state in ('present', 'missing')),
    since integer not null,
    visit_id integer references visit (id),
    was_present integer not null default 0 check (was_present in (0, 1)),
    primary key (source_id, name)
) strict, without rowid;

-- Stored only where something changed: it holds until the next one of the source.
create table drift (
    visit_id integer primary key references visit (id),
    source_id integer not null references source (id),
    capture_id integer not null references capture (id),
    level text check (level in ('same', 'touched', 'drifted', 'replaced')),
    kept real,
    detail text not null,
    version integer not null
) strict;
create index drift_by_source on drift (source_id, visit_id);

-- What was seen once, and is told when it was seen twice. Of the page as a whole, the quote is 0.
create table untold (
    source_id integer not null references source (id),
    quote_id integer not null default 0,
    says text not null,
    verdict text,
    first_visit_id integer,
    first_run_id integer,
    second_visit_id integer,
    second_run_id integer,
    primary key (source_id, quote_id)
) strict, without rowid;

alter table citation add column quote_id integer references quote (id);
alter table citation add column directives_id integer references quote (id);

insert into quote (source_id, sha256, words, directives, tied_at)
select source_id, sha256(':~:' || substr(url, instr(url, ':~:') + 3)), quote, substr(url, instr(url, ':~:') + 3),
       min(first_seen_at)
from citation where quote is not null and quote_tie = 'declared' and instr(url, ':~:text=') > 0
group by source_id, substr(url, instr(url, ':~:') + 3);
update citation set directives_id = (
    select q.id from quote q where q.source_id = citation.source_id
        and q.sha256 = sha256(':~:' || substr(citation.url, instr(citation.url, ':~:') + 3)))
where quote is not null and quote_tie = 'declared' and instr(url, ':~:text=') > 0;

insert into quote (source_id, sha256, words, tied_at)
select source_id, sha256(quote), quote, min(first_seen_at)
from citation where quote is not null and directives_id is null group by source_id, quote;
update citation set quote_id = (
    select q.id from quote q where q.source_id = citation.source_id and q.sha256 = sha256(citation.quote))
where quote is not null and directives_id is null;

-- What each quote is now. One that no citation and nobody by hand ties to its source any more is kept, and not looked
-- for.
create view quotes as
select q.id, s.address as source, q.words,
       case when r.id is null then 'unknown'
            when r.state = 'missing'
                and not exists (select 1 from quote_result f where f.quote_id = q.id and f.state <> 'missing')
                and s.baseline_id is null then 'never-seen'
            else r.state end as state,
       r.place, r.differences,
       strftime('%Y-%m-%dT%H:%M:%SZ', r.at / 1000, 'unixepoch') as since,
       h.quote_id is not null as by_hand,
       h.quote_id is not null or exists (select 1 from citation c where c.source_id = q.source_id
           and c.gone_at is null and q.id in (c.quote_id, c.directives_id)) as tied
from quote q
join source s on s.id = q.source_id
left join quote_by_hand h on h.quote_id = q.id and h.removed_at is null
left join quote_result r on r.id = (
    select n.id from quote_result n where n.quote_id = q.id order by n.at desc, n.id desc limit 1);

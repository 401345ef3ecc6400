-- What visits say at length stands apart from their rows: facts, evidence, what drift found, and headers. There it is text, until it is
-- packed (`visit_packed`, `exchange_packed`).

create table visit_text (
    visit_id integer primary key references visit (id),
    facts text,
    evidence text,
    drift text
) strict;
create table exchange_text (
    exchange_id integer primary key references exchange (id) on delete cascade,
    response_headers text not null
) strict;
create table visit_packed (
    visit_id integer primary key references visit (id),
    data blob not null
) strict;
create table exchange_packed (
    exchange_id integer primary key references exchange (id) on delete cascade,
    data blob not null
) strict;

-- The visit that saw it first, with whose texts the facts are.
alter table outcome add column text_of integer;
drop trigger outcome_is_immutable;
update outcome set text_of = (select s.id from (select outcome_id, min(id) as id from visit group by outcome_id) s
    where s.outcome_id = outcome.id);
insert into visit_text (visit_id, facts, evidence, drift)
select v.id, o.facts, j.evidence, d.detail
from visit v
left join outcome o on o.text_of = v.id and o.id = v.outcome_id
left join verdict j on j.visit_id = v.id
left join drift d on d.visit_id = v.id
where o.id is not null or j.visit_id is not null or d.visit_id is not null;
insert into exchange_text (exchange_id, response_headers) select id, response_headers from exchange;

-- In rows of an ordinary table they take a third less: one without row ids keeps most of each on a page of its own.
alter table features rename to features_before;
create table features (
    outcome_id integer not null references outcome (id),
    version integer not null,
    title text,
    canonical text,
    language text,
    text_chars integer not null,
    detail text not null default '{}',
    unique (outcome_id, version)
) strict;
insert into features select * from features_before order by outcome_id, version;
drop table features_before;

drop view visits;
alter table outcome drop column facts;
alter table verdict drop column evidence;
alter table drift drop column detail;
alter table exchange drop column response_headers;

create trigger outcome_is_immutable
before update of sha256, status, failure, final_url, media_type, body_sha256, text_of on outcome
begin select raise(abort, 'facts are never changed'); end;
create trigger facts_are_immutable before update of facts on visit_text
when old.facts is not null and new.facts is not old.facts
begin select raise(abort, 'facts are never changed'); end;
create trigger facts_stay before delete on visit_text
when old.facts is not null and not exists (select 1 from visit_packed p where p.visit_id = old.visit_id)
begin select raise(abort, 'facts are never removed'); end;
create trigger packed_facts_stay before delete on visit_packed
when exists (select 1 from outcome o where o.id = (select v.outcome_id from visit v where v.id = old.visit_id)
        and o.text_of = old.visit_id)
    and (select t.facts from visit_text t where t.visit_id = old.visit_id) is null
begin select raise(abort, 'facts are never removed'); end;

create view visits as
select v.id, s.address as source, strftime('%Y-%m-%dT%H:%M:%SZ', v.at / 1000, 'unixepoch') as at,
       coalesce(j.code, b.code) as verdict, case when v.not_modified then 304 else o.status end as status,
       o.failure, coalesce(o.final_url, s.address) as final_url, v.confirms, v.elapsed_ms,
       (select t.evidence from visit_text t where t.visit_id = coalesce(j.visit_id, b.visit_id)) as evidence, v.run_id
from visit v
join source s on s.id = v.source_id
join outcome o on o.id = v.outcome_id
left join verdict j on j.visit_id = v.id
left join verdict b on b.visit_id = v.confirms;

create view verdicts as
select j.visit_id, s.address as source, strftime('%Y-%m-%dT%H:%M:%SZ', v.at / 1000, 'unixepoch') as at, j.code, t.evidence,
       j.judge_version, strftime('%Y-%m-%dT%H:%M:%SZ', j.judged_at / 1000, 'unixepoch') as judged_at
from verdict j
join visit v on v.id = j.visit_id
join source s on s.id = v.source_id
left join visit_text t on t.visit_id = j.visit_id;

create view outcomes as
select o.id, o.status, o.failure, o.final_url, o.media_type, lower(hex(o.body_sha256)) as body_sha256, t.facts
from outcome o
left join visit_text t on t.visit_id = o.text_of;

create view exchanges as
select e.id, e.visit_id, e.hop, e.method, e.url, strftime('%Y-%m-%dT%H:%M:%SZ', e.at / 1000, 'unixepoch') as at,
       p.address as peer, e.protocol, r.headers as request_headers, e.status, t.response_headers,
       lower(hex(b.sha256)) as body_sha256, e.truncated
from exchange e
join request_headers r on r.id = e.request_headers_id
left join peer p on p.id = e.peer_id
left join blob b on b.id = e.body_id
left join exchange_text t on t.exchange_id = e.id;

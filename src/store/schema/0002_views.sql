-- Views for the common questions, with instants as ISO 8601 text, for `sqlite3` and Datasette.

create view sources as
select s.id, s.address, h.name as host, h.site, s.standing,
       strftime('%Y-%m-%dT%H:%M:%SZ', s.standing_since / 1000, 'unixepoch') as standing_since,
       s.verdict,
       strftime('%Y-%m-%dT%H:%M:%SZ', s.verdict_since / 1000, 'unixepoch') as verdict_since,
       o.status, coalesce(o.final_url, s.address) as final_url,
       strftime('%Y-%m-%dT%H:%M:%SZ', v.at / 1000, 'unixepoch') as checked_at,
       strftime('%Y-%m-%dT%H:%M:%SZ', s.next_visit_at / 1000, 'unixepoch') as next_visit_at,
       (select count(*) from capture c where c.source_id = s.id) as captures,
       (select count(*) from citation c where c.source_id = s.id and c.gone_at is null) as citations
from source s
join host h on h.id = s.host_id
left join visit v on v.id = s.last_visit_id
left join outcome o on o.id = v.outcome_id;

create view citations as
select c.id, p.address as post, p.title as post_title, s.address as source, c.url, c.kind, c.place, c.text, c.context,
       c.quote, c.rel, c.line, s.standing, s.verdict,
       strftime('%Y-%m-%dT%H:%M:%SZ', c.first_seen_at / 1000, 'unixepoch') as first_seen_at,
       strftime('%Y-%m-%dT%H:%M:%SZ', c.gone_at / 1000, 'unixepoch') as gone_at
from citation c
join post p on p.id = c.post_id
join source s on s.id = c.source_id;

create view visits as
select v.id, s.address as source, strftime('%Y-%m-%dT%H:%M:%SZ', v.at / 1000, 'unixepoch') as at,
       coalesce(j.code, b.code) as verdict, case when v.not_modified then 304 else o.status end as status,
       o.failure, coalesce(o.final_url, s.address) as final_url, v.confirms, v.elapsed_ms,
       coalesce(j.evidence, b.evidence) as evidence, v.run_id
from visit v
join source s on s.id = v.source_id
join outcome o on o.id = v.outcome_id
left join verdict j on j.visit_id = v.id
left join verdict b on b.visit_id = v.confirms;

create view captures as
select c.id, s.address as source, c.url, strftime('%Y-%m-%dT%H:%M:%SZ', c.at / 1000, 'unixepoch') as at, c.kind,
       c.media_type, c.title, c.size, b.sha256, length(b.data) as stored_size
from capture c
join source s on s.id = c.source_id
join blob b on b.id = c.body_id;

create view broken as
select s.address as source, s.standing, s.verdict, p.address as post, c.text, c.line
from source s
join citation c on c.source_id = s.id and c.gone_at is null
join post p on p.id = c.post_id
where s.standing in ('failing', 'dead') or s.verdict in ('not-found', 'gone', 'soft-404', 'parked', 'dns-failure');

create view redirect_sinks as
select o.final_url, count(distinct v.source_id) as sources
from outcome o
join visit v on v.outcome_id = o.id
where o.final_url is not null
group by o.final_url
having count(distinct v.source_id) > 1;

-- Copies that were made by hand: by whom, of what, and how it is known when. And which copy stands for what was cited.

create table capture_by_hand (
    capture_id integer primary key references capture (id),
    made_by text not null,
    file text not null,
    dated_by text not null check (dated_by in ('said', 'page', 'file', 'now')),
    named_url text,
    note text,
    after_visit_id integer not null
) strict;
create trigger capture_by_hand_is_sealed before update on capture_by_hand
begin select raise(abort, 'captures are never changed'); end;

-- A source's baseline is from here on the copy that stands for what was cited, and no other: the one nearest to the
-- citation, within 30 days of it. A copy that visits confirmed stands until the last of them.
update source set baseline_id = (
    select id from (
        select c.id, c.visit_id is null as by_hand,
               case when source.cited_since is null then 0
                    when c.at >= source.cited_since then c.at - source.cited_since
                    else max(0, source.cited_since - max(c.at, coalesce((
                        select max(w.at) from visit w where w.source_id = c.source_id
                            and w.confirms = coalesce(v.confirms, v.id)), c.at))) end as distance
        from capture c
        left join visit v on v.id = c.visit_id
        left join verdict j on j.visit_id = coalesce(v.confirms, v.id)
        where c.source_id = source.id
            and iif(c.visit_id is null, coalesce(c.media_type, '') not like 'image/%',
                    j.code in ('alive', 'moved', 'drifted')))
    where distance <= 2592000000 order by by_hand, distance, id limit 1)
where last_capture_id is not null;

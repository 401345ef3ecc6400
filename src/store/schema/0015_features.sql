-- Features of a body that a copy holds are drawn again from it when they are asked for. Kept are those of what others are
-- compared with (the baseline, the first copy that a visit left), and of PDFs, which take long to read.
delete from features
where detail ->> '$.kind' is not 'pdf'
    and outcome_id in (
        select o.id from outcome o join blob b on b.sha256 = o.body_sha256 join capture c on c.body_id = b.id)
    and outcome_id not in (
        select v.outcome_id from source s join capture c on c.source_id = s.id join visit v on v.id = c.visit_id
        where c.id = s.baseline_id
            or c.id = (select min(n.id) from capture n where n.source_id = s.id and n.visit_id is not null));

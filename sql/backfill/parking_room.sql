-- Refusals of a single text, and what the toolkit itself sets aside, are no sign of an outage. A row that failed before and was retried is not counted again.
CREATE OR REPLACE FUNCTION reembed.parking_room(p_target text) RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT greatest(0, l.most - (
           SELECT count(*) FROM reembed.failed_row AS f
            WHERE f.target = p_target AND f.attempts = 1 AND f.class <> ALL (reembed.definite_failures())
              AND f.failed_at > greatest(now() - interval '10 minutes',
                                         (SELECT max(e.at) FROM reembed.event AS e WHERE e.target = p_target AND e.kind = 'paused' AND e.to_value = 'false'))))
    FROM (SELECT greatest(20, sum(b.rows) / 100)
                 -- Rows that violate a constraint were announced, and accepted by name.
                 + coalesce((SELECT max((a.evidence ->> 'rows')::bigint) FROM reembed.acceptance AS a JOIN reembed.campaign AS c ON c.name = a.campaign
                              WHERE c.target = p_target AND a.code = 'violated-constraints'), 0) AS most
            FROM reembed.batch AS b JOIN reembed.campaign AS m ON m.name = b.campaign WHERE m.target = p_target) AS l
$$;
COMMENT ON FUNCTION reembed.parking_room IS 'How many more rows of a target may be recorded in failed_row now: 20, or 1 % of its rows if that is more, besides those accepted by name, in ten minutes or since it was last resumed.';

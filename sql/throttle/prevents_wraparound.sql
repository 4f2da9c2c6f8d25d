-- By the age that makes autovacuum start one, because no view says why a vacuum runs.
CREATE OR REPLACE FUNCTION reembed.prevents_wraparound(p_relation regclass) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT age(c.relfrozenxid) > least(current_setting('autovacuum_freeze_max_age')::integer, o.freeze_max_age)
      OR mxid_age(c.relminmxid) > least(current_setting('autovacuum_multixact_freeze_max_age')::integer, o.multixact_freeze_max_age)
    FROM pg_class AS c
   CROSS JOIN LATERAL (SELECT max(r.option_value::integer) FILTER (WHERE r.option_name = 'autovacuum_freeze_max_age') AS freeze_max_age,
                              max(r.option_value::integer) FILTER (WHERE r.option_name = 'autovacuum_multixact_freeze_max_age') AS multixact_freeze_max_age
                         FROM pg_options_to_table(c.reloptions) AS r
                        WHERE r.option_name IN ('autovacuum_freeze_max_age', 'autovacuum_multixact_freeze_max_age')) AS o
   WHERE c.oid = p_relation;
$$;
COMMENT ON FUNCTION reembed.prevents_wraparound IS 'Whether a vacuum of the table is an anti-wraparound one: the table is older than autovacuum_freeze_max_age.';

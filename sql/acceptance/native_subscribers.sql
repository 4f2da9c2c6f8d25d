-- A slot names no table, so every native subscriber of the database is taken to read every publication. Debezium reads pgoutput too, but adapts
-- to new tables and columns.
CREATE OR REPLACE FUNCTION reembed.native_subscribers() RETURNS SETOF text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT s.slot_name::text
    FROM pg_replication_slots AS s LEFT JOIN pg_stat_replication AS r ON r.pid = s.active_pid
   WHERE s.plugin = 'pgoutput' AND s.database = current_database() AND NOT s.temporary AND NOT starts_with(lower(coalesce(r.application_name, '')), 'debezium')
   ORDER BY 1
$$;
COMMENT ON FUNCTION reembed.native_subscribers IS 'Replication slots of subscriptions: PostgreSQL servers that stop at the first row with a column, or of a table, that they lack.';

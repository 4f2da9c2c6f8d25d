// The queue: pg-boss's own schema, made here so that workers need no right to create anything.
import { readFileSync } from 'node:fs';

const schema = readFileSync(new URL('./pg-boss-43.sql', import.meta.url), 'utf8');

/** @param {import('node-pg-migrate').MigrationBuilder} pgm */
export const up = (pgm) => {
  pgm.sql(`SET LOCAL lock_timeout = '500ms';`);
  pgm.sql(schema);
  pgm.sql(`
COMMENT ON SCHEMA reembed_queue IS 'Queue of pg-reembed, managed by pg-boss. Jobs may expire: only the ledger reembed.batch and the change logs are authoritative.';

-- Of jobs that failed a thousand times. The queues of a target are created with it: reembed.make_queues().
SELECT reembed_queue.create_queue('reembed-dead', '{"policy": "standard", "retentionSeconds": 31536000}');
-- Provider batches to cancel.
SELECT reembed_queue.create_queue('reembed-abandoned', '{"policy": "exclusive", "retryLimit": 1000, "retryDelay": 2, "retryBackoff": true, "retryDelayMax": 60, "expireInSeconds": 14400, "retentionSeconds": 31536000, "deleteAfterSeconds": 3600, "heartbeatSeconds": 10, "deadLetter": "reembed-dead"}');
-- The queue that pg-boss creates for its schedules.
SELECT reembed_queue.create_queue('__pgboss__send-it', '{"policy": "standard"}');
-- pg-boss requests this queue at each start. A worker may not create queues, so the call must succeed when the queue exists.
ALTER FUNCTION reembed_queue.create_queue(text, jsonb) RENAME TO make_queue;
CREATE FUNCTION reembed_queue.create_queue(queue_name text, options jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $create$
BEGIN
  IF NOT EXISTS (SELECT FROM reembed_queue.queue AS q WHERE q.name = queue_name) THEN
    PERFORM reembed_queue.make_queue(queue_name, options);
  END IF;
END
$create$;
-- Workers need only these two functions; the others create and drop tables. Their search_path is fixed, so that objects of the caller's session are never
-- called.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reembed_queue FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reembed_queue.create_queue(text, jsonb), reembed_queue.job_now() TO PUBLIC;
ALTER FUNCTION reembed_queue.make_queue(text, jsonb) SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION reembed_queue.delete_queue(text) SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION reembed_queue.job_table_format(text, text) SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION reembed_queue.job_table_run(text, text, text) SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION reembed_queue.job_table_run_async(text, integer, text, text, text) SET search_path = pg_catalog, pg_temp;
-- pg-boss inserts the name into its statements as plain text.
ALTER TABLE reembed_queue.queue ADD CONSTRAINT table_name_is_plain CHECK (table_name ~ '^[a-z0-9_]{1,63}$');
`);
};

/** @param {import('node-pg-migrate').MigrationBuilder} pgm */
export const down = (pgm) => {
  // CASCADE is safe here and only here: everything in this schema is pg-boss's own.
  pgm.sql(`
SET LOCAL lock_timeout = '500ms';
SET LOCAL client_min_messages = warning;
DROP SCHEMA reembed_queue CASCADE;
`);
};

-- A role that can run `npm run worker`, `status` and `validate` and nothing else: it owns nothing and creates nothing.
-- Run it as the owner of the table, after the first `npm run migrate up`, with the names of your own role and table:
--   psql -v role=reembed_worker -v table=public.documents -f docs/worker-role.sql
GRANT USAGE ON SCHEMA reembed, reembed_queue TO :role;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA reembed, reembed_queue TO :role;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA reembed TO :role;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA reembed, reembed_queue TO :role;
GRANT SELECT, UPDATE ON :table TO :role;

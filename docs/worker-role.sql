-- A role for `npm run worker` and `status`: it owns nothing, creates nothing, cannot switch, and has no right on any table of yours.
-- The watch, which it runs, can only move readers away from a model about which alerts are open.
-- Run it as the owner of schema reembed, after the first `npm run migrate up`, with the name of your own role:
--   psql -v role=reembed_worker -f docs/worker-role.sql
SELECT reembed.grant_worker(:'role');

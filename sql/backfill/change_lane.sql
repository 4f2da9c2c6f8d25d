-- Four lanes, so that several workers and requests serve the changes of one table concurrently. A lane takes ranges of the log: repeated changes of one row
-- mostly fall into one lane, and a lane reads its part by the index.
CREATE OR REPLACE FUNCTION reembed.change_lane(p_seq bigint) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ((p_seq >> 8) & 3)::integer;
COMMENT ON FUNCTION reembed.change_lane IS 'Which catch-up job of a target, 0 to 3, serves a change.';

-- Four, so that several workers, and several requests, serve the changes of one table at the same time. By stretches of the log:
-- changes of a row that is written again and again mostly come to one lane, and a lane reads its part by the index.
CREATE OR REPLACE FUNCTION reembed.change_lane(p_seq bigint) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ((p_seq >> 8) & 3)::integer;
COMMENT ON FUNCTION reembed.change_lane IS 'Which of the catch-up jobs of a target serves a change, 0 to 3.';

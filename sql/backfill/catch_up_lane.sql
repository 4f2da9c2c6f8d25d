-- Four, so that several workers, and several requests, serve the changed rows of one table at the same time.
CREATE OR REPLACE FUNCTION reembed.catch_up_lane(p_key jsonb) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN hashtext(p_key::text) & 3;
COMMENT ON FUNCTION reembed.catch_up_lane IS 'Which of the catch-up jobs of a target serves a changed row, 0 to 3.';

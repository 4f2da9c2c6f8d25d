-- A row that its table refuses ends the command: no other vector may stay in its place. The live view reads the side table meanwhile.
CREATE OR REPLACE FUNCTION reembed.move_some(p_name text, p_rows integer) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t reembed.target;
  v_rows integer := p_rows;
  v_served bigint;
  v_refused jsonb[];
  v_key jsonb;
BEGIN
  SELECT g.* INTO STRICT t FROM reembed.campaign AS m JOIN reembed.target AS g ON g.name = m.target WHERE m.name = p_name;
  LOOP
    BEGIN
      -- Otherwise a deferred constraint would fail at the commit.
      SET CONSTRAINTS ALL IMMEDIATE;
      EXECUTE reembed.render('SELECT * FROM reembed.move_logged_{suffix}($1)', to_jsonb(t)) INTO v_served, v_refused USING v_rows;
      EXIT;
    EXCEPTION WHEN OTHERS OR assert_failure THEN
      IF NOT reembed.refuses_row(SQLSTATE) THEN
        RAISE;
      ELSIF v_rows > 1 THEN
        v_rows := v_rows / 2;
      ELSE
        EXECUTE reembed.render('SELECT reembed.next_logged_{suffix}()', to_jsonb(t)) INTO v_key;
        RAISE EXCEPTION '% refuses the vector of row %: SQLSTATE %, %', t.relation, left(v_key::text, 200), SQLSTATE, left(SQLERRM, 200)
          USING ERRCODE = 'RE001', HINT = 'Change the row, the constraint or the trigger, then run the command again; it continues where it stopped.';
      END IF;
    END;
  END LOOP;
  IF cardinality(v_refused) > 0 THEN
    RAISE EXCEPTION 'a trigger of % suppresses the update of row %', t.relation, left(v_refused[1]::text, 200)
      USING ERRCODE = 'RE001', HINT = 'Change the trigger, then run the command again; it continues where it stopped.';
  END IF;
  RETURN v_served;
END;
$$;
COMMENT ON FUNCTION reembed.move_some IS 'Moves the vectors of about p_rows logged rows of a part; returns how many entries of the log were served.';

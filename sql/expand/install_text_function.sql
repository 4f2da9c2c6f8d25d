-- An expression of the user's may fail on some row. Neither the application's write nor the other rows of a batch must fail
-- with it, so it is called through a function whose answer then begins with a character that no text does.
CREATE OR REPLACE FUNCTION reembed.install_text_function(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $install$
DECLARE
  t reembed.target;
  v_name name := 'text_' || reembed.capture_suffix(p_target);
  v_uses record;
  v_parameters text;
  v_source text;
  v_old regprocedure;
  v_function regprocedure;
  v_grantee oid;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  IF cardinality(t.text_columns) > 0 THEN
    SELECT t.text_columns AS columns, false AS reads_whole_row INTO v_uses;
  ELSE
    SELECT * INTO v_uses FROM reembed.expression_columns(t.relation, t.text_sql);
  END IF;
  IF v_uses.reads_whole_row THEN
    v_parameters := format('p_row %s', t.relation);
    v_source := 'SELECT $1.*';
  ELSE
    SELECT coalesce(string_agg(format('%I %s', a.attname, format_type(a.atttypid, NULL)), ', ' ORDER BY k.position), ''),
           'SELECT ' || coalesce(string_agg(format('$%s AS %I', k.position, a.attname), ', ' ORDER BY k.position), '')
      INTO v_parameters, v_source
      FROM unnest(v_uses.columns) WITH ORDINALITY AS k(name, position)
      JOIN pg_attribute AS a ON a.attrelid = t.relation AND a.attname = k.name;
  END IF;

  EXECUTE format($body$
    CREATE OR REPLACE FUNCTION reembed.%1$I(%2$s) RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $f$
    #variable_conflict use_column
    BEGIN
      RETURN (SELECT (%3$s)::text FROM (%4$s) AS t);
    EXCEPTION WHEN OTHERS THEN
      -- Quoted in a message stands what the row holds.
      RETURN E'\x01' || SQLSTATE || regexp_replace(SQLERRM, '"[^"]*"', '"…"', 'g');
    END $f$
  $body$, v_name, v_parameters, t.text_sql, v_source);
  SELECT p.oid INTO STRICT v_function FROM pg_proc AS p
   WHERE p.pronamespace = 'reembed'::regnamespace AND p.proname = v_name ORDER BY p.oid DESC LIMIT 1;
  FOR v_old IN SELECT p.oid FROM pg_proc AS p WHERE p.pronamespace = 'reembed'::regnamespace AND p.proname = v_name AND p.oid <> v_function LOOP
    EXECUTE format('DROP FUNCTION %s', v_old);
  END LOOP;
  EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_function);
  -- Who may read batches reads them through it.
  FOR v_grantee IN
    SELECT g.grantee FROM pg_proc AS p, aclexplode(p.proacl) AS g
     WHERE p.pronamespace = 'reembed'::regnamespace AND p.proname = 'read_batch' AND g.grantee NOT IN (0, p.proowner)
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', v_function, pg_get_userbyid(v_grantee));
  END LOOP;
  EXECUTE format('COMMENT ON FUNCTION %s IS %L', v_function, format('The text of a row of %s, from the columns it is made of.', t.name));
END;
$install$;
COMMENT ON FUNCTION reembed.install_text_function IS 'Makes the function that gives the text of a target''s rows where an expression of the user''s does.';

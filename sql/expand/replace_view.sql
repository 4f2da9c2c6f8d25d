-- Rules learned by measurement: no CASE and no UNION (the vector index would be lost); the vector without its dimensions
-- (else the view could not be replaced by another model's); every option restated (else security_invoker is cleared). A
-- side table is joined to the inside: an outer join would have to show rows without a vector, and lose the index for them.
CREATE OR REPLACE FUNCTION reembed.replace_view(p_target text, p_view name, p_model text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  t reembed.target;
  v_schema name;
  v_view regclass;
  v_options text := 'security_invoker=true';
  v reembed.vector_column;
  v_element text;
  v_old_element oid;
  v_grants text[];
  v_statement text;
  v_columns text;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  SELECT n.nspname INTO v_schema FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = t.relation;
  SELECT c.* INTO STRICT v FROM reembed.vector_column AS c WHERE c.target = t.name AND c.model = p_model;
  SELECT format('%I.%I', n.nspname, y.typname) INTO STRICT v_element
    FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = a.atttypid JOIN pg_namespace AS n ON n.oid = y.typnamespace
   WHERE a.attrelid = v.relation AND a.attname = v.column_name;
  v_view := to_regclass(format('%I.%I', v_schema, p_view));

  SELECT string_agg(CASE
             WHEN c.name = t.column_name THEN format('%s.%I::%s AS %I', CASE WHEN v.is_side_table THEN 'side' ELSE 't' END, v.column_name, v_element, t.column_name)
             WHEN c.name = t.live_model_column THEN format('%L::text AS %I', p_model, t.live_model_column)
             ELSE format('t.%I', c.name) END, ', ' ORDER BY c.in_view, c.position)
    INTO v_columns
    FROM (
      -- A view can only grow at its end: first the columns it has, then those the table gained since.
      SELECT a.attname AS name, 1 AS in_view, a.attnum AS position
        FROM pg_attribute AS a WHERE a.attrelid = v_view AND a.attnum > 0
      UNION ALL
      SELECT w.name, 2, w.position
        FROM (SELECT CASE WHEN a.attname = v.column_name AND NOT v.is_side_table THEN t.column_name ELSE a.attname END AS name, a.attnum AS position
                FROM pg_attribute AS a
               WHERE a.attrelid = t.relation AND a.attnum > 0 AND NOT a.attisdropped
                 AND (a.attname = v.column_name AND NOT v.is_side_table OR a.attname NOT IN (
                   SELECT o.column_name FROM reembed.vector_column AS o WHERE o.target = t.name AND NOT o.is_side_table
                   UNION ALL
                   SELECT o.version_column FROM reembed.vector_column AS o WHERE o.target = t.name AND NOT o.is_side_table AND o.version_column IS NOT NULL))
                 -- Vectors of another column have a live view of their own; here they would keep that column from being dropped.
                 AND (a.attname = v.column_name AND NOT v.is_side_table OR a.atttypid NOT IN (SELECT y.oid FROM pg_type AS y JOIN pg_extension AS e ON e.extnamespace = y.typnamespace
                                                                  WHERE e.extname = 'vector' AND y.typname IN ('vector', 'halfvec')))
              UNION ALL
              SELECT t.column_name, 32766 WHERE v.is_side_table
              UNION ALL
              SELECT t.live_model_column, 32767) AS w
       WHERE NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = v_view AND a.attnum > 0 AND a.attname = w.name)
    ) AS c;

  IF v_view IS NOT NULL THEN
    SELECT coalesce(array_to_string(c.reloptions, ', '), '') INTO v_options FROM pg_class AS c WHERE c.oid = v_view;
    SELECT a.atttypid INTO v_old_element FROM pg_attribute AS a WHERE a.attrelid = v_view AND a.attname = t.column_name;
    IF v_old_element <> v_element::regtype THEN
      -- vector to halfvec: such a view cannot be replaced, so it is made anew with the same grants and owner, in this transaction.
      SELECT array_agg(format('GRANT %s%s ON %I.%I TO %s%s', g.privilege_type, c.column_list, v_schema, p_view, CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
                              CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END))
        INTO v_grants
        FROM (SELECT c.relacl AS acl, NULL AS column_list, c.relowner FROM pg_class AS c WHERE c.oid = v_view
              UNION ALL
              SELECT a.attacl, format(' (%I)', a.attname), c.relowner
                FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid WHERE c.oid = v_view AND a.attacl IS NOT NULL) AS c,
             aclexplode(c.acl) AS g
       WHERE g.grantee <> c.relowner;
      SELECT v_grants || format('ALTER VIEW %I.%I OWNER TO %I', v_schema, p_view, pg_get_userbyid(c.relowner)) INTO v_grants
        FROM pg_class AS c WHERE c.oid = v_view;
      EXECUTE format('DROP VIEW %s', v_view);
    END IF;
  ELSE
    -- Who may read the table may read it through the view.
    SELECT array_agg(format('GRANT SELECT ON %I.%I TO %s', v_schema, p_view, CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END))
      INTO v_grants
      FROM pg_class AS c, aclexplode(c.relacl) AS g
     WHERE c.oid = t.relation AND g.privilege_type = 'SELECT' AND g.grantee <> c.relowner;
  END IF;

  v_statement := format('CREATE OR REPLACE VIEW %I.%I%s AS SELECT %s FROM %s AS t%s', v_schema, p_view,
                        CASE WHEN v_options <> '' THEN ' WITH (' || v_options || ')' ELSE '' END, v_columns, t.relation,
                        CASE WHEN v.is_side_table THEN format(' JOIN %s AS side ON %s', v.relation, reembed.same_key_sql(t.name, 't', 'side')) ELSE '' END);
  EXECUTE v_statement;
  IF v.is_side_table THEN
    PERFORM reembed.copy_table_grants(t.relation, v.relation);
  END IF;
  EXECUTE format('COMMENT ON VIEW %I.%I IS %L', v_schema, p_view,
                 CASE WHEN p_view = t.live_view THEN format('pg-reembed: search here. Shows %s with the vectors of the model in reembed.setting.read_model.', t.relation)
                      ELSE format('pg-reembed: shows %s with the vectors of %s, whichever model is live.', t.relation, p_model) END);
  FOREACH v_statement IN ARRAY coalesce(v_grants, '{}') LOOP
    EXECUTE v_statement;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.replace_view IS 'Makes or replaces one view of a target so that it reads one model; keeps grants and options.';

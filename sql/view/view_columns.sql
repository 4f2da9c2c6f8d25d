-- CREATE OR REPLACE VIEW can only append columns: first the present columns of the view, then columns added to the table since. Other vector columns, and the
-- columns that name the model of their rows, have a live view of their own; this view would prevent dropping them.
CREATE OR REPLACE FUNCTION reembed.view_columns(p_target text) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t reembed.target;
  v_vector_attnum smallint;
  v_columns jsonb;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  SELECT v.attnum INTO v_vector_attnum FROM reembed.vector_column AS v WHERE v.target = p_target AND v.storage = 'column' AND v.is_read;
  SELECT jsonb_agg(w.entry ORDER BY w.step, w.position) INTO v_columns
    FROM (
      SELECT 1 AS step, e.position, e.entry
        FROM jsonb_array_elements(t.view_columns) WITH ORDINALITY AS e(entry, position)
       WHERE (e.entry ->> 'attnum')::integer <= 0
          OR EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = t.relation AND a.attnum = (e.entry ->> 'attnum')::smallint AND NOT a.attisdropped)
      UNION ALL
      SELECT 2, w.position, jsonb_build_object('name', w.name, 'attnum', w.attnum)
        FROM (SELECT CASE WHEN a.attnum = v_vector_attnum THEN t.column_name ELSE a.attname END AS name, a.attnum::integer AS position,
                     CASE WHEN a.attnum = v_vector_attnum THEN 0 ELSE a.attnum END AS attnum
                FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = a.atttypid
               WHERE a.attrelid = t.relation AND a.attnum > 0 AND NOT a.attisdropped
                 AND (a.attnum = v_vector_attnum
                      OR y.typname NOT IN (SELECT e.name FROM reembed.element_type AS e)
                         AND NOT EXISTS (SELECT FROM reembed.vector_column AS v WHERE v.relation = t.relation AND v.storage = 'column' AND v.version_attnum = a.attnum))
              UNION ALL SELECT t.column_name, 32766, 0
              UNION ALL SELECT t.live_model_column, 32767, -1) AS w
       WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(t.view_columns) AS e(entry) WHERE (e.entry ->> 'attnum')::integer = w.attnum OR e.entry ->> 'name' = w.name)
         AND NOT (w.position = 32766 AND v_vector_attnum IS NOT NULL)) AS w;
  RETURN v_columns;
END;
$$;
COMMENT ON FUNCTION reembed.view_columns IS 'Columns that the views of a target have from now on, in their order; see target.view_columns.';

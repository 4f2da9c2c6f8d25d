-- Includes indexes on an expression such as (embedding::halfvec(3072)). An index on another column that only mentions the vector column, for instance in its
-- WHERE, is left to the user.
CREATE OR REPLACE FUNCTION reembed.vector_indexes(p_relation regclass, p_column name) RETURNS SETOF oid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT i.indexrelid
    FROM pg_index AS i
    JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attname = p_column
   WHERE i.indrelid = p_relation AND i.indnatts = 1
     AND (i.indkey[0] = a.attnum
          OR i.indkey[0] = 0 AND a.attnum = ALL (SELECT d.refobjsubid FROM pg_depend AS d
                                                  WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                                                    AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid AND d.refobjsubid > 0));
$$;
COMMENT ON FUNCTION reembed.vector_indexes IS 'Indexes on the vector column alone: they are dropped and restored with it.';

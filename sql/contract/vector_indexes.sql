-- Includes indexes on an expression such as (embedding::halfvec(3072)). An index on another column that only mentions the vector column, for instance in its
-- WHERE, is left to the user. The parsed expression contains the number of each column.
CREATE OR REPLACE FUNCTION reembed.vector_indexes(p_relation regclass, p_column name) RETURNS SETOF oid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT i.indexrelid
    FROM pg_index AS i
    JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attname = p_column
   WHERE i.indrelid = p_relation AND i.indnkeyatts = 1
     AND (i.indkey[0] = a.attnum
          OR i.indkey[0] = 0 AND a.attnum = ALL (SELECT w[1]::smallint FROM regexp_matches(i.indexprs::text, ':varattno (-?\d+)', 'g') AS w)
                             AND i.indexprs::text ~ ':varattno ');
$$;
COMMENT ON FUNCTION reembed.vector_indexes IS 'Indexes with the vector column as their only key: they are dropped and restored with it.';

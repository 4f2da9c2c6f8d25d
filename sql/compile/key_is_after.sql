-- Compared column by column, because the operators of several types have no common name.
CREATE OR REPLACE FUNCTION reembed.key_is_after(p_target text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH part AS (
    SELECT k.n, reembed.render('r.key_{n} OPERATOR({operator}) w.after_{n}', k.names) AS is_equal, reembed.render('r.key_{n} OPERATOR({greater}) w.after_{n}', k.names) AS is_greater
      FROM reembed.key_names(p_target) AS k
  )
  SELECT string_agg(format('(%s)', concat_ws(' AND ', (SELECT string_agg(b.is_equal, ' AND ' ORDER BY b.n) FROM part AS b WHERE b.n < p.n), p.is_greater)), ' OR ' ORDER BY p.n) FROM part AS p
$$;
COMMENT ON FUNCTION reembed.key_is_after IS 'A condition that the key of row r comes after the key that row w keeps, in the order of the primary key.';

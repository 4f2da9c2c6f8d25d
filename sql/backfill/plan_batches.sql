-- Ranges of row positions (ctid) in a leaf, not of keys: any key type works, planning reads the table once, and workers read the heap in physical order. Batches consist
-- of whole pages where a page holds few rows compared with a batch, because one batch should write all rows of a page. The sweep finds rows that an update
-- moves to another range.
CREATE OR REPLACE FUNCTION reembed.plan_batches(p_name text, p_batch_rows integer DEFAULT 500) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t reembed.target;
  v_batches bigint;
  v_rows record;
BEGIN
  SELECT g.* INTO STRICT t FROM reembed.campaign AS m JOIN reembed.target AS g ON g.name = m.target WHERE m.name = p_name;
  EXECUTE reembed.render('
    WITH found AS MATERIALIZED (
      SELECT f.leaf, f.place, f.text_hash, (f.place::text::point)[0]::bigint AS block FROM reembed.scan_{suffix}($3) AS f
    ), page AS (
      SELECT f.leaf, f.block, count(*) AS rows, sum(count(*)) OVER (PARTITION BY f.leaf ORDER BY f.block) - count(*) AS rows_before, max(count(*)) OVER () > $2 / 5 AS is_divided
        FROM found AS f GROUP BY f.leaf, f.block
    ), placed AS MATERIALIZED (
      -- The number of a portion begins with its leaf, so that it is unique and orders the ledger by leaf.
      SELECT f.leaf, f.place, f.text_hash, p.is_divided,
             (f.leaf::oid::bigint << 31) + div(CASE WHEN p.is_divided THEN row_number() OVER (PARTITION BY f.leaf ORDER BY f.place) - 1 ELSE p.rows_before END, $2)::bigint AS portion
        FROM found AS f JOIN page AS p ON p.leaf = f.leaf AND p.block = f.block
    ), portion AS (
      SELECT p.leaf, p.portion, row_number() OVER (ORDER BY p.portion) AS id, count(*) AS rows,
             CASE WHEN bool_or(p.is_divided) THEN min(p.place) ELSE reembed.place((min(p.place)::text::point)[0]::bigint) END AS first_place
        FROM placed AS p GROUP BY p.leaf, p.portion
    ), planned AS (
      INSERT INTO reembed.batch (campaign, id, leaf, first_place, end_place, rows)
      SELECT $1, p.id, p.leaf, p.first_place, coalesce(lead(p.first_place) OVER (PARTITION BY p.leaf ORDER BY p.id), reembed.place(reembed.blocks(p.leaf))), p.rows FROM portion AS p
      RETURNING 1
    ), repeated AS (
      SELECT p.text_hash FROM placed AS p WHERE p.text_hash IS NOT NULL GROUP BY p.text_hash HAVING min(p.portion) < max(p.portion)
    ), repeated_place AS MATERIALIZED (
      SELECT array_agg(p.leaf) AS leaves, array_agg(p.place) AS places FROM placed AS p WHERE p.text_hash IN (SELECT r.text_hash FROM repeated AS r)
    ), recorded AS (
      -- The hash is cheap and is computed for every text. The digest is expensive and is computed only for texts that seem to repeat.
      INSERT INTO reembed.repeated_text (campaign, text_digest, text_hash, batch)
      SELECT $1, d.text_digest, p.text_hash, min(o.id)
        FROM repeated_place AS w
       CROSS JOIN LATERAL reembed.digests_{suffix}(w.leaves, w.places) AS d
        JOIN placed AS p ON p.leaf = d.leaf AND p.place = d.place
        JOIN portion AS o ON o.portion = p.portion
       WHERE w.places IS NOT NULL
       GROUP BY d.text_digest, p.text_hash HAVING min(o.id) < max(o.id)
    )
    SELECT count(*) FROM planned', to_jsonb(t))
    INTO v_batches USING p_name, p_batch_rows, (SELECT s.max_text_bytes::bigint FROM reembed.setting AS s WHERE s.target = t.name);
  EXECUTE reembed.render('SELECT * FROM reembed.textless_{suffix}()', to_jsonb(t)) INTO v_rows;
  UPDATE reembed.campaign SET planned_at = now(), swept_at = NULL, table_rows = v_rows.total, rows_with_text = v_rows.with_text WHERE name = p_name;
  PERFORM reembed.know_leaves(t.name);
  RETURN v_batches;
END;
$$;
COMMENT ON FUNCTION reembed.plan_batches IS 'Divides the rows without a new vector into batches of about p_batch_rows and records the texts that occur in several batches; returns the number of batches.';

-- Matches more than necessary: losing a logged query that happens to be a part of the text does no harm.
CREATE OR REPLACE FUNCTION reembed.quotes(p_query text, p_texts text[]) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN EXISTS (
  SELECT FROM unnest(p_texts) AS t(text) CROSS JOIN LATERAL (SELECT lower(btrim(p_query)) AS query, lower(btrim(t.text)) AS text) AS w
   WHERE w.query = w.text OR length(w.text) >= 8 AND strpos(w.query, w.text) > 0 OR length(w.query) >= 20 AND strpos(w.text, w.query) > 0
);
COMMENT ON FUNCTION reembed.quotes IS 'Whether a query equals one of the texts, contains one, or is a part of at least 20 characters of one; case-insensitive.';

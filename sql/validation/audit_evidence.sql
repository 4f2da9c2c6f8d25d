-- A row that was audited in several runs counts once, as it was last. What came before a run that audited every row no longer counts: its rows may have been
-- deleted since.
CREATE OR REPLACE FUNCTION reembed.audit_evidence(p_validation bigint)
RETURNS TABLE (role text, rows bigint, disagreeing bigint, lowest double precision, runs bigint, outcome text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH run AS (
    SELECT v.id, r.role, CASE r.role WHEN 'new' THEN v.audit_rows ELSE v.old_audit_rows END AS auditable
      FROM reembed.evidence_runs(p_validation) AS e(id) JOIN reembed.validation AS v ON v.id = e.id
     CROSS JOIN (VALUES ('new'), ('old')) AS r(role)
  ), complete AS (
    SELECT u.role, max(u.id) AS id
      FROM run AS u
     WHERE u.auditable > 0
       AND u.auditable <= (SELECT count(*) FROM reembed.truth_audit AS a WHERE a.validation = u.id AND a.role = u.role AND a.similarity IS NOT NULL)
     GROUP BY u.role
  ), newest AS (
    SELECT DISTINCT ON (a.role, a.key) a.role, a.validation, a.similarity, c.id IS NOT NULL AS is_complete
      FROM run AS u JOIN reembed.truth_audit AS a ON a.validation = u.id AND a.role = u.role
      LEFT JOIN complete AS c ON c.role = u.role
     WHERE c.id IS NULL OR a.validation >= c.id
     ORDER BY a.role, a.key, a.validation DESC
  ), counted AS (
    SELECT n.role, count(*) AS rows, count(*) FILTER (WHERE n.similarity < s.min_audit_similarity - 1e-9) AS disagreeing, min(n.similarity) AS lowest,
           count(DISTINCT n.validation) AS runs,
           bool_and(n.is_complete) AND count(*) >= (SELECT u.auditable FROM run AS u WHERE u.role = n.role AND u.auditable IS NOT NULL ORDER BY u.id DESC LIMIT 1) AS is_complete, s.max_audit_share
      FROM newest AS n
     CROSS JOIN (SELECT o.* FROM reembed.validation AS v JOIN reembed.campaign AS m ON m.name = v.campaign JOIN reembed.setting AS o ON o.target = m.target WHERE v.id = p_validation) AS s
     WHERE n.similarity IS NOT NULL
     GROUP BY n.role, s.max_audit_share
  )
  SELECT c.role, c.rows, c.disagreeing, c.lowest, c.runs, reembed.audit_outcome(c.disagreeing, c.rows, c.is_complete, c.max_audit_share::double precision) FROM counted AS c
$$;
COMMENT ON FUNCTION reembed.audit_evidence IS 'Audited rows of each model, pooled over the runs that count for a validation, and whether they decide that at most max_audit_share of all stored vectors disagree: pass, fail or unsure.';

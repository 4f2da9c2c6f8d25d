import pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import type { ModelRow } from '../embedding/models.ts';

/** Which of the two models of a campaign. */
export type Role = 'new' | 'old';

/** The vectors of one model, which workers may have to maintain. */
export interface VectorColumn {
  role: Role;
  model: string;
  /** with the element type of the column, which another target of the same model need not share */
  definition: ModelRow;
  maintained: boolean;
  /** whether the live view shows them */
  read: boolean;
  storage: 'column' | 'side_table';
}

/** What a worker needs to know of a target to read and write its rows. */
export interface WorkTarget {
  name: string;
  paused: boolean;
  vectors: VectorColumn[];
  /** campaign that the vectors belong to */
  campaign: string;
  phase: string;
  tokensPerCharacter: number;
  /** whether a text that occurs in several batches is embedded only once */
  hasRepeatedTexts: boolean;
  /** whether its text is taken from other tables too */
  isJoined: boolean;
  /** whether any vector is cached */
  hasCachedVectors: boolean;
  /** whether the table still has to be swept for rows without a vector of the role */
  needsSweep: Record<Role, boolean>;
  /** OIDs of partitions that were created or attached in mid-campaign and not swept since */
  newLeaves: string[];
  /** number of the newest change */
  newestChange: string;
  /** suffix of the functions that are compiled for the target */
  suffix: string;
  /** OID of the type vector, and its qualified name */
  vectorOid: number;
  vectorType: string;
}

/** One of the columns of a target. */
export interface TargetColumn {
  target: WorkTarget;
  vector: VectorColumn;
}

/** Reads the current state of a target in one statement; undefined when it has no campaign any more. */
export async function loadTarget(db: Queryable, name: string): Promise<WorkTarget | undefined> {
  const { rows } = await db.query<WorkTarget>(
    `SELECT t.name, s.paused, m.name AS campaign, m.phase, m.tokens_per_character::double precision AS "tokensPerCharacter", t.suffix,
            cardinality(t.joined_tables) > 0 AS "isJoined",
            EXISTS (SELECT FROM reembed.repeated_text AS r WHERE r.campaign = m.name) AS "hasRepeatedTexts",
            EXISTS (SELECT FROM reembed.cached_vector) AS "hasCachedVectors",
            json_build_object('new', m.phase = 'backfill' AND reembed.needs_sweep(m.name), 'old', m.needs_old_sweep) AS "needsSweep",
            ARRAY(SELECT l.relation::oid::text FROM reembed.leaf AS l WHERE l.target = t.name AND l.swept_at IS NULL ORDER BY 1) AS "newLeaves",
            (SELECT coalesce(max(c.seq), 0)::text FROM reembed.change AS c WHERE c.target = t.name) AS "newestChange",
            to_regtype(y.name)::oid AS "vectorOid", y.name AS "vectorType",
            (SELECT json_agg(json_build_object('role', v.role, 'model', v.model, 'maintained', v.is_maintained, 'read', v.is_read, 'storage', v.storage,
                      'definition', json_build_object('name', o.name, 'provider_model', o.provider_model, 'dimensions', o.dimensions, 'element_type', coalesce(e.name, o.element_type),
                        'distance', o.distance, 'document_prefix', o.document_prefix, 'query_prefix', o.query_prefix, 'send_dimensions', o.send_dimensions,
                        'token_limit', o.token_limit, 'usd_per_million_tokens', o.usd_per_million_tokens, 'provider', o.provider)))
               FROM reembed.vector_column AS v JOIN reembed.model AS o ON o.name = v.model
               LEFT JOIN (SELECT a.attrelid, a.attnum, y.typname AS name FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = a.atttypid) AS e
                    ON e.attrelid = v.relation AND e.attnum = v.attnum
              WHERE v.target = t.name AND v.column_name IS NOT NULL) AS vectors
       FROM reembed.target AS t
       JOIN reembed.setting AS s ON s.target = t.name
       JOIN reembed.vector_column AS n ON n.target = t.name AND n.role = 'new'
       JOIN reembed.campaign AS m ON m.name = n.campaign
      CROSS JOIN LATERAL (SELECT format('%I.vector', reembed.vector_schema()) AS name) AS y
      WHERE t.name = $1 AND t.unhooked IS NULL`,
    [name],
  );
  const target = rows[0];
  return target ? { ...target, vectors: target.vectors ?? [] } : undefined;
}

/** The vectors of one role, if the target has them in this phase. */
export function vectorColumn(target: WorkTarget, role: Role): VectorColumn | undefined {
  return target.vectors.find((vector) => vector.role === role);
}

/** Qualified name of a function that is compiled for a target. */
export function compiled(target: Pick<WorkTarget, 'suffix'>, name: string): string {
  return `reembed.${pg.escapeIdentifier(`${name}_${target.suffix}`)}`;
}

import type { Queryable } from '../database/connection.ts';
import type { Grade } from './grade-answer.ts';
import { GRADE_PROMPT_VERSION } from './prompts.ts';

/** Digests of a query and of a text of a row. */
export interface PairDigest {
  query: string;
  text: string;
}

/** The stored grades of a chat model for the rows of a target. Holds digests and grades, no text. */
export interface GradeCache {
  /** grades that are known, by pairId() */
  find(pairs: readonly PairDigest[]): Promise<Map<string, Grade>>;
  keep(pair: PairDigest, grade: Grade): Promise<void>;
}

/** Identifies a pair in a run. */
export function pairId({ query, text }: PairDigest): string {
  return `${query}/${text}`;
}

/** @param model name of the chat model: another one grades otherwise, and so does another version of the prompt */
export function openGradeCache(db: Queryable, target: string, model: string): GradeCache {
  return {
    async find(pairs) {
      const { rows } = await db.query<PairDigest & { grade: Grade }>(
        `SELECT p.query, p.text, g.grade
           FROM unnest($4::text[], $5::text[]) AS p(query, text)
           JOIN reembed.judge_grade AS g ON g.target = $1 AND g.judge_model = $2 AND g.prompt_version = $3
                                        AND g.query_hash = decode(p.query, 'hex') AND g.text_hash = decode(p.text, 'hex')`,
        [target, model, GRADE_PROMPT_VERSION, pairs.map(({ query }) => query), pairs.map(({ text }) => text)],
      );
      return new Map(rows.map((row) => [pairId(row), row.grade]));
    },
    async keep({ query, text }, grade) {
      await db.query(
        `INSERT INTO reembed.judge_grade (target, query_hash, text_hash, judge_model, prompt_version, grade)
         VALUES ($1, decode($2, 'hex'), decode($3, 'hex'), $4, $5, $6) ON CONFLICT DO NOTHING`,
        [target, query, text, model, GRADE_PROMPT_VERSION, grade],
      );
    },
  };
}

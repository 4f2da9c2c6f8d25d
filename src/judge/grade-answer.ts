/** How well a row answers a query, on the scale of UMBRELA: 0 has nothing to do with it, 3 answers it exactly. */
export type Grade = 0 | 1 | 2 | 3;

/** Lowest grade that counts as relevant where relevance is yes or no, as in TREC's Deep Learning tracks. */
export const RELEVANT_FROM: Grade = 2;

const GRADE_NAMES = ['grade', 'score', 'final score', 'final_score'];

/**
 * Reads the grade from an answer: from JSON, alone or within other text, or else from a text whose only number is a grade.
 *
 * @returns undefined for an answer without a grade, with one out of range, or with several numbers
 */
export function readGrade(text: string): Grade | undefined {
  const answer = withoutThoughts(text);
  const objects = [answer, ...(answer.match(/\{[^{}]*\}/g) ?? [])].flatMap((part) => gradeInJson(part) ?? []);
  const found = objects.length > 0 ? objects : (answer.match(/(?<![\p{L}\p{N}.,])-?\d+(?:[.,]\d+)*(?!\p{L})/gu) ?? []);
  const [only, ...others] = new Set(found);
  return only !== undefined && others.length === 0 && /^[0-3]$/.test(only) ? (Number(only) as Grade) : undefined;
}

/** Removes the chain of thought that some models put before their answer. An unfinished one leaves nothing. */
export function withoutThoughts(text: string): string {
  return text
    .replace(/<think(?:ing)?>.*?(<\/think(?:ing)?>|$)/gis, '')
    .replace(/^\s*```\w*|```\s*$/g, '')
    .trim();
}

function gradeInJson(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const named = Object.entries(value).find(([name]) => GRADE_NAMES.includes(name.toLowerCase()));
  return named && ['number', 'string'].includes(typeof named[1]) ? String(named[1]) : undefined;
}

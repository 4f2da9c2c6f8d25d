import { readFileSync } from 'node:fs';
import { evidenceText, rankedBy, sampleNote } from '../compare/explanation.ts';
import { costRows, qualityRows } from '../compare/leaderboard.ts';
import type { Comparison } from '../compare/result.ts';
import { ReembedError } from '../errors.ts';
import { counted, formatNumber } from '../wording.ts';

/** A comparison of models as the page shows it. The first row of a table has its headings. */
export interface Leaderboard {
  column: string;
  at: string;
  notes: string[];
  quality: string[][];
  costs: string[][];
  outcomes: { model: string; outcome: string; reasons: string[] }[];
}

/** Thrown for a file that is not the result of a comparison. */
export class ComparisonUnreadable extends ReembedError {
  constructor(file: string, options: ErrorOptions) {
    super(
      'comparison_unreadable',
      `${file} is not the result of a comparison`,
      'write one with npm run compare -- --json, and send its stdout to the file',
      options,
    );
  }
}

/**
 * Reads what `compare --json` printed.
 *
 * @throws ComparisonUnreadable
 */
export function readComparison(file: string): Leaderboard {
  try {
    const text = readFileSync(file, 'utf8');
    // `npm run` prints the name of the script first.
    const result = JSON.parse(text.slice(text.indexOf('{'))) as Comparison;
    return {
      column: `${result.table}.${result.column}`,
      at: new Date(result.at).toISOString(),
      notes: [
        `${counted(result.queries, 'query', 'queries')} on ${counted(result.sampledRows, 'row')} of ${formatNumber(result.tableRows)}, seed ${result.seed}`,
        ...evidenceText(result),
        sampleNote(result),
        rankedBy(result),
      ].filter(Boolean),
      quality: qualityRows(result.models, result.k),
      costs: costRows(result.models),
      outcomes: result.models.flatMap(({ name, outcome }) =>
        outcome ? [{ model: name, outcome: outcome.kind, reasons: outcome.reasons }] : [],
      ),
    };
  } catch (cause) {
    throw new ComparisonUnreadable(file, { cause });
  }
}

import { counted, plural } from '../../wording.ts';
import { FEW_JUDGED } from '../metrics/completeness.ts';
import { type Metric, overall } from '../metrics/metrics.ts';
import type { ValidationResult } from '../validate.ts';
import { indented } from './report-wording.ts';

/** Sentences about what a chat model graded, and about how much of the results is judged. */
export function judgeNotes({ grading, metrics }: Pick<ValidationResult, 'grading' | 'metrics'>): string[] {
  const lines: string[] = [];
  if (grading) {
    const { model, gradedPairs, knownPairs, ungradedPairs, leftOut, problem } = grading;
    lines.push(`${model} graded ${counted(gradedPairs, 'pair')} of query and row, ${knownPairs} of them in earlier runs.`);
    if (ungradedPairs > 0)
      lines.push(
        `${counted(ungradedPairs, 'pair')} got no grade and ${plural(ungradedPairs, 'counts', 'count')} as not judged:`,
        ...indented(problem ?? 'no readable answer'),
      );
    if (leftOut > 0)
      lines.push(`${counted(leftOut, 'query', 'queries')} did not fit in the limits and ${plural(leftOut, 'is', 'are')} not judged.`);
  }
  const share = overall(metrics, 'judged_share');
  if (share && fewest(share) < FEW_JUDGED && !overall(metrics, 'condensed_ndcg'))
    lines.push(
      'Few of the results are judged; nDCG counts the others as not relevant. A chat model can judge',
      'the results of queries that nobody judged: npm run validate -- --queries FILE --grade',
    );
  return lines;
}

function fewest({ before, after }: Metric): number {
  return Math.min(before ?? 1, after ?? 1);
}

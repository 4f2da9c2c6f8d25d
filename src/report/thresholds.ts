/** Whether a threshold lets more pass than its default. A name tells its direction: a min_… is looser when lower, a max_… when higher. */
export function isLoosened(name: string, threshold: { value: number | null; default: number | null }): boolean {
  if (threshold.default === null) return false;
  if (threshold.value === null) return true;
  return name.startsWith('min_') ? threshold.value < threshold.default : threshold.value > threshold.default;
}

/** How a threshold fares: `not checked` without a figure, `off` without a limit. */
export type Mark = 'met' | 'missed' | 'unsure' | 'not checked' | 'off';

/** Decides the mark of a threshold by the codes of the verdict that speak of it. */
export function markOf({ codes, measured, limit, reasons, doubts }: Judged): Mark {
  const has = (found: readonly { code: string }[]) => found.some(({ code }) => codes.includes(code));
  if (has(reasons)) return 'missed';
  if (has(doubts)) return 'unsure';
  if (limit === null) return 'off';
  return measured ? 'met' : 'not checked';
}

interface Judged {
  /** codes of reembed.judge_validation() that speak of the threshold */
  codes: readonly string[];
  /** whether there is a figure */
  measured: boolean;
  limit: number | null;
  reasons: readonly { code: string }[];
  doubts: readonly { code: string }[];
}

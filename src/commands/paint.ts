import { styleText } from 'node:util';

const STYLES = { good: 'green', doubtful: 'yellow', bad: 'red', command: 'cyan', faint: 'dim', strong: 'bold' } as const;

/** What a piece of text is, which decides its colour. */
export type Meaning = keyof typeof STYLES;

/**
 * Text in the colour of its meaning, if the stream is a terminal and neither NO_COLOR nor --no-color is given; else the text as it is.
 *
 * @param stream where it will be written
 */
export function paint(meaning: Meaning, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(STYLES[meaning], text, { stream });
}

/** Switches colours off for this process. */
export function useNoColours(): void {
  delete process.env.FORCE_COLOR;
  process.env.NO_COLOR = '1';
}

const VERDICTS: Record<string, Meaning> = { pass: 'good', fail: 'bad', unsure: 'doubtful' };

/** A verdict in its colour, in the letters it is given in. */
export function paintVerdict(verdict: string): string {
  const meaning = VERDICTS[verdict.toLowerCase()];
  return meaning ? paint(meaning, verdict) : verdict;
}

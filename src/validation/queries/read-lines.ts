import { readFileSync } from 'node:fs';
import { FileUnreadable } from '../validation-error.ts';

/** A line of a file that is not blank. */
export interface Line {
  /** counted from 1, including blank lines */
  number: number;
  /** without leading and trailing white space */
  text: string;
}

/**
 * Reads the lines of a UTF-8 file that are not blank.
 *
 * @param option option that named the file, for the error message
 * @throws FileUnreadable
 */
export function readLines(path: string, option: string): Line[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new FileUnreadable(path, option, error);
  }
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .map((line, position) => ({ number: position + 1, text: line.trim() }))
    .filter((line) => line.text !== '');
}

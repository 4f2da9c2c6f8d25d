import { createHash } from 'node:crypto';

/** SHA-256 of a text in UTF-8, as hexadecimal digits: `encode(sha256(convert_to(text, 'UTF8')), 'hex')` in SQL. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

import { createHash } from 'node:crypto';

/** Equals reembed.text_digest(): the first half of the SHA-256 of the text in UTF-8, as a UUID. */
export function textDigest(text: string): string {
  const hex = createHash('sha256').update(text, 'utf8').digest('hex').slice(0, 32);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

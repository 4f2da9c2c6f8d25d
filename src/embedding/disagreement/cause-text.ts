/** What the stored vectors are of, as a clause. */
export function causeText(cause: string | undefined): string {
  if (cause !== undefined) return `they are of ${cause}`;
  return 'none of the other text columns, their usual combinations, metadata in front, replaced line breaks, known prefixes, token limits, other known models and shortened or filled-up dimensions explains it';
}

import { installCommand, isInstalled } from '../../optional-packages.ts';

/** What the stored vectors are of, as a clause. */
export function causeText(cause: string | undefined): string {
  if (cause !== undefined) return `they are of ${cause}`;
  const hasTokenizer = isInstalled('gpt-tokenizer');
  const tried = `none of the other text columns, their usual combinations, metadata in front, replaced line breaks, known prefixes, ${hasTokenizer ? 'token limits, ' : ''}other known models and shortened or filled-up dimensions explains it`;
  return hasTokenizer ? tried : `${tried}; token limits were not tried without a tokenizer, see ${installCommand(['gpt-tokenizer'])}`;
}

import { asTyped } from '../as-typed.ts';
import { jsonText, visibleAll } from '../print-text.ts';
import { hideSecrets } from '../secrets.ts';

/** JSON for the page: without secrets and control characters, and with commands as they are typed here. */
export function jsonForPage(value: object): string {
  return hideSecrets(asTyped(jsonText(visibleAll(value))));
}

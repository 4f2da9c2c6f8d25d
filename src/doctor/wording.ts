const SHOWN = 5;

/** Formats a list for a sentence and shortens a long one. */
export function listed(items: readonly string[]): string {
  const shown = items.slice(0, SHOWN).join(', ');
  return items.length > SHOWN ? `${shown} and ${items.length - SHOWN} more` : shown;
}

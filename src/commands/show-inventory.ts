import type { InventoryFinding, Severity } from '../plan/inventory/finding.ts';
import type { StoragePromise } from '../plan/inventory/promises.ts';
import type { Acceptance } from '../plan/plan.ts';
import type { Storage, StorageCost } from '../plan/storage.ts';
import { formatBytes, formatSeconds } from '../wording.ts';
import { type Meaning, paint } from './paint.ts';

const SIGNS: Record<Severity, [sign: string, meaning?: Meaning]> = { refusal: ['✗', 'bad'], harm: ['!', 'doubtful'], note: ['-'] };

/**
 * Formats findings: each with its consequence, the option that avoids it, and how it is accepted.
 *
 * @param stream where they will be written
 */
export function inventoryText(
  findings: readonly InventoryFinding[],
  acceptances: readonly Acceptance[],
  stream: NodeJS.WriteStream,
): string[] {
  return findings.flatMap(({ code, what, consequence, avoid, severity, before, storage }) => {
    const accepted = acceptances.find((acceptance) => acceptance.code === code);
    return [
      `  ${signOf(severity, stream)} ${code}${storage === undefined ? '' : ` (${storage})`}: ${what}`,
      `      ${consequence}`,
      ...(avoid === 'nothing to do' ? [] : [`      avoid: ${avoid}`]),
      ...(accepted
        ? [`      accepted: ${accepted.reason}`]
        : severity === 'harm'
          ? [`      before ${before}: --accept ${code} --reason "why"`]
          : []),
    ];
  });
}

function signOf(severity: Severity, stream: NodeJS.WriteStream): string {
  const [sign, meaning] = SIGNS[severity];
  return meaning ? paint(meaning, sign, stream) : sign;
}

/** Formats what both storages promise as a table, the chosen one in full and the other dimmed. */
export function promisesText(promises: readonly StoragePromise[], chosen: Storage | undefined): string[] {
  const rows = [{ subject: '', column: 'column', sideTable: 'side-table' }, ...promises];
  const width = (key: keyof StoragePromise) => Math.max(...rows.map((row) => row[key].length));
  const faint = (text: string) => paint('faint', text, process.stderr);
  const [subjects, columns] = [width('subject'), width('column')];
  return rows.map(({ subject, column, sideTable }) => {
    const [first, second] = [column.padEnd(columns), sideTable];
    return `${subject.padEnd(subjects)}  ${chosen === 'side-table' ? faint(first) : first}  ${chosen === 'column' ? faint(second) : second}`;
  });
}

/** Formats the cost of writing every vector. */
export function costText({ seconds, walBytes }: StorageCost): string {
  return `about ${formatSeconds(Math.max(1, seconds))}, ${formatBytes(walBytes)} of WAL`;
}

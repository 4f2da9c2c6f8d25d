import type { TableFacts } from '../inspect.ts';
import type { StorageCosts } from '../storage.ts';
import type { InventoryFinding } from './finding.ts';

/** What each storage does to one subject, in a few words. */
export interface StoragePromise {
  subject: string;
  column: string;
  sideTable: string;
}

/**
 * Returns what either storage of the new vectors touches and what is lost with it.
 *
 * @param cost formats the cost of writing every vector
 */
export function storagePromises(
  facts: TableFacts,
  findings: readonly InventoryFinding[],
  costs: StorageCosts,
  cost: (storage: StorageCosts['column']) => string,
): StoragePromise[] {
  const has = (code: string) => findings.some((finding) => finding.code === code);
  return [
    { subject: 'the table', column: 'two more columns; every row with a text is written once', sideTable: 'as it is; no row is written' },
    { subject: 'writing', column: cost(costs.column), sideTable: cost(costs.sideTable) },
    { subject: 'triggers', column: has('triggers-fire') ? 'fire for every row' : 'none fires', sideTable: 'none fires' },
    {
      subject: 'constraints',
      column: has('violated-constraints') ? 'refuse rows that violate them' : 'checked again for every row',
      sideTable: 'not checked',
    },
    {
      subject: 'SELECT *',
      column: 'prepared ones fail once after expand and after contract',
      sideTable: 'prepared ones fail once after contract',
    },
    {
      subject: 'publications',
      column: has('publications') ? 'subscribers need the columns first' : 'a subscriber would need the columns first',
      sideTable: 'the table’s rows are sent as before',
    },
    { subject: 'row security', column: 'policies apply', sideTable: facts.rowSecurity ? 'refused' : 'none may be added' },
    { subject: 'searches', column: 'read one table', sideTable: 'join two tables by key' },
    {
      subject: 'live view',
      column: 'INSERT … ON CONFLICT as on the table',
      sideTable: 'no ON CONFLICT through it; rows without a vector are not shown',
    },
    {
      subject: `reembed_….${facts.table}`,
      column: 'read and written like the table, by search_path',
      sideTable: 'only read; a write names the table and its schema',
    },
    {
      subject: 'after contract',
      column: `${facts.column} holds the new vectors, as the last column but one`,
      sideTable: `${facts.table} has no ${facts.column}: the application must not write it`,
    },
  ];
}

import { counted } from '../../wording.ts';
import type { Subject } from './finding.ts';

/** What a campaign does to each partition of a partitioned table. */
export const partitions: Subject = async ({ facts }) => {
  if (!facts.leaves) return [];
  const leaves = counted(facts.leaves.length, 'partition');
  const evidence = { partitions: facts.leaves.length };
  return [
    {
      code: 'partitions',
      what: `${leaves} with rows`,
      consequence:
        'expand and contract lock all of them for milliseconds; each gets an index of its own on the new vectors, which contract does not make parts of one index',
      avoid: '--storage side-table: one table and one index for the vectors of all partitions',
      severity: 'note',
      evidence,
      storage: 'column',
    },
    {
      code: 'partitions-attached-later',
      what: `a table can be attached only if it has every column of ${facts.table}`,
      consequence: 'from expand on, a table to be attached needs the new columns too',
      avoid: `CREATE TABLE … (LIKE ${facts.table}), or --storage side-table`,
      severity: 'note',
      evidence,
      storage: 'column',
    },
  ];
};

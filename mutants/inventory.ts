import type { Mutant } from './mutant.ts';

/** Harms to the user's database that a campaign names before, and asks to accept. */
export const INVENTORY: Mutant[] = [
  {
    fault: 'triggers of the user fire once a row',
    fix: 'the gate to backfill asks for an acceptance',
    test: 'acceptance',
    title: 'the backfill waits until its triggers are accepted by name, and again when there is another',
    says: /Difference/,
    edits: [
      {
        file: 'sql/watch/open_conditions.sql',
        find: "    WHEN 'backfill' THEN RETURN QUERY SELECT * FROM reembed.acceptance_gate(p_name, p_phase);\n",
        replace: '',
      },
    ],
  },
  {
    fault: 'a framework that reads all columns and writes back what it read',
    fix: 'it is recognised by the columns of its table',
    test: 'inventory-storage',
    title: 'doctor lists the table of a framework that reads all columns and writes back what it read',
    says: /Value is not truthy/,
    edits: [{ file: 'src/plan/inventory/inventory.ts', find: '  frameworks,\n', replace: '' }],
  },
  {
    fault: 'more rows violate a constraint than were accepted',
    fix: 'an acceptance holds for its evidence only',
    test: 'acceptance',
    title: 'an acceptance of violated constraints is void when more rows violate them, and holds when fewer do',
    says: /4 rows violate/,
    edits: [{ file: 'sql/acceptance/is_accepted.sql', find: 'WHERE NOT coalesce(', replace: 'WHERE false AND NOT coalesce(' }],
  },
  {
    fault: 'a constraint that raises an error',
    fix: 'a gate that cannot evaluate it says so',
    test: 'acceptance',
    title: 'a constraint that cannot be evaluated keeps the gate closed until that is accepted',
    says: /secret|Unexpected end/,
    edits: [{ file: 'sql/acceptance/harms.sql', find: 'EXCEPTION WHEN OTHERS THEN', replace: 'EXCEPTION WHEN division_by_zero THEN' }],
  },
  {
    fault: 'rows with a vector and no text',
    fix: 'contract waits for an acceptance',
    test: 'acceptance',
    title: 'rows with a vector and no text are counted, accepted before contract, and kept in the archive: column',
    says: /rows-without-text/,
    edits: [{ file: 'sql/acceptance/harms.sql', find: 'IF v_found.old_vectors > 0 THEN', replace: 'IF false THEN' }],
  },
  {
    fault: 'an expensive CHECK in the inventory',
    fix: 'a count has a time limit',
    test: 'inventory-rows',
    title: 'a count that takes too long does not end the inventory',
    says: /not counted within/,
    edits: [{ file: 'src/plan/inventory/count.ts', find: 'Math.round(seconds * 1000)', replace: 'Math.round(seconds * 0)' }],
  },
  {
    fault: 'a subscriber that was added after create',
    fix: 'expand asks for the subscribers again',
    test: 'publications',
    title: 'a published table with native subscribers: a column is refused until they have it, a side table is not',
    says: /there is another subscriber/,
    edits: [
      {
        file: 'sql/campaign/start_campaign.sql',
        find: "  PERFORM reembed.require_subscribers(p_name, p_relation, CASE WHEN p_to_relation IS NULL THEN 'column' ELSE 'side_table' END);\n",
        replace: '',
      },
    ],
  },
];

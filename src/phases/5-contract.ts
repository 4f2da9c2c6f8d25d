import { buildIndexes, readDefinition } from './index-statements.ts';
import { type Phase, SHORT_LOCK_WAIT } from './phase.ts';
import { type CampaignPlan, identifier, literal, tableOf, targetOf } from './plan.ts';

export const contract: Phase = {
  name: 'contract',
  locks: 'copies the old vectors without a lock; then ACCESS EXCLUSIVE on the table while the column is dropped and renamed',
  back: 'brings back the old column, its vectors (a commit per batch) and its index; only purge has no way back',
  inTransaction: true,
  downInTransaction: false,
  up: (plan) => [
    `${SHORT_LOCK_WAIT}

SELECT reembed.require_gate(${literal(plan.campaign)}, 'contract');
SELECT reembed.archive_old_vectors(${literal(plan.campaign)});

-- ACCESS EXCLUSIVE on the views and the table from here on.
SELECT reembed.lock_target(${literal(targetOf(plan))});
SELECT reembed.archive_late_changes(${literal(plan.campaign)});
SELECT reembed.drop_view(${literal(targetOf(plan))}, reembed.model_view_name(${literal(targetOf(plan))}, ${literal(plan.from.name)}));

-- Without CASCADE: whatever still depends on the old column stops this transaction.
ALTER TABLE ${tableOf(plan)} DROP COLUMN ${identifier(plan.column)};${
      plan.fromVersionColumn ? `\nALTER TABLE ${tableOf(plan)} DROP COLUMN ${identifier(plan.fromVersionColumn)};` : ''
    }
${renames(plan, 'contract').join('\n')}

SELECT reembed.enter_contract(${literal(plan.campaign)});`,
  ],
  // Every statement can be run again: a restore that was interrupted goes on where it stopped.
  down: (plan) => [
    `DO $down$
BEGIN
  PERFORM reembed.require_archive(${literal(plan.campaign)});
  IF (SELECT phase FROM reembed.migration WHERE name = ${literal(plan.campaign)}) = 'contract' THEN
    SET LOCAL lock_timeout = '300ms';
    PERFORM reembed.lock_target(${literal(targetOf(plan))});
${renames(plan, 'expand')
  .map((line) => `    ${line}`)
  .join('\n')}
    ALTER TABLE ${tableOf(plan)} ADD COLUMN ${identifier(plan.column)} ${plan.columnType};${
      plan.fromVersionColumn ? `\n    ALTER TABLE ${tableOf(plan)} ADD COLUMN ${identifier(plan.fromVersionColumn)} text;` : ''
    }
    PERFORM reembed.leave_contract(${literal(plan.campaign)});
  END IF;
END $down$;`,
    `CALL reembed.restore_old_vectors(${literal(plan.campaign)});`,
    ...buildIndexes(
      plan,
      plan.oldIndexes.map((index) => readDefinition(plan, index)),
    ),
    `SELECT reembed.finish_restore(${literal(plan.campaign)});`,
  ],
};

/** Lets the new column and index take the old names, or gives them their own names back. */
function renames(plan: CampaignPlan, direction: 'contract' | 'expand'): string[] {
  const column = (before: string, after: string) =>
    `ALTER TABLE ${tableOf(plan)} RENAME COLUMN ${identifier(before)} TO ${identifier(after)};`;
  const index = (before: string, after: string) =>
    `ALTER INDEX ${identifier(plan.schema)}.${identifier(before)} RENAME TO ${identifier(after)};`;
  const pairs: [typeof column, string, string][] = [
    [column, plan.toColumn, plan.column],
    [column, plan.toVersionColumn, `${plan.column}_model_version`],
    ...(plan.index ? [[index, plan.index.name, plan.index.finalName] satisfies [typeof index, string, string]] : []),
  ];
  return pairs
    .filter(([, temporary, final]) => temporary !== final)
    .map(([rename, temporary, final]) => (direction === 'contract' ? rename(temporary, final) : rename(final, temporary)));
}

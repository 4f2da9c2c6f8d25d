import { buildIndexes, readDefinition } from './index-statements.ts';
import type { Phase } from './phase.ts';
import { type CampaignPlan, identifier, literal, tableOf, targetOf } from './plan.ts';

export const contract: Phase = {
  name: 'contract',
  locks: ({ oldSideTable }) =>
    oldSideTable
      ? 'ACCESS EXCLUSIVE on the tables for milliseconds, while the old side table moves to schema reembed'
      : 'copies the old vectors without a lock; then ACCESS EXCLUSIVE on the table while the column is dropped',
  back: ({ oldSideTable }) =>
    oldSideTable
      ? 'brings the old side table back with its index; only purge has no way back'
      : 'brings back the old column, its vectors (a commit per batch) and its index; only purge has no way back',
  inTransaction: false,
  up: (plan) => [
    `SELECT reembed.require_gate(${literal(plan.campaign)}, 'contract');`,
    ...(plan.oldSideTable
      ? []
      : [`SELECT reembed.begin_archive(${literal(plan.campaign)});`, `CALL reembed.copy_to_archive(${literal(plan.campaign)});`]),
    `-- ACCESS EXCLUSIVE on the views and the table from here on.
DO $up$
BEGIN
  IF (SELECT phase FROM reembed.migration WHERE name = ${literal(plan.campaign)}) <> 'contract' THEN
    SET LOCAL lock_timeout = '300ms';
    PERFORM reembed.lock_target(${literal(targetOf(plan))});
    PERFORM reembed.drop_view(${literal(targetOf(plan))}, reembed.model_view_name(${literal(targetOf(plan))}, ${literal(plan.from.name)}));
${[...archiveOrDrop(plan), ...renames(plan, 'contract')].map((line) => `    ${line}`).join('\n')}
    PERFORM reembed.enter_contract(${literal(plan.campaign)});
  END IF;
END $up$;`,
  ],
  // Every statement can be run again: a restore that was interrupted goes on where it stopped.
  down: (plan) => [
    `DO $down$
BEGIN
  PERFORM reembed.require_archive(${literal(plan.campaign)});
  IF (SELECT phase FROM reembed.migration WHERE name = ${literal(plan.campaign)}) = 'contract' THEN
    SET LOCAL lock_timeout = '300ms';
    PERFORM reembed.lock_target(${literal(targetOf(plan))});
${[...renames(plan, 'expand'), ...bringBack(plan)].map((line) => `    ${line}`).join('\n')}
    PERFORM reembed.leave_contract(${literal(plan.campaign)});
  END IF;
END $down$;`,
    `CALL reembed.restore_old_vectors(${literal(plan.campaign)});`,
    ...buildIndexes(
      plan,
      // Those of a side table came back with it.
      plan.oldSideTable ? [] : plan.oldIndexes.map((index) => readDefinition(plan, index)),
    ),
    `SELECT reembed.finish_restore(${literal(plan.campaign)});`,
  ],
};

function archiveOrDrop(plan: CampaignPlan): string[] {
  if (plan.oldSideTable) {
    return [
      `-- Renames ${identifier(plan.schema)}.${identifier(plan.oldSideTable)} and sets its schema to reembed: no vector is copied.`,
      `PERFORM reembed.archive_side_table(${literal(plan.campaign)});`,
    ];
  }
  const columns = [plan.column, ...(plan.fromVersionColumn ? [plan.fromVersionColumn] : [])];
  return [
    `PERFORM reembed.finish_archive(${literal(plan.campaign)});`,
    '-- Without CASCADE: whatever still depends on the old column stops this transaction.',
    ...columns.map((column) => `ALTER TABLE ${tableOf(plan)} DROP COLUMN ${identifier(column)};`),
  ];
}

function bringBack(plan: CampaignPlan): string[] {
  if (plan.oldSideTable) return [`PERFORM reembed.restore_side_table(${literal(plan.campaign)});`];
  return [
    `ALTER TABLE ${tableOf(plan)} ADD COLUMN ${identifier(plan.column)} ${plan.columnType};`,
    ...(plan.fromVersionColumn ? [`ALTER TABLE ${tableOf(plan)} ADD COLUMN ${identifier(plan.fromVersionColumn)} text;`] : []),
  ];
}

/** Lets the new column and index take the old names, or gives them their own names back. A side table keeps its names. */
function renames(plan: CampaignPlan, direction: 'contract' | 'expand'): string[] {
  if (plan.sideTable) return [];
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

import { type CampaignPlan, literal, oneLine, targetOf } from '../plan/plan.ts';
import { buildIndexes, restoredIndex } from './index-statements.ts';
import { buildLeafIndexes } from './leaf-indexes.ts';
import { anonymousBlock, type Phase } from './phase.ts';

export const contract: Phase = {
  name: 'contract',
  locks: ({ oldSideTable }) =>
    oldSideTable
      ? 'ACCESS EXCLUSIVE on the tables for milliseconds, while the old side table moves to schema reembed'
      : 'copies the old vectors without a lock; then ACCESS EXCLUSIVE on the table while the column is dropped',
  back: ({ oldSideTable }) =>
    oldSideTable
      ? 'restores the old side table and its indexes; only purge cannot be undone'
      : 'restores the old column, its vectors (one commit per batch) and its indexes; only purge cannot be undone',
  inTransaction: false,
  up: (plan) => [
    `SELECT reembed.require_gate(${literal(plan.campaign)}, 'contract');`,
    ...(plan.oldSideTable
      ? []
      : [`SELECT reembed.begin_archive(${literal(plan.campaign)});`, `CALL reembed.copy_to_archive(${literal(plan.campaign)});`]),
    `-- ACCESS EXCLUSIVE on the views and the table from here on.
${anonymousBlock(`BEGIN
  IF (SELECT phase FROM reembed.campaign WHERE name = ${literal(plan.campaign)}) <> 'contract' THEN
    SET LOCAL lock_timeout = '300ms';
    PERFORM reembed.lock_target(${literal(targetOf(plan))});
    PERFORM reembed.drop_view(${literal(targetOf(plan))}, reembed.model_view_name(${literal(targetOf(plan))}, ${literal(plan.from.name)}));
${[...archive(plan), ...exchange(plan)].map((line) => `    ${line}`).join('\n')}
    PERFORM reembed.enter_contract(${literal(plan.campaign)});
  END IF;
END`)}`,
    ...notNull(plan),
  ],
  // Every statement is idempotent, so that an interrupted restore continues where it stopped.
  down: (plan) => [
    anonymousBlock(`BEGIN
  PERFORM reembed.require_archive(${literal(plan.campaign)});
  IF (SELECT phase FROM reembed.campaign WHERE name = ${literal(plan.campaign)}) = 'contract' THEN
    SET LOCAL lock_timeout = '300ms';
    PERFORM reembed.lock_target(${literal(targetOf(plan))});
${bringBack(plan)
  .map((line) => `    ${line}`)
  .join('\n')}
    PERFORM reembed.leave_contract(${literal(plan.campaign)});
  END IF;
END`),
    `CALL reembed.restore_old_vectors(${literal(plan.campaign)});`,
    // The indexes of a side table are restored together with it.
    ...(plan.oldSideTable
      ? []
      : plan.isPartitioned
        ? [buildLeafIndexes(plan, 'oldLeafIndexes'), `SELECT reembed.restore_parent_indexes(${literal(plan.campaign)});`]
        : buildIndexes(
            plan,
            plan.oldIndexes.map((index) => restoredIndex(plan, index)),
          )),
    ...notNull(plan),
    `SELECT reembed.finish_restore(${literal(plan.campaign)});`,
  ],
};

/** Makes the column NOT NULL as the old one was, unless a row lacks a vector. The scan of the table blocks neither reads nor writes. */
function notNull(plan: CampaignPlan): string[] {
  if (!plan.notNull) return [];
  return ['check_not_null', 'validate_not_null', 'set_not_null'].map((step) => `SELECT reembed.${step}(${literal(plan.campaign)});`);
}

function archive(plan: CampaignPlan): string[] {
  if (!plan.oldSideTable) return [`PERFORM reembed.finish_archive(${literal(plan.campaign)});`];
  return [
    `-- Renames ${oneLine(plan.oldSideTable)} and sets its schema to reembed: no vector is copied.`,
    `PERFORM reembed.archive_side_table(${literal(plan.campaign)});`,
  ];
}

/** Drops the old column and renames the new column and its indexes to the old names. A side table keeps its names. */
function exchange(plan: CampaignPlan): string[] {
  return [
    `PERFORM reembed.drop_compiled(${literal(targetOf(plan))});`,
    ...(plan.oldSideTable ? [] : ['-- Without CASCADE: this transaction fails if an object still depends on the old column.']),
    `PERFORM reembed.exchange_columns(${literal(plan.campaign)});`,
    '-- Gives column and indexes the comments, statistics targets and storage of the old ones, and the indexes their names.',
    `PERFORM reembed.carry_properties(${literal(plan.campaign)});`,
  ];
}

function bringBack(plan: CampaignPlan): string[] {
  return [
    `PERFORM reembed.return_properties(${literal(plan.campaign)});`,
    `PERFORM reembed.bring_back_column(${literal(plan.campaign)}, ${literal(plan.toColumn)}, ${literal(plan.toVersionColumn)});`,
    ...(plan.oldSideTable ? [`PERFORM reembed.restore_side_table(${literal(plan.campaign)});`] : []),
  ];
}

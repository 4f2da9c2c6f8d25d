import { type CampaignPlan, identifier, literal, targetOf, vectorTableOf } from '../plan/plan.ts';
import { createSideTable } from './1-expand.ts';
import { buildIndexes, newIndex, RESET_BUILD_SETTINGS } from './index-statements.ts';
import type { EachLeafIndex } from './leaf-indexes.ts';
import { anonymousBlock, CONCURRENT_LOCK_WAIT, type Phase, present, RESET_LOCK_WAIT } from './phase.ts';

/**
 * Contract of a part of a table: its column also belongs to other rows, so the new vectors are moved into it. The live view reads the side
 * table until all of them are there. Every statement can be repeated, so that an interrupted file continues where it stopped.
 */
export const contractOfPart: Phase = {
  name: 'contract',
  locks: () =>
    'ACCESS EXCLUSIVE on the table for milliseconds at the start and at the end; between, each row of the part is updated, as slowly as in a throttled backfill',
  back: () => 'moves the new vectors into a side table again and the archived ones into the column, as slowly; only purge cannot be undone',
  inTransaction: false,
  up: (plan) => [
    `SELECT reembed.require_gate(${literal(plan.campaign)}, 'contract');`,
    `SELECT reembed.begin_archive(${literal(plan.campaign)});`,
    `CALL reembed.copy_to_archive(${literal(plan.campaign)});`,
    underLock(plan, "phase <> 'contract'", [
      `PERFORM reembed.drop_view(${literal(targetOf(plan))}, reembed.model_view_name(${literal(targetOf(plan))}, ${literal(plan.from.name)}));`,
      `PERFORM reembed.enter_part_contract(${literal(plan.campaign)});`,
    ]),
    // They do not take the new vectors, or would hold those of both models.
    dropEach('oldPartIndexes'),
    `CALL reembed.move_vectors(${literal(plan.campaign)}, 'into_column');`,
    buildPartIndexes(plan),
    underLock(plan, "moving = 'into_column'", [`PERFORM reembed.finish_part_contract(${literal(plan.campaign)});`]),
  ],
  down: (plan) => [
    `SELECT reembed.require_archive(${literal(plan.campaign)});`,
    underLock(plan, "phase = 'contract' AND to_relation IS NULL AND moving IS NULL", [
      createSideTable(plan),
      `PERFORM reembed.begin_side_table(${literal(plan.campaign)}, ${literal(vectorTableOf(plan))}, ${literal(plan.toColumn)}, ${literal(plan.toVersionColumn)});`,
    ]),
    `CALL reembed.move_vectors(${literal(plan.campaign)}, 'out_of_column');`,
    ...buildIndexes(
      plan,
      plan.indexes.map((index) => newIndex(plan, index)),
    ).map((statement) => onSideTable(plan, statement)),
    underLock(plan, "phase = 'contract' AND moving IN ('into_column', 'out_of_column')", [
      `PERFORM reembed.begin_restore_part(${literal(plan.campaign)});`,
    ]),
    dropEach('movedIndexes'),
    `CALL reembed.move_vectors(${literal(plan.campaign)}, 'from_archive');`,
    underLock(plan, "phase = 'contract' AND moving = 'from_archive'", [`PERFORM reembed.leave_part_contract(${literal(plan.campaign)});`]),
    { list: 'oldPartIndexes', run: [CONCURRENT_LOCK_WAIT, '\0index.statement\0;', RESET_LOCK_WAIT] },
    `SELECT reembed.finish_restore(${literal(plan.campaign)});`,
  ],
};

/** Runs statements of PL/pgSQL under ACCESS EXCLUSIVE on views and tables, if the campaign is in a state. */
function underLock(plan: CampaignPlan, state: string, statements: string[]): string {
  return anonymousBlock(`BEGIN
  IF EXISTS (SELECT FROM reembed.campaign WHERE name = ${literal(plan.campaign)} AND ${state}) THEN
    SET LOCAL lock_timeout = '300ms';
    PERFORM reembed.lock_target(${literal(targetOf(plan))});
${statements.map((statement) => `    ${statement}`).join('\n')}
  END IF;
END`);
}

function dropEach(list: EachLeafIndex['list']): EachLeafIndex {
  return { list, run: [CONCURRENT_LOCK_WAIT, '\0index.drop\0;', RESET_LOCK_WAIT] };
}

/** Builds the index on the column like that on the side table, with its memory and parallel workers. No transaction may be open. */
function buildPartIndexes(plan: CampaignPlan): EachLeafIndex {
  const [index] = plan.indexes;
  return {
    list: 'partIndexes',
    run: [
      `${CONCURRENT_LOCK_WAIT}
SELECT reembed.prepare_index_build(
  p_name => ${literal(plan.campaign)},
  p_index => \0index.literal\0,
  p_method => ${literal(index?.method ?? 'hnsw')},
  p_parameters => ${literal(index?.parameters ?? '')},
  p_is_again => true
);`,
      '\0index.statement\0;',
      `${RESET_LOCK_WAIT} ${RESET_BUILD_SETTINGS}`,
    ],
  };
}

/** The names of the side table, which is not yet where the campaign has its vectors. */
function onSideTable(plan: CampaignPlan, statement: string): string {
  return statement.replaceAll(present('vectors'), vectorTableOf(plan)).replaceAll(present('column'), identifier(plan, plan.toColumn));
}

import { CONCURRENT_LOCK_WAIT, type Phase, RESET_LOCK_WAIT, SHORT_LOCK_WAIT } from './phase.ts';
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

LOCK TABLE ${tableOf(plan)} IN ACCESS EXCLUSIVE MODE;
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
    SET LOCAL lock_timeout = '1s';
    LOCK TABLE ${tableOf(plan)} IN ACCESS EXCLUSIVE MODE;
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
    ...(plan.oldIndexes.length > 0
      ? [CONCURRENT_LOCK_WAIT, ...plan.oldIndexes.map(({ definition }) => `${concurrently(definition)};`), RESET_LOCK_WAIT]
      : []),
  ],
};

/** Lets the new column and index take the old names, or gives them their own names back. */
function renames(plan: CampaignPlan, direction: 'contract' | 'expand'): string[] {
  const table = tableOf(plan);
  const pairs = [
    [`ALTER TABLE ${table} RENAME COLUMN`, plan.toColumn, plan.column],
    [`ALTER TABLE ${table} RENAME COLUMN`, plan.toVersionColumn, `${plan.column}_model_version`],
    ...(plan.index ? [[`ALTER INDEX ${identifier(plan.schema)}.%I RENAME`, plan.index.name, plan.index.finalName]] : []),
  ] as [string, string, string][];
  return pairs
    .filter(([, temporary, final]) => temporary !== final)
    .map(([command, temporary, final]) => {
      const [before, after] = direction === 'contract' ? [temporary, final] : [final, temporary];
      return command.includes('%I')
        ? `${command.replace('%I', () => identifier(before))} TO ${identifier(after)};`
        : `${command} ${identifier(before)} TO ${identifier(after)};`;
    });
}

function concurrently(indexDefinition: string): string {
  return indexDefinition.replace(/^CREATE (UNIQUE )?INDEX /, 'CREATE $1INDEX CONCURRENTLY IF NOT EXISTS ');
}

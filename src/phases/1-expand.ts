import { vectorBytes } from '../database/element-types.ts';
import type { IndexForm } from '../database/index-form.ts';
import {
  type Acceptance,
  type CampaignPlan,
  identifier,
  literal,
  type ModelDefinition,
  nameArray,
  oneLine,
  tableOf,
  targetOf,
  vectorTableOf,
  vectorType,
} from '../plan/plan.ts';
import { isOnLeaves, leafPattern } from './leaf-indexes.ts';
import { type Phase, present, SHORT_LOCK_WAIT } from './phase.ts';

// Largest vector, in bytes, of which two fit a page: half a page of 8 kB, less the key and the names of the row.
const LARGEST_IN_PLACE = 3800;

const DROP_COLUMNS = `ALTER TABLE ${present('table')}
  DROP COLUMN ${present('version')},
  DROP COLUMN ${present('column')};`;

export const expand: Phase = {
  name: 'expand',
  locks: ({ sideTable }) =>
    sideTable
      ? 'SHARE ROW EXCLUSIVE on the table for milliseconds: adds triggers, but no column, and rewrites no row'
      : 'ACCESS EXCLUSIVE on the table for milliseconds: adds two nullable columns and two triggers, rewrites no row',
  back: ({ sideTable }) =>
    `drops the ${sideTable ? 'side table' : 'columns'}, triggers and views that it added; the old vectors were never changed`,
  inTransaction: true,
  up: (plan) => [
    `${SHORT_LOCK_WAIT}

${plan.acceptances.map((acceptance) => accept(plan, acceptance)).join('')}${plan.sideTable ? createSideTable(plan) : addColumns(plan)}

${registerModel(plan.from)}
${registerModel(plan.to)}
-- Puts triggers on the table that log live writes, and makes the view ${oneLine(plan.liveView)}, which still reads ${oneLine(plan.from.name)}.
SELECT reembed.start_campaign(
  p_name => ${literal(plan.campaign)},
  ${columnArguments(plan)}
  p_key_columns => ${nameArray(plan.keyColumns)},
  p_text_columns => ${nameArray(plan.textColumns)},
  p_text_sql => ${literal(plan.textSql)},${plan.textJoins.length === 0 ? '' : `\n  p_joins => ${literal(JSON.stringify(plan.textJoins))},`}
  ${liveViewArgument(plan.liveView)}
  p_live_model_column => ${literal(plan.liveModelColumn)},
  p_from_model => ${literal(plan.from.name)},
  p_to_model => ${literal(plan.to.name)},
  p_to_column => ${literal(plan.toColumn)},
  p_to_version_column => ${literal(plan.toVersionColumn)},
  p_tokens_per_character => ${literal(plan.tokensPerCharacter)},
  p_keep_old_current => ${literal(plan.keepOldCurrent)}${plan.oldModelGone ? ',\n  p_old_model_gone => true' : ''}${plan.sideTable ? `,\n  p_to_relation => ${literal(vectorTableOf(plan))}` : ''}${plan.applicationPath ? `,\n  p_application_path => ${literal(plan.applicationPath)}` : ''}${plan.maxTokens === null ? '' : `,\n  p_max_tokens => ${literal(plan.maxTokens)}`}${plan.maxUsd === null ? '' : `,\n  p_max_usd => ${literal(plan.maxUsd)}`}
);${joinGroup(plan)}${planIndexes(plan)}${planPartIndexes(plan)}`,
  ],
  down: (plan) => [
    `${SHORT_LOCK_WAIT}

SELECT reembed.forget_campaign(${literal(plan.campaign)});

${plan.sideTable ? `DROP TABLE ${present('vectors')};` : DROP_COLUMNS}
-- Views with the table's own name that another campaign still needs.
SELECT reembed.replace_schema_views(${present('table_literal')});`,
  ],
};

function joinGroup({ campaign, group }: CampaignPlan): string {
  return group === undefined ? '' : `\nUPDATE reembed.campaign SET group_name = ${literal(group)} WHERE name = ${literal(campaign)};`;
}

/** Records the indexes on the column that hold rows of the part alone. */
function planPartIndexes({ campaign, part }: CampaignPlan): string {
  return part === null ? '' : `\nSELECT reembed.plan_part_indexes(${literal(campaign)});`;
}

/** Records the indexes on the new vectors, and what becomes of each index on the old ones. */
function planIndexes(plan: CampaignPlan): string {
  const dropped = plan.oldIndexes.filter(
    ({ name, qualified }) => !plan.indexes.some(({ oldName, oldOnLeaves }) => oldName === name || oldOnLeaves === qualified),
  );
  const calls = [
    ...plan.indexes.map((index) => ({
      ...{ old_name: index.oldName, name: index.name, final_name: index.finalName, is_main: index.isMain, method: index.method },
      ...formArguments(index.form),
      ...(isOnLeaves(plan) && { definition: leafPattern(index) }),
      ...(index.oldOnLeaves !== null && { old_index: index.oldOnLeaves }),
    })),
    ...dropped.map(({ name, isOnLeaves: isPattern, qualified }) => ({
      ...{ old_name: isPattern ? null : name, name: null, final_name: null, is_main: false },
      ...(plan.isPartitioned && !plan.oldSideTable && { old_index: qualified }),
    })),
  ];
  return calls
    .map((given) => {
      const named = Object.entries({ campaign: plan.campaign, ...given }).map(([name, value]) => `  p_${name} => ${literal(value)}`);
      return `\nSELECT reembed.plan_index(\n${named.join(',\n')}\n);`;
    })
    .join('');
}

function formArguments({ name, dimensions }: IndexForm) {
  return { ...(name !== 'plain' && { form: name }), ...(dimensions !== null && { dimensions }) };
}

function addColumns(plan: CampaignPlan): string {
  return `-- After an earlier campaign: views before table, the order a search takes its locks in.
SELECT reembed.lock_target(${literal(targetOf(plan))});
ALTER TABLE ${tableOf(plan)}
  ADD COLUMN ${identifier(plan, plan.toColumn)} ${vectorType(plan, plan.to)},
  ADD COLUMN ${identifier(plan, plan.toVersionColumn)} text;`;
}

/** Returns the statements that create the side table. */
export function createSideTable(plan: CampaignPlan): string {
  const tablespace = (clause: string) => (plan.tablespace ? ` ${clause} ${identifier(plan, plan.tablespace)}` : '');
  return `CREATE TABLE ${vectorTableOf(plan)} (
  ${plan.keyDefinitions.map((definition) => `${definition} NOT NULL`).join(',\n  ')},
  ${identifier(plan, plan.toColumn)} ${vectorType(plan, plan.to)} NOT NULL,
  ${identifier(plan, plan.toVersionColumn)} text NOT NULL,
  text_hash bigint NOT NULL,
  PRIMARY KEY (${plan.keyColumns.map((name) => identifier(plan, name)).join(', ')})${tablespace('USING INDEX TABLESPACE')}
)${tablespace('TABLESPACE')};
${inPlace(plan)}COMMENT ON TABLE ${vectorTableOf(plan)} IS ${literal(`pg-reembed: vectors of ${plan.to.name} for the rows of ${plan.schema}.${plan.table}, kept by triggers and workers. Search through ${plan.liveView}.`)};
COMMENT ON COLUMN ${vectorTableOf(plan)}.text_hash IS 'Hash of the text the vector is of: reembed.text_hash().';`;
}

/** Returns the statement that keeps vectors in the page if two of them fit it: reads and writes are faster than through a TOAST table. */
function inPlace(plan: CampaignPlan): string {
  if (vectorBytes(plan.to.elementType, plan.to.dimensions) > LARGEST_IN_PLACE) return '';
  return `ALTER TABLE ${vectorTableOf(plan)} ALTER COLUMN ${identifier(plan, plan.toColumn)} SET STORAGE PLAIN;\n`;
}

function accept(plan: CampaignPlan, { code, reason, evidence }: Acceptance): string {
  return `SELECT reembed.accept(${literal(plan.campaign)}, ${literal(code)}, ${literal(reason)}, ${literal(JSON.stringify(evidence))});
`;
}

/** Returns the part of the file that names the target's table and column. */
export function columnArguments(plan: CampaignPlan): string {
  return `${relationArgument(tableOf(plan))}
  p_column => ${literal(plan.column)},${plan.part ? `\n  p_part => ${literal(plan.part.name)},\n  p_where => ${literal(plan.part.where)},` : ''}`;
}

/** Returns the line of the file that names the table. */
export function relationArgument(relation: string): string {
  return `p_relation => ${literal(relation)},`;
}

/** Returns the line of the file that names the live view. */
export function liveViewArgument(name: string): string {
  return `p_live_view => ${literal(name)},`;
}

function registerModel(model: ModelDefinition): string {
  return `SELECT reembed.register_model(
  p_name => ${literal(model.name)},
  p_provider_model => ${literal(model.providerModel)},
  p_dimensions => ${literal(model.dimensions)},
  p_element_type => ${literal(model.elementType)},
  p_distance => ${literal(model.distance)},
  p_document_prefix => ${literal(model.documentPrefix)},
  p_query_prefix => ${literal(model.queryPrefix)},
  p_send_dimensions => ${literal(model.sendDimensions)},
  p_token_limit => ${literal(model.tokenLimit)},
  p_usd_per_million_tokens => ${literal(model.usdPerMillionTokens)},
  p_provider => ${literal(model.provider)}
);
`;
}

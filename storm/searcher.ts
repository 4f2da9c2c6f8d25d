import { setTimeout as sleep } from 'node:timers/promises';
import { createSearchClient, type EmbeddedQuery } from '../src/index.ts';
import { vectorOf } from '../test/harness/provider.ts';
import { checkBridged, searchOverBridge } from './bridge.ts';
import type { Draw } from './draw.ts';
import { textOf } from './joined-tables.ts';
import { DIMENSIONS, isStatic, isVectorOf, TABLE, vectorText, type World } from './world.ts';

const searchOf = (
  view: string,
  { options }: World,
) => `SELECT id${options.joins > 0 ? '' : ', content'}, embedding_model AS model, embedding::text AS vector FROM ${view}
  ORDER BY embedding <=> reembed.query_vector(embedding_model, $1, $2::vector) LIMIT 10`;
const KINDS = ['search by SQL', 'search by client', 'search with key'] as const;
const OVER_BRIDGE = 'search over the bridge';

interface Found {
  id: string;
  model: string;
  vector: string;
}

interface Answered {
  model: string;
  rows: Found[];
}

/**
 * One client of the application that searches continuously: with plain SQL, with the toolkit's client, or with that
 * client for readers of whom some are in the canary, followed by shadow reads.
 */
export async function runSearcher(world: World, number: number): Promise<void> {
  const draw = world.draw(`searcher ${number}`);
  const kind = world.options.bridge && number === 0 ? OVER_BRIDGE : (KINDS[number % KINDS.length] as (typeof KINDS)[number]);
  const client = createSearchClient(world.application, {
    target: TABLE,
    embed: async (text, model) => vectorOf(model.name, text, DIMENSIONS),
    listen: number % 2 === 0,
  });
  while (!world.over.aborted) {
    const text = await textOfStaticRow(world, draw);
    const startedAt = Date.now();
    try {
      if (kind === OVER_BRIDGE) await searchBridged(text);
      else {
        check(world, kind === 'search by SQL' ? await searchBySql(world, text) : await searchByClient(text));
        world.operations.add(kind);
      }
    } catch (error) {
      const { code = '', message = '' } = error as { code?: string; message?: string };
      world.log(`${kind} failed: ${code} ${message}`);
      const isOutdated = code === '42703' && isRenamed(world, startedAt);
      if (world.server.isUp(startedAt, Date.now()) && !isOutdated) world.failedReads.add(`${kind}: ${code} ${message}`);
      await sleep(200);
    }
    await sleep(draw.between(10, 40));
  }

  await client.close();
  world.operations.add('shadow read', client.shadowReads.recorded);

  async function searchBridged(text: string): Promise<void> {
    const rows = await searchOverBridge(world, client, text, draw.chance(0.05));
    world.operations.add(rows ? kind : 'search while the bridge is closed');
    if (rows) checkBridged(world, text, rows);
  }

  async function searchByClient(text: string): Promise<Answered> {
    const run = async ({ model, vector, view }: EmbeddedQuery) => ({
      model,
      isCanary: view !== `public.${TABLE}_live`,
      rows: (await world.application.query<Found>(searchOf(view, world), [model, vector])).rows,
    });
    if (kind === 'search by client') return client.search(text, run);
    const answer = await client.search(text, run, {
      key: `reader ${draw.between(1, 1000)}`,
      ids: ({ rows }) => rows.map(({ id }) => id),
    });
    if (answer.isCanary) world.operations.add('answered by canary');
    return answer;
  }
}

/** The search that the documentation recommends for applications in any language. */
async function searchBySql(world: World, text: string): Promise<Answered> {
  for (;;) {
    const served = await world.application.query<{ model: string }>('SELECT reembed.active_model($1) AS model', [TABLE]);
    const model = served.rows[0]?.model ?? '';
    try {
      return {
        model,
        rows: (await world.application.query<Found>(searchOf(`${TABLE}_live`, world), [model, vectorText(model, text)])).rows,
      };
    } catch (error) {
      if ((error as { code?: string }).code !== 'RE002') throw error;
      world.operations.add('search again after RE002');
    }
  }
}

/** Whether a view may have had other column names since then; searches do not follow renames. */
function isRenamed(world: World, since: number): boolean {
  return world.isChanged(since, Date.now()) || Object.entries(world.columns).some(([first, present]) => first !== present);
}

function check(world: World, { model, rows }: Answered): void {
  if (rows.length !== 10) world.wrongAnswers.add(`${rows.length} rows found instead of 10`);
  for (const row of rows) {
    if (row.model !== model) world.wrongAnswers.add(`asked with ${model}, answered with ${row.model}`);
    const id = Number(row.id);
    if (isStatic(id) && id <= world.options.rows && !isVectorOf(model, textOf(world, id) ?? '', row.vector)) {
      world.wrongAnswers.add(`row ${row.id} was found by a vector that is not ${model}'s`);
    }
  }
}

async function textOfStaticRow(world: World, draw: Draw): Promise<string> {
  const id = draw.between(1, Math.floor(world.options.rows / 10)) * 10;
  return textOf(world, id) ?? '';
}

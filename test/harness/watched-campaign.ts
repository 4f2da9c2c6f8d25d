import { readConfig } from '../../src/config.ts';
import { createSearchClient, type EmbeddedQuery } from '../../src/index.ts';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, textOf } from './documents.ts';
import { JUDGED_EQUAL } from './evidence.ts';
import { type ScriptedAnswer, type SeenRequest, vectorOf } from './provider.ts';
import { createStage, type Stage } from './stage.ts';
import { createWatch, type Watch } from './watch.ts';

/** Number of shadow reads on which the watch bases its decisions. */
export const SAMPLE = 40;

/** A campaign with readers and a watch. */
export interface WatchedCampaign {
  stage: Stage;
  campaign: string;
  watch: Watch;
  sql: Stage['db']['pool']['query'];
  /** brings it to where the index is built and a real validation passed; every search is followed by a shadow read */
  begin(): Promise<void>;
  /** returns it to before the index, without alerts and the data that led to them */
  reset(): Promise<void>;
  setting(name: string): Promise<string>;
  switchTo(model: string): Promise<void>;
  /** searches of many readers, with the package's client and a real provider, until enough were followed by a shadow read */
  traffic(): Promise<void>;
  /** the keys of the ten nearest rows */
  top(query: EmbeddedQuery): Promise<string[]>;
  /** events of a kind, newest first */
  events(kind: string): Promise<{ from_value: string; to_value: string; reason: string }[]>;
}

/** Answer of a provider whose model was replaced under the same name: the vectors do not match those stored. */
export const turnedInto =
  (bad: string) =>
  ({ model, input }: SeenRequest): ScriptedAnswer =>
    model === bad
      ? { vectors: input.map((text) => vectorOf('another-model', text, bad === NEW_MODEL ? NEW_DIMENSIONS : OLD_DIMENSIONS)) }
      : undefined;

/** A campaign on 300 documents, from the old to the new model. */
export async function createWatchedCampaign(): Promise<WatchedCampaign> {
  const stage = await createStage();
  await createDocuments(stage.db.pool, 300);
  const campaign = await stage.createUsual();
  const sql = stage.db.pool.query.bind(stage.db.pool) as Stage['db']['pool']['query'];
  const watched: WatchedCampaign = {
    stage,
    campaign,
    watch: createWatch(stage),
    sql,
    async begin() {
      stage.provider.script = () => undefined;
      await stage.bring(campaign, 'index');
      // A real validation: the watch uses the measured overlap of the models as its reference.
      const validated = await stage.workplace.run(['validate', '--sample', '150', '--json']);
      // The evidence of an earlier beginning may suffice.
      if (validated.code !== 5 && validated.code !== 0) throw new Error(validated.stderr);
      await sql(JUDGED_EQUAL);
      await sql(`UPDATE reembed.setting SET shadow_percent = 100, shadow_per_second = 1000, shadow_sample = ${SAMPLE}, known_items = 10, alert_after = '0',
        auto_revert = false, canary_steps = NULL, max_latency_ratio = NULL, min_shadow_overlap = NULL`);
    },
    async reset() {
      await sql('DELETE FROM reembed.alert; DELETE FROM reembed.known_item; DELETE FROM reembed.shadow_read');
      await watched.switchTo(OLD_MODEL);
      await stage.bring(campaign, 'backfill');
    },
    setting: async (name) => (await sql(`SELECT ${name}::text AS value FROM reembed.setting`)).rows[0].value,
    async switchTo(model) {
      await sql("SELECT reembed.switch_to('documents', $1)", [model]);
    },
    async traffic() {
      const config = readConfig({ OPENAI_API_KEY: 'test', OPENAI_BASE_URL: stage.provider.url });
      const client = createSearchClient(stage.db.pool, { target: 'documents', config });
      for (let i = 1; client.shadowReads.recorded < SAMPLE; i++) {
        await client.search(textOf(i * 7), watched.top, { key: `reader ${i}`, ids: (found) => found });
      }
      await client.close();
    },
    async top({ model, vector, view }) {
      const { rows } = await sql(
        `SELECT id FROM ${view} ORDER BY embedding <=> reembed.query_vector(embedding_model, $1, $2::vector) LIMIT 10`,
        [model, vector],
      );
      return rows.map(({ id }) => id);
    },
    events: async (kind) =>
      (await sql('SELECT from_value, to_value, reason FROM reembed.event WHERE kind = $1 ORDER BY id DESC', [kind])).rows,
  };
  return watched;
}

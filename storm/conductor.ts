import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandResult } from '../test/harness/command.ts';
import { NEW_MODEL, OLD_MODEL, TABLE, type World } from './world.ts';

const MOVES = {
  'switch back and forth by SQL': 5,
  'switch back and forth by migrations': 3,
  'index away and again': 2,
  'backfill down and up': 1,
  'contract and back': 3,
  'two runners at once': 3,
};

/** Expected in normal operation: wait, check again, or retry. Any other exit code is a bug. */
const EXPECTED_EXITS = new Set([0, 1, 3, 4, 5]);
const LONGEST_HOLD_MS = 3500;
/** A row may have an old vector and no text for moments, until a worker has deleted the vector. */
const UP = ['migrate', 'up', '--accept', 'rows-without-text,unsure', '--reason', 'a storm'];

/** The operator: drives the campaign through its phases, forward and back, despite the faults. */
export interface Conductor {
  /** forward and back at random until the storm ends */
  run(): Promise<void>;
  /** brings the campaign to where both models are complete and the new one is live */
  bringToSwitch(): Promise<void>;
  /** runs one command and checks its exit code */
  command(args: string[]): Promise<CommandResult>;
  /** whether the new model was live before the storm ended */
  sawSwitch: boolean;
}

export function createConductor(world: World): Conductor {
  const draw = world.draw('conductor');

  const command = async (args: string[]): Promise<CommandResult> => {
    const startedAt = Date.now();
    const result = await world.workplace.run(args);
    world.operations.add(
      args
        .filter((word) => !word.startsWith('-'))
        .slice(0, 2)
        .join(' '),
    );
    world.log(`${args.join(' ')}: ${result.code} in ${Date.now() - startedAt} ms`);
    for (const line of result.stderr.trim().split('\n').slice(-6)) world.log(`    ${line}`);
    if (!EXPECTED_EXITS.has(result.code ?? -1))
      world.bugs.add(`${args.join(' ')} ended with ${result.code}: ${result.stderr.slice(-2000)}`);
    return result;
  };

  /** Moves forward until the new model is live. */
  const bringToSwitch = async (): Promise<void> => {
    for (let tries = 0; ; tries++) {
      if ((await phase()) === 'switch' && (await readModel()) === NEW_MODEL) return;
      if (tries > 200) throw new Error('the campaign does not reach its switch');
      // The workers embed in either case; sometimes the operator's command embeds as well.
      const up = await command(draw.chance(0.3) ? [...UP, '--wait'] : UP);
      if (up.code === 3 && /(npm run|npx reembed) validate/.test(up.stderr)) await command(['validate', '--sample', '20', '--json']);
      else if (up.code === 3 && /reads .* again|the new model has been read/.test(up.stderr)) {
        const model = await ask(`SELECT reembed.switch_to('${TABLE}', '${NEW_MODEL}')`);
        // Switch is refused when a reset ledger makes the last validation too old.
        if (model === undefined) await command(['validate', '--sample', '20', '--json']);
      } else if (up.code !== 0) await sleep(1000);
      if (/could not be embedded/.test(up.stderr)) await command(['retry']);
    }
  };

  const moves: Record<keyof typeof MOVES, () => Promise<unknown>> = {
    async 'switch back and forth by SQL'() {
      for (let times = draw.between(2, 8); times > 0; times--) {
        const model = times % 2 === 0 ? OLD_MODEL : NEW_MODEL;
        await ask(`SELECT reembed.switch_to('${TABLE}', '${model}')`);
        await sleep(draw.between(20, 700));
        if (model === OLD_MODEL) await ask(`UPDATE reembed.setting SET canary_percent = ${draw.pick([5, 30, 100])}`);
        await sleep(draw.between(0, 800));
      }
    },
    async 'switch back and forth by migrations'() {
      await command(['migrate', 'down', '--accept-missing']);
      await sleep(draw.between(100, 2000));
    },
    'index away and again': () => command(['migrate', 'down', '2', '--accept-missing']),
    'backfill down and up': () => command(['migrate', 'down', '3', '--accept-missing']),
    async 'contract and back'() {
      world.writesOwnVectors = false;
      await sleep(LONGEST_HOLD_MS);
      await ask("UPDATE reembed.setting SET soak = '0', shadow_percent = 0");
      for (let tries = 0; tries < 20 && (await phase()) === 'switch'; tries++) {
        if ((await command(UP)).code !== 0) await sleep(1500);
      }
      await sleep(draw.between(0, 3000));
      for (let tries = 0; tries < 100 && (await isContracted()); tries++)
        if ((await command(['migrate', 'down'])).code !== 0) await sleep(500);
      await ask("UPDATE reembed.setting SET soak = '1 hour'");
      world.writesOwnVectors = true;
    },
    async 'two runners at once'() {
      await command(['migrate', 'down', '--accept-missing']);
      const results = await Promise.all([command(UP), command(UP)]);
      if (results.some(({ stderr }) => /runner_busy/.test(stderr))) world.operations.add('runner turned away');
    },
  };

  return {
    command,
    bringToSwitch,
    sawSwitch: false,
    async run() {
      while (!world.over.aborted) {
        await bringToSwitch();
        this.sawSwitch ||= !world.over.aborted;
        if (world.over.aborted) return;
        // Rolling back the index or contract resets these settings, and the models of a storm have nothing in common.
        await ask(
          'UPDATE reembed.setting SET shadow_percent = 30, min_shadow_overlap = 0, max_latency_ratio = NULL, max_shadow_errors = NULL',
        );
        await sleep(draw.between(100, 2000));
        const move = draw.weighted(MOVES);
        world.log(`move: ${move}`);
        world.operations.add(move);
        await moves[move]();
      }
    },
  };

  /** One value; repeated while the server is down or the lock is not available. */
  async function ask<T>(statement: string): Promise<T | undefined> {
    for (let tries = 0; ; tries++) {
      try {
        const { rows } = await world.pool.query<Record<string, T>>(statement);
        return Object.values(rows[0] ?? {})[0];
      } catch (error) {
        // A closed gate, or a canary after a switch that was refused.
        if (['RE001', 'RE004'].includes((error as { code?: string }).code ?? '')) return undefined;
        if (tries > 60) throw error;
        await sleep(300);
      }
    }
  }

  async function phase(): Promise<string | undefined> {
    if (!(await ask("SELECT to_regclass('reembed.campaign')::text"))) return undefined;
    return ask('SELECT phase FROM reembed.campaign');
  }

  // The rollback of contract has several steps; until the last one is done its file counts as up.
  async function isContracted(): Promise<boolean> {
    return (await ask<string>("SELECT name FROM reembed.schema_migration WHERE name LIKE '%5_contract'")) !== undefined;
  }

  async function readModel(): Promise<string | undefined> {
    return ask('SELECT read_model FROM reembed.setting');
  }
}

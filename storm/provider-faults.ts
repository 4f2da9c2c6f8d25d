import { setTimeout as sleep } from 'node:timers/promises';
import type { ScriptedAnswer, SeenRequest } from '../test/harness/provider.ts';
import { vectorOf } from '../test/harness/provider.ts';
import { DIMENSIONS, POISON, type POISONS, type World } from './world.ts';

/** Longer than the workers' EMBED_TIMEOUT_SECONDS. */
const HANG_MS = 4000;
const SHARE_OF_FAULTS = 0.05;

export const FAULTS = {
  '429 with Retry-After': 3,
  '429 without': 3,
  '500': 4,
  '503': 2,
  'time-out': 2,
  'cut connection': 4,
  'wrong count': 2,
  reordered: 6,
  'short vectors': 1,
  NaN: 2,
  'zero vector': 2,
  'the other encoding': 1,
  'no JSON': 1,
};

const NOT_ALLOWED: ScriptedAnswer = { status: 400, body: { error: { message: 'this input is not allowed' } } };

/** What a poisonous text gets for ever, and with it every request that contains it. */
function poison(text: string, input: string[]): ScriptedAnswer {
  const [, kind] = new RegExp(`${POISON} (\\w+)`).exec(text) ?? [];
  switch (kind as (typeof POISONS)[number]) {
    case '500':
      return { status: 500, body: { error: { message: 'internal error' } } };
    case 'firewall':
      return { status: 403, body: '<html><body>Request blocked</body></html>' };
    case 'body':
      return { status: 200, body: { error: { message: 'the input contains invalid tokens' } } };
    case 'cut':
      return { cut: true };
    case 'count':
      return { vectors: input.slice(1).map((other) => vectorOf('none', other, DIMENSIONS)) };
    default:
      return NOT_ALLOWED;
  }
}

/** Makes the provider answer with random faults while it is not calm; while `isOut` is set, it answers 503 to everything. */
export function faultyScript(world: World, state: { isCalm: boolean; isOut: boolean }) {
  const draw = world.draw('provider');
  return async (request: SeenRequest): Promise<ScriptedAnswer> => {
    // The provider runs for minutes, and the storm does not use its list of requests.
    world.provider.requests.length = 0;
    const { input, model } = request;
    if (state.isOut) return { status: 503, body: { error: { message: 'out of order' } } };
    const poisoned = input.find((text) => text.includes(POISON));
    if (poisoned !== undefined) return world.options.hostile ? poison(poisoned, input) : NOT_ALLOWED;
    if (state.isCalm || !draw.chance(SHARE_OF_FAULTS)) return undefined;
    const kind = draw.weighted(FAULTS);
    world.faults.add(`provider: ${kind}`);
    const vectors: (number[] | Float32Array | null)[] = input.map((text) => vectorOf(model, text, DIMENSIONS));
    const spoilt = draw.between(0, vectors.length - 1);
    switch (kind) {
      case '429 with Retry-After':
        return { status: 429, headers: { 'retry-after': '1' } };
      case '429 without':
        return { status: 429 };
      case '500':
        return { status: 500 };
      case '503':
        return { status: 503 };
      case 'time-out':
        await sleep(HANG_MS);
        return undefined;
      case 'cut connection':
        return { cut: true };
      case 'wrong count':
        return { vectors: vectors.slice(1) };
      case 'reordered':
        return { vectors: vectors.reverse(), indexes: vectors.map((_, i) => vectors.length - 1 - i) };
      case 'short vectors':
        return { vectors: vectors.map((vector) => (vector ? [...vector].slice(1) : vector)) };
      case 'NaN':
        vectors[spoilt] = [null as unknown as number, ...Array(DIMENSIONS - 1).fill(1)];
        return { vectors };
      case 'zero vector':
        vectors[spoilt] = Array(DIMENSIONS).fill(0);
        return { vectors };
      case 'the other encoding':
        return { encoding: request.encoding === 'float' ? 'base64' : 'float' };
      case 'no JSON':
        return { status: 200, body: 'please wait' };
    }
  };
}

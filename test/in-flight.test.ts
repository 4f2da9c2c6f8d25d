import test from 'ava';
import fc from 'fast-check';
import { createInFlight, type InFlight, type Went } from '../src/embedding/in-flight.ts';

const TOKENS = 1000;

/** What a provider makes of a request that begins while so many are under way, itself among them. */
type Reply = { takes: number; went?: Exclude<Went, object>; tokens?: number };

interface Simulated {
  /** the limit after each answer */
  limits: number[];
  mostUnderWay: number;
  refused: number;
  /** in milliseconds of the simulation */
  duration: number;
}

/** Sends requests by the clock of the simulation, as many at a time as the limit allows and `demand` at most. */
async function simulate(
  inFlight: InFlight,
  reply: (underWay: number, nth: number) => Reply,
  { requests, demand }: { requests: number; demand: number },
): Promise<Simulated> {
  const result: Simulated = { limits: [], mostUnderWay: 0, refused: 0, duration: 0 };
  const underWay: { endsAt: number; went: Went; leave: (went: Went) => void }[] = [];
  let begun = 0;
  let asked = 0;
  const line = {};
  const ask = () => {
    asked += 1;
    inFlight.enter(line).then((leave) => {
      const { takes, went, tokens = TOKENS } = reply(underWay.length + 1, begun++);
      underWay.push({ endsAt: result.duration + takes, leave, went: went ?? { milliseconds: takes, tokens } });
      result.mostUnderWay = Math.max(result.mostUnderWay, underWay.length);
    });
  };
  for (let i = 0; i < Math.min(demand, requests); i++) ask();
  for (let done = 0; done < requests; done++) {
    // Whoever got a place is in `underWay` once the promises at hand are settled.
    await new Promise((resolve) => setImmediate(resolve));
    underWay.sort((a, b) => a.endsAt - b.endsAt);
    const next = underWay.shift();
    if (!next) throw new Error('nobody gets a place any more');
    result.duration = next.endsAt;
    if (typeof next.went === 'string') result.refused += 1;
    next.leave(next.went);
    result.limits.push(inFlight.limit);
    if (asked < requests) ask();
  }
  return result;
}

/** Answers so many requests at a time; more of them wait for each other. */
const slots =
  (count: number, milliseconds = 100) =>
  (underWay: number): Reply => ({ takes: milliseconds * Math.max(1, underWay / count) });

test('while answers stay quick the limit grows to its ceiling, one step a round', async (t) => {
  const inFlight = createInFlight(16);
  const { limits, mostUnderWay } = await simulate(inFlight, () => ({ takes: 100 }), { requests: 200, demand: 50 });
  t.is(limits[0], 4);
  t.is(mostUnderWay, 16);
  t.true(limits.every((limit, i) => i === 0 || limit - (limits[i - 1] ?? 0) <= 1));
  // 4 + 5 + ... + 15 answers.
  t.is(limits.indexOf(16), 113);
});

test('the limit stops growing when requests start to wait for each other, with every slot of the provider in use', async (t) => {
  for (const count of [6, 10, 20]) {
    const inFlight = createInFlight(100);
    const { duration } = await simulate(inFlight, slots(count), { requests: 600, demand: 200 });
    t.true(inFlight.limit >= count && inFlight.limit <= 2 * count, `${inFlight.limit} for ${count} slots`);
    // What a limit that was right from the beginning would have taken, and the time to find it.
    t.true(duration < (600 / count) * 100 * 1.35, `${duration} ms`);
  }
});

test('a provider that answers one request after the other is not given more of them', async (t) => {
  const inFlight = createInFlight(64);
  let busyUntil = 0;
  let now = 0;
  await simulate(
    inFlight,
    (underWay) => {
      now = Math.max(now, busyUntil - 100 * (underWay - 1));
      busyUntil = Math.max(now, busyUntil) + 100;
      return { takes: busyUntil - now };
    },
    { requests: 200, demand: 50 },
  );
  t.is(inFlight.limit, 4);
});

test('a provider that refuses more than it accepts is asked for less, and nearly all requests pass', async (t) => {
  const inFlight = createInFlight(64);
  const { limits, refused } = await simulate(inFlight, (underWay) => (underWay > 8 ? { takes: 20, went: 'overloaded' } : { takes: 100 }), {
    requests: 2000,
    demand: 100,
  });
  t.true(Math.max(...limits) <= 9);
  t.true(Math.min(...limits) >= 4);
  t.true(refused <= 20, `${refused} of 2000 refused`);
  t.true(limits.filter((limit) => limit === 8).length > 1500);
});

test('a provider that accepts more than it once did is soon given more', async (t) => {
  const inFlight = createInFlight(16);
  const { limits } = await simulate(
    inFlight,
    (underWay, nth) => (underWay > 5 && nth < 60 ? { takes: 20, went: 'overloaded' } : { takes: 100 }),
    { requests: 600, demand: 50 },
  );
  t.true(Math.max(...limits.slice(0, 100)) <= 6);
  t.is(limits.at(-1), 16);
});

test('requests that fail together halve the limit once', async (t) => {
  const inFlight = createInFlight(16);
  await simulate(inFlight, () => ({ takes: 100 }), { requests: 150, demand: 50 });
  t.is(inFlight.limit, 16);
  const places = await Promise.all(Array.from({ length: 16 }, () => inFlight.enter({})));
  for (const leave of places) leave('overloaded');
  t.is(inFlight.limit, 8);
  const again = await inFlight.enter({});
  again('overloaded');
  t.is(inFlight.limit, 4);
});

test('after an outage the limit starts at one request and grows again', async (t) => {
  const inFlight = createInFlight(16);
  const { limits } = await simulate(inFlight, (_, nth) => (nth >= 100 && nth < 140 ? { takes: 10, went: 'unavailable' } : { takes: 100 }), {
    requests: 400,
    demand: 50,
  });
  t.is(Math.min(...limits), 1);
  t.is(limits.at(-1), 16);
});

test('unused places do not raise the limit', async (t) => {
  const inFlight = createInFlight(16);
  await simulate(inFlight, () => ({ takes: 100 }), { requests: 300, demand: 3 });
  t.is(inFlight.limit, 4);
});

test('long requests may take longer than short ones', async (t) => {
  const inFlight = createInFlight(16);
  const reply = (_: number, nth: number): Reply => (nth % 2 === 0 ? { takes: 1000, tokens: 100_000 } : { takes: 100, tokens: 1000 });
  await simulate(inFlight, reply, { requests: 200, demand: 50 });
  t.is(inFlight.limit, 16);
});

test('a provider that has become permanently slower is measured again', async (t) => {
  const inFlight = createInFlight(8);
  const held = await simulate(inFlight, (_, nth) => ({ takes: nth < 4 ? 100 : 250 }), { requests: 60, demand: 20 });
  t.is(held.limits.at(-1), 5);
  const { limits } = await simulate(inFlight, () => ({ takes: 250 }), { requests: 400, demand: 20 });
  t.is(limits.at(-1), 8);
});

test('a refusal that says nothing of the load changes nothing', async (t) => {
  const inFlight = createInFlight(16);
  await simulate(inFlight, () => ({ takes: 1, went: 'otherwise' }), { requests: 100, demand: 50 });
  t.is(inFlight.limit, 4);
});

test('whatever happens, no more requests are under way than the limit, at least one may be, and every one gets its turn', async (t) => {
  const reply = fc.record({
    takes: fc.integer({ min: 1, max: 1000 }),
    went: fc.constantFrom(undefined, undefined, undefined, 'overloaded' as const, 'unavailable' as const, 'otherwise' as const),
    tokens: fc.integer({ min: 1, max: 300_000 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(reply, { minLength: 1, maxLength: 120, size: 'max' }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 40 }),
      async (replies, ceiling, demand) => {
        const inFlight = createInFlight(ceiling);
        const { limits, mostUnderWay } = await simulate(
          inFlight,
          (underWay, nth) => {
            t.true(underWay <= inFlight.limit);
            const { went, ...rest } = replies[nth] as (typeof replies)[number];
            return went ? { ...rest, went } : rest;
          },
          { requests: replies.length, demand },
        );
        t.true(mostUnderWay <= ceiling);
        t.true(limits.every((limit) => limit >= 1 && limit <= ceiling));
      },
    ),
    { numRuns: 100 },
  );
});

test('lines take turns: a batch with many requests keeps no other waiting', async (t) => {
  const inFlight = createInFlight(1);
  const order: string[] = [];
  const send = async (line: object, name: string) => {
    const leave = await inFlight.enter(line);
    order.push(name);
    await new Promise((resolve) => setImmediate(resolve));
    leave('otherwise');
  };
  const [long, short] = [{}, {}];
  await Promise.all([
    ...Array.from({ length: 5 }, (_, i) => send(long, `long ${i}`)),
    ...Array.from({ length: 2 }, (_, i) => send(short, `short ${i}`)),
  ]);
  t.deepEqual(order, ['long 0', 'long 1', 'short 0', 'long 2', 'short 1', 'long 3', 'long 4']);
});

test('a caller that is stopped while waiting lets those behind pass', async (t) => {
  const inFlight = createInFlight(1);
  const line = {};
  const leave = await inFlight.enter(line);
  const stopping = new AbortController();
  const stopped = inFlight.enter(line, stopping.signal);
  const behind = inFlight.enter(line, new AbortController().signal);
  stopping.abort();
  await t.throwsAsync(stopped, { name: 'AbortError' });
  await t.throwsAsync(inFlight.enter(line, stopping.signal), { name: 'AbortError' });
  leave('otherwise');
  (await behind)('otherwise');
  t.is(typeof (await inFlight.enter({})), 'function');
});

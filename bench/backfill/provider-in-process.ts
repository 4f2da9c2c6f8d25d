import { setTimeout as sleep } from 'node:timers/promises';
import { createAnswers, type ProviderOptions } from './answers.ts';

// Loaded into a worker by NODE_OPTIONS to replace the network. The toolkit's code runs unchanged, without the CPU usage
// of a provider on the same machine.
const options = JSON.parse(process.env.BENCH_PROVIDER ?? '') as ProviderOptions;
const answerOf = createAnswers(options);

globalThis.fetch = async (_, init) => {
  const { status, body } = answerOf(String(init?.body));
  if (options.latency > 0) await sleep(options.latency);
  return new Response(body, { status, headers: { 'content-type': 'application/json' } });
};

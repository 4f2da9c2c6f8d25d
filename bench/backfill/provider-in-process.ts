import { setTimeout as sleep } from 'node:timers/promises';
import { createAnswers, type ProviderOptions } from './answers.ts';

// Loaded into a worker by NODE_OPTIONS, in place of the network: everything of the toolkit runs as ever, and what a provider beside
// it would take of the same processors is left out.
const options = JSON.parse(process.env.BENCH_PROVIDER ?? '') as ProviderOptions;
const answerOf = createAnswers(options);

globalThis.fetch = async (_, init) => {
  const { status, body } = answerOf(String(init?.body));
  if (options.latency > 0) await sleep(options.latency);
  return new Response(body, { status, headers: { 'content-type': 'application/json' } });
};

import { Command } from 'commander';
import OpenAI from 'openai';
import { toSql } from 'pgvector';
import { wholeNumber } from '../src/commands/parse-option.ts';
import { encodeVectorArray } from '../src/database/binary-vectors.ts';
import { type AnsweredVector, checkVectors } from '../src/embedding/check-vectors.ts';
import type { ModelRow } from '../src/embedding/models.ts';
import { createProvider } from '../src/embedding/provider.ts';
import { accessTo } from '../test/harness/access.ts';
import { runBench, tableText, withSetting } from './bench-command.ts';
import { answerBody, startInstantProvider } from './instant-provider.ts';
import { median } from './rounds.ts';

interface Options {
  dimensions: number;
  vectors: number;
  inputs: number;
}

/** A path, or part of one, that the vectors of a request take through the client. */
interface Path {
  name: string;
  run(): Promise<unknown> | unknown;
  /** CPU time in microseconds per vector, in each round */
  costs: number[];
}

const ROUNDS = 7;
const ELEMENT_OID = 16_385;

const command = new Command('bench:client')
  .description(
    'Measures the CPU time of the client per vector, from the answer of the provider to the parameter of the statement. ' +
      'The provider answers at once and runs in a separate process, so its CPU time is not counted; no database is needed.',
  )
  .option('--dimensions <n>', 'of the vectors', wholeNumber, 768)
  .option('--vectors <n>', 'vectors to measure each path with', wholeNumber, 60_000)
  .option('--inputs <n>', 'texts of a request', wholeNumber, 128);

await runBench(command, async (options: Options) => {
  const provider = await startInstantProvider(options.dimensions, options.inputs);
  try {
    const paths = await createPaths(provider.urls, options);
    const requests = Math.max(1, Math.round(options.vectors / options.inputs / ROUNDS));
    // Warm-up: the code is compiled in the first run.
    for (const path of paths) await measure(path, Math.min(requests, 20), options.inputs);
    // Interleaved, so that drift, such as in the load of the machine, affects all of them.
    for (let round = 0; round < ROUNDS; round++) {
      for (const path of round % 2 === 0 ? paths : paths.toReversed()) path.costs.push(await measure(path, requests, options.inputs));
    }
    const figures = paths.map(({ name, costs }) => ({
      ...{ path: name, microseconds: median(costs), lowest: Math.min(...costs), highest: Math.max(...costs) },
    }));
    const rows = figures.map(({ path, microseconds, lowest, highest }) => [
      ...[path, microseconds.toFixed(1), `${lowest.toFixed(1)} to ${highest.toFixed(1)}`],
    ]);
    return withSetting(options, { figures }, tableText(['path', 'µs of CPU a vector', 'lowest to highest'], rows));
  } finally {
    await provider.close();
  }
});

async function createPaths(urls: { base64: string; float: string }, { dimensions, inputs }: Options): Promise<Path[]> {
  const texts = Array.from({ length: inputs }, (_, i) => `text number ${i} ${'some words of it '.repeat(50)}`);
  const model = { name: 'bench', provider_model: 'bench', dimensions, document_prefix: '', query_prefix: '' } as ModelRow;
  const open = (baseUrl: string) => createProvider(model, accessTo(baseUrl), { timeoutSeconds: 60, mostInFlight: 1 });
  const [base64, float] = [open(urls.base64), open(urls.float)];
  for (const provider of [base64, float]) await provider.settleEncoding();
  if (base64.findings.encoding !== 'base64' || float.findings.encoding !== 'float') throw new Error('the encodings were not settled');
  const plain = new OpenAI({ apiKey: 'bench', baseURL: urls.float, maxRetries: 0 });

  const bodies = { base64: answerBody(inputs, dimensions, 'base64'), float: answerBody(inputs, dimensions, 'float') };
  const parse = (encoding: 'base64' | 'float') => (JSON.parse(bodies[encoding]) as { data: AnsweredVector[] }).data;
  const expected = { model: 'bench', count: inputs, dimensions, encoding: 'base64' as const };
  const vectors = checkVectors(parse('base64'), expected);
  const encode = (some: Float32Array[]) => encodeVectorArray(some, ELEMENT_OID);
  const decode = ({ embedding }: AnsweredVector) => {
    const bytes = Buffer.from(embedding as string, 'base64');
    return new Float32Array(bytes.buffer, bytes.byteOffset, dimensions);
  };

  const path = (name: string, run: Path['run']): Path => ({ name, run, costs: [] });
  return [
    path('numbers in JSON, sent as text', async () => {
      const { data } = await plain.embeddings.create({ model: 'bench', input: texts, encoding_format: 'float' });
      return data.map(({ embedding }) => Buffer.from(toSql(embedding) as string));
    }),
    path('numbers in JSON, checked, sent as binary', async () => encode((await float.embed(texts, 'document')).vectors)),
    path('base64, checked, sent as binary', async () => encode((await base64.embed(texts, 'document')).vectors)),
    path('of that: the request, with the answer only read', async () => {
      const body = JSON.stringify({ model: 'bench', input: texts, encoding_format: 'base64' });
      return (await fetch(`${urls.base64}/embeddings`, { method: 'POST', body })).text();
    }),
    path('of that: parsing, checking and encoding', () => encode(checkVectors(parse('base64'), expected))),
    path('the same without any check', () => encode(parse('base64').map(decode))),
    path('encoding alone', () => encode(vectors)),
  ];
}

/** CPU time in microseconds per vector. */
async function measure({ run }: Path, requests: number, inputs: number): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < requests; i++) await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (requests * inputs);
}

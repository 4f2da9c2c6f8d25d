// Calls functions of the modules in the working directory: a request is a line of JSON on stdin, its answer a line on stdout.
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

interface Request {
  module: string;
  function: string;
  arguments: unknown[];
}

// What a library prints is no answer.
const answer = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write;

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as Request;
  try {
    const module = (await import(pathToFileURL(`${process.cwd()}/${request.module}.ts`).href)) as Record<
      string,
      (...given: unknown[]) => unknown
    >;
    const result = await module[request.function]?.(...request.arguments);
    answer(`${JSON.stringify({ result: result ?? null })}\n`);
  } catch (error) {
    answer(`${JSON.stringify({ error: String(error), trace: (error as Error).stack })}\n`);
  }
}

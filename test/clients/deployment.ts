import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { vectorText } from '../harness/documents.ts';
import { vectorOf } from '../harness/provider.ts';

/** What a deployment did between its start and its end. */
export interface Counts {
  writes: number;
  searches: number;
  /** searches for the text that was just written which found another one */
  misses: number;
  errors: string[];
}

/** A running deployment of an application, which embeds with one model. */
export interface Deployment {
  /** ends it; a second call gives the same counts */
  end(): Promise<Counts>;
}

/** The model that a deployment embeds with, and the first of the keys that it writes. */
export interface Side {
  model: string;
  dimensions: number;
  first: number;
  /** for clients that name the schema in their statements */
  schema?: string;
}

/** Starts a deployment in Python, with a client that test/clients/deployment.py knows, and waits until it is connected. */
export async function startPython(python: string, client: string, url: string, provider: string, side: Side): Promise<Deployment> {
  const script = fileURLToPath(new URL('deployment.py', import.meta.url));
  const args = [client, url, provider, side.model, String(side.dimensions), String(side.first), ...(side.schema ? [side.schema] : [])];
  const child = spawn(python, [script, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said = (said + chunk).slice(-3000);
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${client} ended: ${said}`);
    return value as string;
  };
  await next();
  let counts: Promise<Counts> | undefined;
  return {
    end() {
      counts ??= (async () => {
        child.stdin.end('\n');
        return JSON.parse(await next()) as Counts;
      })();
      return counts;
    },
  };
}

/** Starts a deployment in this process, with node-postgres. */
export function startNode(url: string, { model, dimensions, first }: Side): Deployment {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  const counts: Counts = { writes: 0, searches: 0, misses: 0, errors: [] };
  let isOver = false;
  const running = (async () => {
    while (!isOver) {
      const key = counts.writes % 40;
      const text = `${model} wrote row ${first} ${key} in round ${Math.floor(counts.writes / 40)}`;
      const vector = vectorText(vectorOf(model, text, dimensions));
      try {
        await pool.query(
          `INSERT INTO documents (id, content, embedding) VALUES ($1, $2, $3)
           ON CONFLICT (id) DO UPDATE SET content = excluded.content, embedding = excluded.embedding RETURNING id`,
          [first + key, text, vector],
        );
        counts.writes++;
        const { rows } = await pool.query<{ content: string }>('SELECT content FROM documents ORDER BY embedding <=> $1 LIMIT 1', [vector]);
        if (rows[0]?.content !== text) counts.misses++;
        counts.searches++;
        await setTimeout(10);
      } catch (error) {
        counts.errors.push(String(error));
      }
    }
  })();
  return {
    async end() {
      isOver = true;
      await running;
      if (!pool.ending) await pool.end();
      return counts;
    },
  };
}

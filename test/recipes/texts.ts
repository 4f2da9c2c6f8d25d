import type pg from 'pg';
import { similarity } from '../../src/embedding/similarity.ts';
import { textOf } from '../harness/documents.ts';
import { vectorOf } from '../harness/provider.ts';
import type { Deployment } from './program.ts';
import type { Recipe } from './recipes.ts';

export const OLD = { name: 'text-embedding-3-small', dimensions: 1536 };
export const NEW = { name: 'text-embedding-3-large', dimensions: 1024 };
export type Model = typeof OLD;

const ROWS = 80;
const NEAREST = 5;
// pgvector computes distances of single precision.
const PRECISION = 1e-5;

/** The texts that the application has stored, by id, and what is right to find among them. */
export class Texts {
  readonly #stored = new Map<string, string>();
  readonly #embedded: (text: string) => string;
  #last = 0;

  constructor({ embedded }: Recipe) {
    this.#embedded = embedded ?? ((text) => text);
  }

  /** Writes the first texts. */
  async fill(deployment: Deployment): Promise<void> {
    await this.#add(deployment, ROWS);
  }

  /** Adds, changes and removes rows by the functions of the application. */
  async write(deployment: Deployment): Promise<void> {
    await this.#add(deployment, 3);
    const [first = '', second = ''] = [...this.#stored.keys()];
    const text = textOf(this.#next() + 1000);
    await deployment.call('app', 'change', first, text);
    this.#stored.set(first, text);
    await deployment.call('app', 'remove', second);
    this.#stored.delete(second);
  }

  /** Searches by a function of the application, and compares the result with an exact search among the texts. */
  async search(deployment: Deployment, module: string, model: Model, ...more: unknown[]): Promise<void> {
    for (const query of [textOf(7), 'a silver bridge in the garden']) {
      const found = await deployment.call<string[]>(module, 'search', query, NEAREST, ...more);
      const wanted = vectorOf(model.name, query, model.dimensions);
      const near = (text: string) => similarity(vectorOf(model.name, this.#embedded(text), model.dimensions), wanted, 'cosine');
      const exact = [...this.#stored.values()]
        .map(near)
        .sort((a, b) => b - a)
        .slice(0, NEAREST);
      const where = `${module}.search(${JSON.stringify(query)}) with ${model.name}`;
      if (new Set(found).size !== NEAREST) throw new Error(`${where} found ${JSON.stringify(found)}`);
      const current = new Set(this.#stored.values());
      for (const [i, text] of found.entries()) {
        if (!current.has(text)) throw new Error(`${where} found a text that is not stored: ${text}`);
        if (Math.abs(near(text) - (exact[i] ?? 0)) > PRECISION)
          throw new Error(`${where} found ${JSON.stringify(found)}; number ${i + 1} has similarity ${near(text)}, not ${exact[i]}`);
      }
    }
  }

  /** Compares the rows of the table with the texts, and their vectors with those of the models. */
  async compare(pool: pg.Pool, { table, text, ownRows = 'true' }: Recipe, columns: Record<string, Model>): Promise<void> {
    const names = Object.keys(columns);
    const { rows } = await pool.query<Record<string, string | null>>(
      `SELECT ${text} AS text, ${names.map((name) => `${name}::text`).join(', ')} FROM ${table} WHERE ${ownRows}`,
    );
    const found = rows.map((row) => row.text ?? '').sort();
    const expected = [...this.#stored.values()].sort();
    if (JSON.stringify(found) !== JSON.stringify(expected))
      throw new Error(`${table} holds ${found.length} texts, not the ${expected.length} of the application`);
    for (const row of rows) {
      for (const [name, model] of Object.entries(columns)) {
        const stored = JSON.parse(row[name] ?? '[]') as number[];
        const right = vectorOf(model.name, this.#embedded(row.text ?? ''), model.dimensions);
        if (stored.length !== right.length || similarity(stored, right, 'cosine') < 1 - PRECISION)
          throw new Error(`${table}.${name} of ${JSON.stringify(row.text)} is not the vector of ${model.name}`);
      }
    }
  }

  async #add(deployment: Deployment, count: number): Promise<void> {
    const added = Array.from({ length: count }, () => this.#next()).map((i) => ({ id: String(i), text: textOf(i) }));
    await deployment.call('app', 'add', added);
    for (const { id, text } of added) this.#stored.set(id, text);
  }

  #next(): number {
    this.#last += 1;
    return this.#last;
  }
}

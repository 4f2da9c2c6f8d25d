import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { VectorSpace } from './vectors.ts';

const CHUNK = 256 * 1024;
// Larger than any row of this benchmark.
const ROOM_FOR_ROW = 100_000;
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');

/** Encodes the fields of rows in the format of `COPY … WITH (FORMAT binary)`. */
export class BinaryFields {
  #buffer = Buffer.allocUnsafe(CHUNK);
  #at = 0;

  begin(fields: number): void {
    this.#at = this.#buffer.writeInt16BE(fields, this.#at);
  }

  bigint(value: number): void {
    this.#at = this.#buffer.writeInt32BE(8, this.#at);
    this.#at = this.#buffer.writeBigInt64BE(BigInt(value), this.#at);
  }

  text(value: string): void {
    const length = this.#buffer.write(value, this.#at + 4);
    this.#at = this.#buffer.writeInt32BE(length, this.#at) + length;
  }

  vector(space: VectorSpace, id: number, version: number): void {
    this.#at = this.#buffer.writeInt32BE(4 + 4 * space.dimensions, this.#at);
    this.#at = this.#buffer.writeInt16BE(space.dimensions, this.#at);
    this.#at = this.#buffer.writeInt16BE(0, this.#at);
    this.#at = space.copyTo(this.#buffer, this.#at, id, version);
  }

  get isFull(): boolean {
    return this.#at > CHUNK - ROOM_FOR_ROW;
  }

  /** Returns the encoded bytes and starts a new chunk, because the stream keeps the old one until it is sent. */
  take(): Buffer {
    const chunk = this.#buffer.subarray(0, this.#at);
    this.#buffer = Buffer.allocUnsafe(CHUNK);
    this.#at = 0;
    return chunk;
  }
}

/**
 * Fills a table with one binary COPY.
 *
 * @param into table and columns, as SQL
 * @param encode encodes the fields of a row; rows are counted from 1
 * @param onRows called from time to time with the number of rows sent
 */
export async function copyRows(
  client: pg.Client,
  into: string,
  rows: number,
  encode: (fields: BinaryFields, row: number) => void,
  onRows?: (rows: number) => void,
): Promise<void> {
  function* chunks(): Generator<Buffer> {
    yield SIGNATURE;
    const fields = new BinaryFields();
    for (let row = 1; row <= rows; row++) {
      encode(fields, row);
      if (!fields.isFull && row < rows) continue;
      yield fields.take();
      onRows?.(row);
    }
    yield Buffer.from([0xff, 0xff]);
  }
  await pipeline(Readable.from(chunks()), client.query(copyFrom(`COPY ${into} FROM STDIN WITH (FORMAT binary)`)));
}

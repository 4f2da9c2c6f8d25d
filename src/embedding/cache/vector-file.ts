import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { messageOf, ReembedError } from '../../errors.ts';

/** The cache is used until the schema is installed: a directory below the working directory. */
export const CACHE_DIRECTORY = join('.reembed', 'cache');

const MARK = Buffer.from('pg-reembed 1\0\0\0\0');
const HEADER_BYTES = MARK.length + 4;
const DIGEST_BYTES = 16;
const SUM_BYTES = 4;
const ENDING = '.vectors';

/** Thrown when the cache cannot be read or written. */
export class CacheUnusable extends ReembedError {
  constructor(path: string, reason: string) {
    super(
      'cache_unusable',
      `${path} cannot be used: ${reason}`,
      'make it readable and writable, or erase it: npm run purge -- --cached-vectors',
    );
  }
}

/** Vectors of one space, in a file. */
export interface VectorFile {
  /** undefined for an empty file */
  dimensions: number | undefined;
  /** by digest of the text */
  vectors: Map<string, Float32Array>;
}

/** Spaces that have a file. */
export function cachedSpaces(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.endsWith(ENDING))
    .map((name) => name.slice(0, -ENDING.length));
}

/**
 * Reads the file of a space. A record that a crash cut off is removed, one with a wrong checksum is ignored.
 *
 * @throws CacheUnusable
 */
export function readVectorFile(directory: string, space: string): VectorFile {
  const path = join(directory, `${space}${ENDING}`);
  return usable(path, () => {
    if (!existsSync(path) || statSync(path).size < HEADER_BYTES) return { dimensions: undefined, vectors: new Map() };
    const bytes = readFileSync(path);
    if (!bytes.subarray(0, MARK.length).equals(MARK)) throw new CacheUnusable(path, 'it is not a file of this version of pg-reembed');
    const dimensions = bytes.readUInt32LE(MARK.length);
    const size = recordBytes(dimensions);
    const rest = (bytes.length - HEADER_BYTES) % size;
    if (rest > 0) truncateSync(path, bytes.length - rest);
    const vectors = new Map<string, Float32Array>();
    for (let at = HEADER_BYTES; at + size <= bytes.length; at += size) {
      const record = bytes.subarray(at, at + size);
      if (crc32(record.subarray(0, size - SUM_BYTES)) !== record.readUInt32LE(size - SUM_BYTES)) continue;
      vectors.set(uuidOf(record.subarray(0, DIGEST_BYTES)), floatsOf(record.subarray(DIGEST_BYTES, size - SUM_BYTES)));
    }
    return { dimensions, vectors };
  });
}

/**
 * Appends vectors of a space to its file. Texts are never stored, only their digests.
 *
 * @throws CacheUnusable
 */
export function appendVectors(directory: string, space: string, vectors: readonly { digest: string; vector: Float32Array }[]): void {
  const [first] = vectors;
  if (!first) return;
  const path = join(directory, `${space}${ENDING}`);
  usable(path, () => {
    if (!existsSync(directory)) {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      writeFileSync(join(directory, '.gitignore'), '*\n');
    }
    const header = Buffer.concat([MARK, Buffer.alloc(4)]);
    header.writeUInt32LE(first.vector.length, MARK.length);
    const isNew = !existsSync(path) || statSync(path).size < HEADER_BYTES;
    if (isNew) writeFileSync(path, header, { mode: 0o600 });
    appendFileSync(path, Buffer.concat(vectors.map(({ digest, vector }) => recordOf(digest, vector))));
  });
}

/** Removes the file of a space. */
export function removeVectorFile(directory: string, space: string): void {
  rmSync(join(directory, `${space}${ENDING}`), { force: true });
}

function recordBytes(dimensions: number): number {
  return DIGEST_BYTES + 4 * dimensions + SUM_BYTES;
}

function recordOf(digest: string, vector: Float32Array): Buffer {
  const record = Buffer.alloc(recordBytes(vector.length));
  Buffer.from(digest.replaceAll('-', ''), 'hex').copy(record);
  const components = Buffer.from(vector.buffer.slice(vector.byteOffset, vector.byteOffset + vector.byteLength));
  if (endianness() === 'BE') components.swap32();
  components.copy(record, DIGEST_BYTES);
  record.writeUInt32LE(crc32(record.subarray(0, record.length - SUM_BYTES)), record.length - SUM_BYTES);
  return record;
}

function floatsOf(bytes: Buffer): Float32Array {
  // A copy, because components must lie at a multiple of four bytes.
  const copy = Buffer.from(new Uint8Array(bytes).buffer);
  if (endianness() === 'BE') copy.swap32();
  return new Float32Array(copy.buffer, copy.byteOffset, copy.length / 4);
}

function uuidOf(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function usable<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof ReembedError ? error : new CacheUnusable(path, messageOf(error));
  }
}

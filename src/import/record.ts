import { createHash } from 'node:crypto';
import { endianness } from 'node:os';

/** A record of a collection as it is to be stored. */
export interface ImportedRecord {
  id: string;
  document: string | null;
  /** JSON text */
  metadata: string | null;
  vector: Float32Array | null;
  /** why PostgreSQL cannot store it exactly; undefined if it can */
  flaw: string | undefined;
}

/** Takes over a record as Chroma's client returns it. */
export function recordOf(
  id: string,
  document: string | null | undefined,
  metadata: Record<string, unknown> | null | undefined,
  embedding: readonly number[] | null | undefined,
): ImportedRecord {
  // Chroma keeps components as 32-bit floats, and writes as many digits as distinguish them.
  const vector = embedding ? Float32Array.from(embedding) : null;
  return {
    id,
    document: document ?? null,
    metadata: metadata ? JSON.stringify(metadata) : null,
    vector,
    flaw: flawOf(id, document, metadata, vector),
  };
}

const NUL = '\0';

function flawOf(
  id: string,
  document: string | null | undefined,
  metadata: Record<string, unknown> | null | undefined,
  vector: Float32Array | null,
): string | undefined {
  if (id.includes(NUL) || document?.includes(NUL) || isAnywhere(metadata, (value) => typeof value === 'string' && value.includes(NUL)))
    return 'it contains the character U+0000, which PostgreSQL cannot store in a text';
  if (isAnywhere(metadata, isRounded)) return 'its metadata contain an integer above 2^53, which JavaScript reads inexactly';
  if (vector?.some((component) => !Number.isFinite(component))) return 'a component of its vector is not a finite number';
  return undefined;
}

function isRounded(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 2 ** 64;
}

function isAnywhere(value: unknown, is: (inner: unknown) => boolean): boolean {
  if (is(value)) return true;
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, inner]) => is(name) || isAnywhere(inner, is));
}

/** SHA-256 of a vector in pgvector's binary format, as `sha256(vector_send(v))` computes it. */
export function vectorDigest(vector: Float32Array): string {
  const words = new Uint32Array(1 + vector.length);
  words[0] = vector.length << 16;
  new Float32Array(words.buffer).set(vector, 1);
  const bytes = Buffer.from(words.buffer);
  return createHash('sha256')
    .update(endianness() === 'LE' ? bytes.swap32() : bytes)
    .digest('hex');
}

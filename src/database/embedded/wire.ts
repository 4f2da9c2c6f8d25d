/** Status in every ReadyForQuery: idle, in a transaction, or in a failed transaction. */
export type TransactionStatus = 'I' | 'T' | 'E';

const LARGEST_STARTUP = 10_000;
const LARGEST_MESSAGE = 2 ** 30 - 1;

/** Thrown for bytes that are not a message of PostgreSQL's protocol 3. */
export class ProtocolViolation extends Error {}

/** Encodes one message: type letter, length, parts. Strings get no terminating zero. */
export function message(type: string, ...parts: (Uint8Array | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

/** Encodes a simple query, which may hold several statements. */
export function query(sql: string): Buffer {
  return message('Q', `${sql}\0`);
}

export const SYNC: Buffer = message('S');

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** Encodes an ErrorResponse that tells the client that its connection ends. */
export function fatal(sqlstate: string, text: string, hint = ''): Buffer {
  const fields = ['SFATAL', 'VFATAL', `C${sqlstate}`, `M${text}`, ...(hint ? [`H${hint}`] : [])];
  return message('E', ...fields.map((field) => `${field}\0`), '\0');
}

/** Reads the text up to the next zero byte; `next` is the position after that byte. */
export function readText(bytes: Buffer, start: number): { text: string; next: number } {
  const end = bytes.indexOf(0, start);
  if (end < 0) throw new ProtocolViolation('unterminated string');
  return { text: bytes.toString('utf8', start, end), next: end + 1 };
}

/** Splits a sequence of complete messages. */
export function* split(bytes: Buffer): Generator<{ type: string; bytes: Buffer }> {
  for (let start = 0; start < bytes.length; ) {
    const end = start + 1 + bytes.readInt32BE(start + 1);
    yield { type: String.fromCharCode(bytes[start] ?? 0), bytes: bytes.subarray(start, end) };
    start = end;
  }
}

/** Returns the values of every DataRow as text. */
export function readRows(output: Buffer): (string | null)[][] {
  const rows: (string | null)[][] = [];
  for (const { type, bytes } of split(output)) {
    if (type !== 'D') continue;
    const row: (string | null)[] = [];
    for (let column = 0, at = 7; column < bytes.readInt16BE(5); column++) {
      const length = bytes.readInt32BE(at);
      row.push(length < 0 ? null : bytes.toString('utf8', at + 4, at + 4 + length));
      at += 4 + Math.max(length, 0);
    }
    rows.push(row);
  }
  return rows;
}

/** Returns SQLSTATE and message of the first error in an answer, if any. */
export function readError(output: Buffer): { sqlstate: string; text: string } | undefined {
  for (const { type, bytes } of split(output)) {
    if (type !== 'E') continue;
    const fields = new Map(
      bytes
        .toString('utf8', 5)
        .split('\0')
        .map((field) => [field[0], field.slice(1)]),
    );
    return { sqlstate: fields.get('C') ?? 'XX000', text: fields.get('M') ?? '' };
  }
  return undefined;
}

/** Reassembles whole messages from the chunks of a socket. */
export class MessageReader {
  #chunks: Buffer[] = [];
  #size = 0;
  #needed = 0;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
  }

  /**
   * Returns the next whole message, or undefined until the rest arrives.
   *
   * @param startup true until the session begins: those messages have no type letter
   * @throws ProtocolViolation
   */
  next(startup: boolean): Buffer | undefined {
    const prefix = startup ? 0 : 1;
    if (this.#size < Math.max(this.#needed, prefix + 4)) return undefined;
    // Concatenated only when the whole message has arrived, so that a message of many chunks is not copied again for each chunk.
    const bytes = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
    const length = prefix + bytes.readUInt32BE(prefix);
    if (length < prefix + (startup ? 8 : 4) || length > (startup ? LARGEST_STARTUP : LARGEST_MESSAGE)) {
      throw new ProtocolViolation('invalid message length');
    }
    this.#needed = this.#size < length ? length : 0;
    const rest = bytes.subarray(this.#needed === 0 ? length : 0);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#size = rest.length;
    return this.#needed === 0 ? bytes.subarray(0, length) : undefined;
  }
}

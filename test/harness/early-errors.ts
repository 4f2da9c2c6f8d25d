import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { joinSockets } from './join-sockets.ts';

/** The text of a notice that is passed on as an error. */
export const EARLY_ERROR = 'not this one';

/** A proxy to a server that reports errors early. */
export interface EarlyErrors {
  url: string;
  close(): void;
}

/**
 * A proxy between PostgreSQL and its clients that reports a notice EARLY_ERROR as the error of the statement, and leaves out what the
 * statement answers afterwards. PostgreSQL also reports an error first and ends the transaction then; this makes the gap as long as the
 * statement still runs.
 *
 * @param url database behind the proxy
 */
export async function openEarlyErrors(url: string): Promise<EarlyErrors> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = joinSockets(near, url, sockets);
    near.pipe(far);
    const translate = createTranslation();
    far.on('data', (chunk: Buffer) => near.write(translate(chunk)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: Object.assign(new URL(url), { hostname: '127.0.0.1', port: String((server.address() as AddressInfo).port) }).href,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Translates the messages of one connection. Each has a letter, its length without the letter, and a content. */
function createTranslation(): (chunk: Buffer) => Buffer {
  let rest: Buffer = Buffer.alloc(0);
  let isReported = false;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const passed: Buffer[] = [];
    while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
      const message = rest.subarray(0, 1 + rest.readUInt32BE(1));
      rest = rest.subarray(message.length);
      const letter = String.fromCharCode(message[0] as number);
      // Only "ready for query" follows.
      if (isReported && letter !== 'Z') continue;
      // A notice has the same fields as an error.
      isReported = letter === 'N' && message.includes(EARLY_ERROR);
      passed.push(isReported ? Buffer.concat([Buffer.from('E'), message.subarray(1)]) : message);
    }
    return Buffer.concat(passed);
  };
}

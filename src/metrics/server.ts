import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isEveryInterface, type ListenAddress, listenFailure, urlHost } from './listen-address.ts';

/** An answer of the server. */
export interface Page {
  status: number;
  type: string;
  body: string;
}

/** Makes a page at the time it is asked for. */
export type Pages = Record<string, () => Page | Promise<Page>>;

/** A server of a few pages. */
export interface PageServer {
  /** address and port as in a URL */
  at: string;
  /** whether every network interface of the host is served */
  isOpenToAll: boolean;
  close(): Promise<void>;
}

// A scraper needs one connection and a probe another; whoever holds many open must not take file descriptors from the work.
const MOST_CONNECTIONS = 32;
const LONGEST_REQUEST_MS = 10_000;

/**
 * Serves pages by GET and HEAD on exactly this address.
 *
 * @throws CannotListen
 */
export async function servePages(address: ListenAddress, pages: Pages): Promise<PageServer> {
  const server = createServer({ requestTimeout: LONGEST_REQUEST_MS, headersTimeout: LONGEST_REQUEST_MS }, (request, response) => {
    void answer(request, response, pages);
  });
  server.maxConnections = MOST_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenFailure(address, error)));
    server.listen(address.port, address.host, resolve);
  });
  // Such as too many open files: the work goes on.
  server.on('error', () => {});
  const bound = server.address() as AddressInfo;
  return {
    at: urlHost(bound.address, bound.port),
    isOpenToAll: isEveryInterface(bound.address),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer({ method, url = '' }: IncomingMessage, response: ServerResponse, pages: Pages): Promise<void> {
  const make = Object.hasOwn(pages, pathOf(url)) ? pages[pathOf(url)] : undefined;
  const { status, type, body } = !make
    ? textPage(404, `not found; there is ${Object.keys(pages).join(', ')}`)
    : method === 'GET' || method === 'HEAD'
      ? // The page of an error must not say more than that there is one: its message may quote a row.
        await Promise.resolve()
          .then(make)
          .catch(() => textPage(500, 'failed'))
      : textPage(405, 'only GET and HEAD');
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  response.end(method === 'HEAD' ? undefined : body);
}

function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? '';
}

/** A page of one line of text. */
export function textPage(status: number, line: string): Page {
  return { status, type: 'text/plain; charset=utf-8', body: `${line}\n` };
}

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { isEveryInterface, type ListenAddress, listenFailure, urlHost } from './listen-address.ts';

/** An answer of the server. */
export interface Page {
  status: ContentfulStatusCode;
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
  const app = new Hono();
  app.use(async (c, next) => {
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') return show(c, textPage(405, 'only GET and HEAD'));
    await next();
  });
  for (const [path, make] of Object.entries(pages)) app.get(path, async (c) => show(c, await make()));
  app.notFound((c) => show(c, textPage(404, `not found; there is ${Object.keys(pages).join(', ')}`)));
  // Must not say more than that there is an error: its message may quote a row.
  app.onError((_error, c) => show(c, textPage(500, 'failed')));

  const limits = { requestTimeout: LONGEST_REQUEST_MS, headersTimeout: LONGEST_REQUEST_MS };
  const server = createAdaptorServer({ fetch: app.fetch, serverOptions: limits }) as Server;
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

function show(c: Context, { status, type, body }: Page): Response {
  return c.body(body, status, { 'content-type': type, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
}

/** A page of one line of text. */
export function textPage(status: ContentfulStatusCode, line: string): Page {
  return { status, type: 'text/plain; charset=utf-8', body: `${line}\n` };
}

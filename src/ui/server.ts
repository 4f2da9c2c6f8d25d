import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { streamSSE } from 'hono/streaming';
import { messageOf, ReembedError, UsageError } from '../errors.ts';
import { UI_PAGE } from '../paths.ts';
import { createAdmission } from './admission.ts';
import { addChangeRoutes, type ChangeMaker } from './changes/routes.ts';
import { jsonForPage } from './json-for-page.ts';
import type { StateSource } from './state-source.ts';

/** What the server can be asked for, each as JSON. */
export interface UiReaders {
  state: StateSource;
  /** rows stored in the last minutes */
  history(): Promise<string>;
  /** messages about failed rows, which may quote their texts */
  messages(): Promise<string>;
  /** the leaderboard; `null` without one */
  comparison(): string;
}

/** A page that is served until it is closed. */
export interface UiServer {
  /** with the token */
  address: string;
  close(): Promise<void>;
}

// An open page holds one and uses some more. Other users of the machine, who are not admitted, reach the port too.
const MOST_CONNECTIONS = 128;
const LONGEST_REQUEST_MS = 10_000;

const JSON_TYPE = { 'Content-Type': 'application/json; charset=utf-8' };

const SCRIPTS = ['page.js', 'target.js', 'tables.js', 'chart.js', 'provider.js', 'leaderboard.js', 'changes.js', 'element.js'];

/** The files of the page. Nothing else is served from the disk. */
const FILES: Record<string, [file: string, type: string]> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/icon.svg': ['icon.svg', 'image/svg+xml'],
  ...ofType('text/css; charset=utf-8', ['style.css', 'charts.css', 'controls.css']),
  ...ofType('text/javascript; charset=utf-8', SCRIPTS),
};

function ofType(type: string, files: string[]): Record<string, [file: string, type: string]> {
  return Object.fromEntries(files.map((file) => [`/${file}`, [file, type]]));
}

/**
 * Serves the page on this machine alone.
 *
 * @param port 0 for any that is free
 * @param changes undefined: nothing can be changed
 */
export async function serveUi(readers: UiReaders, port: number, changes?: ChangeMaker): Promise<UiServer> {
  let listensAt = port;
  const admission = createAdmission(() => listensAt);
  const app = new Hono();
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
      xFrameOptions: 'DENY',
      // Served without TLS.
      strictTransportSecurity: false,
    }),
  );
  app.use(async (c, next) => {
    await next();
    c.header('Cache-Control', 'no-store');
  });
  app.use(admission.middleware);
  app.onError((error, c) => {
    const remedy = error instanceof ReembedError ? error.remedy : null;
    const status = error instanceof UsageError ? 400 : remedy === null ? 500 : 409;
    return c.body(jsonForPage({ problem: messageOf(error), remedy }), status, JSON_TYPE);
  });
  for (const [path, [file, type]] of Object.entries(FILES)) {
    const text = readFileSync(join(UI_PAGE, file), 'utf8');
    app.get(path, (c) => c.body(text, 200, { 'Content-Type': type }));
  }
  app.get('/history', async (c) => c.body(await readers.history(), 200, JSON_TYPE));
  app.get('/messages', async (c) => c.body(await readers.messages(), 200, JSON_TYPE));
  app.get('/comparison', (c) => c.body(readers.comparison(), 200, JSON_TYPE));
  if (changes) addChangeRoutes(app, changes);
  app.get('/state', (c) =>
    streamSSE(c, async (stream) => {
      for (let seen = 0; !stream.aborted && !stream.closed; ) {
        const { number, text } = await readers.state.after(seen);
        seen = number;
        await stream.writeSSE({ event: 'state', data: text });
      }
    }),
  );

  const limits = { requestTimeout: LONGEST_REQUEST_MS, headersTimeout: LONGEST_REQUEST_MS };
  const server = createAdaptorServer({ fetch: app.fetch, serverOptions: limits }) as Server;
  server.maxConnections = MOST_CONNECTIONS;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  // Such as too many open files.
  server.on('error', () => {});
  listensAt = (server.address() as AddressInfo).port;
  return {
    address: `http://127.0.0.1:${listensAt}/?token=${admission.token}`,
    async close() {
      server.close();
      // A stream of events would never end.
      server.closeAllConnections();
    },
  };
}

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';

/** Who may see the page: the browser that opened the printed address. */
export interface Admission {
  /** secret part of the printed address */
  token: string;
  middleware: MiddlewareHandler;
}

/**
 * Admits the first browser that comes with the token, by a cookie. Every other request is refused before anything is read.
 *
 * @param port where the server listens; not known before it does
 */
export function createAdmission(port: () => number): Admission {
  const [token, session] = [secret(), secret()];
  let used = false;
  return {
    token,
    async middleware(c, next) {
      const hosts = [`127.0.0.1:${port()}`, `localhost:${port()}`];
      // Another name that leads here is a page of somebody else that has rebound its name to this machine.
      if (!hosts.includes(c.req.header('host') ?? '')) return c.text('This address is served only as 127.0.0.1 or localhost.\n', 403);
      const origin = c.req.header('origin');
      if (origin !== undefined && !hosts.some((host) => origin === `http://${host}`)) return c.text('Another page may not ask.\n', 403);

      // A browser sends cookies to every port of a host, so the name tells two of these servers apart.
      const name = `reembed_ui_${port()}`;
      const known = isSame(getCookie(c, name), session);
      const given = c.req.query('token');
      if (given !== undefined && c.req.method === 'GET') {
        if (!known && (used || !isSame(given, token))) return refuse(c);
        used = true;
        setCookie(c, name, session, { httpOnly: true, sameSite: 'Strict', path: '/' });
        // A browser keeps a strict cookie from a redirection that began at another site, such as a terminal in a browser; not from a page of ours.
        if (c.req.header('sec-fetch-site') === 'cross-site') return c.html(GO_ON);
        // Without the token, which would stay in the history of the browser.
        return c.redirect('/', 303);
      }
      if (!known) return refuse(c);
      await next();
    },
  };
}

const GO_ON =
  '<!doctype html><html lang="en"><title>pg-reembed</title><link rel="icon" href="/icon.svg"><meta http-equiv="refresh" content="0; url=/"><a href="/">pg-reembed</a></html>';

const refuse = (c: Parameters<MiddlewareHandler>[0]) =>
  c.text('This page needs the address that `reembed ui` printed, which works once. Start it again for a new one.\n', 401);

/** A random text that nobody guesses. */
export function secret(): string {
  return randomBytes(32).toString('base64url');
}

/** Compares by digest, so that neither the length nor the time of the comparison tells anything. */
export function isSame(given: string | undefined, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return given !== undefined && timingSafeEqual(digest(given), digest(expected));
}

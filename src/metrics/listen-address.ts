import { ReembedError, UsageError } from '../errors.ts';

/** Where a worker serves its metrics. */
export interface ListenAddress {
  host: string;
  port: number;
}

/** The address of --listen cannot be listened on. */
export class CannotListen extends ReembedError {
  constructor(message: string, remedy: string) {
    super('cannot_listen', message, remedy);
  }
}

const EXAMPLE = '--listen 127.0.0.1:9464 for this host alone, or --listen 0.0.0.0:9464 for every network that reaches it';

/**
 * Reads ADDRESS:PORT. The address has to be named, because a port alone usually means every network interface, and these pages have no password.
 *
 * @throws UsageError
 */
export function readListenAddress(text: string): ListenAddress {
  const [, bracketed, plain, digits = ''] = /^(?:\[([^\]]+)\]|([^\s:[\]/@*]+)):(\d{1,5})$/.exec(text.trim()) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port > 65_535) throw new UsageError(`--listen needs an address and a port, not "${text}"`, EXAMPLE);
  return { host, port };
}

/** Whether the address that was bound is every interface of the host. */
export function isEveryInterface(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** What keeps a process from listening, in words. */
export function listenFailure({ host, port }: ListenAddress, error: unknown): CannotListen {
  const { code } = error as NodeJS.ErrnoException;
  const address = urlHost(host, port);
  if (code === 'EADDRINUSE')
    return new CannotListen(`another process listens on ${address}`, 'name another port: each worker of a host needs its own');
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new CannotListen(`this host has no address ${host}`, EXAMPLE);
  if (code === 'EACCES') return new CannotListen(`this user may not listen on ${address}`, 'name a port above 1023');
  return new CannotListen(`cannot listen on ${address} (${code ?? 'unknown'})`, EXAMPLE);
}

/** Host and port as in a URL. */
export function urlHost(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

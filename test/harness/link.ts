import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { joinSockets } from './join-sockets.ts';

/** A proxy to the server that can be interrupted: connections break and new ones are refused, as during crash recovery. */
export interface Link {
  url: string;
  cut(): void;
  fix(): Promise<void>;
  /** the network goes away: connections stay open, and nothing passes, also not over new ones */
  freeze(): void;
  /** the network is back, for new connections; what was sent over the others is lost */
  thaw(): void;
}

/** @param url database behind the proxy */
export async function openLink(url: string): Promise<Link> {
  const sockets = new Set<Socket>();
  let server: Server;
  let isFrozen = false;
  const listen = async (at: number) => {
    server = createServer((near) => {
      const far = joinSockets(near, url, sockets);
      if (isFrozen) return;
      near.pipe(far);
      far.pipe(near);
    }).listen(at, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const here = await listen(0);
  return {
    url: Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(here) }).href,
    cut() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
    async fix() {
      await listen(here);
    },
    freeze() {
      isFrozen = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    thaw() {
      isFrozen = false;
    },
  };
}

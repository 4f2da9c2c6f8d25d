import { connect, type Socket } from 'node:net';

/**
 * Connects a client of a proxy with the server behind it. When one of the two connections ends, so does the other.
 *
 * @param url database behind the proxy
 * @param open the proxy's open connections, to which both are added as long as they are open
 * @returns the connection with the server
 */
export function joinSockets(near: Socket, url: string, open: Set<Socket>): Socket {
  const { hostname, port } = new URL(url);
  const far = connect(Number(port || 5432), hostname);
  for (const [socket, other] of [
    [near, far],
    [far, near],
  ] as const) {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      open.delete(socket);
      other.destroy();
    });
  }
  return far;
}

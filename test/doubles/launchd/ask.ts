import { connect } from 'node:net';
import { json } from 'node:stream/consumers';
import type { Request } from './server.ts';

/** One request to the double's launchd. */
export async function ask<T>(socketPath: string, request: Request): Promise<T> {
  const socket = connect(socketPath);
  socket.end(JSON.stringify(request));
  return (await json(socket)) as T;
}

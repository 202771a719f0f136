import { hash, timingSafeEqual } from 'node:crypto';
import basicAuth from '@fastify/basic-auth';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const USER = 'ops';
/** What a supervisor asks: they say nothing of any task. */
const WITHOUT_PASSWORD: ReadonlySet<string | undefined> = new Set(['/healthz', '/readyz']);
const READING: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** What the browser may load and do; Bull Board styles its elements inline, and would fetch fonts from elsewhere. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

type Refusal = readonly [status: number, message: string] | null;

/**
 * Puts every request, to whatever route, through the same checks: is it meant for us (421), from someone with the
 * password (401), from our own pages (403), and only looking (405)?
 */
export async function addChecks(server: FastifyInstance, password: string, names: ReadonlySet<string>): Promise<void> {
  const validate = async (user: string, given: string): Promise<void> => {
    // Both are compared, so that the time says nothing of either.
    const isRight = [isSame(user, USER), isSame(given, password)].every(Boolean);
    if (!isRight) throw new Error('another user or password');
  };
  await server.register(basicAuth, { validate, authenticate: { realm: 'savorg-ops' } });
  server.addHook('onSend', async (_request, reply) => void reply.headers(HEADERS));
  server.addHook('onRequest', async (request, reply) => {
    const refusal =
      wrongName(request, names) ??
      (await noPassword(server, request, reply)) ??
      otherSite(request) ??
      someChange(request);
    // Answered here: an error would go to the handler of the route's own plugin.
    if (refusal) return reply.code(refusal[0]).send({ error: refusal[1] });
  });
}

/** A foreign page whose name was made to point here (DNS rebinding) keeps its own name. A tunnel may change the port. */
function wrongName({ hostname }: FastifyRequest, names: ReadonlySet<string>): Refusal {
  if (names.has(hostname.toLowerCase())) return null;
  return [
    421,
    'this is not its name: open the address that "ops dashboard" prints, or add the name to dashboard.hosts',
  ];
}

function noPassword(server: FastifyInstance, request: FastifyRequest, reply: FastifyReply): Promise<Refusal> | null {
  if (WITHOUT_PASSWORD.has(request.routeOptions.url)) return null;
  const said: Refusal = [401, `expected the user ${USER} and the password: "ops dashboard" says where it lies`];
  return new Promise((resolve) => {
    server.basicAuth(request, reply, (error) => resolve(error ? said : null));
  });
}

/** The browser adds the password to whatever any page asks for. */
function otherSite({ headers, protocol, host }: FastifyRequest): Refusal {
  const own = `${protocol}://${host}`;
  const { origin = own, 'sec-fetch-site': site = 'none' } = headers;
  if (origin === own && (site === 'none' || site === 'same-origin')) return null;
  return [403, 'asked for by another site: open the address itself'];
}

function someChange({ method }: FastifyRequest): Refusal {
  if (READING.has(method)) return null;
  return [405, 'the dashboard is read-only: signed tasks and "ops" change things'];
}

function isSame(given: string, expected: string): boolean {
  return timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', expected, 'buffer'));
}

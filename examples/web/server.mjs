/** A small web service. Its port stands in `config.json`, its count in `data`: the releases of one place share both. */
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const at = (name) => join(import.meta.dirname, name);
const { port } = JSON.parse(readFileSync(at('config.json'), 'utf8'));
const COUNT = at('data/visits');
const PAGE = at('built/page.html');

const routes = {
  '/': () => readFileSync(PAGE, 'utf8').replaceAll('{{visit}}', String(countVisit())),
  '/up': () => {
    accessSync(PAGE);
    accessSync(at('data'), constants.W_OK);
    return 'up\n';
  },
  '/version': () => readFileSync(at('built/version.json'), 'utf8'),
};

function countVisit() {
  const visits = existsSync(COUNT) ? Number(readFileSync(COUNT, 'utf8')) : 0;
  writeFileSync(COUNT, String(visits + 1));
  return visits + 1;
}

createServer(({ url }, response) => {
  try {
    const answer = routes[url]?.();
    response.writeHead(answer === undefined ? 404 : 200).end(answer ?? 'not found\n');
  } catch (error) {
    response.writeHead(503).end(`${error.message}\n`);
  }
}).listen(port, '127.0.0.1');

/** A program that takes requests and leads them to an app; what it needs lies in one folder. */
interface Front {
  /** Its settings, which read the file `upstream` besides. */
  settings: (place: { folder: string; port: number }) => string;
  /** What stands in that file. */
  text: string;
  /** Starts it in the background; its pid is in the file `pid`. */
  start: (folder: string) => string[];
  reload: (folder: string) => string[];
}

export type FrontName = 'nginx' | 'haproxy';

export const FRONTS: Readonly<Record<FrontName, Front>> = {
  nginx: {
    settings: ({ folder, port }) => `
pid ${folder}/pid;
error_log ${folder}/log;
worker_processes 1;
events {}
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  upstream app { include ${folder}/upstream; }
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://app; } }
}
`,
    text: 'server {{address}};\n',
    start: (folder) => ['nginx', '-c', `${folder}/main`],
    reload: (folder) => ['nginx', '-c', `${folder}/main`, '-s', 'reload'],
  },
  haproxy: {
    settings: ({ port }) => `
defaults
  mode http
  option idle-close-on-response
  timeout connect 2s
  timeout client 10s
  timeout http-keep-alive 1200ms
  timeout server 10s
frontend all
  bind 127.0.0.1:${port}
  default_backend app
`,
    text: 'backend app\n  server one {{address}}\n',
    start: (folder) => [
      'haproxy',
      '-W',
      '-D',
      '-f',
      `${folder}/main`,
      '-f',
      `${folder}/upstream`,
      '-p',
      `${folder}/pid`,
    ],
    reload: (folder) => ['/bin/sh', '-c', `kill -USR2 "$(head -n 1 '${folder}/pid')"`],
  },
};

import { hash } from 'node:crypto';
import { accessSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { temporaryFolder } from '../services/support.ts';

interface Package {
  name: string;
  version: string;
  depends?: string;
  conflicts?: string;
  /** What it says when it is configured, as a script of the package. */
  postinst?: string;
}

/** Whether there are a real apt and dpkg here, and a root to run them. */
export const hasApt = process.getuid?.() === 0 && ['apt-get', 'dpkg-deb'].every((name) => isThere(`/usr/bin/${name}`));

/** A Debian in a temporary folder: real apt and dpkg, their state and packages there, a repository of one folder. */
export class AptHost {
  readonly root = temporaryFolder();
  readonly env: Record<string, string>;
  readonly #repository = join(this.root, 'repository');

  constructor() {
    const folders = ['dpkg/info', 'dpkg/updates', 'apt/lists/partial'].map((name) => `var/lib/${name}`);
    for (const folder of [...folders, 'var/cache/apt/archives/partial', 'var/log/apt', 'etc/apt', 'repository'])
      mkdirSync(join(this.root, folder), { recursive: true });
    const status = join(this.root, 'var/lib/dpkg/status');
    writeFileSync(status, '');
    writeFileSync(join(this.root, 'etc/apt/sources.list'), `deb [trusted=yes] copy:${this.#repository} ./\n`);
    const config = join(this.root, 'apt.conf');
    const options = `"--root=${this.root}"; "--force-not-root"; "--log=${this.root}/var/log/dpkg.log";`;
    writeFileSync(
      config,
      `Dir "${this.root}";\nDir::State::status "${status}";\nDPkg::Options { ${options} };\nAPT::Sandbox::User "root";\n`,
    );
    this.env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', APT_CONFIG: config, DPKG_ROOT: this.root };
  }

  /** From now on these and no others can be had. */
  async offer(...packages: Package[]): Promise<void> {
    rmSync(this.#repository, { recursive: true });
    mkdirSync(this.#repository);
    const entries = [];
    for (const each of packages) entries.push(await this.#build(each));
    writeFileSync(join(this.#repository, 'Packages'), entries.join('\n'));
    await execa('apt-get', ['update'], { env: this.env });
  }

  run(program: string, ...args: string[]) {
    return execa(program, args, { env: { ...this.env, LC_ALL: 'C' }, extendEnv: false });
  }

  /** Its version file, as the package brought it. */
  has(name: string): string | null {
    const path = join(this.root, 'usr/share', name, 'version');
    return isThere(path) ? readFileSync(path, 'utf8') : null;
  }

  async #build({ name, version, depends, conflicts, postinst }: Package): Promise<string> {
    const folder = join(temporaryFolder(), name);
    mkdirSync(join(folder, 'DEBIAN'), { recursive: true });
    mkdirSync(join(folder, 'usr/share', name), { recursive: true });
    writeFileSync(join(folder, 'usr/share', name, 'version'), version);
    const fields = `Package: ${name}\nVersion: ${version}\nArchitecture: all\nMaintainer: T <t@example.org>\n${depends ? `Depends: ${depends}\n` : ''}${conflicts ? `Conflicts: ${conflicts}\n` : ''}Description: test\n`;
    writeFileSync(join(folder, 'DEBIAN/control'), fields);
    if (postinst) writeFileSync(join(folder, 'DEBIAN/postinst'), postinst, { mode: 0o755 });
    const file = `${name}_${version.replaceAll(':', '%3a')}_all.deb`;
    const path = join(this.#repository, file);
    await execa('dpkg-deb', ['--build', '-Znone', folder, path]);
    return `${fields}Filename: ./${file}\nSize: ${statSync(path).size}\nSHA256: ${hash('sha256', readFileSync(path))}\n`;
  }
}

function isThere(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

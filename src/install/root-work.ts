import type { Policy } from '../admission/policy.ts';
import { PackageName } from '../planning/package.ts';
import { LaunchdService, type RefOf, SystemdService } from '../planning/service.ts';

type RootService = RefOf<'launchd'> | RefOf<'systemd'>;

/** What tasks may have root do on a host. */
export interface RootWork {
  services: readonly {
    ref: RootService;
    /** Its definition may be replaced and removed, too. */
    isDefined: boolean;
  }[];
  /** Of savorg-ops itself. */
  upgrades: boolean;
  /** Of apt; Homebrew refuses root. */
  packages: readonly string[];
  /** Names in the policy that no task can use, e.g. with a `*`. */
  unusable: readonly string[];
}

export const NO_ROOT_WORK: RootWork = { upgrades: false, services: [], packages: [], unusable: [] };

/** Replacing and removing take back each other. */
const DEFINING = ['config.service.install', 'config.service.remove'];

/** What of it `policy` names for this host, whose tools are a Mac's or Debian's. */
export function rootWorkOf(policy: Policy, host: string, isMac: boolean): RootWork {
  const rules = policy.allow.filter(({ hosts }) => hosts.includes(host));
  const ruling = (...actions: string[]) => rules.filter((rule) => rule.actions.some((name) => actions.includes(name)));
  const supervisor = isMac ? 'launchd' : 'systemd';
  const servicesOf = (own: typeof rules) =>
    distinct(own.flatMap(({ services = [] }) => services)).filter((name) => name.startsWith(`${supervisor}/`));
  const defined = servicesOf(ruling(...DEFINING));
  const services = servicesOf(
    rules.filter(({ actions }) => actions.some((name) => name.startsWith('config.service.'))),
  );
  const packages = isMac ? [] : distinct(ruling('config.package').flatMap((rule) => rule.packages ?? []));
  return {
    upgrades: isMac && ruling('infra.upgrade').length > 0,
    services: services.flatMap((name) => refOf(name).map((ref) => ({ ref, isDefined: defined.includes(name) }))),
    packages: packages.filter(isPackage),
    unusable: [...services.filter((name) => refOf(name).length === 0), ...packages.filter((name) => !isPackage(name))],
  };
}

const distinct = (names: readonly string[]): string[] => [...new Set(names)];

const isPackage = (name: string): boolean => PackageName.safeParse(name).success;

/** None where no task can name it: also what is Ops' own, and Apple's. */
function refOf(serviceName: string): RootService[] {
  const [supervisor = ''] = serviceName.split('/', 1);
  const name = serviceName.slice(supervisor.length + 1);
  const schema = supervisor === 'launchd' ? LaunchdService : SystemdService;
  const parsed = schema.safeParse({ supervisor, [supervisor === 'launchd' ? 'label' : 'unit']: name });
  return parsed.success ? [parsed.data] : [];
}

import type { Registry } from '../src/planning/action.ts';
import { block } from './config/block.ts';
import { image as containerImage } from './config/container/image.ts';
import { prune as containerPrune } from './config/container/prune.ts';
import { pull as containerPull } from './config/container/pull.ts';
import { remove as containerRemove } from './config/container/remove.ts';
import { run as containerRun } from './config/container/run.ts';
import { stop as containerStop } from './config/container/stop.ts';
import { directory } from './config/directory.ts';
import { env } from './config/env.ts';
import { file } from './config/file.ts';
import { key } from './config/key.ts';
import { line } from './config/line.ts';
import { link } from './config/link.ts';
import { packageVersion } from './config/package.ts';
import { install } from './config/service/install.ts';
import { remove as removeService } from './config/service/remove.ts';
import { restart } from './config/service/restart.ts';
import { start } from './config/service/start.ts';
import { stop } from './config/service/stop.ts';
import { userDefault } from './config/user-default.ts';
import { define } from './cron/define.ts';
import { pause } from './cron/pause.ts';
import { remove } from './cron/remove.ts';
import { resume } from './cron/resume.ts';
import { runNow } from './cron/run-now.ts';
import { promote } from './deploy/promote.ts';
import { prune } from './deploy/prune.ts';
import { release } from './deploy/release.ts';
import { rollback } from './deploy/rollback.ts';
import { command } from './infra/command.ts';
import { script } from './infra/script.ts';
import { upgrade } from './infra/upgrade.ts';
import { probe } from './monitoring/probe.ts';

/** What Ops can do. A new capability is one file and its line here. */
export const registry: Registry = {
  'config.block': block,
  'config.container.image': containerImage,
  'config.container.prune': containerPrune,
  'config.container.pull': containerPull,
  'config.container.remove': containerRemove,
  'config.container.run': containerRun,
  'config.container.stop': containerStop,
  'config.directory': directory,
  'config.env': env,
  'config.file': file,
  'config.key': key,
  'config.line': line,
  'config.link': link,
  'config.package': packageVersion,
  'config.service.install': install,
  'config.service.remove': removeService,
  'config.service.restart': restart,
  'config.service.start': start,
  'config.service.stop': stop,
  'config.user-default': userDefault,
  'cron.define': define,
  'cron.pause': pause,
  'cron.remove': remove,
  'cron.resume': resume,
  'cron.run-now': runNow,
  'deploy.promote': promote,
  'deploy.prune': prune,
  'deploy.release': release,
  'deploy.rollback': rollback,
  'infra.command': command,
  'infra.script': script,
  'infra.upgrade': upgrade,
  'monitoring.probe': probe,
};

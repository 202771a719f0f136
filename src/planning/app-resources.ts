import { pathNeed } from '../contract/need.ts';
import type { AppEnvironment, AppsFile } from './app.ts';
import type { Place } from './place.ts';
import { serviceResources } from './service.ts';

const KIND = 'app:';

/** Of an app in one environment. */
export const appResource = ({ app, environment }: { app: string; environment: AppEnvironment }): string =>
  `${KIND}${app}/${environment}`;

/**
 * These names, and what the places of apps among them take besides: another task may name the same by its path or its
 * service. What is not declared has no place; whoever plans it refuses it.
 * @throws what `declared` throws, and only where an app is among them.
 */
export function withPlaces(names: readonly string[], declared: () => AppsFile): string[] {
  if (!names.some((name) => name.startsWith(KIND))) return [...names];
  const places = Object.entries(declared().apps).flatMap(
    ([
      app,
      {
        environments: { staging, production },
      },
    ]) => [
      { name: appResource({ app, environment: 'staging' }), place: staging },
      { name: appResource({ app, environment: 'production' }), place: production },
    ],
  );
  const taken = places.filter(({ name }) => names.includes(name));
  return [...names, ...taken.flatMap(({ place }) => (place ? placeResources(place) : []))];
}

function placeResources({ root, service, hand_over }: Place): string[] {
  const instances = hand_over ? Object.values(hand_over.instances) : [];
  const services = [...(service ? [service] : []), ...instances.map((each) => each.service)];
  const paths = hand_over ? [hand_over.front.file, ...(hand_over.front.reload.writes ?? [])] : [];
  return [...[root, ...paths].map(pathNeed), ...services.flatMap(serviceResources)];
}

import { pathNeed } from '../contract/need.ts';
import { type AppEnvironment, type AppsFile, placesOf } from './app.ts';
import { type Place, servicesOf } from './place.ts';
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
  const taken = placesOf(declared().apps).filter((each) => names.includes(appResource(each)));
  return [...names, ...taken.flatMap(({ place }) => placeResources(place))];
}

function placeResources(place: Place): string[] {
  const { root, hand_over: { front } = {} } = place;
  const paths = front ? [front.file, ...(front.reload.writes ?? [])] : [];
  return [...[root, ...paths].map(pathNeed), ...servicesOf(place).flatMap(serviceResources)];
}

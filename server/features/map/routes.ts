import { routes } from '../../base/routes.ts'
import { mapApi, type MapConfig } from '../../contract/map.ts'

/** Which base map the pages draw: a setting, or the made-up district of the demo. */
export const mapRoutes = (map: MapConfig) => routes(mapApi, { config: () => map })

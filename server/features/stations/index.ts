/** All that others may use of stations. */
export { stationRoutes } from './routes.ts'
export { createStations, type Stations } from './stations.ts'

/** All that others may use of map. */
export { mapRoutes } from './routes.ts'

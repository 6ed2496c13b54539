/** All that others may use of the record of what leaves the screen. */
export { takenRoutes } from './routes.ts'

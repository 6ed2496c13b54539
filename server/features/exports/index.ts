/** All that others may use of exports. */
export { createExports, type Exports } from './exports.ts'
export { exportRoutes } from './routes.ts'
export { createExportStore } from './store.ts'

/** All that others may use of health. */
export { createHealth, defaultHealthSettings, type Health, type HealthSettings, type WatchedCamera } from './health.ts'
export type { StatusNews } from './notify.ts'
export { createPast, type Past } from './past.ts'
export { healthRoutes } from './routes.ts'
export { createHealthStore } from './store.ts'
export { createUplink } from './uplink.ts'

/** All that others may use of live. */
export { createLive, type Live } from './live.ts'
export { liveRoutes, liveSocket } from './routes.ts'
export { createViewings, type ViewingAsk, type ViewingDeps } from './viewings.ts'

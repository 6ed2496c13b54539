/** All that others may use of system. */
export { createDiary } from './diary.ts'
export { systemRoutes } from './routes.ts'
export { claimDatabase, type PlatformKind } from './store.ts'
export { createSystem, type System } from './system.ts'

/** All that others may use of the video wall. */
export { wallRoutes } from './routes.ts'
export { createWallStore } from './store.ts'
export { createWalls, type Walls } from './walls.ts'

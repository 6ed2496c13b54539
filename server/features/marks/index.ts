/** All that others may use of marks and locks. */
export { createMarks, type Marks } from './marks.ts'
export { markRoutes } from './routes.ts'
export { createMarkStore } from './store.ts'

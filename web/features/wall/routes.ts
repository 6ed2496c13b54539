import type { RouteRecordRaw } from 'vue-router'

/** The log of what rotations have shown has a page of its own: who judges patrols need not have a wall. */
export const patrolRoutes: RouteRecordRaw[] = [{ path: 'patrols', name: 'patrols', component: () => import('./WallPatrolsPage.vue') }]

export const wallRoutes: RouteRecordRaw[] = [
  {
    path: 'wall',
    name: 'wall',
    component: () => import('./WallDoor.vue'),
    // a wall needs the height; one in a window of its own nothing but itself
    meta: { frame: ({ query }) => (query['window'] === undefined ? 'noTicker' : 'none') },
  },
]

import type { RouteRecordRaw } from 'vue-router'

export const wallRoutes: RouteRecordRaw[] = [
  {
    path: 'wall',
    name: 'wall',
    component: () => import('./WallPage.vue'),
    // a wall needs the height; one in a window of its own nothing but itself
    meta: { frame: ({ query }) => (query['window'] === undefined ? 'noTicker' : 'none') },
  },
]

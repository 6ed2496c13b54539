import type { RouteRecordRaw } from 'vue-router'

export const mapRoutes: RouteRecordRaw[] = [
  { path: 'map', name: 'map', component: () => import('./MapPage.vue') },
  { path: 'map/offset-test', name: 'mapOffsetTest', component: () => import('./OffsetTestPage.vue') },
]

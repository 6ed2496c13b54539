import type { RouteRecordRaw } from 'vue-router'

export const stationRoutes: RouteRecordRaw[] = [{ path: 'stations', name: 'stations', component: () => import('./StationsPage.vue') }]

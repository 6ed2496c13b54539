import type { RouteRecordRaw } from 'vue-router'

export const shellRoutes: RouteRecordRaw[] = [{ path: ':path(.*)*', name: 'notHere', component: () => import('./NotHerePage.vue') }]

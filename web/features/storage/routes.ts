import type { RouteRecordRaw } from 'vue-router'

export const storageRoutes: RouteRecordRaw[] = [{ path: 'storage', name: 'storage', component: () => import('./StoragePage.vue') }]

import type { RouteRecordRaw } from 'vue-router'

export const dutyRoutes: RouteRecordRaw[] = [{ path: 'duty', name: 'duty', meta: { frame: () => 'none' }, component: () => import('./DutyPage.vue') }]

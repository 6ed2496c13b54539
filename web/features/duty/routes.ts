import type { RouteRecordRaw } from 'vue-router'

export const dutyRoutes: RouteRecordRaw[] = [{ path: 'duty', name: 'duty', meta: { isBare: true }, component: () => import('./DutyPage.vue') }]

import type { RouteRecordRaw } from 'vue-router'

export const accountRoutes: RouteRecordRaw[] = [
  { path: '/login', name: 'login', component: () => import('./LoginPage.vue'), meta: { isPublic: true } },
  { path: '/setup', name: 'setup', component: () => import('./SetupPage.vue'), meta: { isPublic: true } },
]

/** Which page an address opens, and that pages behind the login stay behind it. Every page is fetched when it is first needed. */
import { createRouter, createWebHistory, type RouteLocationNormalized, type Router, type RouteRecordRaw } from 'vue-router'
import { accountRoutes } from './features/accounts/routes.ts'
import { useAccountStore } from './features/accounts/store.ts'
import { dutyRoutes } from './features/duty/routes.ts'
import { mapRoutes } from './features/map/routes.ts'
import { playbackRoutes } from './features/playback/routes.ts'
import { useLanding } from './features/shell/landing.ts'
import { shellRoutes } from './features/shell/routes.ts'
import { stationRoutes } from './features/stations/routes.ts'
import { storageRoutes } from './features/storage/routes.ts'
import { patrolRoutes, wallRoutes } from './features/wall/routes.ts'

declare module 'vue-router' {
  interface RouteMeta {
    /** Opens without a login. */
    isPublic?: boolean
    /** What stands around the page; all of it if left out. */
    frame?: (to: RouteLocationNormalized) => 'noTicker' | 'none'
  }
}

export function createAppRouter(): Router {
  const routes: RouteRecordRaw[] = [
    { path: '/', redirect: (to) => ({ name: useLanding().landing.value, query: to.query }) },
    ...accountRoutes,
    {
      path: '/',
      component: () => import('./features/shell/AppShell.vue'),
      children: [...mapRoutes, ...dutyRoutes, ...wallRoutes, ...patrolRoutes, ...playbackRoutes, ...storageRoutes, ...stationRoutes, ...shellRoutes],
    },
  ]
  const router = createRouter({ history: createWebHistory(), routes })
  router.beforeEach(requireLogin)
  return router
}

/** Nobody signed in, or the server away: the login page, which knows what to say, and the way back. */
async function requireLogin(to: RouteLocationNormalized) {
  if (to.meta.isPublic === true) return true
  const isSignedIn = await useAccountStore()
    .loadMe()
    .catch(() => false)
  return isSignedIn ? true : { name: 'login', query: to.fullPath === '/map' ? {} : { return: to.fullPath } }
}

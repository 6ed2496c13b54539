import type { RouteRecordRaw } from 'vue-router'

export const playbackRoutes: RouteRecordRaw[] = [{ path: 'playback', name: 'playback', component: () => import('./PlaybackPage.vue') }]

/** The playback page by itself: looked at in screenshots and by the browser tests. `playback.html?theme=light&locale=en#/playback?cameras=…`. */
import { createPinia } from 'pinia'
import { NConfigProvider } from 'naive-ui'
import { createApp, defineComponent, h } from 'vue'
import { createRouter, createWebHashHistory, RouterView } from 'vue-router'
import type { CameraPoint } from '../../../../server/contract/cameras.ts'
import type { CameraId, StationId, UserId } from '../../../../server/contract/ids.ts'
import { installMessages, useI18n } from '../../../../web/base/i18n.ts'
import { applyLayout } from '../../../../web/base/layout.ts'
import { baseTheme, createThemeOverrides } from '../../../../web/base/naive-theme.ts'
import { applyTheme, useTheme } from '../../../../web/base/theme.ts'
import { useAccountStore } from '../../../../web/features/accounts/store.ts'
import { useCameraStore } from '../../../../web/features/cameras/store.ts'
import { playbackRoutes } from '../../../../web/features/playback/routes.ts'
import { messages } from '../../../../web/messages.ts'
import '../../../../web/ui/base.css'

const wish = new URLSearchParams(location.search)
installMessages(messages)
const theme = wish.get('theme') === 'light' ? 'light' : 'dark'
useTheme().setTheme(theme)
useI18n().setLocale(wish.get('locale') === 'en' ? 'en' : 'zh')
applyTheme()
applyLayout()

const names = [
  '澄桥路口-03',
  '晴波大道-06',
  '石渡街-07',
  '望桥小区南门',
  '北亭桥东',
  '中和街市场-01',
  '东霁商城北门',
  '柳溪里小巷-04',
  '云澜苑东门',
  '临河商城西门',
]
const cameras = names.map((name, index): CameraPoint => {
  const cameraId = `cam${index + 1}` as CameraId
  return {
    cameraId,
    name,
    initials: '',
    label: `DEMO-${index + 1}`,
    address: '澄桥路与柳汀街交口东北角（演示）',
    lonLat: [111.66, 40.75],
    headingDeg: 225,
    fovDeg: 80,
    reachM: 60,
    stationId: 'qinglan' as StationId,
    scene: 'troubleSpot',
    link: 'wired',
    hasSound: false,
    hasPtz: false,
    state: { cameraId, status: 'online', cause: null, detail: null, sinceAt: Date.now() - 327_000, evidenceAt: Date.now() },
  }
})

const app = createApp(
  defineComponent(() => {
    const account = useAccountStore()
    account.me = {
      userId: 'u1' as UserId,
      account: 'D-017',
      displayName: '值班',
      role: 'dutyOfficer',
      permissions: wish.get('right') === 'none' ? ['camera.see'] : ['camera.see', 'camera.live', 'camera.playback'],
      stationIds: null,
      lastLogin: null,
      sessionEndsAt: 0,
      mustChangePassword: false,
    }
    const store = useCameraStore()
    store.byId = new Map(cameras.map((each) => [each.cameraId, each]))
    store.isLoaded = true
    return () =>
      h(NConfigProvider, { abstract: true, theme: baseTheme[theme], themeOverrides: createThemeOverrides(theme) }, () =>
        h('main', { style: 'position:fixed;inset:0;display:flex' }, h(RouterView)),
      )
  }),
)
app.use(createPinia())
app.use(
  createRouter({
    history: createWebHashHistory(),
    routes: [...playbackRoutes.map((route) => ({ ...route, path: '/playback' })), { path: '/map', name: 'map', component: { render: () => null } }],
  }),
)
app.mount('#app')

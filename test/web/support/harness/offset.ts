/** The page that checks base maps, alone: `window.offsetHarness.mount(…)` with the base maps and cameras there are. */
import { NConfigProvider } from 'naive-ui'
import { createPinia } from 'pinia'
import { type App, createApp, defineComponent, h } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import type { CameraId, LonLat } from '../../../../server/contract/ids.ts'
import type { BaseMap } from '../../../../server/contract/map.ts'
import type { Permission } from '../../../../server/contract/permissions.ts'
import { installMessages, useI18n } from '../../../../web/base/i18n.ts'
import { applyLayout, useLayout } from '../../../../web/base/layout.ts'
import { baseTheme, createThemeOverrides } from '../../../../web/base/naive-theme.ts'
import { applyTheme, type ThemeName, useTheme } from '../../../../web/base/theme.ts'
import { useAccountStore } from '../../../../web/features/accounts/store.ts'
import { useCameraStore } from '../../../../web/features/cameras/store.ts'
import OffsetTestPage from '../../../../web/features/map/OffsetTestPage.vue'
import { messages } from '../../../../web/messages.ts'
import '../../../../web/ui/base.css'
import { makePoints, stateOf } from './map-points.ts'

export type OffsetOptions = { baseMaps: [BaseMap, ...BaseMap[]]; places: LonLat[]; theme?: ThemeName; locale?: 'zh' | 'en'; permissions?: Permission[] }

installMessages(messages)
applyTheme()
applyLayout()

function createOffsetHarness() {
  let app: App | undefined

  function mount({
    baseMaps: [baseMap, ...otherBaseMaps],
    places,
    theme = 'dark',
    locale = 'zh',
    permissions = ['camera.see', 'camera.edit'],
  }: OffsetOptions): void {
    app?.unmount()
    useI18n().setLocale(locale)
    useTheme().setTheme(theme)
    const root = defineComponent(() => {
      useAccountStore().me = {
        userId: 'u1' as never,
        account: 'Y-003',
        displayName: '运维',
        role: 'ops',
        permissions,
        stationIds: null,
        lastLogin: null,
        sessionEndsAt: 0,
        mustChangePassword: false,
      }
      const cameras = useCameraStore()
      const [made] = makePoints(1)
      cameras.byId = new Map(
        places.map((lonLat, i) => {
          const cameraId = `map-${i}` as CameraId
          return [cameraId, { ...made!, cameraId, name: `澄桥路口-0${i + 1}`, lonLat, state: stateOf(cameraId, i === 1 ? 'offline' : 'online') }]
        }),
      )
      cameras.mapConfig = { baseMap, otherBaseMaps, outline: null, center: places[0]!, zoom: 16 }
      cameras.isLoaded = true
      const layout = useLayout()
      const style = 'position:fixed;inset:0;display:flex;background:var(--canvas)'
      return () =>
        h(NConfigProvider, { theme: baseTheme[theme], themeOverrides: createThemeOverrides(theme, 1, layout.value === 'phone'), abstract: true }, () =>
          h('div', { style }, h(OffsetTestPage)),
        )
    })
    app = createApp(root)
    app.use(createPinia())
    app.use(createRouter({ history: createMemoryHistory(), routes: [{ path: '/', name: 'map', component: { render: () => null } }] }))
    app.mount('#app')
  }
  return { mount }
}

declare global {
  interface Window {
    offsetHarness: ReturnType<typeof createOffsetHarness>
  }
}
window.offsetHarness = createOffsetHarness()

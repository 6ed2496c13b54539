/** What every page of the harness begins with: texts, theme and language as the address wishes, somebody signed in, cameras made up. */
import { createPinia } from 'pinia'
import { type App, createApp, defineComponent, type VNode } from 'vue'
import type { CameraPoint } from '../../../../server/contract/cameras.ts'
import type { CameraId, StationId, UserId } from '../../../../server/contract/ids.ts'
import type { Permission } from '../../../../server/contract/permissions.ts'
import { installMessages, useI18n } from '../../../../web/base/i18n.ts'
import { applyLayout } from '../../../../web/base/layout.ts'
import { applyTheme, type ThemeName, useTheme } from '../../../../web/base/theme.ts'
import { useAccountStore } from '../../../../web/features/accounts/store.ts'
import { useCameraStore } from '../../../../web/features/cameras/store.ts'
import { messages } from '../../../../web/messages.ts'
import '../../../../web/ui/base.css'

export const stationId = 'qinglan' as StationId

/** `?theme=light&locale=en` and more of the page's own. */
export function readWish(): { wish: URLSearchParams; theme: ThemeName } {
  const wish = new URLSearchParams(location.search)
  const theme = wish.get('theme') === 'light' ? 'light' : 'dark'
  installMessages(messages)
  useTheme().setTheme(theme)
  useI18n().setLocale(wish.get('locale') === 'en' ? 'en' : 'zh')
  applyTheme()
  applyLayout()
  return { wish, theme }
}

export function makeCamera(id: string, name: string, more: Partial<Omit<CameraPoint, 'state'>> & { state?: Partial<CameraPoint['state']> } = {}): CameraPoint {
  const cameraId = id as CameraId
  const { state, ...rest } = more
  return {
    cameraId,
    name,
    initials: '',
    label: `DEMO-${id}`,
    address: '澄桥路与柳汀街交口东北角（演示）',
    lonLat: [111.66, 40.75],
    headingDeg: 225,
    fovDeg: 80,
    reachM: 60,
    stationId,
    scene: 'troubleSpot',
    link: 'wired',
    hasSound: false,
    hasPtz: false,
    ...rest,
    state: { cameraId, status: 'online', cause: null, detail: null, sinceAt: Date.now() - 327_000, evidenceAt: Date.now() - 12_000, ...state },
  }
}

/** `setup` runs with the stores filled and gives the page. */
export function createHarnessApp(cameras: readonly CameraPoint[], permissions: readonly Permission[], setup: () => () => VNode): App {
  const app = createApp(
    defineComponent(() => {
      useAccountStore().me = {
        userId: 'u1' as UserId,
        account: 'D-017',
        displayName: '值班',
        role: 'dutyOfficer',
        permissions: [...permissions],
        stationIds: null,
        lastLogin: null,
        sessionEndsAt: 0,
        mustChangePassword: false,
      }
      const store = useCameraStore()
      store.byId = new Map(cameras.map((each) => [each.cameraId, each]))
      store.isLoaded = true
      return setup()
    }),
  )
  return app.use(createPinia())
}

/** The wall page by itself, and eyes that look at every tile in every frame: `wall.html?theme=light&locale=en#/wall?cameras=…`. */
import { NConfigProvider } from 'naive-ui'
import { h } from 'vue'
import { createRouter, createWebHashHistory, RouterView } from 'vue-router'
import { baseTheme, createThemeOverrides } from '../../../../web/base/naive-theme.ts'
import { playerBudget } from '../../../../web/engines/player/index.ts'
import { wallRoutes } from '../../../../web/features/wall/routes.ts'
import { createHarnessApp, makeCamera, readWish } from './page.ts'

const { theme } = readWish()
const cameras = Array.from({ length: 20 }, (_, i) => makeCamera(`cam${i + 1}`, `澄桥路-${String(i + 1).padStart(2, '0')}`))

createHarnessApp(
  cameras,
  ['camera.see', 'camera.live', 'camera.playback'],
  () => () =>
    h(NConfigProvider, { abstract: true, theme: baseTheme[theme], themeOverrides: createThemeOverrides(theme) }, () =>
      h('main', { style: 'position:fixed;inset:0;display:flex' }, h(RouterView)),
    ),
)
  .use(
    createRouter({
      history: createWebHashHistory(),
      routes: [
        ...wallRoutes.map((route) => ({ ...route, path: '/wall' })),
        ...['map', 'playback'].map((name) => ({ path: `/${name}`, name, component: { render: () => null } })),
      ],
    }),
  )
  .mount('#app')

const sample = new OffscreenCanvas(8, 8).getContext('2d', { willReadFrequently: true })!

/** While a video seeks, the browser goes on showing the frame it had, but gives it to no canvas. */
const lastOf = new WeakMap<HTMLVideoElement, number>()

/** Mean brightness of what is to be seen of a tile: its picture, the held one over it, or its still. */
function brightnessOf(holder: Element): number {
  sample.clearRect(0, 0, 8, 8)
  const video = holder.querySelector('video')
  const hold = holder.querySelector<HTMLCanvasElement>('canvas.hold')
  const still = holder.querySelector<HTMLCanvasElement>('.still canvas')
  if (video && video.readyState >= 2) sample.drawImage(video, 0, 0, 8, 8)
  for (const canvas of [hold, still]) if (canvas && canvas.offsetParent !== null && canvas.width > 0) sample.drawImage(canvas, 0, 0, 8, 8)
  const { data } = sample.getImageData(0, 0, 8, 8)
  let sum = 0
  for (let i = 0; i < data.length; i += 4) sum += data[i]! + data[i + 1]! + data[i + 2]!
  if (video?.seeking && video.readyState < 2 && lastOf.has(video)) return Math.max(sum / (64 * 3), lastOf.get(video)!)
  if (video) lastOf.set(video, sum / (64 * 3))
  return sum / (64 * 3)
}

let isLooking = false
const seen = { frames: 0, black: [] as string[], shown: new Set<string>() }
function look() {
  if (!isLooking) return
  seen.frames++
  for (const holder of document.querySelectorAll<HTMLElement>('.spot:not(.next)')) {
    seen.shown.add(holder.dataset['camera']!)
    if (brightnessOf(holder) < 16) seen.black.push(`${holder.dataset['camera']} in ${holder.dataset['tile']} at ${Math.round(performance.now())}`)
  }
  if (document.querySelectorAll('.spot:not(.next)').length === 0) seen.black.push('no tile')
  requestAnimationFrame(look)
}

const wallHarness = {
  startLooking() {
    Object.assign(seen, { frames: 0, black: [], shown: new Set() })
    isLooking = true
    look()
  },
  stopLooking() {
    isLooking = false
    return { frames: seen.frames, black: seen.black.slice(0, 20), shown: seen.shown.size }
  },
  openPlayers: () => playerBudget.open().length,
}
export type WallHarness = typeof wallHarness
Object.assign(window, { wallHarness })

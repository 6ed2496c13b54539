/** The map alone on a page, for its browser tests and its bench: `window.mapHarness.mount(…)`, then drive and ask. */
import { createPinia } from 'pinia'
import { type App, createApp, defineComponent, h, nextTick, ref, shallowReactive } from 'vue'
import type { CameraPoint } from '../../../../server/contract/cameras.ts'
import type { CameraId, LonLat } from '../../../../server/contract/ids.ts'
import type { BaseMap, MapConfig } from '../../../../server/contract/map.ts'
import type { CameraStatus } from '../../../../server/contract/status.ts'
import { demoOutline, listDemoStations } from '../../../../server/demo/district.ts'
import { createRandom } from '../../../../server/demo/seeded.ts'
import { installMessages, useI18n } from '../../../../web/base/i18n.ts'
import { applyTheme, color, type ThemeName, useTheme } from '../../../../web/base/theme.ts'
import type { MapView } from '../../../../web/engines/map/index.ts'
import { useAccountStore } from '../../../../web/features/accounts/store.ts'
import MapCanvas from '../../../../web/features/map/MapCanvas.vue'
import { messages } from '../../../../web/messages.ts'
import '../../../../web/ui/base.css'
import { anyStatus, makePoints, stateOf } from './map-points.ts'

export type MountOptions = {
  count?: number
  /** Instead of `count` made-up ones: at these places, all online. */
  places?: LonLat[]
  baseMap?: BaseMap
  outline?: LonLat[] | null
  hasStations?: boolean
  center?: LonLat
  zoom?: number
  theme?: ThemeName
  scale?: number
  padding?: [number, number, number, number]
  hasSectors?: boolean
}
export type PanFigures = { fps: number; redrawsPerS: number; p95FrameMs: number; changesPerS: number }

const demoBase: BaseMap = { kind: 'vector', url: '/basemap/demo.json', name: '演示区矢量图', date: '2026-10-01' }
/** As the store of the cameras does. */
const PUBLISH_EVERY_MS = 250
const CHANGE_EVERY_MS = 50

installMessages(messages)
useI18n().setLocale('zh')
applyTheme()

type Props = {
  points: readonly CameraPoint[]
  selectedId: CameraId | null
  hoveredId: CameraId | null
  theme: ThemeName
  scale: number
  isStale: boolean
  showSectors: boolean
  padding: [number, number, number, number]
  config: MapConfig
}

function createHarness() {
  let app: App | undefined
  let known = new Map<CameraId, CameraPoint>()
  const props = shallowReactive({} as Props)
  const canvas = ref<InstanceType<typeof MapCanvas> | null>(null)
  const said = { selected: [] as (CameraId | null)[], hovered: [] as (CameraId | null)[], stations: [] as string[], view: null as MapView | null }

  async function mount(options: MountOptions = {}): Promise<void> {
    app?.unmount()
    Object.assign(said, { selected: [], hovered: [], stations: [], view: null })
    const made = options.places
      ? options.places.map((lonLat, i): CameraPoint => ({
          ...makePoints(1)[0]!,
          cameraId: `map-${i}` as CameraId,
          lonLat,
          state: stateOf(`map-${i}` as CameraId, 'online'),
        }))
      : makePoints(options.count ?? 468)
    known = new Map(made.map((point) => [point.cameraId, point]))
    useTheme().setTheme(options.theme ?? 'dark')
    Object.assign(props, {
      points: made,
      selectedId: null,
      hoveredId: null,
      theme: options.theme ?? 'dark',
      scale: options.scale ?? 1,
      isStale: false,
      showSectors: options.hasSectors ?? true,
      padding: options.padding ?? [0, 0, 0, 0],
      config: {
        baseMap: options.baseMap ?? demoBase,
        otherBaseMaps: [],
        outline: options.outline === undefined ? demoOutline : options.outline,
        center: options.center ?? demoOutline[0]!,
        zoom: options.zoom ?? 13,
      },
    } satisfies Props)
    const stations = options.hasStations === false ? [] : listDemoStations()
    const root = defineComponent(() => {
      const account = useAccountStore()
      account.me = {
        userId: 'u1' as never,
        account: 'D-017',
        displayName: '值班',
        role: 'dutyOfficer',
        permissions: ['camera.see', 'camera.live'],
        stationIds: null,
        lastLogin: null,
        sessionEndsAt: 0,
        mustChangePassword: false,
      }
      return () =>
        h(
          'div',
          { style: 'position:fixed;inset:0' },
          h(MapCanvas, {
            ref: canvas,
            ...props,
            totals: props.points,
            stations,
            onSelect: (cameraId) => said.selected.push((props.selectedId = cameraId)),
            onHover: (cameraId) => said.hovered.push((props.hoveredId = cameraId)),
            onStation: (stationId) => said.stations.push(stationId),
            onView: (view) => (said.view = view),
          }),
        )
    })
    app = createApp(root)
    app.use(createPinia())
    app.mount('#app')
    await until(
      () => document.querySelector('.source .words') !== null && said.view !== null && !document.querySelector('.source')!.textContent!.includes('正在读取'),
    )
    await atRest()
  }

  async function until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await nextFrame()
  }

  /** Until nothing is drawn any more: tiles are there, animations are over. */
  async function atRest(): Promise<void> {
    await nextTick()
    await canvas.value!.atRest()
  }

  function setStatus(cameraId: CameraId, status: CameraStatus): void {
    known.set(cameraId, { ...known.get(cameraId)!, state: stateOf(cameraId, status) })
    props.points = [...known.values()]
  }

  /** States change at a steady rate and reach the map in batches, as with the real store. */
  function startChanges(perS: number): { stop(): number } {
    const chance = createRandom(1)
    const ids = [...known.keys()]
    let made = 0
    const startedAtMs = performance.now()
    const changing = setInterval(() => {
      const due = ((performance.now() - startedAtMs) / 1000) * perS
      for (; made < due; made++) {
        const cameraId = ids[Math.floor(chance() * ids.length)]!
        known.set(cameraId, { ...known.get(cameraId)!, state: stateOf(cameraId, anyStatus(chance)) })
      }
    }, CHANGE_EVERY_MS)
    const publishing = setInterval(() => (props.points = [...known.values()]), PUBLISH_EVERY_MS)
    return {
      stop() {
        clearInterval(changing)
        clearInterval(publishing)
        return made
      },
    }
  }

  /**
   * A hand drags the map round and round for `durationMs` while states change. A frame counts only when the symbols were drawn somewhere else than before.
   */
  async function pan({ durationMs, changesPerS }: { durationMs: number; changesPerS: number }): Promise<PanFigures> {
    const viewport = document.querySelector('.ol-viewport')!
    const radiusPx = Math.min(innerWidth, innerHeight) * 0.3
    const middle = [innerWidth / 2, innerHeight / 2] as const
    const drag = (type: string, angle: number) =>
      viewport.dispatchEvent(
        new PointerEvent(type, {
          bubbles: true,
          cancelable: true,
          isPrimary: true,
          pointerId: 1,
          pointerType: 'mouse',
          button: type === 'pointermove' ? -1 : 0,
          buttons: type === 'pointerup' ? 0 : 1,
          clientX: middle[0] + radiusPx * Math.sin(angle),
          clientY: middle[1] - radiusPx * Math.cos(angle),
        }),
      )
    const changes = startChanges(changesPerS)
    drag('pointerdown', 0)
    const startedAtMs = performance.now()
    const frames: number[] = []
    const firstDrawn = canvas.value!.drawnFrames()
    let [drawn, place] = [firstDrawn, '']
    for (let now = startedAtMs; now - startedAtMs < durationMs;) {
      now = await nextFrame()
      const reached = canvas.value!.drawnFrames()
      const where = canvas.value!.drawnAt().join()
      if (reached !== drawn && where !== place) frames.push(now)
      ;[drawn, place] = [reached, where]
      // one round in 3 s: about 700 px/s on a full HD screen
      drag('pointermove', ((now - startedAtMs) / 3000) * 2 * Math.PI)
    }
    const tookS = (performance.now() - startedAtMs) / 1000
    drag('pointerup', ((performance.now() - startedAtMs) / 3000) * 2 * Math.PI)
    const made = changes.stop()
    const gaps = frames
      .slice(1)
      .map((at, i) => at - frames[i]!)
      .sort((a, b) => a - b)
    return {
      fps: frames.length / tookS,
      redrawsPerS: (canvas.value!.drawnFrames() - firstDrawn) / tookS,
      p95FrameMs: gaps[Math.floor(gaps.length * 0.95)] ?? Number.NaN,
      changesPerS: made / tookS,
    }
  }

  return {
    mount,
    atRest,
    pan,
    setStatus,
    startChanges,
    color,
    said,
    props,
    map: () => canvas.value!,
    setTheme(theme: ThemeName) {
      useTheme().setTheme(theme)
      props.theme = theme
    },
    /** What stands on the map, in words a test can carry out of the page. */
    items: () =>
      canvas.value!.listItems().map((item) => ({
        kind: item.kind,
        ids: item.kind === 'cluster' ? item.members.map((member) => member.point.cameraId) : [item.at.point.cameraId],
        counts: item.kind === 'cluster' ? item.counts : null,
        px: (item.kind === 'cluster' ? canvas.value!.toPx([item.x, item.y]) : canvas.value!.pixelOf(item.at.point.cameraId)) ?? ([NaN, NaN] as const),
      })),
  }
}

function nextFrame(): Promise<number> {
  return new Promise((resolve) => requestAnimationFrame(resolve))
}

export type MapHarness = ReturnType<typeof createHarness>
declare global {
  interface Window {
    mapHarness: MapHarness
  }
}
window.mapHarness = createHarness()

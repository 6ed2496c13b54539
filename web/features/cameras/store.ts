/** The cameras this user may see, kept true by push. Plain data by id: replaced, never changed deep. */
import { defineStore } from 'pinia'
import { computed, type ShallowRef, shallowRef } from 'vue'
import { cameraApi, type CameraPoint } from '../../../server/contract/cameras.ts'
import { stationApi, type Station } from '../../../server/contract/stations.ts'
import type { CameraId, Instant, StationId } from '../../../server/contract/ids.ts'
import { mapApi, type MapConfig } from '../../../server/contract/map.ts'
import { hashStates } from '../../../server/contract/push.ts'
import { statusApi, type StatusChange } from '../../../server/contract/status.ts'
import type { DiskAlarm } from '../../../server/contract/storage.ts'
import { ApiError, call } from '../../base/api.ts'
import { createPushClient, type PushPosition } from '../../base/push.ts'
import { noteServerTime } from '../../base/server-clock.ts'
import { useAccountStore } from '../accounts/store.ts'
import { countStates, onlineRateNow } from './counts.ts'

/** The screen follows at most four times a second, however fast states change. */
const publishEveryMs = 250
const keptChanges = 500
const fetchedChanges = 200

export type ExportNews = { readonly toDecide: number; readonly readyAts: readonly Instant[] }
const noExportNews: ExportNews = { toDecide: 0, readyAts: [] }

export const useCameraStore = defineStore('cameras', () => {
  const account = useAccountStore()
  const byId: ShallowRef<ReadonlyMap<CameraId, CameraPoint>> = shallowRef(new Map())
  const stations: ShallowRef<ReadonlyMap<StationId, Station>> = shallowRef(new Map())
  const mapConfig: ShallowRef<MapConfig | null> = shallowRef(null)
  const recentChanges: ShallowRef<readonly StatusChange[]> = shallowRef([])
  /** Why the last fetch failed; null once one has succeeded. */
  const loadError: ShallowRef<ApiError | null> = shallowRef(null)
  const isLoaded = shallowRef(false)
  /** Recording disks that somebody should look at. */
  const alarms: ShallowRef<readonly DiskAlarm[]> = shallowRef([])
  /** How often this page was told that layouts or rotations of walls are others now; whoever shows them reads them anew. */
  const wallListChanges = shallowRef(0)

  /** Downloads that wait for this user's decision, and when those of their own became ready, newest first; push brings them as it does the states. */
  const exportNews: ShallowRef<ExportNews> = shallowRef(noExportNews)

  const points = computed<readonly CameraPoint[]>(() => [...byId.value.values()])
  const counts = computed(() => countStates(points.value))
  const onlineRate = computed(() => onlineRateNow(counts.value))

  // what is true now; `byId` and `recentChanges` follow it in batches
  let known = new Map<CameraId, CameraPoint>()
  let changes: StatusChange[] = []
  let publishTimer: ReturnType<typeof setTimeout> | undefined
  let publishedAtMs = 0

  const push = createPushClient({
    reload,
    onCameraStatus({ states, changes: newer }) {
      for (const state of states) {
        const point = known.get(state.cameraId)
        if (point !== undefined) known.set(state.cameraId, { ...point, state })
      }
      if (newer.length > 0) changes = [...newer, ...changes].toSorted((a, b) => b.at - a.at).slice(0, keptChanges)
      publishSoon()
    },
    stateHash: () => hashStates([...known.values()].map((point) => point.state)),
    onAlarms(told) {
      if (JSON.stringify(told) !== JSON.stringify(alarms.value)) alarms.value = told
    },
    onExports: ({ toDecide, readyAts }) => (exportNews.value = { toDecide, readyAts }),
    onLoginEnded: (reason) => account.onLoginEnded(reason),
    onWallLists: () => wallListChanges.value++,
    onConnectFailed: () => void account.confirmLogin(),
  })

  /** Starts fetching and following; safe to call again. The page heals by itself from here on. */
  function load(): void {
    push.start()
  }

  /** Forgets everything: somebody else may sign in at this screen. */
  function close(): void {
    push.stop()
    known = new Map()
    changes = []
    stations.value = new Map()
    mapConfig.value = null
    alarms.value = []
    exportNews.value = noExportNews
    isLoaded.value = false
    loadError.value = null
    publish()
  }

  async function reload(): Promise<PushPosition> {
    try {
      const [fetched, fetchedStations, config, recent] = await Promise.all([
        call(cameraApi.points),
        call(stationApi.stations),
        call(mapApi.config),
        call(statusApi.recent, { query: { limit: fetchedChanges } }),
      ])
      noteServerTime(fetched.serverAt)
      known = new Map(fetched.points.map((point) => [point.cameraId, point]))
      changes = recent.toSorted((a, b) => b.at - a.at)
      stations.value = new Map(fetchedStations.map((station) => [station.stationId, station]))
      mapConfig.value = config
      loadError.value = null
      isLoaded.value = true
      publish()
      return { epoch: fetched.epoch, seq: fetched.seq }
    } catch (error) {
      if (error instanceof ApiError) loadError.value = error
      throw error
    }
  }

  function publishSoon(): void {
    publishTimer ??= setTimeout(publish, Math.max(0, publishedAtMs + publishEveryMs - performance.now()))
  }

  function publish(): void {
    clearTimeout(publishTimer)
    publishTimer = undefined
    publishedAtMs = performance.now()
    byId.value = new Map(known)
    recentChanges.value = changes
  }

  return {
    alarms,
    exportNews,
    byId,
    stations,
    mapConfig,
    points,
    counts,
    onlineRate,
    recentChanges,
    wallListChanges,
    isLoaded,
    loadError,
    connection: push.connection,
    isStale: push.isStale,
    lastMessageAt: push.lastMessageAt,
    load,
    close,
  }
})

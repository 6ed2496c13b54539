/** What the pictures say of themselves, gathered once a second: the line of health, what this computer can decode, and fresh starts for those that need one. */
import { onScopeDispose, type ShallowRef, shallowRef } from 'vue'
import type { CameraId, Profile } from '../../../server/contract/ids.ts'
import { usePreference } from '../../base/preference.ts'
import { createDecodeLoad, type DecodeLoad, type LimitHook, playerBudget, readPictures, usualHook } from '../../engines/player/index.ts'
import { useCameraStore } from '../cameras/store.ts'
import { useDecodingElsewhere } from './decode-share.ts'
import { type PictureReport, shouldRenew, type WallHealth, wallHealth } from './health.ts'
import type { Wall } from './wall.ts'

const everyMs = 1_000
/** What held for so long is remembered on this screen. */
const rememberAfterS = 60

/** What this computer can decode, learnt before: pictures, 0 when it was never measured. Made once. */
const known = usePreference<number>(
  'decodes',
  () => 0,
  (value) => typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 64,
)

type Entry = PictureReport & { notLiveSinceMs: number | null }

export function useWallHealth(wall: Wall) {
  const cameras = useCameraStore()
  const health: ShallowRef<WallHealth> = shallowRef({ shown: 0, well: 0, oldestMs: null })
  const meter = createDecodeLoad(known.value.value === 0 ? null : known.value.value)
  const load: ShallowRef<DecodeLoad> = shallowRef(meter.state())
  const elsewhere = useDecodingElsewhere(wall.number)
  const entries = new Map<number, Entry>()
  let steadySeconds = 0
  const renewals = new Map<number, { atMs: number; count: number }>()

  const limit: LimitHook = (open, wanted) => {
    if (open.length === 0) return true
    const playing = open.filter(({ isWaiting }) => !isWaiting)
    // it will take the place of one that plays
    if (wanted.isWaiting) return open.length - playing.length < Math.max(load.value.capacity, playing.length)
    return costOf([...playing, wanted]) + elsewhere.value <= load.value.capacity
  }
  playerBudget.setLimit(limit)
  const stopReading = readPictures((second) => {
    const next = meter.add({ ...second, elsewhere: elsewhere.value })
    const isChanged = next.capacity !== load.value.capacity
    const hasMoreRoom = next.capacity - next.elsewhere > load.value.capacity - load.value.elsewhere
    load.value = next
    steadySeconds = isChanged ? 0 : steadySeconds + 1
    if (steadySeconds === rememberAfterS && next.isMeasured) known.set(next.capacity)
    if (isChanged || hasMoreRoom) playerBudget.setLimit(limit) // those that wait ask again
  })
  const timer = setInterval(look, everyMs)
  onScopeDispose(() => {
    clearInterval(timer)
    stopReading()
    playerBudget.setLimit(usualHook)
  })

  return {
    health,
    load,
    /** What plays here, in sub streams. */
    decoding: () => costOf(playerBudget.open().filter(({ isWaiting }) => !isWaiting)),
    /** A picture says how it is; null: it has gone. */
    tell(key: number, report: PictureReport | null) {
      if (report === null) return void entries.delete(key)
      const before = entries.get(key)
      entries.set(key, { ...report, notLiveSinceMs: report.kind === 'live' ? null : (before?.notLiveSinceMs ?? performance.now()) })
    },
    reportOf(tile: number, cameraId: CameraId): PictureReport | undefined {
      const picture = wall.pictures.value.find((each) => each.tile === tile && each.cameraId === cameraId)
      return picture && entries.get(picture.key)
    },
  }

  function costOf(pictures: readonly { profile: Profile }[]): number {
    return pictures.reduce((sum, { profile }) => sum + (profile === 'main' ? load.value.mainCost : 1), 0)
  }

  function look() {
    const shown = wall.pictures.value.filter(({ isNext }) => !isNext)
    const next = wallHealth(shown.flatMap(({ key }) => entries.get(key) ?? []))
    if (JSON.stringify(next) !== JSON.stringify(health.value)) health.value = next
    if (document.hidden) return
    for (const { key, tile, cameraId } of shown) {
      const report = entries.get(key)
      const renewed = renewals.get(tile)
      const status = cameras.byId.get(cameraId)?.state.status ?? 'unknown'
      if (report?.kind === 'live') renewals.delete(tile)
      if (
        !report ||
        !shouldRenew({
          report,
          status,
          notLiveSinceMs: report.notLiveSinceMs,
          renewedAtMs: renewed?.atMs ?? null,
          renewals: renewed?.count ?? 0,
          nowMs: performance.now(),
        })
      )
        continue
      console.info('a picture begins anew', cameraId, report.kind)
      renewals.set(tile, { atMs: performance.now(), count: (renewed?.count ?? 0) + 1 })
      wall.renew(key)
    }
  }
}
export type WallHealthView = ReturnType<typeof useWallHealth>

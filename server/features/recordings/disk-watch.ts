/** What the disks have to say to the recordings: which of them are away, and whether there is room for the streams the policies ask for. */
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { DiskStatus, MediaPlane } from '../../media/plane.ts'
import { type Degrade, degradeBy } from './degrade.ts'
import { isReadable } from './retention.ts'
import type { withSegmentCache } from './segment-cache.ts'
import { ALL_CAMERAS } from './store.ts'

export type DiskWatchDeps = {
  store: Pick<ReturnType<typeof withSegmentCache>, 'listOtherDisks' | 'setAwayDisks' | 'putProblem'>
  plane: Pick<MediaPlane, 'listDisks'>
  clock: Clock
  log: Log
  /** How long it takes until every stream is open again. */
  changesWithinMs: number
}

export function createDiskWatch({ store, plane, clock, log, changesWithinMs }: DiskWatchDeps) {
  let degrade: Degrade = 'none'
  /** The disks that can be read, as last seen. */
  let readableDisks: string | undefined

  /** What lies on a disk that is away is not there for anybody, and the disk is the reason. */
  async function lookAtAway(disks: readonly DiskStatus[]) {
    const readable = disks.filter(isReadable).map(({ diskId }) => diskId)
    const text = readable.sort().join()
    if (text === readableDisks) return
    const away = await store.listOtherDisks(readable)
    readableDisks = text
    store.setAwayDisks(away)
    if (away.length > 0) log.warn({ away }, 'recordings lie on disks that are away: they cannot be played until these are back')
  }

  async function lookAtRoom(disks: readonly DiskStatus[]) {
    const before = degrade
    degrade = degradeBy(disks, before)
    if (degrade === before) return
    log.warn({ degrade }, degrade === 'none' ? 'there is room again: recorded as the policies say' : 'hardly any room: recorded by the sub stream')
    // each camera that changes its stream misses some seconds, and it is the disk's doing
    const nowAt = clock.now()
    await store.putProblem(ALL_CAMERAS, { fromAt: nowAt, toAt: nowAt + changesWithinMs, problem: 'disk_slow' })
  }

  return {
    degrade: () => degrade,
    async look(): Promise<void> {
      const disks = await plane.listDisks()
      if (disks.length > 0) await lookAtAway(disks)
      await lookAtRoom(disks)
    },
  }
}

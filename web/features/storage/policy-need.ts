/** What a change of policies would need, from what is written now. Pure. */
import type { CameraId, Profile } from '../../../server/contract/ids.ts'
import type { RecordingPolicy, SetRecordingPolicy } from '../../../server/contract/recordings.ts'
import type { StorageReply } from '../../../server/contract/storage.ts'
import { minutesOf, weekMinutes } from './week-hours.ts'

export type PolicyNeed = {
  /** Written each day by all cameras after the change; null: no camera has shown yet what such a stream takes. */
  dayBytes: number | null
  /** More (or, negative, less) than now. */
  moreDayBytes: number | null
  /** All that is to be kept at a time, locked ranges included. */
  keptBytes: number | null
  /** All there is room for; null: unknown, media is away. */
  roomBytes: number | null
  /** Days that can be held with what there is room for. */
  holdsDays: number | null
}

type Plan = Pick<RecordingPolicy, 'mode' | 'schedule' | 'profile' | 'keepDays'>

/** Share of the week in which there is something to record. */
export function plannedShare({ mode, schedule }: Pick<Plan, 'mode' | 'schedule'>): number {
  return mode === 'off' ? 0 : mode === 'continuous' ? 1 : minutesOf(schedule) / weekMinutes
}

export function needOf(
  change: Omit<SetRecordingPolicy, 'cameraIds'>,
  cameraIds: ReadonlySet<CameraId>,
  policies: ReadonlyMap<CameraId, RecordingPolicy>,
  storage: StorageReply,
): PolicyNeed {
  const written = new Map(storage.cameras.map(({ cameraId, dayBytes }) => [cameraId, dayBytes]))
  /** What a camera takes in a day and night without a pause; undefined when it never showed. */
  const fullDayOf = (cameraId: CameraId, profile: Profile): number | undefined => {
    const policy = policies.get(cameraId)
    const share = policy?.profile === profile ? plannedShare(policy) : 0
    const bytes = written.get(cameraId) ?? 0
    return share > 0 && bytes > 0 ? bytes / share : undefined
  }
  const meanOf = (profile: Profile): number | undefined => {
    const known = [...policies.keys()].flatMap((cameraId) => fullDayOf(cameraId, profile) ?? [])
    return known.length === 0 ? undefined : known.reduce((sum, bytes) => sum + bytes, 0) / known.length
  }
  const means = { main: meanOf('main'), sub: meanOf('sub') }
  const bytesOf = (cameraId: CameraId, plan: Plan): number | undefined => {
    const share = plannedShare(plan)
    const full = share === 0 ? 0 : (fullDayOf(cameraId, plan.profile) ?? means[plan.profile])
    return full === undefined ? undefined : full * share
  }

  const room = storage.roomBytes === null ? null : storage.recordedBytes + storage.roomBytes
  let before = 0
  let after = 0
  let kept = storage.lockedBytes
  let isKnown = true
  for (const cameraId of new Set([...policies.keys(), ...cameraIds])) {
    const old = policies.get(cameraId)
    // what is not changed takes what it takes now; one that stands still today is counted as its like
    const oldBytes = old ? written.get(cameraId) || (bytesOf(cameraId, old) ?? 0) : 0
    const isChanged = cameraIds.has(cameraId)
    const nextBytes = isChanged ? bytesOf(cameraId, change) : oldBytes
    isKnown &&= nextBytes !== undefined
    before += oldBytes
    after += nextBytes ?? 0
    kept += (nextBytes ?? 0) * (isChanged ? change.keepDays : old!.keepDays)
  }
  if (!isKnown) return { dayBytes: null, moreDayBytes: null, keptBytes: null, roomBytes: room, holdsDays: null }
  return { dayBytes: after, moreDayBytes: after - before, keptBytes: kept, roomBytes: room, holdsDays: room === null || after === 0 ? null : room / after }
}

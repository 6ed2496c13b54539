/**
 * Intervals of the last month, as fast as a page asks for them. Days that are over for good are read once a day and held: half a million numbers, 5 MB for 468
 * cameras that change twenty times a day. What is newer is read each time.
 */
import type { Clock } from '../../base/clock.ts'
import type { CameraId, Instant } from '../../contract/ids.ts'
import { MAP_PAST_MS } from '../../contract/status.ts'
import type { Range } from './history.ts'
import type { CameraStretches } from './overview.ts'

const DAY_MS = 86_400_000
/** Downtime begins at the first miss, which is told of a little later: what is older than this changes no more. */
const SETTLED_AFTER_MS = 3_600_000
/** A month of 31 days that begins somewhere in a day, too. */
const HELD_MS = MAP_PAST_MS + 3 * DAY_MS

type Held = { toAt: Instant; cameraIds: ReadonlySet<CameraId>; stretches: CameraStretches[] }

export function createClosedDays({ read, clock }: { read(range: Range): Promise<CameraStretches[]>; clock: Clock }) {
  let held: Held | undefined
  let turn: Promise<unknown> = Promise.resolve()

  async function load(toAt: Instant, cameraIds: ReadonlySet<CameraId>): Promise<Held> {
    const range = { fromAt: toAt - HELD_MS, toAt }
    return { toAt, cameraIds, stretches: (await read(range)).map((each) => cut(each, range)) }
  }

  /** Read anew when a day more is over, and for a camera that was not there: one that comes back brings its past. */
  async function hold(settledAt: Instant, cameraIds: readonly CameraId[]): Promise<Held> {
    if (held?.toAt !== settledAt || !cameraIds.every((cameraId) => held!.cameraIds.has(cameraId))) {
      held = await load(settledAt, new Set([...(held?.cameraIds ?? []), ...cameraIds]))
    }
    return held
  }

  return {
    /** All that touches the range, and what else is held. `cameraIds`: those whose past is asked for; others may be among the answer. */
    async list({ fromAt, toAt }: Range, cameraIds: readonly CameraId[]): Promise<CameraStretches[]> {
      const settledAt = Math.floor((clock.now() - SETTLED_AFTER_MS) / DAY_MS) * DAY_MS
      if (fromAt < settledAt - HELD_MS) return read({ fromAt, toAt })
      const newer = { fromAt: Math.max(fromAt, settledAt), toAt }
      const fresh = toAt > settledAt ? (await read(newer)).map((each) => cut(each, newer)) : []
      if (fromAt >= settledAt) return fresh
      // one after another: the second finds what the first has read
      const mine = turn.then(() => hold(settledAt, cameraIds))
      turn = mine.catch(() => undefined)
      return [...(await mine).stretches, ...fresh]
    },
  }
}

/** What lies beyond the range is cut off, so that what is held and what is fresh have no moment in common. */
const cut = ({ fromAts, toAts, ...rest }: CameraStretches, { fromAt, toAt }: Range): CameraStretches => ({
  ...rest,
  fromAts: fromAts.map((at) => Math.min(Math.max(at, fromAt), toAt)),
  toAts: toAts.map((at) => Math.min(Math.max(at, fromAt), toAt)),
})

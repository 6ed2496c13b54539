/** Days held against days asked for, and what becomes of the room. Pure. */
import type { Instant } from '../../../server/contract/ids.ts'
import type { StorageReply, StoredCamera } from '../../../server/contract/storage.ts'

export const dayMs = 86_400_000
/** The oldest file goes whole, and a recording may begin some minutes late. */
const slackMs = 3_600_000

export type Held = {
  heldMs: number
  keepMs: number
  /** `short`: it should hold more by now. `filling`: recording has not gone on for so long yet. `off`: nothing is to be recorded. */
  state: 'enough' | 'filling' | 'short' | 'off'
}

export function heldOf(
  { mode, keepDays, sinceAt, dueFromAt, oldestAt }: Pick<StoredCamera, 'mode' | 'keepDays' | 'sinceAt' | 'dueFromAt' | 'oldestAt'>,
  nowAt: Instant,
): Held {
  const heldMs = oldestAt === null ? 0 : Math.max(0, nowAt - oldestAt)
  const keepMs = keepDays * dayMs
  if (mode === 'off' || sinceAt === null) return { heldMs, keepMs, state: 'off' }
  const isShort = dueFromAt !== null && (oldestAt ?? nowAt) > dueFromAt + slackMs
  return { heldMs, keepMs, state: isShort ? 'short' : nowAt - sinceAt + slackMs >= keepMs ? 'enough' : 'filling' }
}

export type Forecast =
  | { kind: 'unknown' }
  | { kind: 'idle' }
  | { kind: 'enough'; keepDays: readonly [least: number, most: number] }
  /** The oldest go for want of room, now or from `at` on; so many days can be held. */
  | { kind: 'full'; at: Instant; isNow: boolean; holdsDays: number }

export function forecastOf({ at, fullAt, holdsDays, roomBytes, dayBytes, cameras }: StorageReply): Forecast {
  if (roomBytes === null) return { kind: 'unknown' }
  if (dayBytes === 0 || holdsDays === null) return { kind: 'idle' }
  if (fullAt !== null) return { kind: 'full', at: fullAt, isNow: fullAt - at < dayMs / 24, holdsDays }
  const days = cameras.filter(({ mode }) => mode !== 'off').map(({ keepDays }) => keepDays)
  return days.length === 0 ? { kind: 'idle' } : { kind: 'enough', keepDays: [Math.min(...days), Math.max(...days)] }
}

/** What the ticker says: changes that belong together are one entry (a switch that takes 24 cameras down is one event, not 24). */
import type { CameraId, Instant } from '../../../server/contract/ids.ts'
import type { CameraStatus, StatusChange } from '../../../server/contract/status.ts'

/** Changes of one kind that follow each other within this belong to one event: a probe round finds them one by one. */
const togetherMs = 10_000

export type TickerEntry = {
  key: string
  /** Newest first; all have the same `from`, `to` and `cause`. */
  changes: readonly [StatusChange, ...StatusChange[]]
  /** When the first of them changed. */
  at: Instant
}

/** `changes` newest first, as the store keeps them. Entries come newest first by the time they show. */
export function groupChanges(changes: readonly StatusChange[]): TickerEntry[] {
  const groups: [StatusChange, ...StatusChange[]][] = []
  const open = new Map<string, [StatusChange, ...StatusChange[]]>()
  for (const change of changes) {
    const kind = `${change.from}:${change.to}:${change.cause}`
    const group = open.get(kind)
    const last = group?.at(-1)
    if (group && last && last.at - change.at <= togetherMs && group.every(({ cameraId }) => cameraId !== change.cameraId)) {
      group.push(change)
      continue
    }
    const begun: [StatusChange, ...StatusChange[]] = [change]
    open.set(kind, begun)
    groups.push(begun)
  }
  const entries = groups.map((group) => {
    const first = group.at(-1) ?? group[0]
    return { key: `${first.cameraId}:${first.at}:${first.to}`, changes: group, at: first.at }
  })
  return entries.toSorted((a, b) => b.at - a.at)
}

/** The longest of the states that ended. */
export function longestMs({ changes }: TickerEntry): number {
  return Math.max(...changes.map((change) => change.lastedMs))
}

/** What a click shows: the camera, or all that are in this state now. */
export function queryOf({ changes: [newest, ...others] }: TickerEntry): { camera: CameraId } | { status: CameraStatus } {
  return others.length === 0 ? { camera: newest.cameraId } : { status: newest.to }
}

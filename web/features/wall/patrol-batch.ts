/** Entries of the patrol log as short text, for a storage that holds some megabytes: what many share stands once. About 45 characters an entry. Pure. */
import { z } from 'zod'
import { CameraId, Instant } from '../../../server/contract/ids.ts'
import { FailureCause } from '../../../server/contract/status.ts'
import { PatrolOutcome, PatrolReport } from '../../../server/contract/walls.ts'

const index = z.number().int().nonnegative()
const Batch = z.object({
  version: z.literal(1),
  /** Times count from here. */
  at: Instant,
  /** What ids begin with, and in each entry what they end with. */
  ids: z.array(z.string()),
  runs: z.array(z.tuple([z.string(), z.string()])),
  cameras: z.array(CameraId),
  /** id prefix, id end, run, camera, tile, from, length, outcome, cause (-1: none), fresh ms. */
  rows: z.array(z.tuple([index, z.string(), index, index, index, z.number().int(), index, index, z.number().int(), index])),
})

const prefixLength = 24

export function encodeBatch(reports: readonly PatrolReport[]): string {
  const at = reports[0]?.fromAt ?? 0
  const [ids, runs, cameras] = [createList<string>(), createList<string>(), createList<CameraId>()]
  const rows = reports.map(({ entryId, runId, rotationId, cameraId, tile, fromAt, toAt, outcome, cause, freshMs }) => [
    ids.indexOf(entryId.slice(0, prefixLength)),
    entryId.slice(prefixLength),
    runs.indexOf(`${runId} ${rotationId}`),
    cameras.indexOf(cameraId),
    tile,
    fromAt - at,
    toAt - fromAt,
    PatrolOutcome.options.indexOf(outcome),
    cause === null ? -1 : FailureCause.options.indexOf(cause),
    freshMs,
  ])
  return JSON.stringify({ version: 1, at, ids: ids.values, runs: runs.values.map((run) => run.split(' ')), cameras: cameras.values, rows })
}

/** What is not ours, or is no entry, is left out. */
export function decodeBatch(text: string): PatrolReport[] {
  const parsed = Batch.safeParse(parseJson(text))
  if (!parsed.success) return []
  const { at, ids, runs, cameras, rows } = parsed.data
  return rows.flatMap(([prefix, end, run, camera, tile, from, lastedMs, outcome, cause, freshMs]) => {
    const [runId, rotationId] = runs[run] ?? []
    const report = {
      entryId: `${ids[prefix]}${end}`,
      runId,
      rotationId,
      cameraId: cameras[camera],
      tile,
      fromAt: at + from,
      toAt: at + from + lastedMs,
      outcome: PatrolOutcome.options[outcome],
      cause: cause === -1 ? null : FailureCause.options[cause],
      freshMs,
    }
    return PatrolReport.safeParse(report).data ?? []
  })
}

/** Each value once, in the order they came. */
function createList<T>() {
  const known = new Map<T, number>()
  return {
    indexOf(value: T): number {
      const at = known.get(value) ?? known.size
      known.set(value, at)
      return at
    },
    get values() {
      return [...known.keys()]
    },
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // not ours
  }
}

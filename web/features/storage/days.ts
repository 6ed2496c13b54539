/** Recorded share of each camera-day as rows of a table: a row for all, one for each station, one for each camera. Pure. */
import type { CameraPoint } from '../../../server/contract/cameras.ts'
import type { Station } from '../../../server/contract/stations.ts'
import type { CameraId, Instant, StationId } from '../../../server/contract/ids.ts'
import type { StoredCamera, StoredDays } from '../../../server/contract/storage.ts'
import { compareNames, searchCameras } from '../cameras/search.ts'
import { type Held, heldOf } from './held.ts'
import type { Lack } from './query.ts'

/** Below this a day needs an answer (R-SLA). */
export const wantedRate = 0.98

export type Cell = { plannedMs: number; recordedMs: number }
export type Step = 'none' | 'full' | 'good' | 'low' | 'bad'
/** A share is spoken of only where something was planned. */
export const rateOf = ({ plannedMs, recordedMs }: Cell): number | null => (plannedMs <= 0 ? null : Math.min(1, recordedMs / plannedMs))

export function stepOf(rate: number | null): Step {
  if (rate === null) return 'none'
  return rate >= 0.995 ? 'full' : rate >= wantedRate ? 'good' : rate >= 0.95 ? 'low' : 'bad'
}

export type DayRow = { key: string; cells: readonly Cell[]; total: Cell }
export type CameraRow = DayRow & { kind: 'camera'; point: CameraPoint; held: Held | null; bytes: number }
export type GroupRow = DayRow & { kind: 'all' | 'station'; stationId: StationId | null; name: string; cameras: number; short: number; bytes: number }

export type Wanted = { stationIds: readonly StationId[]; text: string; lack: Lack | null }

/** The cameras that fit what is wanted, with their days; in the order of their names. */
export function listCameraRows(
  { days, cameras }: StoredDays,
  stored: ReadonlyMap<CameraId, StoredCamera>,
  points: ReadonlyMap<CameraId, CameraPoint>,
  { stationIds, text, lack }: Wanted,
  nowAt: Instant,
): CameraRow[] {
  const byId = new Map(cameras.map((camera) => [camera.cameraId, camera]))
  // one that never was to be recorded and has nothing stored is no row
  const ids = new Set([...byId.keys(), ...[...stored.values()].filter(({ mode, bytes }) => mode !== 'off' || bytes > 0).map(({ cameraId }) => cameraId)])
  const known = [...ids].flatMap((id) => points.get(id) ?? []).filter(({ stationId }) => stationIds.length === 0 || stationIds.includes(stationId))
  const found = text.trim() === '' ? known : searchCameras(known, text).map(({ point }) => point)
  const rows = found.toSorted(compareNames).map((point): CameraRow => {
    const camera = byId.get(point.cameraId)
    const cells = days.map((_, i): Cell => ({ plannedMs: camera?.plannedMs[i] ?? 0, recordedMs: camera?.recordedMs[i] ?? 0 }))
    const sum = stored.get(point.cameraId)
    return { kind: 'camera', key: point.cameraId, point, cells, total: sumCells(cells), held: sum ? heldOf(sum, nowAt) : null, bytes: sum?.bytes ?? 0 }
  })
  return rows.filter((row) => lack === null || doesLack(row, lack))
}

export function doesLack({ held, total }: CameraRow, lack: Lack): boolean {
  if (lack === 'short') return held?.state === 'short'
  const rate = rateOf(total)
  return rate !== null && rate < wantedRate
}

/** A row for everything, then each station (in the order given) with its cameras, unless it is folded. */
export function groupRows(rows: readonly CameraRow[], stations: Iterable<Station>, folded: ReadonlySet<StationId>): (GroupRow | CameraRow)[] {
  if (rows.length === 0) return []
  const list: (GroupRow | CameraRow)[] = [groupOf('all', null, '', rows)]
  for (const { stationId, shortName } of stations) {
    const own = rows.filter(({ point }) => point.stationId === stationId)
    if (own.length === 0) continue
    list.push(groupOf('station', stationId, shortName, own))
    if (!folded.has(stationId)) list.push(...own)
  }
  return list
}

export function groupOf(kind: GroupRow['kind'], stationId: StationId | null, name: string, rows: readonly CameraRow[]): GroupRow {
  const cells = (rows[0]?.cells ?? []).map((_, i) => sumCells(rows.map((row) => row.cells[i]!)))
  return {
    kind,
    key: stationId === null ? '*' : `station ${stationId}`,
    stationId,
    name,
    cells,
    total: sumCells(cells),
    cameras: rows.length,
    short: rows.filter(({ held }) => held?.state === 'short').length,
    bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

/** What was stored though nothing was planned does not make up for what is missing elsewhere. */
function sumCells(cells: readonly Cell[]): Cell {
  return cells.reduce(
    (sum, { plannedMs, recordedMs }) =>
      plannedMs > 0 ? { plannedMs: sum.plannedMs + plannedMs, recordedMs: sum.recordedMs + Math.min(plannedMs, recordedMs) } : sum,
    { plannedMs: 0, recordedMs: 0 },
  )
}

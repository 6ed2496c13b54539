/** The listed cameras as a spreadsheet (xlsx). Texts are cells of text: a name that begins with `=` stays a name. */
import type { CameraPoint } from '../../../server/contract/cameras.ts'
import type { Instant, StationId } from '../../../server/contract/ids.ts'
import type { Station } from '../../../server/contract/stations.ts'
import { formatDate, formatTime } from '../../base/format.ts'
import { t } from '../../base/i18n.ts'
import { saveTaken } from '../taken/save-taken.ts'
import { fileStamp } from './file-stamp.ts'

type Cell = { value: string; type: StringConstructor; format: '@' } | { value: number; type: NumberConstructor; format: string } | null
const widths = [6, 12, 24, 28, 16, 36, 12, 12, 8, 8, 24, 20]

/** Head and one row per camera, in the order of the list. */
export function spreadsheetRows(points: readonly CameraPoint[], stations: ReadonlyMap<StationId, Station>): Cell[][] {
  const head = ['order', 'label', 'cameraId', 'title', 'station', 'address', 'lon', 'lat', 'heading', 'status', 'cause', 'since'] as const
  return [
    head.map((column) => text(t(`map.sheet.${column}`))),
    ...points.map(({ label, cameraId, name, stationId, address, lonLat, headingDeg, state }, at) => [
      number(at + 1),
      text(label),
      text(cameraId),
      text(name),
      text(stations.get(stationId)?.name ?? stationId),
      text(address),
      number(lonLat[0], '0.000000'),
      number(lonLat[1], '0.000000'),
      number(Math.round(headingDeg)),
      text(t(`status.${state.status}`)),
      state.cause === null ? null : text(t(`causes.${state.cause}.title`)),
      text(`${formatDate(state.sinceAt)} ${formatTime(state.sinceAt)}`),
    ]),
  ]
}

/**
 * Makes the file and hands it to the browser; answers its name. The library is fetched when it is first needed. Throws `ApiError` when it could not be recorded.
 * `pastAt`: when the states were true; null: now.
 */
export async function saveSpreadsheet(
  points: readonly CameraPoint[],
  stations: ReadonlyMap<StationId, Station>,
  at: Instant,
  pastAt: Instant | null,
): Promise<string> {
  const { default: writeXlsxFile } = await import('write-excel-file/browser')
  const blob = await writeXlsxFile(spreadsheetRows(points, stations), {
    columns: widths.map((width) => ({ width })),
    sheet: t('map.sheet.name'),
    stickyRowsCount: 1,
  }).toBlob()
  const name = `${t('map.sheet.file')}_${fileStamp(at)}.xlsx`
  await saveTaken({ what: 'cameraTable', cameraIds: points.map(({ cameraId }) => cameraId), pastAt }, blob, name)
  return name
}

const text = (value: string): Cell => ({ value, type: String, format: '@' })
const number = (value: number, format = '0'): Cell => ({ value, type: Number, format })

/** Everything that stands below a picture of the map, gathered from the page. */
import type { Instant } from '../../../server/contract/ids.ts'
import type { BaseMap } from '../../../server/contract/map.ts'
import { statusOrder } from '../../../server/contract/status.ts'
import { formatDate, formatTime } from '../../base/format.ts'
import { t } from '../../base/i18n.ts'
import { type Color, fontFamily, type ThemeName } from '../../base/theme.ts'
import { watermarkText } from '../../engines/player/index.ts'
import type { StateCounts } from '../cameras/counts.ts'
import { saveTaken } from '../taken/save-taken.ts'
import { fileStamp } from './file-stamp.ts'
import { composeMapPicture } from './map-picture.ts'
import type { MapPlace } from './query.ts'

export type PagePicture = {
  map: HTMLCanvasElement
  /** Its middle, and how near it is. */
  place: MapPlace
  /** Width of the map's element, to tell pixels from px. */
  widthPx: number
  unitName: string
  account: string
  now: Instant
  pastAt: Instant | null
  counts: StateCounts
  bar: { metres: number; widthPx: number }
  baseMap: BaseMap
  crsName: string
  /** What the jurisdictions are coloured by; null: by nothing. */
  ratesWords: string | null
  theme: ThemeName
  color: Color
  scale: number
}

/** Saves the picture and answers its name. Throws `ApiError` when it could not be recorded. */
export async function savePagePicture(page: PagePicture): Promise<string> {
  const { now, pastAt, counts, bar, baseMap, color } = page
  const moment = (at: Instant) => `${formatDate(at)} ${formatTime(at)}`
  const words = {
    title: page.unitName,
    lines: [
      ...(pastAt === null ? [] : [t('map.picture.statesOf', { moment: moment(pastAt) })]),
      ...(page.ratesWords === null ? [] : [page.ratesWords]),
      t('map.picture.takenAt', { moment: moment(now) }),
    ],
    legend: statusOrder.map((status) => ({ status, words: `${t(`status.${status}`)} ${counts[status]}`, color: color[status] })),
    bar: { widthPx: bar.widthPx, words: bar.metres < 1000 ? `${bar.metres} m` : `${bar.metres / 1000} km` },
    source: baseMap.kind === 'none' ? t('map.canvas.noBaseMap') : `${t('map.canvas.baseMap', { name: baseMap.name, date: baseMap.date })} · ${page.crsName}`,
    watermark: watermarkText(page.account, new Date(now)),
  }
  const look = { fontFamily, ink: color.text1, faintInk: color.text2, ground: color.surface, isDark: page.theme === 'dark', scale: page.scale }
  const blob = await composeMapPicture(page.map, words, look, page.map.width / page.widthPx)
  const name = `${t('map.picture.file')}_${fileStamp(now)}.png`
  await saveTaken({ what: 'mapPicture', ...page.place, pastAt }, blob, name)
  return name
}
